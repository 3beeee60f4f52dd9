// The plain generator of a site: html/template and files, one page after the other.

package main

import (
	"context"
	"html/template"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/gorgon-go/gorgon"
)

// tableTemplate is tableView as a template of html/template.
var tableTemplate = template.Must(template.New("table").Parse(`<h1>{{.Title}}</h1><table>{{range .Rows}}<tr><td>{{.Number}}</td><td><a href="{{.Link}}">{{.Name}}</a></td><td>{{.Price}}</td><td>{{.Left}}</td></tr>{{end}}</table>`))

func templateView(t Table) gorgon.Component {
	return gorgon.ComponentFunc(func(_ context.Context, w io.Writer) error { return tableTemplate.Execute(w, t) })
}

// ofTemplates is an hourly site whose tables are made by html/template.
func ofTemplates(tables int) gorgon.App {
	app := hourly(tables)
	for i, part := range app.Parts {
		if page, ok := part.(gorgon.Page[Table]); ok && page.Path == "/tables/{id}" {
			page.View = templateView
			app.Parts[i] = page
		}
	}
	return app
}

// plainSite writes n of these pages into a folder, as a program does that makes a
// static site with the standard library.
func plainSite(n int, folder string) (time.Duration, error) {
	start := time.Now()
	for id := range n {
		f, err := os.Create(filepath.Join(folder, strconv.Itoa(id)+".html"))
		if err != nil {
			return 0, err
		}
		t := makeTable(id)
		d := gorgon.Document{Path: tablePath(id), Status: 200, Title: t.Title, Head: tableHead(t), Main: templateView(t)}
		if err := layout(d).Render(context.Background(), f); err != nil {
			return 0, err
		}
		if err := f.Close(); err != nil {
			return 0, err
		}
	}
	return time.Since(start), nil
}
