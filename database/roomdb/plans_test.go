// How the databases carry the statements out.

package roomdb_test

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"

	"github.com/gorgon-go/gorgon/database"
	"github.com/gorgon-go/gorgon/database/roomdb"
)

// No statement reads a whole table.
func TestPlans(t *testing.T) {
	for _, k := range all[:2] {
		t.Run(k.name, func(t *testing.T) {
			db, _ := migrated(t, k)
			for name, statement := range roomdb.Statements(db) {
				text, _ := statement[0].(string)
				plan := explained(t, db, text, statement[1:])
				for _, scan := range []string{"Seq Scan", "SCAN r\n", "SCAN s\n", "SCAN o\n", "SCAN me\n", "SCAN gorgon_data"} {
					if strings.Contains(plan, scan) {
						t.Errorf("%s: %s", name, plan)
					}
				}
			}
		})
	}
}

func explained(t *testing.T, db *database.DB, text string, args []any) string {
	t.Helper()
	tx, err := db.SQL().BeginTx(t.Context(), nil)
	must(t, err)
	defer func() { _ = tx.Rollback() }()
	explain := "EXPLAIN QUERY PLAN "
	if db.Dialect().Name() == database.PostgreSQL {
		explain = "EXPLAIN "
		_, err := tx.ExecContext(t.Context(), "SET LOCAL enable_seqscan = off") // which small tables are read by
		must(t, err)
	}
	rows, err := tx.QueryContext(t.Context(), explain+text, args...)
	must(t, err)
	defer rows.Close()
	columns, err := rows.Columns()
	must(t, err)
	var plan []string
	for rows.Next() {
		line := make([]any, len(columns))
		for i := range line {
			line[i] = new(sql.RawBytes)
		}
		must(t, rows.Scan(line...))
		raw, _ := line[len(line)-1].(*sql.RawBytes)
		plan = append(plan, string(*raw))
	}
	must(t, rows.Err())
	return fmt.Sprintf("%s\n%s\n", text, strings.Join(plan, "\n"))
}
