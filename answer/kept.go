// Kept pages and files: what was prepared, held against a request.

package answer

import (
	"bytes"
	"net/http"
	"time"

	"github.com/gorgon-go/gorgon/cache"
	"github.com/gorgon-go/gorgon/listen"
)

// Facts are those of the page or file itself.
func (p *Prepared) Facts() Facts { return p.facts }

// A Choice is a body in the coding that a request asks for.
type Choice struct {
	// Verdict is what the request's conditions say: 0 to send the body, 304,
	// or 412, which is an error for the caller to answer with.
	Verdict int

	p      *Prepared
	body   *body
	coding coding
	facts  Facts
}

// Choose finds the coding for a request, and holds its conditions against the
// body where a client may have kept the answer.
func (p *Prepared) Choose(r *http.Request, f Facts) Choice {
	best := accept(r.Header["Accept-Encoding"]).best(p.have)
	c := Choice{p: p, body: &p.bodies[best], coding: best, facts: f}
	if p.conditional && f.keeper() != byNone {
		v := p.validator
		v.tag = c.body.tag
		c.Verdict = condition(r.Header, v)
	}
	if c.Verdict == 0 {
		c.make(best)
	}
	return c
}

// make has the body made that is chosen. That it cannot be is as if the page had
// failed: its bytes were damaged after they were found good, and the next request
// reads them again.
func (c *Choice) make(best coding) {
	b, err := c.p.made(best)
	if err != nil {
		panic(err)
	}
	c.body = b
}

// Open is the choice without the length of its body, so that the end of the
// body is told apart from its last byte. A 304 has no body, and so cannot be
// kept open: the whole page is sent in its place.
func (c Choice) Open() Choice {
	if c.Verdict != 0 {
		c.make(c.coding)
	}
	b := *c.body
	b.length = nil
	c.body, c.Verdict = &b, 0
	return c
}

func (c *Choice) head() head {
	h := head{
		status: c.p.status, facts: c.facts, fields: c.p.fields, vary: c.p.vary, describing: c.p.describing,
		offer: &c.p.offer, etag: c.body.etag, ready: c.body,
	}
	if c.Verdict == http.StatusNotModified {
		h.status = c.Verdict
	}
	return h
}

// A Shape is what of a page is sent, as far as surrogates read it.
type Shape uint8

const (
	Part     Shape = iota // no document
	Document              // one that is another for surrogates
	WithTags              // one into which the surrogate puts parts
)

// Page sends a kept page.
func (w *Writer) Page(rw http.ResponseWriter, r *http.Request, c Choice, a cache.Answer, now time.Time, shape Shape) {
	h := c.head()
	h.includes = shape == WithTags
	h.line = c.p.lineFor(a, now)
	h.says = h.line.status
	h.capability = shape != Part && w.includes
	if w.tagHeader != "" {
		h.tags = w.tagsFor(c.p, a.Entry)
	}
	w.send(rw, r, &h)
}

// File sends a file.
func (w *Writer) File(rw http.ResponseWriter, r *http.Request, c Choice) {
	h := c.head()
	h.tags = c.p.offer.tags
	w.send(rw, r, &h)
}

func (w *Writer) send(rw http.ResponseWriter, r *http.Request, h *head) {
	if w.write(rw, r, h) {
		listen.Grant(rw, r, len(h.ready.data))
		_, _ = rw.Write(h.ready.data) // a client that went away is its own affair
	}
}

// Range sends the parts of a file that a request asks for. They are of the
// bytes without coding, whatever else is accepted, so that they fit together
// with the parts that another answer had.
func (w *Writer) Range(rw http.ResponseWriter, r *http.Request, p *Prepared, f Facts) {
	plain := &p.bodies[identity]
	c := Choice{p: p, body: plain, facts: f}
	h := c.head()
	h.tags = p.offer.tags
	header := rw.Header()
	for _, fields := range [...][]Field{h.fields, h.describing} {
		for _, f := range fields {
			header[f.name] = f.values
		}
	}
	w.keep(header, &h)
	Vary(header, h.vary)
	listen.Grant(rw, r, len(plain.data))
	known := new(Known)
	known.Add(f)
	http.ServeContent(w.Around(rw, known), r, "", p.validator.modified, bytes.NewReader(plain.data))
}
