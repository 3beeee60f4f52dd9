// Answers other than pages: errors with their view, redirects, and allowed
// methods.

package serve

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/answer"
	"github.com/gorgon-go/gorgon/cache"
	"github.com/gorgon-go/gorgon/compose"
	"github.com/gorgon-go/gorgon/failure"
	"github.com/gorgon-go/gorgon/render"
	"github.com/gorgon-go/gorgon/viewctx"
	"github.com/gorgon-go/gorgon/wire"
)

var (
	errNoPage       = &gorgon.Error{Op: "route", Kind: gorgon.KindNotFound}
	errPrecondition = &gorgon.Error{Op: "serve", Kind: gorgon.KindInvalid, Status: http.StatusPreconditionFailed}
	errMethod       = &gorgon.Error{Op: "serve", Kind: gorgon.KindInvalid, Status: http.StatusMethodNotAllowed}
	errLostMatch    = errors.New("a guard or a middleware replaced the request's context, and with it which page was asked for: derive the new context from r.Context()")
)

// Headers that are the same wherever they are.
var (
	valueHTML = []string{"text/html; charset=utf-8"}
	valueJSON = []string{"application/json"}
	valueText = []string{"text/plain; charset=utf-8"}
)

// A responder answers for one match.
type responder struct {
	out      *answer.Writer
	in       *inside
	reports  *reports
	renderer *render.Renderer
	composer *compose.Composer
	chained  bool   // middleware stands around every answer
	commits  bool   // requests may commit what pages depend on
	detects  bool   // visitors of the home page are sent to their language
	first    string // the locale that they come from
}

// facts are the facts of an answer for a match.
func (a *responder) facts(header http.Header, r *http.Request, m *match, f answer.Facts) answer.Facts {
	if m.guarded() {
		f |= answer.Guarded
	}
	if a.detects && m.path == "/" && m.locale == a.first {
		f |= answer.Negotiated // then no cache in between may answer
	}
	var known *answer.Known
	if a.chained || f&answer.Guarded != 0 {
		if v, ok := visitOf(r, a.in); ok {
			known = v.known
		}
	}
	return a.out.Facts(header, known, f)
}

// ask is what a request asks of the composer.
func (a *responder) ask(r *http.Request, m match) *compose.Ask {
	ask := &compose.Ask{
		Page: m.page, Path: m.path, Locale: m.locale, Form: m.form, Request: r,
		Demand: cache.Demand{Passive: passive(r), Token: a.token(r)},
		Failed: func(d *gorgon.Definition, err error) gorgon.Failure { return a.fragmentFailed(r, m, d, err) },
	}
	if m.fragment != nil {
		ask.Page, ask.Path, ask.On = m.fragment, viewctx.FragmentPath(m.fragment.Fragment, []byte(m.props)), m.path
	}
	return ask
}

// failureOf is what a visitor sees of an error, under a name that the log has.
func (a *responder) failureOf(r *http.Request, m match, route string, err error) (gorgon.Failure, slog.Level) {
	f := failure.Of(err, m.path, m.locale)
	if f.Status < 400 || f.Status > 599 {
		f.Status, f.Title = http.StatusInternalServerError, http.StatusText(http.StatusInternalServerError)
	}
	level := a.reports.level(r, route, err, f.Status)
	if f.Status >= 500 {
		_, rec := recorded(r)
		f.ID = rec.name()
	}
	return f, level
}

// fragmentFailed reports a fragment that failed, and says what a visitor sees.
func (a *responder) fragmentFailed(r *http.Request, m match, d *gorgon.Definition, err error) gorgon.Failure {
	if gone(r, err) {
		a.reports.left(r, m, err)
		f := failure.Of(err, m.path, m.locale)
		if f.Status < 400 || f.Status > 599 {
			f.Status, f.Title = http.StatusInternalServerError, http.StatusText(http.StatusInternalServerError)
		}
		return f
	}
	f, level := a.failureOf(r, m, d.Path, err)
	a.reports.report(r, m, level, "a fragment failed", err, slog.String("fragment", d.Fragment), slog.Int("status", f.Status), slog.String(wire.LogID, f.ID))
	return f
}

// reported writes an error to the log, and says what a visitor sees of it.
func (a *responder) reported(r *http.Request, m match, err error) gorgon.Failure {
	if gone(r, err) {
		a.reports.left(r, m, err)
		return failure.Of(err, m.path, m.locale)
	}
	f, level := a.failureOf(r, m, m.route(), err)
	if detail := a.renderer.App.FieldDetail; detail != nil && len(f.Fields) > 0 {
		ctx := viewctx.WithSite(r.Context(), a.renderer.App.SiteIn(a.renderer.Site, m.locale))
		f.Fields = slices.Clone(f.Fields)
		for i, field := range f.Fields {
			f.Fields[i].Detail = detail(ctx, field)
		}
	}
	a.reports.report(r, m, level, "the request failed", err, slog.Int("status", f.Status), slog.String(wire.LogID, f.ID))
	return f
}

