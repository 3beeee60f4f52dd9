// Locales: their prefixes in paths, their direction, and links to them.

package gorgon

import (
	"context"
	"errors"
	"fmt"
	"html"
	"io"
	"net/url"
	"slices"
	"strings"

	"github.com/gorgon-go/gorgon/paths"
	"github.com/gorgon-go/gorgon/viewctx"
	"github.com/gorgon-go/gorgon/wire"
)

// Locales are the languages of a site. Each page exists in each of them.
type Locales struct {
	// Tags are the locales' names, as BCP 47 writes them: "en", "pt-BR". The
	// first has no prefix in paths, unless PrefixDefault is set; the others have
	// their tag as the first segment. Default: one locale, "".
	Tags []string

	// Names are the names of the locales in links to them, each in its own
	// language: "de": "Deutsch". Default: the tags.
	Names map[string]string

	// PrefixDefault gives the first locale a prefix too. Paths without a
	// prefix then redirect, with 302, to the language that the visitor chose
	// before or that the browser prefers. It changes the URL of every page, so
	// decide before the site is published.
	PrefixDefault bool

	// Detect redirects visitors who come to "/" from another site to the
	// language that they chose before or that the browser prefers. It is
	// useful if the first locale has no prefix. A page at any other path is
	// always in the language of its path. Default: "/" is the first locale.
	Detect bool
}

// All returns the locales' tags, or a single "" if there are none.
func (l Locales) All() []string {
	if len(l.Tags) == 0 {
		return []string{""}
	}
	return l.Tags
}

// Negotiated reports whether the server may redirect visitors to their
// preferred language.
func (l Locales) Negotiated() bool {
	return len(l.Tags) > 0 && l.PrefixDefault || len(l.Tags) > 1 && l.Detect
}

// Prefixes returns the rule for the prefixes of locales in paths.
func (a App) Prefixes() paths.Prefixes {
	return paths.Prefixes{Locales: a.Locales.Tags, All: a.Locales.PrefixDefault}
}

// SplitLocale removes the prefix of a locale from a decoded path. A path
// without one is in the first locale.
func (a App) SplitLocale(path string) (rest, locale string) {
	rest, locale, _ = a.Prefixes().Split(path)
	if rest == "" {
		rest = "/"
	}
	return rest, locale
}

// SiteIn returns a copy of site for pages in a locale.
func (a App) SiteIn(site viewctx.Site, locale string) *viewctx.Site {
	site.Locale, site.PrefixDefault, site.LocaleNames = locale, a.Locales.PrefixDefault, a.Locales.Names
	site.App = a
	site.Find = func(name string) (viewctx.Named, bool) {
		found, ok := a.contents().named[name]
		return found, ok
	}
	return &site
}

