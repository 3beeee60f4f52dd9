// A lock that another process holds.

package sqlite_test

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os/exec"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/sqlite"
)

// lockForEver takes the write lock and keeps it.
func lockForEver(path string) error {
	db, err := sql.Open("sqlite", path)
	if err != nil {
		return err
	}
	conn, err := db.Conn(context.Background())
	if err != nil {
		return err
	}
	if _, err := conn.ExecContext(context.Background(), "BEGIN IMMEDIATE; UPDATE state SET sequence = 1000000"); err != nil {
		return err
	}
	fmt.Println("locked")
	select {}
}

// lock starts a process that holds the file's lock.
func lock(t *testing.T, path string) *exec.Cmd {
	t.Helper()
	c := command(t, "lock", path)
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	if lines := bufio.NewScanner(out); !lines.Scan() || lines.Text() != "locked" {
		t.Fatal(lines.Text(), lines.Err())
	}
	return c
}

// While another process holds the lock, reads continue and writes end with
// their context. Once that process is killed, writes continue.
func TestLockedByAnother(t *testing.T) {
	path := newPath(t)
	s := open(t, path, sqlite.Options{})
	put(t, s, key("/a"), "old")
	c := lock(t, path)
	calls := map[string]func(ctx context.Context) error{
		"Put": func(ctx context.Context) error {
			return s.Put(ctx, pages.Record{Key: key("/a")}, pages.Unfenced)
		},
		"Bump":        func(ctx context.Context) error { _, err := s.Bump(ctx, pages.Stale, pages.All); return err },
		"Lease":       func(ctx context.Context) error { _, err := s.Lease(ctx, key("/a"), claim(), time.Minute); return err },
		"Acknowledge": func(ctx context.Context) error { _, err := s.Acknowledge(ctx, "me", 0, time.Minute); return err },
		"Sweep":       func(ctx context.Context) error { _, err := s.Sweep(ctx, pages.Bounds{Bytes: 1}); return err },
		"Open": func(ctx context.Context) error { // it needs no lock
			other, err := sqlite.Open(ctx, path, sqlite.Options{})
			if err != nil {
				return err
			}
			return errors.Join(other.Close(), context.DeadlineExceeded)
		},
	}
	for name, call := range calls {
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		began := time.Now()
		err := call(ctx)
		cancel()
		if took := time.Since(began); !errors.Is(err, context.DeadlineExceeded) || took > 5*time.Second {
			t.Errorf("%s took %v and gave %v", name, took, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	if err := calls["Put"](ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("a canceled put gave %v", err)
	}
	if r, err := s.Get(t.Context(), key("/a")); err != nil || string(r.Data) != "old" {
		t.Errorf("while it is locked the record is %q, %v", r.Data, err)
	}
	waits := make(chan error, 1)
	go func() { waits <- calls["Put"](t.Context()) }()
	time.Sleep(20 * time.Millisecond)
	_ = c.Process.Kill()
	_ = c.Wait()
	if err := <-waits; err != nil {
		t.Errorf("after the other was killed: %v", err)
	}
	if n := bump(t, s, pages.All); n != 1 {
		t.Errorf("the killed process's purge was committed: the next one has number %d", n)
	}
}

// Close does not wait for a lock either.
func TestCloseWhileLocked(t *testing.T) {
	path := newPath(t)
	s := open(t, path, sqlite.Options{})
	c := lock(t, path)
	waits := make(chan error, 1)
	go func() { waits <- s.Put(t.Context(), pages.Record{Key: key("/a")}, pages.Unfenced) }()
	time.Sleep(20 * time.Millisecond)
	began := time.Now()
	if err := s.Close(); err != nil || time.Since(began) > 5*time.Second {
		t.Errorf("close took %v and gave %v", time.Since(began), err)
	}
	if err := <-waits; !errors.Is(err, pages.ErrClosed) {
		t.Errorf("a put that waited for the lock gave %v", err)
	}
	_ = c.Process.Kill()
	_ = c.Wait()
}
