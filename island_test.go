// Islands, inline code and images, as they stand in a page.

package gorgon_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"html"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/viewctx"
)

// rendered is a component's HTML and what it uses, in a site below /docs.
func rendered(c gorgon.Component) (string, viewctx.Uses, error) {
	var uses viewctx.Uses
	ctx := viewctx.WithUses(viewctx.WithSite(context.Background(), &viewctx.Site{Base: "/docs", Assets: viewctx.Assets{
		Paths:   map[string]string{"a.ts": "/_gorgon/assets/a.1.js", "ö.ts": "/_gorgon/assets/ö.1.js", "x,y .jpg": "/x.jpg", "bare.jpg": "/b.jpg"},
		Imports: map[string][]string{"a.ts": {"/_gorgon/assets/chunk.1.js"}},
		Images: map[string]viewctx.Picture{"x,y .jpg": {Width: 1000, Height: 500, Variants: []viewctx.Variant{
			{Type: "image/webp", Width: 480, Path: "/x,y -480.webp"}, {Type: "image/webp", Width: 1000, Path: "/x,y -1000.webp"},
			{Type: "image/png", Width: 480, Path: "/x,y -480.png"}, {Type: "image/png", Width: 1000, Path: "/x,y -1000.png"},
		}}},
	}}), &uses)
	var b strings.Builder
	err := c.Render(ctx, &b)
	return b.String(), uses, err
}

func TestIsland(t *testing.T) {
	modules := []string{"/docs/_gorgon/assets/a.1.js", "/docs/_gorgon/assets/chunk.1.js"}
	const empty = `<script type="application/json">null</script></gorgon-island>`
	for _, c := range []struct {
		island  gorgon.Island
		want    string
		modules []string
		wasm    bool
	}{
		{gorgon.Island{Module: "a.ts"}, `<gorgon-island src="/docs/_gorgon/assets/a.1.js" on="load">` + empty, modules, false},
		{gorgon.Island{Module: "a.ts", On: gorgon.OnIdle, Wasm: true}, `<gorgon-island src="/docs/_gorgon/assets/a.1.js" on="idle">` + empty, modules, true},
		{gorgon.Island{Module: "a.ts", On: gorgon.OnVisible, View: gorgon.Text("<3")}, `<gorgon-island src="/docs/_gorgon/assets/a.1.js" on="visible">&lt;3` + empty, nil, false},
		{gorgon.Island{Module: "a.ts", Media: `(min-width: 1px) and "<`}, `<gorgon-island src="/docs/_gorgon/assets/a.1.js" on="media" media="(min-width: 1px) and &#34;&lt;">` + empty, nil, false},
		{gorgon.Island{Module: "ö.ts", Props: map[string]int{"n": 1}}, `<gorgon-island src="/docs/_gorgon/assets/%C3%B6.1.js" on="load"><script type="application/json">{"n":1}</script></gorgon-island>`, []string{"/docs/_gorgon/assets/%C3%B6.1.js"}, false},
	} {
		got, uses, err := rendered(c.island)
		if err != nil || got != c.want {
			t.Errorf("got %s, %v\nwant %s", got, err, c.want)
		}
		if !uses.Runtime || !slices.Equal(uses.Modules, c.modules) || uses.Wasm != c.wasm {
			t.Errorf("%s: uses %+v", c.want, uses)
		}
	}
	for want, island := range map[string]gorgon.Island{
		"gone.ts":          {Module: "gone.ts"},
		"use OnLoad":       {Module: "a.ts", On: "sometimes"},
		"belong together":  {Module: "a.ts", On: gorgon.OnMedia},
		"both, or neither": {Module: "a.ts", On: gorgon.OnLoad, Media: "print"},
		"encoding/json":    {Module: "a.ts", Props: func() {}},
	} {
		if got, _, err := rendered(island); err == nil || !strings.Contains(err.Error(), want) || got != "" {
			t.Errorf("%+v: got %q, %v, want %s", island, got, err, want)
		}
	}
}

