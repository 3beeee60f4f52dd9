// The app that is measured: tables of 20 KB, notes of half a kilobyte, and articles made on request.

package main

import (
	"context"
	"strconv"
	"strings"

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

// articles is how many articles there are; any other is missing.
const articles = 100_000

func tablePath(id int) string   { return "/tables/" + strconv.Itoa(id) }
func notePath(id int) string    { return "/notes/" + strconv.Itoa(id) }
func articlePath(id int) string { return "/articles/" + strconv.Itoa(id) }

// site is an app with that many pages to make at build. Articles have the
// view of tables, and are made on their first request.
func site(tables, notes int) gorgon.App {
	return gorgon.App{
		Name:   "bench",
		Layout: layoutOf,
		Routes: []gorgon.Route{
			gorgon.Page[Table]{
				Path:       "/tables/{id}",
				BuildPaths: listed(tables, tablePath),
				BuildState: func(_ context.Context, in gorgon.Input) (Table, error) {
					id, err := number(in, tables)
					return makeTable(id), err
				},
				Head: tableHead,
				View: func(t Table) gorgon.Component { return tableView(t) },
			},
			gorgon.Page[Note]{
				Path:       "/notes/{id}",
				BuildPaths: listed(notes, notePath),
				BuildState: func(_ context.Context, in gorgon.Input) (Note, error) {
					id, err := number(in, notes)
					return makeNote(id), err
				},
				Head: noteHead,
				View: func(n Note) gorgon.Component { return noteView(n) },
			},
			gorgon.Page[Table]{
				Path:        "/articles/{id}",
				Incremental: true,
				BuildState: func(_ context.Context, in gorgon.Input) (Table, error) {
					id, err := number(in, articles)
					if err != nil {
						return Table{}, err
					}
					return makeTable(id), nil
				},
				Head: tableHead,
				View: func(t Table) gorgon.Component { return tableView(t) },
			},
		},
	}
}

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
