// The dialect of a starter's database.

package tool

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/gorgon-go/gorgon/cli"
	"github.com/gorgon-go/gorgon/database/migration"
)

// dialects are those that --database can name. The starters lie here in the
// first one, which is the default.
var dialects = []string{migration.SQLite, migration.PostgreSQL}

// hasDatabase says whether a starter has a database.
func hasDatabase(kind string) bool {
	_, err := fs.Stat(starterFiles, path.Join("starters", kind, "migrations"))
	return err == nil
}

// A passage is one of a starter's files, in its two dialects, with the starter's
// name as {kind}. What is between them is the same: migrations and queries are
// written so that both take them.
type passage struct{ file, sqlite, postgresql string }

var passages = []passage{
	{"main.go", "database/litedb", "database/pgdb"},
	{"main.go", "litedb.Dialect", "pgdb.Dialect"},
	{"app_test.go", "database/litedb/litedbtest", "database/pgdb/pgdbtest"},
	{"app_test.go", "litedbtest.Open", "pgdbtest.Open"},
	{"env", "sqlite:{kind}.db", "postgres://localhost/starter-{kind}"},
	{"gitignore", "\n# The database.\n/*.db\n/*.db-*\n", ""},
	{"README.md", "in SQLite", "in PostgreSQL"},
	{"README.md", "`export DATABASE_URL=sqlite:{kind}.db", "`export DATABASE_URL=postgres://localhost/starter-{kind}"},
	{"README.md", "| test it | `go test` |", "| run several over one store | `go run . serve --store postgres://…` or `redis://…`, after `migrate --store …` |\n| test it | `go test`, with PostgreSQL installed, or a server in `TEST_DATABASE_URL` whose user may create databases |"},
	{"README.md", "the file of the database, such as `sqlite:{kind}.db`; in a container put it on the volume, `sqlite:/data/{kind}.db`", "the database, such as `postgres://USER:PASSWORD@HOST/starter-{kind}`"},
}

// of is one of the two texts in a starter.
func (passage) of(kind, text string) []byte {
	return []byte(strings.ReplaceAll(text, "{kind}", kind))
}

// translated is a file of a starter in a dialect.
func translated(kind, file string, text []byte, dialect string) []byte {
	if dialect != migration.PostgreSQL {
		return text
	}
	for _, p := range passages {
		if p.file == file {
			text = bytes.ReplaceAll(text, p.of(kind, p.sqlite), p.of(kind, p.postgresql))
		}
	}
	return text
}

// askDialect asks for a dialect, in one line.
func askDialect(ctx context.Context, in io.Reader, out io.Writer) (string, error) {
	fmt.Fprintf(out, "database, sqlite (one machine, nothing to install) or postgresql [%s]: ", dialects[0])
	said := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(in).ReadString('\n') // the end of the input is the default
		said <- strings.ToLower(strings.TrimSpace(line))
	}()
	select {
	case <-ctx.Done():
		fmt.Fprintln(out)
		return "", ctx.Err()
	case dialect := <-said:
		if dialect == "" {
			return dialects[0], nil
		}
		return dialect, checkDialect(dialect)
	}
}

func checkDialect(dialect string) error {
	if !slices.Contains(dialects, dialect) {
		return cli.Misuse("--database %s: use %s", cli.Quoted(dialect), strings.Join(dialects, " or "))
	}
	return nil
}
