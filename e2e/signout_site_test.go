// A site with members: what is theirs carries a canary.

package e2e_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/serve"
	"github.com/gorgon-go/gorgon/wire"
)

// A guild has members, each with the canary "canary-" and the name. Its sessions
// are its own: the rules of this test are those of every app.
type guild struct {
	place   string // is "form" if its forms are submitted in place
	typing  string // is autocomplete of the form in which members write
	silent  bool   // a flaw: it does not say that the visitor changes
	forgets bool   // a flaw: documents lose what caches are told
	other   string // a page of another origin

	mu       sync.Mutex
	sessions map[string]string // the user of each
}

func (c *guild) user(r *http.Request) string {
	cookie, err := r.Cookie("guild")
	if err != nil {
		return ""
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.sessions[cookie.Value]
}

// revoke ends all sessions on the server alone.
func (c *guild) revoke() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.sessions)
}

// become changes who the visitor is; "" signs out.
func (c *guild) become(w http.ResponseWriter, r *http.Request, user string) {
	cookie := &http.Cookie{Name: "guild", Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode, MaxAge: -1}
	c.mu.Lock()
	if old, err := r.Cookie("guild"); err == nil {
		delete(c.sessions, old.Value)
	}
	if user != "" {
		cookie.Value, cookie.MaxAge = rand.Text(), 0
		c.sessions[cookie.Value] = user
	}
	c.mu.Unlock()
	http.SetCookie(w, cookie)
	if !c.silent {
		w.Header().Set(wire.HeaderIdentity, wire.IdentityChanged)
	}
	serve.Redirect(w, r, "/bye")
}

var toEnter = &gorgon.Error{Kind: gorgon.KindRedirect, Location: "/enter"}

func (c *guild) members(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c.user(r) == "" {
			if _, err := r.Cookie("guild"); err == nil { // browsers drop what they keep of private pages with it
				http.SetCookie(w, &http.Cookie{Name: "guild", Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode, MaxAge: -1})
			}
			serve.Fail(w, r, toEnter)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func markup(write func(context.Context, io.Writer)) gorgon.Component {
	return gorgon.ComponentFunc(func(ctx context.Context, w io.Writer) error { write(ctx, w); return nil })
}

func (c *guild) app(navigates bool) gorgon.App {
	own := func(_ context.Context, in gorgon.Input, r *http.Request) (string, error) {
		user := c.user(r)
		if user == "" {
			return "", toEnter
		}
		return "canary-" + user, nil
	}
	greeting := gorgon.Fragment[string, string]{
		Name: "greeting",
		LoadRequest: func(_ context.Context, _ gorgon.Input, _ string, r *http.Request) (string, error) {
			if user := c.user(r); user != "" {
				return "Hello canary-" + user, nil
			}
			return "Hello visitor", nil
		},
		View:     func(s string) gorgon.Component { return gorgon.HTML(`<b id="hello">` + s + `</b>`) },
		Fallback: func(string) gorgon.Component { return gorgon.HTML("Hello") },
	}
	panel := gorgon.Fragment[string, string]{
		Name: "panel",
		LoadRequest: func(ctx context.Context, in gorgon.Input, _ string, r *http.Request) (string, error) {
			return own(ctx, in, r)
		},
		View: func(s string) gorgon.Component {
			return gorgon.HTML(`<p id="panel">` + s + ` <input name="note" id="note"></p>`)
		},
		Fallback: func(string) gorgon.Component { return gorgon.HTML("your panel") },
	}
	shown := func(heading, more string) func(string) gorgon.Component {
		return func(state string) gorgon.Component {
			return markup(func(ctx context.Context, w io.Writer) {
				fmt.Fprintf(w, `<h1>%s</h1><p id="state">%s</p><nav>`, heading, state)
				for _, path := range strings.Fields("/ /account /letter /more /enter") {
					fmt.Fprintf(w, `<a id="to-%s" href="%s">%[1]s</a> `, strings.TrimPrefix(path, "/"), gorgon.URL(ctx, path))
				}
				fmt.Fprintf(w, `<a id="away" href="%s">away</a></nav>`, c.other)
				form := func(id, action, user string) {
					fmt.Fprintf(w, `<form id="%s" method="post" action="%s" data-gorgon="%s"><input type="hidden" name="user" value="%s"><button>%[1]s</button></form>`, id, gorgon.URL(ctx, action), c.place, user)
				}
				form("out", "/out", "")
				form("user8", "/in", "user8")
				fmt.Fprint(w, more)
				if heading == "Home" || heading == "More" {
					_ = panel.Defer("").Render(ctx, w)
				}
			})
		}
	}
	page := func(path, heading, more string) gorgon.Page[string] {
		return gorgon.Page[string]{
			Path: path, View: shown(heading, more),
			Head: func(state string) gorgon.Head { return gorgon.Head{Title: strings.TrimSpace(heading + " " + state)} },
		}
	}
	account, letter := page("/account", "Account", ""), page("/letter", "Letter", `<form action="/x" autocomplete="`+c.typing+`"><textarea id="text" name="text"></textarea></form>`)
	account.LoadRequest, account.Guards = own, []func(http.Handler) http.Handler{c.members}
	letter.LoadRequest = own
	app := gorgon.App{
		Name: "guild", Locales: gorgon.Locales{Tags: []string{"en", "de"}},
		Layout: func(d gorgon.Document) gorgon.Component {
			return gorgon.ComponentFunc(func(ctx context.Context, w io.Writer) error {
				fmt.Fprintf(w, `<!doctype html><html lang="%s"><head><meta charset="utf-8">`, d.Locale)
				if err := d.Head.Render(ctx, w); err != nil {
					return err
				}
				fmt.Fprint(w, `</head><body><header>`)
				if err := greeting.Defer("").Render(ctx, w); err != nil {
					return err
				}
				fmt.Fprint(w, `</header><main>`)
				if err := d.Main.Render(ctx, w); err != nil {
					return err
				}
				_, err := fmt.Fprint(w, `</main></body></html>`)
				return err
			})
		},
		Parts: []gorgon.Part{
			greeting, panel, account, letter,
			page("/", "Home", ""), page("/more", "More", ""), page("/bye", "Bye", ""), page("/enter", "Enter", ""),
			gorgon.Handler{Pattern: "POST /out", Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { c.become(w, r, "") })},
			gorgon.Handler{Pattern: "POST /in", Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { c.become(w, r, r.FormValue("user")) })},
			gorgon.Handler{Pattern: "GET /as/{user}", Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { c.become(w, r, r.PathValue("user")) })},
		},
	}
	if navigates {
		app.Navigation = &gorgon.Navigation{}
	}
	return app
}
