// How an app uses the package.

package pgdb_test

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/gorgon-go/gorgon/database"
	"github.com/gorgon-go/gorgon/database/pgdb"
)

// A transaction that is run again if it loses against another one.
func ExampleTx() {
	db := database.Open(pgdb.Dialect, database.Options{
		Tables: []database.Table{{Name: "products", Ignore: []string{"views"}}},
	})
	sell := func(ctx context.Context, product int64) error {
		return pgdb.Tx(ctx, db, func(tx pgx.Tx) error {
			var stock int
			if err := tx.QueryRow(ctx, "select stock from products where id = $1 for update", product).Scan(&stock); err != nil {
				return err
			}
			_, err := tx.Exec(ctx, "update products set stock = $1 where id = $2", stock-1, product)
			return err
		})
	}
	_ = sell
}
