// The library against the Go that runs the tests.

package library

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"reflect"
	"strings"
	"sync"
	"testing"
)

// installed is the Go that runs the tests.
func installed(t testing.TB) *Library {
	t.Helper()
	l, err := Open(t.Context())
	if err != nil {
		t.Skipf("no Go to read: %v", err)
	}
	return l
}

func TestCatalog(t *testing.T) {
	l := installed(t)
	c, err := l.Catalog(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	symbols := 0
	kinds := make(map[string]string) // "net/http.Server" → kind
	for _, p := range c.Packages {
		symbols += len(p.Symbols)
		if p.Name == "" || p.Synopsis == "" {
			t.Errorf("%s: name %q, synopsis %q", p.Path, p.Name, p.Synopsis)
		}
		for _, s := range p.Symbols {
			kinds[p.Path+"."+s.Name] = s.Kind
		}
	}
	if symbols < 10000 {
		t.Errorf("%d symbols in the catalog, want more than 10000", symbols)
	}
	for name, kind := range map[string]string{
		"net/http.ListenAndServe":  "func",
		"net/http.Server":          "type",
		"net/http.Server.Shutdown": "method",
		"net/http.StatusOK":        "const",
		"io.EOF":                   "var",
		"builtin.append":           "func",
		"slices.Sort":              "func",
		"syscall/js.Value":         "type",
	} {
		if kinds[name] != kind {
			t.Errorf("%s is %q, want %q", name, kinds[name], kind)
		}
	}
	for _, p := range append(c.Packages, c.Commands...) {
		if strings.Contains(p.Path, "internal") || strings.Contains(p.Path, "vendor") {
			t.Errorf("%s is in the catalog", p.Path)
		}
	}
	var goCommand bool
	for _, p := range c.Commands {
		goCommand = goCommand || p.Path == "cmd/go"
	}
	if !goCommand {
		t.Error("cmd/go is not among the commands")
	}
	b, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d packages, %d commands, %d symbols, %d bytes of JSON", len(c.Packages), len(c.Commands), symbols, len(b))
	if len(b) > 2<<20 {
		t.Errorf("the catalog takes %d bytes of JSON", len(b))
	}
}

// Every package reads without error and survives JSON; every symbol of the
// catalog that a few packages have is found.
func TestEveryPackage(t *testing.T) {
	if testing.Short() {
		t.Skip("reads the whole standard library")
	}
	l := installed(t)
	c, err := l.Catalog(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range append(c.Packages, c.Commands...) {
		pkg, err := l.Package(t.Context(), p.Path)
		if err != nil {
			t.Errorf("%s: %v", p.Path, err)
			continue
		}
		if pkg.Doc == "" {
			t.Errorf("%s: no documentation", p.Path)
		}
		for _, f := range pkg.Funcs {
			if f.Decl == "" || f.Pos.Line == 0 {
				t.Errorf("%s.%s: declaration %q at %v", p.Path, f.Name, f.Decl, f.Pos)
			}
		}
		switch p.Path {
		case "net/http", "builtin", "slices", "unsafe", "syscall/js":
			for _, s := range p.Symbols {
				if sym, err := l.Symbol(t.Context(), p.Path, s.Name); err != nil {
					t.Errorf("%s.%s: %v", p.Path, s.Name, err)
				} else if sym.Kind != s.Kind || sym.Decl == "" {
					t.Errorf("%s.%s: kind %q, declaration %q", p.Path, s.Name, sym.Kind, sym.Decl)
				}
			}
		}
	}
}

func TestPackage(t *testing.T) {
	l := installed(t)
	l.Link = func(_ context.Context, path string) string { return "/docs" + path }
	pkg, err := l.Package(t.Context(), "net/http")
	if err != nil {
		t.Fatal(err)
	}
	var server Type
	for _, typ := range pkg.Types {
		if typ.Name == "Server" {
			server = typ
		}
	}
	for _, want := range []string{
		`<span id="Server.Addr">Addr</span>`,             // fields have anchors
		`<a href="#Handler">Handler</a>`,                 // types of the package are linked
		`<a href="/docs/pkg/time#Duration">Duration</a>`, // and those of others
		`<span class="k">struct</span>`,
	} {
		if !strings.Contains(server.Decl, want) {
			t.Errorf("the declaration of Server lacks %s:\n%s", want, server.Decl)
		}
	}
	var shutdown Func
	for _, m := range server.Methods {
		if m.Name == "Shutdown" {
			shutdown = m
		}
	}
	if shutdown.ID != "Server.Shutdown" || shutdown.Signature != "(ctx context.Context) error" || len(shutdown.Examples) != 1 {
		t.Errorf("Shutdown: id %q, signature %q, %d examples", shutdown.ID, shutdown.Signature, len(shutdown.Examples))
	}
	if shutdown.Pos.File != "server.go" || shutdown.Pos.Line == 0 {
		t.Errorf("Shutdown is at %v", shutdown.Pos)
	}
	b, err := json.Marshal(pkg)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(b), `href=\"/pkg/`) {
		t.Error("a link does not go through the hook")
	}
	var back Package
	if err := json.Unmarshal(b, &back); err != nil || !reflect.DeepEqual(pkg, back) {
		t.Errorf("the package does not survive JSON: %v", err)
	}
}

func TestSymbol(t *testing.T) {
	l := installed(t)
	for _, tt := range []struct{ path, name, kind, excerpt, doc string }{
		{"net/http", "ListenAndServe", "func", "server", "listens on the TCP network address"},
		{"net/http", "Server", "type", "inShutdown", "/sym/"},
		{"net/http", "Server.Shutdown", "method", "pollIntervalBase", "gracefully"},
		{"net/http", "StatusTeapot", "const", "", "RFC 9110"},
		{"io", "EOF", "var", "", "no more input"},
		{"os", "ModeDir", "const", "", "is a directory"},
		{"builtin", "append", "func", "func", "slice"},
	} {
		s, err := l.Symbol(t.Context(), tt.path, tt.name)
		if err != nil {
			t.Errorf("%s.%s: %v", tt.path, tt.name, err)
			continue
		}
		if s.Kind != tt.kind || !strings.Contains(s.Excerpt, tt.excerpt) || s.Pos.Line == 0 {
			t.Errorf("%s.%s: kind %q at %v, excerpt\n%s", tt.path, tt.name, s.Kind, s.Pos, s.Excerpt)
		}
		if !strings.Contains(s.Decl+s.Doc, tt.doc) {
			t.Errorf("%s.%s: no %q in its documentation:\n%s", tt.path, tt.name, tt.doc, s.Doc)
		}
	}
}

func TestSource(t *testing.T) {
	l := installed(t)
	pkg, err := l.Package(t.Context(), "net/http")
	if err != nil {
		t.Fatal(err)
	}
	src, err := l.Source(t.Context(), "net/http", "server.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range pkg.Funcs {
		if f.Pos.File == "server.go" && !strings.Contains(src.Lines[f.Pos.Line-1], f.Name) {
			t.Errorf("line %d is %q, want %s", f.Pos.Line, src.Lines[f.Pos.Line-1], f.Name)
		}
	}
	for i, line := range src.Lines {
		if strings.Count(line, "<span") != strings.Count(line, "</span>") {
			t.Errorf("line %d holds part of an element: %s", i+1, line)
		}
	}
}

func TestNotFound(t *testing.T) {
	l := installed(t)
	names := []string{
		"", ".", "..", "/", "nosuch", "../../etc/passwd", "net/../net/http", "net/http/", "/net/http", "net//http",
		"net/http\x00", "internal/abi", "net/http/internal", "cmd", "cmd/go/internal/load", "vendor/golang.org/x/net/idna",
		"container", "C:\\go", "é", "go/doc/testdata", strings.Repeat("a/", 5000), "net/http@v1.0.0",
		"golang.org/x/mod@", "golang.org/x/mod@v0.0.0", "@v1.0.0", "golang.org/x/mod@v0.42.0/../../mod@v0.42.0",
		"cache/download@v1.0.0", "..@v1.0.0", "../x@v1.0.0", "golang.org/x/mod@../mod@v0.42.0",
	}
	for _, name := range names {
		check := func(what string, err error) {
			if !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%s(%.40q): %v, want not found", what, name, err)
			}
		}
		_, err := l.Package(t.Context(), name)
		check("Package", err)
		_, err = l.ModulePackage(t.Context(), name)
		check("ModulePackage", err)
		_, err = l.Module(t.Context(), name)
		check("Module", err)
		_, err = l.Symbol(t.Context(), name, "X")
		check("Symbol", err)
		_, err = l.Symbol(t.Context(), "net/http", name)
		check("Symbol of net/http", err)
		_, err = l.Source(t.Context(), name, "server.go")
		check("Source", err)
		_, err = l.Source(t.Context(), "net/http", name)
		check("Source of net/http", err)
		_, err = l.Source(t.Context(), "net/http", name+".go")
		check("Source of net/http", err)
		_, err = l.ModuleSource(t.Context(), name, "a.go")
		check("ModuleSource", err)
	}
	for _, file := range []string{"../fs/fs.go", "internal/ascii.go", "..\\x.go", "/etc/passwd", "_x.go", ".go", "..go", "\x00.go"} {
		if _, err := l.Source(t.Context(), "net/http", file); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("Source(%q): %v, want not found", file, err)
		}
	}
	for _, name := range []string{"server", "Server.", "Server.nosuch", ".Shutdown", "Server.Shutdown.x", "onceCloseListener"} {
		if _, err := l.Symbol(t.Context(), "net/http", name); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("Symbol(%q): %v, want not found", name, err)
		}
	}
}

