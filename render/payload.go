// What navigation in the browser puts in the place of another page.

package render

import (
	"bytes"
	"encoding/json"
	"net/http"
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
	Head     *string  `json:"head,omitempty"`
	Main     *string  `json:"main,omitempty"`
	Modules  []string `json:"modules,omitempty"`
}

// Payload makes the payload of a page whose HTML is whole. It has the page's
// life, and validators of its own.
func (r *Renderer) Payload(e *pages.Entry) *pages.Entry {
	p := payload{Build: r.Build}
	switch {
	case e.Status >= 300 && e.Status <= 399:
		p.Location = e.Header.Get("Location")
	case len(e.Uses.Scripts)+len(e.Uses.Styles) > 0 || e.Uses.Wasm:
		p.Reload = true
	default:
		p.Locale, p.Dir, p.Title, p.Modules = e.Key.Locale, gorgon.Direction(e.Key.Locale), e.Title, e.Uses.Modules
		p.Head, p.Main = new(string(e.Head.Of(e.HTML))), new(string(e.Main.Of(e.HTML)))
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false) // no HTML parser reads it
	if err := enc.Encode(p); err != nil {
		panic(err) // strings and truth
	}
	made := *e
	made.Status, made.HTML, made.Head, made.Main, made.State = http.StatusOK, b.Bytes(), pages.Span{}, pages.Span{}, nil
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
