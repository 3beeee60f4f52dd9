// Which caches may keep an answer: decided here, for every kind of answer.

package answer

import (
	"net/http"
	"strings"
	"sync/atomic"
)

// Facts are what went into an answer, as far as they decide who may keep it.
// They only ever add up: what one part of a request has said, no other takes
// back.
type Facts uint32

const (
	Guarded    Facts = 1 << iota // a guard decides who sees the page
	Personal                     // some or all of it was made for one request
	Failed                       // it is an error, or an error view stands in it
	Restricted                   // the app says no-store
	Included                     // a surrogate puts parts into it
	Closed                       // a CDN would answer in place of App.Middleware, which may decide about access
	Negotiated                   // another visitor is sent to another language
)

// A keeper is who may keep an answer.
type keeper uint8

const (
	byAnyone  keeper = iota // caches in between too
	byVisitor               // the visitor's browser alone
	byNone
)

// keeper is the rule.
func (f Facts) keeper() keeper {
	switch {
	case f&(Guarded|Personal|Failed|Restricted|Included) != 0:
		return byNone
	case f&(Closed|Negotiated) != 0:
		return byVisitor
	}
	return byAnyone
}

// An offer is what an answer tells caches where they may keep it. It is made
// once and shared; what differs from one answer to the next is given beside it.
type offer struct {
	control []string // Cache-Control for anyone
	browser []string // Cache-Control for the visitor's browser alone
	changed []string // Last-Modified
	edge    []string // CDN-Cache-Control of what does not age
	tags    []string // for the CDN, of answers that are not pages
	own     bool     // control is the page's own, and the CDN reads it
}

// keep writes who may keep an answer.
func (w *Writer) keep(header http.Header, h *head) {
	f, o := h.facts, h.offer
	if h.includes {
		w.keepIncluded(header, f.without(Included), h)
		return
	}
	switch f.keeper() {
	case byNone:
		w.forbid(header, f)
		return
	case byVisitor:
		w.unoffer(header)
		header["Cache-Control"] = o.browser
	case byAnyone:
		header["Cache-Control"] = o.control
		switch {
		case w.cdn:
			// The time that is left is told, and no Age: that would be taken
			// off a second time.
			if edge := o.edgeOf(h.line); edge != nil {
				header["Cdn-Cache-Control"] = edge
			}
			if h.tags != nil {
				header[w.tagHeader] = h.tags
			}
		case h.line != nil && h.line.age != nil:
			header["Age"] = h.line.age
		}
	}
	if h.etag != nil {
		header["Etag"] = h.etag
	}
	if o.changed != nil {
		header["Last-Modified"] = o.changed
	}
}

// edgeOf is CDN-Cache-Control; nil where the CDN reads Cache-Control.
func (o *offer) edgeOf(l *line) []string {
	switch {
	case o.own:
		return nil
	case l != nil:
		return l.edge
	}
	return o.edge
}

// keepIncluded is keep for a page that a surrogate puts parts into. Browsers
// may keep nothing of it; the surrogate is told by Surrogate-Control alone.
func (w *Writer) keepIncluded(header http.Header, f Facts, h *head) {
	w.forbid(header, f|Included)
	if f.keeper() != byAnyone {
		header["Surrogate-Control"] = valueIncludeOnly
		return
	}
	header["Surrogate-Control"] = h.line.surrogate
	if h.tags != nil {
		header[w.tagHeader] = h.tags
	}
}

// forbid makes an answer one that no cache keeps, whatever the app's own headers
// say: no cache is told anything else in another header, and nothing is left
// by which it could ask whether what it has still holds. A surrogate that puts
// parts into the answer still learns that it is to.
func (w *Writer) forbid(header http.Header, f Facts) {
	if says(header["Cache-Control"], "no-transform") { // that is not about keeping it
		header["Cache-Control"] = valueNoStoreAsIs
	} else {
		header["Cache-Control"] = valueNoStore
	}
	for name := range header {
		switch {
		case f&Included != 0 && (name == "Surrogate-Control" || name == w.tagHeader):
		case name == "Etag", name == "Last-Modified", name == "Age", w.forCaches(name):
			delete(header, name)
		}
	}
}

// forCaches says whether a header speaks to caches alone.
func (w *Writer) forCaches(name string) bool {
	switch name {
	case "Expires", "Surrogate-Control", "Surrogate-Key", "Cache-Tag", "Edge-Control", "X-Accel-Expires":
		return true
	}
	return strings.HasSuffix(name, "-Cache-Control") || name == w.tagHeader && name != ""
}

// settle is the last word on an answer that code which is not ours had its
// hands on: its own, or ours that went through it.
func (w *Writer) settle(header http.Header, status int, f Facts) {
	control, said := header["Cache-Control"]
	lost := !said || header["Set-Cookie"] != nil || status >= 400
	switch rest := f.without(Included); {
	case f&Included != 0:
		w.forbid(header, Included)
		if lost || rest.keeper() != byAnyone {
			w.unoffer(header)
			header["Surrogate-Control"] = valueIncludeOnly
		}
	case rest.keeper() == byNone:
		w.forbid(header, rest)
	case lost:
		// An answer of the app's own keeps its validators: they may be what
		// its clients change things by.
		w.unoffer(header)
		header["Cache-Control"] = valueNoStore
	case rest.keeper() == byVisitor && !says(control, "private") && !says(control, "no-store"):
		w.unoffer(header)
		header["Cache-Control"] = valueBrowser
	}
}

// unoffer takes away what is said to caches in between.
func (w *Writer) unoffer(header http.Header) {
	for name := range header {
		if w.forCaches(name) {
			delete(header, name)
		}
	}
}

func (f Facts) without(g Facts) Facts { return f &^ g }

// says says whether a Cache-Control has a directive.
func says(control []string, directive string) bool {
	for _, value := range control {
		for word := range strings.SplitSeq(value, ",") {
			name, _, _ := strings.Cut(word, "=")
			if strings.EqualFold(trim(name), directive) {
				return true
			}
		}
	}
	return false
}

// Known are the facts of a request whose answer code that is not ours may
// still change on its way out.
type Known struct{ bits atomic.Uint32 }

func (k *Known) Add(f Facts) Facts {
	if k == nil {
		return f
	}
	return Facts(k.bits.Or(uint32(f))) | f
}

// Facts are the facts of an answer, with what code that is not ours has said in
// its header. Such code is held to them as well.
func (w *Writer) Facts(header http.Header, known *Known, f Facts) Facts {
	f |= w.standing
	if control := header["Cache-Control"]; len(control) > 0 && (len(w.control) == 0 || &control[0] != &w.control[0]) && says(control, "no-store") {
		f |= Restricted // by a middleware or a guard
	}
	return known.Add(f)
}
