// The app that is measured: tables of 20 KB, notes of half a kilobyte, and articles made on request.

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/gorgon-go/gorgon"
)

// Table is the state of a page of 20 KB.
type Table struct {
	Title string
	Rows  []Row
}

// Row is one row of a table.
type Row struct {
	Number int
	Name   string
	Link   string
	Price  int
	Left   string
}

// Note is the state of a page of 500 bytes.
type Note struct {
	Title string
	Text  string
}

const rows = 200

// articles is the number of articles; all others are missing.
const articles = 100_000

func tablePath(id int) string   { return "/tables/" + strconv.Itoa(id) }
func notePath(id int) string    { return "/notes/" + strconv.Itoa(id) }
func articlePath(id int) string { return "/articles/" + strconv.Itoa(id) }

// A workshop is what is special about making articles. The zero workshop makes
// them at once and reports nothing.
type workshop struct {
	Takes time.Duration
	Data  string // a file with a number that each article shows; "" for none
	Notes string // a file that gets a line for each making; "" for none
}

func (w workshop) make(id int) (Table, error) {
	t := makeTable(id)
	if w.Notes != "" {
		// Lines of several processes do not mix.
		f, err := os.OpenFile(w.Notes, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			return t, err
		}
		_, err = fmt.Fprintln(f, articlePath(id))
		if err := errors.Join(err, f.Close()); err != nil {
			return t, err
		}
	}
	if w.Data != "" {
		data, err := os.ReadFile(w.Data)
		if err != nil {
			return t, err
		}
		t.Title = string(data)
	}
	time.Sleep(w.Takes)
	return t, nil
}

// site returns an app with that many pages to build. Articles have the view of
// tables, and are made on their first request.
func site(tables, notes int) gorgon.App { return siteWith(workshop{}, tables, notes) }

// hourly is the site with tables that are made again after an hour, so that the
// seed has their states too.
func hourly(tables int) gorgon.App {
	app := site(tables, 0)
	for i, part := range app.Parts {
		if page, ok := part.(gorgon.Page[Table]); ok && page.Path == "/tables/{id}" {
			page.RevalidateAfter = time.Hour
			app.Parts[i] = page
		}
	}
	return app
}

func siteWith(w workshop, tables, notes int) gorgon.App {
	return gorgon.App{
		Name:   "bench",
		Layout: layoutOf,
		Parts: []gorgon.Part{piece, pieced(min(tables, piecedPages)), madeEachTime, gorgon.Page[Table]{
			Path:  "/tables/{id}",
			Paths: listed(tables, tablePath),
			Load: func(_ context.Context, in gorgon.Input) (Table, error) {
				id, err := number(in, tables)
				return makeTable(id), err
			},
			Head: tableHead,
			View: func(t Table) gorgon.Component { return tableView(t) },
		}, gorgon.Page[Note]{
			Path:  "/notes/{id}",
			Paths: listed(notes, notePath),
			Load: func(_ context.Context, in gorgon.Input) (Note, error) {
				id, err := number(in, notes)
				return makeNote(id), err
			},
			Head: noteHead,
			View: func(n Note) gorgon.Component { return noteView(n) },
		}, gorgon.Page[Table]{
			Path:        "/articles/{id}",
			Incremental: true,
			Load: func(_ context.Context, in gorgon.Input) (Table, error) {
				id, err := number(in, articles)
				if err != nil {
					return Table{}, err
				}
				return w.make(id)
			},
			Tags: func(Table) []string { return []string{articleTag} },
			Head: tableHead,
			View: func(t Table) gorgon.Component { return tableView(t) },
		}},
	}
}

// article is the page of articles.
func article() *gorgon.Definition {
	all := site(0, 0).Definitions()
	return all[len(all)-1]
}

// articleTag is on every article.
const articleTag = "article"

func layoutOf(d gorgon.Document) gorgon.Component { return layout(d) }
func tableHead(t Table) gorgon.Head               { return gorgon.Head{Title: t.Title} }
func noteHead(n Note) gorgon.Head                 { return gorgon.Head{Title: n.Title} }

// listed lists the paths of n pages.
func listed(n int, path func(int) string) func(context.Context, gorgon.Input) ([]string, error) {
	return func(context.Context, gorgon.Input) ([]string, error) {
		paths := make([]string, n)
		for i := range paths {
			paths[i] = path(i)
		}
		return paths, nil
	}
}

// number reads the page's number, which is below n.
func number(in gorgon.Input, n int) (int, error) {
	id, err := strconv.Atoi(in.PathValue("id"))
	if err != nil || id < 0 || id >= n {
		return 0, gorgon.NotFound()
	}
	return id, nil
}

func makeTable(id int) Table {
	t := Table{Title: "Table " + strconv.Itoa(id), Rows: make([]Row, rows)}
	for i := range t.Rows {
		n := (id*rows + i) % 100_000
		text := strconv.Itoa(n)
		t.Rows[i] = Row{Number: n, Name: names[n%len(names)] + " " + text, Link: "/items/" + text, Price: n*37%9000 + 100, Left: left[n%len(left)]}
	}
	return t
}

func makeNote(id int) Note {
	return Note{Title: "Note " + strconv.Itoa(id), Text: texts[id%len(texts)]}
}

var (
	names = []string{"Copper kettle", "Oak bench", "Glass float", "Iron trivet", "Linen towel", "Slate tile", "Wool blanket"}
	left  = []string{"in stock", "two left", "on its way", "sold out"}
	texts = []string{
		strings.Repeat("Delivered on Tuesday, signed for by a neighbour. ", 5),
		strings.Repeat("To be called back about the colour of the tiles. ", 5),
		strings.Repeat("Paid in full; the receipt went out with the box. ", 5),
	}
)
