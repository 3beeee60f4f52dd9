// Board is a small bakery that shows both halves of what a commit can reach: the
// shelf and the orders are rows that open pages follow, and beside each order is a
// chat, which is a room. It needs nothing but Go:
//
//	go run ./examples/board
//
// Everything is in dist/board, or in the database that DATABASE_URL names: a
// SQLite file or PostgreSQL, which any number of instances may share.
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/gorgon-go/gorgon/bundle"
	"github.com/gorgon-go/gorgon/command"
	"github.com/gorgon-go/gorgon/database"
	"github.com/gorgon-go/gorgon/database/litedb"
	"github.com/gorgon-go/gorgon/database/pgdb"
	"github.com/gorgon-go/gorgon/database/roomdb"
	"github.com/gorgon-go/gorgon/disk"
	"github.com/gorgon-go/gorgon/host"
	"github.com/gorgon-go/gorgon/mem"
	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/postgres"
)

func main() {
	if err := prepare(); err != nil {
		fmt.Fprintln(os.Stderr, "board:", err)
		os.Exit(command.Failed)
	}
	db := database.Open(dialect(os.Getenv(database.Variable)), Data)
	command.Main(App(cmp.Or(os.Getenv("BOARD_ORIGIN"), "http://localhost:8080"), db), command.Config{
		Database: db, Rooms: host.New(host.Options{Store: roomdb.In(db)}),
		Stores: []pages.Driver{disk.Driver(), mem.Driver(), postgres.Driver()}, Bundler: bundle.Bundler{},
	})
}

// dialect is that of the database at a URL. A product has one, and names it.
func dialect(url string) database.Dialect {
	if strings.HasPrefix(url, "postgres") {
		return pgdb.Dialect
	}
	return litedb.Dialect
}

// prepare makes the file of an example that needs no configuration. A product
// does not do this: DATABASE_URL is set where it runs, and its migrate command
// runs before each new release.
func prepare() (err error) {
	if os.Getenv(database.Variable) != "" {
		return nil
	}
	dir := filepath.Join("dist", "board")
	if err := errors.Join(os.MkdirAll(dir, 0o755), os.Setenv(database.Variable, "sqlite:"+filepath.Join(dir, "board.db"))); err != nil {
		return err
	}
	db := database.Open(litedb.Dialect, Data)
	defer func() { err = errors.Join(err, db.Close()) }()
	roomdb.In(db)
	_, err = db.Migrate(context.Background())
	return err
}
