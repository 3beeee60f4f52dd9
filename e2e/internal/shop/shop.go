// The pages and endpoints.

// Package shop is the app of the end-to-end tests of an app's own database. Its
// rows have a version each, which every change raises, and its pages show the
// versions: a test holds them against the database.
package shop

import (
	"context"
	"strconv"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/api"
	"github.com/gorgon-go/gorgon/database"
)

// SlowLoad is how long the loader of the slow page takes.
const SlowLoad = 3 * time.Second

// brief is the time that other pages have. The lease of a process that was killed
// lasts as long, and a little more.
const brief = 3 * time.Second

// A shop is the app over its database.
type shop struct {
	db    *database.DB
	notes notes
}

// of names a row in a path.
type of struct {
	ID int64 `path:"id"`
}

// App is the app.
func (s *shop) App() gorgon.App {
	stock := gorgon.Fragment[of, State]{
		Name: "stock", Timeout: brief,
		Load: func(ctx context.Context, _ gorgon.Input, p of) (State, error) { return s.rows(ctx, "products", p.ID) },
		View: view,
	}
	return gorgon.App{
		Name: "shop",
		Parts: []gorgon.Part{
			stock,
			gorgon.Page[State]{Path: "/", Load: s.all, Timeout: brief, View: view},
			gorgon.Page[State]{Path: "/lists/{name}", Load: s.all, Incremental: true, Timeout: brief, View: view},
			gorgon.Page[State]{Path: "/products/{id}", Load: s.product, Incremental: true, Timeout: brief, View: view},
			gorgon.Page[State]{Path: "/snapshots/{id}", Load: s.snapshot, Incremental: true, Timeout: brief, View: view},
			gorgon.Page[State]{Path: "/boxes/{id}", Load: s.box, Incremental: true, Timeout: brief, View: view},
			gorgon.Page[State]{Path: "/unlisted/{id}", Load: s.unlisted, Incremental: true, Timeout: brief, View: view},
			gorgon.Page[State]{Path: "/slow/{name}", Load: s.slow, Incremental: true, Timeout: 5 * SlowLoad, View: view},
			gorgon.Page[of]{
				Path: "/shelves/{id}", Incremental: true, Timeout: brief,
				Load: func(_ context.Context, in gorgon.Input) (of, error) { return of{number(in)}, nil },
				View: func(o of) gorgon.Component { return stock.Use(o) },
			},
			api.Read[State]{Path: "GET /api/products/{id}", Load: s.product, Incremental: true, Timeout: brief},
			api.Endpoint[Change, Changed]{Path: "POST /products/{id}", Handle: s.change},
			api.Endpoint[of, Changed]{Path: "POST /views/{id}", Handle: s.viewed},
			api.Endpoint[api.None, Changed]{Path: "POST /busy", Handle: s.hurry},
		},
	}
}

// number is the id in a path; 0 if it is not one.
func number(in gorgon.Input) int64 {
	n, _ := strconv.ParseInt(in.PathValue("id"), 10, 64)
	return n
}

func (s *shop) all(ctx context.Context, _ gorgon.Input) (State, error) {
	products, err := s.rows(ctx, "products", 0)
	if err != nil {
		return State{}, err
	}
	prices, err := s.rows(ctx, "prices", 0)
	return append(products, prices...), err
}

func (s *shop) product(ctx context.Context, in gorgon.Input) (State, error) {
	product, err := s.rows(ctx, "products", number(in))
	if err != nil {
		return State{}, err
	}
	price, err := s.rows(ctx, "prices", number(in))
	return append(product, price...), err
}

func (s *shop) box(ctx context.Context, in gorgon.Input) (State, error) {
	return s.rows(ctx, "boxes", number(in))
}

// unlisted reads a table whose commits are not purges.
func (s *shop) unlisted(ctx context.Context, in gorgon.Input) (State, error) {
	product, err := s.rows(ctx, "products", number(in))
	if err != nil {
		return State{}, err
	}
	_, err = s.rows(ctx, "unlisted", 1)
	return product, err
}

// slow reads first, and is done much later.
func (s *shop) slow(ctx context.Context, in gorgon.Input) (state State, err error) {
	end, err := s.notes.begin(in.Path)
	if err != nil {
		return nil, err
	}
	defer func() {
		if failed := end(); err == nil {
			err = failed
		}
	}()
	state, err = s.rows(ctx, "busy", 1)
	if err == nil {
		err = sleep(ctx, SlowLoad)
	}
	return state, err
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
