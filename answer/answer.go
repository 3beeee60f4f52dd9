// Package answer writes HTTP answers: one place decides Vary, Cache-Control
// and the headers of CDNs, Content-Security-Policy, content coding,
// Content-Length, and what HEAD and conditional requests get, whatever is
// answered: a kept page, a file, one that is made for the request, a stream,
// a redirect, or an error.
//
// # Facts
//
// Who may keep an answer follows from [Facts], which are gathered and never
// taken back: that a guard decides about it, that some of it was made for one
// request, that it is an error. Code that is not ours stands around an answer
// in a [Foreign] writer, which has the last word on what caches are told.
//
// # Kinds of answers
//
// What can be kept is made once into a [Prepared]: its codings, its headers,
// its validators. [Prepared.Choose] holds a request against it, and
// [Writer.Page] and [Writer.File] send the [Choice]. [Writer.Once] and
// [Writer.Stream] send what is made for one request, [Writer.Bare] what is not
// a page: redirects, errors, the health of an instance.
package answer

import (
	"net/http"
	"strconv"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/compress"
	"github.com/gorgon-go/gorgon/listen"
	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/render"
	"github.com/gorgon-go/gorgon/viewctx"
)

// A Writer writes the answers of one app. New makes one.
type Writer struct {
	always    []Field
	headers   http.Header // the app's
	control   []string    // Cache-Control of those, for answers that say nothing else
	standing  Facts       // of every answer
	cdn       bool
	includes  bool   // a surrogate may ask for tags in the place of fragments
	tagHeader string // of the CDN; "" for none
}

// New makes a writer for an app. Its error lists every fault of App.Headers.
func New(app gorgon.App) (*Writer, error) {
	w := &Writer{headers: app.Headers, cdn: app.CDN != nil, includes: app.CDN != nil && app.CDN.ESI, tagHeader: tagHeaderOf(app.CDN)}
	var err error
	if w.always, err = everywhere(app.Headers); err != nil {
		return nil, err
	}
	for _, f := range w.always {
		if f.name == "Cache-Control" {
			w.control = f.values
		}
	}
	if w.cdn && len(app.Middleware) > 0 && !app.CDN.OpenMiddleware {
		w.standing = Closed
	}
	return w, nil
}

// Closed says whether a CDN would answer in place of code that may decide
// about access.
func (w *Writer) Closed() bool { return w.standing&Closed != 0 }

// Begin writes the headers that every answer has.
func (w *Writer) Begin(header http.Header) {
	for i := range w.always {
		header[w.always[i].name] = w.always[i].values
	}
}

// unknown is the size of a body of which no length is told.
const unknown = -1

const worthCoding = 512 // bytes; below, a coding saves nothing

// A head is all of an answer but its body.
type head struct {
	status     int
	facts      Facts
	clean      bool // nothing is left of an answer that was begun before
	fields     []Field
	own        http.Header   // of what is sent: its word on who may keep it does not count
	uses       *viewctx.Uses // what the inline parts of views need of the policy; nil where the policy stands in own or fields
	includes   bool          // a surrogate puts parts in
	capability bool          // it differs for surrogates that put parts in
	vary       []string
	says       []string // Cache-Status
	describing []Field  // of the body; not on a 304

	offer *offer
	line  *line // nil for what does not age
	tags  []string
	etag  []string

	size   int    // of a body that is not ready in its coding, or unknown
	coded  bool   // that body may be coded
	coding coding // which is decided when the head is written
	ready  *body  // nil for a body that is not
}

// write writes a head, and says whether a body is to follow.
func (w *Writer) write(rw http.ResponseWriter, r *http.Request, h *head) bool {
	header := rw.Header()
	if h.clean {
		clean(header)
	}
	for i := range h.fields {
		header[h.fields[i].name] = h.fields[i].values
	}
	merge(header, h.own)
	if h.uses != nil && h.own["Content-Security-Policy"] == nil {
		if policy := render.Policy(w.headers, h.uses); policy != nil {
			header["Content-Security-Policy"] = policy
		}
	}
	if h.capability {
		Vary(header, valueCapability)
	}
	if h.vary != nil {
		Vary(header, h.vary)
	}
	w.keep(header, h)
	if h.says != nil {
		header["Cache-Status"] = h.says
	}
	if h.status == http.StatusNotModified {
		rw.WriteHeader(h.status)
		return false
	}
	for i := range h.describing {
		header[h.describing[i].name] = h.describing[i].values
	}
	sends := r.Method != http.MethodHead
	switch {
	case h.ready != nil:
		if h.ready.encoding != nil {
			header["Content-Encoding"] = h.ready.encoding
		}
		header["Content-Length"] = h.ready.length
		if sends && h.ready.length != nil {
			listen.Join(r, len(h.ready.data))
		}
	default:
		if h.coded && (h.size == unknown || h.size >= worthCoding) {
			h.coding = accept(r.Header["Accept-Encoding"]).best(func(coding) bool { return true })
		}
		if h.coding != identity {
			header["Content-Encoding"] = []string{names[h.coding]}
		} else if h.size != unknown {
			header["Content-Length"] = []string{strconv.Itoa(h.size)}
			if sends {
				listen.Join(r, h.size)
			}
		}
	}
	rw.WriteHeader(h.status)
	return sends
}

// merge adds the headers of what is sent to those of the answer.
func merge(header, own http.Header) {
	for name, values := range own {
		switch name {
		case "Vary":
			Vary(header, values)
		case "Set-Cookie":
			header[name] = append(header[name], values...)
		default:
			header[name] = values
		}
	}
}

// clean takes away what was said about a body that is not sent.
func clean(header http.Header) {
	for _, name := range [...]string{"Content-Encoding", "Content-Language", "Content-Length", "Content-Type", "Content-Range", "Etag", "Last-Modified", "Age", "Cache-Status", "Accept-Ranges", "Location"} {
		delete(header, name)
	}
}

// Once answers with what was made for one request.
func (w *Writer) Once(rw http.ResponseWriter, r *http.Request, f Facts, e *pages.Entry) {
	h := head{
		status: http.StatusOK, facts: f | Personal, own: e.Header, vary: valueVary, says: valueBypass,
		describing: robots, size: len(e.HTML), coded: true,
	}
	if !w.write(rw, r, &h) {
		return
	}
	if h.coding != identity {
		if encoder, ok := compress.NewWriter(names[h.coding], rw); ok { // it knows every coding that has a name
			_, _ = encoder.Write(e.HTML) // a client that went away is its own affair
			_ = encoder.Close()
		}
		return
	}
	_, _ = rw.Write(e.HTML)
}

// A Plain is an answer that is not kept and not coded: a redirect, an error, a
// report. Status is needed.
type Plain struct {
	Status int
	Facts  Facts
	Header http.Header   // beside what the response has already. Default: none
	Uses   *viewctx.Uses // of views in the body. Default: there are none
	Body   []byte        // default: there is none, and no length is told
	Clean  bool          // take away what was said of an answer that was begun before
}

// Bare sends a plain answer.
func (w *Writer) Bare(rw http.ResponseWriter, r *http.Request, p Plain) {
	h := head{status: p.Status, facts: p.Facts, own: p.Header, uses: p.Uses, clean: p.Clean, size: unknown, offer: &plainOffer}
	if p.Body != nil {
		h.size = len(p.Body)
	}
	if w.write(rw, r, &h) && len(p.Body) > 0 {
		_, _ = rw.Write(p.Body)
	}
}

// plainOffer is what caches are told where nothing forbids to keep a plain answer.
var plainOffer = offer{control: valuePublic, browser: valueBrowser}
