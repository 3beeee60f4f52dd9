// Headers that every response carries, and the words that caches read.

package answer

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/render"
	"github.com/gorgon-go/gorgon/wire"
)

// A Field is a header under its canonical name. Its values are made once and
// shared by every response; they are never changed.
type Field struct {
	name   string
	values []string
}

// Cache-Control, by what is sent.
var (
	valuePublic  = []string{CachePage}
	valueNoStore = []string{CacheNever}

	valueNoStoreAsIs = []string{CacheNever + ", no-transform"}
	valueBrowser     = []string{"private, no-cache"}
	valueImmutable   = []string{CacheAsset}
	valueOwnAsset    = []string{"private, max-age=31536000, immutable"}
	valueYear        = []string{"max-age=31536000"}
	valueVary        = []string{"Accept-Encoding"}
	valueCapability  = []string{"Surrogate-Capability"}
	valueBypass      = []string{wire.CacheName + "; fwd=bypass"}

	// To a surrogate that may put parts in, and keep nothing.
	valueIncludeOnly = []string{`no-store, content="ESI/1.0"`}
	valueAllow       = []string{"GET, HEAD, OPTIONS"}
)

// Year is the longest time that caches in HTTP are told, in seconds.
const Year = 31536000

// defaultHeaders protect a site that has thought of nothing.
var defaultHeaders = []Field{
	{"Content-Security-Policy", []string{render.DefaultPolicy}},
	{"Referrer-Policy", []string{"strict-origin-when-cross-origin"}},
	{"X-Content-Type-Options", []string{"nosniff"}},
}

// Headers are those of every response of an app, for a host of files that is
// to send the same. Its error lists every fault of App.Headers.
func Headers(app gorgon.App) (http.Header, error) {
	fields, err := everywhere(app.Headers)
	header := http.Header{}
	for _, f := range fields {
		header[f.name] = slices.Clone(f.values)
	}
	return header, err
}

// Values of Cache-Control that are sent with what can be a file as well.
const (
	CachePage  = "public, max-age=0, must-revalidate"  // of pages, and of files whose content may change
	CacheAsset = "public, max-age=31536000, immutable" // of files whose path names their content
	CacheNever = "private, no-store"                   // of errors
)

// everywhere lists the headers of every response: the defaults, and what the
// app puts beside them or in their place.
func everywhere(app http.Header) ([]Field, error) {
	own := map[string][]string{}
	var faults []error
	for name, values := range app {
		canonical := http.CanonicalHeaderKey(name)
		switch canonical {
		case "Set-Cookie":
			faults = append(faults, errors.New("Headers sets a cookie for everyone: set it in a handler"))
		case "Content-Length", "Content-Encoding", "Transfer-Encoding", "Content-Type", "Etag", "Connection":
			faults = append(faults, fmt.Errorf("Headers sets %s, which differs by response: remove it", canonical))
		}
		var kept []string
		for _, v := range values {
			if v != "" {
				kept = append(kept, v)
			}
		}
		own[canonical] = kept[:len(kept):len(kept)]
	}
	var fields []Field
	for _, f := range defaultHeaders {
		if _, replaced := own[f.name]; !replaced {
			fields = append(fields, f)
		}
	}
	for name, values := range own {
		if len(values) > 0 {
			fields = append(fields, Field{name, values})
		}
	}
	return fields, errors.Join(faults...)
}

// Vary adds to what a response already varies by. The usual response varies
// by nothing yet, and takes the values as they are.
func Vary(header http.Header, values []string) {
	old := header["Vary"]
	if old == nil {
		header["Vary"] = values
		return
	}
	header["Vary"] = joinVary(append(append([]string{}, old...), values...))
}

// joinVary makes one value of many, each name once.
func joinVary(values []string) []string {
	var names []string
	seen := map[string]bool{}
	for _, v := range values {
		for name := range strings.SplitSeq(v, ",") {
			name = trim(name)
			if name == "*" {
				return []string{"*"}
			}
			if lower := strings.ToLower(name); name != "" && !seen[lower] {
				seen[lower] = true
				names = append(names, name)
			}
		}
	}
	return []string{strings.Join(names, ", ")}
}

// Allow is the value of Allow for what can be had by GET, with the methods
// that handlers mounted on the same path take.
func Allow(more string) []string {
	if more == "" {
		return valueAllow
	}
	return joinVary([]string{valueAllow[0], more})
}

// tagHeaderOf is the canonical name of the header for the CDN's tags.
func tagHeaderOf(cdn *gorgon.CDN) string {
	if cdn == nil {
		return ""
	}
	return http.CanonicalHeaderKey(cdn.TagHeader)
}

var robots = []Field{{"X-Robots-Tag", []string{"noindex"}}}
