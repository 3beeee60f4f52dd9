// Views: templates, and the layout around them.

package main

import (
	"context"
	"html/template"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/api"
	"github.com/gorgon-go/gorgon/templates"
)

// views are what the templates in views/ can be used for. They can call
// {{url "/search?q=1"}} for a link or a form's action, {{page .Path}} where the
// path comes from data, {{asset "app.css"}}, {{render .Main}} for what is a
// component already, and the functions below.
var views = &templates.Set{
	Files:    files,
	Patterns: []string{"views/*.html"},
	Funcs: func(ctx context.Context) template.FuncMap {
		return template.FuncMap{"letter": func() *api.Form { return send.Form(ctx) }, "picture": picture}
	},
}

// picture is an image of assets/photos, in as many widths as screens need.
func picture(name, alt string) gorgon.Component {
	return gorgon.Image{Src: "photos/" + name, Alt: alt, Sizes: "(min-width: 62rem) 62rem, 100vw"}
}

func view(name string, data any) gorgon.Component { return views.View(name, data) }

// layout is the document around every page. Its menu, which marks the page, is
// a region: with App.Navigation the rest of the layout stays when links are
// followed.
func layout(d gorgon.Document) gorgon.Component {
	return view("layout.html", struct {
		gorgon.Document
		Menu gorgon.Component
	}{d, gorgon.Region{Name: "menu", Content: view("menu.html", d)}})
}

// failure is the page for every status from 400 on.
func failure(f gorgon.Failure) gorgon.Component { return view("error.html", f) }
