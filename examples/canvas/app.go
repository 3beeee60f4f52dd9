// The app: the room, a page for each canvas, and the picture without scripts.

package main

import (
	"context"
	"crypto/rand"
	"embed"
	"io"
	"io/fs"
	"net/http"
	"strings"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/templates"
)

//go:embed all:assets all:views
var embedded embed.FS

func folder(name string) fs.FS {
	sub, err := fs.Sub(gorgon.Files(embedded), name)
	if err != nil {
		panic(err) // the folder is part of the program
	}
	return sub
}

// plaza is the canvas of the first page.
const plaza = "plaza"

// A frame is what a page shows: one canvas.
type frame struct{ Key string }

// Plaza says whether it is the canvas of the first page.
func (f frame) Plaza() bool { return f.Key == plaza }

// Path is where its page is, and Picture where it is a PNG.
func (f frame) Path() string {
	if f.Plaza() {
		return "/"
	}
	return "/c/" + f.Key
}
func (f frame) Picture() string { return "/c/" + f.Key + "/picture.png" }

// Palette are the colors.
func (f frame) Palette() []shade { return palette[:] }

// App is the whole app. The origin is scheme and host of absolute URLs.
func App(origin string) gorgon.App {
	views := &templates.Set{Files: folder("views")}
	page := gorgon.Page[frame]{
		HeadFor: head,
		View:    func(f frame) gorgon.Component { return show(views, f) },
	}
	first, others := page, page
	first.Path = "/"
	first.Load = func(context.Context, gorgon.Input) (frame, error) { return frame{plaza}, nil }
	others.Path, others.Incremental = "/c/{key}", true
	others.Load = func(_ context.Context, in gorgon.Input) (f frame, err error) {
		if f.Key = in.PathValue("key"); !isKey(f.Key) {
			err = gorgon.NotFound()
		}
		return f, err
	}
	return gorgon.App{
		Name: "canvas", Origin: origin,
		Layout: func(d gorgon.Document) gorgon.Component { return views.View("layout.html", d) },
		Error:  func(f gorgon.Failure) gorgon.Component { return views.View("failed.html", f) },
		Assets: gorgon.Assets{Files: folder("assets"), Aliases: map[string]string{"/favicon.ico": "icon.svg"}},
		Parts: []gorgon.Part{
			canvas, first, others,
			gorgon.Handler{Pattern: "GET /c/{key}/picture.png", Handler: http.HandlerFunc(showPicture), Needs: []gorgon.Need{gorgon.NeedDatabase}},
			gorgon.Handler{Pattern: "POST /new", Handler: http.HandlerFunc(begin)},
		},
	}
}

// begin leads to a canvas of its own, which no other visitor knows.
func begin(w http.ResponseWriter, r *http.Request) {
	http.Redirect(w, r, gorgon.URL(r.Context(), "/c/"+strings.ToLower(rand.Text()[:12])), http.StatusSeeOther)
}

func head(ctx context.Context, _ gorgon.Input, f frame) (gorgon.Head, error) {
	h := gorgon.Head{
		Title: "Canvas", Description: "A picture of 64 by 64 pixels that everyone paints together.", Canonical: f.Path(), Extra: swatches(),
	}
	if !f.Plaza() {
		h.Robots = "noindex"
	}
	picture, err := gorgon.AbsoluteURL(ctx, gorgon.URL(ctx, f.Picture()))
	h.Meta = []gorgon.Meta{{Property: "og:image", Content: picture}, {Property: "og:title", Content: h.Title}, {Property: "og:description", Content: h.Description}}
	return h, err
}

// show is the view of a canvas: what visitors see without scripts, and the island
// that takes it over.
func show(views *templates.Set, f frame) gorgon.Component {
	return gorgon.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		return gorgon.Island{
			Module: "canvas.ts",
			Props:  map[string]any{"base": gorgon.URL(ctx, "/"), "key": f.Key, "side": side, "stroke": maxStroke, "palette": palette},
			View:   views.View("canvas.html", f),
		}.Render(ctx, w)
	})
}
