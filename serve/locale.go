// Languages of visitors: what they chose, what their browser prefers, and where that leads.

package serve

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/text/language"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/answer"
	"github.com/gorgon-go/gorgon/listen"
	"github.com/gorgon-go/gorgon/paths"
	"github.com/gorgon-go/gorgon/wire"
)

// maxAcceptLanguage bounds what is read of the header, in bytes: a browser
// sends a tenth of it.
const maxAcceptLanguage = 1 << 10

var (
	valueVaryLocale   = []string{"Accept-Language, Cookie"}
	valueVaryDetected = []string{"Accept-Language, Cookie, Sec-Fetch-Site"}
	errNoLocale       = &gorgon.Error{Op: "choose a locale", Kind: gorgon.KindInvalid, Err: errors.New("the app does not have it")}
	errNoTarget       = &gorgon.Error{Op: "choose a locale", Kind: gorgon.KindInvalid, Err: errors.New("the path to go on to is not one of the app")}
)

// locales match what visitors ask for with what there is.
type locales struct {
	names   []string
	matcher language.Matcher
	where   *siteMap
	answers *responder
}

func newLocales(names []string, where *siteMap, answers *responder) *locales {
	l := &locales{names: names, where: where, answers: answers}
	tags := make([]language.Tag, len(names))
	for i, name := range names {
		tags[i] = language.Make(name)
	}
	l.matcher = language.NewMatcher(tags)
	return l
}

// of is the locale for a visitor: the one that was chosen before, else the
// one that the browser prefers, else the first.
func (l *locales) of(header http.Header) string {
	if name, ok := l.chosen(header); ok {
		return name
	}
	return l.preferred(header)
}

// chosen is what the cookie says: a locale and nothing else, which counts if
// the app has it. A cookie of the same name may come from
// another site of the domain: the first that names a locale counts.
func (l *locales) chosen(header http.Header) (string, bool) {
	if len(header["Cookie"]) == 0 {
		return "", false
	}
	for _, c := range (&http.Request{Header: header}).CookiesNamed(wire.CookieLocale) {
		if slices.Contains(l.names, c.Value) {
			return c.Value, true
		}
	}
	return "", false
}

// preferred is what the browser asks for, by the rules of CLDR: "de-AT" finds
// "de", "no" finds "nb". A header that cannot be read asks for nothing.
func (l *locales) preferred(header http.Header) string {
	asked := strings.Join(header["Accept-Language"], ",")
	if asked == "" || len(asked) > maxAcceptLanguage {
		return l.names[0]
	}
	tags, _, err := language.ParseAcceptLanguage(asked)
	if err != nil || len(tags) == 0 {
		return l.names[0]
	}
	_, i, confidence := l.matcher.Match(tags...)
	if confidence == language.No {
		return l.names[0]
	}
	return l.names[i]
}

// sameOrigin says whether a request comes from a page of the same site.
func sameOrigin(r *http.Request) bool { return r.Header.Get("Sec-Fetch-Site") == "same-origin" }

// choose remembers the locale that a visitor chose, and leads on to the page
// in it. It only ever leads to a path of this app.
func (l *locales) choose(w http.ResponseWriter, r *http.Request, m match) {
	var form url.Values
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		form = r.URL.Query()
	case http.MethodPost:
		var done func()
		r, done = listen.WithBody(r, http.MaxBytesReader(w, r.Body, 3*paths.MaxLength+1<<10))
		defer done()
		if err := r.ParseForm(); err != nil {
			l.answers.fail(w, r, m, &gorgon.Error{Op: "choose a locale", Kind: gorgon.KindInvalid, Err: err})
			return
		}
		form = r.Form // the body's fields come first
	default:
		w.Header()["Allow"] = []string{"GET, HEAD, POST"}
		l.answers.fail(w, r, m, errMethod)
		return
	}
	locale := form.Get("to")
	if !slices.Contains(l.names, locale) {
		l.answers.fail(w, r, m, errNoLocale)
		return
	}
	m.locale = locale
	path, query, ok := l.onward(form.Get("path"), r.Referer())
	if !ok {
		l.answers.fail(w, r, m, errNoTarget)
		return
	}
	to := l.where.prefixes.URL(l.where.base, locale, path)
	if query != "" {
		to += "?" + query
	}
	scope := gorgon.EscapePath(l.where.base)
	if scope == "" {
		scope = "/"
	}
	header := w.Header()
	header["Set-Cookie"] = append(header["Set-Cookie"], wire.CookieLocale+"="+locale+"; Path="+scope+"; Max-Age="+strconv.Itoa(answer.Year)+"; HttpOnly; SameSite=Lax")
	l.answers.moved(w, r, m, http.StatusSeeOther, []string{to})
}

// onward is the page to go on to: the one that was named, by a reference as
// gorgon.URL takes it, and if none was, the one the visitor comes from. A query that the page has and the name has
// not is taken along. Of where the visitor comes from, path and query alone are
// read: they are of this app, or of none.
func (l *locales) onward(named, referer string) (path, query string, ok bool) {
	from, fromQuery := l.cameFrom(referer)
	if named == "" {
		return from, fromQuery, true
	}
	named, _, _ = strings.Cut(named, "#")
	named, query, hasQuery := strings.Cut(named, "?")
	path, err := paths.Parse(named)
	if err != nil || !plainQuery(query) {
		return "", "", false
	}
	if path = l.where.bare(path); path == from && !hasQuery {
		query = fromQuery
	}
	return path, query, true
}

// cameFrom is the page that a Referer names; the home page where it names none.
func (l *locales) cameFrom(referer string) (path, query string) {
	u, err := url.Parse(referer)
	if err != nil {
		return "/", ""
	}
	path, err = paths.OfURL(u)
	rest, below := strings.CutPrefix(path, l.where.base)
	if err != nil || !below || !strings.HasPrefix(rest, "/") || strings.HasPrefix(rest, wire.Root) || !plainQuery(u.RawQuery) {
		return "/", ""
	}
	return l.where.bare(rest), u.RawQuery
}

// plainQuery says whether a query can stand in a header as it is.
func plainQuery(query string) bool {
	return !strings.ContainsFunc(query, func(c rune) bool { return c <= ' ' || c >= 0x7f || strings.ContainsRune("\"<>\\^`{|}#", c) })
}
