// The files that are part of the program. While gorgon dev runs it, they are
// read from disk, so that a change needs no compiler.

package main

import (
	"embed"
	"io/fs"

	"github.com/gorgon-go/gorgon"
)

//go:embed all:assets all:mails all:messages all:static all:views
var embedded embed.FS

var files = gorgon.Files(embedded)

func below(folder string) fs.FS {
	sub, err := fs.Sub(files, folder)
	if err != nil {
		panic(err) // the folder is part of the program
	}
	return sub
}
