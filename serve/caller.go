// Who asks: what guards know, and what is made of it.

package serve

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/gorgon-go/gorgon/answer"
	"github.com/gorgon-go/gorgon/compose"
	"github.com/gorgon-go/gorgon/paths"
	"github.com/gorgon-go/gorgon/viewctx"
)

type callerKey struct{}

// WithCaller is a context in which the caller of a request is known, by a name
// that no other caller has. A guard that has found out who it is calls it.
func WithCaller(ctx context.Context, caller string) context.Context {
	return context.WithValue(ctx, callerKey{}, caller)
}

// CallerOf is the caller that a guard has named; "" for none.
func CallerOf(ctx context.Context) string {
	caller, _ := ctx.Value(callerKey{}).(string)
	return caller
}

// Private says that the response to the request of a context depends on who
// asks: it is private and not stored, as if the page had a guard. Guards,
// handlers and middleware call it, before they send anything. It has no effect
// outside of an app.
func Private(ctx context.Context) {
	if v, ok := ctx.Value(visitKey{}).(*visit); ok {
		v.known.Add(answer.Guarded)
	}
}

// ShowsPages says whether a request comes from a browser that shows what it is
// answered with, or the payload of a page: a guard can lead it to another page.
// Other requests are those of programs, which get errors.
func ShowsPages(r *http.Request) bool {
	v, ok := r.Context().Value(visitKey{}).(*visit)
	if !ok {
		return strings.Contains(strings.Join(r.Header["Accept"], ","), "html")
	}
	return v.form != compose.Document || !wantsProblem(r, v.match)
}

// SameOrigin says whether a request was made by a page of this app, or by one of
// an origin that its handler trusts, as the browser says in its headers. A
// request without such headers is not. Guards ask it of requests that change
// something, and carry what a browser sends by itself, such as a cookie.
func SameOrigin(r *http.Request) bool {
	origin, site := r.Header.Get("Origin"), r.Header.Get("Sec-Fetch-Site")
	if origin == "" && site == "" {
		return false
	}
	if v, ok := r.Context().Value(visitKey{}).(*visit); ok && v.trusts != nil && v.trusts(r) {
		return true
	}
	if cross.Check(r) == nil {
		return true
	}
	// A proxy in between may have replaced the Host.
	return origin != "" && origin == viewctx.SiteOf(r.Context()).Origin && (site == "" || site == "same-origin")
}

// cross judges by those headers.
var cross = http.NewCrossOriginProtection()

// Reference is the URL of a request as the app refers to it: the path of the
// page without base path and locale, and the query. Guards, handlers and
// middleware give it to [Redirect] later, for the way back.
func Reference(r *http.Request) string {
	site := viewctx.SiteOf(r.Context())
	path, err := paths.OfURL(r.URL)
	if err != nil {
		return "/"
	}
	if _, ok := r.Context().Value(visitKey{}).(*visit); ok {
		if rest, below := strings.CutPrefix(path, site.Base); below && site.Base != "" && (rest == "" || rest[0] == '/') {
			path = rest
		}
		path, _, _ = site.Prefixes().Split(path)
	}
	if path == "" || path[0] != '/' {
		path = "/" + path
	}
	reference := paths.Escape(path)
	if r.URL.RawQuery != "" {
		reference += "?" + r.URL.RawQuery
	}
	return reference
}

// Referer is the page of this app that a browser comes from, as a [Reference];
// "" if the browser does not say, or it is not a page of this app.
func Referer(r *http.Request) string {
	site := viewctx.SiteOf(r.Context())
	u, err := url.Parse(r.Referer())
	if err != nil || u.Host != r.Host && (site.Origin == "" || u.Scheme+"://"+u.Host != site.Origin) {
		return ""
	}
	path, err := paths.OfURL(u)
	rest, below := strings.CutPrefix(path, site.Base)
	if err != nil || !below {
		return ""
	}
	if rest, _, _ = site.Prefixes().Split(rest); rest == "" {
		rest = "/"
	}
	reference := paths.Escape(rest)
	if u.RawQuery != "" {
		reference += "?" + u.RawQuery
	}
	return reference
}
