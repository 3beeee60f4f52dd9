// The library against a small module cache made for the tests.

package library

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// madeUp writes a module cache and returns the installed Go with it.
func madeUp(t *testing.T) *Library {
	t.Helper()
	dir := t.TempDir()
	write(t, dir, map[string]string{
		"example.com/!upper@v1.2.0/go.mod":                 "module example.com/Upper\n\ngo 1.24\n\nrequire (\n\texample.com/b v0.1.0\n\texample.com/gone v1.0.0 // indirect\n)\n",
		"example.com/!upper@v1.2.0/a.go":                   "// Package upper is made up.\n//\n// See [example.com/b.B].\npackage upper\n\nimport (\n\t\"io\"\n\t\"example.com/b\"\n\t\"example.com/Upper/sub\"\n)\n\n// F reads.\nfunc F(r io.Reader, b b.B, s sub.S) error { return nil }\n",
		"example.com/!upper@v1.2.0/sub/s.go":               "package sub\n\ntype S struct{ F <-chan string }\n",
		"example.com/!upper@v1.2.0/internal/i.go":          "package internal\n",
		"example.com/!upper@v1.2.0/testdata/t.go":          "package testdata\n",
		"example.com/!upper@v1.2.0/broken/b.go":            "this is not Go",
		"example.com/!upper@v1.2.0/half/h.go":              "// Package half ends early.\npackage half\n\nfunc Good() {}\n\nfunc bad( {\n",
		"example.com/!upper@v1.10.0/a.go":                  "package upper\n",
		"example.com/b@v0.1.0/b.go":                        "package b\n\ntype B int\n",
		"example.com/pre@v0.0.0-20240102030405-abc/p.go":   "package pre\n",
		"example.com/!upper@v1.2.0/README.md":              "# Upper\n\nSee [b](https://pkg.go.dev/example.com/b).\n",
		"cache/download/example.com/!upper/@v/v1.2.0.info": `{"Version":"v1.2.0","Time":"2024-01-02T03:04:05Z","Origin":{"VCS":"git","URL":"https://git.example.com/upper"}}`,
		"cache/download/example.com/b/@v/v0.1.0.info":      "{}",
		"example.com/notaversion@latest/x.go":              "package x\n",
	})
	return New(installed(t).goroot, dir)
}

func TestModules(t *testing.T) {
	l := madeUp(t)
	modules, err := l.Modules(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, m := range modules {
		names = append(names, m.String())
		if m.Arrived.IsZero() {
			t.Errorf("%s arrived at no time", m)
		}
	}
	want := "example.com/Upper@v1.10.0 example.com/Upper@v1.2.0 example.com/b@v0.1.0 example.com/pre@v0.0.0-20240102030405-abc"
	if got := strings.Join(names, " "); got != want {
		t.Errorf("modules are\n%s, want\n%s", got, want)
	}
}

func TestModule(t *testing.T) {
	l := madeUp(t)
	m, err := l.Module(t.Context(), "example.com/Upper@v1.2.0")
	if err != nil {
		t.Fatal(err)
	}
	var packages []string
	for _, p := range m.Packages {
		packages = append(packages, p.Path)
	}
	if got, want := strings.Join(packages, " "), "example.com/Upper@v1.2.0 example.com/Upper@v1.2.0/half example.com/Upper@v1.2.0/sub"; got != want {
		t.Errorf("packages are %s, want %s", got, want)
	}
	if len(m.Internal) != 1 || m.Internal[0].Path != "example.com/Upper@v1.2.0/internal" {
		t.Errorf("internal packages are %v", m.Internal)
	}
	if m.Repository != "https://git.example.com/upper" || m.Published.Format("2006-01-02") != "2024-01-02" || !strings.Contains(m.Readme, `href="/mod/example.com/b@v0.1.0"`) {
		t.Errorf("from %q at %v: %s", m.Repository, m.Published, m.Readme)
	}
	if m.GoVersion != "1.24" || len(m.Versions) != 2 || len(m.Requires) != 2 {
		t.Fatalf("go %s, versions %v, requires %v", m.GoVersion, m.Versions, m.Requires)
	}
	if b, gone := m.Requires[0], m.Requires[1]; !b.Installed || gone.Installed || !gone.Indirect {
		t.Errorf("requires %v", m.Requires)
	}
}

func TestModulePackage(t *testing.T) {
	l := madeUp(t)
	pkg, err := l.ModulePackage(t.Context(), "example.com/Upper@v1.2.0")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`href="/pkg/io#Reader"`,
		`href="/mod/example.com/b@v0.1.0#B"`,
		`href="/mod/example.com/Upper@v1.2.0/sub#S"`,
	} {
		if len(pkg.Funcs) != 1 || !strings.Contains(pkg.Funcs[0].Decl, want) {
			t.Errorf("no %s in %+v", want, pkg.Funcs)
		}
	}
	if !strings.Contains(pkg.Doc, `href="/mod/example.com/b@v0.1.0#B"`) {
		t.Errorf("the doc link is missing: %s", pkg.Doc)
	}
	sub, err := l.ModulePackage(t.Context(), "example.com/Upper@v1.2.0/sub")
	if err != nil || sub.ImportPath != "example.com/Upper/sub" || !strings.Contains(sub.Types[0].Decl, "&lt;-") {
		t.Errorf("sub: %+v, %v", sub, err)
	}
	if half, err := l.ModulePackage(t.Context(), "example.com/Upper@v1.2.0/half"); err != nil || len(half.Funcs) == 0 {
		t.Errorf("half: %+v, %v", half, err)
	}
	if _, err := l.ModulePackage(t.Context(), "example.com/Upper@v1.2.0/internal"); err == nil {
		t.Error("an internal package is shown")
	}
	for path, want := range map[string]string{
		"example.com/Upper": "/mod/example.com/Upper@v1.10.0", "example.com/Upper/sub": "/mod/example.com/Upper@v1.2.0/sub",
		"io": "/pkg/io", "example.com/nowhere": "", "example.com": "", "": "", "../x": "",
	} {
		if got := l.PageOf(path); got != want {
			t.Errorf("the page of %q is %q, want %q", path, got, want)
		}
	}
	for name, want := range map[string]bool{
		"example.com/Upper@v1.2.0": true, "example.com/Upper@v1.2.0/sub": true, "example.com/Upper@v1.2.0/testdata": false, "example.com/Upper@v9.0.0": false, "io": false,
	} {
		if l.HasPackage(name) != want {
			t.Errorf("HasPackage(%q) is not %v", name, want)
		}
	}
	if src, err := l.ModuleSource(t.Context(), "example.com/Upper@v1.2.0/sub", "s.go"); err != nil || len(src.Lines) != 3 {
		t.Errorf("source: %+v, %v", src, err)
	}
}

func TestStamp(t *testing.T) {
	l := madeUp(t)
	stamp := func() string {
		s, err := l.Stamp(t.Context())
		if err != nil || s == "" {
			t.Fatal(s, err)
		}
		return s
	}
	before := stamp()
	if stamp() != before {
		t.Error("the stamp changes by itself")
	}
	if err := os.Mkdir(filepath.Join(l.modcache, "example.com", "new@v1.0.0"), 0o755); err != nil {
		t.Fatal(err)
	}
	if stamp() == before {
		t.Error("the stamp does not see a new module")
	}
}
