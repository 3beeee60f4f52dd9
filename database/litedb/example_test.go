// The package in use.

package litedb_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/gorgon-go/gorgon/database"
	"github.com/gorgon-go/gorgon/database/litedb"
	"github.com/gorgon-go/gorgon/dataflow"
)

func Example() {
	dir, err := os.MkdirTemp("", "shop")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	db := database.Open(litedb.Dialect, database.Options{
		URL:    "sqlite:" + filepath.ToSlash(dir) + "/shop.db",
		Tables: []database.Table{{Name: "products"}},
	})
	defer db.SQL().Close()
	ctx := context.Background()
	engine, err := db.Engine()
	if err == nil {
		defer engine.Close()
		_, err = db.SQL().ExecContext(ctx, "create table products (id integer primary key, title text)")
	}
	if err == nil {
		_, err = engine.Layout(ctx)
	}
	if err != nil {
		fmt.Println(err)
		return
	}

	// A loader's query notes what it reads.
	reads := new(dataflow.Reads)
	loading := dataflow.WithReads(ctx, reads)
	var title string
	_ = db.SQL().QueryRowContext(loading, "select title from products where id = ?", 7).Scan(&title)
	fmt.Println(reads.Tags())

	// A commit leaves what it changed.
	if _, err := db.SQL().ExecContext(ctx, "insert into products values (7, 'Lamp')"); err != nil {
		fmt.Println(err)
	}
	changes, err := engine.Look(ctx)
	for _, c := range changes {
		fmt.Println(c.Tags)
	}
	if err != nil {
		fmt.Println(err)
	}
	// Output:
	// [db:main db:main.products:* db:main.products:7]
	// [db:main.products db:main.products:7]
}
