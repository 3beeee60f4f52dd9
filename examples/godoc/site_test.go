// What the site answers: searches, suggestions, and addresses of elsewhere.

package main

import (
	"context"
	"encoding/json"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/examples/godoc/library"
	"github.com/gorgon-go/gorgon/gorgontest"
)

// madeUp is the Go that runs the test, with a small module cache.
func madeUp(t *testing.T) (lib *library.Library, modcache string) {
	t.Helper()
	modcache = t.TempDir()
	put(t, modcache, map[string]string{
		"example.com/web@v1.0.0/go.mod":          "module example.com/web\n\ngo 1.24\n",
		"example.com/web@v1.0.0/w.go":            "// Package web routes requests.\npackage web\n\n// A Router routes.\ntype Router struct{}\n\n// Handle adds a route.\nfunc (*Router) Handle(path string) {}\n",
		"example.com/web@v1.0.0/sub/s.go":        "// Package sub is below.\npackage sub\n",
		"example.com/web@v0.9.0/w.go":            "package web\n",
		"example.com/tools@v1.0.0/cmd/tool/m.go": "// Tool cuts.\npackage main\n",
		"example.com/!big/!name@v2.0.0/n.go":     "package name\n",
	})
	t.Setenv("GOMODCACHE", modcache)
	lib, err := library.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return lib, modcache
}

