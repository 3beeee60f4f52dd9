// The app: a menu, an order and its chat, and the board of the kitchen.

package main

import (
	"context"
	"embed"
	"html/template"
	"io/fs"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/api"
	"github.com/gorgon-go/gorgon/database"
	"github.com/gorgon-go/gorgon/rooms"
	"github.com/gorgon-go/gorgon/templates"
)

//go:embed all:assets all:views all:migrations
var embedded embed.FS

func folder(name string) fs.FS {
	sub, err := fs.Sub(gorgon.Files(embedded), name)
	if err != nil {
		panic(err) // the folder is part of the program
	}
	return sub
}

// A bakery is what the parts of the app have in common.
type bakery struct {
	db    *database.DB
	views *templates.Set
	room  rooms.Room[Talk, Say, Line]

	stock    gorgon.Fragment[string, int]
	progress gorgon.Fragment[string, state]
	chat     gorgon.Fragment[string, corner]
}

// App is the whole app, over a database with the options [Data]. The origin is
// scheme and host of absolute URLs.
func App(origin string, db *database.DB) gorgon.App {
	b := &bakery{db: db}
	b.views = &templates.Set{Files: folder("views"), Funcs: b.funcs}
	b.room = b.talks()
	// An order changes what is left of a product: browsers get this number, and the
	// pages around it stay as they are.
	b.stock = gorgon.Fragment[string, int]{Name: "stock", Live: true, Load: b.left, View: show[int](b, "stock.html")}
	b.progress = gorgon.Fragment[string, state]{Name: "progress", Live: true, Load: b.state, View: show[state](b, "progress.html")}
	b.chat = gorgon.Fragment[string, corner]{Name: "chat", LoadRequest: b.corner, View: b.chatView}
	return gorgon.App{
		Name: "board", Origin: origin,
		Layout: func(d gorgon.Document) gorgon.Component {
			return b.views.View("layout.html", struct {
				gorgon.Document
				Menu gorgon.Component
			}{d, gorgon.Region{Name: "menu", Content: b.views.View("menu.html", d)}})
		},
		Error:      func(f gorgon.Failure) gorgon.Component { return b.views.View("failed.html", f) },
		Navigation: &gorgon.Navigation{},
		Assets:     gorgon.Assets{Files: folder("assets"), Aliases: map[string]string{"/favicon.ico": "icon.svg"}},
		Parts: []gorgon.Part{
			gorgon.Page[[]product]{Path: "/", Load: b.menu, HeadFor: headed[[]product]("Menu"), View: show[[]product](b, "menu-page.html")},
			gorgon.Page[order]{
				Path: "/orders/{id}", Load: b.order, Incremental: true, AllowRequestTime: true,
				HeadFor: headed[order]("Your order"), View: show[order](b, "order.html"),
			},
			gorgon.Page[board]{Path: "/board", Load: b.board, Live: true, HeadFor: headed[board]("Kitchen"), View: show[board](b, "board.html")},
			b.stock, b.progress, b.chat, b.room,
			b.place(), b.next(), b.bake(), b.say(),
		},
	}
}

// show is a view that is a template.
func show[S any](b *bakery, name string) func(S) gorgon.Component {
	return func(s S) gorgon.Component { return b.views.View(name, s) }
}

func headed[S any](title string) func(context.Context, gorgon.Input, S) (gorgon.Head, error) {
	return func(context.Context, gorgon.Input, S) (gorgon.Head, error) {
		return gorgon.Head{Title: title + " · Crumb", Description: "A small bakery: order what is on the shelf, and watch it being made."}, nil
	}
}

// funcs are what templates know of fragments and forms.
func (b *bakery) funcs(ctx context.Context) template.FuncMap {
	return template.FuncMap{
		"stock":    func(product string) gorgon.Component { return b.stock.Use(product) },
		"progress": func(order string) gorgon.Component { return b.progress.Use(order) },
		"chat":     func(order string) gorgon.Component { return b.chat.Use(order) },
		"place":    func() *api.Form { return b.place().Form(ctx) },
		"next":     func(o order) *api.Form { return b.next().FormWith(ctx, step{o.ID, int(o.State)}) },
		"bake":     func(product string) *api.Form { return b.bake().FormWith(ctx, batch{product}) },
		"say":      func(order string) *api.Form { return b.say().FormWith(ctx, spoken{ID: order}) },
	}
}
