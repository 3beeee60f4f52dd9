// Where a redirect may lead.

package render_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/failure"
	"github.com/gorgon-go/gorgon/render"
	"github.com/gorgon-go/gorgon/viewctx"
)

func TestLocations(t *testing.T) {
	r := renderer(func(r *render.Renderer) {
		r.Site = viewctx.Site{Base: "/docs", Locales: []string{"en", "de"}, Origin: "https://example.com"}
	})
	for location, want := range map[string]string{
		"/":                             "/docs/de",
		"/a":                            "/docs/de/a",
		"/a/":                           "/docs/de/a/",
		"/käse":                         "/docs/de/k%C3%A4se",
		"/a b":                          "/docs/de/a%20b",
		"/a?b=c&d=//e":                  "/docs/de/a?b=c&d=//e",
		"/a#b":                          "/docs/de/a#b",
		"/a?to=https://evil.example":    "/docs/de/a?to=https://evil.example",
		"https://other.example/a?b#c":   "https://other.example/a?b#c",
		"http://other.example:8080":     "http://other.example:8080",
		"":                              "",
		"a":                             "",
		"../a":                          "",
		"?a":                            "",
		"#a":                            "",
		"//evil.example":                "",
		"///evil.example":               "",
		"/\\evil.example":               "",
		"\\\\evil.example":              "",
		"/\t/evil.example":              "",
		"/a//b":                         "",
		"/a/../b":                       "",
		"/./":                           "",
		"/%2fevil.example":              "",
		"/%5cevil.example":              "",
		"javascript:alert(1)":           "",
		"JavaScript:alert(1)":           "",
		"data:text/html,a":              "",
		"mailto:a@b":                    "",
		"ftp://other.example":           "",
		"https:evil.example":            "",
		"https:/evil.example":           "",
		"https:///evil.example":         "",
		"https://":                      "",
		"https://?a":                    "",
		"https://\\evil.example":        "",
		"https://a.example\\@evil.b":    "",
		"https://a.example/\r\nX-A: b":  "",
		"https://a.example/a b":         "",
		"https://a.example:port/":       "",
		"/a\r\nSet-Cookie: a=b":         "",
		"/a?b\r\nSet-Cookie: a=b":       "",
		"/a?b\x00":                      "",
		"/a#b\x7f":                      "",
		" /a":                           "",
		"/" + strings.Repeat("a", 3000): "",
	} {
		got, err := r.Location(t.Context(), "de", location)
		if got != want || (err != nil) != (want == "") {
			t.Errorf("%q leads to %q, %v; want %q", location, got, err, want)
		}
		if err != nil {
			continue
		}
		// As a browser would read it on this site.
		base, _ := url.Parse("https://example.com/docs/x")
		u, err := base.Parse(got)
		if err != nil || strings.HasPrefix(location, "/") && u.Host != "example.com" {
			t.Errorf("%q leads a browser to %v, %v", location, u, err)
		}
	}
}

func TestRedirects(t *testing.T) {
	page := func(err error) *gorgon.Definition {
		return pageOf(func(p *gorgon.Page[state]) {
			p.Load = func(context.Context, gorgon.Input) (state, error) { return state{}, err }
			p.LoadRequest = func(context.Context, gorgon.Input, *http.Request) (state, error) { return state{}, err }
		})
	}
	for name, c := range map[string]struct {
		err    error
		status int // 0: it is refused
	}{
		"found":     {gorgon.Redirect("/p/2"), 302},
		"permanent": {gorgon.RedirectPermanently("/p/2"), 308},
		"303":       {&gorgon.Error{Kind: gorgon.KindRedirect, Status: 303, Location: "/p/2"}, 303},
		"200":       {&gorgon.Error{Kind: gorgon.KindRedirect, Status: 200, Location: "/p/2"}, 0},
		"304":       {&gorgon.Error{Kind: gorgon.KindRedirect, Status: 304, Location: "/p/2"}, 0},
		"nowhere":   {gorgon.Redirect(""), 0},
		"evil":      {gorgon.Redirect("//evil.example"), 0},
	} {
		t.Run(name, func(t *testing.T) {
			e, err := makePage(t, renderer(), page(c.err))
			res, requestErr := renderer().Request(t.Context(), page(c.err), "/p/1", "", request(t), nil)
			if c.status == 0 {
				wantFault(t, err, "/p/1", "redirect")
				wantFault(t, requestErr, "/p/1", "redirect")
				// The target of a redirect in LoadRequest usually comes from
				// the request.
				asked := 400
				if name == "200" || name == "304" {
					asked = 500
				}
				if failure.Status(err) != 500 || failure.Status(requestErr) != asked {
					t.Errorf("%v, %v", err, requestErr)
				}
				return
			}
			if err != nil || requestErr != nil {
				t.Fatal(err, requestErr)
			}
			if e.Status != c.status || e.Header.Get("Location") != "/p/2" || len(e.HTML) != 0 || e.State != nil || e.ETag == "" {
				t.Errorf("kept: %+v", e)
			}
			if res.Status != c.status || res.Header.Get("Location") != "/p/2" {
				t.Errorf("requested: %+v", res)
			}
			var b strings.Builder
			if err := res.WriteTo(t.Context(), &b); err != nil || b.Len() > 0 {
				t.Errorf("its body is %q, %v", b.String(), err)
			}
		})
	}
}
