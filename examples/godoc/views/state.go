// State: what each page is made of. All of it survives a trip through JSON.

// Package views holds the pages of the Go documentation site as templ
// components: functions from a plain state to HTML. They use no inline style or
// script, and get every address from link and asset.
package views

import (
	"slices"
	"strings"

	"github.com/gorgon-go/gorgon/examples/godoc/library"
)

// HomeState is the list of all packages. [NewHome] makes it.
type HomeState struct {
	GoVersion string
	GOOS      string
	GOARCH    string
	Symbols   int
	Groups    []Group
	Commands  []library.PackageRef
}

// A Group is the packages under one top-level directory.
type Group struct {
	Name     string
	Packages []library.PackageRef
}

// NewHome makes the home page's state of a catalog.
func NewHome(c library.Catalog) HomeState {
	s := HomeState{GoVersion: c.GoVersion, GOOS: c.GOOS, GOARCH: c.GOARCH}
	for _, p := range c.Packages {
		s.Symbols += len(p.Symbols)
		top, _, _ := strings.Cut(p.Path, "/")
		if n := len(s.Groups); n == 0 || s.Groups[n-1].Name != top {
			s.Groups = append(s.Groups, Group{Name: top})
		}
		g := &s.Groups[len(s.Groups)-1]
		g.Packages = append(g.Packages, ref(p))
	}
	for _, p := range c.Commands {
		s.Commands = append(s.Commands, ref(p))
	}
	return s
}

func ref(p library.CatalogPackage) library.PackageRef {
	return library.PackageRef{Path: p.Path, Name: p.Name, Synopsis: p.Synopsis}
}

// PackageState is a package of the Go installation or of a module.
type PackageState struct {
	Package library.Package
	Above   []Crumb              // the parts of its path, without the package itself
	Below   []library.PackageRef // packages in directories under it
}

// A Crumb is a part of a path; To is its page, empty where it has none.
type Crumb struct {
	Name string
	To   string
}

// Above cuts a path into the parts that lead to its last one. pageOf is asked
// for the page of each, by the path up to it.
func Above(path string, pageOf func(path string) string) []Crumb {
	var crumbs []Crumb
	for i, c := range path {
		if c == '/' {
			crumbs = append(crumbs, Crumb{Name: path[strings.LastIndexByte(path[:i], '/')+1 : i], To: pageOf(path[:i])})
		}
	}
	return crumbs
}

// Below lists the packages of a catalog that lie under a path.
func Below(c library.Catalog, path string) []library.PackageRef {
	var refs []library.PackageRef
	for _, p := range c.Packages {
		if strings.HasPrefix(p.Path, path+"/") {
			refs = append(refs, ref(p))
		}
	}
	return refs
}

// SymbolState is one symbol.
type SymbolState struct{ Symbol library.Symbol }

// SourceState is one source file, of the Go installation or of a module.
type SourceState struct{ Source library.Source }

// ModuleState is a module version; Root is the package in its own directory, if
// there is one.
type ModuleState struct {
	Module library.ModulePage
	Root   *library.Package
}

// InstalledState is what is on this machine. [NewInstalled] makes it.
type InstalledState struct {
	GoVersion string
	Modules   int
	Days      []Day // the latest first
}

// A Day is the modules that arrived on one day.
type Day struct {
	Date    string // 2006-01-02
	Modules []library.Module
}

// NewInstalled groups modules by the day they arrived (in UTC).
func NewInstalled(goVersion string, modules []library.Module) InstalledState {
	s := InstalledState{GoVersion: goVersion, Modules: len(modules)}
	byDay := make(map[string][]library.Module)
	for _, m := range modules {
		day := m.Arrived.UTC().Format("2006-01-02")
		byDay[day] = append(byDay[day], m)
	}
	for day, modules := range byDay {
		s.Days = append(s.Days, Day{Date: day, Modules: modules})
	}
	slices.SortFunc(s.Days, func(a, b Day) int { return strings.Compare(b.Date, a.Date) })
	return s
}

// SearchState is a search and what it found.
type SearchState struct {
	Query   string
	Results []library.Result // the first of them
	Total   int
	Index   library.IndexSize // of modules
}

// ReadingState is half built, half of the request: Recommended is the same for
// everybody, Greeting and Recent belong to the visitor.
type ReadingState struct {
	Recommended []Recommendation
	Greeting    string
	Recent      []library.PackageRef
}

// A Recommendation is a package worth reading, and why.
type Recommendation struct {
	Path     string
	Synopsis string
	Why      string
}

// Recommend picks the packages of the reading page, as far as the catalog has them.
func Recommend(c library.Catalog) []Recommendation {
	var list []Recommendation
	for _, r := range []Recommendation{
		{Path: "io", Why: "Two one-method interfaces that hold the rest together."},
		{Path: "errors", Why: "How to wrap, compare and join what went wrong."},
		{Path: "context", Why: "Deadlines and cancellation, from the first handler to the last query."},
		{Path: "net/http", Why: "A whole server in the standard library; read Handler, then ServeMux."},
		{Path: "sync", Why: "What to reach for when channels do not fit."},
		{Path: "testing", Why: "Table tests, benchmarks, fuzzing and examples in one package."},
		{Path: "slices", Why: "What loops used to do, with type parameters."},
		{Path: "log/slog", Why: "Structured logs without a dependency."},
		{Path: "go/ast", Why: "How Go sees itself; this site is made with it."},
	} {
		for _, p := range c.Packages {
			if p.Path == r.Path {
				r.Synopsis = p.Synopsis
				list = append(list, r)
			}
		}
	}
	return list
}
