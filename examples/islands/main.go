// Command islands shows islands in three languages. Its npm package is
// installed by "npm ci" in this folder.
package main

import (
	"github.com/gorgon-go/gorgon/bundle"
	"github.com/gorgon-go/gorgon/command"
)

func main() { command.Main(app(), command.Config{Bundler: bundle.Bundler{}}) }
