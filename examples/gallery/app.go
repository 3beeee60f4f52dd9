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

//go:embed all:assets all:messages *.go
var embedded embed.FS

var files = gorgon.Files(embedded)

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

// An exhibit is one feature. Its name is also the name of its file, and its
// texts are the messages "name.title" and "name.about".
type exhibit struct {
	name, path string
	parts      []gorgon.Part
}

// exhibits are all exhibits by group; "groups.name" is the title of a group.
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
	parts := []gorgon.Part{home, stone, weight, clock, later, broken, gorgon.Handler{Pattern: "POST /key", Handler: http.HandlerFunc(takeKey)}}
	for _, g := range exhibits {
		for _, e := range g.exhibits {
			parts = append(parts, e.parts...)
		}
	}
	return gorgon.App{
		Name:   "gallery",
		Origin: "http://localhost:8080",
		Locales: gorgon.Locales{
			Tags:   languages,
			Names:  map[string]string{"en": "English", "de": "Deutsch", "ar": "العربية"},
			Detect: true,
		},
		Layout:     layout,
		Error:      failure,
		Navigation: &gorgon.Navigation{Transitions: true},
		Assets: gorgon.Assets{
			Files:   folder("assets"),
			Images:  []gorgon.ImageRule{{Match: "*.jpg", Widths: []int{320, 640, 1280}}},
			Aliases: map[string]string{"/favicon.ico": "stone.svg"},
		},
		Middleware: []func(http.Handler) http.Handler{whenOver},
		Parts:      parts,
	}
}
