// Payloads and fragments over HTTP.

package serve_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/answer"
	"github.com/gorgon-go/gorgon/cache"
	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/render"
	"github.com/gorgon-go/gorgon/serve"
)

type props struct{ ID int }

// A parts is an app of pages with fragments, that counts what it makes.
type parts struct {
	pagesMade, stockMade atomic.Int64
	stock                gorgon.Fragment[props, state]
	visitor              gorgon.Fragment[props, state]
	broken               gorgon.Fragment[props, state]
	gate                 chan struct{} // what the visitor's fragment waits for; nil for nothing
}

func (p *parts) app() gorgon.App {
	p.stock = gorgon.Fragment[props, state]{
		Name: "stock", View: view,
		Load: func(_ context.Context, in gorgon.Input, p2 props) (state, error) {
			n := p.stockMade.Add(1)
			return state{fmt.Sprintf("stock of %d, version %d, in %q", p2.ID, n, in.Locale)}, nil
		},
		Tags:     func(state) []string { return []string{"stock"} },
		Fallback: func(p props) gorgon.Component { return gorgon.Text(fmt.Sprintf("the stock of %d <b>", p.ID)) },
	}
	p.visitor = gorgon.Fragment[props, state]{
		Name: "visitor", View: view,
		LoadRequest: func(ctx context.Context, _ gorgon.Input, p2 props, r *http.Request) (state, error) {
			if p.gate != nil {
				select {
				case <-p.gate:
				case <-ctx.Done():
					return state{}, ctx.Err()
				}
			}
			return state{fmt.Sprintf("visitor %s of %d", r.Header.Get("X-Visitor"), p2.ID)}, nil
		},
	}
	p.broken = gorgon.Fragment[props, state]{
		Name: "broken", View: view,
		Load: func(context.Context, gorgon.Input, props) (state, error) {
			return state{}, errors.New("the secret cause")
		},
		Errors: map[int]func(gorgon.Failure) gorgon.Component{500: func(f gorgon.Failure) gorgon.Component {
			return gorgon.HTML(fmt.Sprintf("<i>broken %d at %d, %s</i>", f.Status, f.Position, f.ID))
		}},
	}
	within := gorgon.Fragment[props, state]{
		Name: "within", Load: func(context.Context, gorgon.Input, props) (state, error) { return state{"outer"}, nil },
		View: func(s state) gorgon.Component {
			return sequence(gorgon.HTML("<div>"), p.stock.Use(props{9}), p.stock.Defer(props{10}), gorgon.HTML("</div>"))
		},
	}
	made := func(_ context.Context, in gorgon.Input) (state, error) {
		p.pagesMade.Add(1)
		return state{in.Path}, nil
	}
	page := func(path string, parts ...gorgon.Component) gorgon.Page[state] {
		return gorgon.Page[state]{
			Path: path, Load: made,
			Head: func(s state) gorgon.Head { return gorgon.Head{Title: "Page " + s.Text} },
			View: func(s state) gorgon.Component {
				return sequence(append([]gorgon.Component{gorgon.HTML("<h1>" + s.Text + "</h1>")}, parts...)...)
			},
		}
	}
	live := page("/live", p.stock.Use(props{1}), gorgon.HTML(strings.Repeat("<p>before</p>", 10)), p.visitor.Use(props{2}), gorgon.HTML("<p>after</p>"))
	live.AllowRequestTime = true
	guarded := page("/guarded", p.stock.Defer(props{3}))
	guarded.Guards = []func(http.Handler) http.Handler{func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/guarded" {
				panic("the guard sees " + r.URL.Path)
			}
			if r.Header.Get("X-Visitor") != "ann" {
				serve.Fail(w, r, &gorgon.Error{Kind: gorgon.KindForbidden})
				return
			}
			next.ServeHTTP(w, r)
		})
	}}
	return gorgon.App{
		Navigation: &gorgon.Navigation{},
		Locales:    gorgon.Locales{Tags: []string{"en", "de"}},
		Parts: []gorgon.Part{
			p.stock,
			p.visitor,
			p.broken,
			within,
			gorgon.Handler{Pattern: "/handled", Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {})},
			page("/plain"),
			page("/handled"),
			page("/folder/"),
			page("/"),
			page("/stock", p.stock.Use(props{1}), gorgon.HTML("<hr>"), p.stock.Use(props{2}), p.stock.Use(props{1})),
			page("/broken", p.broken.Use(props{1}), gorgon.HTML("<p>well</p>")),
			page("/deferred", p.stock.Defer(props{7}), p.visitor.Defer(props{8}), p.broken.Defer(props{9})),
			page("/within", within.Use(props{})),
			live,
			guarded,
			gorgon.Page[state]{Path: "/moved", Load: func(context.Context, gorgon.Input) (state, error) {
				return state{}, gorgon.Redirect("/plain?a=b")
			}, View: view},
			gorgon.Page[state]{Path: "/asked", LoadRequest: func(_ context.Context, in gorgon.Input, r *http.Request) (state, error) {
				return state{r.URL.Path + "?" + r.URL.RawQuery}, nil
			}, View: func(s state) gorgon.Component {
				return sequence(view(s), p.stock.Use(props{1}), p.visitor.Use(props{4}), p.broken.Use(props{1}), p.stock.Defer(props{5}))
			}},
		},
	}
}

