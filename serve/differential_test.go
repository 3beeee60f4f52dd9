// The lane against net/http: the same bytes to a server with the lane and to one
// without it must have the same answers.
//
//	go test ./serve -run Differential -v
//	DIFFERENTIAL=100000000 DIFFERENTIAL_SEED=7 go test ./serve -run 'Differential$' -v -timeout 0

package serve_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/cache"
	"github.com/gorgon-go/gorgon/listen"
	"github.com/gorgon-go/gorgon/listen/listentest"
	"github.com/gorgon-go/gorgon/serve"
)

// pairOf is two servers over one handler, one of them with a lane; twist may change
// the lane.
func pairOf(t *testing.T, app gorgon.App, base string, kept []string, twist func(listen.Lane) listen.Lane) *listentest.Rivals {
	t.Helper()
	silent := slog.New(slog.DiscardHandler)
	s := build(t, app, func(c *serve.Config, kept *cache.Config) { c.Base, c.Log, kept.Log = base, silent, silent })
	server := func(lane listen.Lane) *listen.Server {
		return &listen.Server{Handler: s, Lane: lane, MaxBodyBytes: 4000, MaxHeaderBytes: 8 << 10, Log: silent}
	}
	v := &listentest.Rivals{Grammar: listentest.Grammar{Targets: targets, Kept: keptTargets, Headers: known}, Learns: true, Without: server(nil)}
	for _, path := range kept {
		s.get(t, path)
		for _, encoding := range []string{"", "gzip", "br", "zstd"} {
			if tag := s.get(t, path, "Accept-Encoding", encoding).Header.Get("Etag"); tag != "" {
				v.Tags = append(v.Tags, tag)
			}
		}
	}
	lane := s.Lane()
	if lane == nil {
		t.Fatal("the app has no lane")
	}
	if twist != nil {
		lane = twist(lane)
	}
	v.With = server(lane)
	return v
}

// plainApp has every kind of thing that answers, and no middleware.
func plainApp() gorgon.App {
	part := gorgon.Fragment[struct{}, state]{Name: "part", View: view, Load: func(_ context.Context, in gorgon.Input, _ struct{}) (state, error) {
		return state{"part"}, nil
	}}
	echo := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(r.Body)
		fmt.Fprintf(w, "%s %s %d %x %v", r.Method, r.URL.Path, len(b), b, err != nil)
	})
	return gorgon.App{
		Parts: []gorgon.Part{
			part, page("/"), page("/a"), page("/b/"), page("/both"),
			gorgon.Page[state]{Path: "/n/{id}", Incremental: true, Load: where, View: view},
			gorgon.Page[state]{Path: "/m/{id}", Incremental: true, Load: where, View: view},
			gorgon.Page[state]{Path: "/long", Load: long, View: view},
			gorgon.Page[state]{Path: "/parts", Load: where, View: func(state) gorgon.Component { return part.Use(struct{}{}) }},
			gorgon.Page[state]{Path: "/each", View: view, LoadRequest: func(context.Context, gorgon.Input, *http.Request) (state, error) { return state{"each"}, nil }},
			gorgon.Page[state]{Path: "/guarded", Load: where, View: view, Guards: []func(http.Handler) http.Handler{cookieGuard}},
			gorgon.Page[state]{Path: "/private", Load: where, View: view, Headers: func(state) http.Header { return http.Header{"Cache-Control": {"no-store"}} }},
			gorgon.Page[state]{Path: "/aged", Load: where, View: view, RevalidateAfter: time.Hour},
			gorgon.Page[state]{Path: "/text", Load: where, View: view, Headers: func(state) http.Header { return http.Header{"Content-Type": {"text/plain"}, "Vary": {"Accept"}} }},
			gorgon.Handler{Pattern: "/echo/", Handler: echo},
			gorgon.Handler{Pattern: "POST /both", Handler: echo},
			gorgon.Handler{Pattern: "GET /n/5", Handler: echo},
		},
	}
}