func (l Locales) validate() []error {
	var faults []error
	seen := map[string]bool{}
	for _, tag := range l.Tags {
		switch {
		case tag == "" || strings.Trim(tag, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") != "":
			faults = append(faults, fmt.Errorf("app: locale %q: use a language tag such as \"en\" or \"pt-BR\"", tag))
		case seen[tag]:
			faults = append(faults, fmt.Errorf("app: locale %q is listed twice: remove one", tag))
		}
		seen[tag] = true
	}
	for tag := range l.Names {
		if !seen[tag] {
			faults = append(faults, fmt.Errorf("app: Locales.Names has %q, which is not among the Tags: add it there, or remove it", tag))
		}
	}
	switch {
	case l.PrefixDefault && len(l.Tags) == 0:
		faults = append(faults, errors.New("app: Locales.PrefixDefault has no locale to put into paths: add Tags, or remove it"))
	case l.Detect && len(l.Tags) < 2:
		faults = append(faults, errors.New("app: Locales.Detect has no languages to choose from: add Tags, or remove it"))
	case l.Detect && l.PrefixDefault:
		faults = append(faults, errors.New("app: Locales.PrefixDefault already redirects visitors to their language: remove Detect"))
	}
	return faults
}

// LocaleOf returns the locale of the page being rendered, or, in a handler,
// guard or middleware, that of the request's path; "" if the app has no
// locales.
func LocaleOf(ctx context.Context) string { return viewctx.SiteOf(ctx).Locale }

// Direction returns the writing direction of a locale: "rtl" for Arabic,
// Hebrew and other locales written from right to left, otherwise "ltr". A
// script in the tag decides, as in "az-Arab"; otherwise the language does.
func Direction(locale string) string {
	subtags := strings.Split(strings.ToLower(strings.ReplaceAll(locale, "_", "-")), "-")
	for _, s := range subtags[1:] {
		if len(s) == 1 {
			break // extensions begin; no script follows
		}
		if len(s) == 4 && (s[0] < '0' || s[0] > '9') {
			return direction(slices.Contains(rightToLeftScripts, s))
		}
		if regions, ok := otherWay[subtags[0]]; ok && slices.Contains(strings.Fields(regions), s) {
			return direction(!slices.Contains(rightToLeft, subtags[0]))
		}
	}
	return direction(slices.Contains(rightToLeft, subtags[0]))
}

func direction(right bool) string {
	if right {
		return "rtl"
	}
	return "ltr"
}

// From CLDR's likely subtags: the languages that are usually written from
// right to left, the countries in which a language is written in the opposite
// direction, and the scripts.
var (
	rightToLeft = strings.Fields("aeb ajp ajt apc apd ar arb arq ary arz avl bal bcc bej bft bgn bqi brh cja ckb cld dcc dgl dgo doi dv fa fia fub gbz gjk gju glk gwc gwt haz he hnd hno iw ji kby kdh khw ks kvx kxp lad lah lki lrc luz mde mfa mki mvy myz mzn nqo oru ota pbu pes phl pnb prd ps rhg rmt scl sd sdh shu skr smp swb syr trw ug ur wni ydd yi zdj")

	otherWay = map[string]string{
		"az": "iq ir", "azj": "iq ir", "emk": "gn", "ha": "cm sd", "kk": "af cn ir mn", "kmr": "lb", "ku": "lb", "ky": "cn",
		"man": "gn", "mnk": "gn", "ms": "cc", "pa": "pk", "tg": "pk", "ug": "kz mn", "uz": "af", "uzn": "af", "zsm": "cc",
	}

	rightToLeftScripts = strings.Fields("adlm arab aran hebr mand mend nkoo rohg samr syrc thaa")
)

// LocaleLinks is a [Component] that lists links to the same page in each
// language of the site and marks the current one, so that visitors can change
// the language. The path is usually that of the [Document]:
//
//	gorgon.Region{Name: "languages", Content: gorgon.LocaleLinks{Path: d.Path}}
//
// The links work in an export. They load a new document, since the layout
// changes its language too. With [Navigation] the layout stays when the page
// changes, so put the links into a [Region] of it.
type LocaleLinks struct {
	Path  string // decoded, without base path and locale. Default: "/"
	Query string // the query of the links, encoded and without "?": "q=1". Default: none

	// Remember routes the links through the server, which stores the choice in
	// a cookie and redirects the visitor to the page, with the query. It is
	// useful with [Locales].PrefixDefault or Detect, which read that choice,
	// and does not work in an export.
	Remember bool
}

// Render writes the list, or nothing if there are fewer than two locales.
func (l LocaleLinks) Render(ctx context.Context, w io.Writer) error {
	site := viewctx.SiteOf(ctx)
	if len(site.Locales) < 2 {
		return nil
	}
	to := EscapePath(l.Path)
	if to == "" {
		to = "/"
	}
	if l.Query != "" {
		to += "?" + l.Query
	}
	var b strings.Builder
	b.WriteString("<ul>")
	for _, locale := range site.Locales {
		at := URLIn(ctx, locale, to)
		rel := "alternate"
		if l.Remember {
			at, rel = LocaleChoice(ctx, locale, to), "alternate nofollow"
		}
		current := ""
		if locale == site.Locale {
			current = ` aria-current="true"`
		}
		tag := html.EscapeString(locale)
		b.WriteString(`<li><a data-gorgon="reload" rel="` + rel + `" hreflang="` + tag + `" lang="` + tag + `" dir="` + Direction(locale) + `"` + current +
			` href="` + html.EscapeString(at) + `">` + html.EscapeString(site.NameOf(locale)) + "</a></li>")
	}
	b.WriteString("</ul>")
	_, err := io.WriteString(w, b.String())
	return err
}

// LocaleChoice returns a URL that stores a locale as the visitor's choice and
// redirects to a reference, as in [URL], in that locale. It accepts a GET from
// a link and a POST from a form.
func LocaleChoice(ctx context.Context, locale, reference string) string {
	return FileURL(ctx, wire.Locale) + "?" + url.Values{"to": {locale}, "path": {reference}}.Encode()
}

// alternates lists the absolute URLs of a page in each of its locales, for
// search engines, and under "x-default" the one for all other visitors. It
// returns nil if there are fewer than two locales or the app has no origin.
func alternates(s *viewctx.Site, path string, locales []string) []LinkElement {
	if len(locales) < 2 || s.Origin == "" {
		return nil
	}
	links := make([]LinkElement, 0, len(locales)+1)
	for _, locale := range append(slices.Clone(locales), "") {
		lang := locale
		if locale == "" {
			lang, locale = "x-default", locales[0]
		}
		links = append(links, LinkElement{Rel: "alternate", Lang: lang, Href: s.Origin + s.PathURL(locale, path)})
	}
	return links
}