func sequence(parts ...gorgon.Component) gorgon.Component {
	return gorgon.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		for _, p := range parts {
			if err := p.Render(ctx, w); err != nil {
				return err
			}
		}
		return nil
	})
}

func partsSite(t testing.TB, p *parts) *site {
	t.Helper()
	return build(t, p.app(), nil)
}

func contains(t *testing.T, what, body string, want ...string) {
	t.Helper()
	for _, w := range want {
		if !strings.Contains(body, w) {
			t.Errorf("%s: it does not hold %q: %.2000s", what, w, body)
		}
	}
}

func lacks(t *testing.T, what, body string, unwanted ...string) {
	t.Helper()
	for _, u := range unwanted {
		if strings.Contains(body, u) {
			t.Errorf("%s: it holds %q: %.2000s", what, u, body)
		}
	}
}

func TestFragmentsLiveByThemselves(t *testing.T) {
	p := &parts{}
	s := partsSite(t, p)
	first := s.ask(t, "GET", "/stock")
	body := text(t, first)
	contains(t, "the page", body, "stock of 1, version", "stock of 2, version", "<hr>")
	if p.stockMade.Load() != 2 || p.pagesMade.Load() != 1 {
		t.Errorf("%d fragments and %d pages were made", p.stockMade.Load(), p.pagesMade.Load())
	}
	again := s.ask(t, "GET", "/stock")
	if text(t, again) != body || again.Header.Get("Etag") != first.Header.Get("Etag") || again.Header.Get("Etag") == "" {
		t.Errorf("the same page twice differs, or has no validator: %q, %q", first.Header.Get("Etag"), again.Header.Get("Etag"))
	}
	if res := s.ask(t, "GET", "/stock", "If-None-Match", first.Header.Get("Etag")); res.StatusCode != http.StatusNotModified {
		t.Errorf("a condition that holds gets %d", res.StatusCode)
	}
	if _, err := s.cache.Purge(t.Context(), pages.Expire, pages.TagSubject("stock")); err != nil {
		t.Fatal(err)
	}
	after := s.ask(t, "GET", "/stock", "If-None-Match", first.Header.Get("Etag"))
	if body := text(t, after); after.StatusCode != 200 || strings.Contains(body, "version 1") || strings.Contains(body, "version 2,") {
		t.Errorf("after a purge of the fragments: %d %s", after.StatusCode, body)
	}
	if p.stockMade.Load() != 4 || p.pagesMade.Load() != 1 {
		t.Errorf("after the purge %d fragments and %d pages were made", p.stockMade.Load(), p.pagesMade.Load())
	}
	german := text(t, s.ask(t, "GET", "/de/stock"))
	contains(t, "another locale", german, html.EscapeString(`in "de"`))
}

