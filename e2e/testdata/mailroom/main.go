// A mail room: an app with jobs, which writes down what it runs, and in which
// command. The tests of packages copy it into a repository of its own.

package main

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/blobs"
	"github.com/gorgon-go/gorgon/bundle"
	"github.com/gorgon-go/gorgon/command"
	"github.com/gorgon-go/gorgon/database"
	"github.com/gorgon-go/gorgon/database/jobdb"
	"github.com/gorgon-go/gorgon/database/pgdb"
	"github.com/gorgon-go/gorgon/disk/diskblobs"
	"github.com/gorgon-go/gorgon/jobs"
	"github.com/gorgon-go/gorgon/mem"
	"github.com/gorgon-go/gorgon/s3"
	"github.com/gorgon-go/gorgon/work"
)

// later is when a reminder is due.
const later = 2 * time.Second

func main() {
	db := database.Open(pgdb.Dialect, database.Options{})
	queue := jobdb.In(db)
	files := blobs.At(blobs.Location{Default: "mem:", Drivers: []blobs.Driver{diskblobs.Driver(), s3.BlobDriver(), mem.BlobDriver()}})
	command.Main(app(db, queue, files), command.Config{Database: db, Files: files, Jobs: work.New(work.Options{Store: queue}), Bundler: bundle.Bundler{}})
}

func app(db *database.DB, queue *jobdb.Queue, files blobs.Store) gorgon.App {
	note := func(ctx context.Context, tx *sql.Tx, what string) error {
		by := "function" // which has no command
		if len(os.Args) > 1 {
			by = os.Args[1]
		}
		_, err := tx.ExecContext(ctx, "INSERT INTO done (what, by) VALUES ($1, $2)", what, by)
		return err
	}
	job := func(name string) jobs.Job[int] {
		return jobs.Job[int]{Name: name, Run: func(ctx context.Context, _ int) error {
			return db.Tx(ctx, nil, func(tx *sql.Tx) error { return note(ctx, tx, name) })
		}}
	}
	receipt, reminder := job("receipt"), job("reminder")
	order := func(w http.ResponseWriter, r *http.Request) {
		ctx := r.Context()
		err := db.Tx(ctx, nil, func(tx *sql.Tx) error {
			if err := note(ctx, tx, "order"); err != nil {
				return err
			}
			if _, err := receipt.Add(ctx, queue.In(tx), 1); err != nil {
				return err
			}
			_, err := reminder.Add(ctx, queue.In(tx), 1, jobs.After(later))
			return err
		})
		if err == nil {
			_, err = files.Put(ctx, "orders/last", strings.NewReader("ordered"), blobs.PutOptions{})
		}
		w.Header().Set("Cache-Control", "no-store")
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		fmt.Fprintln(w, "ordered")
	}
	return gorgon.App{
		Name: "shop",
		Error: func(f gorgon.Failure) gorgon.Component {
			return gorgon.HTML(fmt.Sprintf("<h1>%d</h1>", f.Status))
		},
		Parts: []gorgon.Part{
			gorgon.Page[string]{Path: "/", View: func(string) gorgon.Component { return gorgon.Text("the mail room") }},
			gorgon.Handler{Pattern: "GET /order", Handler: http.HandlerFunc(order)},
			receipt, reminder,
		},
	}
}
