// What is made for one user is answered to no other.

package e2e_test

import (
	"context"
	"fmt"
	"html/template"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/gorgon-go/gorgon"
	respond "github.com/gorgon-go/gorgon/answer"
	"github.com/gorgon-go/gorgon/api"
	"github.com/gorgon-go/gorgon/auth"
	"github.com/gorgon-go/gorgon/cache"
	"github.com/gorgon-go/gorgon/compress"
	"github.com/gorgon-go/gorgon/flash"
	"github.com/gorgon-go/gorgon/mem"
	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/render"
	"github.com/gorgon-go/gorgon/serve"
	"github.com/gorgon-go/gorgon/sessions"
	"github.com/gorgon-go/gorgon/viewctx"
)

// A saying is a form of a stored page.
type saying struct {
	Text string `json:"text" check:"max=5"` // canaries are longer, so the form is shown again
}

// canaryApp has every way in which a page shows something of its visitor.
func canaryApp(people *auth.Auth) gorgon.App {
	name := func(ctx context.Context) string {
		who, err := people.Who(ctx)
		if err != nil {
			return "guest"
		}
		return who.User
	}
	greet := gorgon.Fragment[int, string]{
		Name: "greet", View: gorgon.View(func(s string) gorgon.Component { return plain("hello " + s) }),
		LoadRequest: func(ctx context.Context, _ gorgon.Input, _ int, _ *http.Request) (string, error) {
			return name(ctx), nil
		},
	}
	say := api.Endpoint[saying, api.None]{Path: "POST /say", Handle: func(context.Context, saying) (api.None, error) { return api.None{}, nil }}
	mark := api.Endpoint[saying, api.None]{Path: "POST /mark", Guards: []func(http.Handler) http.Handler{people.SignedIn}, MaxBody: 1000,
		Handle: func(ctx context.Context, _ saying) (api.None, error) {
			flash.Add(ctx, "marked", auth.User(ctx))
			return api.None{}, nil
		}, Then: func(saying, api.None) string { return "/flashes" }}
	form := gorgon.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		f := say.Form(ctx)
		_, err := fmt.Fprintf(w, `<form method="post" action=%q>`, f.Action)
		if err == nil {
			err = f.Hidden().Render(ctx, w)
		}
		if err == nil {
			_, err = fmt.Fprintf(w, `<input name="text" value="%s"></form>`, template.HTMLEscapeString(f.Field("text").Value))
		}
		return err
	})
	text := func(s string) gorgon.Component { return plain(s) }
	request := func(ctx context.Context, _ gorgon.Input, _ *http.Request) (string, error) { return name(ctx), nil }
	return gorgon.App{Name: "canaries", Navigation: &gorgon.Navigation{}, AllowRequestTime: true, Parts: []gorgon.Part{
		greet, say, mark,
		gorgon.Page[string]{Path: "/stored/{n}", Incremental: true, Load: func(_ context.Context, in gorgon.Input) (string, error) { return in.PathValue("n"), nil },
			View: func(s string) gorgon.Component { return joined(plain("stored "+s+" "), greet.Use(1)) }},
		gorgon.Page[string]{Path: "/deferred/{n}", Incremental: true, Load: func(_ context.Context, in gorgon.Input) (string, error) { return in.PathValue("n"), nil },
			View: func(s string) gorgon.Component { return joined(plain("deferred "+s+" "), greet.Defer(1)) }},
		gorgon.Page[string]{Path: "/form/{n}", Incremental: true, Load: func(_ context.Context, in gorgon.Input) (string, error) { return in.PathValue("n"), nil },
			View: func(string) gorgon.Component { return form }},
		gorgon.Page[string]{Path: "/requested", LoadRequest: request, View: text},
		gorgon.Page[string]{Path: "/merged/{n}", Incremental: true, Load: func(_ context.Context, in gorgon.Input) (string, error) { return "built", nil },
			LoadRequest: request, Merge: func(_ context.Context, _ gorgon.Input, a, b string) (string, error) { return a + " " + b, nil }, View: text},
		gorgon.Page[string]{Path: "/guarded", Guards: []func(http.Handler) http.Handler{people.SignedIn}, LoadRequest: request, View: text},
		gorgon.Page[[]flash.Message]{Path: "/flashes", Guards: []func(http.Handler) http.Handler{flash.Guard},
			LoadRequest: func(ctx context.Context, _ gorgon.Input, _ *http.Request) ([]flash.Message, error) {
				return flash.Messages(ctx), nil
			},
			View: func(all []flash.Message) gorgon.Component { return plain(fmt.Sprint(all)) }},
		gorgon.Page[string]{Path: "/sign-in", View: text},
	}}
}

func plain(s string) gorgon.Component {
	return gorgon.ComponentFunc(func(_ context.Context, w io.Writer) error {
		_, err := io.WriteString(w, template.HTMLEscapeString(s))
		return err
	})
}

func joined(parts ...gorgon.Component) gorgon.Component {
	return gorgon.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		for _, p := range parts {
			if err := p.Render(ctx, w); err != nil {
				return err
			}
		}
		return nil
	})
}

