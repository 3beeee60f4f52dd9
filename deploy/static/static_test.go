// What is written for three sites, held against golden files and against the
// programs that read it.

package static_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pelletier/go-toml/v2"

	"github.com/gorgon-go/gorgon"
	httpanswer "github.com/gorgon-go/gorgon/answer"
	"github.com/gorgon-go/gorgon/build"
	"github.com/gorgon-go/gorgon/bundle"
	"github.com/gorgon-go/gorgon/command"
	"github.com/gorgon-go/gorgon/deploy"
	"github.com/gorgon-go/gorgon/deploy/static"
	"github.com/gorgon-go/gorgon/pack"
	"github.com/gorgon-go/gorgon/plan"
	"github.com/gorgon-go/gorgon/testbed"
)

var update = flag.Bool("update", false, "write the golden files")

type page = gorgon.Page[string]

func view(s string) gorgon.Component {
	return gorgon.HTML("<p>" + strings.Repeat(s+" ", 100) + "</p>")
}

func where(_ context.Context, in gorgon.Input) (string, error) {
	switch in.PathValue("x") {
	case "old":
		return "", gorgon.RedirectPermanently("/about")
	case "soon":
		return "", gorgon.Redirect("https://example.org/a?b=c#d")
	}
	return in.Locale + in.Path, nil
}

func paths(list ...string) func(context.Context, gorgon.Input) ([]string, error) {
	return func(context.Context, gorgon.Input) ([]string, error) { return list, nil }
}

// An example is an app with where it lies.
type example struct {
	app      gorgon.App
	base     string
	domain   string
	accepted []string
}

func examples() map[string]example {
	feed := func(string) http.Header {
		return http.Header{"Content-Type": {"application/rss+xml"}, "X-Robots-Tag": {"noindex"}}
	}
	private := func(string) http.Header {
		return http.Header{"Cache-Control": {"no-cache"}, "Content-Security-Policy": {"default-src 'none'"}}
	}
	return map[string]example{
		"plain": {app: gorgon.App{Name: "plain", Parts: []gorgon.Part{page{Path: "/", View: view}, page{Path: "/about", View: view, Load: where}}}},
		"rich": {
			domain: "shop.example.com",
			app: gorgon.App{
				Name: "rich", Origin: "https://shop.example.com", Locales: gorgon.Locales{Tags: []string{"en", "de"}},
				Headers: http.Header{"X-Motto": {`"50%" of {all} $things, \o/`}, "Referrer-Policy": {""}},
				Assets: gorgon.Assets{
					Files:  fstest.MapFS{"app.css": {Data: []byte("p{color:red}")}, "js/app.js": {Data: []byte("1")}},
					Static: fstest.MapFS{"favicon.ico": {Data: []byte("icon")}, "data/a b.json": {Data: []byte("{}")}, "style.css": {Data: []byte("a{}")}, "page.html": {Data: []byte("<p>")}},
				},
				Error: func(f gorgon.Failure) gorgon.Component { return gorgon.Text(f.Title) },
				Parts: []gorgon.Part{
					page{Path: "/", View: view, Load: where},
					page{Path: "/about", View: view, Load: where},
					page{Path: "/list/", View: view, Load: where},
					page{Path: "/feed.css", View: view, Load: where, Headers: feed},
					page{Path: "/strict", View: view, Load: where, Headers: private},
					page{Path: "/at/{x}", View: view, Load: where, Paths: paths("/at/käse", "/at/a b", "/at/old", "/at/soon", "/at/it's")},
				},
			},
		},
		// As most pages of the tools are whose sites are moved: with slashes.
		"slashes": {
			domain: "ada.github.io",
			app: gorgon.App{
				Name: "slashes", Origin: "https://ada.github.io", Locales: gorgon.Locales{Tags: []string{"en", "de"}},
				Assets: gorgon.Assets{Static: fstest.MapFS{"data/index.html": {Data: []byte("<p>")}}},
				Parts: []gorgon.Part{
					page{Path: "/{$}", View: view, Load: where},
					page{Path: "/about", View: view, Load: where},
					page{Path: "/posts/{x}/", View: view, Load: where, Paths: paths("/posts/käse/", "/posts/a b/", "/posts/c#/")},
					page{Path: "/posts/strict/", View: view, Load: where, Headers: private},
					page{Path: "/tags/{x}/", View: view, Load: where, Paths: paths("/tags/1/", "/tags/2/")},
					page{Path: "/tags/{x}/index.xml", View: view, Load: where, Headers: feed, Paths: paths("/tags/1/index.xml", "/tags/2/index.xml")},
					gorgon.Redirects{
						"/old/": "/posts/a b/", "/old/page": "/about", "/2019/old.html": "/tags/1/?page=1#top", "/out": "https://example.org/$x?z%7B#a$b",
						"/far": "https://example.org/#there",
					},
				},
			},
		},
		"docs": {
			base: "/docs", accepted: []string{"process", "refresh"},
			app: gorgon.App{
				Name: "docs", Assets: gorgon.Assets{Files: fstest.MapFS{"a.css": {Data: []byte("p{top:0}")}}},
				Parts: []gorgon.Part{
					page{Path: "/", View: view, Load: where, RevalidateAfter: time.Hour},
					page{Path: "/{x}", View: view, Load: where, Paths: paths("/old", "/new")},
					page{Path: "/now", View: view, LoadRequest: func(context.Context, gorgon.Input, *http.Request) (string, error) { return "", nil }},
				},
			},
		},
	}
}

