// Declaration: declarations and examples, printed, highlighted and linked.

package library

import (
	"bytes"
	"go/ast"
	"go/doc"
	"go/printer"
	"go/token"
	"regexp"
	"strings"
)

// decl renders a declaration. owner, when given, is the type whose fields and
// interface methods get ids.
func (r *renderer) decl(d ast.Decl, owner string) string {
	return highlight(r.print(d), r.marks(d, owner))
}

// print formats a declaration as gofmt would.
func (r *renderer) print(node any) string {
	var b bytes.Buffer
	config := printer.Config{Mode: printer.UseSpaces | printer.TabIndent, Tabwidth: 4}
	if err := config.Fprint(&b, r.p.fset, node); err != nil {
		return ""
	}
	return b.String()
}

// marks says for each identifier of a declaration, in the order they are
// written, where it leads to. ast.Inspect visits them in that order, and parents
// before children: a parent that knows better what a name is says so first.
func (r *renderer) marks(d ast.Decl, owner string) []mark {
	decided := make(map[*ast.Ident]mark)
	marks := []mark{}
	imports := r.p.imports[r.p.fset.Position(d.Pos()).Filename]

	fieldNames := func(list *ast.FieldList, anchors bool) {
		if list == nil {
			return
		}
		for _, f := range list.List {
			for _, name := range f.Names {
				decided[name] = mark{}
				if anchors && ast.IsExported(name.Name) {
					decided[name] = mark{id: owner + "." + name.Name}
				}
			}
		}
	}
	top := topFields(d)
	ast.Inspect(d, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			decided[n.Name] = mark{}
			fieldNames(n.Recv, false)
		case *ast.FuncType:
			fieldNames(n.TypeParams, false)
			fieldNames(n.Params, false)
			fieldNames(n.Results, false)
		case *ast.StructType:
			fieldNames(n.Fields, owner != "" && n.Fields == top)
		case *ast.InterfaceType:
			fieldNames(n.Methods, owner != "" && n.Methods == top)
		case *ast.TypeSpec:
			decided[n.Name] = mark{}
			fieldNames(n.TypeParams, false)
		case *ast.ValueSpec:
			for _, name := range n.Names {
				decided[name] = mark{}
				if ast.IsExported(name.Name) || r.p.loc.importPath == "builtin" {
					decided[name] = mark{id: name.Name}
				}
			}
		case *ast.KeyValueExpr:
			if key, ok := n.Key.(*ast.Ident); ok {
				decided[key] = mark{}
			}
		case *ast.SelectorExpr:
			decided[n.Sel] = mark{}
			if x, ok := n.X.(*ast.Ident); ok {
				if importPath, ok := imports[x.Name]; ok {
					decided[x] = mark{href: r.external(importPath, "")}
					decided[n.Sel] = mark{href: r.external(importPath, n.Sel.Name)}
				}
			}
		case *ast.Ident:
			m, ok := decided[n]
			if !ok && r.topLevel(n.Name) {
				m = mark{href: r.local(n.Name)}
			}
			marks = append(marks, m)
		}
		return true
	})
	return marks
}

// topFields are the fields or methods of the type a declaration declares.
func topFields(d ast.Decl) *ast.FieldList {
	gen, ok := d.(*ast.GenDecl)
	if !ok || gen.Tok != token.TYPE || len(gen.Specs) != 1 {
		return nil
	}
	spec, ok := gen.Specs[0].(*ast.TypeSpec)
	if !ok {
		return nil
	}
	switch t := spec.Type.(type) {
	case *ast.StructType:
		return t.Fields
	case *ast.InterfaceType:
		return t.Methods
	}
	return nil
}

var outputComment = regexp.MustCompile(`(?i)//[[:space:]]*(unordered )?output:`)

func (r *renderer) examples(examples []*doc.Example, owner string) []Example {
	var out []Example
	for _, e := range examples {
		id := "example-" + owner
		if e.Suffix != "" {
			id += "-" + e.Suffix
		}
		out = append(out, Example{
			ID:        id,
			Suffix:    e.Suffix,
			Doc:       r.doc(e.Doc, id),
			Code:      highlight(r.exampleCode(e), nil),
			Output:    e.Output,
			Unordered: e.Unordered,
		})
	}
	return out
}

// exampleCode is the body of an example without its braces and its output
// comment, or a whole file when the example is one.
func (r *renderer) exampleCode(e *doc.Example) string {
	code := r.print(&printer.CommentedNode{Node: e.Code, Comments: e.Comments})
	if n := len(code); n >= 2 && code[0] == '{' && code[n-1] == '}' {
		code = strings.ReplaceAll(code[1:n-1], "\n\t", "\n")
		if loc := outputComment.FindStringIndex(code); loc != nil {
			code = code[:loc[0]]
		}
	}
	return strings.TrimSpace(code)
}
