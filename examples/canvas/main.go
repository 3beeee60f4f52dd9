// Canvas is a picture of 64 by 64 pixels that its visitors paint together: they
// see each other paint, strokes that were made without a connection are sent
// later, and a slider shows how the picture came about. It needs nothing but Go:
//
//	go run ./examples/canvas
//
// The picture is in dist/canvas, or in the database that DATABASE_URL names: a
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
)

func main() {
	if err := prepare(); err != nil {
		fmt.Fprintln(os.Stderr, "canvas:", err)
		os.Exit(command.Failed)
	}
	db := database.Open(dialect(os.Getenv(database.Variable)), database.Options{})
	command.Main(App(cmp.Or(os.Getenv("CANVAS_ORIGIN"), "http://localhost:8080")), command.Config{
		Database: db, Rooms: host.New(host.Options{Store: roomdb.In(db)}),
		Stores: []pages.Driver{disk.Driver(), mem.Driver()}, Bundler: bundle.Bundler{},
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
	dir := filepath.Join("dist", "canvas")
	if err := errors.Join(os.MkdirAll(dir, 0o755), os.Setenv(database.Variable, "sqlite:"+filepath.Join(dir, "canvas.db"))); err != nil {
		return err
	}
	db := database.Open(litedb.Dialect, database.Options{})
	defer func() { err = errors.Join(err, db.Close()) }()
	roomdb.In(db)
	_, err = db.Migrate(context.Background())
	return err
}
