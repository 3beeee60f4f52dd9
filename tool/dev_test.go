// Which folders dev watches beside the app's own.

package tool

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestModulesFromFoldersOutsideAreFound(t *testing.T) {
	t.Setenv("GOFLAGS", "")
	t.Setenv("GOENV", "off")
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"app/go.mod":         "module example.com/app\n\ngo 1.26.0\n\nrequire (\n\texample.com/a v0.0.0\n\texample.com/inner v0.0.0\n)\n\nreplace (\n\texample.com/a => ../a\n\texample.com/inner => ./inner\n)\n",
		"app/main.go":        "package main\n\nimport (\n\t_ \"example.com/a/sub\"\n\t_ \"example.com/inner\"\n\t\"example.com/worked\"\n)\n\nfunc main() { broken( worked.X }\n",
		"app/inner/go.mod":   "module example.com/inner\n",
		"app/inner/inner.go": "package inner\n",
		"a/go.mod":           "module example.com/a\n",
		"a/sub/sub.go":       "package sub\n",
		"worked/go.mod":      "module example.com/worked\n",
		"worked/worked.go":   "package worked\n",
		"unused/go.mod":      "module example.com/unused\n",
		"go.work":            "go 1.26.0\n\nuse (\n\t./app\n\t./worked\n\t./unused\n)\n",
	} {
		name = filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	app := filepath.Join(root, "app")
	got, err := moduleFolders(t.Context(), app, app)
	want := []string{filepath.Join(root, "a"), filepath.Join(root, "worked")}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("found %v, %v; want %v", got, err, want)
	}
}
