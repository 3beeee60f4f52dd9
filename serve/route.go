// Who answers: the framework, a handler, a file, or a page.

package serve

import (
	"net/http"
	"strings"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/answer"
	"github.com/gorgon-go/gorgon/compose"
	"github.com/gorgon-go/gorgon/wire"
)

// A routes says who answers a request, and has it answered.
type routes struct {
	where    *siteMap
	pages    *sender
	files    *library
	handlers *mux // nil where the app has none
	gate     *gate
	guards   map[*gorgon.Definition]http.Handler
	locales  *locales // nil where no visitor is sent to a language
	purges   *purges  // nil without a key
	ticks    *ticks   // nil without jobs
	lives    *lives   // nil without live parts
	detect   bool     // visitors of the home page are sent to their language
	includes bool     // a proxy may ask for tags in the place of fragments
}

// route answers what a request asks for. r.URL is that of the page, and t.path
// its path with the base path.
func (o *routes) route(w http.ResponseWriter, r *http.Request, t *target) {
	path := t.path
	nowhere := match{path: path, locale: o.where.defaultLocale()}
	if o.where.base != "" {
		rest, below := strings.CutPrefix(path, o.where.base)
		switch {
		case below && rest == "" && t.err == nil && o.where.router.Match("/") != nil:
			o.redirectTo(w, r, "/", o.where.match("/"))
			return
		case !below || rest == "" || rest[0] != '/':
			o.pages.fail(w, r, nowhere, errNoPage)
			return
		}
		path, nowhere.path = rest, rest
	}
	switch {
	case t.form != compose.Document && t.err != nil:
		o.pages.fail(w, r, nowhere, t.err)
		return
	case t.form == compose.Payload:
		o.payload(w, r, path, nowhere)
		return
	case t.form == compose.Stream:
		o.stream(w, r, t.page, nowhere)
		return
	case t.form != compose.Document:
		o.fragment(w, r, t, nowhere)
		return
	}
	if t.err == nil && strings.HasPrefix(path, wire.Root) {
		o.framework(w, r, path, nowhere)
		return
	}
	if o.handlers != nil && o.handle(w, r, nowhere) {
		return
	}
	if t.err != nil {
		nowhere.locale = o.where.localeAt(path)
		o.pages.fail(w, r, nowhere, t.err)
		return
	}
	m := o.where.match(path)
	if o.detect && path == "/" && m.page != nil {
		if locale, away := o.detected(w, r); away {
			m.instead = o.toLocale(r, locale, "/")
			o.page(w, r, path, m)
			return
		}
	}
	if o.includes && !m.guarded() && !o.pages.out.Closed() && capable(r) {
		m.form = compose.Included
	}
	if m.page != nil {
		o.pages.watch.note(r, m.page.Path)
	}
	if o.pages.inMemory(w, r, m) {
		return
	}
	if f, ok := o.files.at(path); ok {
		o.pages.watch.note(r, "file")
		o.file(w, r, path, f)
		return
	}
	o.page(w, r, path, m)
}

// framework answers requests below the framework's own prefix that are not for
// a representation of a page. No handler can take over the prefix.
func (o *routes) framework(w http.ResponseWriter, r *http.Request, path string, nowhere match) {
	o.pages.watch.note(r, wire.Root)
	if path == wire.Purge && o.purges != nil {
		o.purges.answer(w, r, nowhere)
		return
	}
	if path == wire.Tick && o.ticks != nil {
		o.ticks.answer(w, r, nowhere)
		return
	}
	if path == wire.Locale && o.locales != nil {
		o.locales.choose(w, r, nowhere)
		return
	}
	if f, ok := o.files.at(path); ok {
		o.file(w, r, path, f)
		return
	}
	o.pages.fail(w, r, nowhere, errNoPage)
}

// page answers with the page that was found at a path, if one was.
func (o *routes) page(w http.ResponseWriter, r *http.Request, path string, m match) {
	if m.page == nil {
		if _, _, prefixed := o.where.prefixes.Split(path); !prefixed {
			o.unprefixed(w, r, m)
			return
		}
		if to, ok := o.where.elsewhere(path, m); ok {
			o.redirectTo(w, r, to, o.where.match(to))
			return
		}
		o.missing(w, r, m)
		return
	}
	if m.guarded() {
		o.gate.foreign(w, r, m, nil, o.guards[m.page])
		return
	}
	o.answer(w, r, m)
}

