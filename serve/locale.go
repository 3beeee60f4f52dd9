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
)

// localeCookie holds the locale that a visitor chose. It says nothing but
// that, and what it says is held against the app's locales before it counts.
const localeCookie = "gorgon_locale"

// maxAcceptLanguage bounds what is read of the header, in bytes: a browser
// sends a tenth of it.
const maxAcceptLanguage = 1 << 10

var (
	valueVaryLocale = []string{"Accept-Language, Cookie"}
	errNoLocale     = &gorgon.Error{Op: "choose a locale", Kind: gorgon.Invalid, Err: errors.New("it is none of the app's")}
	errNoTarget     = &gorgon.Error{Op: "choose a locale", Kind: gorgon.Invalid, Err: errors.New("the path to go on to is no path of the app")}
)

// locales match what visitors ask for with what there is.
type locales struct {
	names   []string
	matcher language.Matcher
}

func newLocales(names []string) *locales {
	l := &locales{names: names}
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

// chosen is what the cookie says. A cookie of the same name may come from
// another site of the domain: the first that names a locale counts.
func (l *locales) chosen(header http.Header) (string, bool) {
	if len(header["Cookie"]) == 0 {
		return "", false
	}
	for _, c := range (&http.Request{Header: header}).CookiesNamed(localeCookie) {
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

// negotiated says whether visitors are ever sent to their language.
func (h *Handler) negotiated() bool { return h.locales != nil }

// unprefixed answers at a path without the prefix that every page has: the
// page in the visitor's language, if there is one.
func (h *Handler) unprefixed(w http.ResponseWriter, r *http.Request, m match) {
	m.locale = h.locales.of(r.Header)
	page := h.router.Match(m.path)
	if page == nil {
		if to, ok := h.router.Redirect(m.path); ok {
			m.path, page = to, h.router.Match(to)
		}
	}
	switch {
	case page == nil:
		vary(w.Header(), valueVaryLocale) // the error view is in that language
		h.missing(w, r, m)
	case !reads(r.Method):
		m.page = page
		h.methods(w, r, m)
	default:
		h.toLocale(w, r, m.locale, m.path)
	}
}

// detected sends a visitor who comes to the home page from elsewhere to
// another language. Who follows a link within the site has read what it says,
// and may want the first language after all.
func (h *Handler) detected(w http.ResponseWriter, r *http.Request) bool {
	if !reads(r.Method) || h.router.Match("/") == nil {
		return false
	}
	vary(w.Header(), valueVaryDetected)
	locale := h.locales.of(r.Header)
	if locale == h.locales.names[0] || sameOrigin(r) {
		return false
	}
	h.toLocale(w, r, locale, "/")
	return true
}

var valueVaryDetected = []string{"Accept-Language, Cookie, Sec-Fetch-Site"}

// sameOrigin says whether a request comes from a page of the same site.
func sameOrigin(r *http.Request) bool { return r.Header.Get("Sec-Fetch-Site") == "same-origin" }

// detects says whether the answer for a page may be a redirect for another
// visitor: then no cache in between may answer.
func (h *Handler) detects(m match) bool {
	return h.detect && m.path == "/" && m.locale == h.locales.names[0]
}

// toLocale sends a visitor to a page in a language. The answer is for this
// visitor alone and for now: a choice may change it, so nobody keeps it.
func (h *Handler) toLocale(w http.ResponseWriter, r *http.Request, locale, path string) {
	to := gorgon.EscapePath(h.base + h.prefixes.Path(locale, path))
	if r.URL.RawQuery != "" {
		to += "?" + r.URL.RawQuery
	}
	vary(w.Header(), valueVaryLocale)
	h.moved(w, http.StatusFound, []string{to})
}

// choose remembers the locale that a visitor chose, and leads on to the page
// in it. It only ever leads to a path of this app.
func (h *Handler) choose(w http.ResponseWriter, r *http.Request, m match) {
	var form url.Values
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		form = r.URL.Query()
	case http.MethodPost:
		r.Body = http.MaxBytesReader(w, r.Body, 3*gorgon.MaxPath+1<<10)
		if err := r.ParseForm(); err != nil {
			h.fail(w, r, m, &gorgon.Error{Op: "choose a locale", Kind: gorgon.Invalid, Err: err})
			return
		}
		form = r.Form // the body's fields come first
	default:
		w.Header()["Allow"] = []string{"GET, HEAD, POST"}
		h.fail(w, r, m, errMethod)
		return
	}
	locale := form.Get("to")
	if !slices.Contains(h.locales.names, locale) {
		h.fail(w, r, m, errNoLocale)
		return
	}
	m.locale = locale
	path, query, ok := h.onward(form.Get("path"), r.Referer())
	if !ok {
		h.fail(w, r, m, errNoTarget)
		return
	}
	to := gorgon.EscapePath(h.base + h.prefixes.Path(locale, path))
	if query != "" {
		to += "?" + query
	}
	scope := gorgon.EscapePath(h.base)
	if scope == "" {
		scope = "/"
	}
	header := w.Header()
	header["Set-Cookie"] = append(header["Set-Cookie"], localeCookie+"="+locale+"; Path="+scope+"; Max-Age="+strconv.Itoa(year)+"; HttpOnly; SameSite=Lax")
	h.moved(w, http.StatusSeeOther, []string{to})
}

// onward is the page to go on to: the one that was named, and if none was,
// the one the visitor comes from. A query that the page has and the name has
// not is taken along. Of where the visitor comes from, path and query alone are
// read: they are of this app, or of none.
func (h *Handler) onward(named, referer string) (path, query string, ok bool) {
	from, fromQuery := h.cameFrom(referer)
	if named == "" {
		return from, fromQuery, true
	}
	named, _, _ = strings.Cut(named, "#")
	path, query, hasQuery := strings.Cut(named, "?")
	if gorgon.CheckPath(path) != nil || !plainQuery(query) {
		return "", "", false
	}
	if path = h.bare(path); path == from && !hasQuery {
		query = fromQuery
	}
	return path, query, true
}

// cameFrom is the page that a Referer names; the home page where it names none.
func (h *Handler) cameFrom(referer string) (path, query string) {
	u, err := url.Parse(referer)
	if err != nil {
		return "/", ""
	}
	path, err = gorgon.RequestPath(u)
	rest, below := strings.CutPrefix(path, h.base)
	if err != nil || !below || !strings.HasPrefix(rest, "/") || strings.HasPrefix(rest, own) || !plainQuery(u.RawQuery) {
		return "/", ""
	}
	return h.bare(rest), u.RawQuery
}

// bare is a path without the prefix of a locale.
func (h *Handler) bare(path string) string {
	rest, _, _ := h.prefixes.Split(path)
	if rest == "" {
		return "/"
	}
	return rest
}

// plainQuery says whether a query can stand in a header as it is.
func plainQuery(query string) bool {
	return !strings.ContainsFunc(query, func(c rune) bool { return c <= ' ' || c >= 0x7f || strings.ContainsRune("\"<>\\^`{|}#", c) })
}
