// A shop with a database in a file: the app that the test of ship.sh ships. It
// is copied into a repository of its own, as two versions.

package main

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"slices"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/command"
	"github.com/gorgon-go/gorgon/database"
	"github.com/gorgon-go/gorgon/database/litedb"
)

const version = "one"

//go:embed migrations/*.sql
var migrations embed.FS

//go:embed static
var static embed.FS

func main() {
	if len(os.Args) > 1 && os.Args[1] == "said" {
		said(os.Args[2:])
		return
	}
	if version != "one" {
		fail(os.Getenv("SHOP_FAULT"), os.Args[1:])
	}
	db := database.Open(litedb.Dialect, database.Options{Migrations: migrations, Tables: []database.Table{{Name: "orders"}}})
	command.Main(app(), command.Config{Database: db})
}

// said prints with what a command runs.
func said(args []string) {
	writes := func(folder string) bool {
		name := folder + "/said"
		err := os.WriteFile(name, nil, 0o600)
		_ = os.Remove(name)
		return err == nil
	}
	fmt.Printf("%q, standalone %s, key %t, writes %t, elsewhere %t\n", args, os.Getenv("GORGON_STANDALONE"), len(os.Getenv("GORGON_PURGE_KEY")) == 43,
		writes("/var/lib/shop"), writes("/etc"))
}

// fail has a fault of a release: in its migration, in its start, in its
// readiness, or in a readiness that only those who get visitors miss.
func fail(fault string, args []string) {
	serves := slices.Contains(args, "serve")
	switch {
	case fault == "migrate" && slices.Contains(args, "migrate"):
		_ = os.Setenv("DATABASE_URL", "sqlite:/var/lib/shop/missing/shop.db")
	case fault == "start" && serves:
		fmt.Fprintln(os.Stderr, "the licence of the fonts has ended")
		os.Exit(1)
	case fault == "unready" && serves, fault == "late" && serves && !slices.Contains(args, "web"):
		_ = os.Setenv("DATABASE_URL", "sqlite:/var/lib/shop/other.db")
	}
}

func app() gorgon.App {
	below, err := fs.Sub(static, "static")
	if err != nil {
		panic(err)
	}
	text := func(s string) gorgon.Component { return gorgon.Text("version " + version + " " + s) }
	return gorgon.App{
		Name: "shop", Origin: "https://shop.example.com",
		Assets: gorgon.Assets{Static: below},
		Error:  func(f gorgon.Failure) gorgon.Component { return gorgon.HTML(fmt.Sprintf("<h1>%d</h1>", f.Status)) },
		Parts: []gorgon.Part{
			gorgon.Page[string]{Path: "/", View: text},
			gorgon.Page[string]{Path: "/now", View: text, LoadRequest: func(_ context.Context, _ gorgon.Input, r *http.Request) (string, error) {
				return r.URL.Query().Get("n"), nil
			}},
		},
	}
}
