// Gallery shows what Gorgon can do, one small page for each, in three
// languages, with the code that makes the page beside it. It needs nothing but
// Go:
//
//	go run ./examples/gallery
//
// Its tests look at every page in a browser: they say in detail what the pages
// show. Islands in Preact and in Go are in examples/islands.
package main

import (
	"github.com/gorgon-go/gorgon/bundle"
	"github.com/gorgon-go/gorgon/command"
	"github.com/gorgon-go/gorgon/disk"
	"github.com/gorgon-go/gorgon/mem"
	"github.com/gorgon-go/gorgon/pages"
)

func main() { command.Main(app(), config) }

var config = command.Config{Stores: []pages.Driver{disk.Driver(), mem.Driver()}, Bundler: bundle.Bundler{}}
