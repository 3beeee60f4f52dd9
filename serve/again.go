// Answers with views that are not the page at the request's path.

package serve

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/answer"
	"github.com/gorgon-go/gorgon/compose"
	"github.com/gorgon-go/gorgon/paths"
	"github.com/gorgon-go/gorgon/viewctx"
	"github.com/gorgon-go/gorgon/wire"
)

var errOutside = errors.New("the request does not come from a gorgon handler: call it from a handler, guard or middleware of the app")

// A View is what [Render] answers with.
type View struct {
	Status int         // default: 200
	Head   gorgon.Head // default: no title, and "noindex"
	Main   gorgon.Component
}

// Render answers a request with a view in the app's layout, in the locale of
// the request. The answer is for this visitor alone and is not stored. Guards,
// handlers and middleware call it, before they send anything. It fails if the
// view does; nothing has been sent then, so that [Fail] can answer.
func Render(w http.ResponseWriter, r *http.Request, view View) error {
	v, ok := r.Context().Value(visitKey{}).(*visit)
	if !ok {
		return &gorgon.Error{Op: "render", Err: errOutside}
	}
	if view.Status == 0 {
		view.Status = http.StatusOK
	}
	if view.Head.Robots == "" {
		view.Head.Robots = "noindex"
	}
	return v.in.render(w, r, v.match, view)
}

// Redirect answers a request with 303 See Other, which is right after a form
// was posted. The location is as in [gorgon.Redirect]: a reference within the
// app, to which base path and locale are added, or an absolute URL.
func Redirect(w http.ResponseWriter, r *http.Request, location string) {
	Fail(w, r, &gorgon.Error{Kind: gorgon.KindRedirect, Status: http.StatusSeeOther, Location: location})
}

// Location returns the value of a Location header for a reference, as in
// [Redirect].
func Location(r *http.Request, reference string) (string, error) {
	site := viewctx.SiteOf(r.Context())
	return site.Location(site.Locale, reference)
}

// An Again is a page to answer with in the place of a handler.
type Again struct {
	// Page is a reference to a page of the app without base path and locale:
	// "/recipes/new?from=home".
	Page string

	// Err is why: the response has its status, and the log has its cause.
	Err error

	// With adds to the context of the page's views.
	With func(context.Context, gorgon.Failure) context.Context
}

// ShowAgain answers a request with a page of the app, rendered for this request
// with its stored state, or with the state that LoadRequest returns. It is how
// a form that was refused is shown with what the visitor typed. The page's
// guards run first, and see a GET request for the page. It reports whether the
// app has the page; if not, nothing has been sent.
func ShowAgain(w http.ResponseWriter, r *http.Request, a Again) bool {
	v, ok := r.Context().Value(visitKey{}).(*visit)
	return ok && v.in.again(w, r, v.match, a)
}

// render answers with a view in the layout.
func (a *responder) render(w http.ResponseWriter, r *http.Request, m match, view View) error {
	uses := new(viewctx.Uses)
	ctx := viewctx.WithUses(a.composer.WithFiller(r.Context(), a.askAround(r, m), nil), uses)
	html, err := a.renderer.Document(ctx, gorgon.Document{
		Locale: m.locale, Path: m.path, Status: view.Status, Title: view.Head.Title,
		Head: view.Head, Main: view.Main,
	})
	if err != nil {
		return err
	}
	header := http.Header{"Content-Type": valueHTML}
	if m.locale != "" {
		header["Content-Language"] = []string{m.locale}
	}
	a.plain(w, r, m, answer.Plain{Status: view.Status, Facts: answer.Personal, Header: header, Uses: uses, Body: html})
	return nil
}

// askAround is what the composer is asked for a document that is not a page.
func (a *responder) askAround(r *http.Request, m match) *compose.Ask {
	ask := a.ask(r, m)
	if m.page == nil && (paths.Check(m.path) != nil || isOwn(m.path)) {
		ask.Path = "" // fragments of the view cannot be asked for below such a path
	}
	return ask
}

// again answers with a page in the place of the handler of m.
func (o *routes) again(w http.ResponseWriter, r *http.Request, from match, a Again) bool {
	reference, query, _ := strings.Cut(a.Page, "?")
	path, err := paths.Parse(reference)
	if err != nil {
		return false
	}
	m := match{page: o.where.router.Match(path), path: path, locale: from.locale, again: true}
	if m.page == nil || m.page.Resource {
		return false
	}
	whole := o.where.base + o.where.prefixes.Path(m.locale, path)
	inner := at(r, whole)
	inner.Method, inner.Body, inner.ContentLength = http.MethodGet, http.NoBody, 0
	inner.URL.RawQuery = query
	inner.RequestURI = (&url.URL{Path: whole, RawQuery: query}).RequestURI()
	inner.Form, inner.PostForm, inner.MultipartForm = nil, nil, nil
	m.instead = func(w http.ResponseWriter, r *http.Request, m match) { o.pages.again(w, r, m, a) }
	o.page(w, inner, path, m)
	return true
}

// again answers with a page for this request, whatever its strategy.
func (s *sender) again(w http.ResponseWriter, r *http.Request, m match, a Again) {
	f := s.reported(r, m, a.Err)
	made, ok := s.made(w, r, m)
	if !ok {
		return
	}
	made.res.Status = f.Status
	if f.ID != "" {
		w.Header()[wire.HeaderRequestID] = []string{f.ID}
	}
	if after := retryAfterOf(a.Err, f.Status); after != "" {
		w.Header()["Retry-After"] = []string{after}
	}
	s.respond(w, r.WithContext(a.With(r.Context(), f)), m, made)
}
