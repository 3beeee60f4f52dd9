// What web servers answer with the files that are written, held against what
// the program answers.

package static_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gorgon-go/gorgon"
	httpanswer "github.com/gorgon-go/gorgon/answer"
	"github.com/gorgon-go/gorgon/cache"
	"github.com/gorgon-go/gorgon/deploy"
	"github.com/gorgon-go/gorgon/deploy/static"
	"github.com/gorgon-go/gorgon/mem"
	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/render"
	"github.com/gorgon-go/gorgon/seed"
	"github.com/gorgon-go/gorgon/serve"
	"github.com/gorgon-go/gorgon/testbed"
)

// served is what the program serves of a package.
func served(t *testing.T, app gorgon.App, s deploy.Site) (http.Handler, *seed.Seed) {
	t.Helper()
	opened, err := seed.Open(filepath.Join(s.Folder, s.Package.Seed))
	if err != nil {
		t.Fatal(err)
	}
	store := mem.Open(mem.Options{})
	m := opened.Manifest()
	r := &render.Renderer{App: app, Build: m.Build, Values: app.ReadValues(opened.Value), Site: opened.Site(app)}
	kept, err := cache.New(cache.Config{Renderer: r, Seed: opened, Store: store, Prepare: httpanswer.Prepare})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = kept.Close(); _ = store.Close(); _ = opened.Close() })
	h, err := serve.New(serve.Config{App: app, Renderer: r, Cache: kept, Files: func(path string) (httpanswer.File, bool) {
		f, err := opened.File(path)
		return httpanswer.File{ContentType: f.ContentType, Immutable: f.Immutable, ETag: f.ETag, Data: f.Data, Gzip: f.Gzip, Brotli: f.Brotli, Zstd: f.Zstd}, err == nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	return h, opened
}

// An answer is what a host has to answer as the program does.
type answer struct {
	Status int
	Header http.Header
	Body   string
}

// compared are the headers that are held against each other; the others, such
// as ETag and Date, are each server's own.
var compared = []string{
	"Cache-Control", "Content-Type", "Location", "Content-Security-Policy", "Referrer-Policy",
	"X-Content-Type-Options", "X-Motto", "X-Robots-Tag", "Content-Encoding",
}

func ask(t *testing.T, at, encoding string) answer {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, at, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept-Encoding", encoding)
	response, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	a := answer{response.StatusCode, http.Header{}, string(body)}
	for _, name := range compared {
		if values := response.Header[name]; values != nil {
			a.Header[name] = values
		}
	}
	if a.Status >= 300 && a.Status <= 399 {
		a.Body = "" // servers add a line for those who do not follow
		delete(a.Header, "Content-Type")
	}
	return a
}

// paths of a site: all that was exported, all redirects, and what visitors
// mistype.
func (e example) paths(t *testing.T, opened *seed.Seed) []string {
	t.Helper()
	var list []string
	for entry, err := range opened.Entries() {
		if err != nil {
			t.Fatal(err)
		}
		if d := entry.Key.Route; d == "/now" {
			continue
		}
		at := gorgon.EscapePath(e.base + e.app.Prefixes().Path(entry.Key.Locale, entry.Key.Path))
		list = append(list, at)
		if entry.Status != http.StatusOK {
			list = append(list, at+"?a=%2F&b", at+"?")
		} else if html := pages.IsHTML(entry.Header); html {
			list = append(list, strings.TrimSuffix(at, "/")+"/index.html")
		}
		if at != e.base+"/" {
			if at[len(at)-1] == '/' {
				list = append(list, at[:len(at)-1])
			} else {
				list = append(list, at+"/")
			}
		}
	}
	for f, err := range opened.Files() {
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, gorgon.EscapePath(e.base+f.Path))
	}
	for _, locale := range e.app.Locales.Tags {
		list = append(list, e.base+"/"+locale+"/nothing", e.base+"/"+locale+"x/nothing")
	}
	list = append(list, e.base+"/nothing/here", e.base+"/_gorgon/assets/nothing.css", e.base+"/nothing.css", e.base+"/_gorgon/assets/", "/_headers", "/_redirects", "/.nojekyll", "/CNAME")
	// What stands behind a question mark stays with a redirect to the one URL.
	if e.base == "" {
		list = append(list, "/about/?a=/c/", "/list?a=b")
	} else {
		list = append(list, e.base+"/new/?a=b", "/", "/elsewhere", e.base)
	}
	slices.Sort(list)
	return list
}

func TestAnswersAreThoseOfTheProgram(t *testing.T) {
	for name, e := range examples() {
		s := e.site(t)
		folder := t.TempDir()
		if err := static.Target().Write(t.Context(), s, folder); err != nil {
			t.Fatal(err)
		}
		// The servers run as a user who may not read tests' folders.
		if err := os.Chmod(filepath.Dir(folder), 0o755); err != nil {
			t.Fatal(err)
		}
		root := filepath.Join(folder, static.SiteName)
		handler, opened := served(t, e.app, s)
		program := httptest.NewServer(handler)
		t.Cleanup(program.Close)
		for server, start := range map[string]func(t *testing.T) (*testbed.Server, error){
			"caddy": func(t *testing.T) (*testbed.Server, error) {
				file, err := os.ReadFile(filepath.Join(folder, "Caddyfile"))
				if err != nil {
					t.Fatal(err)
				}
				return testbed.Caddy(file, "ROOT="+root)
			},
			"nginx": func(t *testing.T) (*testbed.Server, error) {
				file, err := os.ReadFile(filepath.Join(folder, "nginx.conf"))
				if err != nil {
					t.Fatal(err)
				}
				return testbed.Nginx(bytes.ReplaceAll(file, []byte("/srv/"+s.Package.App+"/site"), []byte(root)))
			},
		} {
			t.Run(name+"/"+server, func(t *testing.T) {
				host := testbed.For(t, func() (*testbed.Server, error) { return start(t) })
				for _, at := range e.paths(t, opened) {
					want, got := ask(t, program.URL+at, "identity"), ask(t, host.URL+at, "identity")
					if want.Status == http.StatusPermanentRedirect && strings.Contains(at, "?") {
						// The program stores no answer to a query of its visitors.
						delete(want.Header, "Cache-Control")
						delete(got.Header, "Cache-Control")
					}
					if diff := cmp.Diff(want, got); diff != "" {
						t.Errorf("%s (-program +%s):\n%s", at, server, diff)
					}
				}
				if got := ask(t, host.URL+e.base+"/", "gzip"); name == "rich" && got.Header.Get("Content-Encoding") != "gzip" {
					t.Errorf("the home page is not compressed: %v", got.Header)
				}
				// A page that comes later is right with the configuration of before.
				later := filepath.Join(root, filepath.FromSlash(e.base), "quite", "new")
				if err := os.MkdirAll(later, 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(filepath.Join(later, "index.html"), []byte("<p>new"), 0o644); err != nil {
					t.Fatal(err)
				}
				right, wrong := e.base+"/quite/new", e.base+"/quite/new/"
				if name == "slashes" {
					right, wrong = wrong, right
				}
				if got := ask(t, host.URL+right, "identity"); got.Status != http.StatusOK || got.Body != "<p>new" {
					t.Errorf("%s: %+v", right, got)
				}
				if got := ask(t, host.URL+wrong+"?a", "identity"); got.Status != http.StatusPermanentRedirect || got.Header.Get("Location") != right+"?a" {
					t.Errorf("%s: %+v", wrong, got)
				}
				// No redirect leads elsewhere.
				for _, at := range []string{"//list", "//about/", "//example.com/", "/%2fexample.com/", "/\\example.com/"} {
					if to := ask(t, host.URL+at, "identity").Header.Get("Location"); to != "" && (len(to) < 2 || to[0] != '/' || to[1] == '/' || to[1] == '\\') {
						t.Errorf("%s leads to %q", at, to)
					}
				}
			})
		}
	}
}
