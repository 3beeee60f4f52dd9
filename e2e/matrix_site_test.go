// The sites of the matrix: their parts, and who may see them.

package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"strings"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/api"
	"github.com/gorgon-go/gorgon/auth"
	"github.com/gorgon-go/gorgon/serve"
)

// secretProps are one visitor's, and in no log.
const secretProps = "only-ann-may-know"

// A setting is how a site is declared, and how it is asked.
type setting struct {
	name       string
	base       string
	locale     string // "" for the first
	guard      string // "", "deny", "redirect" or "session"
	middleware string // "", "path" or "plain"
	loud       bool   // pages ask every cache to keep them
	cdn        *gorgon.CDN

	people *auth.Auth // of the guard "session"
}

func settings() []setting {
	tagged := func(open, esi bool) *gorgon.CDN {
		return &gorgon.CDN{TagHeader: "Cache-Tag", OpenMiddleware: open, ESI: esi}
	}
	return []setting{
		{name: "open"},
		{name: "guarded", guard: "deny"},
		{name: "redirecting guard", guard: "redirect"},
		{name: "signed in", guard: "session"},
		{name: "signed in, base, locale, own public", guard: "session", base: "/base", locale: "de", loud: true},
		{name: "path middleware", middleware: "path"},
		{name: "own public", loud: true},
		{name: "guarded, own public", guard: "deny", loud: true},
		{name: "base", base: "/base", middleware: "path"},
		{name: "locale", locale: "de", guard: "redirect"},
		{name: "base, locale", base: "/base", locale: "de", guard: "deny"},
		{name: "CDN", cdn: tagged(false, false)},
		{name: "CDN, guarded, own public", cdn: tagged(false, false), guard: "deny", loud: true},
		{name: "CDN, middleware", cdn: tagged(false, false), middleware: "plain", loud: true},
		{name: "CDN, open middleware", cdn: tagged(true, false), middleware: "plain"},
		{name: "ESI", cdn: tagged(false, true)},
		{name: "ESI, guarded", cdn: tagged(false, true), guard: "deny"},
		{name: "ESI, closed", cdn: tagged(false, true), middleware: "plain"},
		{name: "ESI, middleware", cdn: tagged(true, true), middleware: "plain", loud: true},
	}
}

// A kind is one kind of part, and what is expected of it where it may be seen.
type kind struct {
	name, path string
	status     int    // of the document
	personal   bool   // it has a visitor's part
	open       bool   // it has no guard: it is not a page
	kept       bool   // it has a version that may be asked for again
	filled     bool   // fragments are put into it
	broken     bool   // an error view stands in it
	bare       bool   // it is not an HTML document
	handler    bool   // it says itself which caches may keep it; by default none
	immutable  bool   // its path names its content
	fixed      bool   // it is not a page of the app: it has no Headers of its own
	to         string // where it leads, without base and locale
	fragments  int    // that it defers

	// Of handlers: what is sent, and what comes back.
	method  string // default: GET
	media   string // of the body
	body    string
	again   string // the page that is shown with what was sent
	control string // Cache-Control; default: none keeps it
	allow   string // the methods of its path
}

// verb is the method that a kind is asked with.
func (k kind) verb() string { return cmpOr(k.method, http.MethodGet) }

