// A quay: the app that the tests of upgrades deploy, with a database in a file. It is
// copied into a repository of its own.

package main

import (
	"context"
	"embed"
	"fmt"
	"io"
	"net/http"
	"testing/fstest"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/api"
	"github.com/gorgon-go/gorgon/bundle"
	"github.com/gorgon-go/gorgon/command"
	"github.com/gorgon-go/gorgon/database"
	"github.com/gorgon-go/gorgon/database/jobdb"
	"github.com/gorgon-go/gorgon/database/litedb"
	"github.com/gorgon-go/gorgon/disk"
	"github.com/gorgon-go/gorgon/jobs"
	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/work"
)

const version = "one"

//go:embed *.sql
var files embed.FS

var (
	db    = database.Open(litedb.Dialect, database.Options{Migrations: files, Tables: []database.Table{{Name: "ships"}}})
	queue = jobdb.In(db)
)

func main() {
	command.Main(app(), command.Config{
		Database: db, Jobs: work.New(work.Options{Store: queue}), Bundler: bundle.Bundler{}, Stores: []pages.Driver{disk.Driver()},
	})
}

func count(ctx context.Context, _ gorgon.Input) (n int, err error) {
	err = db.SQL().QueryRowContext(ctx, "select count(*) from ships").Scan(&n)
	return n, err
}

func view(n int) gorgon.Component { return gorgon.Text(fmt.Sprint(version, ": ", n, " ships")) }

func layout(d gorgon.Document) gorgon.Component {
	return gorgon.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		css, err := gorgon.Asset(ctx, "quay.css")
		if err != nil {
			return err
		}
		fmt.Fprintf(w, `<!doctype html><html lang="en"><head><meta charset="utf-8"><link rel="stylesheet" href="%s">`, css)
		if err := d.Head.Render(ctx, w); err != nil {
			return err
		}
		fmt.Fprint(w, "</head><body>")
		if err := d.Main.Render(ctx, w); err != nil {
			return err
		}
		_, err = fmt.Fprint(w, "</body></html>")
		return err
	})
}

// closed sends visitors on who have not signed in, which none can.
func closed(http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/", http.StatusSeeOther)
	})
}

func app() gorgon.App {
	parts := []gorgon.Part{
		gorgon.Page[int]{Path: "/", Live: true, Load: count, View: view},
		gorgon.Page[int]{Path: "/watch", Guards: []func(http.Handler) http.Handler{closed}, Load: count, View: view},
		gorgon.Page[int]{Path: "/quays/{name}", Incremental: true, Load: count, View: view,
			Paths: func(context.Context, gorgon.Input) ([]string, error) { return []string{"/quays/1", "/quays/2"}, nil }},
		jobs.Job[int]{Name: "count", Run: func(context.Context, int) error { return nil }},
	}
	if version == "one" {
		parts = append(parts,
			jobs.Job[int]{Name: "paint", Run: func(context.Context, int) error { return nil }},
			api.Endpoint[api.None, api.None]{Path: "POST /paint", Handle: func(context.Context, api.None) (none api.None, _ error) { return none, nil }})
	}
	return gorgon.App{
		Name: "shop", Layout: layout, Parts: parts, Error: func(gorgon.Failure) gorgon.Component { return gorgon.Text("an error") },
		Assets: gorgon.Assets{Files: fstest.MapFS{"quay.css": {Data: []byte("p { color: navy } /*! " + version + " */")}}},
	}
}