func TestFragmentCodings(t *testing.T) {
	app := (&parts{}).app()
	var many []gorgon.Component
	for i := range 40 {
		many = append(many, app.Parts[0].(gorgon.Fragment[props, state]).Use(props{i}))
	}
	app.Parts = append(app.Parts, gorgon.Page[state]{Path: "/many", View: func(state) gorgon.Component { return sequence(many...) }})
	s := build(t, app, nil)
	plain := s.get(t, "/many")
	body := text(t, plain)
	contains(t, "the page", body, "stock of 0,", "stock of 39,")
	for _, coding := range []string{"gzip", "br", "zstd"} {
		res := s.get(t, "/many", "Accept-Encoding", coding)
		if c, e := res.Header.Get("Content-Encoding"), res.Header.Get("Etag"); c != coding || e == plain.Header.Get("Etag") || text(t, res) != body {
			t.Errorf("asked for %s, got %q with validator %s", coding, c, e)
		}
	}
}

func TestBrokenFragmentLeavesThePage(t *testing.T) {
	s := partsSite(t, &parts{})
	res := s.ask(t, "GET", "/broken")
	body := text(t, res)
	contains(t, "the page", body, "<i>broken 500 at 1, ", "<p>well</p>")
	lacks(t, "the page", body, "secret")
	if res.StatusCode != 200 || res.Header.Get("Cache-Control") != answer.CacheNever || res.Header.Get("Etag") != "" {
		t.Errorf("%d %v", res.StatusCode, res.Header)
	}
	id := regexp.MustCompile(`at 1, (\w+)<`).FindStringSubmatch(body)
	if id == nil || !strings.Contains(s.log.String(), id[1]) || !strings.Contains(s.log.String(), "the secret cause") {
		t.Errorf("the log does not tell the cause by the id: %v, %s", id, s.log)
	}
}

func TestPayloadsMadeForARequestArePacked(t *testing.T) {
	s := partsSite(t, &parts{})
	long := "/_gorgon/page/asked.json?" + strings.Repeat("a", 600)
	plain := s.get(t, long)
	body := text(t, plain)
	if plain.Header.Get("Content-Encoding") != "" || plain.Header.Get("Content-Length") != fmt.Sprint(len(body)) {
		t.Errorf("asked for no coding: %v", plain.Header)
	}
	for _, coding := range []string{"gzip", "br", "zstd"} {
		res := s.get(t, long, "Accept-Encoding", coding)
		// The fragment that fails says another id, and what is sealed is
		// sealed again.
		got := text(t, res)
		if res.Header.Get("Content-Encoding") != coding || !strings.Contains(got, strings.Repeat("a", 600)) || !strings.HasSuffix(strings.TrimSpace(got), "}") || !strings.Contains(strings.Join(res.Header["Vary"], ","), "Accept-Encoding") {
			t.Errorf("asked for %s: %v %.200s", coding, res.Header, got)
		}
		head := s.ask(t, "HEAD", long, "Accept-Encoding", coding)
		if body, err := io.ReadAll(head.Body); head.Header.Get("Content-Encoding") != coding || len(body) > 0 || err != nil {
			t.Errorf("HEAD for %s: %v, %d bytes, %v", coding, head.Header, len(body), err)
		}
	}
	if res := s.get(t, "/_gorgon/page/moved.json", "Accept-Encoding", "br"); res.Header.Get("Content-Encoding") != "" {
		t.Error("a few bytes are packed")
	}
}

func payloadOf(t *testing.T, res *http.Response) map[string]any {
	t.Helper()
	if res.StatusCode != 200 || res.Header.Get("Content-Type") != "application/json" || res.Header.Get("X-Robots-Tag") != "noindex" {
		t.Fatalf("%d %v %s", res.StatusCode, res.Header, text(t, res))
	}
	var p map[string]any
	if err := json.Unmarshal([]byte(text(t, res)), &p); err != nil {
		t.Fatal(err)
	}
	if p["build"] != "b1" {
		t.Errorf("it is of build %v", p["build"])
	}
	return p
}