func kinds() []kind {
	return []kind{
		{name: "built", path: "/p/built", status: 200, kept: true},
		{name: "incremental", path: "/p/incremental/1", status: 200, kept: true},
		{name: "revalidated", path: "/p/revalidated", status: 200, kept: true},
		{name: "request-time", path: "/p/asked", status: 200, personal: true},
		{name: "merged", path: "/p/merged", status: 200, personal: true},
		{name: "home", path: "/", status: 200, kept: true},
		{name: "with a kept fragment", path: "/p/stock", status: 200, kept: true, filled: true},
		{name: "with a visitor's fragment", path: "/p/who", status: 200, personal: true, filled: true},
		{name: "with a merged fragment", path: "/p/both", status: 200, personal: true, filled: true},
		{name: "with deferred fragments", path: "/p/deferred", status: 200, kept: true, fragments: 3},
		{name: "request-time, with fragments", path: "/p/mixed", status: 200, personal: true, fragments: 2},
		{name: "layout with a visitor's part", path: "/p/layout", status: 200, personal: true, filled: true},
		{name: "layout that defers", path: "/p/defers", status: 200, kept: true, fragments: 2},
		{name: "with a fragment that fails", path: "/p/broken", status: 200, kept: true, filled: true, broken: true},
		{name: "with a visitor's that fails", path: "/p/fails", status: 200, personal: true, filled: true, broken: true},
		{name: "failing page", path: "/p/failing", status: 500, fragments: 2},
		{name: "failing kept page", path: "/p/failing-kept", status: 500, fragments: 2},
		{name: "no page", path: "/p/nothing/at/all", status: 404, open: true, fixed: true, fragments: 2},
		{name: "redirecting page", path: "/p/moved", status: 302, kept: true, fixed: true, to: "/p/built"},
		{name: "redirecting by request", path: "/p/sent", status: 302, personal: true, to: "/p/built"},
		{name: "refused redirect", path: "/p/evil", status: 400, fragments: 2},
		{name: "feed", path: "/p/feed.xml", status: 200, kept: true, bare: true},
		{name: "feed with a visitor's part", path: "/p/own.xml", status: 200, personal: true, bare: true, filled: true},
		{name: "handler", path: "/p/handler", status: 200, open: true, handler: true, fixed: true},
		{name: "handler with a cookie", path: "/p/cookie", status: 200, open: true, handler: true, fixed: true},
		{name: "resource", path: "/p/resource.xml", status: 200, kept: true, bare: true},
		{name: "resource by request", path: "/p/requested.xml", status: 200, personal: true, bare: true},
		{name: "read", path: "/p/read", status: 200, kept: true, bare: true},
		{name: "redirect of a table", path: "/p/old", status: 308, kept: true, fixed: true, to: "/p/built"},
		{name: "redirect with a wildcard", path: "/p/old/7", status: 308, personal: true, fixed: true, to: "/p/incremental/7"},
		{name: "endpoint", path: "/p/endpoint?text=tea", status: 200, personal: true, handler: true, fixed: true, allow: "GET, HEAD"},
		{name: "endpoint, refused", path: "/p/endpoint?text=longer", status: 422, handler: true, fixed: true, allow: "GET, HEAD"},
		{name: "JSON endpoint", path: "/p/order", status: 201, personal: true, handler: true, fixed: true, to: "/p/built",
			method: http.MethodPost, media: "application/json", body: `{"text":"tea"}`, allow: "POST"},
		{name: "JSON endpoint, refused", path: "/p/order", status: 422, handler: true, fixed: true,
			method: http.MethodPost, media: "application/json", body: `{"text":"longer"}`, allow: "POST"},
		{name: "form", path: "/p/order", status: 303, handler: true, fixed: true, to: "/p/built",
			method: http.MethodPost, media: formMedia, body: "text=tea", allow: "POST"},
		{name: "form, shown again", path: "/p/order", status: 422, personal: true, handler: true, fixed: true,
			method: http.MethodPost, media: formMedia, body: "text=longer&_page=/p/asked", again: "/p/asked", allow: "POST"},
		{name: "stream", path: "/p/stream", status: 200, handler: true, fixed: true, control: "private, no-store, no-transform", allow: "GET, HEAD"},
		{name: "static file", path: "/p/file.txt", status: 200, open: true, kept: true, fixed: true},
		{name: "asset", path: "/_gorgon/assets/a.123.css", status: 200, open: true, kept: true, immutable: true, fixed: true},
	}
}

const formMedia = "application/x-www-form-urlencoded"

// visitorOf is who asks; "" for a stranger.
func visitorOf(r *http.Request) string {
	if c, err := r.Cookie("visitor"); err == nil {
		return c.Value
	}
	return ""
}

func inTurn(parts ...gorgon.Component) gorgon.Component {
	return gorgon.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		for _, p := range parts {
			if err := p.Render(ctx, w); err != nil {
				return err
			}
		}
		return nil
	})
}

