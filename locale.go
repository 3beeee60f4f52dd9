// Languages: how they stand in paths, which way they are written, and what is said of them in a document.

package gorgon

import (
	"context"
	"html"
	"io"
	"net/url"
	"slices"
	"strings"
)

// Prefixes are the rule by which an app's locales stand in its paths. It is
// the only one: the server, the build, exports and views all ask it.
type Prefixes struct {
	Locales []string // as [App.Locales]
	All     bool     // the first has a prefix too: [App.PrefixDefault]
}

// Path puts the prefix of locale before a decoded path. A locale that is not
// among them has none.
func (p Prefixes) Path(locale, path string) string {
	i := slices.Index(p.Locales, locale)
	switch {
	case i < 0, i == 0 && !p.All:
		return path
	case path == "/":
		return "/" + locale
	}
	return "/" + locale + path
}

// Split takes the prefix of a locale off a decoded path. A path that has none
// is in the first locale, and prefixed says whether it may be: it is false
// where every locale has a prefix and the path has not. The home page of a
// locale is its prefix alone, so that every page has one URL; with a slash
// behind it is no page, and then the rest is "".
func (p Prefixes) Split(path string) (rest, locale string, prefixed bool) {
	if len(p.Locales) == 0 {
		return path, "", true
	}
	if len(p.Locales) == 1 && !p.All || path == "" {
		return path, p.Locales[0], !p.All
	}
	first, rest := path[1:], ""
	if i := strings.IndexByte(first, '/'); i >= 0 {
		first, rest = first[:i], first[i:]
	}
	if i := slices.Index(p.Locales, first); i < 0 || i == 0 && !p.All {
		return path, p.Locales[0], !p.All
	}
	switch rest {
	case "":
		return "/", first, true
	case "/":
		return "", first, true
	}
	return rest, first, true
}

// Negotiated says whether visitors are ever sent to the language they prefer.
func (a App) Negotiated() bool {
	return len(a.Locales) > 0 && a.PrefixDefault || len(a.Locales) > 1 && a.DetectLocale
}

// Prefixes are the rule by which the app's locales stand in its paths.
func (a App) Prefixes() Prefixes { return Prefixes{Locales: a.Locales, All: a.PrefixDefault} }

// LocaleOf is the locale of the page that is rendered; "" where the app has
// none.
func LocaleOf(ctx context.Context) string { return siteOf(ctx).Locale }

// Direction says which way a locale is written: "rtl" for Arabic, Hebrew and
// others that run from right to left, and "ltr" for all else. A script that
// the locale names decides, as in "az-Arab"; otherwise its language does.
func Direction(locale string) string {
	subtags := strings.Split(strings.ToLower(strings.ReplaceAll(locale, "_", "-")), "-")
	for _, s := range subtags[1:] {
		if len(s) == 1 {
			break // extensions begin, in which nothing names a script
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

// By CLDR's likely subtags: the languages whose usual script runs from right to
// left, the countries in which a language is written the other way than
// elsewhere, and the scripts.
var (
	rightToLeft = strings.Fields("aeb ajp ajt apc apd ar arb arq ary arz avl bal bcc bej bft bgn bqi brh cja ckb cld dcc dgl dgo doi dv fa fia fub gbz gjk gju glk gwc gwt haz he hnd hno iw ji kby kdh khw ks kvx kxp lad lah lki lrc luz mde mfa mki mvy myz mzn nqo oru ota pbu pes phl pnb prd ps rhg rmt scl sd sdh shu skr smp swb syr trw ug ur wni ydd yi zdj")

	otherWay = map[string]string{
		"az": "iq ir", "azj": "iq ir", "emk": "gn", "ha": "cm sd", "kk": "af cn ir mn", "kmr": "lb", "ku": "lb", "ky": "cn",
		"man": "gn", "mnk": "gn", "ms": "cc", "pa": "pk", "tg": "pk", "ug": "kz mn", "uz": "af", "uzn": "af", "zsm": "cc",
	}

	rightToLeftScripts = strings.Fields("adlm arab aran hebr mand mend nkoo rohg samr syrc thaa")
)

// LocaleLinks are links to the same page in each language of the site, as a
// list, the current one marked: what a visitor changes the language with. It
// is a [Component]; the path is usually that of the [Document]:
//
//	gorgon.Region{Name: "languages", Content: gorgon.LocaleLinks{Path: d.Path}}
//
// The links are plain ones and work in an export. They load whole documents:
// the layout is in another language too. With [Navigation] the layout stays
// when the page changes, and they belong into a [Region] of it.
type LocaleLinks struct {
	Path string // decoded, without base path and locale; a query may follow. Default: "/"

	// Remember makes the links lead through the server, which notes the choice
	// in a cookie before it sends the visitor on, query and all. It is of use
	// where App.PrefixDefault or App.DetectLocale asks for the choice, and
	// needs a server: a file cannot set a cookie.
	Remember bool
}

// Render writes the list; nothing where there are fewer than two locales.
func (l LocaleLinks) Render(ctx context.Context, w io.Writer) error {
	site := siteOf(ctx)
	if len(site.Locales) < 2 {
		return nil
	}
	path := l.Path
	if path == "" {
		path = "/"
	}
	var b strings.Builder
	b.WriteString("<ul>")
	for _, locale := range site.Locales {
		at := URLIn(ctx, locale, path)
		rel := "alternate"
		if l.Remember {
			at, rel = LocaleChoice(ctx, locale, path), "alternate nofollow"
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

// LocaleChoice is the URL that remembers a locale as the visitor's choice and
// leads to path in it. It takes a GET from a link and a POST from a form.
func LocaleChoice(ctx context.Context, locale, path string) string {
	return siteOf(ctx).Base + "/_gorgon/locale?" + url.Values{"to": {locale}, "path": {path}}.Encode()
}

// alternates lists the absolute URLs of a page in each of its locales, for
// search engines, and under "x-default" the one for everybody else; nil where
// there is nothing to choose from, or no origin to make absolute URLs of.
func (s *Site) alternates(path string, locales []string) []LinkElement {
	if len(locales) < 2 || s.Origin == "" {
		return nil
	}
	links := make([]LinkElement, 0, len(locales)+1)
	for _, locale := range append(slices.Clone(locales), "") {
		lang := locale
		if locale == "" {
			lang, locale = "x-default", locales[0]
		}
		links = append(links, LinkElement{Rel: "alternate", Lang: lang, Href: s.Origin + s.path(locale, path)})
	}
	return links
}

// path is a decoded path in a locale, as URLs write it.
func (s *Site) path(locale, path string) string {
	return EscapePath(s.Base + s.Prefixes().Path(locale, path))
}