func TestPayloads(t *testing.T) {
	s := partsSite(t, &parts{})
	for at, want := range map[string]struct{ locale, title, main string }{
		"/_gorgon/page/plain.json":         {"en", "Page /plain", "<h1>/plain</h1>"},
		"/_gorgon/page/de/plain.json":      {"de", "Page /plain", "<h1>/plain</h1>"},
		"/_gorgon/folder/folder.json":      {"en", "Page /folder/", "<h1>/folder/</h1>"},
		"/_gorgon/folder.json":             {"en", "Page /", "<h1>/</h1>"},
		"/_gorgon/page/de.json":            {"de", "Page /", "<h1>/</h1>"},
		"/_gorgon/page/asked.json?q=%3Ca>": {"en", "", html.EscapeString("/asked?q=%3Ca>")},
		"/_gorgon/page/live.json":          {"en", "Page /live", "of 2</p><p>after</p>"},
		"/_gorgon/page/broken.json":        {"en", "Page /broken", "broken 500"},
	} {
		p := payloadOf(t, s.ask(t, "GET", at))
		title, _ := p["title"].(string)
		parts, _ := p["parts"].(map[string]any)
		main, _ := parts["main"].(string)
		if p["locale"] != want.locale || title != want.title || !strings.Contains(main, want.main) {
			t.Errorf("%s: %v", at, p)
		}
		lacks(t, at, main, "<html", "gorgon:main")
	}
	if p := payloadOf(t, s.ask(t, "GET", "/_gorgon/page/moved.json")); p["location"] != "/plain?a=b" || p["parts"] != nil {
		t.Errorf("a page that is elsewhere: %v", p)
	}
	for _, at := range []string{
		"/_gorgon/page/nonsense.json", "/_gorgon/page/handled.json", "/_gorgon/page.json", "/_gorgon/page/.json",
		"/_gorgon/folder/plain.json", "/_gorgon/page/plain", "/_gorgon/page/_gorgon/page/plain.json.json", "/_gorgon/page/plain.json/",
	} {
		if res := s.ask(t, "GET", at); res.StatusCode != 404 {
			t.Errorf("%s: %d", at, res.StatusCode)
		}
	}
	res := s.ask(t, "GET", "/_gorgon/page/stock.json")
	etag := res.Header.Get("Etag")
	if page := s.ask(t, "GET", "/stock").Header.Get("Etag"); etag == "" || etag == page {
		t.Errorf("the validators of payload and page are %q and %q", etag, page)
	}
	if res := s.ask(t, "GET", "/_gorgon/page/stock.json", "If-None-Match", etag); res.StatusCode != 304 {
		t.Errorf("a condition that holds gets %d", res.StatusCode)
	}
	if res := s.ask(t, "POST", "/_gorgon/page/stock.json"); res.StatusCode != 405 {
		t.Errorf("POST gets %d", res.StatusCode)
	}
}

// Fragments stand in regions too, kept or made for the request, and the
// outlines of development are not regions.
func TestPayloadsHaveFilledRegions(t *testing.T) {
	p := &parts{}
	app := p.app()
	app.Layout = func(d gorgon.Document) gorgon.Component {
		return sequence(gorgon.HTML("<html><head>"), d.Head, gorgon.HTML("</head><body>"), p.stock.Use(props{1}),
			gorgon.Region{Name: "trail", Content: sequence(gorgon.HTML("at "+d.Path+" "), p.stock.Use(props{2}))}, d.Main)
	}
	s := build(t, app, func(c *serve.Config, _ *cache.Config) { c.Renderer = &render.Renderer{Outline: true} })
	for at, path := range map[string]string{"/_gorgon/page/stock.json": "/stock", "/_gorgon/page/live.json": "/live", "/_gorgon/page/asked.json": "/asked"} {
		parts, _ := payloadOf(t, s.ask(t, "GET", at))["parts"].(map[string]any)
		if len(parts) != 3 || parts["head"] == nil || parts["main"] == nil {
			t.Fatalf("%s has the parts %v", at, parts)
		}
		contains(t, at, fmt.Sprint(parts["trail"]), "at "+path, "stock of 2,", "<!--gorgon-fragment stock")
		contains(t, path, text(t, s.ask(t, "GET", path)), "<!--gorgon:trail-->at "+path, "stock of 2,")
	}
}

