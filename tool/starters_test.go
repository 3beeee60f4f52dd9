// The starters, as users get them: written elsewhere under another name,
// vetted, tested, built, exported, served.

package tool

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"go/format"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
	"golang.org/x/mod/zip"

	"github.com/gorgon-go/gorgon/cli"
	"github.com/gorgon-go/gorgon/database"
	"github.com/gorgon-go/gorgon/database/pgdb/pgdbtest"
)

// begun writes a project into a temporary folder and returns it.
func begun(t *testing.T, args ...string) (folder, said string) {
	t.Helper()
	t.Chdir(t.TempDir())
	var out, log bytes.Buffer
	if code := Run(t.Context(), Config{}, append([]string{"new"}, args...), &out, &log); code != cli.OK {
		t.Fatalf("exit code %d: %s", code, log.String())
	}
	folder, err := filepath.Abs(args[0])
	if err != nil {
		t.Fatal(err)
	}
	return folder, out.String()
}

// in runs a program in a folder and returns all that it prints.
func in(t *testing.T, folder, program string, args ...string) string {
	t.Helper()
	c := exec.Command(program, args...)
	c.Dir = folder
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", program, strings.Join(args, " "), err, out)
	}
	return string(out)
}

func TestStarters(t *testing.T) {
	shop := map[string]string{
		"/": "Hand mirror", "/products/stool": "Granite stool", "/search?q=slate": "Slate candlestick", "/cart": "empty", "/offers": "Marble vase",
		"/de/products/vase": "Marmorvase", "/ar": `dir="rtl"`, "/orders": "We send you a link",
	}
	members := map[string]string{
		"/": "A club of your own", "/de/sign-in": "angemeldet bleiben", "/ar/forgot": `dir="rtl"`, "/members": "Sign in",
	}
	for _, want := range []struct {
		kind, dialect string
		export        []string          // how it is exported; nil if it cannot be
		files         []string          // of an export
		paths         map[string]string // what a page shows
	}{
		{"site", "", []string{"export", "--partial"}, []string{"index.html", "contact/index.html", "about/index.html", "404.html", "sitemap.xml", "robots.txt", "favicon.svg"}, map[string]string{
			"/": "mine", "/about": "<h1>About</h1>",
		}},
		{"blog", "", []string{"export"}, []string{"posts/hello/index.html", "tags/stone/index.html", "feed.xml", "404.html"}, map[string]string{
			"/": "Hello, stone", "/posts/mirrors": `href="/posts/glass"`, "/tags/stone": "Posts on stone", "/feed.xml": "http://www.w3.org/2005/Atom",
		}},
		{"shop", "sqlite", nil, nil, shop},
		{"shop", "postgresql", nil, nil, shop},
		{"members", "sqlite", nil, nil, members},
		{"members", "postgresql", nil, nil, members},
	} {
		t.Run(want.kind+want.dialect, func(t *testing.T) {
			args := []string{"mine", "--starter", want.kind, "--no-git"}
			switch want.dialect {
			case "sqlite": // the default
				t.Setenv("DATABASE_URL", "sqlite:mine.db")
			case "postgresql":
				args = append(args, "--database", want.dialect)
				t.Setenv("DATABASE_URL", pgdbtest.Open(t, database.Options{}).Options().URL)
			}
			folder, _ := begun(t, args...)
			in(t, folder, "go", "vet", "./...")
			in(t, folder, "go", "test", "-vet=off", "-ldflags=-s -w", "./...")
			program := filepath.Join(t.TempDir(), "mine.exe")
			in(t, folder, "go", "build", "-ldflags=-s -w", "-o", program, ".")
			if want.dialect != "" {
				in(t, folder, program, "migrate")
			}
			if said := in(t, folder, program, "build"); strings.Contains(said, "warning") {
				t.Errorf("the build warns:\n%s", said)
			}
			if want.export != nil {
				in(t, folder, program, want.export...)
				for _, name := range want.files {
					if _, err := os.Stat(filepath.Join(folder, "public", filepath.FromSlash(name))); err != nil {
						t.Error(err)
					}
				}
				if said := in(t, folder, program, append(want.export, "--base", "/below/", "--out", "below")...); strings.Contains(said, "to what is not exported") {
					t.Errorf("links lead nowhere below a base path:\n%s", said)
				}
			}
			at := served(t, folder, program)
			for p, text := range want.paths {
				if status, body := get(t, at+p); status != http.StatusOK || !strings.Contains(body, text) {
					t.Errorf("%s: status %d, want 200 and %s:\n%s", p, status, text, body)
				}
			}
			if status, body := get(t, at+"/nowhere"); status != http.StatusNotFound || !strings.Contains(body, "There is no such page") {
				t.Errorf("/nowhere: status %d:\n%s", status, body)
			}
		})
	}
}

