// Products, the shelf and orders. All is read with the context of the loader that
// asks: so it becomes known which rows a page shows, and a commit reaches it.

package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/api"
	"github.com/gorgon-go/gorgon/database"
	"github.com/gorgon-go/gorgon/listen"
)

// Data are the options of the database.
var Data = database.Options{Migrations: folder("migrations"), Tables: []database.Table{{Name: "products"}, {Name: "shelf"}, {Name: "orders"}}}

type product struct {
	ID, Name, About string
	Price           int // cents
	Left            int // on the shelf; on the board alone
}

// Euros is the price as it is read.
func (p product) Euros() string { return fmt.Sprintf("%d.%02d €", p.Price/100, p.Price%100) }

// A state says how far an order is.
type state int

var states = []string{"Ordered", "In the oven", "Ready", "Collected"}

func (s state) String() string { return states[s] }
func (s state) Done() bool     { return int(s) == len(states)-1 }
func (s state) All() []string  { return states }

// Int is the number of the state.
func (s state) Int() int { return int(s) }

type order struct {
	ID    string
	Name  string // of who ordered
	Items []item
	State state
	Made  time.Time
}

type item struct {
	Count int    `json:"count"`
	Name  string `json:"name"`
}

// Code is what is called out.
func (o order) Code() string { return strings.ToUpper(o.ID[:4]) }

// A board is what the kitchen sees: the orders of each state, and the shelf.
type board struct {
	Columns []column
	Shelf   []product
}

type column struct {
	State  state
	Does   string // what the button says
	Orders []order
}

