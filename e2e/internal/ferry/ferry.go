// Package ferry is a program that another build of it replaces while it is in use. It
// has something of everything that has to come through that.
package ferry

import (
	"context"
	"database/sql"
	"fmt"
	"html"
	"io"
	"net/http"
	"testing/fstest"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/api"
	"github.com/gorgon-go/gorgon/auth"
	"github.com/gorgon-go/gorgon/database"
	"github.com/gorgon-go/gorgon/database/jobdb"
	"github.com/gorgon-go/gorgon/e2e/internal/roomer"
	"github.com/gorgon-go/gorgon/jobs"
	"github.com/gorgon-go/gorgon/once"
)

// User is who signs in.
const User = "ada"

type ferry struct {
	db     *database.DB
	queue  *jobdb.Queue
	once   once.Ledger
	people *auth.Auth
	letter jobs.Job[int]
	rates  gorgon.Cache[int, int]
}

// of names a row in a path.
type of struct {
	ID int64 `path:"id"`
}

// A number is a row.
type number struct {
	ID     int64 `json:"id"`
	Number int64 `json:"number"`
}

// A letter names a job.
type letter struct {
	N int `json:"n"`
}

// An entry is what the form sends.
type entry struct {
	Words string `json:"words" check:"min=1,max=80"`
}

func (f *ferry) app() gorgon.App {
	f.letter = jobs.Job[int]{Name: "letter", Run: func(ctx context.Context, n int) error {
		_, err := f.db.SQL().ExecContext(ctx, "insert into letters (n, build) values ($1, $2)", n, Version)
		return err
	}}
	tick := jobs.Job[struct{}]{Name: "tick", Every: time.Second, Run: func(ctx context.Context, _ struct{}) error {
		_, err := f.db.SQL().ExecContext(ctx, "insert into ticks (build) values ($1)", Version)
		return err
	}}
	f.rates = gorgon.Cache[int, int]{Name: "rates", Load: func(_ context.Context, n int) (int, error) { return n * n, nil }}
	part := gorgon.Fragment[int64, number]{
		Name: "number", Live: true, View: row,
		Load: func(ctx context.Context, _ gorgon.Input, id int64) (number, error) { return f.number(ctx, id) },
	}
	stamp := gorgon.Fragment[string, string]{
		Name: "stamp", View: func(s string) gorgon.Component { return gorgon.HTML("<b id=stamp>" + s + "</b>") },
		LoadRequest: func(_ context.Context, _ gorgon.Input, props string, _ *http.Request) (string, error) {
			return "stamp " + props + " by " + Version, nil
		},
	}
	return gorgon.App{
		Name: "ferry", Layout: layout, Navigation: &gorgon.Navigation{},
		Assets: gorgon.Assets{Files: fstest.MapFS{"ferry.css": {Data: []byte("b { color: navy } /*! version " + Version + " */")}}},
		Parts: []gorgon.Part{
			f.letter, tick, f.rates, part, stamp, roomer.Room(),
			gorgon.Page[string]{Path: "/", View: func(string) gorgon.Component { return gorgon.Text("home") }},
			gorgon.Page[string]{Path: "/deferred", View: func(string) gorgon.Component { return stamp.Defer("x") }},
			gorgon.Page[string]{
				Path: "/kept/{name}", Incremental: true, View: func(s string) gorgon.Component { return gorgon.Text(s) },
				Load: func(_ context.Context, in gorgon.Input) (string, error) { return "kept " + in.PathValue("name"), nil },
			},
			gorgon.Page[string]{
				Path: "/timed/{name}", Incremental: true, RevalidateAfter: time.Second, View: func(s string) gorgon.Component { return gorgon.Text(s) },
				Load: func(_ context.Context, in gorgon.Input) (string, error) { return "timed " + in.PathValue("name"), nil },
			},
			gorgon.Page[string]{
				Path: "/rate/{name}", View: func(s string) gorgon.Component { return gorgon.Text(s) },
				LoadRequest: func(ctx context.Context, in gorgon.Input, _ *http.Request) (string, error) {
					n, err := f.rates.Get(ctx, len(in.PathValue("name")))
					return fmt.Sprint("rate ", n), err
				},
			},
			gorgon.Page[string]{Path: "/numbers", View: func(string) gorgon.Component { return numbers(part) }},
			gorgon.Page[number]{
				Path: "/whole", Live: true, View: row,
				Load: func(ctx context.Context, _ gorgon.Input) (number, error) { return f.number(ctx, 2) },
			},
			gorgon.Page[string]{Path: "/form", View: func(string) gorgon.Component {
				return gorgon.HTML(`<form method="post" action="/entries"><input id="words" name="words"><button>Send</button></form>`)
			}},
			gorgon.Page[string]{Path: "/me", LoadRequest: f.me, View: func(s string) gorgon.Component { return gorgon.Text(s) }},
			api.Endpoint[of, number]{Path: "POST /numbers/{id}", Handle: f.raise},
			api.Endpoint[letter, api.None]{Path: "POST /letters", Handle: f.send},
			api.Endpoint[entry, api.None]{Path: "POST /entries", Once: f.once, Handle: f.enter, Then: func(entry, api.None) string { return "/form" }},
			api.Endpoint[api.None, api.None]{Path: "POST /sign-in", Handle: func(ctx context.Context, _ api.None) (none api.None, _ error) {
				return none, f.people.SignIn(ctx, auth.Login{User: User})
			}},
		},
	}
}

