// What of a response can be made when its entry is, and is made once.

package answer

import (
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/gorgon-go/gorgon/compose"
	"github.com/gorgon-go/gorgon/pages"
)

// A Prepared is a body in its codings, with its headers ready to be assigned.
type Prepared struct {
	status      int
	fields      []Field // of a 200 and a 304 alike
	describing  []Field // of the body itself: not on a 304
	vary        []string
	bodies      [codings]body
	packed      pages.Packed // makes those bodies that have no length; nil where there are none to be made
	late        [codings]atomic.Pointer[body]
	validator   validator // with the tag of no coding
	conditional bool      // conditions are asked: it has a tag, and is a success
	facts       Facts     // of the entry itself
	offer       offer
	open        bool // it has holes that are to be filled

	// Of pages alone.
	expires int64 // FreshUntil in Unix nanoseconds; 0 without end
	lines   [4]atomic.Pointer[line]
	tags    atomic.Pointer[tagLine]
	heads   atomic.Pointer[heads]
}

// A body is the body in one coding; one that is not to be had, or has yet to be
// made, has no length.
type body struct {
	data     []byte
	tag      string
	etag     []string
	length   []string
	encoding []string
}

// A tagLine is an entry's tags for the CDN of one handler.
type tagLine struct {
	of     *Writer
	values []string
}

func (p *Prepared) have(c coding) bool { return p.bodies[c].length != nil || p.packed != nil }

// ready is the body in a coding; nil for one that has yet to be made.
func (p *Prepared) ready(c coding) *body {
	if b := &p.bodies[c]; b.length != nil || p.packed == nil {
		return b
	}
	return p.late[c].Load()
}

// made is the body in a coding, which is made the first time.
func (p *Prepared) made(c coding) (*body, error) {
	if b := p.ready(c); b != nil {
		return b, nil
	}
	data, err := p.packed.Coded(names[c])
	if err != nil {
		return nil, err
	}
	late := p.bodies[c]
	late.data, late.length = data, []string{strconv.Itoa(len(data))}
	p.late[c].Store(&late)
	return &late, nil
}

// Prepare makes what of an entry's response need not be made for every
// request. It is meant for the cache's Config.Prepare; an answer that comes
// without it costs more, and is the same.
func Prepare(e *pages.Entry) any { return PreparedOf(e, nil) }

// PreparedOf is what Prepare made of an entry, or is made now where made is
// something else.
func PreparedOf(e *pages.Entry, made any) *Prepared {
	if p, ok := made.(*Prepared); ok {
		return p
	}
	return prepare(e)
}

// Whole says whether the body can be sent as it is.
func (p *Prepared) Whole() bool { return !p.open }

func prepare(e *pages.Entry) *Prepared {
	p := &Prepared{status: e.Status, vary: valueVary, open: !compose.Whole(e)}
	if p.status == 0 {
		p.status = http.StatusOK
	}
	if !e.FreshUntil.IsZero() {
		p.expires = e.FreshUntil.UnixNano()
	}
	p.offer.control, p.offer.browser = valuePublic, valueBrowser
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
			if p.offer.control, p.offer.own = values, true; says(values, "no-store") {
				p.facts |= Restricted
			}
		case "Content-Language":
			language = values
		case "Content-Type":
			p.describing = append(p.describing, Field{name, values})
		default:
			p.fields = append(p.fields, Field{name, values})
		}
	}
	if language != nil {
		p.describing = append(p.describing, Field{"Content-Language", language})
	}
	p.conditional = p.status == http.StatusOK && e.ETag != ""
	p.validate(e.ETag, e.ModifiedAt)
	tag := e.ETag
	if !p.conditional {
		tag = ""
	}
	if e.Packed == nil || e.Packed.Lengths().HTML == 0 {
		p.bodies = bodiesOf(tag, e.HTML, e.Gzip, e.Brotli, e.Zstd)
		return p
	}
	p.packed = e.Packed
	for c := range p.bodies {
		p.bodies[c] = bodyOf(tag, coding(c), nil)
		p.bodies[c].length = nil
	}
	p.bodies[brotli] = bodyOf(tag, brotli, e.Brotli)
	return p
}

// validate sets what conditions are held against.
func (p *Prepared) validate(etag string, modified time.Time) {
	if !p.conditional {
		return
	}
	p.validator.tag = `"` + etag + `"`
	if !modified.IsZero() {
		p.validator.modified = modified.Truncate(time.Second)
		p.validator.date = modified.UTC().Format(http.TimeFormat)
		p.offer.changed = []string{p.validator.date}
	}
}

// bodiesOf lists a body in its codings. The tags differ, since the bytes do.
func bodiesOf(etag string, plain, gz, br, zs []byte) (bodies [codings]body) {
	for c, data := range [codings][]byte{identity: plain, gzip: gz, brotli: br, zstd: zs} {
		if c != int(identity) && data == nil {
			continue
		}
		bodies[c] = bodyOf(etag, coding(c), data)
	}
	return bodies
}

func bodyOf(etag string, c coding, data []byte) body {
	b := body{data: data, length: []string{strconv.Itoa(len(data))}}
	suffix := ""
	if c != identity {
		b.encoding = []string{names[c]}
		suffix = "-" + names[c]
	}
	if etag != "" {
		b.tag = `"` + etag + suffix + `"`
		b.etag = []string{b.tag}
	}
	return b
}
