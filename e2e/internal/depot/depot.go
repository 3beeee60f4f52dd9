// Package depot is a program that has something of everything which operators look
// after.
package depot

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/admin"
	"github.com/gorgon-go/gorgon/command"
	"github.com/gorgon-go/gorgon/database"
	"github.com/gorgon-go/gorgon/database/jobdb"
	"github.com/gorgon-go/gorgon/database/litedb"
	"github.com/gorgon-go/gorgon/database/roomdb"
	"github.com/gorgon-go/gorgon/disk"
	"github.com/gorgon-go/gorgon/e2e/internal/roomer"
	"github.com/gorgon-go/gorgon/e2e/internal/site"
	"github.com/gorgon-go/gorgon/host"
	"github.com/gorgon-go/gorgon/jobs"
	"github.com/gorgon-go/gorgon/mem"
	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/work"
)

// Secret is in the arguments of a job that does not show them.
const Secret = "ada@customer.example"

// Markup is what an error says.
const Markup = `<script>document.title="owned"</script>`

// Main runs the program.
func Main() {
	site.Leash()
	if err := migrate(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	db := database.Open(litedb.Dialect, database.Options{})
	queue := jobdb.In(db)
	command.Main(app(queue), command.Config{
		Database: db, Jobs: work.New(work.Options{Store: queue}), Rooms: host.New(host.Options{Store: roomdb.In(db)}),
		Admin: admin.New(admin.Config{}), Stores: []pages.Driver{disk.Driver(), mem.Driver()},
	})
}

func migrate() error {
	db := database.Open(litedb.Dialect, database.Options{})
	db.Use(slog.New(slog.DiscardHandler), false)
	jobdb.In(db)
	roomdb.In(db)
	_, err := db.Migrate(context.Background())
	return errors.Join(err, db.Close())
}

func app(queue *jobdb.Queue) gorgon.App {
	view := func(s string) gorgon.Component { return gorgon.Text(s) }
	clock := gorgon.Fragment[string, string]{
		Name: "clock", Live: true, RevalidateAfter: time.Second, View: view,
		Load: func(context.Context, gorgon.Input, string) (string, error) { return time.Now().String(), nil },
	}
	hidden := jobs.Job[string]{Name: "letter", MaxAttempts: 1, Run: func(_ context.Context, _ string) error { return errors.New("the mail server refused it: " + Markup) }}
	shown := jobs.Job[int]{Name: "picture", Show: true, Keep: time.Hour, Run: func(context.Context, int) error { return nil }}
	tick := jobs.Job[struct{}]{Name: "tick", Every: time.Minute, Run: func(context.Context, struct{}) error { return nil }}
	return gorgon.App{Name: "depot", Parts: []gorgon.Part{
		clock, hidden, shown, tick, roomer.Room(),
		gorgon.Page[string]{Path: "/", View: func(string) gorgon.Component { return clock.Use("here") }},
		gorgon.Page[string]{
			Path: "/items/{id}", Incremental: true, RevalidateAfter: time.Second, View: view,
			Load: func(_ context.Context, in gorgon.Input) (string, error) {
				if in.PathValue("id") == "bad" {
					return "", errors.New("it cannot be read: " + Markup)
				}
				return in.Path, nil
			},
		},
		gorgon.Handler{Pattern: "POST /work", Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, err := hidden.Add(r.Context(), queue, Secret)
			if err == nil {
				_, err = shown.Add(r.Context(), queue, 4711)
			}
			if err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
			}
		})},
	}}
}
