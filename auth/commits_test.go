// A commit reaches the guards.

package auth_test

import (
	"context"
	"database/sql"
	"errors"
	"testing"
	"testing/fstest"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/auth"
	"github.com/gorgon-go/gorgon/database"
	"github.com/gorgon-go/gorgon/database/litedb/litedbtest"
	"github.com/gorgon-go/gorgon/database/pgdb/pgdbtest"
	"github.com/gorgon-go/gorgon/gorgontest"
	"github.com/gorgon-go/gorgon/mem"
)

// A role that is taken away by a statement, whatever program makes it, is gone
// with the next request; so is a user whose row is deleted. Changes of other
// users ask nothing again.
func TestCommitsReachGuards(t *testing.T) {
	options := database.Options{
		Migrations: fstest.MapFS{"00001_users.sql": {Data: []byte(`
create table users (id text primary key, role text not null);
insert into users (id, role) values ('ada', 'admin'), ('bea', 'reader');
`)}},
		Tables: []database.Table{{Name: "users"}},
	}
	for name, open := range map[string]func(testing.TB, database.Options) *database.DB{"sqlite": litedbtest.Open, "postgresql": pgdbtest.Open} {
		t.Run(name, func(t *testing.T) {
			db := open(t, options)
			c := newClub()
			asked := 0
			c.people = auth.New(auth.Options{Store: mem.NewSessions(), Find: func(ctx context.Context, user string) ([]string, error) {
				asked++
				var role string
				err := db.SQL().QueryRowContext(ctx, "select role from users where id = $1", user).Scan(&role)
				if errors.Is(err, sql.ErrNoRows) {
					return nil, gorgon.NotFound()
				}
				return []string{role}, err
			}})
			site := gorgontest.Options{Auth: c.people, Database: db}.Open(t, c.app())
			change := func(text string, args ...any) {
				t.Helper()
				if _, err := db.SQL().ExecContext(t.Context(), text, args...); err != nil {
					t.Fatal(err)
				}
			}
			signIn(site, "ada")
			site.Get("/admin").Want(200, "Admin")
			asked = 0
			change("update users set role = 'writer' where id = 'bea'")
			site.Get("/admin").Want(200, "Admin")
			if asked != 0 {
				t.Errorf("a change of another user asked %d times", asked)
			}
			change("update users set role = 'reader' where id = 'ada'")
			site.Get("/admin").Want(403)
			change("update users set role = 'admin' where id = 'ada'")
			site.Get("/admin").Want(200, "Admin")
			if asked != 2 {
				t.Errorf("two changes asked %d times", asked)
			}
			change("delete from users where id = 'ada'")
			if r := site.Get("/admin"); r.URL.Path != "/sign-in" {
				t.Errorf("a user who is deleted: %s", r)
			}
		})
	}
}
