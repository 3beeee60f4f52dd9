// What searches find in modules, and how the index follows the module cache.

package library

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// write puts files into a folder, by their paths.
func write(t *testing.T, dir string, files map[string]string) {
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

func TestSearchModules(t *testing.T) {
	l := madeUp(t)
	write(t, l.modcache, map[string]string{
		"example.com/web@v1.0.0/w.go":               "// Package web routes requests.\npackage web\n\n// A Router routes.\ntype Router struct{}\n\n// Handle adds a route\n// of a kind.\nfunc (r *Router) Handle(\n\tpath string, // absolute\n\th func(),\n) error { return nil }\n\n// A Client asks.\ntype Client struct{}\n\ntype hidden struct{}\n\nfunc (hidden) Shown() {}\n",
		"example.com/web@v1.1.0-rc.1/w.go":          "package web\n\ntype Later int\n",
		"example.com/web@v1.0.0/cmd/webby/m.go":     "// Webby serves files.\npackage main\n",
		"example.com/old@v1.0.0/o.go":               "// Package old was.\n//\n// Deprecated: use web.\npackage old\n\ntype Router int\n",
		"example.com/yaml.v3@v3.0.1/y.go":           "package yaml\n\nimport _ \"example.com/text/suffixarray\"\n\n// Sizes.\nconst (\n\t// Small is small.\n\tSmall = 1\n\tLarge = 2\n)\n\nvar _ = 1\n",
		"example.com/elsewhere@v1.0.0/e_plan9.go":   "package elsewhere\n\nfunc Nine() {}\n",
		"example.com/elsewhere@v1.0.0/e_windows.go": "package elsewhere\n\nfunc Registry() {}\n",
		"example.com/text@v1.0.0/suffixarray/s.go":  "package suffixarray\n",
		"example.com/table@v1.0.0/t.go":             "package table\n\nfunc Made() {}\n" + strings.Repeat("// filler\n", maxIndexed/10),
		"example.com/table@v1.0.0/u.go":             "package table\n\nfunc Written() {}\n",
	})
	x := standard(t)
	if err := x.Update(t.Context(), l, l.Contents); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ query, first string }{
		{"web", "example.com/web"},
		{"example.com/web", "example.com/web"},
		{"web.Router", "example.com/web.Router"},
		{"web router", "example.com/web.Router"},
		{"Router", "example.com/web.Router"}, // before what is deprecated
		{"Router.Handle", "example.com/web.Router.Handle"},
		{"webby", "example.com/web/cmd/webby"},
		{"yaml", "example.com/yaml.v3"}, // the name of the package
		{"yaml.Small", "example.com/yaml.v3.Small"},
		{"Client", "net/http.Client"},        // the standard library first
		{"suffixarray", "index/suffixarray"}, // which no package imports
		{"web.Client", "example.com/web.Client"},
		{"elsewhere.Registry", "example.com/elsewhere.Registry"}, // of another system
		{"table.Written", "example.com/table.Written"},
		{"routes requests", "example.com/web"}, // its synopsis
	} {
		results, _ := x.Search(tt.query, MaxResults)
		if len(results) == 0 || name(results[0]) != tt.first {
			t.Errorf("a search for %q finds %v first, want %s", tt.query, results[:min(len(results), 3)], tt.first)
		}
	}
	for _, query := range []string{"Later", "Shown", "hidden", "testdata", "table.Made", "upper.internal"} {
		results, _ := x.Search(query, MaxResults)
		for _, r := range results {
			if r.Module != "" && !strings.Contains(r.Synopsis, query) {
				t.Errorf("a search for %q finds %v", query, r)
			}
		}
	}
	for n := range 5 {
		all, total := x.Search("s", MaxResults)
		few, same := x.Search("s", n)
		if !slices.Equal(few, all[:n]) || same != total || total < 1000 {
			t.Errorf("the first %d of %d are %v, want %v of %d", n, same, few, all[:n], total)
		}
	}

	results, _ := x.Search("web.Router.Handle", 1)
	results = append(results, Result{Path: "example.com/yaml.v3", Module: "example.com/yaml.v3@v3.0.1", Name: "Small"}, Result{Path: "example.com/yaml.v3", Module: "example.com/yaml.v3@v3.0.1", Name: "Large"}, Result{Path: "example.com/gone", Module: "example.com/gone@v1.0.0", Name: "X", Synopsis: "as it was"})
	var asked []string
	Describe(results, func(module string) (Contents, bool) {
		asked = append(asked, module)
		c, err := l.Contents(t.Context(), module)
		return c, err == nil
	})
	if got := results[0]; got.Signature != "(path string, h func()) error" || got.Synopsis != "Handle adds a route of a kind." {
		t.Errorf("%+v", got)
	}
	if results[1].Synopsis != "Small is small." || results[2].Synopsis != "" || results[3].Synopsis != "as it was" {
		t.Errorf("%+v", results)
	}
	if want := []string{"example.com/web@v1.0.0", "example.com/yaml.v3@v3.0.1", "example.com/gone@v1.0.0"}; !slices.Equal(asked, want) {
		t.Errorf("asked for %v, want %v", asked, want)
	}
}