func layout(d gorgon.Document) gorgon.Component {
	return gorgon.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		css, err := gorgon.Asset(ctx, "ferry.css")
		if err != nil {
			return err
		}
		fmt.Fprintf(w, `<!doctype html><html lang="en"><head><meta charset="utf-8"><link rel="stylesheet" href="%s">`, css)
		if err := d.Head.Render(ctx, w); err != nil {
			return err
		}
		fmt.Fprintf(w, `</head><body><p id="version">version %s</p><main>`, html.EscapeString(Version))
		if err := d.Main.Render(ctx, w); err != nil {
			return err
		}
		_, err = io.WriteString(w, `</main><input id="typed"></body></html>`)
		return err
	})
}

// row shows a row as package scores does, which reads it.
func row(n number) gorgon.Component {
	return gorgon.HTML(fmt.Sprintf("<i id=n%d title=''>%d</i>", n.ID, n.Number))
}

func numbers(part gorgon.Fragment[int64, number]) gorgon.Component {
	return gorgon.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		for id := range int64(4) {
			if err := part.Use(id+1).Render(ctx, w); err != nil {
				return err
			}
		}
		return nil
	})
}

func (f *ferry) number(ctx context.Context, id int64) (number, error) {
	n := number{ID: id}
	err := f.db.SQL().QueryRowContext(ctx, "select number from numbers where id = $1", id).Scan(&n.Number)
	return n, err
}

func (f *ferry) raise(ctx context.Context, in of) (n number, err error) {
	err = f.db.SQL().QueryRowContext(ctx, "update numbers set number = number + 1 where id = $1 returning number", in.ID).Scan(&n.Number)
	return n, err
}

// send adds a job, in a transaction.
func (f *ferry) send(ctx context.Context, in letter) (none api.None, err error) {
	return none, f.db.Tx(ctx, nil, func(tx *sql.Tx) error {
		_, err := f.letter.Add(ctx, f.queue.In(tx), in.N)
		return err
	})
}

// enter writes what the form has sent. The second version has a column more.
func (f *ferry) enter(ctx context.Context, in entry) (none api.None, err error) {
	statement, args := "insert into entries (words) values ($1)", []any{in.Words}
	if Version != "1" {
		statement, args = "insert into entries (words, note) values ($1, $2)", append(args, "by version "+Version)
	}
	return none, f.db.Tx(ctx, nil, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, statement, args...)
		return err
	})
}

func (f *ferry) me(ctx context.Context, _ gorgon.Input, _ *http.Request) (string, error) {
	who, err := f.people.Who(ctx)
	if err != nil {
		return "a guest", nil // not signed in
	}
	return "user " + who.User, nil
}
