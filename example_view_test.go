// Examples of what views use: components, links and scripts.

package gorgon_test

import (
	"context"
	"fmt"
	"html/template"
	"io"
	"os"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/viewctx"
)

// inGerman is the context of a view of a site below /docs, in German. In an
// app, the view receives it.
var inGerman = viewctx.WithSite(context.Background(), &viewctx.Site{
	Base: "/docs", Origin: "https://example.com",
	Locale: "de", Locales: []string{"en", "de"}, LocaleNames: map[string]string{"en": "English", "de": "Deutsch"},
	Assets: viewctx.Assets{
		Paths: map[string]string{"site.css": "/_gorgon/assets/site-1a2b.css", "counter.ts": "/_gorgon/assets/counter-3c4d.js", "hero.jpg": "/_gorgon/assets/hero-5e6f.jpg"},
		Images: map[string]viewctx.Picture{"hero.jpg": {Width: 1600, Height: 900, Variants: []viewctx.Variant{
			{Path: "/_gorgon/assets/hero-480.jpg", Width: 480, Type: "image/jpeg"},
		}}},
	},
})

// show renders a component.
func show(c gorgon.Component) {
	if err := c.Render(inGerman, os.Stdout); err != nil {
		fmt.Print(err)
	}
	fmt.Println()
}

func ExampleText() {
	show(gorgon.Text("1 < 2"))
	// Output: 1 &lt; 2
}

func ExampleHTML() {
	show(gorgon.HTML("<b>bold</b>"))
	// Output: <b>bold</b>
}

func ExampleComponentFunc() {
	show(gorgon.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		_, err := fmt.Fprintf(w, `<a href="%s">Home</a>`, gorgon.PathURL(ctx, "/"))
		return err
	}))
	// Output: <a href="/docs/de">Home</a>
}

// A view that returns its own type of component, as templ components do.
func ExampleView() {
	heading := func(title string) gorgon.Text { return gorgon.Text(title) }
	page := gorgon.Page[string]{Path: "/", View: gorgon.View(heading)}
	show(page.View("Hello"))
	// Output: Hello
}

func ExampleFuncs() {
	tmpl := template.Must(template.New("").Funcs(gorgon.Funcs(context.Background())).Parse(`<link href="{{asset "site.css"}}"> <a href="{{page "/tags/C#"}}">C#</a>`))
	show(gorgon.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		t, err := tmpl.Clone()
		if err != nil {
			return err
		}
		return t.Funcs(gorgon.Funcs(ctx)).Execute(w, nil)
	}))
	// Output: <link href="/docs/_gorgon/assets/site-1a2b.css"> <a href="/docs/de/tags/C%23">C#</a>
}

func ExampleURL() {
	fmt.Println(gorgon.URL(inGerman, "/search?q=two words#results"))
	fmt.Println(gorgon.URL(inGerman, "https://go.dev/"))
	// Output:
	// /docs/de/search?q=two%20words#results
	// https://go.dev/
}

func ExampleURLIn() {
	fmt.Println(gorgon.URLIn(inGerman, "en", "/search?q=1"))
	// Output: /docs/search?q=1
}

// A path names one page; all of its characters are encoded.
func ExamplePathURL() {
	fmt.Println(gorgon.PathURL(inGerman, "/tags/C#"))
	// Output: /docs/de/tags/C%23
}

func ExampleFileURL() {
	fmt.Println(gorgon.FileURL(inGerman, "/favicon.ico"))
	// Output: /docs/favicon.ico
}

func ExampleAsset() {
	fmt.Println(gorgon.Asset(inGerman, "site.css"))
	_, err := gorgon.Asset(inGerman, "print.css")
	fmt.Println(err)
	// Output:
	// /docs/_gorgon/assets/site-1a2b.css <nil>
	// asset print.css: there is no such file in Assets.Files (add it, or correct the name, which has no slash before it)
}

func ExampleAbsoluteURL() {
	fmt.Println(gorgon.AbsoluteURL(inGerman, gorgon.PathURL(inGerman, "/posts/1")))
	// Output: https://example.com/docs/de/posts/1 <nil>
}

func ExampleEscapePath() {
	fmt.Println(gorgon.EscapePath("/tags/C#"))
	// Output: /tags/C%23
}

func ExampleDirection() {
	fmt.Println(gorgon.Direction("de"), gorgon.Direction("ar"), gorgon.Direction("az-Arab"))
	// Output: ltr rtl rtl
}

func ExampleLocaleOf() {
	fmt.Println(gorgon.LocaleOf(inGerman))
	// Output: de
}

func ExampleLocaleChoice() {
	fmt.Println(gorgon.LocaleChoice(inGerman, "en", "/about"))
	// Output: /docs/_gorgon/locale?path=%2Fabout&to=en
}

func ExampleLocaleLinks() {
	show(gorgon.LocaleLinks{Path: "/about"})
	// Output: <ul><li><a data-gorgon="reload" rel="alternate" hreflang="en" lang="en" dir="ltr" href="/docs/about">English</a></li><li><a data-gorgon="reload" rel="alternate" hreflang="de" lang="de" dir="ltr" aria-current="true" href="/docs/de/about">Deutsch</a></li></ul>
}

func ExampleHead() {
	show(gorgon.Head{
		Title:       "About us",
		Description: "What we do",
		Canonical:   "/about",
		Meta:        []gorgon.Meta{{Property: "og:type", Content: "website"}},
		Links:       []gorgon.LinkElement{{Rel: "alternate", Type: "application/rss+xml", Title: "Notes & news", Href: "/feed.xml"}},
	})
	// Output: <title>About us</title><meta name="description" content="What we do"><link rel="canonical" href="https://example.com/docs/de/about"><meta property="og:type" content="website"><link rel="alternate" type="application/rss+xml" title="Notes &amp; news" href="/docs/de/feed.xml">
}

func ExampleImage() {
	show(gorgon.Image{Src: "hero.jpg", Alt: "A harbour", Lazy: true})
	// Output: <picture><img src="/docs/_gorgon/assets/hero-480.jpg" srcset="/docs/_gorgon/assets/hero-480.jpg 480w" sizes="100vw" width="1600" height="900" alt="A harbour" loading="lazy" decoding="async"></picture>
}

// The server renders the content of View; counter.ts receives the props.
func ExampleIsland() {
	show(gorgon.Island{Module: "counter.ts", On: gorgon.OnVisible, Props: map[string]int{"start": 3}, View: gorgon.Text("3")})
	// Output: <gorgon-island src="/docs/_gorgon/assets/counter-3c4d.js" on="visible">3<script type="application/json">{"start":3}</script></gorgon-island>
}

// The page's Content-Security-Policy allows the script by its digest.
func ExampleScript() {
	uses := &viewctx.Uses{} // in an app, the server reads it
	_ = gorgon.Script("document.title = 'Hi'").Render(viewctx.WithUses(inGerman, uses), os.Stdout)
	fmt.Println()
	fmt.Println(uses.Scripts)
	// Output:
	// <script>document.title = 'Hi'</script>
	// [sha256-2AZk/dxHRxmCGghLKAqMGnWZ8tU/PaBx6lsjBJ1nV08=]
}

func ExampleStyle() {
	show(gorgon.Style("b{color:red}"))
	show(gorgon.Style("</style>"))
	// Output:
	// <style>b{color:red}</style>
	// inline style: it holds </style or <!--, which end it or hide its end (write < as \x3c in a string of JavaScript, and as \3c in one of CSS)
}

func ExampleRegion() {
	show(gorgon.Region{Name: "menu", Content: gorgon.Text("Home")})
	// Output: Home
}
