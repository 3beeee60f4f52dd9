// Redirects that the browser runtime follows itself.

package serve

import (
	"io"
	"net/http"
)

// An onward writer answers a form that the browser runtime submits. A script
// cannot read where a redirect leads, and would lose its fragment, or follow it
// to another origin: in place of a redirect that is followed by GET, it sends
// 204 with the Location. http.ResponseController sees through it.
type onward struct {
	http.ResponseWriter
	wrote, led bool // the header is out; it led on
}

func (o *onward) WriteHeader(status int) {
	if o.wrote {
		return
	}
	o.wrote = status >= 200
	switch status {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther:
		if header := o.Header(); header.Get("Location") != "" {
			delete(header, "Content-Length")
			delete(header, "Content-Type")
			status, o.led = http.StatusNoContent, true
		}
	}
	o.ResponseWriter.WriteHeader(status)
}

func (o *onward) Write(p []byte) (int, error) {
	if o.led {
		return len(p), nil // a browser shows no body of a redirect
	}
	o.wrote = true
	return o.ResponseWriter.Write(p)
}

// ReadFrom lets files go out without passing through memory.
func (o *onward) ReadFrom(from io.Reader) (int64, error) {
	if o.led {
		return io.Copy(io.Discard, from)
	}
	o.wrote = true
	return io.Copy(o.ResponseWriter, from)
}

// Passed says to package events that bodies pass as they are.
func (o *onward) Passed(int64) {}

func (o *onward) Unwrap() http.ResponseWriter { return o.ResponseWriter }
