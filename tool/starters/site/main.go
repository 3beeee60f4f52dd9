// Command starter-site is a site of a few pages, all of them made at build, and
// a contact form.
package main

import (
	"context"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/bundle"
	"github.com/gorgon-go/gorgon/command"
	"github.com/gorgon-go/gorgon/disk"
	"github.com/gorgon-go/gorgon/pages"
)

// Absolute URLs are made of this, in sitemap.xml and robots.txt: put yours.
const origin = "https://example.com"

func main() {
	command.Main(app(), program)
}

// program says where pages that are made later can be kept. This site has none
// yet; one that sets RevalidateAfter has.
var program = command.Config{Bundler: bundle.Bundler{}, Stores: []pages.Driver{disk.Driver()}}

// app is the whole site.
func app() gorgon.App {
	return gorgon.App{
		Name:   "starter-site",
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
			page("/", "home.html", gorgon.Head{Title: "starter-site", Description: "A few pages that are made ahead."}),
			page("/about", "about.html", gorgon.Head{Title: "About", Description: "What this site is made of."}),
			contact,
		},
	}
}

// page is a page that is only a template.
func page(path, template string, head gorgon.Head) gorgon.Part {
	head.Canonical = path
	return gorgon.Page[struct{}]{
		Path:    path,
		HeadFor: func(ctx context.Context, _ gorgon.Input, _ struct{}) (gorgon.Head, error) { return shared(ctx, head) },
		View:    func(struct{}) gorgon.Component { return view(template, nil) },
	}
}

// shared adds what others show where they link to the page, and what search
// engines read.
func shared(ctx context.Context, head gorgon.Head) (gorgon.Head, error) {
	picture, err := gorgon.Asset(ctx, "photos/quarry.jpg")
	if err == nil {
		picture, err = gorgon.AbsoluteURL(ctx, picture)
	}
	head.Meta = []gorgon.Meta{
		{Property: "og:type", Content: "website"}, {Property: "og:title", Content: head.Title},
		{Property: "og:description", Content: head.Description}, {Property: "og:image", Content: picture},
	}
	head.Extra = view("data.html", head)
	return head, err
}
