// Pages that are not HTML documents.

package serve_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/gorgon-go/gorgon"
)

func TestPagesOfOtherTypesAreSentAsTheirViewsRender(t *testing.T) {
	p := &parts{}
	app := p.app()
	app.Locales.Tags = nil
	app.Layout = func(d gorgon.Document) gorgon.Component {
		return sequence(gorgon.HTML("<!doctype html><head>"), d.Head, gorgon.HTML("</head><main>"), d.Main, gorgon.HTML("</main>"))
	}
	of := func(media string) func(state) http.Header {
		return func(state) http.Header { return http.Header{"Content-Type": {media}} }
	}
	const feed = `<?xml version="1.0"?><feed/>`
	made := func(context.Context, gorgon.Input, *http.Request) (state, error) { return state{}, nil }
	app.Parts = append(app.Parts[:5:5],
		page("/"),
		gorgon.Page[state]{Path: "/feed.xml", Headers: of("application/atom+xml; charset=utf-8"), View: func(state) gorgon.Component { return gorgon.HTML(feed) }},
		gorgon.Page[state]{Path: "/now.xml", Headers: of("application/atom+xml; charset=utf-8"), LoadRequest: made, View: func(state) gorgon.Component { return gorgon.HTML(feed) }},
		gorgon.Page[state]{Path: "/stock.txt", Headers: of("text/plain"), View: func(state) gorgon.Component { return sequence(gorgon.Text("a "), p.stock.Use(props{1})) }},
		gorgon.Page[state]{Path: "/live.txt", Headers: of("text/plain"), AllowRequestTime: true, View: func(state) gorgon.Component { return sequence(gorgon.Text("a "), p.visitor.Use(props{1})) }},
		gorgon.Page[state]{Path: "/asked.txt", Headers: of("text/plain"), LoadRequest: made, View: func(state) gorgon.Component { return sequence(gorgon.Text("a "), p.visitor.Use(props{1})) }},
		gorgon.Page[state]{Path: "/deferred.txt", Headers: of("text/plain"), LoadRequest: made, View: func(state) gorgon.Component { return p.stock.Defer(props{1}) }},
		gorgon.Page[state]{Path: "/page.xhtml", Headers: of("application/xhtml+xml"), View: func(state) gorgon.Component { return gorgon.HTML("<p/>") }})
	s := build(t, app, nil)
	for path, body := range map[string]string{
		"/feed.xml": feed, "/now.xml": feed, "/live.txt": "a <p>visitor ann of 1</p>", "/asked.txt": "a <p>visitor ann of 1</p>",
		"/stock.txt": "a <p>stock of 1, version 1, in &#34;&#34;</p>",
	} {
		res := s.get(t, path, "X-Visitor", "ann")
		if got := text(t, res); res.StatusCode != 200 || got != body || strings.HasPrefix(res.Header.Get("Content-Type"), "text/html") {
			t.Errorf("%s: %d %s %q", path, res.StatusCode, res.Header.Get("Content-Type"), got)
		}
		if got := res.Header.Get("Content-Security-Policy"); strings.Contains(got, "nonce") {
			t.Errorf("%s is not a document, and its policy has a nonce: %s", path, got)
		}
		want(t, s.get(t, "/_gorgon/page"+path+".json"), 404)
		if path == "/feed.xml" || path == "/stock.txt" {
			tag := res.Header.Get("ETag")
			want(t, s.get(t, path, "If-None-Match", tag), 304, "ETag", tag)
		}
	}
	want(t, s.get(t, "/deferred.txt"), 500)
	contains(t, "the log", s.log.String(), "use the fragment's Use")
	contains(t, "XHTML is a document", text(t, s.get(t, "/page.xhtml")), "<!doctype html>")
	want(t, s.get(t, "/_gorgon/page/page.xhtml.json"), 200)
}
