// Every page renders, obeys a strict content security policy, and takes its
// state from JSON.

package views

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/a-h/templ"
	"github.com/gorgon-go/gorgon/examples/godoc/library"
	"github.com/gorgon-go/gorgon/viewctx"
)

// kept is the state after the trip through JSON that every state makes.
func kept[S any](t *testing.T, s S) S {
	t.Helper()
	b, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	var back S
	if err := json.Unmarshal(b, &back); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(s, back) {
		t.Errorf("%T does not survive JSON", s)
	}
	return back
}

// pages renders every kind of page from the Go that runs the test.
func pages(t *testing.T) map[string]string {
	t.Helper()
	ctx := viewctx.WithSite(t.Context(), &viewctx.Site{Assets: viewctx.Assets{Paths: map[string]string{"favicon.svg": "/f.svg", "app.css": "/a.css", "app.js": "/a.js"}}})
	l, err := library.Open(ctx)
	if err != nil {
		t.Skipf("no Go to read: %v", err)
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	catalog, err := l.Catalog(ctx)
	must(err)
	out := make(map[string]string)
	page := func(name string, m Meta, main templ.Component) {
		var b strings.Builder
		must(Layout(LayoutState{Head: Head(m), Main: main, At: "/" + name}).Render(ctx, &b))
		out[name] = b.String()
	}

	home := kept(t, NewHome(catalog))
	page("home", HomeMeta(home), Home(home))
	for _, path := range []string{"net/http", "builtin", "encoding", "cmd/go", "unicode", "slices", "syscall/js"} {
		pkg, err := l.Package(ctx, path)
		must(err)
		s := kept(t, PackageState{Package: pkg, Above: Above(path, func(path string) string { return "/pkg/" + path }), Below: Below(catalog, path)})
		page("pkg "+path, PackageMeta(s), PackagePage(s))
	}
	for _, name := range []string{"net/http.Server", "net/http.Server.Shutdown", "net/http.StatusOK", "io.EOF", "slices.SortFunc"} {
		sym, err := l.Symbol(ctx, first(name), second(name))
		must(err)
		s := kept(t, SymbolState{sym})
		page("sym "+name, SymbolMeta(s), SymbolPage(s))
	}
	src, err := l.Source(ctx, "net/http", "server.go")
	must(err)
	source := kept(t, SourceState{src})
	page("src", SourceMeta(source), SourcePage(source))

	modules, err := l.Modules(ctx)
	must(err)
	installed := kept(t, NewInstalled(l.GoVersion(), modules))
	page("installed", InstalledMeta(installed), InstalledPage(installed))
	for _, m := range modules {
		if m.Path != "golang.org/x/mod" && m.Path != "github.com/a-h/templ" {
			continue
		}
		mod, err := l.Module(ctx, m.String())
		must(err)
		s := ModuleState{Module: mod}
		if root, err := l.ModulePackage(ctx, m.String()); err == nil {
			s.Root = &root
		} else if !errors.Is(err, os.ErrNotExist) {
			t.Error(err)
		}
		s = kept(t, s)
		page("mod "+m.Path, ModuleMeta(s), ModulePage(s))
		pkg, err := l.ModulePackage(ctx, mod.Packages[len(mod.Packages)-1].Path)
		must(err)
		ps := kept(t, PackageState{Package: pkg})
		page("modpkg "+m.Path, PackageMeta(ps), ModulePackagePage(ps))
	}
	index := new(library.Index)
	index.SetCatalog(catalog)
	for name, query := range map[string]string{"search": "http server", "search none": `<script>"`, "search empty": ""} {
		results, total := index.Search(query, library.MaxResults)
		library.Describe(results, func(string) (library.Contents, bool) {
			return library.Contents{Packages: catalog.Packages, Commands: catalog.Commands}, true
		})
		s := kept(t, SearchState{Query: query, Results: results, Total: total, Index: index.Size()})
		page(name, SearchMeta(s), SearchPage(s))
	}
	reading := kept(t, ReadingState{Recommended: Recommend(catalog), Greeting: "Good evening", Recent: Below(catalog, "net")})
	page("reading", ReadingMeta(reading), ReadingPage(reading))
	page("error", Meta{Title: "Not found"}, ErrorPage(404, "No such package", "It may be spelled differently."))
	return out
}

func first(s string) string  { path, _ := library.SplitSymbol(s); return path }
func second(s string) string { _, name := library.SplitSymbol(s); return name }

var (
	inline = regexp.MustCompile(`<style|<script>|<script [^>]*>[^<]|\sstyle="|\son[a-z]+="|javascript:`)
	ids    = regexp.MustCompile(`\sid="([^"]*)"`)
	hashes = regexp.MustCompile(`href="#([^"]*)"`)
	tagged = regexp.MustCompile(`<[^>]*>`)
)

func TestPages(t *testing.T) {
	for name, html := range pages(t) {
		for _, tag := range tagged.FindAllString(html, -1) {
			if found := inline.FindString(tag); found != "" && !strings.HasPrefix(tag, "<script defer") {
				t.Errorf("%s: %s is not allowed by the content security policy", name, tag)
			}
		}
		have := make(map[string]bool)
		for _, m := range ids.FindAllStringSubmatch(html, -1) {
			if have[m[1]] {
				t.Errorf("%s: id %q is there twice", name, m[1])
			}
			have[m[1]] = true
		}
		missing := 0
		for _, m := range hashes.FindAllStringSubmatch(html, -1) {
			if !have[m[1]] {
				missing++
				t.Logf("%s: no #%s", name, m[1])
			}
		}
		if missing > 0 {
			t.Errorf("%s: %d links lead nowhere in the page", name, missing)
		}
		if dir := os.Getenv("GODOC_PAGES"); dir != "" {
			file := filepath.Join(dir, strings.NewReplacer(" ", "_", "/", "_").Replace(name)+".html")
			if err := os.WriteFile(file, []byte(html), 0o644); err != nil {
				t.Error(err)
			}
		}
	}
}

func TestPaths(t *testing.T) {
	if got := shown(t, slashed("a.example/<b>/c@v1")); got != "a.example/<wbr>&lt;b&gt;/<wbr>c@v1" {
		t.Errorf("got %s", got)
	}
	only := func(want string) func(string) string {
		return func(path string) string { return map[bool]string{true: "/to/" + path}[path == want] }
	}
	if got, want := Above("a/b/c", only("a/b")), []Crumb{{"a", ""}, {"b", "/to/a/b"}}; !reflect.DeepEqual(got, want) {
		t.Errorf("above a/b/c are %v, want %v", got, want)
	}
	html := shown(t, packageHeader(library.Package{Path: "a/b/c", Name: "c"}, Above("a/b/c", only("a/b"))))
	if !strings.Contains(html, `<a href="/to/a/b">b</a>`) || strings.Contains(html, ">a</a>") {
		t.Errorf("got %s", html)
	}
}

func TestResultsThatAreCutOff(t *testing.T) {
	results := make([]library.Result, 60)
	for total, want := range map[int]string{60: ">60 results for “s”", 61: ">The first 60 of 61 results for “s”"} {
		if html := shown(t, SearchPage(SearchState{Query: "s", Results: results, Total: total})); !strings.Contains(html, want) {
			t.Errorf("of %d: no %s", total, want)
		}
	}
}

func shown(t *testing.T, c templ.Component) string {
	t.Helper()
	var b strings.Builder
	if err := c.Render(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestErrorPageEscapes(t *testing.T) {
	var b strings.Builder
	if err := ErrorPage(404, "<b>", "<script>").Render(context.Background(), &b); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(b.String(), "<script>") || strings.Contains(b.String(), "<b>") {
		t.Errorf("not escaped: %s", b.String())
	}
}

// No control stands within another: screen readers and keyboards reach one of them only.
func TestControlsAreNotNested(t *testing.T) {
	for name, text := range pages(t) {
		document, err := goquery.NewDocumentFromReader(strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		const controls = "a[href], button, input, select, textarea, summary"
		document.Find("a, button, summary, label").Each(func(_ int, outer *goquery.Selection) {
			if inner := outer.Find(controls); inner.Length() > 0 && !outer.Is("label") {
				html, _ := goquery.OuterHtml(outer)
				t.Errorf("%s: %.200s", name, html)
			}
		})
		if n := document.Find(".branch > a + details > summary[aria-label]").Length(); name == "pkg net/http" && n < 10 {
			t.Errorf("%s: the contents have %d types that open", name, n)
		}
	}
}

// go/doc closes no paragraphs and no items: each counts, and so does what is among them.
func TestDocHeight(t *testing.T) {
	long := strings.Repeat("word ", 30) // two rows
	for doc, want := range map[string]height{
		"":                                {},
		"<p>One.\n":                       {fixed: 0.63, text: 1},
		"<p>One.\n<p>" + long + "\n":      {fixed: 1.26, text: 3},
		"<p>One.\n<pre>a\nb\n</pre>\n":    {fixed: 0.63 + 1.7 + 2*0.82, text: 1},
		"<ul>\n<li>One.\n<li>Two.\n</ul>": {fixed: 0.63, text: 2},
		"<ol>\n<li><p>One.\n<p>" + long + "</ol>\n<h4 id=\"x\">More</h4>\n<p>Two.": {fixed: 4*0.63 + 1.6, text: 4},
	} {
		if got := docHeight(doc); math.Abs(got.fixed-want.fixed) > 0.01 || got.text != want.text || got.wrapped != want.wrapped {
			t.Errorf("%q: %v, want %v", doc, got, want)
		}
	}
}