func cookieGuard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := r.Cookie("in"); err != nil {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// spokenApp has languages and a base path.
func spokenApp() gorgon.App {
	a := plainApp()
	a.Locales = gorgon.Locales{Tags: []string{"en", "de"}, Detect: true}
	a.Origin = "https://a.example"
	a.Headers = http.Header{"X-Frame-Options": {"DENY"}}
	return a
}

var targets = []string{
	"/", "/a", "/a", "/a", "/b/", "/b", "/n/1", "/n/5", "/m/1", "/m/2", "/both", "/long", "/parts", "/each", "/guarded", "/private", "/aged", "/text", "/nowhere", "/echo/x", "/livez",
	"/a?b=c", "/%61", "//a", "/a/../b/", "/./a", "/a/", "/_gorgon/page/a.json", "/_gorgon/purge", "/docs/a", "/docs/", "/docs", "/docs/de/a", "/docs/en/a", "/docs/de/", "/docs/n/5", "/docs/parts", "/docs/livez",
}

// known are headers of requests that this package knows.
var known = [][2]string{{"Cookie:", " gorgon-token=3"}, {"Cookie:", " x=gorgon-token"}, {"Gorgon-Token:", " 9"}, {"Gorgon-Form:", " 1"}}

// keptTargets are those of pages that are in memory.
var keptTargets = []string{
	"/", "/a", "/b/", "/m/1", "/both", "/long", "/parts", "/aged", "/text", "/private",
	"/docs/a", "/docs/de/a", "/docs/de/", "/docs/", "/docs/parts", "/docs/de/long", "/docs/aged", "/docs/text", "/docs/de/b/",
}

func bothPairs(t *testing.T, twist func(listen.Lane) listen.Lane) []*listentest.Rivals {
	return []*listentest.Rivals{
		pairOf(t, plainApp(), "", []string{"/", "/a", "/b/", "/n/1", "/m/1", "/both", "/long", "/parts", "/aged", "/text", "/private"}, twist),
		pairOf(t, spokenApp(), "/docs", []string{"/docs/a", "/docs/de/a", "/docs/de/", "/docs/", "/docs/parts", "/docs/de/long", "/docs/aged", "/docs/text", "/docs/de/b/"}, twist),
	}
}

// A client cannot tell whether a server has a lane.
func TestDifferential(t *testing.T) {
	pairs := bothPairs(t, nil)
	for _, v := range pairs {
		v.Start(t)
	}
	seed, executions := listentest.Executions(5000)
	listentest.Hold(t, seed, executions, pairs...)
}

// The same over TLS.
func TestDifferentialTLS(t *testing.T) {
	pairs := bothPairs(t, nil)
	for _, v := range pairs {
		v.StartTLS(t)
	}
	seed, executions := listentest.Executions(300)
	listentest.Hold(t, seed, executions, pairs...)
}

// The same where the network decides in what pieces requests come.
func TestDifferentialTCP(t *testing.T) {
	pairs := bothPairs(t, nil)
	for _, v := range pairs {
		v.StartTCP(t)
	}
	seed, _ := listentest.Executions(0)
	listentest.Hold(t, seed, 200, pairs...)
}

// A lane that is wrong is found.
func TestDifferentialFinds(t *testing.T) {
	for name, twist := range map[string]func(listen.Lane) listen.Lane{
		"a condition that is not heeded": func(l listen.Lane) listen.Lane {
			return func(q *listen.Simple) (head, body []byte, ok bool) {
				q.IfNoneMatch = nil
				return l(q)
			}
		},
		"a coding that is not heeded": func(l listen.Lane) listen.Lane {
			return func(q *listen.Simple) (head, body []byte, ok bool) {
				q.AcceptEncoding = nil
				return l(q)
			}
		},
		"a body for HEAD": func(l listen.Lane) listen.Lane {
			return func(q *listen.Simple) (head, body []byte, ok bool) {
				q.Head = false
				return l(q)
			}
		},
		"a body that is cut short": func(l listen.Lane) listen.Lane {
			return func(q *listen.Simple) (head, body []byte, ok bool) {
				head, body, ok = l(q)
				return head, body[:max(len(body)-1, 0)], ok
			}
		},
		"the answer to another path": func(l listen.Lane) listen.Lane {
			return func(q *listen.Simple) (head, body []byte, ok bool) {
				q.Path = bytes.TrimSuffix(q.Path, []byte("/"))
				if len(q.Path) == 0 {
					return nil, nil, false
				}
				return l(q)
			}
		},
		"a header more": func(l listen.Lane) listen.Lane {
			return func(q *listen.Simple) (head, body []byte, ok bool) {
				head, body, ok = l(q)
				return append(head[:len(head):len(head)], "X-Lane: 1\r\n"...), body, ok
			}
		},
	} {
		pairs := bothPairs(t, twist)
		for _, v := range pairs {
			v.Start(t)
		}
		if difference, held, _ := listentest.Find(1, 20000, pairs...); difference == "" {
			t.Errorf("%s: not found in %d conversations", name, held)
		}
	}
}
