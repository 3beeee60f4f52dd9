// Views: templates, and the layout around them.

package main

import (
	"bytes"
	"context"
	"embed"
	"html/template"
	"io"

	"github.com/gorgon-go/gorgon"
)

//go:embed views
var viewFiles embed.FS

// templates are parsed once. Before one is executed it gets the functions of
// the page that it is executed for.
var templates = template.Must(template.New("").Funcs(functions(context.Background())).ParseFS(viewFiles, "views/*.html"))

// functions are what templates can call: {{url "/about"}}, {{asset "app.css"}},
// and {{render .Main}} for what is a component already.
func functions(ctx context.Context) template.FuncMap {
	f := gorgon.Funcs(ctx)
	f["render"] = func(c gorgon.Component) (template.HTML, error) {
		var b bytes.Buffer
		err := c.Render(ctx, &b)
		return template.HTML(b.String()), err
	}
	return f
}

// view is a template with its data.
func view(name string, data any) gorgon.Component {
	return gorgon.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		t, err := templates.Clone()
		if err != nil {
			return err
		}
		return t.Funcs(functions(ctx)).ExecuteTemplate(w, name, data)
	})
}

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
