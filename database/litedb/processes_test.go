// Several processes that use one file.

package litedb_test

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/database/litedb"
)

// orderVariable tells the test binary to be another process of a test.
const orderVariable = "GORGON_LITEDB_ORDER"

func TestMain(m *testing.M) {
	order := os.Getenv(orderVariable)
	if order == "" {
		os.Exit(m.Run())
	}
	what, path, _ := strings.Cut(order, " ")
	if err := obey(what, path); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

// obey is what another process does.
func obey(what, path string) error {
	ctx := context.Background()
	engine, err := litedb.Dialect.Open(configOf(path, declared))
	if err != nil {
		return err
	}
	db := sql.OpenDB(engine.Connector())
	switch what {
	case "write": // as much as it can, then say so
		for i := range 200 {
			if _, err := db.ExecContext(ctx, "update products set price = price + 1 where id = ?", i%3+1); err != nil {
				return err
			}
		}
		fmt.Println("done")
	case "die": // between the commit and all that follows it
		if _, err := db.ExecContext(ctx, "update products set price = 77 where id = 2"); err != nil {
			return err
		}
		fmt.Println("committed")
		select {}
	case "lock":
		return engine.Lock(ctx, func(context.Context) error {
			fmt.Println("locked")
			select {}
		})
	case "hold": // a transaction that does not end
		tx, err := db.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, "update products set price = 99 where id = 3"); err != nil {
			return err
		}
		fmt.Println("holds")
		select {}
	}
	return errors.Join(db.Close(), engine.Close())
}

// another starts another process and waits until it says something.
func another(t *testing.T, what, path, says string) *exec.Cmd {
	t.Helper()
	c := exec.CommandContext(t.Context(), os.Args[0])
	c.Env = append(os.Environ(), orderVariable+"="+what+" "+path)
	c.Stderr = os.Stderr
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.Process.Kill()
		_ = c.Wait()
	})
	if lines := bufio.NewScanner(out); !lines.Scan() || lines.Text() != says {
		t.Fatalf("the process said %q and not %q", lines.Text(), says)
	}
	return c
}

func (b *base) path() string { return strings.TrimPrefix(b.Shown(), "sqlite:") }