// Who replaces the posts of the blog by others has tests that pass, and a build
// with tags of any letters and with addresses that have moved. Without a post, the
// tests say what is missing.
func TestOwnPosts(t *testing.T) {
	folder, _ := begun(t, "mine", "--starter", "blog", "--no-git")
	for _, name := range []string{"posts", filepath.Join("assets", "photos")} {
		if err := os.RemoveAll(filepath.Join(folder, name)); err != nil {
			t.Fatal(err)
		}
	}
	write := func(name, text string) {
		t.Helper()
		name = filepath.Join(folder, "posts", name)
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	write("sand.md", "---\ntitle: Sand\ndraft: true\naliases: [/held/]\n---\nSand.\n")
	c := exec.Command("go", "test", "-vet=off", "-ldflags=-s -w", ".")
	c.Dir = folder
	if out, err := c.CombinedOutput(); err == nil || !strings.Contains(string(out), "posts/ has no post for visitors") {
		t.Errorf("without a post: %v\n%s", err, out)
	}
	write("bücher.md", "---\ntitle: Bücher\ndate: 2026-01-12\ntags: [bücher, c#]\nslug: lesen\naliases: [/old/bücher/]\n---\nVor dem Strich.\n\n<!--more-->\n\nNach dem Strich.\n")
	in(t, folder, "go", "test", "-vet=off", "-ldflags=-s -w", ".")
	in(t, folder, "go", "run", ".", "export")
	for name, want := range map[string]string{
		"index.html":             "<p>Vor dem Strich.</p>",
		"tags/bücher/index.html": "Posts on bücher",
		"tags/c#/index.html":     "Posts on c#",
		"posts/lesen/index.html": "Nach dem Strich.",
		"old/bücher/index.html":  "/posts/lesen",
		"sitemap.xml":            "/tags/c%23",
	} {
		text, err := os.ReadFile(filepath.Join(folder, "public", filepath.FromSlash(name)))
		if err != nil || !strings.Contains(string(text), want) || strings.Contains(string(text), "<!-- raw") {
			t.Errorf("%s: %v, want %s:\n%s", name, err, want, text)
		}
	}
	write("glass.md", "---\ntitle: Glass\ndate: 2026-01-12\ntags: [glass]\naliases: [/tags/glass]\n---\nGlass.\n")
	c = exec.Command("go", "run", ".", "build")
	c.Dir = folder
	if out, err := c.CombinedOutput(); err == nil || !strings.Contains(string(out), `Paths lists "/tags/glass": it is a page of /tags/glass`) {
		t.Errorf("an alias that is a page: %v\n%s", err, out)
	}
}

// served starts a program and returns the URL that it serves at.
func served(t *testing.T, folder, program string) string {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	c := exec.CommandContext(ctx, program, "serve", "--addr", "127.0.0.1:0")
	c.Dir = folder
	c.Cancel = func() error { return c.Process.Signal(os.Interrupt) }
	if runtime.GOOS == "windows" {
		c.Cancel = c.Process.Kill
	}
	log, err := c.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(); _ = c.Wait() })
	lines, said := bufio.NewScanner(log), ""
	for lines.Scan() {
		said += lines.Text() + "\n"
		if _, at, ok := strings.Cut(lines.Text(), "serving mine at "); ok {
			go func() { _, _ = io.Copy(io.Discard, log) }()
			at, _, _ = strings.Cut(at, " ")
			return strings.TrimSuffix(at, "/")
		}
	}
	t.Fatalf("it does not serve:\n%s", said)
	return ""
}

func get(t *testing.T, url string) (int, string) {
	t.Helper()
	res, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(body)
}

