// How the databases carry the statements out.

package sessiondb_test

import (
	"strings"
	"testing"

	"github.com/gorgon-go/gorgon/database/internal/databasetest"
	"github.com/gorgon-go/gorgon/database/sessiondb"
)

// No statement reads a whole table.
func TestPlans(t *testing.T) {
	for _, k := range databasetest.Both() {
		t.Run(k.Name, func(t *testing.T) {
			db, _ := migrated(t, k)
			for name, statement := range sessiondb.Statements(db) {
				text, _ := statement[0].(string)
				if plan := databasetest.Explain(t, db, text, statement[1:]); strings.Contains(plan, "Seq Scan") || strings.Contains(plan, "SCAN gorgon_data") {
					t.Errorf("%s: %s", name, plan)
				}
			}
		})
	}
}
