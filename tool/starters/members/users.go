// Users: the app's own table, and its queries.

package main

import (
	"context"
	"crypto/rand"
	"database/sql"
	"embed"
	"errors"
	"strings"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/database"
)

//go:embed migrations/*.sql
var migrations embed.FS

// schema is what the database has. Commits that change users are noticed, by
// whatever program they are made: see club.scopes.
var schema = database.Options{
	Migrations: migrations,
	Tables:     []database.Table{{Name: "users"}},
}

// A user is who has an account.
type user struct {
	ID        string
	Email     string // as normal returns it
	Name      string
	Password  string // its hash
	Role      string
	Confirmed time.Time
	Created   time.Time
}

// newID is the id of a new user. It says nothing, and is never given again.
func newID() string { return strings.ToLower(rand.Text()) }

// normal is an address as it is compared and stored.
func normal(email string) string { return strings.ToLower(strings.TrimSpace(email)) }

const columns = "id, email, name, password, role, confirmed_at, created_at"

func (c *club) userBy(ctx context.Context, column, value string) (u user, err error) {
	var confirmed, created int64
	err = c.db.SQL().QueryRowContext(ctx, "select "+columns+" from users where "+column+" = $1", value).
		Scan(&u.ID, &u.Email, &u.Name, &u.Password, &u.Role, &confirmed, &created)
	u.Confirmed, u.Created = time.Unix(confirmed, 0).UTC(), time.Unix(created, 0).UTC()
	if errors.Is(err, sql.ErrNoRows) {
		return user{}, gorgon.NotFound()
	}
	return u, err
}

// byID and byEmail find a user. Where there is none, the error is that of
// gorgon.NotFound, for which none is true.
func (c *club) byID(ctx context.Context, id string) (user, error) { return c.userBy(ctx, "id", id) }
func (c *club) byEmail(ctx context.Context, email string) (user, error) {
	return c.userBy(ctx, "email", normal(email))
}

func none(err error) bool {
	e, ok := errors.AsType[*gorgon.Error](err)
	return ok && e.Kind == gorgon.KindNotFound
}

// errTaken says that there is a user with this address.
var errTaken = errors.New("a user with this address exists")

// add adds a user.
func (c *club) add(ctx context.Context, u user) error {
	return c.unlessTaken(ctx, u.Email, c.change(ctx, "insert into users ("+columns+") values ($1, $2, $3, $4, $5, $6, $7)",
		u.ID, u.Email, u.Name, u.Password, u.Role, u.Confirmed.Unix(), u.Created.Unix()))
}

// setEmail changes an address that has been confirmed. As with all changes that
// give away an account, the mail about it is part of the transaction.
func (c *club) setEmail(ctx context.Context, u user, email string, confirmed time.Time) error {
	moved := about(ctx, "moved", u.Email, "/forgot") // at the old address
	return c.unlessTaken(ctx, email, c.changeAndTell(ctx, moved, "update users set email = $1, confirmed_at = $2 where id = $3", email, confirmed.Unix(), u.ID))
}

// unlessTaken finds out whether a change failed because of the address: the
// table allows it once.
func (c *club) unlessTaken(ctx context.Context, email string, err error) error {
	if err == nil || none(err) {
		return err
	}
	if _, found := c.byEmail(ctx, email); found == nil {
		return errTaken
	}
	return err
}

func (c *club) setName(ctx context.Context, id, name string) error {
	return c.change(ctx, "update users set name = $1 where id = $2", name, id)
}

// rehash replaces the hash of a password by another one of it.
func (c *club) rehash(ctx context.Context, u user, hash string) error {
	return c.change(ctx, "update users set password = $1 where id = $2 and password = $3", hash, u.ID, u.Password)
}

// setPassword replaces a password, unless another request has replaced it first.
func (c *club) setPassword(ctx context.Context, u user, hash string) error {
	return c.changeAndTell(ctx, about(ctx, "password", u.Email, "/forgot"), "update users set password = $1 where id = $2 and password = $3", hash, u.ID, u.Password)
}

func (c *club) remove(ctx context.Context, u user) error {
	return c.changeAndTell(ctx, about(ctx, "deleted", u.Email, "/"), "delete from users where id = $1", u.ID)
}

// members lists the newest users, for admins.
func (c *club) members(ctx context.Context) (all []user, err error) {
	rows, err := c.db.SQL().QueryContext(ctx, "select id, email, name, role, created_at from users order by created_at desc, id limit 100")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var u user
		var created int64
		if err := rows.Scan(&u.ID, &u.Email, &u.Name, &u.Role, &created); err != nil {
			return nil, err
		}
		u.Created = time.Unix(created, 0).UTC()
		all = append(all, u)
	}
	return all, rows.Err()
}

// change changes one user; an error for which none is true says that there is
// no such user.
func (c *club) change(ctx context.Context, statement string, args ...any) error {
	return changed(c.db.SQL().ExecContext(ctx, statement, args...))
}

// changeAndTell is change, with a mail about it to the user: both or none.
func (c *club) changeAndTell(ctx context.Context, n notice, statement string, args ...any) error {
	return c.db.Tx(ctx, nil, func(tx *sql.Tx) error {
		if err := changed(tx.ExecContext(ctx, statement, args...)); err != nil {
			return err
		}
		_, err := c.letter().Add(ctx, c.queue.In(tx), n)
		return err
	})
}

func changed(result sql.Result, err error) error {
	if err != nil {
		return err
	}
	if n, err := result.RowsAffected(); err != nil || n > 0 {
		return err
	}
	return gorgon.NotFound()
}
