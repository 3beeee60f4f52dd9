// What navigation in the browser puts in the place of another page.

package render

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/pages"
)

// payload is what the browser runtime reads; its names are the format.
type payload struct {
	Build    string   `json:"build"`
	Location string   `json:"location,omitempty"` // the page is elsewhere
	Reload   bool     `json:"reload,omitempty"`   // it has inline scripts, which the policy of another document keeps out
	Locale   string   `json:"locale,omitempty"`
	Dir      string   `json:"dir,omitempty"`
	Title    string   `json:"title,omitempty"`
	Parts    sections `json:"parts,omitempty"`
	Modules  []string `json:"modules,omitempty"`
}

// sections are an object in their order, by which the runtime tells whether
// another layout has the same.
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

// inline says whether code of a document that has some is in the sections
// themselves. That of the layout around them is in the document that is there.
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

// unescaped is a value as JSON that no HTML parser reads.
func unescaped(v any) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		panic(err) // strings and truth
	}
	return bytes.TrimRight(b.Bytes(), "\n")
}

// Payload makes the payload of a page whose HTML is whole. It has the page's
// life, and validators of its own.
func (r *Renderer) Payload(e *pages.Entry) *pages.Entry {
	p := payload{Build: r.Build}
	if e.Status >= 300 && e.Status <= 399 {
		p.Location = e.Header.Get("Location")
	} else if parts, ok := sectionsOf(e.HTML, e.Head, e.Main); !ok || len(e.Uses.Scripts)+len(e.Uses.Styles) > 0 && parts.inline() || e.Uses.Wasm {
		p.Reload = true
	} else {
		p.Locale, p.Dir, p.Title, p.Modules = e.Key.Locale, gorgon.Direction(e.Key.Locale), e.Title, e.Uses.Modules
		p.Parts = parts
	}
	made := *e
	made.Status, made.HTML, made.Head, made.Main, made.State = http.StatusOK, unescaped(p), pages.Span{}, pages.Span{}, nil
	made.ETag, made.Gzip, made.Brotli, made.Zstd, made.Holes = "", nil, nil, nil, nil
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

// PayloadPath is where the payload of a page lies, by the page's path with its
// locale: decoded or not, as that is.
func PayloadPath(path string) string {
	if folder, ok := strings.CutSuffix(path, "/"); ok {
		return "/_gorgon/folder" + folder + ".json"
	}
	return "/_gorgon/page" + path + ".json"
}

// PayloadOf is the page whose payload lies at a path, and whether one can.
func PayloadOf(path string) (page string, ok bool) {
	path, ok = strings.CutSuffix(path, ".json")
	if !ok || strings.HasSuffix(path, "/") {
		return "", false
	}
	if folder, ok := strings.CutPrefix(path, "/_gorgon/folder"); ok && (folder == "" || folder[0] == '/') {
		return folder + "/", true
	}
	page, ok = strings.CutPrefix(path, "/_gorgon/page")
	return page, ok && page != "" && page[0] == '/'
}
