// Pages rendered for one request, and error views.

package render_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/failure"
	"github.com/gorgon-go/gorgon/render"
	"github.com/gorgon-go/gorgon/viewctx"
)

func request(t *testing.T) *http.Request {
	r := httptest.NewRequestWithContext(t.Context(), "GET", "/p/1?q=7", nil)
	r.Header.Set("Cookie", "name=Ada")
	return r
}

// byRequest is a page whose state is taken from the request.
func byRequest(change ...func(*gorgon.Page[state])) *gorgon.Definition {
	return pageOf(append([]func(*gorgon.Page[state]){func(p *gorgon.Page[state]) {
		p.Load = nil
		p.LoadRequest = func(_ context.Context, in gorgon.Input, r *http.Request) (state, error) {
			return state{in.PathValue("id") + r.FormValue("q")}, nil
		}
	}}, change...)...)
}

func body(t *testing.T, res *render.Response) string {
	t.Helper()
	var b strings.Builder
	if err := res.WriteTo(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestRequest(t *testing.T) {
	r := renderer()
	res, err := r.Request(t.Context(), byRequest(func(p *gorgon.Page[state]) {
		p.Headers = func(s state) http.Header { return http.Header{"set-cookie": {"seen=" + s.Text}} }
	}), "/p/1", "", request(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := body(t, res); !strings.Contains(got, "<main>17</main>") || res.Status != 200 || res.Header.Get("Set-Cookie") != "seen=17" {
		t.Errorf("%d %v %s", res.Status, res.Header, got)
	}
}

// A fragment has no head: its tags are not in the page around it.
func TestRequestForAFragmentIsItsViewAlone(t *testing.T) {
	r := renderer(func(r *render.Renderer) {
		r.App.Locales.Tags, r.App.Origin = []string{"en", "de"}, "https://example.com"
		r.Site.Locales, r.Site.Origin = r.App.Locales.Tags, r.App.Origin
	})
	fragment := gorgon.Fragment[int, state]{
		Name: "seven", View: text,
		LoadRequest: func(_ context.Context, _ gorgon.Input, n int, _ *http.Request) (state, error) {
			return state{strings.Repeat("x", n)}, nil
		},
	}.Definition()
	res, err := r.Request(t.Context(), fragment, viewctx.FragmentPath("seven", []byte("7")), "en", request(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	e, err := res.Whole(t.Context())
	if err != nil || string(e.HTML) != "xxxxxxx" || body(t, res) != "xxxxxxx" {
		t.Errorf("%v: %s, streamed %s", err, e.HTML, body(t, res))
	}
	page, err := r.Request(t.Context(), byRequest(), "/p/1", "en", request(t), nil)
	if err != nil || !strings.Contains(body(t, page), `hreflang="de"`) {
		t.Errorf("a page names its languages: %v", err)
	}
}

func TestAmalgamation(t *testing.T) {
	page := byRequest(func(p *gorgon.Page[state]) {
		p.Load = func(context.Context, gorgon.Input) (state, error) { return state{"built"}, nil }
		p.Merge = func(_ context.Context, in gorgon.Input, built, requested state) (state, error) {
			return state{in.Path + " " + built.Text + " " + requested.Text}, nil
		}
	})
	built := mustMake(t, renderer(), page)
	if got := string(built.Main.Of(built.HTML)); got != "built" {
		t.Errorf("the built half is %q", got)
	}
	res, err := renderer().Request(t.Context(), page, "/p/1", "", request(t), built)
	if err != nil {
		t.Fatal(err)
	}
	if got := body(t, res); !strings.Contains(got, "<main>/p/1 built 17</main>") {
		t.Errorf("merged: %s", got)
	}
	built.State = []byte("7")
	_, err = renderer().Request(t.Context(), page, "/p/1", "", request(t), built)
	wantFault(t, err, "/p/1", "does not decode")
	_, err = renderer().Request(t.Context(), page, "/p/1", "", request(t), nil)
	wantFault(t, err, "/p/1")
}

func TestRequestFaults(t *testing.T) {
	making := func(f func() (state, error)) *gorgon.Definition {
		return byRequest(func(p *gorgon.Page[state]) {
			p.LoadRequest = func(context.Context, gorgon.Input, *http.Request) (state, error) { return f() }
		})
	}
	for name, c := range map[string]struct {
		page   *gorgon.Definition
		status int
	}{
		"panic":     {making(func() (s state, err error) { panic("oh no") }), 500},
		"error":     {making(func() (s state, err error) { return s, errors.New("no data") }), 500},
		"missing":   {making(func() (s state, err error) { return s, gorgon.NotFound() }), 404},
		"forbidden": {making(func() (s state, err error) { return s, &gorgon.Error{Kind: gorgon.KindForbidden} }), 403},
		"header": {byRequest(func(p *gorgon.Page[state]) {
			p.Headers = func(state) http.Header { return http.Header{"X": {"a\r\nb"}} }
		}), 500},
		"view": {byRequest(func(p *gorgon.Page[state]) {
			p.View = func(state) gorgon.Component { panic("oh no") }
		}), 500},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := renderer().Request(t.Context(), c.page, "/p/1", "", request(t), nil)
			wantFault(t, err, "/p/1")
			if failure.Status(err) != c.status {
				t.Errorf("%d: %v", failure.Status(err), err)
			}
		})
	}
	synctest.Test(t, func(t *testing.T) {
		slow := byRequest(func(p *gorgon.Page[state]) {
			p.Timeout = time.Second
			p.LoadRequest = func(ctx context.Context, _ gorgon.Input, r *http.Request) (s state, err error) {
				<-r.Context().Done()
				return s, context.Cause(r.Context())
			}
		})
		if _, err := renderer().Request(t.Context(), slow, "/p/1", "", request(t), nil); failure.Status(err) != 504 {
			t.Errorf("%v", err)
		}
	})
}

// A panic while writing is an error that names the page; what was written
// stays.
func TestWriteFaults(t *testing.T) {
	for name, view := range map[string]gorgon.Component{
		"panic": component(func(_ context.Context, w io.Writer) error { _, _ = io.WriteString(w, "half"); panic("oh no") }),
		"error": component(func(_ context.Context, w io.Writer) error {
			_, _ = io.WriteString(w, "half")
			return errors.New("oh no")
		}),
		"nil": nil,
	} {
		t.Run(name, func(t *testing.T) {
			page := byRequest(func(p *gorgon.Page[state]) { p.View = func(state) gorgon.Component { return view } })
			res, err := renderer().Request(t.Context(), page, "/p/1", "", request(t), nil)
			if err != nil {
				t.Fatal(err)
			}
			var b strings.Builder
			err = res.WriteTo(t.Context(), &b)
			wantFault(t, err)
			if name != "error" {
				wantFault(t, err, "/p/1")
			}
			if name != "nil" && !strings.HasSuffix(b.String(), "half") {
				t.Errorf("written: %q", b.String())
			}
		})
	}
}

// Whatever is wrong with the app's error view, there is one to show.
func TestFailure(t *testing.T) {
	f := gorgon.Failure{Status: 404, Title: "Not Found", Message: "no <b>such</b> page", Path: "/x"}
	views := map[string]struct {
		app   gorgon.App
		page  *gorgon.Definition
		shows string
		fails bool
	}{
		"none": {shows: "<h1>Not Found</h1><p>no &lt;b&gt;such&lt;/b&gt; page</p>"},
		"app's": {
			app:   gorgon.App{Error: func(f gorgon.Failure) gorgon.Component { return gorgon.Text("sorry: " + f.Title) }},
			shows: "<main>sorry: Not Found</main>",
		},
		"page's": {
			page: pageOf(func(p *gorgon.Page[state]) {
				p.Errors = map[int]func(gorgon.Failure) gorgon.Component{404: func(gorgon.Failure) gorgon.Component { return gorgon.Text("mine") }}
			}),
			shows: "<main>mine</main>",
		},
		"panic": {app: gorgon.App{Error: func(gorgon.Failure) gorgon.Component { panic("oh no") }}, shows: "<h1>Not Found</h1>", fails: true},
		"nil":   {app: gorgon.App{Error: func(gorgon.Failure) gorgon.Component { return nil }}, shows: "<h1>Not Found</h1>", fails: true},
		"half": {app: gorgon.App{Error: func(gorgon.Failure) gorgon.Component {
			return component(func(_ context.Context, w io.Writer) error {
				_, _ = io.WriteString(w, "half")
				return errors.New("oh no")
			})
		}}, shows: "<h1>Not Found</h1>", fails: true},
		"layout": {app: gorgon.App{Layout: func(gorgon.Document) gorgon.Component { panic("oh no") }}, shows: "<h1>Not Found</h1>", fails: true},
		"endless": {app: gorgon.App{Error: func(gorgon.Failure) gorgon.Component {
			return endless(func(w io.Writer, p []byte) error { _, err := w.Write(p); return err })
		}}, shows: "<h1>Not Found</h1>", fails: true},
	}
	for name, v := range views {
		t.Run(name, func(t *testing.T) {
			r := renderer(func(r *render.Renderer) { r.App, r.Limit = v.app, 1<<20 })
			html, err := r.Failure(t.Context(), v.page, f)
			if (err != nil) != v.fails {
				t.Errorf("the error is %v", err)
			}
			s := string(html)
			if !strings.Contains(s, v.shows) || !strings.HasPrefix(s, "<!doctype html>") || !strings.HasSuffix(s, "</html>") || !strings.Contains(s, "noindex") {
				t.Errorf("shows %q", s)
			}
			if strings.Contains(s, "half") || strings.Contains(s, "oh no") {
				t.Errorf("shows what failed: %q", s)
			}
		})
	}
}