// Whatever the name, the files are as gofmt has them, nothing is left of the
// starter's own name, and deploy finds what it wants.
func TestStarterFiles(t *testing.T) {
	for _, k := range [][2]string{{"site", ""}, {"blog", ""}, {"shop", "sqlite"}, {"shop", "postgresql"}, {"members", "sqlite"}, {"members", "postgresql"}} {
		kind, dialect := k[0], k[1]
		if hasDatabase(kind) != (dialect != "") {
			t.Errorf("%s: whether it has a database is mistaken", kind)
		}
		for _, name := range []string{"a", "a-name-that-is-much-longer-than-that-of-the-starter"} {
			files := starter(kind, name, dialect)
			for file, text := range files {
				if bytes.Contains(text, []byte("starter-")) {
					t.Errorf("%s: %s names the starter", kind, file)
				}
				if path.Ext(file) != ".go" {
					continue
				}
				if formatted, err := format.Source(text); err != nil || !bytes.Equal(formatted, text) {
					t.Errorf("%s, called %s: gofmt would change %s (%v)", kind, name, file, err)
				}
			}
			for _, line := range []string{"/dist/\n", "/pkg/\n", "/public/\n", "/" + name + "\n", "/.env\n"} {
				if !bytes.Contains(files[".gitignore"], []byte(line)) {
					t.Errorf("%s: .gitignore lacks %q", kind, line)
				}
			}
			if !bytes.Contains(files["main.go"], []byte("Error:  failure,")) {
				t.Errorf("%s has no error view of its own", kind)
			}
			if readme := string(files["README.md"]); strings.Count(readme, "\n") > 45 {
				t.Errorf("%s: README.md is long", kind)
			}
		}
	}
}

// What differs between the dialects is found in the starter, and nothing else
// in it is of SQLite alone.
func TestDialects(t *testing.T) {
	for _, kind := range []string{"shop", "members"} {
		t.Run(kind, func(t *testing.T) { checkDialects(t, kind) })
	}
}

func checkDialects(t *testing.T, kind string) {
	files := starter(kind, "starter-"+kind, "sqlite")
	for _, p := range passages {
		name := p.file
		if name == "env" || name == "gitignore" {
			name = "." + name
		}
		text := files[name]
		if !bytes.Contains(text, p.of(kind, p.sqlite)) {
			t.Errorf("%s lacks %q", p.file, p.sqlite)
		}
	}
	other := starter(kind, "mine", "postgresql")
	if len(other) != len(files) {
		t.Errorf("%d files for SQLite, and %d for PostgreSQL", len(files), len(other))
	}
	for file, text := range other {
		for _, word := range []string{"litedb", "sqlite", "mine.db", kind + ".db", "*.db"} {
			if bytes.Contains(bytes.ToLower(text), []byte(word)) {
				t.Errorf("%s for PostgreSQL has %q", file, word)
			}
		}
	}
	for _, files := range []map[string][]byte{files, other} {
		if env := files[".env"]; !bytes.HasPrefix(env, []byte("DATABASE_URL=")) || !bytes.Equal(env, files[".env.example"]) {
			t.Errorf(".env is %q, and its example %q", env, files[".env.example"])
		}
	}
	if got, want := string(other[".env"]), "DATABASE_URL=postgres://localhost/mine\n"; !strings.HasPrefix(got, want) {
		t.Errorf(".env is %q, want %q at its beginning", got, want)
	}
}

