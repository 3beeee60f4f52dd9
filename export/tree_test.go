// The names of an export are one tree.

package export

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func treeOf(names ...string) tree {
	t := tree{}
	for _, name := range names {
		t[name] = leaf{[]byte(name), "page " + name}
	}
	return t
}

func TestNamesThatAFileSystemCannotHold(t *testing.T) {
	long := strings.Repeat("ü", 128)
	linux, mac, windows := volume{root: 10, longest: 4095}, volume{root: 10, longest: 1023, sameCase: true}, volume{longest: 32_000, sameCase: true, windows: true}
	deep := strings.Repeat("a/", 600) + "index.html"
	for _, c := range []struct {
		names string
		on    volume
		want  []string // nil: they are fine
	}{
		{"a/index.html b/index.html index.html", linux, nil},
		{"index.html index.html/index.html", linux, []string{"page index.html is", "page index.html/index.html", "folder"}},
		{"a.b/c/d/index.html a.b/c", linux, []string{"page a.b/c is", "page a.b/c/d/index.html"}},
		{"A/index.html a/index.html", linux, nil},
		{"A/index.html a/index.html", mac, []string{"page a/index.html and page A/index.html", "one to this file system"}},
		{"Ä/index.html ä/index.html", mac, []string{"page ä/index.html and page Ä/index.html"}},
		{"A a/index.html", mac, []string{"page A is", "page a/index.html", "folder"}},
		{"A/x a/y", mac, nil}, // one folder
		{long + "/index.html", linux, []string{"256 bytes", "shorten"}},
		{deep, linux, nil},
		{deep, mac, []string{"1220 bytes", "1023"}},
		{".gorgon-export.json/index.html", linux, []string{"page .gorgon-export.json/index.html", "file of its own"}},
		{".Gorgon-Export.json", mac, []string{"file of its own"}},
		{".gorgon-1.part", linux, []string{"file of its own"}},
		{"con/index.html", linux, nil},
		{"con/index.html", windows, []string{"page con/index.html", "called con"}},
		{"Com1.txt/index.html", windows, []string{"called Com1.txt"}},
		{"a:b/index.html", windows, []string{"called a:b"}},
		{"what?/index.html", windows, []string{"called what?"}},
		{"end./index.html", windows, []string{"called end."}},
		{"com/index.html comx/index.html com10/index.html console/index.html", windows, nil},
	} {
		err := treeOf(strings.Fields(c.names)...).checkOn(c.on)
		if c.want == nil && err != nil {
			t.Errorf("%.60s: %v", c.names, err)
		}
		for _, want := range c.want {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%.60s: %v, want %q", c.names, err, want)
			}
		}
	}
	var many []string
	for i := range 100 {
		many = append(many, fmt.Sprintf("%s%d", long, i))
	}
	if err := treeOf(many...).checkOn(linux); err == nil || strings.Count(err.Error(), "\n") != most || !strings.Contains(err.Error(), "95 more") {
		t.Errorf("of a hundred faults: %v", err)
	}
}

// held lists the content of a folder, except the list.
func held(t *testing.T, dir string) string {
	t.Helper()
	var names []string
	for _, file := range filesBelow(dir) {
		if name, _ := filepath.Rel(dir, file); name != ListName {
			names = append(names, filepath.ToSlash(name))
		}
	}
	return strings.Join(names, " ")
}

// An earlier run may have been killed at any point, and may be of another
// version of the app.
func TestAnExportRecoversInAFolderLeftHalfWay(t *testing.T) {
	versions := []tree{
		treeOf("index.html", "a", "b/c/index.html", "d/index.html"),
		treeOf("index.html", "a/index.html", "b", "d/index.html/x"),
		treeOf("index.html/x", "a/b/c", "b/c", "d"),
	}
	for i, first := range versions {
		for j, second := range versions {
			if i == j {
				continue
			}
			for cut := range len(first) + 1 {
				dir := t.TempDir()
				if err := write(t.Context(), dir, first, new(Report)); err != nil {
					t.Fatal(err)
				}
				// The second run was killed after so many files, before it
				// cleaned up, and left a file that it was writing.
				names := strings.Fields(held(t, dir))
				for _, name := range names[:min(cut, len(names))] {
					if err := os.Remove(filepath.Join(dir, name)); err != nil {
						t.Fatal(err)
					}
				}
				if err := os.WriteFile(filepath.Join(dir, ".gorgon-12345.part"), []byte("half"), 0o600); err != nil {
					t.Fatal(err)
				}
				for _, third := range versions {
					if err := checkForeign(third, dir, false); err != nil {
						t.Fatalf("%d %d %d: %v", i, j, cut, err)
					}
					if err := write(t.Context(), dir, third, new(Report)); err != nil {
						t.Fatalf("%d %d %d: %v", i, j, cut, err)
					}
					if got := held(t, dir); strings.Count(got, " ") != len(third)-1 {
						t.Fatalf("%d %d %d: the folder holds %s", i, j, cut, got)
					}
				}
				if err := write(t.Context(), dir, second, new(Report)); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
}

// The list of an export that stopped half-way names files that were never
// written.
func TestAnExportRecoversFromAListOfWhatIsNotThere(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, ListName), []byte(`["index.html", "index.html/index.html", "x/y/z", "../up"]`), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "index.html"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(dir, "about", "empty"), 0o755); err != nil {
		t.Fatal(err)
	}
	files := treeOf("index.html/index.html", "about")
	if err := checkForeign(files, dir, false); err != nil {
		t.Fatal(err)
	}
	if err := write(t.Context(), dir, files, new(Report)); err != nil {
		t.Fatal(err)
	}
	if got := held(t, dir); got != "about index.html/index.html" {
		t.Errorf("the folder holds %s", got)
	}
}

func TestWhatIsInTheWayIsSaidBeforeAnythingIsWritten(t *testing.T) {
	for there, files := range map[string]tree{
		"about/mine.txt": treeOf("about", "z"),
		"about":          treeOf("about/index.html", "z"),
		"x/y":            treeOf("x/y/z/index.html", "z"),
	} {
		dir := t.TempDir()
		at := filepath.Join(dir, there)
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at, []byte("mine"), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := checkForeign(files, dir, true); err == nil || !strings.Contains(err.Error(), "not exported") {
			t.Errorf("%s: %v", there, err)
		}
	}
}