// redirectTo leads to the page m at a path, by permission of its guards. They
// see its path.
func (o *routes) redirectTo(w http.ResponseWriter, r *http.Request, path string, m match) {
	to := withQuery(o.where.base+path, r) // before a guard can change it
	m.instead = func(w http.ResponseWriter, r *http.Request, m match) { o.pages.redirect(w, r, m, to) }
	o.page(w, at(r, o.where.base+path), path, m)
}

// answer answers with a page whose guards have let the request pass.
func (o *routes) answer(w http.ResponseWriter, r *http.Request, m match) {
	switch {
	case m.instead != nil:
		m.instead(w, r, m)
	case !reads(r.Method):
		o.methods(w, r, m)
	default:
		o.pages.answer(w, r, m)
	}
}

// missing answers where there is no page: with the slash that a handler's
// subtree wants, with the methods that a handler takes, or with 404.
func (o *routes) missing(w http.ResponseWriter, r *http.Request, m match) {
	if as, ok := o.handlers.subtree(r); ok {
		to := withQuery(r.URL.Path+"/", r) // before a guard can change it
		o.permitted(w, r, m, as, func(w http.ResponseWriter, r *http.Request, m match) { o.pages.redirect(w, r, m, to) })
		return
	}
	if methods := o.handlers.otherMethods(r); methods != "" {
		allowed := []string{methods + ", OPTIONS"}
		o.permitted(w, r, m, o.handlers.byMethods(r, methods), func(w http.ResponseWriter, r *http.Request, m match) { o.pages.allow(w, r, m, allowed) })
		return
	}
	if m.path == "" {
		m.path = "/"
	}
	o.pages.fail(w, r, m, errNoPage)
}

// permitted answers with what reveals a handler, by permission of its guards.
func (o *routes) permitted(w http.ResponseWriter, r *http.Request, m match, as reading, tell func(http.ResponseWriter, *http.Request, match)) {
	found, ok := as.found.(*mounted)
	if !ok || !found.guarded {
		tell(w, r, m)
		return
	}
	m.locale, m.restricted = as.locale, true
	o.gate.foreign(w, as.request, m, nil, found.guard(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { tell(w, r, m) })))
}

// handle answers with a handler of the app, if one matches.
func (o *routes) handle(w http.ResponseWriter, r *http.Request, m match) bool {
	as, ok := o.handlers.handler(r)
	if !ok {
		as, ok = o.handlers.preflight(r)
		if ok {
			o.pages.watch.note(r, as.pattern)
			m.locale = as.locale
			o.gate.foreign(w, r, m, nil, http.HandlerFunc(as.found.(*mounted).preflight)) // no guard decides what a browser may ask
		}
		return ok
	}
	o.pages.watch.note(r, as.pattern)
	found := as.found.(*mounted)
	m.locale, m.restricted, m.problems, m.trusts = as.locale, found.guarded, found.problems, found.trusts
	if found.share != nil {
		found.share(w, r)
	}
	var next http.Handler = o.handlers.handlers // once more through the mux, which sets the path values
	if !strings.Contains(as.pattern, "{") {
		m.pattern, next = as.pattern, found
	}
	o.gate.foreign(w, as.request, m, nil, next)
	return true
}

// methods answers a request for something that can only be read.
func (o *routes) methods(w http.ResponseWriter, r *http.Request, m match) {
	o.pages.methods(w, r, m, o.handlers.otherMethods(r))
}

// file answers with a file.
func (o *routes) file(w http.ResponseWriter, r *http.Request, path string, p *answer.Prepared) {
	m := match{path: path, locale: o.where.defaultLocale()}
	if !reads(r.Method) {
		o.methods(w, r, m)
		return
	}
	o.pages.file(w, r, m, p)
}