// site builds an app and describes its package.
func (e example) site(t *testing.T) deploy.Site {
	t.Helper()
	if err := e.app.Validate(); err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	report, err := build.Run(t.Context(), build.Config{App: e.app, Bundle: bundle.Bundler{}.Bundle, Out: filepath.Join(folder, "seed"), Base: e.base, Binary: "b", Time: time.Unix(1_700_000_000, 0)})
	if err != nil {
		t.Fatal(err)
	}
	setting := plan.Setting{Store: "none"}
	app := plan.Describe(e.app)
	if app.Headers, err = httpanswer.Headers(e.app); err != nil {
		t.Fatal(err)
	}
	run := func(ctx context.Context, args ...string) ([]byte, error) {
		var out, log bytes.Buffer
		if code := command.Run(ctx, e.app, command.Config{}, append(args, "--seed", filepath.Join(folder, "seed")), &out, &log); code != command.OK {
			return nil, errors.New(log.String())
		}
		return out.Bytes(), nil
	}
	return deploy.Site{
		App: app, Run: run, Outcome: plan.Judge(app, static.Target().Target, setting), Folder: folder, Domain: e.domain,
		Package: pack.Manifest{
			Format: pack.Format, App: e.app.Name, Build: report.Build, Base: e.base, Seed: "seed", Program: e.app.Name,
			Pages: report.Pages, Parts: plan.Parts(e.app),
			Deployed: &pack.Deployed{Target: "static", Setting: setting, Accepted: e.accepted},
		},
	}
}

// written writes what is deployed.
func (e example) written(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	if err := static.Target().Write(t.Context(), e.site(t), folder); err != nil {
		t.Fatal(err)
	}
	return folder
}

