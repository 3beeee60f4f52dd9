package apart_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/gorgon-go/gorgon/database"
	"github.com/gorgon-go/gorgon/database/apart"
	"github.com/gorgon-go/gorgon/database/internal/databasetest"
)

var (
	errClosed = errors.New("things: closed")
	errLayout = errors.New("run the migrate command")
	errTaken  = errors.New("things: taken")
)

// calls are those of a store of things, in a database with their table.
func calls(t *testing.T, k databasetest.Kind) *apart.Calls {
	t.Helper()
	c := &apart.Calls{
		DB: k.Open(t, database.Options{}), Of: "things", Tables: "table things", Closed: errClosed, Layout: errLayout,
		Decides: func(err error) bool { return errors.Is(err, errTaken) },
	}
	_, err := c.DB.SQL().ExecContext(t.Context(), "CREATE TABLE things (id INTEGER PRIMARY KEY, n INTEGER NOT NULL)")
	databasetest.Must(t, err)
	return c
}

// statements is a call that makes statements one after the other.
func statements(texts ...string) func(ctx context.Context, tx apart.Tx) error {
	return func(ctx context.Context, tx apart.Tx) error {
		for _, text := range texts {
			if _, err := tx.ExecContext(ctx, text); apart.IsTaken(err) {
				return errTaken
			} else if err != nil {
				return err
			}
		}
		return nil
	}
}

func TestErrors(t *testing.T) {
	check := errors.New("the key is empty")
	for _, k := range databasetest.Both() {
		t.Run(k.Name, func(t *testing.T) {
			c := calls(t, k)
			gone, cancel := context.WithCancel(t.Context())
			cancel()
			for _, test := range []struct {
				name  string
				ctx   context.Context
				check error
				texts []string
				want  error
				text  string
			}{
				{name: "none", ctx: t.Context(), texts: []string{"INSERT INTO things VALUES (1, 1)"}},
				{name: "a check", ctx: t.Context(), check: check, want: check},
				{name: "a key that is taken", ctx: t.Context(), texts: []string{"INSERT INTO things VALUES (1, 2)"}, want: errTaken},
				{name: "a table that is missing", ctx: t.Context(), texts: []string{"DELETE FROM others"}, want: errLayout, text: "things: count: "},
				{name: "a column that is missing", ctx: t.Context(), texts: []string{"UPDATE things SET m = 1"}, want: errLayout},
				{name: "a context that is over", ctx: gone, want: context.Canceled},
				{name: "another one", ctx: t.Context(), texts: []string{"INSERT INTO things VALUES (2, NULL)"}, text: "things: count: "},
			} {
				for name, do := range map[string]func(context.Context, string, error, func(context.Context, apart.Tx) error) error{"Do": c.Do, "Transact": c.Transact} {
					if name == "Transact" && test.name == "none" {
						continue // the key is taken by now, or would be
					}
					err := do(test.ctx, "count", test.check, statements(test.texts...))
					fine := test.want == nil && test.text == ""
					if fine != (err == nil) || !errors.Is(err, test.want) && test.want != nil || err != nil && !strings.Contains(err.Error(), test.text) {
						t.Errorf("%s: %s gave %v", test.name, name, err)
					}
				}
			}
			databasetest.Must(t, c.Close())
			if err := c.Do(t.Context(), "count", nil, statements()); !errors.Is(err, errClosed) {
				t.Errorf("a store that is closed gave %v", err)
			}
			other := calls(t, k)
			databasetest.Must(t, other.DB.Close())
			if err := other.Do(t.Context(), "count", nil, statements("SELECT 1")); !errors.Is(err, errClosed) {
				t.Errorf("a database that is closed gave %v", err)
			}
		})
	}
}

// Of a call that fails, Transact leaves nothing, and Do what came before.
func TestTransact(t *testing.T) {
	for _, k := range databasetest.Both() {
		t.Run(k.Name, func(t *testing.T) {
			c := calls(t, k)
			count := func() (n int) {
				databasetest.Must(t, c.DB.SQL().QueryRowContext(t.Context(), "SELECT count(*) FROM things").Scan(&n))
				return n
			}
			texts := []string{"INSERT INTO things VALUES (1, 1)", "INSERT INTO things VALUES (1, 2)"}
			if err := c.Transact(t.Context(), "add", nil, statements(texts...)); !errors.Is(err, errTaken) || count() != 0 {
				t.Errorf("%v, and %d rows", err, count())
			}
			if err := c.Do(t.Context(), "add", nil, statements(texts...)); !errors.Is(err, errTaken) || count() != 1 {
				t.Errorf("%v, and %d rows", err, count())
			}
		})
	}
}
