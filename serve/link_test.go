// Every link that the framework makes leads back to the page it was made for.

package serve_test

import (
	"context"
	"html"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/cache"
	"github.com/gorgon-go/gorgon/paths"
	"github.com/gorgon-go/gorgon/serve"
)

// linked is an app of which every path below /p has a page with links to
// itself, and one without the slash below /to that redirects to it.
func linked() gorgon.App {
	app := gorgon.App{Origin: "https://example.com", Locales: gorgon.Locales{Tags: []string{"en", "de"}}}
	links := func(s state) gorgon.Component {
		return gorgon.ComponentFunc(func(ctx context.Context, w io.Writer) error {
			_, err := io.WriteString(w, `<a id="self" href="`+html.EscapeString(gorgon.PathURL(ctx, s.Text))+`">`+html.EscapeString("["+gorgon.LocaleOf(ctx)+"]"+s.Text)+`</a>`)
			return err
		})
	}
	path := func(_ context.Context, in gorgon.Input) (state, error) { return state{in.Path}, nil }
	app.Layout = func(d gorgon.Document) gorgon.Component {
		return gorgon.ComponentFunc(func(ctx context.Context, w io.Writer) error {
			for _, c := range []gorgon.Component{d.Head, gorgon.LocaleLinks{Path: d.Path, Remember: true}, gorgon.LocaleLinks{Path: d.Path}, d.Main} {
				if err := c.Render(ctx, w); err != nil {
					return err
				}
			}
			return nil
		})
	}
	app.Locales.Detect = true // so that a choice is remembered
	app.Parts = []gorgon.Part{
		gorgon.Page[state]{Path: "/p/{x...}", Incremental: true, Load: path, View: links,
			Head: func(s state) gorgon.Head { return gorgon.Head{Canonical: s.Text} }},
		gorgon.Page[state]{Path: "/s/{x}/", Incremental: true, Load: path, View: links},
		gorgon.Page[state]{Path: "/to/{x...}", View: links,
			LoadRequest: func(_ context.Context, in gorgon.Input, _ *http.Request) (state, error) {
				return state{}, gorgon.Redirect(gorgon.EscapePath("/p/" + in.PathValue("x")))
			}},
	}
	return app
}

var oddSegments = []string{"C#", "what?", "100%", "a b", "käse", "a:b", "a&b=c;d,e+f@g", `"q"'s'<b>`, "a|b^c`d{e}[f]", "é/ü", "🙂", "...", "C%/#/?", "ქართული"}

func TestEveryPathIsLinkedInEveryLanguageAndBase(t *testing.T) {
	for _, base := range []string{"", "/docs", "/käse #1"} {
		s := build(t, linked(), func(c *serve.Config, _ *cache.Config) { c.Base = base })
		for _, segment := range oddSegments {
			checkPage(t, s, base, segment)
		}
	}
}

func FuzzEveryPathIsLinked(f *testing.F) {
	for _, segment := range oddSegments {
		f.Add(segment)
	}
	s := build(f, linked(), nil)
	f.Fuzz(func(t *testing.T, segment string) {
		if path := "/p/" + segment; segment != "" && paths.Check(path) == nil && !strings.HasSuffix(path, "/") {
			checkPage(t, s, "", segment)
		}
	})
}

func checkPage(t *testing.T, s *site, base, segment string) {
	t.Helper()
	path := "/p/" + segment
	for _, locale := range []string{"en", "de"} {
		prefix := map[string]string{"en": "", "de": "/de"}[locale]
		at := (&url.URL{Path: base + prefix + path}).EscapedPath()
		body := follow(t, s, at)
		is := func(body, locale string) bool {
			return strings.Contains(body, html.EscapeString("["+locale+"]"+path)+"</a>")
		}
		if !is(body, locale) {
			t.Errorf("%s is %s", at, body)
			continue
		}
		for marker, locale := range map[string]string{
			`<a id="self" href="`:             locale,
			`rel="canonical" href="`:          locale,
			`hreflang="en" href="`:            "en",
			`hreflang="de" href="`:            "de",
			`hreflang="x-default" href="`:     "en",
			`rel="alternate" hreflang="en" l`: "en",
			`rel="alternate" hreflang="de" l`: "de",
			`nofollow" hreflang="de" l`:       "de",
			`nofollow" hreflang="en" l`:       "en",
		} {
			_, after, found := strings.Cut(body, marker)
			if strings.HasSuffix(marker, " l") {
				_, after, _ = strings.Cut(after, `href="`)
			}
			href, _, _ := strings.Cut(after, `"`)
			if !found {
				t.Errorf("%s has no %s", at, marker)
			} else if got := follow(t, s, strings.TrimPrefix(html.UnescapeString(href), "https://example.com")); !is(got, locale) {
				t.Errorf("%s: %s%s leads to %s", at, marker, href, got)
			}
		}
		to := (&url.URL{Path: base + prefix + "/to/" + segment}).EscapedPath()
		if got := follow(t, s, to); !is(got, locale) {
			t.Errorf("%s leads to %s", to, got)
		}
		if !strings.Contains(segment, "/") { // the framework's own, for a slash that is missing
			slash := (&url.URL{Path: base + prefix + "/s/" + segment}).EscapedPath()
			if got := follow(t, s, slash); !strings.Contains(got, html.EscapeString("["+locale+"]/s/"+segment+"/")+"</a>") {
				t.Errorf("%s leads to %s", slash, got)
			}
		}
	}
}

// follow is the page at a URL, past redirects.
func follow(t *testing.T, s *site, at string) string {
	t.Helper()
	for range 3 {
		res := s.get(t, at, "Sec-Fetch-Site", "same-origin")
		switch to := res.Header.Get("Location"); {
		case res.StatusCode == 200:
			return text(t, res)
		case to == "":
			return res.Status + " at " + at
		case strings.ContainsFunc(to, func(c rune) bool { return c <= ' ' || c > '~' }):
			return "Location " + to
		default:
			at = to
		}
	}
	return "no end of redirects at " + at
}
