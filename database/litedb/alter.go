// Columns that are dropped while a trigger of ours compares them.

package litedb

import (
	"context"
	"database/sql/driver"
	"fmt"
	"regexp"
	"strings"

	sqlite3 "modernc.org/sqlite/lib"
)

// hindrance is how SQLite refuses to drop a column that a trigger names.
var hindrance = regexp.MustCompile(`error in trigger (\S+) after drop column`)

// execAgain runs a statement again that failed since a trigger of ours names the
// column that it drops. The trigger is dropped before, and the next Layout makes
// it again; until then Missing lists it. Any other error is returned as it is.
func (s *stmt) execAgain(ctx context.Context, args []driver.NamedValue, err error) (driver.Result, error) {
	if primary(err) != sqlite3.SQLITE_ERROR {
		return nil, err
	}
	found := hindrance.FindStringSubmatch(err.Error())
	if found == nil || !strings.HasPrefix(found[1], s.conn.engine.config.Schema+"_") {
		return nil, err
	}
	if s.script {
		return nil, fmt.Errorf("%w: drop the column with a statement of its own", err)
	}
	if _, dropErr := s.conn.raw.ExecContext(ctx, "drop trigger main."+quote(found[1]), nil); dropErr != nil {
		return nil, err
	}
	return s.raw.ExecContext(ctx, args)
}
