// Package site is a recipe site: the app of the example recipes.
//
//	/                  the recipes, built, and new when one is edited
//	/recipes/{id}      a recipe, the same
//	/search            made for each request
//	/blog, /blog/{…}   Markdown, built
//	/send              a form for everyone, built
//	/list              built, with this visitor's shopping list in it
//	/kitchen           behind a guard that redirects to /sign-in
//	/feed.xml, /feed.json, /api/recipes
package site

import (
	"embed"
	"io/fs"
	"net/http"

	"github.com/go-playground/locales"
	"github.com/go-playground/locales/de"
	"github.com/go-playground/locales/en"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/api"
	"github.com/gorgon-go/gorgon/database"
	"github.com/gorgon-go/gorgon/i18n"
	"github.com/gorgon-go/gorgon/sealed"
)

// Options are what differs from one place to another.
type Options struct {
	Origin   string // scheme and host of absolute URLs
	Password string // of the cook
	Secret   string // seals the session of the cook
}

//go:embed all:assets all:posts all:messages
var files embed.FS

func folder(name string) fs.FS {
	sub, err := fs.Sub(gorgon.Files(files), name)
	if err != nil {
		panic(err) // the folder is part of the program
	}
	return sub
}

// name is that of the site, in all languages.
const name = "Salt & Stone"

var languages = []string{"en", "de"}

var messages = i18n.Must(i18n.Catalog{
	Files: folder("messages"), Locales: languages, Formats: []locales.Translator{en.New(), de.New()},
}.Load())

// A site is what the parts of the app have in common.
type site struct {
	book     book
	posts    map[string][]post
	sessions *sealed.Key
	password string

	// What the forms of the views post to.
	send    api.Endpoint[draft, api.None]
	save    api.Endpoint[edit, api.None]
	signIn  api.Endpoint[credentials, api.None]
	signOut api.Endpoint[api.None, api.None]
	put     api.Endpoint[item, api.None]
	drop    api.Endpoint[item, api.None]
	list    gorgon.Fragment[struct{}, []dish]
}

// App is the whole site, over a database with the options [Data].
func App(o Options, db *database.DB) gorgon.App {
	s := &site{book: book{db}, posts: readPosts(), sessions: sealed.NewKey([]byte(o.Secret), "session"), password: o.Password}
	s.defineForms()
	s.defineSession()
	s.defineList()
	return gorgon.App{
		Name:        "recipes",
		Origin:      o.Origin,
		Locales:     gorgon.Locales{Tags: languages, Names: map[string]string{"en": "English", "de": "Deutsch"}},
		Layout:      gorgon.View(layout),
		Error:       gorgon.View(failed),
		FieldDetail: messages.FieldDetail,
		Navigation:  &gorgon.Navigation{},
		Assets: gorgon.Assets{
			Files:   folder("assets"),
			Images:  []gorgon.ImageRule{{Match: "*.jpg", Widths: []int{320, 640, 1280}}},
			Aliases: map[string]string{"/favicon.ico": "icon.svg"},
		},
		Parts: []gorgon.Part{
			gorgon.Page[home]{Path: "/", Load: s.home, HeadFor: titled[home]("home", "/"), View: gorgon.View(homePage)},
			gorgon.Page[dish]{
				Path: "/recipes/{id}", Paths: s.recipePaths, Load: s.recipe, Incremental: true,
				HeadFor: recipeHead, View: gorgon.View(s.recipePage),
			},
			gorgon.Page[found]{Path: "/search", LoadRequest: s.searchPage, HeadFor: titled[found]("search", ""), View: gorgon.View(searchPage)},
			gorgon.Page[[]post]{Path: "/blog", Load: s.newest, HeadFor: titled[[]post]("blog", "/blog"), View: gorgon.View(blogPage)},
			gorgon.Page[post]{Path: "/blog/{slug}", Paths: s.postPaths, Load: s.post, HeadFor: postHead, View: gorgon.View(postPage)},
			gorgon.Page[string]{Path: "/send", HeadFor: titled[string]("send", "/send"), View: func(string) gorgon.Component { return s.sendPage() }},
			gorgon.Page[string]{Path: "/sent", HeadFor: titled[string]("sent", ""), View: func(string) gorgon.Component { return sentPage() }},
			s.send,
			s.list,
			gorgon.Page[string]{Path: "/list", AllowRequestTime: true, HeadFor: titled[string]("list", ""), View: func(string) gorgon.Component { return s.listPage() }},
			s.put, s.drop,
			gorgon.Page[string]{Path: "/sign-in", LoadRequest: nextOf, HeadFor: titled[string]("sign-in", ""), View: gorgon.View(s.signInPage)},
			s.signIn, s.signOut,
			gorgon.Group{Guards: []func(http.Handler) http.Handler{s.onlyCook}, Parts: []gorgon.Part{
				gorgon.Page[[]dish]{Path: "/kitchen", LoadRequest: s.kitchen, HeadFor: titled[[]dish]("kitchen", ""), View: gorgon.View(s.kitchenPage)},
				gorgon.Page[dish]{Path: "/kitchen/{id}", LoadRequest: s.any, HeadFor: titled[dish]("edit", ""), View: gorgon.View(s.editPage)},
				s.save,
			}},
			gorgon.Resource[[]dish]{Path: "/feed.xml", ContentType: "application/atom+xml", Load: s.latest, Write: writeAtom},
			gorgon.Resource[[]dish]{Path: "/feed.json", ContentType: "application/feed+json", Load: s.latest, Write: writeJSONFeed},
			api.Read[[]dish]{Path: "GET /api/recipes", Name: "listRecipes", Load: s.latest},
			api.Endpoint[query, []dish]{Path: "GET /api/search", Name: "searchRecipes", Handle: s.search},
			gorgon.Redirects{"/recipes": "/", "/rezepte/{id}": "/recipes/{id}", "/rss": "/feed.xml", "/contact": "/send"},
		},
	}
}
