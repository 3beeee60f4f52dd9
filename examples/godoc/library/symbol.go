// Symbol: one exported name of a package, with the source it is made of.

package library

import (
	"context"
	"go/ast"
	"go/doc"
	"os"
	"path/filepath"
	"strings"
)

// A Symbol is one exported constant, variable, function, type or method.
type Symbol struct {
	PackagePath     string // "net/http"
	PackageName     string // "http"
	PackageSynopsis string
	Name            string // "Server.Shutdown"
	Kind            string // "const", "var", "func", "type", "method"
	Synopsis        string
	Decl            string // HTML
	Doc             string // HTML
	Deprecated      bool
	Added           string `json:",omitempty"` // "go1.8", if it is known
	Group           int    // of a const or var of a long group: its length; Decl then shows the neighbours only
	Pos             Position
	Examples        []Example
	Members         []Member // of a type: what go/doc files under it
	Excerpt         string   // HTML: the whole source of a func or type
}

// A Member is a symbol filed under a type, in short.
type Member struct {
	Name       string // "Server.Shutdown", "NewServeMux", "StateNew"
	Kind       string
	Decl       string // HTML; empty for constants and variables
	Synopsis   string
	Deprecated bool
}

// SplitSymbol cuts "net/http.Server.Shutdown" into "net/http" and
// "Server.Shutdown"; name is empty when there is no dot after the last slash.
func SplitSymbol(s string) (importPath, name string) {
	slash := strings.LastIndexByte(s, '/') + 1
	base, name, _ := strings.Cut(s[slash:], ".")
	return s[:slash] + base, name
}

// Symbol returns one exported symbol of a package of the Go installation.
func (l *Library) Symbol(ctx context.Context, importPath, name string) (Symbol, error) {
	loc, err := l.std(importPath)
	if err != nil {
		return Symbol{}, err
	}
	p, err := l.load(ctx, loc)
	if err != nil {
		return Symbol{}, err
	}
	if name == "" || len(name) > maxPath || p.doc.Name == "main" {
		return Symbol{}, notFound("symbol", importPath+"."+name)
	}
	r := newRenderer(ctx, l, p)
	r.local = func(id string) string {
		if p.page(id) {
			return l.link(ctx, "/sym/"+importPath+"."+id)
		}
		return l.link(ctx, "/pkg/"+importPath+"#"+id) // a field or interface method
	}
	s, ok := r.symbol(name)
	if !ok {
		return Symbol{}, notFound("symbol", importPath+"."+name)
	}
	s.PackagePath, s.PackageName = importPath, p.doc.Name
	s.PackageSynopsis = p.doc.Synopsis(p.doc.Doc)
	s.Name = name
	s.Added = r.added(name)
	return s, nil
}

// page reports whether a symbol has a page of its own.
func (p *parsed) page(name string) bool {
	r := renderer{p: p}
	recv, method, ok := strings.Cut(name, ".")
	if !ok {
		return r.topLevel(name) || p.loc.importPath == "builtin"
	}
	for _, t := range p.doc.Types {
		if t.Name == recv {
			return findFunc(t.Methods, method) != nil
		}
	}
	return false
}

// symbol finds a symbol among all that is documented and renders it.
func (r *renderer) symbol(name string) (Symbol, bool) {
	d := r.p.doc
	if recv, method, ok := strings.Cut(name, "."); ok {
		for _, t := range d.Types {
			if f := findFunc(t.Methods, method); t.Name == recv && f != nil {
				return r.funcSymbol(f, "method", name), true
			}
		}
		return Symbol{}, false
	}
	if f := findFunc(d.Funcs, name); f != nil {
		return r.funcSymbol(f, "func", name), true
	}
	if v := findValue(d.Consts, name); v != nil {
		return r.valueSymbol(v, "const", name), true
	}
	if v := findValue(d.Vars, name); v != nil {
		return r.valueSymbol(v, "var", name), true
	}
	for _, t := range d.Types {
		if t.Name == name {
			return r.typeSymbol(t), true
		}
		if f := findFunc(t.Funcs, name); f != nil {
			return r.funcSymbol(f, "func", name), true
		}
		if v := findValue(t.Consts, name); v != nil {
			return r.valueSymbol(v, "const", name), true
		}
		if v := findValue(t.Vars, name); v != nil {
			return r.valueSymbol(v, "var", name), true
		}
	}
	return Symbol{}, false
}

