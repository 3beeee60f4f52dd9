// One connection to the file, and the statements prepared on it.

package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"modernc.org/sqlite"
)

// A conn is used by one goroutine at a time. Its statements run without a
// context: each is short. Only waiting for a lock takes long, and that happens
// between statements.
type conn struct {
	db       *sql.DB
	raw      *sql.Conn
	prepared map[string]*sql.Stmt
	full     bool // commits wait for the disk
	age      int  // the generation that it belongs to, see file.go
}

// dial opens a connection, as a database/sql pool of one.
func dial(dsn string, pragmas ...string) (*conn, error) {
	connector, err := sqlite.NewConnector(dsn)
	if err != nil {
		return nil, err
	}
	db := sql.OpenDB(connector)
	raw, err := db.Conn(context.Background())
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	c := &conn{db: db, raw: raw, prepared: make(map[string]*sql.Stmt)}
	for _, pragma := range pragmas {
		if err := c.run("PRAGMA " + pragma); err != nil {
			c.close()
			return nil, err
		}
	}
	return c, nil
}

// close closes the connection and rolls back an open transaction. If SQLite
// cannot finish then, the next process that opens the file does.
func (c *conn) close() {
	for _, stmt := range c.prepared {
		_ = stmt.Close()
	}
	_ = c.raw.Close()
	_ = c.db.Close()
}

// run executes SQL without keeping it prepared.
func (c *conn) run(script string) error {
	_, err := c.raw.ExecContext(context.Background(), script)
	return err
}

func (c *conn) stmt(query string) (*sql.Stmt, error) {
	if stmt, ok := c.prepared[query]; ok {
		return stmt, nil
	}
	stmt, err := c.raw.PrepareContext(context.Background(), query)
	if err != nil {
		return nil, err
	}
	c.prepared[query] = stmt
	return stmt, nil
}

// exec executes a statement and returns how many rows it changed.
func (c *conn) exec(query string, args ...any) (int64, error) {
	stmt, err := c.stmt(query)
	if err != nil {
		return 0, err
	}
	result, err := stmt.ExecContext(context.Background(), args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// row reads one row, or fails with sql.ErrNoRows.
func (c *conn) row(query string, args []any, into ...any) error {
	stmt, err := c.stmt(query)
	if err != nil {
		return err
	}
	return stmt.QueryRowContext(context.Background(), args...).Scan(into...)
}

// rows calls each for every row.
func (c *conn) rows(query string, args []any, each func(row *sql.Rows) error) error {
	stmt, err := c.stmt(query)
	if err != nil {
		return err
	}
	rows, err := stmt.QueryContext(context.Background(), args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := each(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// transact runs f in a transaction of the given kind.
func (c *conn) transact(kind string, f func() error) error {
	if _, err := c.exec("BEGIN " + kind); err != nil {
		return err
	}
	err := f()
	if err == nil {
		if _, err = c.exec("COMMIT"); err == nil {
			return nil
		}
	}
	// SQLite itself rolls back after some faults. After any other fault the
	// connection is closed.
	_, _ = c.exec("ROLLBACK")
	return err
}

// durable sets whether commits wait for the disk from now on.
func (c *conn) durable(yes bool) error {
	if yes == c.full {
		return nil
	}
	level := map[bool]string{false: "NORMAL", true: "FULL"}[yes]
	if err := c.run("PRAGMA synchronous=" + level); err != nil {
		return fmt.Errorf("set synchronous to %s: %w", level, err)
	}
	c.full = yes
	return nil
}

// canWrite says whether the file was opened for writing: if it may not write,
// SQLite silently opens it for reading.
func (c *conn) canWrite() (yes bool, err error) {
	err = c.raw.Raw(func(driver any) error {
		readOnly, err := driver.(interface{ IsReadOnly(string) (bool, error) }).IsReadOnly("main")
		yes = !readOnly
		return err
	})
	return yes, err
}
