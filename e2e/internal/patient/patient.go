// Package patient is an app with a database, jobs and a page store, whose faults
// tests plant and the doctor names.
package patient

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/admin"
	"github.com/gorgon-go/gorgon/command"
	"github.com/gorgon-go/gorgon/database"
	"github.com/gorgon-go/gorgon/database/jobdb"
	"github.com/gorgon-go/gorgon/database/pgdb"
	"github.com/gorgon-go/gorgon/disk"
	"github.com/gorgon-go/gorgon/e2e/internal/site"
	"github.com/gorgon-go/gorgon/jobs"
	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/redis"
	"github.com/gorgon-go/gorgon/work"
)

// Levers besides those of package site.
const (
	FailJobs    = "fail-jobs"    // the error of each job
	FailAnswers = "fail-answers" // GET /check answers with 500
)

// Items is how many rows there are.
const Items = 100

//go:embed migrations/*.sql
var files embed.FS

// Main runs the program.
func Main() {
	site.Leash()
	migrations, err := fs.Sub(files, "migrations")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	db := database.Open(pgdb.Dialect, database.Options{Migrations: migrations, Tables: []database.Table{{Name: "items"}}})
	queue := jobdb.In(db)
	p := patient{db, queue, site.Levers(os.Getenv(site.EnvLevers))}
	command.Main(p.app(), command.Config{
		Database: db, Jobs: work.New(work.Options{Store: queue}), Admin: admin.New(admin.Config{}),
		Stores: []pages.Driver{disk.Driver(), redis.Driver()},
	})
}

type patient struct {
	db     *database.DB
	queue  *jobdb.Queue
	levers site.Levers
}

func (p patient) app() gorgon.App {
	text := func(s string) gorgon.Component { return gorgon.Text(s) }
	send := jobs.Job[int]{
		Name: "send", MaxAttempts: 3, Backoff: func(int) time.Duration { return 300 * time.Millisecond },
		Run: func(context.Context, int) error {
			if why := p.levers.Read(FailJobs); why != "" {
				return errors.New(why)
			}
			return nil
		},
	}
	return gorgon.App{
		Name: "patient",
		Parts: []gorgon.Part{
			gorgon.Page[string]{Path: "/items/{id}", Load: p.item, Incremental: true, Timeout: 3 * time.Second, View: text},
			gorgon.Page[string]{Path: "/slow/{id}", Load: p.slow, Incremental: true, Timeout: 3 * time.Second, View: text},
			gorgon.Page[string]{Path: "/big/{id}", Load: big, Incremental: true, View: text},
			gorgon.Handler{Pattern: "POST /send", Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if _, err := send.Add(r.Context(), p.queue, 1); err != nil {
					http.Error(w, "it could not be added", http.StatusServiceUnavailable)
				}
			})},
			gorgon.Handler{Pattern: "GET /check", Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				if why := p.levers.Read(FailAnswers); why != "" {
					http.Error(w, why, http.StatusInternalServerError)
				}
			})},
			send,
		},
	}
}

func (p patient) item(ctx context.Context, in gorgon.Input) (string, error) {
	id, _ := strconv.Atoi(in.PathValue("id"))
	var version int
	err := p.db.SQL().QueryRowContext(ctx, "SELECT version FROM items WHERE id = $1", id).Scan(&version)
	return fmt.Sprint("item ", id, ", version ", version), err
}

func (p patient) slow(ctx context.Context, in gorgon.Input) (string, error) {
	return p.levers.Work(ctx, in.Path)
}

// big is a page that cannot be compressed much.
func big(context.Context, gorgon.Input) (string, error) {
	var b strings.Builder
	for range 1000 {
		fmt.Fprintf(&b, "%016x", rand.Uint64())
	}
	return b.String(), nil
}
