// Render: parsed documentation becomes HTML for one request.

package library

import (
	"context"
	"go/ast"
	"go/doc"
	"go/doc/comment"
	"regexp"
	"strconv"
	"strings"
)

// A renderer makes the HTML of one parsed package, with links as this request
// wants them. It only reads the parsed package, which others may read too.
type renderer struct {
	ctx   context.Context
	lib   *Library
	p     *parsed
	local func(id string) string // address of a symbol of the package itself

	foreign  map[string]string // import path → address, as far as asked
	headings map[string]int    // ids given to headings, and how often
}

// newRenderer links symbols of the package to their places on the same page.
func newRenderer(ctx context.Context, l *Library, p *parsed) *renderer {
	return &renderer{
		ctx: ctx, lib: l, p: p,
		local:    func(id string) string { return "#" + id },
		foreign:  make(map[string]string),
		headings: make(map[string]int),
	}
}

// doc renders a doc comment. prefix keeps the ids of headings apart when there
// are many doc comments on a page.
func (r *renderer) doc(text, prefix string) string {
	if text == "" {
		return ""
	}
	printer := r.p.doc.Printer()
	printer.HeadingLevel = 4 // below the h3 of a symbol
	if prefix == "" {
		printer.HeadingLevel = 3
	}
	printer.HeadingID = func(h *comment.Heading) string {
		id := h.DefaultID()
		if prefix != "" {
			id = prefix + "-" + id
		}
		if r.headings[id]++; r.headings[id] > 1 {
			id += "-" + strconv.Itoa(r.headings[id])
		}
		return id
	}
	printer.DocLinkURL = func(link *comment.DocLink) string {
		id := link.Name
		if link.Recv != "" {
			id = link.Recv + "." + link.Name
		}
		if link.ImportPath == "" {
			return r.local(id)
		}
		return r.external(link.ImportPath, id)
	}
	return string(printer.HTML(r.p.doc.Parser().Parse(text)))
}

// external is the address of a symbol of another package, or of the package
// when id is empty; empty itself when that package is not on this machine.
func (r *renderer) external(importPath, id string) string {
	page, ok := r.foreign[importPath]
	if !ok {
		page = r.lib.pageOf(r.p.loc, importPath)
		r.foreign[importPath] = page
	}
	if page == "" {
		return ""
	}
	if id != "" {
		page += "#" + id
	}
	return r.lib.link(r.ctx, page)
}

// topLevel reports whether name is a documented symbol of the package.
func (r *renderer) topLevel(name string) bool {
	return ast.IsExported(name) && r.p.symbols[name]
}

// symbolNames are the documented top-level names of a package.
func symbolNames(d *doc.Package) map[string]bool {
	names := make(map[string]bool)
	addValues := func(values []*doc.Value) {
		for _, v := range values {
			for _, name := range v.Names {
				names[name] = true
			}
		}
	}
	addFuncs := func(funcs []*doc.Func) {
		for _, f := range funcs {
			names[f.Name] = true
		}
	}
	addValues(d.Consts)
	addValues(d.Vars)
	addFuncs(d.Funcs)
	for _, t := range d.Types {
		names[t.Name] = true
		addValues(t.Consts)
		addValues(t.Vars)
		addFuncs(t.Funcs)
	}
	return names
}

func (r *renderer) values(values []*doc.Value) []Value {
	var out []Value
	for _, v := range values {
		out = append(out, Value{
			Names:      exportedNames(v.Names),
			Decl:       r.decl(v.Decl, ""),
			Doc:        r.doc(v.Doc, v.Names[0]),
			Deprecated: deprecated(v.Doc),
			Added:      r.added(exportedNames(v.Names)...),
			Pos:        r.pos(r.p.spans[v.Decl.Pos()]),
		})
	}
	return out
}

func (r *renderer) funcs(funcs []*doc.Func, recv string) []Func {
	var out []Func
	for _, f := range funcs {
		id := f.Name
		if recv != "" {
			id = recv + "." + f.Name
		}
		decl := r.print(f.Decl)
		out = append(out, Func{
			ID:         id,
			Name:       f.Name,
			Recv:       f.Recv,
			Signature:  signature(decl, f.Name),
			Decl:       highlight(decl, r.marks(f.Decl, "")),
			Doc:        r.doc(f.Doc, id),
			Deprecated: deprecated(f.Doc),
			Added:      r.added(id),
			Pos:        r.pos(r.p.spans[f.Decl.Pos()]),
			Examples:   r.examples(f.Examples, id),
		})
	}
	return out
}

// added is since when there are symbols of the package, if they came together.
func (r *renderer) added(names ...string) string {
	if r.p.loc.module != "" {
		return ""
	}
	since := r.lib.Added(r.p.loc.importPath, names[0])
	for _, name := range names[1:] {
		if r.lib.Added(r.p.loc.importPath, name) != since {
			return ""
		}
	}
	return since
}

// signature cuts "func (r R) Name" off a printed declaration and joins its lines.
func signature(decl, name string) string {
	_, rest, ok := strings.Cut(decl, " "+name)
	if !ok {
		return ""
	}
	rest = strings.Join(strings.Fields(rest), " ")
	return strings.NewReplacer("( ", "(", ", )", ")").Replace(rest)
}

func (r *renderer) pos(s span) Position { return Position{File: s.file, Line: s.line} }

func (r *renderer) typePos(t *doc.Type) Position {
	p := r.pos(r.typeSpan(t))
	if p.Line > 0 && len(t.Decl.Specs) == 1 {
		p.Line = r.p.fset.Position(t.Decl.Specs[0].Pos()).Line
	}
	return p
}

func (r *renderer) typeSpan(t *doc.Type) span {
	if len(t.Decl.Specs) == 0 {
		return span{}
	}
	return r.p.spans[t.Decl.Specs[0].Pos()]
}

// exportedNames leaves out the names that go/doc shows but that cannot be used.
// Package builtin is all lower case and has nothing else.
func exportedNames(names []string) []string {
	var out []string
	for _, name := range names {
		if ast.IsExported(name) {
			out = append(out, name)
		}
	}
	if out == nil {
		return names
	}
	return out
}

var deprecatedParagraph = regexp.MustCompile(`(?m)(^|\n\n)Deprecated: `)

// deprecated reports whether a doc comment has a paragraph that says so.
func deprecated(text string) bool { return deprecatedParagraph.MatchString(text) }
