// Names of this package are written in this package alone.

package wire_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/gorgon-go/gorgon/wire"
)

// own are names that only package wire may spell: in a string of Go code they
// are a copy of one of its constants. The store's own probe is not a path.
var own = regexp.MustCompile(`_gorgon/(?:[a-z]|$)|^_gorgon$|Gorgon-[A-Z]|^/(livez|readyz|startupz)$|^gorgon_locale$|^gorgon-token$|^Idempotency-`)

func TestNamesAreSpelledHereAlone(t *testing.T) {
	read := 0
	err := filepath.WalkDir("..", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rest := filepath.ToSlash(strings.TrimPrefix(name, ".."+string(filepath.Separator)))
		if d.IsDir() {
			if rest != ".." && (strings.HasPrefix(d.Name(), ".") || slices.Contains([]string{"wire", "docs", "e2e", "examples", "cmd", "testdata"}, rest) || d.Name() == "testdata") {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		read++
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if text, ok := n.(*ast.BasicLit); ok && text.Kind == token.STRING {
				if said := strings.Trim(text.Value, "\"`"); own.MatchString(said) && !strings.Contains(said, " ") && said != "_gorgon/probe" {
					t.Errorf("%s: %s: use the constant of package wire", name, text.Value)
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if read < 100 {
		t.Errorf("%d files were read", read)
	}
}

// Scripts that are served as they are cannot use the constants.
func TestScriptsSpellNamesAlike(t *testing.T) {
	known := []string{wire.Fragment, wire.DevEvents, wire.DevSite, wire.DevRequests, wire.DevState}
	for _, name := range []string{"../develop/client.js", "../command/inspector.html"} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		found := regexp.MustCompile(`/_gorgon/[\w./]*`).FindAllString(string(text), -1)
		if len(found) == 0 {
			t.Errorf("%s names no path of the framework", name)
		}
		for _, path := range found {
			if !slices.Contains(known, path) {
				t.Errorf("%s: %s is not a path that package wire knows", name, path)
			}
		}
	}
}