// app is the app of a setting. saw is told whom a guard or a middleware was
// asked about: by which path.
func (s setting) app(saw func(who, path string)) gorgon.App {
	type (
		page  = gorgon.Page[string]
		piece = gorgon.Fragment[string, string]
	)
	mark := func(who string) string { return "visitor=" + who + ";" }
	ended := func(ctx context.Context) error {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("the database: %v", err) // the chain is lost, as with many a library
		}
		return nil
	}
	text := func(s string) gorgon.Component {
		return gorgon.HTML("<p>" + s + "</p>" + strings.Repeat("<!-- long -->", 60))
	}
	where := func(_ context.Context, in gorgon.Input) (string, error) { return "content of " + in.Path, nil }
	asked := func(ctx context.Context, in gorgon.Input, r *http.Request) (string, error) {
		return "content of " + in.Path + mark(visitorOf(r)), ended(ctx)
	}
	merge := func(_ context.Context, _ gorgon.Input, a, b string) (string, error) { return a + b, nil }
	who := func(ctx context.Context, _ gorgon.Input, _ string, r *http.Request) (string, error) {
		return mark(visitorOf(r)), ended(ctx)
	}
	fault := errors.New("a fault")
	stock := piece{Name: "stock", View: text, Load: func(context.Context, gorgon.Input, string) (string, error) { return "in stock", nil }}
	own := piece{Name: "who", View: text, LoadRequest: who}
	both := piece{Name: "both", View: text, LoadRequest: who,
		Load:  func(context.Context, gorgon.Input, string) (string, error) { return "both", nil },
		Merge: func(_ context.Context, _ gorgon.Input, _, a, b string) (string, error) { return a + b, nil }}
	broken := piece{Name: "broken", View: text, Load: func(context.Context, gorgon.Input, string) (string, error) { return "", fault }}
	fails := piece{Name: "fails", View: text, LoadRequest: func(ctx context.Context, _ gorgon.Input, _ string, r *http.Request) (string, error) {
		return "", errors.Join(ended(ctx), fault)
	}}
	const p = secretProps
	with := func(parts ...gorgon.Component) func(string) gorgon.Component {
		return func(s string) gorgon.Component { return inTurn(append([]gorgon.Component{text(s)}, parts...)...) }
	}
	headers := func(media string) func(string) http.Header {
		if media == "" && !s.loud {
			return nil
		}
		return func(string) http.Header {
			h := http.Header{}
			if media != "" {
				h.Set("Content-Type", media)
			}
			if s.loud {
				h.Set("Cache-Control", loudControl)
				h.Set("Surrogate-Control", "max-age=300")
				h.Set("Expires", "Thu, 01 Jan 2099 00:00:00 GMT")
			}
			return h
		}
	}
	var guards []func(http.Handler) http.Handler
	if s.guard == "session" {
		guards = append(guards, func(next http.Handler) http.Handler {
			guarded := s.people.SignedIn(next)
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				saw("guard", r.URL.Path)
				guarded.ServeHTTP(w, r)
			})
		})
	} else if s.guard != "" {
		guards = append(guards, func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				saw("guard", r.URL.Path)
				switch {
				case visitorOf(r) != "":
					next.ServeHTTP(w, r)
				case s.guard == "redirect":
					http.Redirect(w, r, "sign-in", http.StatusFound) // beside the page
				default:
					serve.Fail(w, r, &gorgon.Error{Kind: gorgon.KindForbidden})
				}
			})
		})
	}
	list := []page{
		{Path: "/", Load: where, View: with()},
		{Path: "/p/built", Load: where, View: with()},
		{Path: "/p/incremental/{id}", Load: where, Incremental: true, View: with()},
		{Path: "/p/revalidated", Load: where, RevalidateAfter: time.Hour, View: with()},
		{Path: "/p/asked", LoadRequest: asked, View: with()},
		{Path: "/p/merged", Load: where, LoadRequest: asked, Merge: merge, View: with()},
		{Path: "/p/stock", Load: where, View: with(stock.Use(p))},
		{Path: "/p/who", Load: where, AllowRequestTime: true, View: with(own.Use(p))},
		{Path: "/p/both", Load: where, AllowRequestTime: true, View: with(both.Use(p))},
		{Path: "/p/deferred", Load: where, View: with(stock.Defer(p), own.Defer(p), both.Defer(p))},
		{Path: "/p/mixed", LoadRequest: asked, View: with(own.Use(p), stock.Defer(p), own.Defer(p))},
		{Path: "/p/layout", Load: where, AllowRequestTime: true, View: with()},
		{Path: "/p/defers", Load: where, View: with()},
		{Path: "/p/broken", Load: where, View: with(broken.Use(p))},
		{Path: "/p/fails", Load: where, AllowRequestTime: true, View: with(fails.Use(p))},
		{Path: "/p/failing", View: with(), LoadRequest: func(ctx context.Context, _ gorgon.Input, _ *http.Request) (string, error) {
			return "", errors.Join(ended(ctx), fault)
		}},
		{Path: "/p/failing-kept", View: with(), Load: func(context.Context, gorgon.Input) (string, error) { return "", fault }},
		{Path: "/p/moved", View: with(), Load: func(context.Context, gorgon.Input) (string, error) { return "", gorgon.Redirect("/p/built") }},
		{Path: "/p/sent", View: with(), LoadRequest: func(ctx context.Context, _ gorgon.Input, _ *http.Request) (string, error) {
			return "", errors.Join(ended(ctx), gorgon.Redirect("/p/built"))
		}},
		{Path: "/p/evil", View: with(), LoadRequest: func(context.Context, gorgon.Input, *http.Request) (string, error) {
			return "", gorgon.Redirect("//evil.example")
		}},
		{Path: "/p/feed.xml", Load: where, View: with(), Headers: headers("application/atom+xml")},
		{Path: "/p/own.xml", Load: where, AllowRequestTime: true, View: with(own.Use(p)), Headers: headers("application/atom+xml")},
	}
	app := gorgon.App{
		Name: "matrix", Locales: gorgon.Locales{Tags: []string{"en", "de"}, Detect: true}, Navigation: &gorgon.Navigation{}, CDN: s.cdn,
		Parts: []gorgon.Part{
			stock,
			own,
			both,
			broken,
			fails,
			gorgon.Handler{Pattern: "/p/handler", Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, mark(visitorOf(r))) })},
			gorgon.Handler{Pattern: "/p/cookie", Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Cache-Control", loudControl)
				w.Header().Set("CDN-Cache-Control", "max-age=300")
				http.SetCookie(w, &http.Cookie{Name: "seen", Value: "1"})
				fmt.Fprint(w, mark(visitorOf(r)))
			})},
		},
		Layout: func(d gorgon.Document) gorgon.Component {
			parts := []gorgon.Component{gorgon.HTML("<!doctype html><html><head>"), d.Head, gorgon.HTML("</head><body><main>"), d.Main, gorgon.HTML("</main>")}
			switch {
			case d.Path == "/p/layout":
				parts = append(parts, own.Use(p))
			case d.Path == "/p/defers", d.Status >= 400:
				parts = append(parts, stock.Defer(p), own.Defer(p))
			}
			return inTurn(append(parts, gorgon.HTML("</body></html>"))...)
		},
	}
	for _, one := range list {
		if one.Headers == nil {
			one.Headers = headers("")
		}
		one.Guards = guards
		app.Parts = append(app.Parts, one)
	}
	app.Parts = append(app.Parts, gorgon.Group{Guards: guards, Parts: s.answers(headers, where, asked, text)})
	if s.middleware != "" {
		app.Middleware = append(app.Middleware, func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				saw("middleware", r.URL.Path)
				if s.middleware == "path" && strings.HasPrefix(r.URL.Path, s.base+"/p/") && visitorOf(r) == "" {
					http.Redirect(w, r, "sign-in", http.StatusFound)
					return
				}
				if s.middleware == "plain" {
					w.Header().Set("ETag", `"of-the-middleware"`)
				}
				next.ServeHTTP(w, r)
			})
		})
	}
	return app
}

