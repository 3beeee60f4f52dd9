// Command starter-site is a site of a few pages, all of them made at build.
package main

import (
	"embed"
	"io/fs"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/command"
	"github.com/gorgon-go/gorgon/disk"
	"github.com/gorgon-go/gorgon/pages"
)

// Absolute URLs are made of this, in sitemap.xml and robots.txt: put yours.
const origin = "https://example.com"

//go:embed assets static
var files embed.FS

func main() {
	command.Main(app(), config)
}

// config says where pages that are made later can be kept. This site has none
// yet; one that sets RevalidateAfter has.
var config = command.Config{Stores: []pages.Driver{disk.Driver()}}

// app is the whole site.
func app() gorgon.App {
	return gorgon.App{
		Name:   "starter-site",
		Origin: origin,
		Assets: below("assets"),
		Static: below("static"),
		Layout: layout,
		Error:  failure,
		Routes: []gorgon.Route{
			page("/", "home.html", gorgon.Head{Title: "starter-site", Description: "A few pages that are made ahead."}),
			page("/about", "about.html", gorgon.Head{Title: "About", Description: "What this site is made of."}),
			page("/contact", "contact.html", gorgon.Head{Title: "Contact", Description: "How to reach us."}),
		},
	}
}

// page is a page that is only a template.
func page(path, template string, head gorgon.Head) gorgon.Route {
	head.Canonical = path
	return gorgon.Page[struct{}]{
		Path: path,
		Head: func(struct{}) gorgon.Head { return head },
		View: func(struct{}) gorgon.Component { return view(template, nil) },
	}
}

func below(folder string) fs.FS {
	sub, err := fs.Sub(files, folder)
	if err != nil {
		panic(err) // the folder is part of the program
	}
	return sub
}