func TestNoPayloadsWithoutNavigation(t *testing.T) {
	app := (&parts{}).app()
	app.Navigation = nil
	s := build(t, app, nil)
	if res := s.ask(t, "GET", "/_gorgon/page/plain.json"); res.StatusCode != 404 {
		t.Errorf("%d", res.StatusCode)
	}
}

var src = regexp.MustCompile(`<gorgon-fragment src="([^"]+)"><a href="([^"]+)">([^<]*)`)

func TestDeferredFragments(t *testing.T) {
	s := partsSite(t, &parts{})
	body := text(t, s.ask(t, "GET", "/deferred"))
	found := src.FindAllStringSubmatch(body, -1)
	if len(found) != 3 || found[0][3] != "the stock of 7 &lt;b&gt;" || found[1][3] != "visitor" {
		t.Fatalf("%q in %s", found, body)
	}
	lacks(t, "the page", body, "ID", "version")
	bare := s.ask(t, "GET", found[0][1])
	if got := text(t, bare); bare.StatusCode != 200 || !strings.HasPrefix(got, "<p>stock of 7, version") || bare.Header.Get("Etag") == "" {
		t.Errorf("the fragment: %d %v %s", bare.StatusCode, bare.Header, got)
	}
	alone := s.ask(t, "GET", found[0][2])
	contains(t, "its document", text(t, alone), "<html", "stock of 7, version 1", "noindex")
	live := s.ask(t, "GET", found[1][1], "X-Visitor", "bob")
	if got := text(t, live); got != "<p>visitor bob of 8</p>" || live.Header.Get("Cache-Control") != answer.CacheNever {
		t.Errorf("one made for the request: %v %s", live.Header, got)
	}
	contains(t, "its document", text(t, s.ask(t, "GET", found[1][2], "X-Visitor", "bob")), "<html", "visitor bob of 8")
	if res := s.ask(t, "GET", found[2][1]); res.StatusCode != 500 {
		t.Errorf("one that fails: %d", res.StatusCode)
	}
	for what, at := range map[string]string{
		"another fragment": strings.Replace(found[0][1], "/stock/", "/visitor/", 1),
		"another page":     strings.Replace(found[0][1], "/deferred", "/plain", 1),
		"no page":          strings.TrimSuffix(found[0][1], "/deferred"),
		"another locale":   strings.Replace(found[0][1], "/deferred", "/de/deferred", 1),
		"plain props":      "/_gorgon/fragment/stock/%7B%22ID%22:7%7D/deferred",
		"nothing":          "/_gorgon/fragment/",
		"a name alone":     "/_gorgon/fragment/stock",
	} {
		if res := s.ask(t, "GET", at); res.StatusCode != 404 {
			t.Errorf("%s: %s: %d", what, at, res.StatusCode)
		}
	}
	if res := s.ask(t, "POST", found[0][1]); res.StatusCode != 405 {
		t.Errorf("POST gets %d", res.StatusCode)
	}
}

