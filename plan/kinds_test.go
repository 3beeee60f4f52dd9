// The list of kinds is complete.

package plan_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"testing"

	"github.com/gorgon-go/gorgon/plan"
)

// TestKinds holds [plan.Kinds] against the constants of needs.go: a target is asked
// about each kind in the list.
func TestKinds(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "needs.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	constants := 0
	for _, d := range file.Decls {
		if g, is := d.(*ast.GenDecl); is && g.Tok == token.CONST {
			for _, s := range g.Specs {
				v := s.(*ast.ValueSpec)
				kind, _ := v.Type.(*ast.Ident)
				call, _ := v.Values[0].(*ast.CallExpr)
				if call != nil {
					kind, _ = call.Fun.(*ast.Ident)
				}
				if kind != nil && kind.Name == "Kind" {
					constants++
				}
			}
		}
	}
	kinds := plan.Kinds()
	if len(kinds) != constants {
		t.Errorf("Kinds lists %d kinds, needs.go has %d", len(kinds), constants)
	}
	slices.Sort(kinds)
	if len(slices.Compact(kinds)) != constants {
		t.Errorf("Kinds lists a kind twice: %v", kinds)
	}
}