// fail answers with the error view. Nothing has been sent yet.
func (a *responder) fail(w http.ResponseWriter, r *http.Request, m match, err error) {
	if cause := ended(r); cause != nil && canceled(err) {
		err = cause
	}
	if gone(r, err) {
		a.reports.left(r, m, err)
		panic(http.ErrAbortHandler)
	}
	if e, ok := errors.AsType[*gorgon.Error](err); ok && e.Kind == gorgon.KindRedirect {
		status := failure.Status(err)
		location, locationErr := a.renderer.Location(r.Context(), m.locale, e.Location)
		switch {
		case status < 300 || status > 399:
			err = fmt.Errorf("a redirect cannot have status %d", status)
		case locationErr != nil:
			// It usually comes from the visitor, as in ?next=.
			err = &gorgon.Error{Op: "redirect", Path: m.path, Kind: gorgon.KindInvalid, Err: locationErr}
		default:
			a.plain(w, r, m, answer.Plain{Status: status, Facts: answer.Failed, Clean: true, Header: http.Header{"Location": {location}}})
			return
		}
	}
	f := a.reported(r, m, err)
	if wantsProblem(r, m) {
		a.problem(w, r, m, f, err)
		return
	}
	uses := new(viewctx.Uses)
	ctx := viewctx.WithUses(a.composer.WithFiller(r.Context(), a.askAround(r, m), nil), uses)
	html, viewErr := a.renderer.Failure(ctx, m.page, f)
	if viewErr != nil {
		a.reports.report(r, m, slog.LevelError, "the error view failed", viewErr, slog.Int("status", f.Status), slog.String(wire.LogID, f.ID))
	}
	header := http.Header{"Content-Type": valueHTML}
	if after := retryAfterOf(err, f.Status); after != "" {
		header["Retry-After"] = []string{after}
	}
	if f.ID != "" {
		header[wire.HeaderRequestID] = []string{f.ID}
	}
	if f.Locale != "" {
		header["Content-Language"] = []string{f.Locale}
	}
	if html == nil {
		html = []byte{} // its length is told
	}
	a.plain(w, r, m, answer.Plain{Status: f.Status, Facts: answer.Failed, Clean: true, Header: header, Uses: uses, Body: html})
}

// plain sends a plain answer for a match.
func (a *responder) plain(w http.ResponseWriter, r *http.Request, m match, p answer.Plain) {
	p.Facts = a.facts(w.Header(), r, &m, p.Facts)
	a.out.Bare(w, r, p)
}

// abort cuts the connection after a failure in mid-answer.
func (a *responder) abort(r *http.Request, m match, err error) {
	if gone(r, err) {
		a.reports.left(r, m, err)
	} else {
		a.reports.report(r, m, slog.LevelError, "the request failed after its answer began", err, slog.String(wire.LogID, RequestID(r)))
	}
	panic(http.ErrAbortHandler)
}

// methods answers a request for something that can only be read: OPTIONS
// with what is allowed, and other methods with that as a refusal. More are the
// methods that handlers take at the path.
func (a *responder) methods(w http.ResponseWriter, r *http.Request, m match, more string) {
	a.allow(w, r, m, answer.Allow(more))
}

// allow answers a request whose method does not answer at the path.
func (a *responder) allow(w http.ResponseWriter, r *http.Request, m match, methods []string) {
	w.Header()["Allow"] = methods
	if r.Method == http.MethodOptions {
		a.plain(w, r, m, answer.Plain{Status: http.StatusNoContent, Facts: answer.Personal})
		return
	}
	a.fail(w, r, m, errMethod)
}

// redirect sends a visitor to the one URL of what was asked for, which is
// always an escaped path of this app: it starts with exactly one slash, since
// it was made of a path that gorgon.CheckPath let pass, with the query that
// was asked for.
func (a *responder) redirect(w http.ResponseWriter, r *http.Request, m match, to string) {
	a.plain(w, r, m, answer.Plain{Status: http.StatusPermanentRedirect, Header: http.Header{"Location": {to}}, Body: []byte{}})
}

// moved answers with a redirect that was made for this request.
func (a *responder) moved(w http.ResponseWriter, r *http.Request, m match, status int, location []string) {
	a.plain(w, r, m, answer.Plain{Status: status, Facts: answer.Personal, Header: http.Header{"Location": location}, Body: []byte{}})
}

// nothingAhead answers a prefetch that would be useless: there is no page, or
// the response must not be stored until it is needed. It generates nothing and
// runs no guard, and does not reveal what the answer would be.
func (a *responder) nothingAhead(w http.ResponseWriter, r *http.Request) {
	a.out.Bare(w, r, answer.Plain{Status: http.StatusNoContent, Facts: answer.Personal})
}
