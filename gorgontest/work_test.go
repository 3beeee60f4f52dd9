// Jobs of an app, tested.

package gorgontest_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/api"
	"github.com/gorgon-go/gorgon/database"
	"github.com/gorgon-go/gorgon/database/jobdb"
	"github.com/gorgon-go/gorgon/gorgontest"
	"github.com/gorgon-go/gorgon/jobs"
	"github.com/gorgon-go/gorgon/mem"
)

// A job of a request that was committed runs, with the app's caches, links and
// database; that of one that was rolled back never does. What it commits is
// purged for the next job and the next request.
func TestWork(t *testing.T) {
	each(t, func(t *testing.T, db *database.DB) {
		queue := jobdb.In(db)
		var seen []string
		names := gorgon.Cache[string, string]{Name: "names", Load: func(ctx context.Context, id string) (name string, err error) {
			err = db.SQL().QueryRowContext(ctx, "select name from products where id = "+id).Scan(&name)
			return name, err
		}}
		ping := jobs.Job[string]{Name: "ping", Key: func(what string) string { return what }, Run: func(ctx context.Context, what string) error {
			name, err := names.Get(ctx, "1")
			if err != nil {
				return err
			}
			link, err := gorgon.AbsoluteURL(ctx, gorgon.URL(ctx, "/products/1"))
			seen = append(seen, fmt.Sprint(what, " ", name, " ", link))
			return err
		}}
		rename := jobs.Job[change]{Name: "rename", Run: func(ctx context.Context, c change) error {
			_, err := db.SQL().ExecContext(ctx, "update products set name = $1 where id = $2", c.Name, c.ID)
			return err
		}}
		later := api.Endpoint[change, api.None]{Path: "POST /later", Handle: func(ctx context.Context, in change) (api.None, error) {
			return api.None{}, db.Tx(ctx, nil, func(tx *sql.Tx) error {
				after, err := ping.New("after")
				if err != nil {
					return err
				}
				_, err1 := ping.Add(ctx, queue.In(tx), "before")
				_, err2 := rename.Add(ctx, queue.In(tx), in, jobs.Then(after))
				if in.Name == "refused" {
					return errors.New("refused")
				}
				return errors.Join(err1, err2)
			})
		}}
		app := shopOf(db)
		app.Origin = "https://shop.example"
		app.Parts = append(app.Parts, names, ping, rename, later)
		site := gorgontest.Options{Database: db, Jobs: queue}.Open(t, app)
		site.Call("POST", "/later", change{1, "refused"}).Want(500)
		if ran := site.Work(); len(ran) > 0 {
			t.Errorf("rolled back, and run: %+v", ran)
		}
		site.Call("POST", "/later", change{1, "chair"}).Want(204)
		site.Get("/products/1").Want(200, "stool")
		ran := site.Work()
		if len(ran) != 3 || ran[0].Kind != "ping" || ran[0].Key != "before" || ran[0].Attempt != 1 || ran[0].Err != "" || ran[1].Kind != "rename" || ran[2].Key != "after" {
			t.Errorf("ran %+v", ran)
		}
		if want := []string{"before stool https://shop.example/products/1", "after chair https://shop.example/products/1"}; !slices.Equal(seen, want) {
			t.Errorf("the jobs saw %q, want %q", seen, want)
		}
		site.Get("/products/1").WantCache(gorgontest.Stale)
		site.Get("/products/1").Want(200, "chair")
	})
}

// In a bubble, delays, retries and series take no time.
func TestWorkLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		queue := mem.NewJobs()
		fails := jobs.Job[int]{Name: "fails", MaxAttempts: 2, Run: func(context.Context, int) error { return errors.New("no") }}
		daily := jobs.Job[struct{}]{Name: "daily", Cron: "0 3 * * *", Run: func(context.Context, struct{}) error { return nil }}
		app := gorgon.App{Name: "shop", Parts: []gorgon.Part{fails, daily, gorgon.Page[string]{Path: "/", View: func(string) gorgon.Component { return gorgon.Text("shop") }}}}
		site := gorgontest.Options{Synctest: true, Jobs: queue}.Open(t, app)
		if _, err := fails.Add(t.Context(), queue, 1, jobs.After(time.Hour)); err != nil {
			t.Fatal(err)
		}
		for i, step := range []struct {
			after time.Duration
			want  string
		}{
			{0, ""}, {time.Hour, "[{1 fails  1 no false}]"}, {0, ""}, {time.Minute, "[{1 fails  2 no true}]"}, {24 * time.Hour, "[{2 daily  1  false}]"}, {24 * time.Hour, "[{2 daily  1  false}]"},
		} {
			site.Advance(step.after)
			if got := strings.TrimPrefix(fmt.Sprint(site.Work()), "[]"); got != step.want {
				t.Errorf("step %d: %s, want %s", i, got, step.want)
			}
		}
	})
}

// A test of an app whose jobs never end does.
func TestWorkEndless(t *testing.T) {
	t.Parallel()
	queue := mem.NewJobs()
	var again jobs.Job[int]
	again = jobs.Job[int]{Name: "again", Run: func(ctx context.Context, n int) error {
		_, err := again.Add(ctx, queue, n+1)
		return err
	}}
	page := gorgon.Page[string]{Path: "/", View: func(string) gorgon.Component { return gorgon.Text("shop") }}
	text := failing(t, func(t testing.TB) {
		site := gorgontest.Options{Jobs: queue}.Open(t, gorgon.App{Name: "shop", Parts: []gorgon.Part{again, page}})
		if _, err := again.Add(t.Context(), queue, 1); err != nil {
			t.Fatal(err)
		}
		site.Work()
	})
	if !strings.Contains(text, "due again and again") {
		t.Errorf("it failed with %s", text)
	}
	text = failing(t, func(t testing.TB) { gorgontest.Open(t, gorgon.App{Name: "shop", Parts: []gorgon.Part{page}}).Work() })
	if !strings.Contains(text, "set Options.Jobs") {
		t.Errorf("it failed with %s", text)
	}
}
