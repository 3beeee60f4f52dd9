// Bodies that are larger than those of other requests.

package listen

import (
	"io"
	"net/http"
	"time"
)

// A boundedBody is a body of which the server lets MaxBodyBytes be read.
type boundedBody struct {
	io.ReadCloser
	whole io.ReadCloser
}

// Unbounded is the body of a request without the server's limit of its size, for
// a handler that knows how much may come. If a guard or a middleware has replaced
// the body, its limit holds.
func Unbounded(r *http.Request) io.ReadCloser {
	if b, ok := r.Body.(*boundedBody); ok {
		return b.whole
	}
	return r.Body
}

// Whole is [Unbounded] without the server's limits of time: only a client that
// sends nothing for 30 s is cut off.
func Whole(w http.ResponseWriter, r *http.Request) io.Reader {
	return &patient{r: Unbounded(r), control: http.NewResponseController(w)}
}

// What is read of a body that was refused.
const (
	drainBytes = 16 << 20
	drainTime  = 10 * time.Second
)

// DiscardBody reads what is left of the body of a request that was refused. Browsers
// send a form to its end before they read, and without this they would find a
// closed connection in place of a larger form's response. It reads 16 MiB at most,
// for 10 s, and nothing if the client waits to be asked for the body.
func DiscardBody(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Expect") != "" {
		return
	}
	control, end := http.NewResponseController(w), time.Now().Add(drainTime)
	// A connection that cannot do this keeps its deadlines.
	_ = control.SetReadDeadline(end)
	_ = control.SetWriteDeadline(end.Add(silence))
	_, _ = io.CopyN(io.Discard, Unbounded(r), drainBytes) // the rest is not wanted, whatever becomes of it
}

// silence is how long a client may send nothing of a body.
const silence = 30 * time.Second

// renewEach is how often the deadlines are moved.
const renewEach = time.Second

// A patient reader moves the deadlines of its connection as long as bytes come.
type patient struct {
	r       io.Reader
	control *http.ResponseController
	next    time.Time
}

func (p *patient) Read(b []byte) (int, error) {
	if now := time.Now(); now.After(p.next) {
		p.next = now.Add(renewEach)
		// A connection that cannot do this keeps its deadlines.
		_ = p.control.SetReadDeadline(now.Add(silence))
		_ = p.control.SetWriteDeadline(now.Add(2 * silence))
	}
	return p.r.Read(b)
}