// A said is what endpoints take and return.
type said struct {
	Text string `json:"text" check:"max=5"`
}

type asking struct {
	Text string `query:"text" check:"max=5"`
}

// answers are the parts that are not pages of HTML.
func (s setting) answers(headers func(string) func(string) http.Header, where func(context.Context, gorgon.Input) (string, error),
	asked func(context.Context, gorgon.Input, *http.Request) (string, error), text func(string) gorgon.Component) []gorgon.Part {
	write := func(ctx context.Context, w io.Writer, state string) error { return text(state).Render(ctx, w) }
	who := func(ctx context.Context) (said, error) {
		return said{"visitor=" + visitorOf(api.Request(ctx)) + ";"}, ctx.Err()
	}
	var loud func(said) http.Header
	if all := headers(""); all != nil {
		loud = func(said) http.Header { return all("") }
	}
	return []gorgon.Part{
		gorgon.Resource[string]{Path: "/p/resource.xml", ContentType: "application/atom+xml", Load: where, Headers: headers(""), Write: write},
		gorgon.Resource[string]{Path: "/p/requested.xml", ContentType: "application/atom+xml", LoadRequest: asked, Headers: headers(""), Write: write},
		api.Read[said]{Path: "GET /p/read", Headers: loud, Load: func(ctx context.Context, in gorgon.Input) (said, error) {
			text, err := where(ctx, in)
			return said{text}, err
		}},
		gorgon.Redirects{"/p/old": "/p/built", "/p/old/{id}": "/p/incremental/{id}"},
		api.Endpoint[asking, said]{Path: "GET /p/endpoint", Handle: func(ctx context.Context, _ asking) (said, error) { return who(ctx) }},
		api.Endpoint[said, said]{Path: "POST /p/order", Then: func(said, said) string { return "/p/built" },
			Handle: func(ctx context.Context, _ said) (said, error) { return who(ctx) }},
		api.Stream[api.None, said]{Path: "GET /p/stream", Handle: func(ctx context.Context, _ api.None, _ string) iter.Seq2[api.Item[said], error] {
			return func(yield func(api.Item[said], error) bool) {
				text, err := who(ctx)
				yield(api.Item[said]{Event: text}, err)
			}
		}},
	}
}

// loudControl is what pages say that want every cache to keep them.
const loudControl = "public, max-age=300"
