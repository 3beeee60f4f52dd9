// An entry: one whole page, and its encoding.

package pages

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// An Entry is one page for one path and locale. It is immutable: a new version
// is a new Entry.
type Entry struct {
	Key   Key
	Build string // the build that rendered it
	Owner string // the owner of the store that it is in; "" in a seed, and in entries written before stores had owners

	State []byte // the loader's result as JSON

	// Packed has the parts of an entry of a seed that are nil here; see Unpack.
	// nil: the entry has all that there is.
	Packed Packed

	Status  int
	Header  http.Header // Content-Type, Location, and the page's own headers
	HTML    []byte
	Head    Span   // the page's head within HTML
	Main    Span   // the page's view within HTML
	ETag    string // of the HTML, without quotes
	NoIndex bool   // the page asks search engines not to index it
	Gzip    []byte // the HTML compressed; nil if compression is not worth it
	Brotli  []byte
	Zstd    []byte
	Title   string

	Holes []Hole // positions in the HTML that fragments fill, by offset
	Uses  Uses   // what the HTML needs in the document around it, unless it is already there

	MadeAt     time.Time // when the loader began
	ModifiedAt time.Time // when the HTML last changed
	ContentAt  time.Time // when the content last changed, as the page said when it was made; not stored. Zero: not said
	FreshUntil time.Time // zero: without limit
	StaleUntil time.Time // zero: without limit
	ErrorUntil time.Time // zero: without limit

	Tags   []string
	Doubts []string // what its loader read of which no purge will tell, in words
	Epoch  uint64   // the store's sequence before the loader began; 0 in a seed

	Limits Limits // of the stored values that it was made of
	Value  any    // of an entry of a cache: its state, decoded; not stored

	Failures int       // number of failed refreshes since the last successful one
	RetryAt  time.Time // no refresh is tried before then
	Failure  string    // the error of the last one
}

// Limits are what the stored values that a page was made of allow to it. A zero
// time does not limit it.
type Limits struct {
	ReadAt     time.Time // when the oldest of them was read
	FreshUntil time.Time
	StaleUntil time.Time
	ErrorUntil time.Time
}

// Uses says whether there was such a value.
func (l Limits) Uses() bool { return !l.ReadAt.IsZero() }

// IsHTML says whether headers are those of an HTML document. A page of any
// other type is written as its view renders it, without layout and document: it
// has no payload, appears in no sitemap, and keeps its own file name in an
// export.
func IsHTML(header http.Header) bool {
	media, _, _ := strings.Cut(header.Get("Content-Type"), ";")
	switch strings.ToLower(strings.TrimSpace(media)) {
	case "", "text/html", "application/xhtml+xml":
		return true
	}
	return false
}

// A Span is a part of an entry's HTML, by byte offsets.
type Span struct{ Start, End int }

// Of returns the span of html.
func (s Span) Of(html []byte) []byte { return html[s.Start:s.End] }

// A Hole is a position in an entry's HTML where content is inserted when the
// page is sent.
type Hole struct {
	At       int    `json:"at"` // offset in the HTML
	Kind     string `json:"kind,omitempty"`
	Fragment string `json:"fragment"`
	Props    string `json:"props"`        // as JSON
	In       string `json:"in,omitempty"` // the part of the page that it is in: "head", "main", or "" for the layout
}

// The content of a hole.
const (
	HoleHTML = ""     // the fragment
	HoleSrc  = "src"  // the URL that the fragment is fetched from
	HoleHref = "href" // the URL of the page that shows the fragment
	HoleLive = "live" // the element that keeps the page up to date in browsers
	HoleNone = "none" // nothing: the fragment's URL is in the HTML
)

// Uses are what a piece of HTML needs in the document around it; see
// gorgon.Uses.
type Uses struct {
	Runtime bool     `json:"runtime,omitzero"`
	Modules []string `json:"modules,omitempty"`
	Scripts []string `json:"scripts,omitempty"`
	Styles  []string `json:"styles,omitempty"`
	Wasm    bool     `json:"wasm,omitzero"`
}

// Empty says whether nothing is needed.
func (u Uses) Empty() bool {
	return !u.Runtime && !u.Wasm && len(u.Modules)+len(u.Scripts)+len(u.Styles) == 0
}

