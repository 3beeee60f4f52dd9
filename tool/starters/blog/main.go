// Command starter-blog is a blog of Markdown files, all of it made at build.
package main

import (
	"fmt"
	"os"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/bundle"
	"github.com/gorgon-go/gorgon/command"
	"github.com/gorgon-go/gorgon/disk"
	"github.com/gorgon-go/gorgon/pages"
)

// Absolute URLs are made of this, in the feed, sitemap.xml and robots.txt: put
// yours.
const origin = "https://example.com"

const title, description = "starter-blog", "Notes on stone, glass and other patient things."

func main() {
	app, err := app()
	if err != nil {
		fmt.Fprintln(os.Stderr, "starter-blog:", err)
		os.Exit(command.Failed)
	}
	command.Main(app, program)
}

// program says where pages that are made later can be kept. This blog has none
// yet; one with a page that sets RevalidateAfter has.
var program = command.Config{Bundler: bundle.Bundler{}, Stores: []pages.Driver{disk.Driver()}}

// app is the whole blog, of the posts in posts/.
func app() (gorgon.App, error) {
	posts, err := readPosts(below("posts"), os.Getenv("GORGON_DEV") != "")
	if err != nil {
		return gorgon.App{}, err
	}
	return site(posts), nil
}

func site(posts blog) gorgon.App {
	return gorgon.App{
		Name:   "starter-blog",
		Origin: origin,
		Assets: gorgon.Assets{
			Files:  below("assets"),
			Static: below("static"),
			Images: []gorgon.ImageRule{{Match: "photos/*"}},
		},
		Layout: layout,
		Error:  failure,
		// Links change the page without loading another document, where the browser can.
		Navigation: &gorgon.Navigation{},
		Parts: []gorgon.Part{
			gorgon.Page[list]{
				Path: "/", Load: posts.newest,
				Head: listHead, View: listView,
			},
			gorgon.Page[list]{
				Path: "/page/{n}", Paths: posts.olderPaths, Load: posts.older,
				Head: listHead, View: listView,
			},
			gorgon.Page[post]{
				Path: "/posts/{slug...}", Paths: posts.paths, Load: posts.one,
				HeadFor: postHead, View: postView,
			},
			gorgon.Page[list]{
				Path: "/tags/{tag}", Paths: posts.tagPaths, Load: posts.tagged,
				Head: listHead, View: listView,
			},
			gorgon.Resource[blog]{
				Path: "/feed.xml", ContentType: "application/atom+xml",
				Load: posts.latest, Write: writeFeed,
			},
			posts.aliases(),
		},
	}
}