func put(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, content := range files {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// index runs the app's service until the module cache has been read, and a search
// for a word finds a module.
func index(t *testing.T, site *gorgontest.Site, app gorgon.App, word, module string) {
	t.Helper()
	ctx, cancel := context.WithCancel(site.Context())
	done := make(chan error, 1)
	for _, s := range app.Services() {
		if s.Name == "index" {
			go func() { done <- s.Run(ctx) }()
		}
	}
	for t.Context().Err() == nil {
		if page := site.Get("/search?q=" + word); strings.Contains(page.Body, "/mod/"+module) && !strings.Contains(page.Body, "being read") {
			break
		}
	}
	cancel()
	<-done
}

// A module that arrives is on the pages that are open.
func TestInstalledIsLive(t *testing.T) {
	lib, modcache := madeUp(t)
	app := app(lib)
	site := gorgontest.Options{Lazy: true}.Open(t, app)
	index(t, site, app, "router", "example.com/web")
	open := site.Get("/installed").Want(200, "example.com/<wbr>web").WantNot("fresh").Follow()
	put(t, modcache, map[string]string{"example.com/fresh@v1.0.0/f.go": "package fresh\n"})
	index(t, site, app, "fresh", "example.com/fresh")
	open.Want("example.com/<wbr>fresh", "example.com/<wbr>web")
	site.Get("/installed").Want(200, "example.com/<wbr>fresh")
}

func TestSearchFindsModules(t *testing.T) {
	lib, _ := madeUp(t)
	app := app(lib)
	site := gorgontest.Options{Lazy: true}.Open(t, app)
	site.Get("/search?q=Server").Want(200, "net/http", "Modules are not yet")
	index(t, site, app, "router", "example.com/web")
	site.Get("/search?q=web.Router").Want(200, "A Router routes.", "type Router struct", `href="/mod/example.com/web@v1.0.0#Router"`).WantNot("not yet", "so far")
	site.Get("/search?q=http.Server").Want(200, "type Server struct", "A Server defines parameters for running an HTTP server.")
	site.Get("/search?q=nosuchthinganywhere").Want(200, "Nothing on this machine")
}

func TestSuggestions(t *testing.T) {
	lib, _ := madeUp(t)
	app := app(lib)
	site := gorgontest.Options{Lazy: true}.Open(t, app)
	index(t, site, app, "router", "example.com/web")
	suggest := func(q string) (list []suggestion) {
		t.Helper()
		answer := site.Get("/suggest?q=" + url.QueryEscape(q))
		if kind := answer.Header.Get("Content-Type"); answer.Status != 200 || kind != "application/json" {
			t.Fatalf("%q: %d, %s", q, answer.Status, kind)
		}
		if err := json.Unmarshal([]byte(answer.Body), &list); err != nil || list == nil {
			t.Fatalf("%q: %s: %v", q, answer.Body, err)
		}
		return list
	}
	for q, want := range map[string]suggestion{
		"http.Server":   {"/sym/net/http.Server", "type", "Server", "net/http", "A Server defines parameters for running an HTTP server."},
		"strings cut":   {"/sym/strings.Cut", "func", "Cut", "strings", "(s, sep string) (before, after string, found bool)"},
		"io.EOF":        {"/sym/io.EOF", "var", "EOF", "io", "EOF is the error returned by Read when no more input is available."},
		"errors":        {"/pkg/errors", "package", "errors", "", "Package errors implements functions to manipulate errors."},
		"web.Router":    {"/mod/example.com/web@v1.0.0#Router", "type", "Router", "example.com/web", "A Router routes."},
		"web":           {"/mod/example.com/web@v1.0.0", "package", "example.com/web", "", "Package web routes requests."},
		"Router.Handle": {"/mod/example.com/web@v1.0.0#Router.Handle", "method", "Router.Handle", "example.com/web", "(path string)"},
		"tool":          {"/mod/example.com/tools@v1.0.0/cmd/tool", "command", "example.com/tools/cmd/tool", "", "Tool cuts."},
	} {
		list := suggest(q)
		if len(list) == 0 || list[0] != want {
			t.Errorf("%q: %v, want %v first", q, list, want)
		}
		for _, s := range list {
			if to, _, _ := strings.Cut(s.To, "#"); site.Get(to).Status != 200 {
				t.Errorf("%q: %s is not there", q, s.To)
			}
		}
	}
	if list := suggest("s"); len(list) != maxSuggestions {
		t.Errorf("%d suggestions", len(list))
	}
	for _, q := range []string{"", "  ", "nosuchthinganywhere", "<script>"} {
		if list := suggest(q); len(list) != 0 {
			t.Errorf("%q: %v", q, list)
		}
	}
	for _, q := range []string{strings.Repeat("a", maxWords+1), "a\x00b", "\xff", "a\nb", "\x7f"} {
		for _, path := range []string{"/suggest", "/search"} {
			if answer := site.Get(path + "?q=" + url.QueryEscape(q)); answer.Status != 400 {
				t.Errorf("%s of %q: %d", path, q, answer.Status)
			}
		}
	}
	suggest(strings.Repeat("é", maxWords))
}

func TestAddressesOfElsewhere(t *testing.T) {
	lib, _ := madeUp(t)
	site := gorgontest.Options{Lazy: true, Base: "/docs"}.Open(t, app(lib))
	for path, want := range map[string]string{
		"/net/http":                            "/pkg/net/http",
		"/net/http/":                           "/pkg/net/http",
		"/net/http@go1.22.1":                   "/pkg/net/http",
		"/errors":                              "/pkg/errors",
		"/cmd/go":                              "/pkg/cmd/go",
		"/std":                                 "/",
		"/std@go1.22.1/net/http":               "/pkg/net/http",
		"/net/http.Server":                     "/sym/net/http.Server",
		"/net/http.Server.Shutdown":            "/sym/net/http.Server.Shutdown",
		"/net/http.Nonsense":                   "/search?q=net+http.Nonsense",
		"/example.com/web":                     "/mod/example.com/web@v1.0.0",
		"/example.com/web/sub":                 "/mod/example.com/web@v1.0.0/sub",
		"/example.com/web@v0.9.0":              "/mod/example.com/web@v0.9.0",
		"/example.com/web@v1.0.0/sub":          "/mod/example.com/web@v1.0.0/sub",
		"/example.com/web/sub@v1.0.0":          "/mod/example.com/web@v1.0.0/sub",
		"/example.com/web@latest":              "/mod/example.com/web@v1.0.0",
		"/example.com/web@v7.0.0/sub":          "/mod/example.com/web@v1.0.0/sub", // of another version
		"/example.com/tools@v1.0.0":            "/mod/example.com/tools@v1.0.0",   // has no package of its own
		"/example.com/Big/Name":                "/mod/example.com/Big/Name@v2.0.0",
		"/example.com/nowhere@v1.0.0/deep/er":  "/search?q=nowhere+deep+er",
		"/json":                                "/search?q=json",
		"/a+b&c=d/%3Cscript%3E":                "/search?q=a%2Bb%26c%3Dd+%3Cscript%3E",
		"//evil.example/x":                     "",
		"/favicon.ico":                         "",
		"/.well-known/security.txt":            "",
		"/wp-login.php":                        "",
		"/_next/x":                             "",
		"/apple-touch-icon.png":                "",
		"/" + strings.Repeat("a/", 200):        "",
		"/" + strings.Repeat("a", maxWords+20): "/search?q=" + strings.Repeat("a", maxWords),
	} {
		answer := site.Get("/docs" + path)
		got := strings.TrimPrefix(answer.URL.RequestURI(), "/docs")
		status := 200
		if want == "" {
			status = 404
		}
		if want != "" && got != want || answer.Status != status {
			t.Errorf("%s: %d at %q, want %q", path, answer.Status, got, want)
		}
	}
}
