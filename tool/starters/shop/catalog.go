// The catalogue: the table of products, and the queries of it.

package main

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"slices"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/database"
)

//go:embed migrations/*.sql
var migrations embed.FS

// schema is what the database has. A commit that changes a row of one of these
// tables makes the pages out of date that show it.
var schema = database.Options{
	Migrations: migrations,
	Tables:     []database.Table{{Name: "products"}, {Name: "orders"}, {Name: "order_lines"}, {Name: "users"}},
}

// A product is one thing that is sold.
type product struct {
	ID       string // in its address
	Name     string // in the visitor's language, as Text
	Text     string
	Price    cents
	Stock    int
	Featured bool // on the first page, and made at build
	Offer    bool // on the page of offers
	Picture  picture
}

// cents are an amount of money. Pages show it by {{money .Price}}.
type cents int

// Decimal is the amount as forms and programs write it.
func (c cents) Decimal() string { return fmt.Sprintf("%d.%02d", c/100, c%100) }

// Euros is the amount as messages and mails take it.
func (c cents) Euros() float64 { return float64(c) / 100 }

// columns are what fields points to, in a language.
func columns(locale string) string {
	return "id, name_" + locale + ", text_" + locale + ", price, stock, featured, offer, picture"
}

func (p *product) fields(key *string) []any {
	return []any{&p.ID, &p.Name, &p.Text, &p.Price, &p.Stock, &p.Featured, &p.Offer, key}
}

// language is that of the page, or the first one: it is a part of queries, and
// one of ours.
func language(ctx context.Context) string {
	return locales.Tags[max(0, slices.Index(locales.Tags, gorgon.LocaleOf(ctx)))]
}

// list lists the products for which a condition is true, by their names.
func (s shop) list(ctx context.Context, condition string, args ...any) ([]product, error) {
	locale := language(ctx)
	rows, err := s.db.SQL().QueryContext(ctx, "select "+columns(locale)+" from products where "+condition+" order by name_"+locale, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var products []product
	for rows.Next() {
		var p product
		var key string
		if err := rows.Scan(p.fields(&key)...); err != nil {
			return nil, err
		}
		p.Picture = s.pictureOf(ctx, key)
		products = append(products, p)
	}
	return products, rows.Err()
}

// A source answers queries: the database, or a transaction.
type source interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// one is the product with an ID; false where there is none. It reads a row by
// its key, so the change of another row does not concern the caller.
func (s shop) one(ctx context.Context, from source, id string) (p product, ok bool, err error) {
	var key string
	err = from.QueryRowContext(ctx, "select "+columns(language(ctx))+" from products where id = $1", id).Scan(p.fields(&key)...)
	if errors.Is(err, sql.ErrNoRows) {
		return product{}, false, nil
	}
	p.Picture = s.pictureOf(ctx, key)
	return p, err == nil, err
}

// changes says whether a statement has changed a row.
func changes(result sql.Result, err error) (bool, error) {
	if err != nil {
		return false, err
	}
	n, err := result.RowsAffected()
	return n > 0, err
}
