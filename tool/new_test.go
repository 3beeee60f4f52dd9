package tool

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gorgon-go/gorgon/cli"
)

// 'gorgon new .' writes into the current folder, which gives the name.
func TestNewHere(t *testing.T) {
	run := func(folder string, held ...string) (code int, said string) {
		t.Helper()
		at := filepath.Join(t.TempDir(), folder)
		for _, name := range append(held, "") {
			if err := os.MkdirAll(filepath.Join(at, name), 0o777); err != nil {
				t.Fatal(err)
			}
		}
		t.Chdir(at)
		var out bytes.Buffer
		code = Run(t.Context(), Config{}, []string{"new", ".", "--starter", "blog", "--no-git"}, &out, &out)
		return code, out.String()
	}
	for folder, want := range map[string]string{
		"My Blog":                      `the current folder is called "My Blog", which cannot be a project's name`,
		filepath.Join("notes", "2026"): "run 'gorgon new NAME' in the folder above",
		"a" + strings.Repeat("b", 50):  "rename it to up to 50 lower-case letters",
	} {
		if code, said := run(folder); code != cli.Misused || !strings.Contains(said, want) {
			t.Errorf("in %q: exit code %d, want %q:\n%s", folder, code, want, said)
		}
	}
	if code, said := run("notes", "drafts"); code == cli.OK || !strings.Contains(said, "it holds drafts") {
		t.Errorf("in a folder that is not empty: exit code %d:\n%s", code, said)
	}
	code, said := run("notes", ".git")
	if code != cli.OK || !strings.Contains(said, "notes: ") || strings.Contains(said, "cd ") || !strings.Contains(said, "\nnext:\n  go run .") {
		t.Errorf("exit code %d:\n%s", code, said)
	}
	mod, err := os.ReadFile("go.mod")
	if err != nil || !strings.HasPrefix(string(mod), "module example.com/notes\n") {
		t.Errorf("go.mod: %v\n%s", err, mod)
	}
	if main, err := os.ReadFile("main.go"); err != nil || !strings.Contains(string(main), "// Command notes is a blog") {
		t.Errorf("main.go: %v\n%s", err, main)
	}
}
