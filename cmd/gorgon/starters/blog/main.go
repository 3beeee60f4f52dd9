// Command starter-blog is a blog of Markdown files, all of it made at build.
package main

import (
	"embed"
	"fmt"
	"io/fs"
	"os"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/command"
	"github.com/gorgon-go/gorgon/disk"
	"github.com/gorgon-go/gorgon/pages"
)

// Absolute URLs are made of this, in the feed, sitemap.xml and robots.txt: put
// yours.
const origin = "https://example.com"

const title, description = "starter-blog", "Notes on stone, glass and other patient things."

//go:embed posts assets static
var files embed.FS

func main() {
	app, err := app()
	if err != nil {
		fmt.Fprintln(os.Stderr, "starter-blog:", err)
		os.Exit(command.Failed)
	}
	command.Main(app, config)
}

// config says where pages that are made later can be kept. This blog has none
// yet; one with a page that sets RevalidateAfter has.
var config = command.Config{Stores: []pages.Driver{disk.Driver()}}

// app is the whole blog.
func app() (gorgon.App, error) {
	posts, err := readPosts(below("posts"))
	if err != nil {
		return gorgon.App{}, err
	}
	static, err := withFeed(below("static"), posts)
	return gorgon.App{
		Name:   "starter-blog",
		Origin: origin,
		Assets: below("assets"),
		Static: static,
		Layout: layout,
		Error:  failure,
		Routes: []gorgon.Route{
			gorgon.Page[list]{
				Path: "/", BuildState: posts.newest,
				Head: listHead, View: listView,
			},
			gorgon.Page[post]{
				Path: "/posts/{slug}", BuildPaths: posts.paths, BuildState: posts.one,
				Head: postHead, View: postView,
			},
			gorgon.Page[list]{
				Path: "/tags/{tag}", BuildPaths: posts.tagPaths, BuildState: posts.tagged,
				Head: listHead, View: listView,
			},
		},
	}, err
}

func below(folder string) fs.FS {
	sub, err := fs.Sub(files, folder)
	if err != nil {
		panic(err) // the folder is part of the program
	}
	return sub
}
