// Orders: what was bought, and the form that buys it.

package main

import (
	"context"
	"database/sql"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/api"
	"github.com/gorgon-go/gorgon/auth"
	"github.com/gorgon-go/gorgon/i18n"
)

// An order is what a visitor has bought, in the words and at the prices of then.
type order struct {
	ID      string
	Email   string // its buyer's
	Address string // where it goes
	Locale  string // in which its buyer reads
	Lines   []bought
	Total   cents
	Placed  time.Time
	Sent    time.Time // zero: not yet
}

type bought struct {
	Product  string // its ID
	Name     string
	Price    cents // of one
	Quantity int
}

// Sum is the price of the line.
func (b bought) Sum() cents { return b.Price * cents(b.Quantity) }

// Code is how buyer and shopkeeper call the order.
func (o order) Code() string { return strings.ToUpper(o.ID[:6]) }

// ordersWhere lists the orders for which a condition is true, the newest first.
func (s shop) ordersWhere(ctx context.Context, condition string, args ...any) ([]order, error) {
	rows, err := s.db.SQL().QueryContext(ctx, `select o.id, u.email, o.address, o.locale, o.total, o.placed_at, o.sent_at, l.product, l.name, l.price, l.quantity
		from orders o join users u on u.id = o.buyer join order_lines l on l.order_id = o.id
		where `+condition+` order by o.placed_at desc, o.id, l.product`, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var orders []order
	for rows.Next() {
		var o order
		var b bought
		var placed, sent int64
		if err := rows.Scan(&o.ID, &o.Email, &o.Address, &o.Locale, &o.Total, &placed, &sent, &b.Product, &b.Name, &b.Price, &b.Quantity); err != nil {
			return nil, err
		}
		if len(orders) == 0 || orders[len(orders)-1].ID != o.ID {
			o.Placed, o.Sent = time.Unix(placed, 0).UTC(), moment(sent)
			orders = append(orders, o)
		}
		last := &orders[len(orders)-1]
		last.Lines = append(last.Lines, b)
	}
	return orders, rows.Err()
}

// moment is a time in the database, where 0 is none.
func moment(seconds int64) time.Time {
	if seconds == 0 {
		return time.Time{}
	}
	return time.Unix(seconds, 0).UTC()
}

func (s shop) mine(ctx context.Context, _ gorgon.Input, _ *http.Request) ([]order, error) {
	return s.ordersWhere(ctx, "o.buyer = $1", auth.User(ctx))
}

// oneOfMine is an order of the visitor's. That of another visitor does not exist.
func (s shop) oneOfMine(ctx context.Context, in gorgon.Input, _ *http.Request) (order, error) {
	orders, err := s.ordersWhere(ctx, "o.id = $1 and o.buyer = $2", in.PathValue("id"), auth.User(ctx))
	if err != nil {
		return order{}, err
	}
	if len(orders) == 0 {
		return order{}, gorgon.NotFound()
	}
	return orders[0], nil
}

func orderView(o order) gorgon.Component {
	return view("order.html", struct {
		order
		Progress gorgon.Component
	}{o, shop{}.progress().Use(o.ID)})
}

// progress says how far an order is. It is the part of its page that changes, so
// it is the part that open browsers follow: each asks for its own, and reads one
// row.
func (s shop) progress() gorgon.Fragment[string, time.Time] {
	return gorgon.Fragment[string, time.Time]{
		Name: "progress", Live: true, View: shows[time.Time]("progress.html"),
		LoadRequest: func(ctx context.Context, _ gorgon.Input, id string, _ *http.Request) (time.Time, error) {
			var sent int64
			err := s.db.SQL().QueryRowContext(ctx, "select sent_at from orders where id = $1 and buyer = $2", id, auth.User(ctx)).Scan(&sent)
			if errors.Is(err, sql.ErrNoRows) {
				err = gorgon.NotFound()
			}
			return moment(sent), err
		},
	}
}

// A newOrder is the form below the cart. The total is what the visitor has seen:
// an order at another price is refused.
type newOrder struct {
	Total   cents  `json:"total" check:"min=0"`
	Address string `json:"address" check:"min=10,max=300"`
}

type placed struct {
	ID string `json:"id"`
}

// placeOrder buys what is in the cart. Stock, order, lines, and the job of the
// receipt are one commit, of which nothing is left if anything is refused.
func (s shop) placeOrder() api.Endpoint[newOrder, placed] {
	return api.Endpoint[newOrder, placed]{
		Path: "POST /place", Name: "placeOrder", Once: s.orders, Handle: s.place,
		Then: func(_ newOrder, p placed) string { return "/orders/" + p.ID },
	}
}

func (s shop) place(ctx context.Context, in newOrder) (placed, error) {
	wanted, made := readCart(api.Request(ctx)), placed{newID()}
	err := s.db.Tx(ctx, nil, func(tx *sql.Tx) error {
		lines, total, err := s.take(ctx, tx, wanted)
		if err != nil {
			return err
		}
		if len(lines) == 0 {
			return refuse(ctx, "", "errors.empty", nil)
		}
		if total != in.Total {
			return refuse(ctx, "", "errors.total", nil)
		}
		if _, err := tx.ExecContext(ctx, "insert into orders (id, buyer, address, locale, total, placed_at) values ($1, $2, $3, $4, $5, $6)",
			made.ID, auth.User(ctx), in.Address, language(ctx), total, time.Now().Unix()); err != nil {
			return err
		}
		for _, l := range lines {
			if _, err := tx.ExecContext(ctx, "insert into order_lines (order_id, product, name, price, quantity) values ($1, $2, $3, $4, $5)",
				made.ID, l.Product, l.Name, l.Price, l.Quantity); err != nil {
				return err
			}
		}
		_, err = s.receipt().Add(ctx, s.queue.In(tx), made.ID)
		return err
	})
	if err == nil {
		writeCart(ctx, nil)
	}
	return made, err
}

// take takes from the stock, in the order of the IDs: so two orders never wait
// for each other. What is no longer sold is left out, as the cart does.
func (s shop) take(ctx context.Context, tx *sql.Tx, wanted []line) (lines []bought, total cents, err error) {
	for _, w := range wanted {
		taken, err := changes(tx.ExecContext(ctx, "update products set stock = stock - $1 where id = $2 and stock >= $3", w.Quantity, w.ID, w.Quantity))
		if err != nil {
			return nil, 0, err
		}
		p, ok, err := s.one(ctx, tx, w.ID)
		if err != nil {
			return nil, 0, err
		}
		if !ok {
			continue
		}
		if !taken {
			return nil, 0, refuse(ctx, "", "errors.soldOut", i18n.Args{"name": p.Name, "left": p.Stock})
		}
		b := bought{p.ID, p.Name, p.Price, w.Quantity}
		lines, total = append(lines, b), total+b.Sum()
	}
	return lines, total, nil
}
