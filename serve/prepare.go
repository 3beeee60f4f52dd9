// What of a response can be made when its entry is, and is made once.

package serve

import (
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/gorgon-go/gorgon/compose"
	"github.com/gorgon-go/gorgon/pages"
)

// prepared is a body in its codings, with its headers ready to be assigned.
type prepared struct {
	status      int
	fields      []field // of a 200 and a 304 alike
	describing  []field // of the body itself: not on a 304
	vary        []string
	bodies      [codings]body
	validator   validator // with the tag of no coding
	conditional bool      // conditions are asked: it has a tag, and is a success
	ownControl  bool      // the page's own Cache-Control stands
	open        bool      // it has holes that are to be filled

	// Of pages alone.
	expires int64 // FreshUntil in Unix nanoseconds; 0 for ever
	lines   [4]atomic.Pointer[line]
	tags    atomic.Pointer[tagLine]
}

// A body is the body in one coding; one that is not to be had has no length.
type body struct {
	data     []byte
	tag      string
	etag     []string
	length   []string
	encoding []string
}

// A tagLine is an entry's tags for the CDN of one handler.
type tagLine struct {
	of     *Handler
	values []string
}

func (p *prepared) have(c coding) bool { return p.bodies[c].length != nil }

// Prepare makes what of an entry's response need not be made for every
// request. It is meant for the cache's Config.Prepare; an answer that comes
// without it costs more, and is the same.
func Prepare(e *pages.Entry) any { return prepare(e) }

func prepare(e *pages.Entry) *prepared {
	p := &prepared{status: e.Status, vary: valueVary, open: !compose.Whole(e)}
	if p.status == 0 {
		p.status = http.StatusOK
	}
	if !e.FreshUntil.IsZero() {
		p.expires = e.FreshUntil.UnixNano()
	}
	control := valuePublic
	var language []string
	if e.Key.Locale != "" {
		language = []string{e.Key.Locale}
	}
	for name, values := range e.Header {
		switch name = http.CanonicalHeaderKey(name); name {
		case "Set-Cookie", "Content-Length", "Content-Encoding", "Transfer-Encoding", "Connection",
			"Etag", "Last-Modified", "Age", "Cache-Status", "Date":
			// What is kept is for everyone, and these are ours to say.
		case "Vary":
			p.vary = joinVary(append([]string{valueVary[0]}, values...))
		case "Cache-Control":
			control, p.ownControl = values, true
		case "Content-Language":
			language = values
		case "Content-Type":
			p.describing = append(p.describing, field{name, values})
		default:
			p.fields = append(p.fields, field{name, values})
		}
	}
	if language != nil {
		p.describing = append(p.describing, field{"Content-Language", language})
	}
	p.fields = append(p.fields, field{"Cache-Control", control})
	p.conditional = p.status == http.StatusOK && e.ETag != ""
	p.validate(e.ETag, e.ModifiedAt)
	p.bodies = bodiesOf(e.ETag, e.HTML, e.Gzip, e.Brotli, e.Zstd)
	return p
}

// validate sets what conditions are held against.
func (p *prepared) validate(etag string, modified time.Time) {
	if !p.conditional {
		return
	}
	p.validator.tag = `"` + etag + `"`
	if !modified.IsZero() {
		p.validator.modified = modified.Truncate(time.Second)
		p.validator.date = modified.UTC().Format(http.TimeFormat)
		p.fields = append(p.fields, field{"Last-Modified", []string{p.validator.date}})
	}
}

// bodiesOf lists a body in its codings. The tags differ, since the bytes do.
func bodiesOf(etag string, plain, gz, br, zs []byte) (bodies [codings]body) {
	for c, data := range [codings][]byte{identity: plain, gzip: gz, brotli: br, zstd: zs} {
		if c != int(identity) && data == nil {
			continue
		}
		b := body{data: data, length: []string{strconv.Itoa(len(data))}}
		suffix := ""
		if c != int(identity) {
			b.encoding = []string{names[c]}
			suffix = "-" + names[c]
		}
		if etag != "" {
			b.tag = `"` + etag + suffix + `"`
			b.etag = []string{b.tag}
		}
		bodies[c] = b
	}
	return bodies
}

// choose finds the coding for a request and holds its conditions against it:
// 0 to send the body, 304, or 412.
func (p *prepared) choose(r *http.Request) (*body, int) {
	b := &p.bodies[accept(r.Header["Accept-Encoding"]).best(p.have)]
	if !p.conditional {
		return b, 0
	}
	v := p.validator
	v.tag = b.tag
	return b, condition(r.Header, v)
}

// send writes headers and body as choose found them.
func (p *prepared) send(w http.ResponseWriter, r *http.Request, b *body, verdict int) {
	header := w.Header()
	if p.conditional {
		header["Etag"] = b.etag
	}
	vary(header, p.vary)
	if verdict == http.StatusNotModified {
		w.WriteHeader(verdict)
		return
	}
	for i := range p.describing {
		header[p.describing[i].name] = p.describing[i].values
	}
	if b.encoding != nil {
		header["Content-Encoding"] = b.encoding
	}
	header["Content-Length"] = b.length
	if r.Method != http.MethodHead && b.length != nil {
		join(r, len(b.data))
	}
	w.WriteHeader(p.status)
	if r.Method != http.MethodHead {
		if len(b.data) > large {
			grant(w, r, len(b.data))
		}
		_, _ = w.Write(b.data) // a client that went away is its own affair
	}
}
