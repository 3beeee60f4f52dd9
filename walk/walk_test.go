package walk_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/gorgon-go/gorgon/walk"
)

func names(t *testing.T, tree fs.FS) []string {
	t.Helper()
	var found []string
	skip := func(folder string) bool { return folder == "skipped" }
	if err := walk.Files(tree, skip, func(name string, data []byte) { found = append(found, name+"="+string(data)) }); err != nil {
		t.Fatal(err)
	}
	return found
}

func TestFiles(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"real/deep/a", "tree/b", "tree/skipped/c"} {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(filepath.Base(name)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	link := func(to, name string) {
		if err := os.Symlink(to, filepath.Join(dir, "tree", name)); err != nil {
			t.Skip(err)
		}
	}
	link("../real", "folder")
	link("../real/deep", "same") // twice, and not within itself
	link("b", "file")
	tree := os.DirFS(filepath.Join(dir, "tree"))
	if got, want := names(t, tree), []string{"b=b", "file=b", "folder/deep/a=a", "same/a=a"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	for name, to := range map[string]string{"round": ".", "out": "../tree", "broken": "../nothing", "self": "self"} {
		link(to, name)
		err := walk.Files(tree, nil, func(string, []byte) {})
		if err == nil || !strings.HasPrefix(err.Error(), name+" is a symbolic link") || !strings.HasSuffix(err.Error(), "remove it") {
			t.Errorf("a link to %s: %v", to, err)
		}
		if err := os.Remove(filepath.Join(dir, "tree", name)); err != nil {
			t.Fatal(err)
		}
	}
}

func TestTreesThatAreNoFolders(t *testing.T) {
	if got := names(t, nil); got != nil {
		t.Errorf("of no tree: %v", got)
	}
	if got := names(t, fstest.MapFS{"b/c": {Data: []byte("2")}, "a": {Data: []byte("1")}, "skipped/d": {}, "empty": {}}); !slices.Equal(got, []string{"a=1", "b/c=2", "empty="}) {
		t.Errorf("%v", got)
	}
	for want, tree := range map[string]fs.FS{
		"pipe is neither a file nor a folder": fstest.MapFS{"pipe": {Mode: fs.ModeNamedPipe}},
		"served at no path":                   fstest.MapFS{"a%41": {}},
	} {
		if err := walk.Files(tree, nil, func(string, []byte) {}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	if err := walk.Files(os.DirFS(filepath.Join(t.TempDir(), "missing")), nil, nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("of a folder that is missing: %v", err)
	}
}