func TestConcurrent(t *testing.T) {
	l := New(installed(t).goroot, "")
	l.parsed = newCache(2) // so that packages come and go
	var wg sync.WaitGroup
	for _, path := range []string{"io", "fmt", "errors", "io", "fmt", "bufio", "io"} {
		wg.Go(func() {
			if _, err := l.Package(context.Background(), path); err != nil {
				t.Error(err)
			}
		})
		wg.Go(func() {
			if _, err := l.Symbol(context.Background(), "io", "Reader"); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := l.parsed.order.Len(); n != 2 || len(l.parsed.entries) != 2 {
		t.Errorf("%d packages kept, want 2", n)
	}
}

func TestOpenWithoutGo(t *testing.T) {
	t.Setenv("GOROOT", t.TempDir())
	t.Setenv("GOMODCACHE", t.TempDir())
	if _, err := Open(t.Context()); err == nil || !strings.Contains(err.Error(), "GOROOT") {
		t.Errorf("Open: %v, want an error that names GOROOT", err)
	}
}

func TestReleaseTags(t *testing.T) {
	for version, n := range map[string]int{"go1.26.8": 26, "go1.27rc1": 27, "go1.27": 27, "unknown": 0, "devel go1.28": 0, "": 0} {
		if got := len(releaseTags(version)); got != n {
			t.Errorf("releaseTags(%q) has %d tags, want %d", version, got, n)
		}
	}
}

func BenchmarkCatalog(b *testing.B) {
	l := installed(b)
	for b.Loop() {
		if _, err := l.Catalog(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPackage(b *testing.B) {
	l := installed(b)
	for b.Loop() {
		if _, err := l.Package(b.Context(), "net/http"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSymbol(b *testing.B) {
	l := installed(b)
	for b.Loop() {
		if _, err := l.Symbol(b.Context(), "net/http", "Server.Shutdown"); err != nil {
			b.Fatal(err)
		}
	}
}