func TestGuardsOfParts(t *testing.T) {
	s := partsSite(t, &parts{})
	page := s.ask(t, "GET", "/guarded", "X-Visitor", "ann")
	found := src.FindStringSubmatch(text(t, page))
	if found == nil {
		t.Fatal("there is no deferred fragment")
	}
	for _, at := range []string{"/guarded", "/_gorgon/page/guarded.json", found[1], found[2]} {
		if res := s.ask(t, "GET", at); res.StatusCode != 403 {
			t.Errorf("%s without leave: %d", at, res.StatusCode)
		}
		res := s.ask(t, "GET", at, "X-Visitor", "ann")
		if res.StatusCode != 200 || res.Header.Get("Cache-Control") != answer.CacheNever || res.Header.Get("Etag") != "" {
			t.Errorf("%s with leave: %d %v", at, res.StatusCode, res.Header)
		}
	}
}

func TestNestedFragments(t *testing.T) {
	s := partsSite(t, &parts{})
	for _, path := range []string{"/within", "/de/within"} {
		body := text(t, s.ask(t, "GET", path))
		contains(t, path, body, "<div><p>stock of 9, version", "</div>")
		found := src.FindStringSubmatch(body)
		if found == nil || !strings.HasSuffix(found[1], path) {
			t.Fatalf("%s: %q", path, found)
		}
		contains(t, path, text(t, s.ask(t, "GET", found[1])), "stock of 10")
	}
}

func TestRequestTimeWithFragments(t *testing.T) {
	s := partsSite(t, &parts{})
	res := s.ask(t, "GET", "/asked?x", "X-Visitor", "eve")
	body := text(t, res)
	contains(t, "the page", body, "/asked?x", "stock of 1", "visitor eve of 4", "<i>broken 500 at 1, ", "<gorgon-fragment")
	if found := src.FindStringSubmatch(body); found == nil || s.ask(t, "GET", found[1]).StatusCode != 200 {
		t.Errorf("its deferred fragment is not to be had: %v", found)
	}
}

