// What navigation in the browser inserts in place of the previous page.

package render

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/wire"
)

// payload is what the browser runtime reads; its names are the format.
type payload struct {
	Build    string   `json:"build"`
	Location string   `json:"location,omitempty"` // the page is elsewhere
	Reload   bool     `json:"reload,omitempty"`   // it needs a document of its own
	Locale   string   `json:"locale,omitempty"`
	Dir      string   `json:"dir,omitempty"`
	Title    string   `json:"title,omitempty"`
	Parts    sections `json:"parts,omitempty"`
	Modules  []string `json:"modules,omitempty"`
}

// sections are an object in order, by which the runtime recognises whether
// another layout has the same sections.
type sections []section

func (s sections) MarshalJSON() ([]byte, error) {
	b := []byte("{")
	for i, p := range s {
		if i > 0 {
			b = append(b, ',')
		}
		for n, text := range []string{p.name, p.html} {
			if n > 0 {
				b = append(b, ':')
			}
			b = append(b, unescaped(text)...)
		}
	}
	return append(b, '}'), nil
}

// inline says whether the inline code of a document is in the sections
// themselves. Code of the layout around them is already in the document.
func (s sections) inline() bool {
	return slices.ContainsFunc(s, func(p section) bool {
		for _, open := range []string{"<script>", "<script nonce=", "<style>", "<style nonce="} { // as gorgon.Script and gorgon.Style begin
			if strings.Contains(p.html, open) {
				return true
			}
		}
		return false
	})
}

// unescaped encodes a value as JSON that no HTML parser reads.
func unescaped(v any) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		panic(err) // strings and booleans
	}
	return bytes.TrimRight(b.Bytes(), "\n")
}

// Payload makes the payload of a page whose HTML is whole. It has the page's
// lifetime, and validators of its own.
func (r *Renderer) Payload(e *pages.Entry) *pages.Entry {
	p := payload{Build: r.Build}
	if e.Status >= 300 && e.Status <= 399 {
		p.Location = e.Header.Get("Location")
	} else if parts, ok := sectionsOf(e.HTML, e.Head, e.Main); !ok || len(e.Uses.Scripts)+len(e.Uses.Styles) > 0 && parts.inline() || e.Uses.Wasm || r.own(e.Uses, e.Header) {
		p.Reload = true
	} else {
		p.Locale, p.Dir, p.Title, p.Modules = e.Key.Locale, gorgon.Direction(e.Key.Locale), e.Title, e.Uses.Modules
		p.Parts = parts
	}
	made := *e
	made.Status, made.HTML, made.Head, made.Main, made.State = http.StatusOK, unescaped(p), pages.Span{}, pages.Span{}, nil
	made.ETag, made.Gzip, made.Brotli, made.Zstd, made.Packed, made.Holes = "", nil, nil, nil, nil, nil
	made.Header = http.Header{}
	for name, values := range e.Header {
		switch name {
		case "Content-Type", "Content-Security-Policy", "Location":
		default:
			made.Header[name] = values
		}
	}
	made.Header["Content-Type"] = []string{"application/json"}
	made.Header["X-Robots-Tag"] = []string{"noindex"}
	return &made
}

// PayloadPath returns the path of a page's payload, from the page's path with
// its locale, decoded or encoded.
func PayloadPath(path string) string {
	if folder, ok := strings.CutSuffix(path, "/"); ok {
		return wire.FolderPrefix + folder + wire.PayloadSuffix
	}
	return wire.PagePrefix + path + wire.PayloadSuffix
}

// PayloadOf returns the page whose payload is at a path, and whether a page can
// be.
func PayloadOf(path string) (page string, ok bool) {
	path, ok = strings.CutSuffix(path, wire.PayloadSuffix)
	if !ok || strings.HasSuffix(path, "/") {
		return "", false
	}
	if folder, ok := strings.CutPrefix(path, wire.FolderPrefix); ok && (folder == "" || folder[0] == '/') {
		return folder + "/", true
	}
	page, ok = strings.CutPrefix(path, wire.PagePrefix)
	return page, ok && page != "" && page[0] == '/'
}
