// Pages in place of redirects, which files cannot make.

package export

import (
	"html"
	"net/http"
	"path"
	"strings"

	"github.com/gorgon-go/gorgon"
)

// A Redirect is one that the build made. The host makes it or, where it has no rules
// for that, a page that leads on.
type Redirect struct {
	From   string `json:"from"` // the path as URLs write it, with the base path
	To     string `json:"to"`   // such a path, or a URL
	Status int    `json:"status"`
	Query  bool   `json:"query,omitempty"` // the query of the request is added to To

	// File is that of a page which leads on, with slashes, below the folder.
	File string `json:"file"`
	// Locale is the language of the visitors.
	Locale string `json:"locale,omitempty"`
}

// Page is a page that leads on, in a browser without scripts, too; but it is
// answered with 200, and drops a query. Search engines take it for a redirect.
func (r Redirect) Page(origin string) []byte {
	to := html.EscapeString(r.To)
	var b strings.Builder
	b.WriteString("<!doctype html>\n<html")
	if r.Locale != "" {
		b.WriteString(` lang="` + html.EscapeString(r.Locale) + `"`)
	}
	b.WriteString("><head><meta charset=\"utf-8\"><title>" + to + "</title>\n" +
		`<meta http-equiv="refresh" content="0; url=` + to + "\">\n" + `<meta name="robots" content="noindex">` + "\n")
	if r.Status == http.StatusMovedPermanently || r.Status == http.StatusPermanentRedirect {
		canonical := to
		if strings.HasPrefix(r.To, "/") {
			canonical = html.EscapeString(strings.TrimSuffix(origin, "/")) + to
		}
		b.WriteString(`<link rel="canonical" href="` + canonical + "\">\n")
	}
	b.WriteString(`<meta name="viewport" content="width=device-width">` + "\n</head><body><p><a href=\"" + to + "\">" + to + "</a></p></body></html>\n")
	return []byte(b.String())
}

// fileOfMoved is where a plain file server finds the page that leads on from a
// path.
func fileOfMoved(app gorgon.App, locale, at string) string {
	name := strings.TrimPrefix(app.Prefixes().Path(locale, at), "/")
	if strings.HasSuffix(name, ".html") {
		return name
	}
	return path.Join(name, "index.html")
}