func TestIndexFollowsTheModuleCache(t *testing.T) {
	l := madeUp(t)
	x := new(Index)
	if size := x.Size(); !size.Unknown {
		t.Errorf("before it has looked: %+v", size)
	}
	var read []string
	var sizes []IndexSize
	update := func() {
		t.Helper()
		read, sizes = nil, nil
		err := x.Update(t.Context(), l, func(ctx context.Context, mod string) (Contents, error) {
			read, sizes = append(read, mod), append(sizes, x.Size())
			return l.Contents(ctx, mod)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	update()
	if want := []string{"example.com/Upper@v1.10.0", "example.com/b@v0.1.0", "example.com/pre@v0.0.0-20240102030405-abc"}; !slices.Equal(read, want) {
		t.Errorf("read %v, want %v", read, want)
	}
	if want := []IndexSize{{Waiting: 3}, {Modules: 1, Waiting: 2}, {Modules: 2, Waiting: 1}}; !slices.Equal(sizes, want) {
		t.Errorf("while it was read there were %v, want %v", sizes, want)
	}
	if size := x.Size(); size != (IndexSize{Modules: 3}) {
		t.Errorf("%+v at the end", size)
	}
	if update(); read != nil {
		t.Errorf("read %v again", read)
	}
	write(t, l.modcache, map[string]string{"example.com/b@v0.2.0/b.go": "package b\n\nimport _ \"example.com/pre\"\n\ntype Newer int\n"})
	if update(); !slices.Equal(read, []string{"example.com/b@v0.2.0"}) {
		t.Errorf("read %v after one had arrived", read)
	}
	if results, _ := x.Search("Newer", 1); len(results) != 1 || results[0].Module != "example.com/b@v0.2.0" {
		t.Errorf("found %v", results)
	}
	if results, _ := x.Search("b.B", 1); len(results) != 0 {
		t.Errorf("%v of an older version is found", results)
	}
	if x.uses["example.com/pre"] != 1 {
		t.Errorf("example.com/pre is imported by %d modules", x.uses["example.com/pre"])
	}
	if err := os.RemoveAll(filepath.Join(l.modcache, "example.com", "b@v0.2.0")); err != nil {
		t.Fatal(err)
	}
	if update(); !slices.Equal(read, []string{"example.com/b@v0.1.0"}) || x.uses["example.com/pre"] != 0 {
		t.Errorf("read %v after one had gone, %v", read, x.uses)
	}

	// One that cannot be read is left out, and the rest is there.
	write(t, l.modcache, map[string]string{"example.com/bad@v1.0.0/b.go": "package bad\n", "example.com/good@v1.0.0/g.go": "package good\n"})
	broken := errors.New("the disk is broken")
	err := x.Update(t.Context(), l, func(ctx context.Context, mod string) (Contents, error) {
		if strings.Contains(mod, "bad") {
			return Contents{}, broken
		}
		return l.Contents(ctx, mod)
	})
	if results, _ := x.Search("good", 1); !errors.Is(err, broken) || len(results) != 1 {
		t.Errorf("%v, found %v", err, results)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := new(Index).Update(ctx, l, l.Contents); !errors.Is(err, context.Canceled) {
		t.Errorf("it went on: %v", err)
	}
}