// Size returns about how many bytes the entry takes in memory.
func (e *Entry) Size() int {
	n := 512 + len(e.State) + len(e.HTML) + len(e.Gzip) + len(e.Brotli) + len(e.Zstd)
	if e.Packed != nil {
		n += e.Packed.Held()
	}
	n += len(e.Key.Route) + len(e.Key.Path) + len(e.ETag) + len(e.Failure)
	for _, t := range e.Tags {
		n += 16 + len(t)
	}
	for _, h := range e.Holes {
		n += 64 + len(h.Fragment) + len(h.Props)
	}
	for k, vs := range e.Header {
		n += 64 + len(k)
		for _, v := range vs {
			n += len(v)
		}
	}
	return n
}

// Subjects lists every subject whose purge affects the entry.
func (e *Entry) Subjects() []string { return Subjects(e.Key, e.Tags) }

// meta is the JSON part of an encoded entry; its names are the format.
type meta struct {
	Key        Key         `json:"key"`
	Build      string      `json:"build,omitempty"`
	Owner      string      `json:"owner,omitempty"`
	Status     int         `json:"status"`
	Header     http.Header `json:"header,omitempty"`
	Head       Span        `json:"head"`
	Main       Span        `json:"main"`
	ETag       string      `json:"etag"`
	Title      string      `json:"title,omitempty"`
	NoIndex    bool        `json:"noindex,omitempty"`
	MadeAt     int64       `json:"made"` // times in Unix nanoseconds, 0 for none
	ModifiedAt int64       `json:"modified"`
	FreshUntil int64       `json:"fresh,omitempty"`
	StaleUntil int64       `json:"stale,omitempty"`
	ErrorUntil int64       `json:"error,omitempty"`
	Holes      []Hole      `json:"holes,omitempty"`
	Uses       *Uses       `json:"uses,omitempty"`
	Tags       []string    `json:"tags,omitempty"`
	Doubts     []string    `json:"doubts,omitempty"`
	Epoch      uint64      `json:"epoch,omitempty"`
	Limits     *[4]int64   `json:"limits,omitempty"`
	Failures   int         `json:"failures,omitempty"`
	RetryAt    int64       `json:"retry,omitempty"`
	Failure    string      `json:"failure,omitempty"`
	Lengths    *Lengths    `json:"packed,omitempty"` // in a seed only
}

// format is the first byte of an encoded entry.
const format = 1

// parts is the number of byte strings after the meta part.
const parts = 5

// Encode returns the entry as bytes: the format, six lengths, then the meta
// part as JSON, state, HTML, gzip, brotli and zstd.
func (e *Entry) Encode() ([]byte, error) { return e.AppendEncode(nil) }

// AppendEncode appends the result of [Entry.Encode] to dst.
func (e *Entry) AppendEncode(dst []byte) ([]byte, error) {
	if e.Packed == nil {
		return e.encode(dst, nil)
	}
	whole, err := e.Unpack()
	if err != nil {
		return dst, err
	}
	all := *whole
	all.Gzip, all.Brotli, all.Zstd = e.Codings()
	return all.encode(dst, nil)
}

func (e *Entry) encode(dst []byte, lengths *Lengths) ([]byte, error) {
	if lengths != nil && *lengths == (Lengths{}) {
		lengths = nil
	}
	var uses *Uses
	if !e.Uses.Empty() {
		uses = &e.Uses
	}
	var limits *[4]int64
	if l := e.Limits; l != (Limits{}) {
		limits = &[4]int64{nanos(l.ReadAt), nanos(l.FreshUntil), nanos(l.StaleUntil), nanos(l.ErrorUntil)}
	}
	m, err := json.Marshal(meta{
		Limits: limits, Lengths: lengths,
		Holes: e.Holes, Uses: uses,
		Key: e.Key, Build: e.Build, Owner: e.Owner, Status: e.Status, Header: e.Header, Head: e.Head, Main: e.Main,
		ETag: e.ETag, Title: e.Title, NoIndex: e.NoIndex,
		MadeAt: nanos(e.MadeAt), ModifiedAt: nanos(e.ModifiedAt),
		FreshUntil: nanos(e.FreshUntil), StaleUntil: nanos(e.StaleUntil), ErrorUntil: nanos(e.ErrorUntil),
		Tags: e.Tags, Doubts: e.Doubts, Epoch: e.Epoch, Failures: e.Failures, RetryAt: nanos(e.RetryAt), Failure: e.Failure,
	})
	if err != nil {
		return dst, fmt.Errorf("encode entry %s: %w", e.Key, err)
	}
	blobs := [1 + parts][]byte{m, e.State, e.HTML, e.Gzip, e.Brotli, e.Zstd}
	size := 1 + len(blobs)*binary.MaxVarintLen32
	for _, b := range blobs {
		size += len(b)
	}
	data := append(slices.Grow(dst, size), format)
	for _, b := range blobs {
		data = binary.AppendUvarint(data, uint64(len(b)))
	}
	for _, b := range blobs {
		data = append(data, b...)
	}
	return data, nil
}

