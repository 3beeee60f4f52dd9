// How the databases carry the statements out.

package roomdb_test

import (
	"strings"
	"testing"

	"github.com/gorgon-go/gorgon/database/internal/databasetest"
	"github.com/gorgon-go/gorgon/database/roomdb"
)

// No statement reads a whole table.
func TestPlans(t *testing.T) {
	for _, k := range databasetest.Both() {
		t.Run(k.Name, func(t *testing.T) {
			db, _ := migrated(t, k)
			for name, statement := range roomdb.Statements(db) {
				text, _ := statement[0].(string)
				plan := databasetest.Explain(t, db, text, statement[1:])
				for _, scan := range []string{"Seq Scan", "SCAN r\n", "SCAN s\n", "SCAN o\n", "SCAN me\n", "SCAN gorgon_data"} {
					if strings.Contains(plan, scan) {
						t.Errorf("%s: %s", name, plan)
					}
				}
			}
		})
	}
}