func TestGolden(t *testing.T) {
	for name, e := range examples() {
		t.Run(name, func(t *testing.T) {
			golden := filepath.Join("testdata", name)
			folder := e.written(t)
			// What export writes is package export's to test; the manifest lists it.
			for file := range read(t, filepath.Join(folder, static.SiteName)) {
				if strings.HasPrefix(file, "_") && !strings.Contains(file, "/") || strings.HasSuffix(file, "CNAME") {
					continue
				}
				if err := os.Remove(filepath.Join(folder, static.SiteName, file)); err != nil {
					t.Fatal(err)
				}
			}
			if *update {
				if err := errors.Join(os.RemoveAll(golden), os.CopyFS(golden, os.DirFS(folder))); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(read(t, golden), read(t, folder)); diff != "" {
				t.Errorf("run with -update if this is meant (-golden +written):\n%s", diff)
			}
		})
	}
}

// read reads a tree.
func read(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(filepath.Join(dir, name))
		files[name] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestSameBytesTwice(t *testing.T) {
	e := examples()["rich"]
	if diff := cmp.Diff(read(t, e.written(t)), read(t, e.written(t))); diff != "" {
		t.Error(diff)
	}
}

func TestWhatIsNotStaticIsRefusedUnlessAccepted(t *testing.T) {
	e := examples()["docs"]
	e.accepted = nil
	err := static.Target().Write(t.Context(), e.site(t), t.TempDir())
	if err == nil || !strings.Contains(err.Error(), "page /now") {
		t.Errorf("got %v", err)
	}
}

func TestScriptIsPlain(t *testing.T) {
	for name, e := range examples() {
		script := filepath.Join(e.written(t), "s3", "upload.sh")
		for _, check := range [][]string{{"shellcheck", "--shell=sh", script}, {"dash", "-n", script}} {
			if said, err := exec.CommandContext(t.Context(), testbed.Program(t, check[0]), check[1:]...).CombinedOutput(); err != nil {
				t.Errorf("%s: %s: %v\n%s", name, check[0], err, said)
			}
		}
	}
}

// Of more rules and redirects than Cloudflare Pages reads, the README says so.
func TestLimitsAreSaid(t *testing.T) {
	var moved, own []string
	for i := range 2001 {
		moved = append(moved, fmt.Sprintf("/moved/%04d", i))
	}
	for i := range 60 {
		own = append(own, fmt.Sprintf("/own/%02d", i))
	}
	e := example{app: gorgon.App{Name: "many", Parts: []gorgon.Part{
		page{Path: "/moved/{x}", View: view, Paths: paths(moved...), Load: func(context.Context, gorgon.Input) (string, error) {
			return "", gorgon.Redirect("/own/00")
		}},
		page{Path: "/own/{x}", View: view, Paths: paths(append(own, "/own/a:b")...), Headers: func(string) http.Header { return http.Header{"X-Robots-Tag": {"noindex"}} }},
		page{Path: "/own/plain", View: view}, // so that one rule does not do for all of them
		page{Path: "/long", View: view, Headers: func(string) http.Header { return http.Header{"X-Long": {strings.Repeat("x", 2000)}} }},
		page{Path: "/from/{x}", View: view, Paths: paths("/from/:x", "/from/far"), Load: func(_ context.Context, in gorgon.Input) (string, error) {
			return "", gorgon.Redirect("https://example.com/" + strings.Repeat("y", 2100))
		}},
	}}}
	folder := e.written(t)
	readme, err := os.ReadFile(filepath.Join(folder, deploy.ReadmeName))
	if err != nil {
		t.Fatal(err)
	}
	for _, said := range []string{
		"It reads 100 rules of `_headers`: those from `/own/", "It reads lines of 2000 characters: X-Long of `/long`",
		"It reads 2000 redirects: those from `/moved/1999` on", "It reads redirects of 1000 characters: that of `/from/far`",
		"Page `/own/a:b` has headers of its own, which are not sent", "The redirect of `/from/:x` is not made: it holds",
		"The redirect of `/from/far` is not made: it leads to more than 2048 bytes",
	} {
		if !bytes.Contains(readme, []byte(said)) {
			t.Errorf("the README does not say %q", said)
		}
	}
	if _, err := parseHeaders(read(t, folder)["site/_headers"]); err != nil {
		t.Error(err)
	}
}

// parseHeaders reads _headers as its hosts do.
func parseHeaders(text string) (map[string]http.Header, error) {
	rules := map[string]http.Header{}
	var at string
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
		case strings.HasPrefix(line, "/"):
			if _, twice := rules[line]; twice || strings.ContainsAny(line, " :") || strings.Count(line, "*") > 1 {
				return nil, fmt.Errorf("rule %q", line)
			}
			at = line
			rules[at] = http.Header{}
		default:
			name, value, ok := strings.Cut(strings.TrimPrefix(line, "  "), ": ")
			if at == "" || !ok || !strings.HasPrefix(line, "  ") || http.CanonicalHeaderKey(name) != name {
				return nil, fmt.Errorf("line %q", line)
			}
			rules[at].Add(name, value)
		}
	}
	return rules, nil
}

func TestHeadersAndRedirects(t *testing.T) {
	files := read(t, examples()["rich"].written(t))
	rules, err := parseHeaders(files["site/_headers"])
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]http.Header{
		"/*": {
			"Content-Security-Policy": {"default-src 'self'; img-src 'self' data:; base-uri 'self'; object-src 'none'; frame-ancestors 'self'; form-action 'self'"},
			"X-Content-Type-Options":  {"nosniff"}, "X-Motto": {`"50%" of {all} $things, \o/`},
		},
		"/_gorgon/assets/*": {"Cache-Control": {"public, max-age=31536000, immutable"}},
	}
	for _, at := range []string{"/feed.css", "/de/feed.css"} {
		want[at] = http.Header{"Content-Type": {"application/rss+xml"}, "X-Robots-Tag": {"noindex"}}
	}
	for _, at := range []string{"/strict", "/strict/", "/de/strict", "/de/strict/"} {
		want[at] = http.Header{"Cache-Control": {"no-cache"}}
	}
	if diff := cmp.Diff(want, rules); diff != "" {
		t.Errorf("_headers (-want +written):\n%s", diff)
	}
	var redirects []string
	for line := range strings.Lines(files["site/_redirects"]) {
		if !strings.HasPrefix(line, "#") {
			redirects = append(redirects, strings.TrimSpace(line))
		}
	}
	if diff := cmp.Diff([]string{
		"/at/old /about 301", "/at/soon https://example.org/a?b=c#d 302",
		"/de/at/old /de/about 301", "/de/at/soon https://example.org/a?b=c#d 302",
	}, redirects); diff != "" {
		t.Errorf("_redirects (-want +written):\n%s", diff)
	}
}

