// Recipes is a whole site in one app: recipes in two languages that visitors
// send in and the cook edits, a blog, a search, feeds and a shopping list. It
// needs nothing but Go:
//
//	go run ./examples/recipes
//
// Its recipes are in a SQLite file, dist/recipes.db, or where DATABASE_URL says.
//
// To sign in at /sign-in, the cook's name is "cook" and the password "salt", or
// RECIPES_PASSWORD. Sessions outlive a restart if RECIPES_SECRET is set.
package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"

	"github.com/gorgon-go/gorgon/admin"
	"github.com/gorgon-go/gorgon/bundle"
	"github.com/gorgon-go/gorgon/command"
	"github.com/gorgon-go/gorgon/database"
	"github.com/gorgon-go/gorgon/database/litedb"
	"github.com/gorgon-go/gorgon/disk"
	"github.com/gorgon-go/gorgon/examples/recipes/site"
	"github.com/gorgon-go/gorgon/mem"
	"github.com/gorgon-go/gorgon/pages"
)

func main() {
	if os.Getenv(database.Variable) == "" {
		if err := prepare(); err != nil {
			fmt.Fprintln(os.Stderr, "recipes:", err)
			os.Exit(command.Failed)
		}
	}
	db := database.Open(litedb.Dialect, site.Data)
	command.Main(site.App(site.Options{
		Origin:   cmp.Or(os.Getenv("RECIPES_ORIGIN"), "http://localhost:8080"),
		Password: cmp.Or(os.Getenv("RECIPES_PASSWORD"), "salt"),
		Secret:   cmp.Or(os.Getenv("RECIPES_SECRET"), rand.Text()),
	}, db), command.Config{Database: db, Admin: admin.New(admin.Config{}), Stores: []pages.Driver{disk.Driver(), mem.Driver()}, Bundler: bundle.Bundler{}})
}

// prepare makes the file of an example that needs no configuration. A product
// does not do this: DATABASE_URL is set where it runs, and its migrate command
// runs before each new release.
func prepare() (err error) {
	if err := errors.Join(os.MkdirAll("dist", 0o755), os.Setenv(database.Variable, "sqlite:dist/recipes.db")); err != nil {
		return err
	}
	db := database.Open(litedb.Dialect, site.Data)
	defer func() { err = errors.Join(err, db.Close()) }()
	_, err = db.Migrate(context.Background())
	return err
}
