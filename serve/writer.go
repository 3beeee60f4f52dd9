// Around code that is not ours: what it answers says who may keep it, and its panics are answered.

package serve

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime/debug"
)

// A writer stands between the app's own handlers, guards and middleware and
// the response. http.ResponseController sees through it.
type writer struct {
	http.ResponseWriter
	h     *Handler
	wrote bool // the header is out, or the connection is another's
}

func (w *writer) WriteHeader(status int) {
	if !w.wrote && (status >= 200 || status == http.StatusSwitchingProtocols) {
		w.wrote = true
		w.h.settle(w.Header())
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *writer) Write(p []byte) (int, error) {
	w.start()
	return w.ResponseWriter.Write(p)
}

func (w *writer) WriteString(s string) (int, error) {
	w.start()
	return io.WriteString(w.ResponseWriter, s)
}

// ReadFrom lets files go out without passing through memory.
func (w *writer) ReadFrom(from io.Reader) (int64, error) {
	w.start()
	return io.Copy(w.ResponseWriter, from)
}

func (w *writer) start() {
	if !w.wrote {
		w.WriteHeader(http.StatusOK)
	}
}

func (w *writer) Flush() { _ = w.FlushError() }

// FlushError is what http.ResponseController calls.
func (w *writer) FlushError() error {
	w.start()
	return http.NewResponseController(w.ResponseWriter).Flush()
}

func (w *writer) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffer, err := http.NewResponseController(w.ResponseWriter).Hijack()
	if err == nil {
		w.wrote = true
	}
	return conn, buffer, err
}

func (w *writer) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// A visit is what code that is not ours carries along without seeing it: who
// serves the request, and which page it is for.
type visit struct {
	h *Handler
	match
}

type visitKey struct{}

// foreign calls code that is not ours. A panic is a 500 where nothing has
// been sent, and otherwise cuts the connection, so that the client does not
// take the half for the whole.
func (h *Handler) foreign(w http.ResponseWriter, r *http.Request, m match, next http.Handler) {
	fw := &writer{ResponseWriter: w, h: h}
	defer func() {
		switch p := recover(); {
		case p == http.ErrAbortHandler:
			panic(p)
		case p != nil:
			err := fmt.Errorf("panic: %v\n%s", p, debug.Stack())
			if fw.wrote {
				h.abort(r, m, err)
			}
			h.fail(fw, r, m, err)
		case !fw.wrote:
			h.settle(fw.Header()) // net/http is about to answer 200
		}
	}()
	ctx := r.Context()
	if recordOf(r) == nil {
		ctx = context.WithValue(ctx, recordKey{}, new(record))
	}
	r = r.WithContext(context.WithValue(ctx, visitKey{}, visit{h, m}))
	next.ServeHTTP(fw, r)
}
