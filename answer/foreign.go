// Around code that is not ours: what it answers says who may keep it.

package answer

import (
	"bufio"
	"io"
	"net"
	"net/http"
)

// A Foreign writer stands between the app's own handlers, guards and middleware and
// the response. http.ResponseController sees through it.
type Foreign struct {
	http.ResponseWriter
	w     *Writer
	known *Known

	// Before is called once, before the header is sent. Default: nothing.
	Before func(http.ResponseWriter)

	wrote bool // the header is out, or the connection is another's
}

// Around is a writer for code that is not ours. Answers of ours that go through
// it add to known.
func (w *Writer) Around(rw http.ResponseWriter, known *Known) *Foreign {
	return &Foreign{ResponseWriter: rw, w: w, known: known}
}

func (f *Foreign) WriteHeader(status int) {
	if !f.wrote && (status >= 200 || status == http.StatusSwitchingProtocols) {
		f.wrote = true
		f.before()
		f.w.settle(f.Header(), status, f.known.Add(f.w.standing))
	}
	f.ResponseWriter.WriteHeader(status)
}

func (f *Foreign) Write(p []byte) (int, error) {
	f.start()
	return f.ResponseWriter.Write(p)
}

func (f *Foreign) WriteString(s string) (int, error) {
	f.start()
	return io.WriteString(f.ResponseWriter, s)
}

// ReadFrom lets files go out without passing through memory.
func (f *Foreign) ReadFrom(from io.Reader) (int64, error) {
	f.start()
	return io.Copy(f.ResponseWriter, from)
}

// Wrote says whether the header is out, or the connection is another's.
func (f *Foreign) Wrote() bool { return f.wrote }

// End has the last word where nothing was written: net/http is about to
// answer 200.
func (f *Foreign) End() {
	if !f.wrote {
		f.before()
		f.w.settle(f.Header(), http.StatusOK, f.known.Add(f.w.standing))
	}
}

func (f *Foreign) before() {
	if f.Before != nil {
		f.Before(f.ResponseWriter)
	}
}

func (f *Foreign) start() {
	if !f.wrote {
		f.WriteHeader(http.StatusOK)
	}
}

func (f *Foreign) Flush() { _ = f.FlushError() }

// FlushError is what http.ResponseController calls.
func (f *Foreign) FlushError() error {
	f.start()
	return http.NewResponseController(f.ResponseWriter).Flush()
}

func (f *Foreign) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffer, err := http.NewResponseController(f.ResponseWriter).Hijack()
	if err == nil {
		f.wrote = true
	}
	return conn, buffer, err
}

// Passed says to package events that bodies pass as they are.
func (f *Foreign) Passed(int64) {}

func (f *Foreign) Unwrap() http.ResponseWriter { return f.ResponseWriter }