// The dialect is asked for in one line.
func TestAskDialect(t *testing.T) {
	for said, want := range map[string]string{"\n": "sqlite", "": "sqlite", "sqlite\n": "sqlite", " PostgreSQL \r\n": "postgresql", "mysql\n": ""} {
		var out bytes.Buffer
		got, err := askDialect(t.Context(), strings.NewReader(said), &out)
		if (err == nil) != (want != "") || err == nil && got != want {
			t.Errorf("after %q it is %q, %v", said, got, err)
		}
		if strings.Contains(out.String(), "\n") || !strings.Contains(out.String(), "[sqlite]: ") {
			t.Errorf("it asks %q", out.String())
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	silent, _ := io.Pipe()
	if _, err := askDialect(ctx, silent, io.Discard); !errors.Is(err, context.Canceled) {
		t.Errorf("a question that was given up: %v", err)
	}
}

// A released tool requires its own version, with the versions and sums that
// this version was tested with.
func TestReleased(t *testing.T) {
	proxy := proxyOf(t, "v0.9.0", map[string]string{
		"go.mod": "module " + framework + "\n\ngo 1.26.0\n\nrequire (\n\tgithub.com/yuin/goldmark v1.8.7\n\texample.com/other v1.0.0 // indirect\n)\n",
		"go.sum": "example.com/other v1.0.0 h1:c3Vt\n",
	})
	t.Setenv("GOPROXY", "file://"+filepath.ToSlash(proxy))
	t.Setenv("GOMODCACHE", t.TempDir())
	t.Setenv("GOFLAGS", "-modcacherw")
	t.Setenv("GONOSUMDB", "*")
	o := origin{version: "v0.9.0"}
	// GOFLAGS do not apply to what the tool asks, so the cache is unlocked by hand.
	t.Cleanup(func() { in(t, t.TempDir(), "go", "clean", "-modcache") })
	source, err := o.source(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	files, err := moduleFiles("example.com/mine", o, source, []string{"context", framework + "/command", "github.com/yuin/goldmark/ast"})
	if err != nil {
		t.Fatal(err)
	}
	const want = `module example.com/mine

go 1.26.0

require (
	github.com/gorgon-go/gorgon v0.9.0
	github.com/yuin/goldmark v1.8.7
)

require example.com/other v1.0.0 // indirect
`
	if got := string(files["go.mod"]); got != want {
		t.Errorf("go.mod is\n%s\nwant\n%s", got, want)
	}
	if got := string(files["go.sum"]); got != "example.com/other v1.0.0 h1:c3Vt\n" {
		t.Errorf("go.sum is %q", got)
	}
}

// proxyOf is a module proxy, in a folder, that has one version of Gorgon.
func proxyOf(t *testing.T, version string, files map[string]string) string {
	t.Helper()
	source, proxy := t.TempDir(), t.TempDir()
	at := filepath.Join(proxy, filepath.FromSlash(framework), "@v")
	if err := os.MkdirAll(at, 0o777); err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(source, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	var packed bytes.Buffer
	if err := zip.CreateFromDir(&packed, module.Version{Path: framework, Version: version}, source); err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{
		"list":            []byte(version + "\n"),
		version + ".info": []byte(`{"Version":"` + version + `"}`),
		version + ".mod":  []byte(files["go.mod"]),
		version + ".zip":  packed.Bytes(),
	} {
		if err := os.WriteFile(filepath.Join(at, name), data, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return proxy
}

// Without the network, and with that version nowhere on this machine, the
// project is written all the same, and what to do is said.
func TestReleasedAndAway(t *testing.T) {
	t.Setenv("GOPROXY", "off")
	t.Setenv("GOMODCACHE", t.TempDir())
	folder := filepath.Join(t.TempDir(), "mine")
	var out bytes.Buffer
	tool := &tool{out: &out, log: &out}
	p := project{name: "mine", kind: "site", module: "example.com/mine", noGit: true}
	if err := tool.write(t.Context(), p, folder, origin{version: "v0.9.0"}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"with Gorgon from v0.9.0; Gorgon v0.9.0 could not be downloaded", "run 'go mod tidy' once modules can be downloaded"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("it does not say %q:\n%s", want, out.String())
		}
	}
	text, err := os.ReadFile(filepath.Join(folder, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	if want := fmt.Sprintf("module example.com/mine\n\ngo %s\n\nrequire %s v0.9.0\n", leastGo, framework); string(text) != want {
		t.Errorf("go.mod is\n%s\nwant\n%s", text, want)
	}
}

// The Go that doctor asks for is the one that Gorgon's own go.mod names.
func TestLeastGo(t *testing.T) {
	text, err := os.ReadFile("../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	f, err := modfile.ParseLax("go.mod", text, nil)
	if err != nil {
		t.Fatal(err)
	}
	if f.Go.Version != leastGo {
		t.Errorf("leastGo is %s, and go.mod says %s", leastGo, f.Go.Version)
	}
}