// Decode reads the result of [Entry.Encode]. The entry's byte slices are parts
// of data. Bytes that are not an entry give [ErrCorrupt].
func Decode(data []byte) (*Entry, error) {
	e, lengths, err := decode(data)
	switch {
	case err != nil:
		return nil, err
	case lengths != nil:
		return nil, fmt.Errorf("%w: it is packed, as entries of a seed are", ErrCorrupt)
	}
	return e, nil
}

func decode(data []byte) (*Entry, *Lengths, error) {
	blobs, err := split(data)
	if err != nil {
		return nil, nil, err
	}
	var m meta
	if err := json.Unmarshal(blobs[0], &m); err != nil {
		return nil, nil, fmt.Errorf("%w: %v", ErrCorrupt, err)
	}
	length := len(blobs[2])
	if l := m.Lengths; l != nil {
		if l.HTML < 0 || l.State < 0 || l.HTML > 0 && (length > 0 || blobs[4] == nil) || l.State > 0 && blobs[1] == nil {
			return nil, nil, fmt.Errorf("%w: the lengths of its parts do not fit", ErrCorrupt)
		}
		length = max(length, l.HTML)
	}
	for _, s := range [...]Span{m.Head, m.Main} {
		if s.Start < 0 || s.End < s.Start || s.End > length {
			return nil, nil, fmt.Errorf("%w: a span lies outside the page", ErrCorrupt)
		}
	}
	at := 0
	for _, h := range m.Holes {
		if h.At < at || h.At > length {
			return nil, nil, fmt.Errorf("%w: a hole lies outside the page", ErrCorrupt)
		}
		at = h.At
	}
	if m.Uses == nil {
		m.Uses = new(Uses)
	}
	var limits Limits
	if l := m.Limits; l != nil {
		limits = Limits{timeOf(l[0]), timeOf(l[1]), timeOf(l[2]), timeOf(l[3])}
	}
	return &Entry{
		Limits: limits,
		Holes:  m.Holes, Uses: *m.Uses,
		Key: m.Key, Build: m.Build, Owner: m.Owner, Status: m.Status, Header: m.Header, Head: m.Head, Main: m.Main,
		ETag: m.ETag, Title: m.Title, NoIndex: m.NoIndex,
		MadeAt: timeOf(m.MadeAt), ModifiedAt: timeOf(m.ModifiedAt),
		FreshUntil: timeOf(m.FreshUntil), StaleUntil: timeOf(m.StaleUntil), ErrorUntil: timeOf(m.ErrorUntil),
		Tags: m.Tags, Doubts: m.Doubts, Epoch: m.Epoch, Failures: m.Failures, RetryAt: timeOf(m.RetryAt), Failure: m.Failure,
		State: blobs[1], HTML: blobs[2], Gzip: blobs[3], Brotli: blobs[4], Zstd: blobs[5],
	}, m.Lengths, nil
}

func split(data []byte) (blobs [1 + parts][]byte, err error) {
	if len(data) == 0 || data[0] != format {
		return blobs, fmt.Errorf("%w: not an entry of this format", ErrCorrupt)
	}
	data = data[1:]
	var lengths [len(blobs)]uint64
	for i := range lengths {
		n, w := binary.Uvarint(data)
		if w <= 0 {
			return blobs, fmt.Errorf("%w: cut short", ErrCorrupt)
		}
		lengths[i], data = n, data[w:]
	}
	for i, n := range lengths {
		if n > uint64(len(data)) {
			return blobs, fmt.Errorf("%w: cut short", ErrCorrupt)
		}
		if n > 0 {
			blobs[i] = data[:n:n]
		}
		data = data[n:]
	}
	if len(data) > 0 {
		return blobs, fmt.Errorf("%w: bytes after the end", ErrCorrupt)
	}
	return blobs, nil
}

func nanos(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}

func timeOf(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.Unix(0, n).UTC()
}
