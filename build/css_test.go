// References in style sheets lead to what is served.

package build

import (
	"fmt"
	"path"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/gorgon-go/gorgon"
)

func TestLinkCSS(t *testing.T) {
	servedAt := func(name string) (string, error) {
		if strings.HasPrefix(name, "..") || strings.Contains(name, "gone") {
			return "", fmt.Errorf("there is no asset %s", name)
		}
		ext := path.Ext(name)
		return assetFolder + strings.TrimSuffix(name, ext) + ".0" + ext, nil
	}
	for _, c := range []struct{ css, want string }{
		{`a{b:url(bg.svg)}`, `a{b:url(bg.0.svg)}`},
		{`a{b:url( "bg.svg" )}`, `a{b:url( "bg.0.svg" )}`},
		{`a{b:URL('../img/bg.svg?v=1#a')}`, `a{b:URL('../img/bg.0.svg?v=1#a')}`},
		{`url(./x/../bg.svg) url(../css/bg.svg)`, `url(bg.0.svg) url(bg.0.svg)`},
		{`url(deep/er/bg.svg)`, `url(deep/er/bg.0.svg)`},
		{`url(../../gone.svg)`, ``},
		{`url(gone.svg)`, ``},
		{`url(bg%2.svg)`, ``},
		{`@import "a.css";@import 'a.css' screen; @import/**/url(a.css);`, `@import "a.0.css";@import 'a.0.css' screen; @import/**/url(a.0.css);`},
		{`@IMPORT /* "x" */ "a.css" layer(b)`, `@IMPORT /* "x" */ "a.0.css" layer(b)`},
		{`@import url(a.css) layer("gone")`, `@import url(a.0.css) layer("gone")`},
		{`url(käse.svg) url("a b.svg") url(a%20b.svg) url(a\ b.svg) url(a\20 b.svg)`, `url(k%C3%A4se.0.svg) url("a%20b.0.svg") url(a%20b.0.svg) url(a%20b.0.svg) url(a%20b.0.svg)`},
		{`url("it's(1).svg#a)b")`, `url("it%27s%281%29.0.svg#a\29 b")`},
		{`url("./a:b.svg")`, `url("./a:b.0.svg")`},
		// What names no asset of ours stays.
		{`url(/gone.svg) url(//host/gone) url(https://host/gone) url(#gone) url(data:image/svg+xml,gone) url() url("") url(?gone)`, "="},
		{`/* url(gone.svg) @import "gone.css" */ a::before{content:"url(gone.svg)"} b{c:my-url(gone.svg)} d{e:'\'url(gone)'}`, "="},
		{`a{content:"@import 'gone.css'"} @charset "gone"; @media x { "gone" } .\url(gone)`, "="},
		{`@import x; a{content:"gone"}`, "="},
		// Nor does what is broken, and it ends.
		{`url(gone.svg`, "="}, {`url("gone.svg`, "="}, {`@import "gone`, "="}, {`/* url(gone)`, "="}, {`a\`, "="}, {`url(\`, "="}, {"'\nurl(", "="}, {`@`, "="},
	} {
		got, faults := linkCSS("css/app.css", c.css, servedAt)
		want := c.want
		if want == "=" {
			want = c.css
		}
		if (len(faults) > 0) != (want == "") {
			t.Errorf("%s: %v", c.css, faults)
		}
		if want != "" && got != want {
			t.Errorf("%s becomes\n%s, want\n%s", c.css, got, want)
		}
	}
}

func assetsOf(files map[string]string) (assets, error) {
	tree := fstest.MapFS{}
	for name, data := range files {
		tree[name] = &fstest.MapFile{Data: []byte(data)}
	}
	return readAssets(gorgon.App{Assets: tree})
}

func TestStyleSheetsFollowWhatTheyReferTo(t *testing.T) {
	read := func(svg string) (string, map[string]string) {
		a, err := assetsOf(map[string]string{
			"a.css": `@import "css/b.css";`, "css/b.css": `b{c:url(../img/bg.svg)}`, "img/bg.svg": svg, "z.css": "z{}",
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range a.files {
			if f.Path == a.names["a.css"] {
				return string(f.Data), a.names
			}
		}
		t.Fatal("a.css is not among the files")
		return "", nil
	}
	css, before := read("1")
	if want := `@import "` + strings.TrimPrefix(before["css/b.css"], assetFolder) + `";`; css != want {
		t.Errorf("a.css is %s, want %s", css, want)
	}
	_, after := read("2")
	for name, at := range before {
		if moved := after[name] != at; moved != (name != "z.css") {
			t.Errorf("%s: from %s to %s", name, at, after[name])
		}
	}
}

func TestStyleSheetFaults(t *testing.T) {
	for want, files := range map[string]map[string]string{
		`^App.Assets: css/a.css refers to ../bg.svg: there is no asset bg.svg: add the file to App.Assets, or correct the reference$`: {"css/a.css": "url(../bg.svg)", "z.css": "url(css/a.css)"},
		`a.css refers to x: .*\n.*a.css refers to y: `:                                 {"a.css": "url(x) url(y)"},
		`refers to a.css: they refer to each other in a circle, a.css, b.css, a.css`:   {"a.css": `@import "b.css"`, "b.css": `@import "a.css"`},
		`a.css refers to a.css: they refer to each other in a circle, a.css, a.css`:    {"a.css": `@import "a.css"`},
		`refers to c.css: they refer to each other in a circle, c.css, d.css, c.css: `: {"a.css": `@import "c.css"`, "c.css": `url(d.css)`, "d.css": `url(c.css)`},
	} {
		_, err := assetsOf(files)
		if err == nil || !regexp.MustCompile(want).MatchString(err.Error()) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func FuzzLinkCSS(f *testing.F) {
	f.Add(`@import "a.css"; url( 'b' ) /**/ \`)
	f.Fuzz(func(t *testing.T, css string) {
		linkCSS("a/b.css", css, func(name string) (string, error) { return assetFolder + name, nil })
	})
}
