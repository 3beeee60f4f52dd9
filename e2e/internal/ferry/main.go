// The program.

package ferry

import (
	"embed"
	"fmt"
	"io/fs"
	"os"
	"testing/fstest"

	"github.com/gorgon-go/gorgon/auth"
	"github.com/gorgon-go/gorgon/bundle"
	"github.com/gorgon-go/gorgon/command"
	"github.com/gorgon-go/gorgon/database"
	"github.com/gorgon-go/gorgon/database/jobdb"
	"github.com/gorgon-go/gorgon/database/litedb"
	"github.com/gorgon-go/gorgon/database/oncedb"
	"github.com/gorgon-go/gorgon/database/pgdb"
	"github.com/gorgon-go/gorgon/database/roomdb"
	"github.com/gorgon-go/gorgon/database/sessiondb"
	"github.com/gorgon-go/gorgon/e2e/internal/site"
	"github.com/gorgon-go/gorgon/host"
	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/redis"
	"github.com/gorgon-go/gorgon/sqlite"
	"github.com/gorgon-go/gorgon/work"
)

// EnvDialect is the database's name of its dialect.
const EnvDialect = "FERRY_DIALECT"

// Version is the version of the program: "1" or "2".
var Version = "1"

//go:embed migrations/*.sql
var files embed.FS

// migrations are those that the version has: the second one brings one more.
func migrations() (fs.FS, error) {
	names := []string{"00001_start.sql"}
	if Version != "1" {
		names = append(names, "00002_notes.sql")
	}
	own := fstest.MapFS{}
	for _, name := range names {
		data, err := files.ReadFile("migrations/" + name)
		if err != nil {
			return nil, err
		}
		own[name] = &fstest.MapFile{Data: data}
	}
	return own, nil
}

// Main runs the program.
func Main() {
	site.Leash()
	own, err := migrations()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	var d database.Dialect = pgdb.Dialect
	if os.Getenv(EnvDialect) == database.SQLite {
		d = litedb.Dialect
	}
	db := database.Open(d, database.Options{Migrations: own, Tables: []database.Table{{Name: "numbers"}}, Slow: -1})
	f := &ferry{db: db, queue: jobdb.In(db), once: oncedb.In(db), people: auth.New(auth.Options{Store: sessiondb.In(db)})}
	command.Main(f.app(), command.Config{
		Database: db, Auth: f.people,
		Jobs: work.New(work.Options{Store: f.queue}), Rooms: host.New(host.Options{Store: roomdb.In(db)}),
		Stores: []pages.Driver{sqlite.Driver(), redis.Driver()}, Bundler: bundle.Bundler{},
	})
}
