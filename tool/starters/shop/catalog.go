// The catalogue: the table of products, and the queries of it.

package main

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"

	"github.com/gorgon-go/gorgon/database"
)

//go:embed migrations/*.sql
var migrations embed.FS

// schema is what the database has. A commit that changes a row of one of these
// tables makes the pages out of date that show it.
var schema = database.Options{
	Migrations: migrations,
	Tables:     []database.Table{{Name: "products"}},
}

// A product is one thing that is sold.
type product struct {
	ID       string // in its address
	Name     string
	Text     string
	Price    cents
	Stock    int
	Featured bool // on the first page, and made at build
	Offer    bool // on the page of offers
}

// cents are an amount of money.
type cents int

func (c cents) String() string { return fmt.Sprintf("€ %d.%02d", c/100, c%100) }

// Decimal is the amount as forms write it.
func (c cents) Decimal() string { return fmt.Sprintf("%d.%02d", c/100, c%100) }

// columns are what fields points to.
const columns = "id, name, text, price, stock, featured, offer"

func (p *product) fields() []any {
	return []any{&p.ID, &p.Name, &p.Text, &p.Price, &p.Stock, &p.Featured, &p.Offer}
}

// list lists the products for which a condition is true, by their names.
func (s shop) list(ctx context.Context, condition string, args ...any) ([]product, error) {
	rows, err := s.db.SQL().QueryContext(ctx, "select "+columns+" from products where "+condition+" order by name", args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var products []product
	for rows.Next() {
		var p product
		if err := rows.Scan(p.fields()...); err != nil {
			return nil, err
		}
		products = append(products, p)
	}
	return products, rows.Err()
}

// one is the product with an ID; false where there is none. It reads a row by
// its key, so the change of another row does not concern who calls it.
func (s shop) one(ctx context.Context, id string) (p product, ok bool, err error) {
	err = s.db.SQL().QueryRowContext(ctx, "select "+columns+" from products where id = $1", id).Scan(p.fields()...)
	if errors.Is(err, sql.ErrNoRows) {
		return product{}, false, nil
	}
	return p, err == nil, err
}

// setPrice changes a price; false where there is no such product.
func (s shop) setPrice(ctx context.Context, id string, price cents) (ok bool, err error) {
	result, err := s.db.SQL().ExecContext(ctx, "update products set price = $1 where id = $2", price, id)
	if err != nil {
		return false, err
	}
	n, err := result.RowsAffected()
	return n > 0, err
}