func TestManifestListsAll(t *testing.T) {
	for name, e := range examples() {
		folder := e.written(t)
		files := read(t, filepath.Join(folder, static.SiteName))
		var u static.Upload
		data, err := os.ReadFile(filepath.Join(folder, "s3", "manifest.json"))
		if err = errors.Join(err, json.Unmarshal(data, &u)); err != nil {
			t.Fatal(err)
		}
		for _, o := range u.Objects {
			if o.Redirect == "" && (o.File == "" || len(files[o.File]) != o.Size || o.ContentType == "") || o.CacheControl == "" {
				t.Errorf("%s: %+v", name, o)
			}
			delete(files, o.File)
		}
		for left := range files {
			switch base := filepath.Base(left); base {
			case "_headers", "_redirects", ".nojekyll", "CNAME":
			default:
				t.Errorf("%s: %s is not in the manifest", name, left)
			}
		}
	}
}

// Of the hosts, Netlify alone knows which language a visitor reads.
func TestNetlifySendsVisitorsToTheirLanguage(t *testing.T) {
	e := example{base: "/docs", app: gorgon.App{
		Name: "spoken", Locales: gorgon.Locales{Tags: []string{"en", "de"}, PrefixDefault: true},
		Parts: []gorgon.Part{page{Path: "/", View: view, Load: where}},
	}}
	folder := e.written(t)
	file, err := os.ReadFile(filepath.Join(folder, "netlify.toml"))
	if err != nil {
		t.Fatal(err)
	}
	var read struct {
		Redirects []struct {
			From, To   string
			Status     int
			Force      bool
			Conditions map[string][]string
		}
	}
	if err := toml.Unmarshal(file, &read); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range read.Redirects {
		got = append(got, fmt.Sprint(r.From, " ", r.To, " ", r.Status, " ", r.Force, " ", r.Conditions["Language"]))
	}
	want := []string{
		"/docs/ /docs/en 302 true [en]", "/docs/ /docs/de 302 true [de]",
		"/docs/en/* /docs/en/404.html 404 false []", "/docs/de/* /docs/de/404.html 404 false []",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for name, part := range map[string]string{"index.html": `href="/docs/de"`, "de/404.html": `lang="de"`, "en/404.html": `lang="en"`, "404.html": `lang="en"`} {
		page, err := os.ReadFile(filepath.Join(folder, static.SiteName, "docs", filepath.FromSlash(name)))
		if err != nil || !strings.Contains(string(page), part) {
			t.Errorf("%s: %v\n%s", name, err, page)
		}
	}
}

// What GitHub Pages serves: the whole site, or of a project's pages, which lie below
// its name, the folder of the base path. A domain is named if it is one's own.
func TestGitHubServesTheRightFolder(t *testing.T) {
	for _, c := range []struct{ domain, base, path string }{
		{"", "", "site"}, {"", "/blog", "site/blog"}, {"me.github.io", "", "site"}, {"me.github.io", "/blog", "site/blog"},
		{"blog.example.com", "", "site"}, {"blog.example.com", "/blog", "site"}, {"me.github.io", "/a/b", "site"},
	} {
		e := example{domain: c.domain, base: c.base, app: gorgon.App{Name: "blog", Parts: []gorgon.Part{page{Path: "/", View: view}}}}
		if c.domain != "" {
			e.app.Origin = "https://" + c.domain
		}
		folder := e.written(t)
		flow, err := os.ReadFile(filepath.Join(folder, ".github/workflows/pages.yml"))
		if err != nil || !strings.Contains(string(flow), "path: "+c.path+"\n") {
			t.Errorf("%+v: the workflow uploads another folder: %v\n%s", c, err, flow)
		}
		name, err := os.ReadFile(filepath.Join(folder, c.path, "CNAME"))
		if own := c.domain != "" && !strings.HasSuffix(c.domain, ".github.io"); own != (err == nil) || own && string(name) != c.domain+"\n" {
			t.Errorf("%+v: CNAME is %q, %v", c, name, err)
		}
	}
}
