// The head of a document.

package gorgon

import (
	"context"
	"errors"
	"html"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/gorgon-go/gorgon/paths"
	"github.com/gorgon-go/gorgon/viewctx"
)

// A Head is the part of the document's head that belongs to one page. It is
// a [Component]; the layout places it among its own elements.
type Head struct {
	Title       string
	Description string
	Canonical   string        // the decoded path of a page, to which origin, base path and locale are added, or an absolute http or https URL; default: none
	Robots      string        // for example "noindex", which also keeps the page out of the sitemap; default: none
	Meta        []Meta        // further meta elements
	Links       []LinkElement // link elements
	Locales     []string      // the locales in which the page exists. Default: all of the app's
	Modified    time.Time     // when the page's content last changed, for the sitemap. Default: unknown
	Extra       Component     // rendered last; default: none

	path string // of the page, decoded; "" for none
}

// At returns the head for the page at a decoded path, without base path and
// locale. It adds links to the page's other languages, unless Robots contains
// "noindex" or the app has no [App.Origin].
func (h Head) At(path string) Head {
	h.path = path
	return h
}

// Meta is a meta element with either a name or a property. Its content is
// written unchanged; for "og:image" and others that require an absolute URL,
// call [AbsoluteURL] in [Page.HeadFor].
type Meta struct{ Name, Property, Content string }

// LinkElement is a link element. An Href that starts with one slash is a
// reference within this app, as in [URL]. Title names what the link leads to, such
// as one feed of several.
type LinkElement struct{ Rel, Href, Type, Media, Lang, Title string }

// canonical returns the absolute URL of the page for search engines.
func (h Head) canonical(site *viewctx.Site) (string, error) {
	fault := func(what, hint string) (string, error) {
		return "", &Error{Op: "head", Path: "Canonical", Err: errors.New(what), Hint: hint}
	}
	if viewctx.IsAbsolute(h.Canonical) {
		return h.Canonical, nil
	}
	if err := paths.Check(h.Canonical); err != nil {
		return fault("it is neither the decoded path of a page nor an absolute http or https URL: "+err.Error(), `write "/post" or "https://example.com/post"`)
	}
	if site.Origin == "" {
		return fault("there is no origin to make an absolute URL of", "set App.Origin, or write an absolute URL")
	}
	return site.Origin + site.PathURL(site.Locale, h.Canonical), nil
}

// Render writes the elements.
func (h Head) Render(ctx context.Context, w io.Writer) error {
	site := viewctx.SiteOf(ctx)
	for _, locale := range h.Locales {
		if !slices.Contains(site.Locales, locale) {
			return &Error{Op: "head", Path: "Locales", Err: errors.New("it names a locale that the app does not have"), Hint: "name only those of App.Locales"}
		}
	}
	var b strings.Builder
	element := func(name string, attributes ...string) {
		b.WriteString("<" + name)
		for i := 0; i < len(attributes); i += 2 {
			if attributes[i+1] != "" {
				b.WriteString(" " + attributes[i] + `="` + html.EscapeString(attributes[i+1]) + `"`)
			}
		}
		b.WriteString(">")
	}
	if h.Title != "" {
		b.WriteString("<title>" + html.EscapeString(h.Title) + "</title>")
	}
	if h.Description != "" {
		element("meta", "name", "description", "content", h.Description)
	}
	if h.Robots != "" {
		element("meta", "name", "robots", "content", h.Robots)
	}
	if h.Canonical != "" {
		canonical, err := h.canonical(site)
		if err != nil {
			return err
		}
		element("link", "rel", "canonical", "href", canonical)
	}
	for _, m := range h.Meta {
		element("meta", "name", m.Name, "property", m.Property, "content", m.Content)
	}
	for _, l := range h.Links {
		element("link", "rel", l.Rel, "type", l.Type, "media", l.Media, "hreflang", l.Lang, "title", l.Title, "href", URL(ctx, l.Href))
	}
	if h.path != "" && !strings.Contains(h.Robots, "noindex") {
		locales := h.Locales
		if locales == nil {
			locales = site.Locales
		}
		for _, l := range alternates(site, h.path, locales) {
			element("link", "rel", l.Rel, "hreflang", l.Lang, "href", l.Href)
		}
	}
	if _, err := io.WriteString(w, b.String()); err != nil || h.Extra == nil {
		return err
	}
	return h.Extra.Render(ctx, w)
}

// A Document is what a layout receives: the parts of one HTML document.
type Document struct {
	Locale string
	Dir    string    // the direction of the locale: "ltr" or "rtl"
	Path   string    // decoded, without base path and locale
	Status int       // 200, or that of the error view
	Title  string    // also in Head
	Head   Component // place it in the head element, once
	Main   Component // the page's view; place it in the body, once
}

// bareLayout is the document of an app that declares no Layout.
func bareLayout(d Document) Component {
	return ComponentFunc(func(ctx context.Context, w io.Writer) error {
		lang := ""
		if d.Locale != "" {
			lang = ` lang="` + html.EscapeString(d.Locale) + `" dir="` + d.Dir + `"`
		}
		if _, err := io.WriteString(w, "<!doctype html><html"+lang+`><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">`); err != nil {
			return err
		}
		if err := d.Head.Render(ctx, w); err != nil {
			return err
		}
		if _, err := io.WriteString(w, "</head><body><main>"); err != nil {
			return err
		}
		if err := d.Main.Render(ctx, w); err != nil {
			return err
		}
		_, err := io.WriteString(w, "</main></body></html>")
		return err
	})
}

// bareError is the error view of an app that declares none.
func bareError(f Failure) Component {
	return ComponentFunc(func(_ context.Context, w io.Writer) error {
		s := "<h1>" + html.EscapeString(f.Title) + "</h1>"
		if f.Message != "" {
			s += "<p>" + html.EscapeString(f.Message) + "</p>"
		}
		if len(f.Fields) > 0 {
			s += "<ul>"
			for _, field := range f.Fields {
				name := strings.ReplaceAll(strings.TrimPrefix(field.Pointer, "/"), "/", " ")
				s += "<li>" + html.EscapeString(strings.TrimSpace(name+" "+field.Detail)) + "</li>"
			}
			s += "</ul>"
		}
		if f.ID != "" {
			s += "<p>" + html.EscapeString(f.ID) + "</p>"
		}
		_, err := io.WriteString(w, s)
		return err
	})
}
