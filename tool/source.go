// What in a project's source is about its database.

package tool

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/gorgon-go/gorgon/cli"
	"github.com/gorgon-go/gorgon/database/migration"
)

// A source is what was found in the files of a project.
type source struct {
	dialects map[string]bool
	folders  map[string]bool // that are embedded, and have migrations
	queries  []query
}

// A query is a text that may be SQL, and where it stands.
type query struct {
	file string
	line int
	text string
}

// readSource reads the files below a folder. Files that cannot be parsed are
// left to the compiler.
func readSource(root string) (*source, error) {
	s := &source{dialects: map[string]bool{}, folders: map[string]bool{}}
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		base := d.Name()
		if d.IsDir() {
			if name != root && (strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_") || slices.Contains([]string{"vendor", "testdata", "node_modules", "dist", "pkg"}, base)) {
				return fs.SkipDir
			}
			return nil
		}
		switch {
		case strings.HasSuffix(base, ".sql"):
			text, err := os.ReadFile(name)
			s.queries = append(s.queries, query{name, 1, string(text)})
			return err
		case strings.HasSuffix(base, ".go") && !strings.HasSuffix(base, "_test.go"):
			s.goFile(name)
		}
		return nil
	})
	return s, err
}

func (s *source) goFile(name string) {
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, name, nil, parser.ParseComments)
	if err != nil {
		return
	}
	for _, i := range file.Imports {
		switch text, _ := strconv.Unquote(i.Path.Value); text { // the parser has checked it
		case framework + "/database/pgdb":
			s.dialects[migration.PostgreSQL] = true
		case framework + "/database/litedb":
			s.dialects[migration.SQLite] = true
		}
	}
	for _, group := range file.Comments {
		for _, c := range group.List {
			patterns, ok := strings.CutPrefix(c.Text, "//go:embed ")
			if !ok {
				continue
			}
			for pattern := range strings.FieldsSeq(patterns) {
				dir := strings.Trim(strings.TrimPrefix(strings.Trim(pattern, "\"`"), "all:"), "/")
				if path.Ext(dir) == ".sql" {
					dir = path.Dir(dir)
				}
				if dir = filepath.Join(filepath.Dir(name), filepath.FromSlash(dir)); isMigrations(dir) {
					s.folders[dir] = true
				}
			}
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		if l, ok := n.(*ast.BasicLit); ok && l.Kind == token.STRING {
			text, _ := strconv.Unquote(l.Value) // the parser has checked it
			s.queries = append(s.queries, query{name, set.Position(l.Pos()).Line, text})
		}
		return true
	})
}

// dialect is that which the source imports.
func (s *source) dialect() (string, error) {
	switch {
	case len(s.dialects) == 2:
		return "", fmt.Errorf("the source imports both database/pgdb and database/litedb: an app has one dialect")
	case s.dialects[migration.PostgreSQL]:
		return migration.PostgreSQL, nil
	case s.dialects[migration.SQLite]:
		return migration.SQLite, nil
	}
	return "", errNoDialect
}

// folder is the folder of the migrations, and whether it is embedded.
func (s *source) folder() (dir string, embedded bool, err error) {
	var all []string
	for dir := range s.folders {
		all = append(all, dir)
	}
	slices.Sort(all)
	switch len(all) {
	case 0:
		return "migrations", false, nil
	case 1:
		return all[0], true, nil
	}
	return "", false, cli.Misuse("the source embeds several folders of migrations (%s): name one with --dir", strings.Join(all, ", "))
}

// words are the words of a text, in lower case.
func words(text string) []string {
	return strings.FieldsFunc(strings.ToLower(text), func(c rune) bool {
		return c != '_' && (c < 'a' || c > 'z') && (c < '0' || c > '9') && c < 0x80
	})
}

// reads lists where the source may still use what a contract removes: a column
// with its table, or a table. Files in the folder of migrations do not count.
func (s *source) reads(what, folder string) (places []string) {
	parts := strings.Split(what, ".")
	parts = parts[max(0, len(parts)-2):]
	for _, q := range s.queries {
		if filepath.Dir(q.file) == folder {
			continue
		}
		all := words(q.text)
		isSQL := slices.ContainsFunc(all, func(w string) bool { return slices.Contains([]string{"select", "insert", "update", "delete"}, w) })
		if isSQL && !slices.ContainsFunc(parts, func(p string) bool { return !slices.Contains(all, p) }) {
			places = append(places, fmt.Sprintf("%s:%d", filepath.ToSlash(q.file), q.line))
		}
	}
	return places
}