// rows calls a function for each row of a query.
func (b *bakery) rows(ctx context.Context, each func(scan func(...any) error) error, query string, args ...any) error {
	rows, err := b.db.SQL().QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := each(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

// menu reads what is sold. How much is left is in another table: an order does not
// concern this page.
func (b *bakery) menu(ctx context.Context, _ gorgon.Input) (list []product, err error) {
	err = b.rows(ctx, func(scan func(...any) error) error {
		var p product
		err := scan(&p.ID, &p.Name, &p.About, &p.Price)
		list = append(list, p)
		return err
	}, "select id, name, about, price from products order by place")
	return list, err
}

// left is how much of a product is on the shelf.
func (b *bakery) left(ctx context.Context, _ gorgon.Input, product string) (n int, err error) {
	err = b.db.SQL().QueryRowContext(ctx, "select pieces from shelf where product = $1", product).Scan(&n)
	return n, err
}

func (b *bakery) order(ctx context.Context, in gorgon.Input) (order, error) {
	o, _, err := b.find(ctx, in.PathValue("id"))
	return o, err
}

func (b *bakery) state(ctx context.Context, _ gorgon.Input, id string) (state, error) {
	o, _, err := b.find(ctx, id)
	return o.State, err
}

// find is one order, and the cookie of who ordered.
func (b *bakery) find(ctx context.Context, id string) (o order, guest string, err error) {
	var items string
	err = b.db.SQL().QueryRowContext(ctx, "select id, name, items, state, made, guest from orders where id = $1", id).
		Scan(&o.ID, &o.Name, &items, &o.State, &o.Made, &guest)
	if errors.Is(err, sql.ErrNoRows) {
		return o, "", gorgon.NotFound()
	}
	return o, guest, cmp.Or(err, json.Unmarshal([]byte(items), &o.Items))
}

func (b *bakery) board(ctx context.Context, _ gorgon.Input) (all board, err error) {
	for i, does := range []string{"Into the oven", "It is ready", "Handed over"} {
		all.Columns = append(all.Columns, column{State: state(i), Does: does})
	}
	err = b.rows(ctx, func(scan func(...any) error) error {
		var o order
		var items string
		if err := scan(&o.ID, &o.Name, &items, &o.State, &o.Made); err != nil {
			return err
		}
		c := &all.Columns[o.State]
		c.Orders = append(c.Orders, o)
		return json.Unmarshal([]byte(items), &c.Orders[len(c.Orders)-1].Items)
	}, "select id, name, items, state, made from orders where state < 3 order by made, id limit 60")
	return all, cmp.Or(err, b.rows(ctx, func(scan func(...any) error) error {
		var p product
		err := scan(&p.ID, &p.Name, &p.Left)
		all.Shelf = append(all.Shelf, p)
		return err
	}, "select p.id, p.name, s.pieces from products p join shelf s on s.product = p.id order by p.place"))
}

// A newOrder is the form of the menu.
type newOrder struct {
	Name   string         `json:"name" check:"min=1,max=40"`
	Counts map[string]int `json:"counts" check:"max=20"`
}

type placed struct {
	ID string `json:"id"`
}

// place takes an order: what is taken from the shelf and the order are one commit.
func (b *bakery) place() api.Endpoint[newOrder, placed] {
	return api.Endpoint[newOrder, placed]{
		Path: "POST /orders", Name: "placeOrder", Summary: "Order what is on the shelf.",
		Handle: func(ctx context.Context, in newOrder) (made placed, err error) {
			made.ID = strings.ToLower(rand.Text()[:12])
			err = b.db.Tx(ctx, nil, func(tx *sql.Tx) error {
				items, err := take(ctx, tx, in.Counts)
				if err != nil {
					return err
				}
				text, err := json.Marshal(items)
				if err != nil {
					return err
				}
				_, err = tx.ExecContext(ctx, "insert into orders (id, name, items, guest, state, made) values ($1, $2, $3, $4, 0, $5)",
					made.ID, in.Name, string(text), guest(ctx), time.Now().UTC())
				return err
			})
			return made, err
		},
		Then: func(_ newOrder, made placed) string { return gorgon.EscapePath("/orders/" + made.ID) },
	}
}

// take takes from the shelf, in the order of the products: so two orders never
// wait for each other.
func take(ctx context.Context, tx *sql.Tx, counts map[string]int) (items []item, err error) {
	for _, id := range slices.Sorted(maps.Keys(counts)) {
		n := counts[id]
		if n == 0 {
			continue
		}
		if n < 0 || n > 50 {
			return nil, gorgon.Refuse("/counts/"+id, "Between 0 and 50, please.")
		}
		var name string
		var left int
		err := tx.QueryRowContext(ctx, "select p.name, s.pieces from products p join shelf s on s.product = p.id where p.id = $1", id).Scan(&name, &left)
		if errors.Is(err, sql.ErrNoRows) {
			return nil, gorgon.Refuse("/counts", "There is no such product.")
		} else if err != nil {
			return nil, err
		}
		done, err := tx.ExecContext(ctx, "update shelf set pieces = pieces - $1 where product = $2 and pieces >= $3", n, id, n)
		if err != nil {
			return nil, err
		}
		if rows, err := done.RowsAffected(); err != nil {
			return nil, err
		} else if rows == 0 {
			return nil, gorgon.Refuse("/counts/"+id, fmt.Sprintf("%s: only %d left.", name, left))
		}
		items = append(items, item{n, name})
	}
	if len(items) == 0 {
		return nil, gorgon.Refuse("/counts", "Choose something first.")
	}
	return items, nil
}

// cookie has who a visitor is.
const cookie = "board_guest"

// guest is who the visitor is, who gets a name where there is none yet.
func guest(ctx context.Context) string {
	r := api.Request(ctx)
	if c, err := r.Cookie(cookie); err == nil && c.Value != "" {
		return c.Value
	}
	name := rand.Text()
	api.SetCookie(ctx, &http.Cookie{
		Name: cookie, Value: name, Path: "/", MaxAge: 30 * 24 * 60 * 60,
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: listen.Scheme(r) == "https",
	})
	return name
}

// A step moves an order on, from a state that it must have: so one that is asked
// for twice is made once.
type step struct {
	ID   string `path:"id"`
	From int    `json:"from" check:"min=0,max=2"`
}

func (b *bakery) next() api.Endpoint[step, api.None] {
	return api.Endpoint[step, api.None]{
		Path: "POST /orders/{id}/next", Name: "moveOrder", Summary: "Move an order on.",
		Handle: func(ctx context.Context, in step) (none api.None, err error) {
			_, err = b.db.SQL().ExecContext(ctx, "update orders set state = state + 1 where id = $1 and state = $2", in.ID, in.From)
			return none, err
		},
	}
}

// A batch is six pieces of a product.
type batch struct {
	Product string `path:"product"`
}

func (b *bakery) bake() api.Endpoint[batch, api.None] {
	return api.Endpoint[batch, api.None]{
		Path: "POST /shelf/{product}/bake", Name: "bakeMore", Summary: "Bake six more.",
		Handle: func(ctx context.Context, in batch) (none api.None, err error) {
			_, err = b.db.SQL().ExecContext(ctx, "update shelf set pieces = pieces + 6 where product = $1 and pieces < 90", in.Product)
			return none, err
		},
	}
}
