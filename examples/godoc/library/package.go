// Package: everything that is written about one package.

package library

import "context"

// A Package is the documentation of one package or command.
type Package struct {
	Path       string // as in addresses: "net/http", "golang.org/x/mod@v0.42.0/semver"
	ImportPath string // as in import declarations
	Module     string // "golang.org/x/mod@v0.42.0"; empty for the Go installation
	Name       string
	Synopsis   string
	Doc        string // HTML
	Deprecated bool
	Command    bool   // package main: has a doc and files, no symbols
	GOOS       string // what it was read for: the host, if it builds there
	GOARCH     string
	Added      string `json:",omitempty"` // "go1.7", of the standard library, if it is known

	Consts   []Value
	Vars     []Value
	Funcs    []Func
	Types    []Type
	Examples []Example // of the package as a whole
	Bugs     []string  // HTML

	Imports []string
	Files   []File
}

// A Value is one const or var declaration, often a group. Each exported name in
// Decl carries its name as an id.
type Value struct {
	Names      []string
	Decl       string // HTML
	Doc        string // HTML
	Deprecated bool
	Added      string `json:",omitempty"` // as in Package; of all of them
	Pos        Position
}

// A Func is a function or method.
type Func struct {
	ID         string // "ListenAndServe", "Server.Shutdown"
	Name       string
	Recv       string // "*Server" for a method
	Signature  string // one line of plain text: "(addr string, handler Handler) error"
	Decl       string // HTML
	Doc        string // HTML
	Deprecated bool
	Added      string `json:",omitempty"` // as in Package
	Pos        Position
	Examples   []Example
}

// A Type is a type with all that go/doc files under it. Its fields and interface
// methods carry ids like "Server.Addr" in Decl.
type Type struct {
	Name       string
	Decl       string // HTML
	Doc        string // HTML
	Deprecated bool
	Added      string `json:",omitempty"` // as in Package
	Pos        Position
	Consts     []Value
	Vars       []Value
	Funcs      []Func // constructors and others that return it
	Methods    []Func
	Examples   []Example
}

// An Example is a testable example.
type Example struct {
	ID        string // "example-Server.Shutdown-suffix"
	Suffix    string // what tells it from others of the same symbol
	Doc       string // HTML
	Code      string // HTML
	Output    string // plain text
	Unordered bool
}

// A Position is where a declaration starts.
type Position struct {
	File string
	Line int
}

// A File is a Go file in the package's directory.
type File struct {
	Name  string
	Lines int
	Built bool // part of the package on this machine
	Test  bool
}

// Package returns the documentation of a package or command of the Go
// installation.
func (l *Library) Package(ctx context.Context, importPath string) (Package, error) {
	loc, err := l.std(importPath)
	if err != nil {
		return Package{}, err
	}
	return l.packageAt(ctx, loc)
}

// ModulePackage returns the documentation of a package of the module cache,
// named like "golang.org/x/mod@v0.42.0/semver".
func (l *Library) ModulePackage(ctx context.Context, name string) (Package, error) {
	loc, err := l.inModule(name)
	if err != nil {
		return Package{}, err
	}
	return l.packageAt(ctx, loc)
}

func (l *Library) packageAt(ctx context.Context, loc location) (Package, error) {
	p, err := l.load(ctx, loc)
	if err != nil {
		return Package{}, err
	}
	r := newRenderer(ctx, l, p)
	d := p.doc
	pkg := Package{
		Path:       loc.path,
		ImportPath: loc.importPath,
		Module:     loc.module,
		Name:       d.Name,
		Synopsis:   d.Synopsis(d.Doc),
		Doc:        r.doc(d.Doc, ""),
		Deprecated: deprecated(d.Doc),
		Command:    d.Name == "main",
		GOOS:       p.goos,
		GOARCH:     p.goarch,
		Added:      r.added(""),
		Imports:    d.Imports,
		Files:      p.files,
		Examples:   r.examples(d.Examples, "package"),
	}
	for _, note := range d.Notes["BUG"] {
		pkg.Bugs = append(pkg.Bugs, r.doc(note.Body, "bug"))
	}
	if pkg.Command {
		return pkg, nil
	}
	pkg.Consts = r.values(d.Consts)
	pkg.Vars = r.values(d.Vars)
	pkg.Funcs = r.funcs(d.Funcs, "")
	for _, t := range d.Types {
		if err := ctx.Err(); err != nil {
			return Package{}, err
		}
		pkg.Types = append(pkg.Types, Type{
			Name:       t.Name,
			Decl:       r.decl(t.Decl, t.Name),
			Doc:        r.doc(t.Doc, t.Name),
			Deprecated: deprecated(t.Doc),
			Added:      r.added(t.Name),
			Pos:        r.typePos(t),
			Consts:     r.values(t.Consts),
			Vars:       r.values(t.Vars),
			Funcs:      r.funcs(t.Funcs, ""),
			Methods:    r.funcs(t.Methods, t.Name),
			Examples:   r.examples(t.Examples, t.Name),
		})
	}
	return pkg, nil
}