func TestLiveFragmentDelaysNothingBeforeIt(t *testing.T) {
	p := &parts{gate: make(chan struct{})}
	s := partsSite(t, p)
	server := httptest.NewServer(s.Handler)
	defer server.Close()
	req, err := http.NewRequestWithContext(t.Context(), "GET", server.URL+"/live", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Visitor", "zoe")
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	r := bufio.NewReader(res.Body)
	var before strings.Builder
	for strings.Count(before.String(), "before</p>") < 10 {
		part, err := r.ReadString('>')
		if err != nil {
			t.Fatal(err)
		}
		before.WriteString(part)
	}
	contains(t, "what came first", before.String(), "<h1>/live</h1>", "stock of 1")
	close(p.gate)
	rest, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	contains(t, "what came then", string(rest), "<p>visitor zoe of 2</p><p>after</p>", "</html>")
	if res.Header.Get("Cache-Control") != answer.CacheNever || res.Header.Get("Etag") != "" {
		t.Errorf("%v", res.Header)
	}
	if p.pagesMade.Load() != 1 {
		t.Errorf("%d pages were made", p.pagesMade.Load())
	}
}

func TestEdgeSideIncludes(t *testing.T) {
	app := (&parts{}).app()
	app.CDN = &gorgon.CDN{ESI: true}
	s := build(t, app, nil)
	const capability = `proxy="ESI/1.0"`
	for range 2 { // made, and found
		res := s.ask(t, "GET", "/live", "Surrogate-Capability", capability)
		body := text(t, res)
		tags := regexp.MustCompile(`<esi:include src="([^"]+)" onerror="continue"/>`).FindAllStringSubmatch(body, -1)
		if len(tags) != 2 || res.Header.Get("Surrogate-Control") != `max-age=31536000, content="ESI/1.0"` || res.Header.Get("Cache-Control") != answer.CacheNever ||
			res.Header.Get("Etag")+res.Header.Get("Last-Modified")+res.Header.Get("CDN-Cache-Control") != "" || !strings.Contains(strings.Join(res.Header["Vary"], ", "), "Surrogate-Capability") {
			t.Fatalf("%q %v %s", tags, res.Header, body)
		}
		if got := text(t, s.ask(t, "GET", html.UnescapeString(tags[1][1]), "X-Visitor", "pat")); got != "<p>visitor pat of 2</p>" {
			t.Errorf("what the tag includes: %s", got)
		}
	}
	res := s.ask(t, "GET", "/stock")
	lacks(t, "asked for by a visitor", text(t, res), "esi:include")
	if !strings.Contains(strings.Join(res.Header["Vary"], ", "), "Surrogate-Capability") {
		t.Errorf("caches are not told: %v", res.Header["Vary"])
	}
	plain := partsSite(t, &parts{})
	lacks(t, "without being declared", text(t, plain.ask(t, "GET", "/stock", "Surrogate-Capability", capability)), "esi:include")
}

func TestFragmentFreshness(t *testing.T) {
	p := &parts{}
	app := p.app()
	quick := p.stock
	quick.Name, quick.RevalidateAfter = "quick", time.Minute
	app.Parts = append(app.Parts, quick)
	app.Parts = append(app.Parts, gorgon.Page[state]{Path: "/quick", View: func(state) gorgon.Component { return quick.Use(props{1}) }})
	s := build(t, app, func(c *serve.Config, k *cache.Config) {})
	res := s.ask(t, "GET", "/quick")
	if status := res.Header.Get("Cache-Status"); !strings.Contains(status, "fwd=uri-miss") {
		t.Errorf("first: %s", status)
	}
	res = s.ask(t, "GET", "/quick")
	if status := res.Header.Get("Cache-Status"); !strings.Contains(status, "hit; ttl=") || res.Header.Get("Age") == "" {
		t.Errorf("the page is as old as its fragment: %s, %v", status, res.Header)
	}
	s.now.Add(int64(2 * time.Minute))
	res = s.ask(t, "GET", "/quick")
	if status := res.Header.Get("Cache-Status"); !strings.Contains(status, "detail=stale") {
		t.Errorf("once the fragment is stale: %s", status)
	}
}

func TestPolicyOfInlineScripts(t *testing.T) {
	script := gorgon.Script("document.title = 'x'")
	inline := gorgon.Fragment[props, state]{Name: "inline", View: func(state) gorgon.Component { return script },
		LoadRequest: func(context.Context, gorgon.Input, props, *http.Request) (state, error) { return state{}, nil }}
	long := gorgon.HTML(strings.Repeat("<p>long</p>", 2000))
	asked := func(path string, parts ...gorgon.Component) gorgon.Part {
		return gorgon.Page[state]{Path: path, View: func(state) gorgon.Component { return sequence(parts...) },
			LoadRequest: func(context.Context, gorgon.Input, *http.Request) (state, error) { return state{}, nil }}
	}
	s := build(t, gorgon.App{Parts: []gorgon.Part{
		inline,
		gorgon.Page[state]{Path: "/kept", View: func(state) gorgon.Component { return script }},
		gorgon.Page[state]{Path: "/live", AllowRequestTime: true, View: func(state) gorgon.Component { return sequence(script, inline.Use(props{})) }},
		gorgon.Page[state]{Path: "/live/long", AllowRequestTime: true, View: func(state) gorgon.Component { return sequence(long, inline.Use(props{})) }},
		asked("/asked", script),
		asked("/asked/long", long, script),
		asked("/asked/fragment", inline.Use(props{})),
		asked("/none"),
		gorgon.Page[state]{Path: "/kept/none", View: func(state) gorgon.Component { return long }},
	}}, nil)
	for path, inlined := range map[string]int{"/kept": 1, "/live": 2, "/live/long": 1, "/asked": 1, "/asked/long": 1, "/asked/fragment": 1, "/none": 0, "/kept/none": 0} {
		res := s.get(t, path)
		policy := res.Header.Get("Content-Security-Policy")
		found := regexp.MustCompile(`<script(?: nonce="(\w+)")?>`).FindAllStringSubmatch(text(t, res), -1)
		if len(found) != inlined {
			t.Errorf("%s: %d inline scripts", path, len(found))
		}
		if inlined == 0 && strings.Contains(policy, "script-src") {
			t.Errorf("%s has no script, and its policy is %s", path, policy)
		}
		for _, f := range found {
			if allowed := f[1] == "" && strings.Contains(policy, "'sha256-") || f[1] != "" && strings.Contains(policy, "'nonce-"+f[1]+"'"); !allowed {
				t.Errorf("%s: %s is not allowed by %s", path, f[0], policy)
			}
		}
	}
}

func TestEdgeTagsOfFragments(t *testing.T) {
	p := &parts{}
	app := p.app()
	app.CDN = &gorgon.CDN{TagHeader: "Cache-Tag"}
	s := build(t, app, nil)
	got := s.get(t, "/stock").Header.Get("Cache-Tag")
	for _, subject := range []string{pages.TagSubject("stock"), pages.RouteSubject("/_gorgon/fragment/stock/{props...}"), pages.RouteSubject("/stock"), pages.All} {
		if want := answer.EdgeTag(subject); !strings.Contains(","+got+",", ","+want+",") {
			t.Errorf("the tags lack %s: %s", want, got)
		}
	}
}

// Fragments come on every error page, whether or not there is a page at its
// path.
func TestFragmentsOfErrorPages(t *testing.T) {
	for _, base := range []string{"", "/docs"} {
		p := &parts{}
		app := p.app()
		app.Layout = func(d gorgon.Document) gorgon.Component {
			return sequence(plainLayout(d), p.stock.Use(props{1}), p.visitor.Use(props{2}), p.stock.Defer(props{3}), p.visitor.Defer(props{4}))
		}
		fail := func(context.Context, gorgon.Input, *http.Request) (state, error) {
			return state{}, errors.New("a fault")
		}
		guards := []func(http.Handler) http.Handler{func(http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if serve.WireURL(r).Path == r.URL.Path {
					serve.Fail(w, r, &gorgon.Error{Kind: gorgon.KindUnauthorized})
					return
				}
				http.Error(w, "the fragments of a page are guarded as it is", http.StatusForbidden)
			})
		}}
		app.Parts = append(app.Parts[:5:5],
			gorgon.Page[state]{Path: "/fails", LoadRequest: fail, View: view},
			gorgon.Page[state]{Path: "/denied", View: view, Guards: guards})
		app.Parts = append(app.Parts, gorgon.Handler{Pattern: "/failing/", Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { serve.Fail(w, r, errors.New("a fault")) })})
		saw := map[string]bool{}
		app.Middleware = []func(http.Handler) http.Handler{func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				saw[r.URL.Path] = true
				next.ServeHTTP(w, r)
			})
		}}
		s := build(t, app, func(c *serve.Config, _ *cache.Config) { c.Base = base })
		for path, status := range map[string]int{
			"/nothing": 404, "/de/nothing": 404, "/nothing/k%C3%A4se/": 404, "/a//b": 404, "/%00": 400, "/_gorgon/nothing": 404, "/failing/x": 500, "/fails": 500, "/de/fails": 500, "/denied": 401,
		} {
			res := s.get(t, base+path, "X-Visitor", "ann")
			body := text(t, res)
			want(t, res, status)
			contains(t, path, body, "stock of 1, version", "visitor ann of 2")
			urls := fragmentURLs(strings.ReplaceAll(body, `"`+base, `"`))
			if len(urls) != 4 {
				t.Fatalf("%s: fragments %q in %s", path, urls, body)
			}
			clear(saw)
			for i, at := range urls {
				res := s.get(t, base+at, "X-Visitor", "bob")
				if path == "/denied" {
					want(t, res, 403)
					continue
				}
				want(t, res, 200)
				contains(t, at, text(t, res), []string{"stock of 3", "visitor bob of 4"}[i/2])
			}
			if path == "/nothing" && !(len(saw) == 1 && saw[base+path]) {
				t.Errorf("%s: middleware saw the fragments at %v", path, saw)
			}
		}
	}
}
