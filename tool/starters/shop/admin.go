// The shopkeeper's pages: orders, prices, stock. A commit purges the pages that
// show what it changes.

package main

import (
	"context"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/api"
)

// latest are the orders that the shopkeeper sees: those that wait, and the newest.
// A new one is there without a reload. What buyers have ordered is in no seed and
// no store of pages: it is read for each request.
func (s shop) latest() gorgon.Fragment[struct{}, []order] {
	return gorgon.Fragment[struct{}, []order]{
		Name: "latest", Live: true, View: shows[[]order]("latest.html"),
		LoadRequest: func(ctx context.Context, _ gorgon.Input, _ struct{}, _ *http.Request) ([]order, error) {
			return s.ordersWhere(ctx, "o.id in (select id from orders order by sent_at > 0, placed_at desc limit 100)")
		},
	}
}

func nothing(context.Context, gorgon.Input, *http.Request) (struct{}, error) { return struct{}{}, nil }

func adminView(struct{}) gorgon.Component { return view("admin.html", shop{}.latest().Use(struct{}{})) }

func (s shop) stockroom(ctx context.Context, _ gorgon.Input, _ *http.Request) ([]product, error) {
	return s.list(ctx, "true")
}

// A sentOrder is a form with an order's ID.
type sentOrder struct {
	ID string `json:"id" check:"min=1,max=40"`
}

// sendOrder notes that an order was sent: once, however often that is said. The
// buyer's page shows it at once.
func (s shop) sendOrder() api.Endpoint[sentOrder, api.None] {
	return api.Endpoint[sentOrder, api.None]{
		Path: "POST /send", Name: "sendOrder",
		Handle: func(ctx context.Context, in sentOrder) (api.None, error) {
			_, err := s.db.SQL().ExecContext(ctx, "update orders set sent_at = $1 where id = $2 and sent_at = 0", time.Now().Unix(), in.ID)
			return api.None{}, err
		},
		Then: func(sentOrder, api.None) string { return "/admin" },
	}
}

// A newPrice is a form with a product's ID and its price.
type newPrice struct {
	ID    string `json:"id" check:"min=1,max=40"`
	Price string `json:"price" check:"max=12"`
}

// changePrice changes a price. When it has answered, the shopkeeper sees the new
// one on every page. Other visitors may get the old page once more, while the new
// one is made.
func (s shop) changePrice() api.Endpoint[newPrice, api.None] {
	return api.Endpoint[newPrice, api.None]{
		Path: "POST /price", Name: "changePrice",
		Handle: func(ctx context.Context, in newPrice) (api.None, error) {
			price, ok := readPrice(in.Price)
			if !ok {
				return api.None{}, refuse(ctx, "/price", "errors.price", nil)
			}
			return api.None{}, s.update(ctx, "update products set price = $1 where id = $2", price, in.ID)
		},
		Then: func(newPrice, api.None) string { return "/admin/products" },
	}
}

// update changes a product, which there has to be.
func (s shop) update(ctx context.Context, statement string, args ...any) error {
	known, err := changes(s.db.SQL().ExecContext(ctx, statement, args...))
	if err == nil && !known {
		err = refuse(ctx, "/id", "errors.product", nil)
	}
	return err
}

func readPrice(s string) (cents, bool) {
	f, err := strconv.ParseFloat(strings.Replace(s, ",", ".", 1), 64)
	if err != nil || !(f >= 0 && f < 1e6) {
		return 0, false
	}
	return cents(math.Round(f * 100)), true
}

// A delivery is a form with a product's ID and how many more there are, or fewer:
// not how many in all, since orders come in between.
type delivery struct {
	ID   string `json:"id" check:"min=1,max=40"`
	More int    `json:"more" check:"min=-9999,max=9999"`
}

func (s shop) restock() api.Endpoint[delivery, api.None] {
	return api.Endpoint[delivery, api.None]{
		Path: "POST /stock", Name: "restock",
		Handle: func(ctx context.Context, in delivery) (api.None, error) {
			known, err := changes(s.db.SQL().ExecContext(ctx, "update products set stock = stock + $1 where id = $2 and stock + $3 >= 0", in.More, in.ID, in.More))
			if err == nil && !known {
				err = refuse(ctx, "/more", "errors.stock", nil)
			}
			return api.None{}, err
		},
		Then: func(delivery, api.None) string { return "/admin/products" },
	}
}