// canaryHouse is an instance, without a network.
func canaryHouse(t *testing.T, held sessions.Store, store pages.Store) (*auth.Auth, http.Handler) {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	people := auth.New(auth.Options{Store: held, Log: log})
	app := canaryApp(people).Erased()
	if err := app.Validate(); err != nil {
		t.Fatal(err)
	}
	renderer := &render.Renderer{App: app, Build: "b1", Effort: compress.None, Seal: render.NewSeal("canaries"), Site: viewctx.Site{}}
	kept, err := cache.New(cache.Config{Renderer: renderer, Store: store, NoSweep: true, Prepare: respond.Prepare, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	handler, err := serve.New(serve.Config{App: app, Renderer: renderer, Cache: kept, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	people.Serve(t.Context(), kept.Coherence())
	t.Cleanup(func() { _ = kept.Close() })
	return people, handler
}

var (
	canary   = regexp.MustCompile(`canary-\d+-x`)
	fragment = regexp.MustCompile(`/_gorgon/fragment/[^"]+`)
)

// TestSignInCanaries has 200 users ask two instances for pages of every kind, at
// once. No answer has what belongs to another user.
//
//	CANARIES=100000 go test ./e2e -run SignInCanaries -v
//
// Without the variable it is 10,000 answers.
func TestSignInCanaries(t *testing.T) {
	const users = 200
	total := number(t, "CANARIES", 10_000)
	held, store := mem.NewSessions(), inMemory(t)()
	var instances []http.Handler
	var people *auth.Auth
	for range 2 {
		var h http.Handler
		people, h = canaryHouse(t, held, store)
		instances = append(instances, h)
	}
	cookies := make([]*http.Cookie, users)
	for i := range cookies {
		var err error
		if cookies[i], err = people.Issue(httptest.NewRequest("GET", "/", nil), fmt.Sprintf("canary-%d-x", i)); err != nil {
			t.Fatal(err)
		}
	}
	var asked, own, foreign atomic.Int64
	var kinds sync.Map
	var all sync.WaitGroup
	for worker := range 8 {
		all.Go(func() {
			d := rand.New(rand.NewPCG(1, uint64(worker)))
			for asked.Add(1) <= int64(total) {
				i := d.IntN(users)
				name := fmt.Sprintf("canary-%d-x", i)
				ask := func(method, target, body string, header ...string) string {
					r := httptest.NewRequestWithContext(t.Context(), method, target, strings.NewReader(body))
					r.AddCookie(cookies[i])
					r.Header.Set("Accept", "text/html")
					r.Header.Set("Sec-Fetch-Site", "same-origin")
					for j := 0; j < len(header); j += 2 {
						r.Header.Set(header[j], header[j+1])
					}
					w := httptest.NewRecorder()
					instances[d.IntN(len(instances))].ServeHTTP(w, r)
					return fmt.Sprint(w.Result().Header, w.Body)
				}
				const form = "application/x-www-form-urlencoded"
				ways := []string{"/stored/%d", "/deferred/%d", "/form/%d", "/requested", "/merged/%d", "/guarded", "payload", "refused form", "fragment", "flash"}
				way := ways[d.IntN(len(ways))]
				n := d.IntN(5)
				var got string
				want := true // something of this user is in it
				switch way {
				case "payload":
					got = ask("GET", "/_gorgon/page/guarded.json", "")
				case "refused form":
					got = ask("POST", "/say", url.Values{"text": {name}, "_page": {fmt.Sprintf("/form/%d", n)}}.Encode(), "Content-Type", form)
				case "fragment":
					page := ask("GET", fmt.Sprintf("/deferred/%d", n), "")
					got = ask("GET", strings.ReplaceAll(fragment.FindString(page), "&amp;", "&"), "")
				case "flash":
					got, want = ask("POST", "/mark", url.Values{"text": {"a"}}.Encode(), "Content-Type", form), false // it is coded, in a cookie
				default:
					target := way
					if strings.Contains(way, "%d") {
						target = fmt.Sprintf(way, n)
					}
					got, want = ask("GET", target, ""), way != "/deferred/%d" && way != "/form/%d"
				}
				found := canary.FindAllString(got, -1)
				for _, f := range found {
					if f != name {
						foreign.Add(1)
						t.Errorf("%s: user %s got %s", way, name, f)
						return
					}
					own.Add(1)
				}
				if want && len(found) == 0 {
					t.Errorf("%s shows nothing of its user: %.400s", way, got)
					return
				}
				count, _ := kinds.LoadOrStore(way, new(atomic.Int64))
				count.(*atomic.Int64).Add(1)
			}
		})
	}
	all.Wait()
	kinds.Range(func(way, count any) bool {
		t.Logf("%-14s %6d answers", way, count.(*atomic.Int64).Load())
		return true
	})
	t.Logf("%d answers to %d users on %d instances: %d canaries, %d of them foreign", total, users, len(instances), own.Load(), foreign.Load())
}
