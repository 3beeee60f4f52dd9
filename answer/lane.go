// Kept pages for plain requests, which net/http does not read: the head of the
// answer is made once and kept.

package answer

import (
	"bytes"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/gorgon-go/gorgon/cache"
	"github.com/gorgon-go/gorgon/listen"
)

// heads are those of a page: for each coding, those of a 200 and of a 304, for
// GET and for HEAD.
type heads [codings][4]atomic.Pointer[madeHead]

// A madeHead is a head of one handler, for as long as its line is said.
type madeHead struct {
	of   *Writer
	line *line
	text []byte // without Date and the empty line; empty where net/http is to answer

	status int
	header http.Header
}

// A PlainAnswer is the answer to a plain request. It is only read.
type PlainAnswer struct {
	Head, Body []byte // as a [listen.Lane] has them
	Status     int
	Header     http.Header
}

// Tell shows the answer, which is sent by others, to a writer that counts.
func (a *PlainAnswer) Tell(rw http.ResponseWriter) {
	rw.WriteHeader(a.Status)
	_, _ = rw.Write(a.Body) // where nothing fails
}

// Sent is a response that has been sent, with the header of the answer.
func (a *PlainAnswer) Sent() http.ResponseWriter { return sent{a.Header} }

type sent struct{ header http.Header }

func (s sent) Header() http.Header         { return s.header }
func (s sent) WriteHeader(int)             {}
func (s sent) Write(p []byte) (int, error) { return len(p), nil }

// Plain finds what [Writer.Page] sends of a document for a plain request, as
// a [listen.Lane] has it. It is false where that is to be sent by net/http.
func (w *Writer) Plain(q *listen.Simple, a cache.Answer, now time.Time, f Facts) (plain PlainAnswer, ok bool) {
	p, ok := a.Prepared.(*Prepared)
	if !ok || p.open || p.status != http.StatusOK {
		return plain, false
	}
	var encodings [1]string
	if encodings[0] = string(q.AcceptEncoding); q.AcceptEncoding == nil {
		encodings[0] = ""
	}
	which := accept(encodings[:]).best(p.have)
	c := Choice{p: p, body: &p.bodies[which], coding: which, facts: f}
	if q.IfNoneMatch != nil && p.conditional && f.keeper() != byNone && matches([]string{string(q.IfNoneMatch)}, c.body.tag, true) {
		c.Verdict = http.StatusNotModified
	} else if c.body = p.ready(which); c.body == nil {
		return plain, false // it is made where there is time for that
	}
	kept := p.heads.Load()
	if kept == nil {
		p.heads.CompareAndSwap(nil, new(heads))
		kept = p.heads.Load()
	}
	slot := 0
	if c.Verdict != 0 {
		slot = 1
	}
	if q.Head {
		slot |= 2
	}
	line := p.lineFor(a, now)
	h := kept[which][slot].Load()
	if h == nil || h.of != w || h.line != line {
		h = w.headOf(c, q.Head, a, now)
		h.line = line
		kept[which][slot].Store(h)
	}
	plain = PlainAnswer{Head: h.text, Status: h.status, Header: h.header}
	if slot == 0 {
		plain.Body = c.body.data
	}
	return plain, len(h.text) > 0
}

// headOf is the head of an answer as net/http writes it; without text where it would
// add something to it, or end the connection.
func (w *Writer) headOf(c Choice, head bool, a cache.Answer, now time.Time) *madeHead {
	r := &http.Request{Method: http.MethodGet, ProtoMajor: 1, ProtoMinor: 1}
	if head {
		r.Method = http.MethodHead
	}
	to := &noted{header: http.Header{}}
	w.Begin(to.header)
	w.Page(to, r, c, a, now, Document)
	status := http.StatusOK
	if c.Verdict != 0 {
		status = c.Verdict
	}
	h := &madeHead{of: w, status: status, header: to.header}
	if to.status != status || to.size != 0 && to.size != len(c.body.data) {
		return h
	}
	var leave map[string]bool
	if status == http.StatusNotModified {
		leave = map[string]bool{"Content-Type": true, "Content-Length": true}
	} else if to.header["Content-Type"] == nil || to.header.Get("Content-Length") != strconv.Itoa(len(c.body.data)) {
		return h
	}
	for _, name := range [...]string{"Date", "Connection", "Transfer-Encoding", "Trailer", "Upgrade"} {
		if to.header[name] != nil {
			return h
		}
	}
	var text bytes.Buffer
	text.WriteString("HTTP/1.1 " + strconv.Itoa(status) + " " + http.StatusText(status) + "\r\n")
	if to.header.WriteSubset(&text, leave) == nil {
		h.text = text.Bytes()
	}
	return h
}

// A noted response notes what is sent.
type noted struct {
	header http.Header
	status int
	size   int
}

func (n *noted) Header() http.Header    { return n.header }
func (n *noted) WriteHeader(status int) { n.status = status }

func (n *noted) Write(p []byte) (int, error) {
	n.size += len(p)
	return len(p), nil
}
