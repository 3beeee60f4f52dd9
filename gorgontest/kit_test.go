// The site that the tests and examples open.

package gorgontest_test

import (
	"context"
	"fmt"
	"html"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/serve"
)

// t is what examples test with, which have no *testing.T of their own.
var t = new(program)

// A program stands for a test outside of one: it prints failures, and cleans up
// when all tests are over.
type program struct {
	testing.TB
	cleanups []func()
}

func (*program) Helper()                           {}
func (*program) Context() context.Context          { return context.Background() }
func (p *program) Cleanup(f func())                { p.cleanups = append(p.cleanups, f) }
func (*program) Errorf(format string, args ...any) { fmt.Printf(format+"\n", args...) }
func (*program) Fatalf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }
func (*program) Fatal(args ...any)                 { panic(fmt.Sprint(args...)) }
func (p *program) TempDir() string {
	dir, err := os.MkdirTemp("", "gorgontest")
	if err != nil {
		panic(err)
	}
	p.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func TestMain(m *testing.M) {
	code := m.Run()
	for i := len(t.cleanups) - 1; i >= 0; i-- {
		t.cleanups[i]()
	}
	os.Exit(code)
}

// A fake is a test whose failures are checked. Fatalf ends the goroutine, as a
// test's does; run starts one.
type fake struct {
	testing.TB
	said []string
}

func (f *fake) Helper() {}
func (f *fake) Errorf(format string, args ...any) {
	f.said = append(f.said, fmt.Sprintf(format, args...))
}
func (f *fake) Fatalf(format string, args ...any) {
	f.Errorf(format, args...)
	panic(f)
}

// failing returns the failures that do reports to a test.
func failing(t *testing.T, do func(testing.TB)) string {
	t.Helper()
	f := &fake{TB: t}
	func() {
		defer func() {
			if p := recover(); p != nil && p != any(f) {
				panic(p)
			}
		}()
		do(f)
	}()
	return strings.Join(f.said, "\n")
}

type state struct{ Text string }

func view(s state) gorgon.Component {
	return gorgon.HTML("<h1>" + html.EscapeString(s.Text) + "</h1>")
}

func text(s string) func(context.Context, gorgon.Input) (state, error) {
	return func(context.Context, gorgon.Input) (state, error) { return state{s}, nil }
}

// count is a loader that shows how often it was called, and fails while broken
// is set.
func count(n *atomic.Int64, broken *atomic.Bool) func(context.Context, gorgon.Input) (state, error) {
	return func(context.Context, gorgon.Input) (state, error) {
		if broken != nil && broken.Load() {
			return state{}, fmt.Errorf("the database is away")
		}
		return state{fmt.Sprintf("version %d", n.Add(1))}, nil
	}
}

// a page with a text, made at build.
func page(path, body string) gorgon.Part {
	return gorgon.Page[state]{Path: path, Load: text(body), View: func(s state) gorgon.Component { return gorgon.HTML(s.Text) }}
}

func app(routes ...gorgon.Part) gorgon.App { return gorgon.App{Name: "test", Parts: routes} }

// stock is a fragment with a tag, whose state is in a map.
func stock(in map[string]int) gorgon.Fragment[string, state] {
	return gorgon.Fragment[string, state]{
		Name: "stock",
		Load: func(_ context.Context, _ gorgon.Input, id string) (state, error) {
			if in[id] < 0 {
				return state{}, fmt.Errorf("not known")
			}
			return state{fmt.Sprintf("%d in stock", in[id])}, nil
		},
		Tags: func(state) []string { return []string{"stock"} },
		View: func(s state) gorgon.Component { return gorgon.HTML("<b>" + s.Text + "</b>") },
	}
}

// members admits visitors who have a cookie, and sets it for a form.
func members(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c, err := r.Cookie("member"); err != nil || c.Value != "yes" {
			serve.Fail(w, r, &gorgon.Error{Kind: gorgon.KindUnauthorized, Message: "Members only."})
			return
		}
		next.ServeHTTP(w, r)
	})
}

func join(w http.ResponseWriter, r *http.Request) {
	if r.PostFormValue("name") == "" {
		serve.Fail(w, r, &gorgon.Error{Kind: gorgon.KindInvalid, Message: "Who are you?"})
		return
	}
	http.SetCookie(w, &http.Cookie{Name: "member", Value: r.PostFormValue("consent"), Path: "/", Secure: r.TLS != nil})
	serve.Fail(w, r, &gorgon.Error{Kind: gorgon.KindRedirect, Status: http.StatusSeeOther, Location: "/members"})
}

func club() gorgon.App {
	return gorgon.App{
		Name: "club",
		Parts: []gorgon.Part{
			page("/join", `<form action="/join" method="post">
				<input name="name"><input name="consent" type="checkbox" value="yes" checked>
				<button>Join</button></form>`),
			gorgon.Page[state]{
				Path: "/members", Load: text("Welcome"), View: view,
				Guards: []func(http.Handler) http.Handler{members},
			},
			gorgon.Handler{Pattern: "POST /join", Handler: http.HandlerFunc(join)},
		},
	}
}