func findFunc(funcs []*doc.Func, name string) *doc.Func {
	for _, f := range funcs {
		if f.Name == name {
			return f
		}
	}
	return nil
}

func findValue(values []*doc.Value, name string) *doc.Value {
	for _, v := range values {
		for _, n := range v.Names {
			if n == name {
				return v
			}
		}
	}
	return nil
}

func (r *renderer) funcSymbol(f *doc.Func, kind, id string) Symbol {
	s := r.p.spans[f.Decl.Pos()]
	return Symbol{
		Kind:       kind,
		Synopsis:   r.p.doc.Synopsis(f.Doc),
		Decl:       r.decl(f.Decl, ""),
		Doc:        r.doc(f.Doc, ""),
		Deprecated: deprecated(f.Doc),
		Pos:        r.pos(s),
		Examples:   r.examples(f.Examples, id),
		Excerpt:    r.excerpt(s),
	}
}

// A group up to longGroup declarations is shown whole: one constant of it says
// little. Of a longer one (syscall has groups of thousands) near neighbours do.
const (
	longGroup = 60
	near      = 8
)

// valueSymbol renders a constant or variable with the group it belongs to.
func (r *renderer) valueSymbol(v *doc.Value, kind, name string) Symbol {
	text, pos := v.Doc, r.pos(r.p.spans[v.Decl.Pos()])
	decl, group := v.Decl, 0
	for i, spec := range v.Decl.Specs {
		vs, ok := spec.(*ast.ValueSpec)
		if !ok {
			continue
		}
		for _, n := range vs.Names {
			if n.Name == name {
				pos.Line = r.p.fset.Position(n.Pos()).Line
				if n := len(v.Decl.Specs); n > longGroup {
					part := *v.Decl // a copy: what is parsed belongs to all
					part.Specs = v.Decl.Specs[max(0, i-near):min(n, i+near+1)]
					decl, group = &part, n
				}
				if text == "" {
					text = first(vs.Doc.Text(), vs.Comment.Text())
				}
			}
		}
	}
	return Symbol{
		Kind:       kind,
		Synopsis:   r.p.doc.Synopsis(text),
		Decl:       r.decl(decl, ""),
		Group:      group,
		Doc:        r.doc(text, ""),
		Deprecated: deprecated(text),
		Pos:        pos,
	}
}

func (r *renderer) typeSymbol(t *doc.Type) Symbol {
	s := Symbol{
		Kind:       "type",
		Synopsis:   r.p.doc.Synopsis(t.Doc),
		Decl:       r.decl(t.Decl, t.Name),
		Doc:        r.doc(t.Doc, ""),
		Deprecated: deprecated(t.Doc),
		Pos:        r.typePos(t),
		Examples:   r.examples(t.Examples, t.Name),
		Excerpt:    r.excerpt(r.typeSpan(t)),
	}
	addValues := func(values []*doc.Value, kind string) {
		for _, v := range values {
			for _, name := range exportedNames(v.Names) {
				s.Members = append(s.Members, Member{Name: name, Kind: kind, Synopsis: r.p.doc.Synopsis(v.Doc)})
			}
		}
	}
	addFuncs := func(funcs []*doc.Func, kind, prefix string) {
		for _, f := range funcs {
			s.Members = append(s.Members, Member{
				Name:       prefix + f.Name,
				Kind:       kind,
				Decl:       r.decl(f.Decl, ""),
				Synopsis:   r.p.doc.Synopsis(f.Doc),
				Deprecated: deprecated(f.Doc),
			})
		}
	}
	addFuncs(t.Funcs, "func", "")
	addFuncs(t.Methods, "method", t.Name+".")
	addValues(t.Consts, "const")
	addValues(t.Vars, "var")
	return s
}

// excerpt is the source of a declaration as it stands in the file, bodies
// included. A source that cannot be read any more leaves it empty.
func (r *renderer) excerpt(s span) string {
	if s.file == "" {
		return ""
	}
	src, err := os.ReadFile(filepath.Join(r.p.loc.dir, s.file))
	if err != nil || s.end > len(src) || s.start > s.end {
		return ""
	}
	return highlight(string(src[s.start:s.end]), nil)
}