func TestPropsCannotEndTheirElement(t *testing.T) {
	for _, hostile := range []string{"</script><script>alert(1)</script>", "<!--<script>", "\u2028\u2029", "&lt;", `"\`, "]]>"} {
		for _, props := range []any{hostile, json.RawMessage(`"` + strings.ReplaceAll(strings.ReplaceAll(hostile, `\`, `\\`), `"`, `\"`) + `"`)} {
			got, _, err := rendered(gorgon.Island{Module: "a.ts", Props: props})
			if err != nil {
				t.Fatal(err)
			}
			_, data, _ := strings.Cut(got, `<script type="application/json">`)
			data, ok := strings.CutSuffix(data, "</script></gorgon-island>")
			var back string
			if !ok || strings.ContainsAny(data, "<>&\u2028\u2029") || json.Unmarshal([]byte(data), &back) != nil || back != hostile {
				t.Errorf("%q becomes %s", hostile, data)
			}
		}
	}
}

func TestInline(t *testing.T) {
	digest := func(s string) string {
		sum := sha256.Sum256([]byte(s))
		return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
	}
	both := gorgon.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		for _, c := range []gorgon.Component{gorgon.Script("a < b"), gorgon.Script("a < b"), gorgon.Style("p>a{}")} {
			if err := c.Render(ctx, w); err != nil {
				return err
			}
		}
		return nil
	})
	got, uses, err := rendered(both)
	if err != nil || got != "<script>a < b</script><script>a < b</script><style>p>a{}</style>" {
		t.Errorf("got %s, %v", got, err)
	}
	if !slices.Equal(uses.Scripts, []string{digest("a < b")}) || !slices.Equal(uses.Styles, []string{digest("p>a{}")}) || uses.Runtime {
		t.Errorf("uses %+v", uses)
	}
	for _, c := range []gorgon.Component{gorgon.Script("'</SCRIPT>'"), gorgon.Script("'<!--<script>'"), gorgon.Style("</style"), gorgon.Script("a\r\nb"), gorgon.Style("a\x00"), gorgon.Script("\xff")} {
		if got, uses, err := rendered(c); err == nil || got != "" || len(uses.Scripts)+len(uses.Styles) > 0 {
			t.Errorf("%q is written as %q", c, got)
		}
	}
}

func TestImage(t *testing.T) {
	got, _, err := rendered(gorgon.Image{Src: "x,y .jpg", Alt: `"q" & <a>`, Class: "hero", Lazy: true})
	want := `<picture><source type="image/webp" srcset="/docs/x%2Cy%20-480.webp 480w, /docs/x%2Cy%20-1000.webp 1000w" sizes="100vw">` +
		`<img src="/docs/x,y%20-1000.png" srcset="/docs/x%2Cy%20-480.png 480w, /docs/x%2Cy%20-1000.png 1000w" sizes="100vw" width="1000" height="500" alt="` + html.EscapeString(`"q" & <a>`) + `" class="hero" loading="lazy" decoding="async"></picture>`
	if err != nil || got != want {
		t.Errorf("got  %s, %v\nwant %s", got, err, want)
	}
	for want, image := range map[string]gorgon.Image{"gone.jpg": {Src: "gone.jpg"}, `add one to Assets.Images, such as {Match: "bare.jpg"}`: {Src: "bare.jpg"}} {
		if got, _, err := rendered(image); err == nil || !strings.Contains(err.Error(), want) || got != "" {
			t.Errorf("%s: %q, %v", image.Src, got, err)
		}
	}
}

func TestAssetsOfAnAppAreValidated(t *testing.T) {
	app := gorgon.App{Name: "a", Parts: []gorgon.Part{gorgon.Page[int]{Path: "/", View: func(int) gorgon.Component { return gorgon.Text("") }}},
		Assets: gorgon.Assets{
			Images:   []gorgon.ImageRule{{Match: "[", Widths: []int{0, 99999}, Quality: 101}, {}},
			Aliases:  map[string]string{"favicon.ico": "a", "//evil": "a", "/_gorgon/x": "a", "/ok": "a"},
			Programs: map[string]string{"../life.wasm": "./life", "life.js": "./life", "life.wasm": "./life"},
		},
	}
	err := app.Validate()
	if err == nil {
		t.Fatal("nothing is wrong")
	}
	for _, want := range []string{`Images[0].Match "["`, `Images[0].Quality 101`, "Widths holds 0", "Widths holds 99999", `Images[1].Match ""`,
		`alias "favicon.ico"`, `alias "//evil"`, `alias "/_gorgon/x"`, `program "../life.wasm"`, `program "life.js"`} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no word of %s in\n%v", want, err)
		}
	}
	if strings.Contains(err.Error(), `"/ok"`) || strings.Contains(err.Error(), `"life.wasm":`) {
		t.Errorf("what is right is refused:\n%v", err)
	}
}