// unprefixed answers at a path without the prefix that every page has: the
// page in the visitor's language, if there is one. Its guards are asked first,
// and see its own path.
func (o *routes) unprefixed(w http.ResponseWriter, r *http.Request, m match) {
	m.locale = o.locales.of(r.Header)
	page := o.where.router.Match(m.path)
	if page == nil {
		if to, ok := o.where.router.Redirect(m.path); ok {
			m.path, page = to, o.where.router.Match(to)
		}
	}
	if page == nil {
		answer.Vary(w.Header(), valueVaryLocale) // the error view is in that language
		o.missing(w, r, m)
		return
	}
	m.page = page
	if reads(r.Method) {
		m.instead = o.toLocale(r, m.locale, m.path)
	}
	path := o.where.prefixes.Path(m.locale, m.path)
	o.page(w, at(r, o.where.base+path), path, m)
}

// toLocale sends a visitor to a page in a language. The answer is for this
// visitor alone and for now: a choice may change it, so no cache keeps it.
func (o *routes) toLocale(r *http.Request, locale, path string) func(http.ResponseWriter, *http.Request, match) {
	to := withQuery(o.where.base+o.where.prefixes.Path(locale, path), r)
	return func(w http.ResponseWriter, r *http.Request, m match) {
		answer.Vary(w.Header(), valueVaryLocale)
		o.pages.moved(w, r, m, http.StatusFound, []string{to})
	}
}

// detected says whether a visitor who comes to the home page from elsewhere is
// to be sent to another language, and to which. Who follows a link within the
// site has read what it says, and may want the first language after all.
func (o *routes) detected(w http.ResponseWriter, r *http.Request) (locale string, away bool) {
	if !reads(r.Method) {
		return "", false
	}
	answer.Vary(w.Header(), valueVaryDetected)
	locale = o.locales.of(r.Header)
	return locale, locale != o.locales.names[0] && !sameOrigin(r)
}

// payload answers with the payload of the page at a path, if a page is what a
// visitor would get there.
func (o *routes) payload(w http.ResponseWriter, r *http.Request, path string, nowhere match) {
	o.pages.watch.note(r, wire.Root)
	m := o.where.match(path)
	if _, file := o.files.at(path); file || o.handlers != nil && o.handlers.handles(r) {
		m.page = nil
	}
	switch {
	case ahead(r) && (m.page == nil || m.page.PerRequest() || m.guarded()):
		o.pages.nothingAhead(w, r)
		return
	case m.page == nil:
		o.pages.fail(w, r, nowhere, errNoPage)
		return
	}
	m.form = compose.Payload
	o.pages.watch.note(r, m.page.Path)
	if o.pages.inMemory(w, r, m) {
		return
	}
	o.page(w, r, path, m)
}

// fragment answers with a fragment. The guards of the page that it was sealed
// for are asked as they are for the page.
func (o *routes) fragment(w http.ResponseWriter, r *http.Request, t *target, nowhere match) {
	o.pages.watch.note(r, wire.Root)
	def, props, locale, err := o.pages.renderer.OpenFragment(t.name, t.closed, t.page)
	if err != nil {
		o.pages.fail(w, r, nowhere, err)
		return
	}
	m := match{}
	if t.page != "" {
		m = o.where.match(t.page) // there is none where it stands on an error page
	}
	m.locale, m.form, m.fragment, m.props = locale, t.form, def, props
	o.pages.watch.note(r, def.Path)
	if m.page != nil {
		o.page(w, r, t.page, m)
		return
	}
	if !reads(r.Method) {
		o.methods(w, r, m)
		return
	}
	o.pages.piece(w, r, m)
}

// stream answers with what is new of a page's live parts. The guards of the page
// are asked as they are for the page.
func (o *routes) stream(w http.ResponseWriter, r *http.Request, page string, nowhere match) {
	o.pages.watch.note(r, wire.Root)
	if o.lives == nil {
		o.pages.fail(w, r, nowhere, errNoPage)
		return
	}
	m := match{}
	if page != "" {
		m = o.where.match(page) // there is none where it stands on an error page
	}
	m.form = compose.Stream
	m.instead = func(w http.ResponseWriter, r *http.Request, m match) { o.lives.answer(w, r, m, page) }
	if m.page != nil {
		o.page(w, r, page, m)
		return
	}
	m.instead(w, r, m)
}

// capable says whether a proxy asks for tags.
func capable(r *http.Request) bool {
	for _, v := range r.Header["Surrogate-Capability"] {
		if strings.Contains(v, "ESI/1.0") {
			return true
		}
	}
	return false
}
