// Recipes is a whole site in one app: recipes in two languages that visitors
// send in and the cook edits, a blog, a search, feeds and a shopping list. It
// needs nothing but Go:
//
//	go run ./examples/recipes
//
// To sign in at /sign-in, the cook's name is "cook" and the password "salt", or
// RECIPES_PASSWORD. Sessions outlive a restart if RECIPES_SECRET is set.
package main

import (
	"cmp"
	"crypto/rand"
	"os"

	"github.com/gorgon-go/gorgon/bundle"
	"github.com/gorgon-go/gorgon/command"
	"github.com/gorgon-go/gorgon/disk"
	"github.com/gorgon-go/gorgon/examples/recipes/site"
	"github.com/gorgon-go/gorgon/mem"
	"github.com/gorgon-go/gorgon/pages"
)

func main() {
	command.Main(site.App(site.Options{
		Origin:   cmp.Or(os.Getenv("RECIPES_ORIGIN"), "http://localhost:8080"),
		Password: cmp.Or(os.Getenv("RECIPES_PASSWORD"), "salt"),
		Secret:   cmp.Or(os.Getenv("RECIPES_SECRET"), rand.Text()),
	}), command.Config{Stores: []pages.Driver{disk.Driver(), mem.Driver()}, Bundler: bundle.Bundler{}})
}
