// The program.

package scores

import (
	"embed"
	"fmt"
	"io/fs"
	"os"

	"github.com/gorgon-go/gorgon/command"
	"github.com/gorgon-go/gorgon/database"
	"github.com/gorgon-go/gorgon/database/litedb"
	"github.com/gorgon-go/gorgon/database/pgdb"
	"github.com/gorgon-go/gorgon/e2e/internal/site"
	"github.com/gorgon-go/gorgon/mem"
	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/postgres"
	"github.com/gorgon-go/gorgon/redis"
	"github.com/gorgon-go/gorgon/sqlite"
)

// What the program takes from its environment, besides DATABASE_URL.
const (
	EnvDialect = "SCORES_DIALECT" // the database's name of it
	EnvFlaw    = "SCORES_FLAW"    // a flaw of the program. Default: none
)

//go:embed migrations/*.sql
var files embed.FS

// Main runs the program.
func Main() {
	site.Leash()
	migrations, err := fs.Sub(files, "migrations")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	var d database.Dialect = pgdb.Dialect
	if os.Getenv(EnvDialect) == database.SQLite {
		d = litedb.Dialect
	}
	s := &scores{flaw: os.Getenv(EnvFlaw)}
	if s.flaw == Losing {
		d = losing{d}
	}
	s.db = database.Open(d, database.Options{Migrations: migrations, Tables: []database.Table{{Name: "numbers"}}, Slow: -1})
	command.Main(s.App(), command.Config{
		Database: s.db,
		Stores:   []pages.Driver{mem.Driver(), sqlite.Driver(), postgres.Driver(), redis.Driver()},
	})
}
