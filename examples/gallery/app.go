// The app: the exhibits in order, and what is around them.

package main

import (
	"embed"
	"io/fs"
	"net/http"

	"github.com/go-playground/locales"
	"github.com/go-playground/locales/ar"
	"github.com/go-playground/locales/de"
	"github.com/go-playground/locales/en"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/i18n"
)

//go:embed assets messages *.go
var files embed.FS

func folder(name string) fs.FS {
	sub, err := fs.Sub(files, name)
	if err != nil {
		panic(err) // the folder is part of the program
	}
	return sub
}

var languages = []string{"en", "de", "ar"}

var messages = i18n.Must(i18n.Catalog{
	Files:   folder("messages"),
	Locales: languages,
	Formats: []locales.Translator{en.New(), de.New(), ar.New()},
}.Load())

// An exhibit is one feature. Its name is also that of its file, and its texts
// are the messages "name.title" and "name.about".
type exhibit struct {
	name, path string
	routes     []gorgon.Route
}

// exhibits are all there are, by group: "groups.name" is what it is called.
var exhibits = []struct {
	group    string
	exhibits []exhibit
}{
	{"made", []exhibit{built, paths, incremental, revalidated, request, both}},
	{"answers", []exhibit{answers, guarded, heads, failures}},
	{"fragments", []exhibit{fragments, live, deferred, failing}},
	{"browser", []exhibit{island, inline, image, forms, prefetch, region, transition, loading}},
	{"languages", []exhibit{phrases, switching}},
}

func app() gorgon.App {
	routes := []gorgon.Route{home}
	for _, g := range exhibits {
		for _, e := range g.exhibits {
			routes = append(routes, e.routes...)
		}
	}
	return gorgon.App{
		Name:         "gallery",
		Origin:       "http://localhost:8080",
		Locales:      languages,
		LocaleNames:  map[string]string{"en": "English", "de": "Deutsch", "ar": "العربية"},
		DetectLocale: true,
		Layout:       layout,
		Error:        failure,
		Navigation:   &gorgon.Navigation{Transitions: true},
		Assets:       folder("assets"),
		Images:       []gorgon.ImageRule{{Match: "*.jpg", Widths: []int{320, 640, 1280}}},
		Aliases:      map[string]string{"/favicon.ico": "stone.svg"},
		Fragments:    []gorgon.FragmentRoute{stone, weight, clock, later, broken},
		Handlers:     map[string]http.Handler{"POST /key": http.HandlerFunc(takeKey)},
		Routes:       routes,
	}
}
