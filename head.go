// What a page says of itself in the document's head.

package gorgon

import (
	"context"
	"html"
	"io"
	"strings"
)

// A Head is the part of the document's head that belongs to one page. It is
// a [Component]; the layout places it among its own elements.
type Head struct {
	Title       string
	Description string
	Canonical   string        // a path of this app, written with the app's origin and base; default: none
	Robots      string        // e.g. "noindex"; default: none. A page with "noindex" stays out of the sitemap
	Meta        []Meta        // further meta elements
	Links       []LinkElement // link elements
	Locales     []string      // those that this page exists in. Default: all of the app's
	Extra       Component     // written last, as it renders; default: none

	path string // of the page, decoded; "" for none
}

// At is the head of the page at a decoded path, without base path and locale.
// It lists the page's other languages, unless the page is for no search engine
// or the app has no [App.Origin].
func (h Head) At(path string) Head {
	h.path = path
	return h
}

// Meta is a meta element with either a name or a property.
type Meta struct{ Name, Property, Content string }

// LinkElement is a link element. A Href that starts with one slash is a path of
// this app and gets the base path and locale.
type LinkElement struct{ Rel, Href, Type, Media, Lang string }

// Render writes the elements.
func (h Head) Render(ctx context.Context, w io.Writer) error {
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
		element("link", "rel", "canonical", "href", siteOf(ctx).Origin+URL(ctx, h.Canonical))
	}
	for _, m := range h.Meta {
		element("meta", "name", m.Name, "property", m.Property, "content", m.Content)
	}
	for _, l := range h.Links {
		element("link", "rel", l.Rel, "type", l.Type, "media", l.Media, "hreflang", l.Lang, "href", URL(ctx, l.Href))
	}
	if h.path != "" && !strings.Contains(h.Robots, "noindex") {
		site := siteOf(ctx)
		locales := h.Locales
		if locales == nil {
			locales = site.Locales
		}
		for _, l := range site.alternates(h.path, locales) {
			element("link", "rel", l.Rel, "hreflang", l.Lang, "href", l.Href)
		}
	}
	if _, err := io.WriteString(w, b.String()); err != nil || h.Extra == nil {
		return err
	}
	return h.Extra.Render(ctx, w)
}

// A Document is what a layout is told: the parts of one whole HTML document.
type Document struct {
	Locale string
	Dir    string    // "ltr" or "rtl", which way the locale is written
	Path   string    // decoded, without base path and locale
	Status int       // 200, or that of the error view
	Title  string    // also in Head
	Head   Component // to be placed in the head element, once
	Main   Component // the page's view, to be placed in the body, once
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
		if f.ID != "" {
			s += "<p>" + html.EscapeString(f.ID) + "</p>"
		}
		_, err := io.WriteString(w, s)
		return err
	})
}
