// What an app costs its user: the size of README's app, and what it links.

package gorgon_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The bounds of README's app: command and disk.
const (
	mostBytes    = 15_100_000 // with decoders for a seed that has each page once; as go build -ldflags "-s -w" makes it, on 64-bit Linux
	mostAdded    = 1_300_000  // by an endpoint
	mostPackages = 70         // linked, of other modules than this one
	mostRequires = 15         // in its go.mod, this module counted
)

func TestHello(t *testing.T) {
	if testing.Short() {
		t.Skip("it links a program")
	}
	root, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	app := regexp.MustCompile("(?s)```go\n(package main\n.*?)```").FindSubmatch(readme)
	if app == nil {
		t.Fatal("README.md shows no app")
	}
	sums, err := os.ReadFile("go.sum")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, text := range map[string]string{
		"main.go": string(app[1]), "go.sum": string(sums),
		"go.mod": "module hello\n\ngo 1.26.0\n\nreplace " + module + " => " + root + "\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	run := func(args ...string) string {
		t.Helper()
		c := exec.Command("go", args...)
		c.Dir, c.Env = dir, append(os.Environ(), "GOFLAGS=", "GOWORK=off")
		out, err := c.Output()
		if err != nil {
			t.Fatalf("go %s: %v\n%s", args[0], err, err.(*exec.ExitError).Stderr)
		}
		return string(out)
	}
	run("mod", "tidy")
	size := func() int64 {
		t.Helper()
		run("build", "-ldflags=-s -w", "-o", "hello.exe", ".")
		info, err := os.Stat(filepath.Join(dir, "hello.exe"))
		if err != nil {
			t.Fatal(err)
		}
		return info.Size()
	}
	plain := size()
	packages := strings.Fields(run("list", "-deps", "-f", "{{if and (not .Standard) .Module}}{{if and (not .Module.Main) (ne .Module.Path \""+module+"\")}}{{.ImportPath}}{{end}}{{end}}", "."))
	mod, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	requires := len(regexp.MustCompile(`(?m)^(?:require |\t)\S+ v`).FindAll(mod, -1))
	t.Logf("%.1f MB, %d packages of other modules, %d requirements in go.mod", float64(plain)/1e6, len(packages), requires)
	if plain > mostBytes {
		t.Errorf("the program has %d bytes, and may have %d", plain, mostBytes)
	}
	if len(packages) > mostPackages {
		t.Errorf("it links %d packages of other modules, and may link %d: %s", len(packages), mostPackages, packages)
	}
	if requires > mostRequires {
		t.Errorf("its go.mod has %d requirements, and may have %d:\n%s", requires, mostRequires, mod)
	}
	// An endpoint adds what it needs, and only where it is used.
	if slices.ContainsFunc(packages, func(name string) bool { return strings.Contains(name, "go-json-experiment") }) {
		t.Error("it links a package for endpoints, and has none")
	}
	text := strings.NewReplacer("import (", "import (\n\t\"github.com/gorgon-go/gorgon/api\"",
		"Parts: []gorgon.Part{", "Parts: []gorgon.Part{"+endpoint).Replace(string(app[1]))
	if err := os.WriteFile(filepath.Join(dir, "main.go"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	run("mod", "tidy")
	added := size() - plain
	t.Logf("an endpoint adds %.2f MB", float64(added)/1e6)
	if added > mostAdded || added <= 0 {
		t.Errorf("an endpoint adds %d bytes, and may add %d", added, mostAdded)
	}
}

// endpoint is a part for the program.
const endpoint = `
		api.Endpoint[struct {
			Name string "json:\"name\" check:\"min=1\""
		}, []string]{Path: "POST /greetings", Handle: func(_ context.Context, in struct {
			Name string "json:\"name\" check:\"min=1\""
		}) ([]string, error) {
			return []string{in.Name}, nil
		}},`
