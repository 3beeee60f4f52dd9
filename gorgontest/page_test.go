// Laws of pages: forms, links, navigation, fragments, the cache status.

package gorgontest_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/gorgontest"
	"github.com/gorgon-go/gorgon/serve"
)

// A form sends what a browser would send.
func TestForms(t *testing.T) {
	const fields = `<input name="text" value="a b"><input type="hidden" name="id" value="7"><input name="off" value="x" disabled>
		<fieldset disabled><input name="within" value="x"></fieldset>
		<input type="checkbox" name="yes" checked><input type="checkbox" name="no"><input type="file" name="file">
		<input type="radio" name="size" value="s"><input type="radio" name="size" value="l" checked>
		<select name="one"><option disabled>Choose</option><option value="1">One</option><option>Two</option></select>
		<select name="two"><option value="1">One</option><option selected> Two </option></select>
		<select name="many" multiple><option selected>x</option><option selected>y</option><option>z</option></select>
		<textarea name="note">&lt;note&gt;</textarea><input value="nameless">`
	const sent = "id=7&many=x&many=y&note=%3Cnote%3E&one=1&size=l&text=a+b&two=Two&yes=on"
	for name, c := range map[string]struct {
		page   string
		by     string
		values url.Values
		want   string // method, path and fields
	}{
		"by its button":            {`<form action="/echo" method="post">` + fields + `<button name="go" value="1">Go</button><button name="go" value="2">Back</button></form>`, "Back", nil, "POST /echo go=2&" + sent},
		"by selector":              {`<form action="/echo" method="POST" id="f">` + fields + `<button name="go" value="1">Go</button><button name="go" value="2">Back</button></form>`, "#f", nil, "POST /echo go=1&" + sent},
		"by what is around it":     {`<div class="box"><form action="/echo">` + fields + `</form></div>`, ".box", nil, "GET /echo " + sent},
		"by what is in it":         {`<form action="/other"></form><form action="/echo">` + fields + `<p id="in"></p></form>`, "#in", nil, "GET /echo " + sent},
		"by an input":              {`<form action="/echo"><input name="q"><input type="submit" name="go" value="Find it"></form>`, "Find it", nil, "GET /echo go=Find+it&q="},
		"with values":              {`<form action="/echo"><input name="q" value="old"><input name="r" value="kept"></form>`, "form", url.Values{"q": {"new", "newer"}}, "GET /echo q=new&q=newer&r=kept"},
		"the button decides":       {`<form action="/other"><button formaction="/echo" formmethod="post">Go</button></form>`, "Go", nil, "POST /echo "},
		"a button elsewhere":       {`<form action="/echo" id="f"><input name="q"></form><input name="r" form="f"><button form="f" name="go">Go</button>`, "Go", nil, "GET /echo go=&q=&r="},
		"a query is replaced":      {`<form action="/echo?a=b"><input name="q"></form>`, "form", nil, "GET /echo q="},
		"a query of POST stays":    {`<form action="/echo?a=b" method="post"><input name="q"></form>`, "form", nil, "POST /echo a=b&q="},
		"the page itself":          {`<form method="get"><input name="q"></form>`, "form", nil, "GET / q="},
		"a button for scripts":     {`<form action="/echo"><button type="button" name="no">No</button><button name="go" value="1">Go</button></form>`, "form", nil, "GET /echo go=1"},
		"a label in an inner part": {`<form action="/echo"><button name="go"><b>Put in</b> the cart</button></form>`, "Put in the cart", nil, "GET /echo go="},
	} {
		t.Run(name, func(t *testing.T) {
			got := ""
			echo := func(w http.ResponseWriter, r *http.Request) {
				_ = r.ParseForm()
				got = r.Method + " " + r.URL.Path + " " + r.Form.Encode()
			}
			a := app(page("/", c.page))
			a.Parts = append(a.Parts, gorgon.Handler{Pattern: "/echo", Handler: http.HandlerFunc(echo)})
			a.Middleware = []func(http.Handler) http.Handler{func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if r.URL.RawQuery != "" && r.URL.Path == "/" {
						echo(w, r)
					}
					next.ServeHTTP(w, r)
				})
			}}
			gorgontest.Open(t, a).Get("/").Submit(c.by, c.values)
			if got != c.want {
				t.Errorf("sent\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

// A form comes from the site itself; a request that a test makes up need not.
func TestOriginOfForms(t *testing.T) {
	a := club()
	a.Middleware = []func(http.Handler) http.Handler{http.NewCrossOriginProtection().Handler}
	site := gorgontest.Open(t, a)
	site.Get("/join").Submit("Join", url.Values{"name": {"A"}}).Want(200)
	site.Post("/join", url.Values{"name": {"A"}}, "Sec-Fetch-Site", "cross-site", "Origin", "https://elsewhere.example").Want(403)
}

func TestLinks(t *testing.T) {
	site := gorgontest.Options{Base: "/docs"}.Open(t, app(
		page("/a/b", `<a href="c">C</a> <a href="/docs/a/c?x=1#y">D</a> <a href="c">again</a> <a href="https://elsewhere.example/">E</a> <a href="mailto:a@b.example">F</a>`),
		page("/a/c", "<h1> The\n  end </h1>"),
	))
	res := site.Get("/docs/a/b")
	if got, want := res.Links(), []string{"/docs/a/c", "/docs/a/c?x=1"}; !slices.Equal(got, want) {
		t.Errorf("Links are %q, want %q", got, want)
	}
	for _, by := range []string{"C", "a[href='c']", "body", "D"} {
		if got := res.Click(by).Want(200).Text("h1"); got != "The end" {
			t.Errorf("%s leads to %q", by, got)
		}
	}
}

// A typed address comes from elsewhere, and a followed link does not.
func TestWhereVisitorsComeFrom(t *testing.T) {
	a := app(gorgon.Page[state]{Path: "/", View: func(s state) gorgon.Component { return gorgon.HTML(`<a href="/">Home</a><p>` + s.Text + `</p>`) },
		Load: func(_ context.Context, in gorgon.Input) (state, error) { return state{in.Locale}, nil }})
	a.Locales.Tags, a.Locales.Detect = []string{"en", "de"}, true
	site := gorgontest.Open(t, a)
	site.Header = http.Header{"Accept-Language": {"de"}}
	home := site.Get("/").Want(200, "<p>de</p>")
	if !slices.Equal(home.Redirects, []string{"/de"}) {
		t.Errorf("it has the referrer %q", home.Redirects)
	}
	home.Click("Home").Want(200, "<p>en</p>")
}

// The runtime continues with a payload, or says why it does not.
func TestNavigate(t *testing.T) {
	titled := func(path, title, body string) gorgon.Part {
		return gorgon.Page[state]{
			Path: path, Load: text(body), View: view, Guards: nil,
			Head: func(state) gorgon.Head { return gorgon.Head{Title: title} },
		}
	}
	moved := func(path, to string) gorgon.Part {
		return gorgon.Page[state]{Path: path, View: view, LoadRequest: func(context.Context, gorgon.Input, *http.Request) (state, error) {
			return state{}, &gorgon.Error{Kind: gorgon.KindRedirect, Status: http.StatusFound, Location: to}
		}}
	}
	a := app(
		titled("/", "Home", "home"), titled("/über uns/", "About", "about"),
		gorgon.Page[state]{Path: "/framed", Load: text("x"), View: func(state) gorgon.Component { return gorgon.HTML(`<h1>framed</h1><iframe src="/x"></iframe>`) }},
		gorgon.Page[state]{Path: "/data", Load: text("x"), View: func(state) gorgon.Component {
			return gorgon.HTML(`<h1>data</h1><script type="application/ld+json">{}</script>`)
		}},
		moved("/old", "/über uns/"), moved("/away", "https://elsewhere.example/"), moved("/loop", "/loop"),
		gorgon.Page[state]{Path: "/search", View: view, LoadRequest: func(_ context.Context, _ gorgon.Input, r *http.Request) (state, error) {
			return state{"found " + r.FormValue("q")}, nil
		}},
		gorgon.Page[state]{Path: "/broken", View: view, LoadRequest: func(context.Context, gorgon.Input, *http.Request) (state, error) {
			return state{}, fmt.Errorf("no ink")
		}},
		gorgon.Page[state]{Path: "/members", Load: text("members"), View: view, Guards: []func(http.Handler) http.Handler{members}},
	)
	a.Locales.Tags = []string{"en", "de"}
	a.Navigation = &gorgon.Navigation{}
	a.Parts = append(a.Parts, gorgon.Handler{Pattern: "/feed", Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { serve.Fail(w, r, gorgon.NotFound()) })})
	site := gorgontest.Options{Base: "/docs"}.Open(t, a)
	home := site.Get("/docs/").Want(200)
	for target, want := range map[string]struct{ text, title, whole string }{
		"/docs/%C3%BCber%20uns/": {"about", "About", ""},
		"%C3%BCber%20uns/#there": {"about", "About", ""},
		"/docs/old":              {"about", "About", ""},
		"/docs/":                 {"home", "Home", ""},
		"/docs/search?q=a%20b":   {"found a b", "", ""},
		"/docs/away":             {"", "", "another site: https://elsewhere.example/"},
		"/docs/nowhere":          {"", "", "status 404"},
		"/docs/broken":           {"", "", "status 500"},
		"/docs/members":          {"", "", "status 401"},
		"/docs/framed":           {"framed", "", "it has a iframe"},
		"/docs/data":             {"data", "", ""},
		"/docs/feed":             {"", "", "status 404"},
		"/docs/de":               {"home", "Home", "it is in de, and the layout in en"},
		"/elsewhere":             {"", "", "cannot be a page of the app"},
	} {
		n := home.Navigate(target)
		if want.whole == "" && n.Whole != "" || !strings.Contains(n.Whole, want.whole) {
			t.Errorf("%s: whole because %q, want %q", target, n.Whole, want.whole)
			continue
		}
		if want.text != "" && n.Text("h1") != want.text || n.Title() != want.title && want.text != "" {
			t.Errorf("%s shows %q, titled %q", target, n.Text("h1"), n.Title())
		}
	}
	// The next navigation is relative to the page that is shown.
	about := home.Navigate("/docs/old")
	if back := about.Navigate(".."); back.Whole != "" || back.Text("h1") != "home" || back.URL.Path != "/docs/" {
		t.Errorf("the way back leads to %s, %s", back.URL, back.Whole)
	}
	if n := home.Navigate("/docs/old"); n.URL.Path != "/docs/über uns/" {
		t.Errorf("a redirect leads to %s", n.URL)
	}
	// Without navigation each link loads a page.
	a.Navigation = nil
	if n := gorgontest.Open(t, a).Get("/").Navigate("/%C3%BCber%20uns/"); n.Whole == "" || n.Payload != nil || n.Text("h1") != "about" {
		t.Errorf("without App.Navigation: %q", n.Whole)
	}
}

// Regions of the layout are exchanged with the page; another set of regions
// loads the whole page.
func TestNavigateExchangesRegions(t *testing.T) {
	a := app(page("/", "<h1>home</h1>"), page("/about", "<h1>about</h1>"), page("/bare", "<h1>bare</h1>"))
	a.Navigation = &gorgon.Navigation{}
	a.Layout = func(d gorgon.Document) gorgon.Component {
		return gorgon.ComponentFunc(func(ctx context.Context, w io.Writer) error {
			var trail gorgon.Component = gorgon.HTML("")
			if d.Path != "/bare" {
				trail = gorgon.Region{Name: "trail", Content: gorgon.HTML("<nav>at " + d.Path + "</nav>")}
			}
			for _, c := range []gorgon.Component{gorgon.HTML("<html><head>"), d.Head, gorgon.HTML("</head><body>"), trail, d.Main} {
				if err := c.Render(ctx, w); err != nil {
					return err
				}
			}
			return nil
		})
	}
	home := gorgontest.Open(t, a).Get("/")
	about := home.Navigate("/about")
	if about.Whole != "" || about.Text("nav") != "at /about" || about.Text("h1") != "about" {
		t.Errorf("it shows %s, %q", about.Body, about.Whole)
	}
	if back := about.Navigate("/"); back.Whole != "" || back.Text("nav") != "at /" {
		t.Errorf("it shows %s, %q", back.Body, back.Whole)
	}
	if bare := about.Navigate("/bare"); !strings.Contains(bare.Whole, "other regions") || strings.Contains(bare.Body, "<nav>") {
		t.Errorf("it shows %s, %q", bare.Body, bare.Whole)
	}
}

// Circular redirects end.
func TestCircles(t *testing.T) {
	a := app(gorgon.Page[state]{Path: "/", View: view, LoadRequest: func(context.Context, gorgon.Input, *http.Request) (state, error) {
		return state{}, &gorgon.Error{Kind: gorgon.KindRedirect, Status: http.StatusFound, Location: "/"}
	}}, page("/start", ""))
	a.Navigation = &gorgon.Navigation{}
	said := failing(t, func(t testing.TB) { gorgontest.Open(t, a).Get("/start").Navigate("/") })
	if !strings.Contains(said, "from one redirect to the next") {
		t.Errorf("it says %q", said)
	}
}

func TestFragments(t *testing.T) {
	inner := stock(map[string]int{"a": 1, "b": 2, "bad": -1})
	outer := gorgon.Fragment[string, state]{
		Name: "outer", Load: func(_ context.Context, _ gorgon.Input, id string) (state, error) { return state{id}, nil },
		View: func(s state) gorgon.Component { return inner.Defer(s.Text) },
	}
	a := app(gorgon.Page[state]{Path: "/{id}", Load: func(_ context.Context, in gorgon.Input) (state, error) {
		return state{in.PathValue("id")}, nil
	}, Incremental: true, View: func(s state) gorgon.Component { return outer.Defer(s.Text) }})
	a.Parts = append(a.Parts, inner, outer)
	site := gorgontest.Options{Base: "/docs"}.Open(t, a)
	page := site.Get("/docs/b").Want(200).WantNot("in stock")
	page.Fragment("outer").Want(200).WantNot("in stock").Fragment("stock").Want(200, "2 in stock")
	page.Filled().Want(200, "2 in stock").WantNot("data-gorgon-error")
	page.WantNot("in stock") // it is unchanged

	bad := site.Get("/docs/bad").Filled()
	if failed := bad.Find("[data-gorgon-error]"); failed.Length() != 1 || failed.Text() != "stock" {
		t.Errorf("the fallback of what fails does not stay: %s", bad.Body)
	}
}

func TestCacheStatus(t *testing.T) {
	for text, want := range map[string]gorgontest.CacheStatus{
		"":                                      {State: gorgontest.None},
		"other; hit":                            {State: gorgontest.None},
		"gorgon; hit":                           {State: gorgontest.Hit},
		"gorgon; hit; ttl=42":                   {State: gorgontest.Hit, TTL: 42e9, Ages: true},
		"gorgon; hit; ttl=-1; detail=stale":     {State: gorgontest.Stale, TTL: -1e9, Ages: true},
		"gorgon; hit; ttl=0; detail=stale":      {State: gorgontest.Stale, Ages: true},
		"gorgon; hit; ttl=-12; detail=degraded": {State: gorgontest.Stale, TTL: -12e9, Ages: true, Degraded: true},
		"gorgon; hit; detail=degraded":          {State: gorgontest.Hit, Degraded: true},
		"gorgon; fwd=uri-miss; stored":          {State: gorgontest.Made, Stored: true},
		"gorgon; fwd=stale":                     {State: gorgontest.Made, Expired: true},
		"gorgon; fwd=bypass":                    {State: gorgontest.Bypass},
		"gorgon; hit; ttl=1, edge; fwd=stale":   {State: gorgontest.Hit, TTL: 1e9, Ages: true},
	} {
		res := &gorgontest.Response{Header: http.Header{"Cache-Status": {text}}}
		if got := res.Cache(); got != want {
			t.Errorf("%q is %+v, want %+v", text, got, want)
		}
	}
}
