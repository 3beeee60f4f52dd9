// Godoc serves the documentation of the Go that is installed on this machine,
// with every package in its module cache. It needs no network.
//
//	go run ./examples/godoc
//
// Its pages show each way in which a page of Gorgon comes by its state:
//
//	/            built
//	/pkg/…       built, a page per package of the standard library
//	/sym/…       made on the first request, a page per exported symbol
//	/mod/…       made on the first request, and again after an hour, every module and its packages
//	/src/…       made on the first request, the source
//	/installed   built, and again once the module cache has changed, also in open browsers
//	/search      made for each request, as are the suggestions below the search box
//	/reading     built, with what this visitor read merged in
//	/net/http    and other addresses of pkg.go.dev lead to the page, all others to a search
//
// What the modules of the cache hold is read in the background from the first
// search on, once for each version, and kept in the store: see search.go.
package main

import (
	"context"

	"github.com/gorgon-go/gorgon/bundle"
	"github.com/gorgon-go/gorgon/command"
	"github.com/gorgon-go/gorgon/disk"
	"github.com/gorgon-go/gorgon/examples/godoc/library"
	"github.com/gorgon-go/gorgon/mem"
	"github.com/gorgon-go/gorgon/pages"
)

func main() {
	lib, err := library.Open(context.Background())
	if err != nil {
		lib = library.Missing(err) // what was built can be served
	}
	command.Main(app(lib), command.Config{
		Stores:  []pages.Driver{disk.Driver(), mem.Driver()},
		Bundler: bundle.Bundler{},
	})
}
