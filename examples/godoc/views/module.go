// Module: names within a module.

package views

import (
	"slices"
	"strings"

	"github.com/gorgon-go/gorgon/examples/godoc/library"
)

// A moduleList is the packages of a module under one heading.
type moduleList struct {
	ID, Title string
	Packages  []library.PackageRef
	Folded    bool
	Unlinked  bool // they have no pages
}

// moduleLists are the packages of a module in the order in which they are of
// use: those to import, commands, and, folded, examples and what is internal.
func moduleLists(m library.ModulePage) []moduleList {
	lists := []moduleList{
		{ID: "mod-packages", Title: "Packages"}, {ID: "mod-commands", Title: "Commands"},
		{ID: "mod-examples", Title: "Examples and tests", Folded: true}, {ID: "mod-internal", Title: "Internal packages", Folded: true, Unlinked: true, Packages: m.Internal},
	}
	for _, p := range m.Packages {
		to := &lists[0]
		switch {
		case slices.ContainsFunc(strings.Split(strings.TrimPrefix(p.Path, m.String()), "/"), secondary):
			to = &lists[2]
		case p.Name == "main":
			to = &lists[1]
		}
		to.Packages = append(to.Packages, p)
	}
	return slices.DeleteFunc(lists, func(l moduleList) bool { return len(l.Packages) == 0 })
}

// secondary reports whether a directory has what is for reading and testing.
func secondary(name string) bool {
	switch name {
	case "example", "examples", "test", "tests", "bench", "benchmarks", "demo", "demos":
		return true
	}
	return false
}

// short reports whether a README leaves room for what is below it.
func short(readme string) bool { return len(readme) < 4000 }

// modulePackageName is a package's path within its module; the package in the
// module's own directory is called by the last part of the module's path.
func modulePackageName(path, mod string) string {
	if rest := strings.TrimPrefix(path, mod+"/"); rest != path {
		return rest
	}
	modPath, _, _ := strings.Cut(mod, "@")
	return modPath
}

// modulePackageLink leads to the page of a package; the module's own page shows
// the package in its directory.
func modulePackageLink(path, mod string) string {
	if path == mod {
		return "/mod/" + mod + "#pkg-overview"
	}
	return "/mod/" + path
}
