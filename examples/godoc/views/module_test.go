// In which order the packages of a module are listed.

package views

import (
	"slices"
	"strings"
	"testing"

	"github.com/gorgon-go/gorgon/examples/godoc/library"
)

func TestPackagesOfAModuleAreInAUsefulOrder(t *testing.T) {
	m := library.ModulePage{Module: library.Module{Path: "example.com/x", Version: "v1.0.0"}}
	for path, name := range map[string]string{"": "x", "/a": "a", "/cmd/x": "main", "/examples/hello": "main", "/a/example": "example", "/testing": "testing"} {
		m.Packages = append(m.Packages, library.PackageRef{Path: m.String() + path, Name: name})
	}
	slices.SortFunc(m.Packages, func(a, b library.PackageRef) int { return strings.Compare(a.Path, b.Path) })
	m.Internal = []library.PackageRef{{Path: m.String() + "/internal/y", Name: "y"}}
	var got []string
	for _, l := range moduleLists(m) {
		line := l.Title + ":"
		for _, p := range l.Packages {
			line += " " + modulePackageName(p.Path, m.String())
		}
		if l.Folded {
			line += " (folded)"
		}
		got = append(got, line)
	}
	want := []string{"Packages: example.com/x a testing", "Commands: cmd/x", "Examples and tests: a/example examples/hello (folded)", "Internal packages: internal/y (folded)"}
	if !slices.Equal(got, want) {
		t.Errorf("listed as\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
