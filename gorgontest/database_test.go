// An app with a database, tested.

package gorgontest_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"testing"
	"testing/fstest"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/api"
	"github.com/gorgon-go/gorgon/database"
	"github.com/gorgon-go/gorgon/database/litedb/litedbtest"
	"github.com/gorgon-go/gorgon/database/pgdb/pgdbtest"
	"github.com/gorgon-go/gorgon/gorgontest"
)

// products is the schema of the app.
var products = database.Options{
	Migrations: fstest.MapFS{"00001_products.sql": {Data: []byte(`
create table products (id integer primary key, name text not null, views integer not null default 0);
insert into products (id, name) values (1, 'stool'), (2, 'vase');
`)}},
	Tables: []database.Table{{Name: "products", Ignore: []string{"views"}}},
}

type change struct {
	ID   int    `json:"id"`
	Name string `json:"name"`
}

// shopOf is an app over a database.
func shopOf(db *database.DB) gorgon.App {
	return gorgon.App{Name: "shop", Parts: []gorgon.Part{
		gorgon.Page[[]string]{
			Path: "/",
			Load: func(ctx context.Context, _ gorgon.Input) (names []string, err error) {
				rows, err := db.SQL().QueryContext(ctx, "select name from products order by id")
				if err != nil {
					return nil, err
				}
				defer rows.Close()
				for rows.Next() {
					var name string
					if err := rows.Scan(&name); err != nil {
						return nil, err
					}
					names = append(names, name)
				}
				return names, rows.Err()
			},
			View: func(names []string) gorgon.Component { return gorgon.HTML(fmt.Sprint(names)) },
		},
		gorgon.Page[string]{
			Path: "/products/{id}", Incremental: true, Paths: func(context.Context, gorgon.Input) ([]string, error) { return nil, nil },
			Load: func(ctx context.Context, in gorgon.Input) (name string, err error) {
				id, err := strconv.Atoi(in.PathValue("id"))
				if err != nil {
					return "", gorgon.NotFound()
				}
				err = db.SQL().QueryRowContext(ctx, "select name from products where id = $1", id).Scan(&name)
				if errors.Is(err, sql.ErrNoRows) {
					err = gorgon.NotFound()
				}
				return name, err
			},
			View: func(name string) gorgon.Component { return gorgon.HTML(name) },
		},
		api.Endpoint[change, api.None]{
			Path: "POST /products",
			Handle: func(ctx context.Context, in change) (api.None, error) {
				return api.None{}, db.Tx(ctx, nil, func(tx *sql.Tx) error {
					_, err := tx.ExecContext(ctx, "insert into products (id, name) values ($1, $2) on conflict (id) do update set name = excluded.name", in.ID, in.Name)
					return err
				})
			},
		},
	}}
}

// dialects give a test a database.
var dialects = map[string]func(testing.TB, database.Options) *database.DB{"sqlite": litedbtest.Open, "postgresql": pgdbtest.Open}

func each(t *testing.T, f func(*testing.T, *database.DB)) {
	for name, open := range dialects {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f(t, open(t, products))
		})
	}
}

func TestCommitsPurge(t *testing.T) {
	each(t, func(t *testing.T, db *database.DB) {
		site := gorgontest.Options{Database: db}.Open(t, shopOf(db))
		site.Get("/").Want(200, "[stool vase]").WantCache(gorgontest.Stale) // commits since the build are not known
		site.Get("/").WantCache(gorgontest.Hit)
		site.Get("/products/1").Want(200, "stool")
		site.Get("/products/2").Want(200, "vase")
		site.Get("/products/3").Want(404)

		// A visitor who writes sees it; for others the old page is good for once more.
		writer := site.Visitor()
		tags := site.Purged(func() { writer.Call("POST", "/products", change{1, "chair"}).Want(204) })
		if len(tags) != 2 || tags[1] != tags[0]+":1" {
			t.Errorf("the commit purged %q", tags)
		}
		writer.Get("/").Want(200, "[chair vase]").WantCache(gorgontest.Made)
		site.Get("/products/1").Want(200, "stool").WantCache(gorgontest.Stale)
		site.Get("/products/1").Want(200, "chair").WantCache(gorgontest.Hit)
		site.Get("/products/2").Want(200, "vase").WantCache(gorgontest.Hit)

		// The 404 ends with the row.
		site.Call("POST", "/products", change{3, "lamp"}).Want(204)
		site.Get("/products/3").Want(200, "lamp")

		// What is committed beside the site counts, too.
		if _, err := db.SQL().ExecContext(t.Context(), "delete from products where id = 3"); err != nil {
			t.Fatal(err)
		}
		site.Get("/products/3").Want(200, "lamp").WantCache(gorgontest.Stale)
		site.Get("/products/3").Want(404)

		// What no page shows, and what is rolled back, purges nothing.
		for _, text := range []string{"update products set views = views + 1", "update products set name = name where id = 9"} {
			if tags := site.Purged(func() { _, _ = db.SQL().ExecContext(t.Context(), text) }); len(tags) > 0 {
				t.Errorf("%s purged %q", text, tags)
			}
		}
		refused := errors.New("refused")
		tags = site.Purged(func() {
			err := db.Tx(t.Context(), nil, func(tx *sql.Tx) error {
				if _, err := tx.ExecContext(t.Context(), "delete from products"); err != nil {
					return err
				}
				return refused
			})
			if !errors.Is(err, refused) {
				t.Error(err)
			}
		})
		if len(tags) > 0 {
			t.Errorf("a rolled back transaction purged %q", tags)
		}
	})
}

// Pages of a database are as fresh as others when nothing is committed, also
// when time goes by.
func TestTimeAloneChangesNothing(t *testing.T) {
	each(t, func(t *testing.T, db *database.DB) {
		site := gorgontest.Options{Database: db, Lazy: true}.Open(t, shopOf(db))
		site.Get("/products/1").Want(200, "stool")
		site.Advance(24 * time.Hour)
		site.Get("/products/1").WantCache(gorgontest.Hit)
		why := site.Why("/products/1")
		if tags := why.Copies[0].Tags; !slices.ContainsFunc(tags, func(s string) bool { return len(s) > 2 && s[len(s)-2:] == ":1" }) {
			t.Errorf("it depends on %q", tags)
		}
	})
}