// Two processes write and two drain. What is made again after a purge has seen
// every change in the end.
func TestNoChangeIsLost(t *testing.T) {
	b := openShop(t)
	two := openAt(t, b.path(), nil, declared...)
	const writers, each = 4, 60
	var mu sync.Mutex
	seen := map[string]int{} // what a page that shows the row has in it
	look := func(b *base) int {
		changes, err := b.Look(t.Context())
		if err != nil {
			t.Error(err)
			return 0
		}
		for _, c := range changes {
			for _, tag := range c.Tags {
				id, ok := strings.CutPrefix(tag, "db:main.products:")
				if !ok {
					continue
				}
				var price int
				if err := b.sql.QueryRowContext(t.Context(), "select price from products where id = ?", id).Scan(&price); err != nil {
					t.Error(err)
				}
				mu.Lock()
				seen[id] = max(seen[id], price)
				mu.Unlock()
			}
		}
		if err := b.Remove(t.Context(), changes); err != nil {
			t.Error(err)
		}
		return len(changes)
	}
	var writing atomic.Int64
	var all sync.WaitGroup
	for w := range writers {
		writing.Add(1)
		all.Go(func() {
			defer writing.Add(-1)
			for i := range each {
				if _, err := b.sql.ExecContext(t.Context(), "update products set price = price + 1 where id = ?", (w+i)%3+1); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for _, b := range []*base{b, two} {
		all.Go(func() {
			for writing.Load() > 0 {
				look(b)
			}
		})
	}
	another(t, "write", b.path(), "done")
	all.Wait()
	for look(b) > 0 {
	}
	total := 0
	for id, price := range map[string]int{"1": 0, "2": 0, "3": 0} {
		if err := b.sql.QueryRowContext(t.Context(), "select price from products where id = ?", id).Scan(&price); err != nil {
			t.Fatal(err)
		}
		if total += price; seen[id] != price {
			t.Errorf("row %s: %d was seen last, and it is %d", id, seen[id], price)
		}
	}
	if want := 10 + 200 + 30 + writers*each + 200; total != want {
		t.Errorf("the prices are %d together and not %d", total, want)
	}
}

// A process is killed after its commit. Others find what it changed.
func TestKilled(t *testing.T) {
	b := openShop(t)
	c := another(t, "die", b.path(), "committed")
	if err := c.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(b.drain()); got != fmt.Sprint(tags("products products:2")) {
		t.Error(got)
	}
}

// What was taken by a process that died before it purged is listed by others.
func TestTakenIsListed(t *testing.T) {
	b := openShop(t)
	b.exec("update products set price = 5 where id = 2")
	one, err := b.Look(t.Context())
	if err != nil || len(one) != 1 {
		t.Fatal(one, err)
	}
	b.exec("update products set price = 6 where id = 2")
	other := openAt(t, b.path(), nil, declared...)
	two, err := other.Look(t.Context())
	if err != nil || len(two) != 2 {
		t.Fatal(two, err)
	}
	// The first one removes what it has listed, and not the later change of the
	// same row.
	if err := b.Remove(t.Context(), one); err != nil {
		t.Fatal(err)
	}
	if err := b.Remove(t.Context(), one); err != nil {
		t.Errorf("a second time: %v", err)
	}
	if got := fmt.Sprint(other.drain()); got != fmt.Sprint(tags("products products:2")) {
		t.Error(got)
	}
}

// While a transaction of another process holds the lock, what was committed
// before is listed all the same, and again later.
func TestLookDoesNotWait(t *testing.T) {
	b := openShop(t)
	b.exec("update products set price = 5 where id = 2")
	c := another(t, "hold", b.path(), "holds")
	var ids []int64
	for range 2 {
		changes, err := b.Look(t.Context())
		if err != nil || len(changes) != 1 || fmt.Sprint(changes[0].Tags) != fmt.Sprint(tags("products products:2")) {
			t.Fatal(changes, err)
		}
		ids = append(ids, changes[0].ID)
		if err := b.Remove(t.Context(), changes); err != nil {
			t.Fatal(err)
		}
	}
	if ids[0] == ids[1] {
		t.Error("two looks gave the same number, and the second may have more in it")
	}
	if err := c.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = c.Wait()
	if got := fmt.Sprint(b.drain()); got != fmt.Sprint(tags("products products:2")) {
		t.Error(got)
	}
}

// A writer that waits for another process ends with its context, and its error
// is one to retry if only SQLite's patience ended.
func TestWaitForAnother(t *testing.T) {
	b := openShop(t)
	another(t, "hold", b.path(), "holds")
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := b.sql.ExecContext(ctx, "update products set price = 1"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the context's end gave %v", err)
	}
	impatient := openAt(t, b.path(), nil, declared...)
	conn, err := impatient.sql.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.ExecContext(t.Context(), "pragma busy_timeout = 20"); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.ExecContext(t.Context(), "update products set price = 1"); !impatient.Retry(err) {
		t.Errorf("%v is not to be retried", err)
	}
	if impatient.Retry(errors.New("x")) || impatient.Retry(nil) {
		t.Error("any error is to be retried")
	}
}

// A lock keeps others out, within the process and outside, and is free when its
// holder has died.
func TestLock(t *testing.T) {
	b := openShop(t)
	c := another(t, "lock", b.path(), "locked")
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Millisecond)
	defer cancel()
	called := errors.New("called")
	call := func(context.Context) error { return called }
	if err := b.Lock(ctx, call); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("beside a process that has it: %v", err)
	}
	if err := c.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = c.Wait()
	if err := b.Lock(t.Context(), call); !errors.Is(err, called) {
		t.Error(err)
	}
	var inside, times atomic.Int64
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			err := b.Lock(t.Context(), func(ctx context.Context) error {
				if times.Add(1); inside.Add(1) != 1 {
					t.Error("two had the lock")
				}
				defer inside.Add(-1)
				_, err := b.sql.ExecContext(ctx, "update products set price = price + 1")
				return err
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if times.Load() != 8 {
		t.Errorf("%d of 8 had the lock", times.Load())
	}
}

// A program that is not ours, with an SQLite of its own, runs the triggers, too.
func TestForeignProgram(t *testing.T) {
	program, err := exec.LookPath("sqlite3")
	if err != nil {
		t.Skip("there is no sqlite3 program")
	}
	b := openShop(t)
	out, err := exec.CommandContext(t.Context(), program, b.path(), ".timeout 20000",
		"update products set price = 5 where id = 2", "insert or fail into authors values ('cas', 1)", "delete from products where id = 1").CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	changes, err := b.Look(t.Context())
	if err != nil || len(changes) != 1 || changes[0].Age < 0 || changes[0].Age > time.Hour {
		t.Fatal(changes, err)
	}
	if got := fmt.Sprint(b.drain()); got != fmt.Sprint(tags("products products:1 products:2 authors authors:cas")) {
		t.Error(got)
	}
}

// Several processes make the layout at once.
func TestLayoutAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new.db")
	first := openAt(t, path, nil, declared...)
	first.exec(shop)
	var all sync.WaitGroup
	var made atomic.Int64
	for range 4 {
		b := openAt(t, path, nil, declared...)
		all.Go(func() {
			steps, err := b.Layout(t.Context())
			if err != nil {
				t.Error(err)
			}
			made.Add(int64(len(steps)))
		})
	}
	all.Wait()
	if want := int64(1 + len(declared)); made.Load() != want {
		t.Errorf("%d steps were made and not %d", made.Load(), want)
	}
}
