// The program.

package shop

import (
	"embed"
	"fmt"
	"io/fs"
	"os"

	"github.com/gorgon-go/gorgon/command"
	"github.com/gorgon-go/gorgon/database"
	"github.com/gorgon-go/gorgon/database/litedb"
	"github.com/gorgon-go/gorgon/database/pgdb"
	"github.com/gorgon-go/gorgon/disk"
	"github.com/gorgon-go/gorgon/e2e/internal/site"
	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/postgres"
	"github.com/gorgon-go/gorgon/redis"
	"github.com/gorgon-go/gorgon/sqlite"
)

// What the program takes from its environment, besides DATABASE_URL.
const (
	EnvDialect = "SHOP_DIALECT" // the database's name of it
	EnvNotes   = "SHOP_NOTES"   // the file of notes. Default: none
	EnvPlant   = "SHOP_PLANT"   // a fault of the database. Default: none
)

//go:embed migrations/*.sql
var files embed.FS

// Open is the shop's database of a dialect.
func Open(dialect, url, plant string) (*database.DB, error) {
	migrations, err := fs.Sub(files, "migrations")
	if err != nil {
		return nil, err
	}
	options := database.Options{
		URL: url, Migrations: migrations,
		Tables: []database.Table{{Name: "products", Ignore: []string{"views"}}, {Name: "prices"}, {Name: "busy"}, {Name: "boxes"}},
	}
	dialects := map[string]database.Dialect{database.SQLite: litedb.Dialect, database.PostgreSQL: pgdb.Dialect}
	d := dialects[dialect]
	if d == nil {
		return nil, fmt.Errorf("%s=%q: use %s or %s", EnvDialect, dialect, database.SQLite, database.PostgreSQL)
	}
	if plant != "" {
		return planted(d, options, plant)
	}
	return database.Open(d, options), nil
}

// Main runs the program.
func Main() {
	site.Leash()
	plant := os.Getenv(EnvPlant)
	db, err := Open(os.Getenv(EnvDialect), "", plant)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	s := &shop{db, notes(os.Getenv(EnvNotes))}
	command.Main(s.App(), command.Config{
		Database: trusting(db, plant),
		Stores:   []pages.Driver{disk.Driver(), sqlite.Driver(), postgres.Driver(), redis.Driver()},
	})
}
