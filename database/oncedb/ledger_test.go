// What the laws do not say: processes that die, connections that break, and
// real requests.

package oncedb_test

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/api"
	"github.com/gorgon-go/gorgon/database"
	"github.com/gorgon-go/gorgon/database/internal/databasetest"
	"github.com/gorgon-go/gorgon/database/litedb"
	"github.com/gorgon-go/gorgon/database/oncedb"
	"github.com/gorgon-go/gorgon/database/pgdb"
	"github.com/gorgon-go/gorgon/database/sessiondb"
	"github.com/gorgon-go/gorgon/gorgontest"
	"github.com/gorgon-go/gorgon/once"
	"github.com/gorgon-go/gorgon/sessions"
	"github.com/gorgon-go/gorgon/wire"
)

func callOf(name string) once.Call {
	return once.Call{ID: once.Digest("", []byte(name)), Input: once.Digest("", []byte("input")), Keep: time.Hour, Wait: true}
}

// says checks what a call gives whose work writes a note.
func says(t *testing.T, db *database.DB, l *oncedb.Ledger, c once.Call, note, answer string, replayed bool) {
	t.Helper()
	got, was, err := l.Do(t.Context(), c, func(ctx context.Context) ([]byte, error) { return []byte(note), write(ctx, db, note) })
	if err != nil || string(got) != answer || was != replayed {
		t.Errorf("the call gives %q, replayed %t, %v; want %q, replayed %t", got, was, err, answer, replayed)
	}
}

func holds(t *testing.T, db *database.DB, want ...string) {
	t.Helper()
	if got, err := notes(db); err != nil || strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("the notes are %q, %v; want %q", got, err, want)
	}
}

// child is another process: it makes a call whose work writes, says so, and
// never ends.
func child(url string) int {
	dialect := litedb.Dialect
	if strings.HasPrefix(url, "postgres") {
		dialect = pgdb.Dialect
	}
	db := database.Open(dialect, database.Options{URL: url})
	_, _, err := oncedb.In(db).Do(context.Background(), callOf("a"), func(ctx context.Context) ([]byte, error) {
		if err := write(ctx, db, "of a process that dies"); err != nil {
			return nil, err
		}
		fmt.Println("written")
		select {}
	})
	fmt.Println(err)
	return 1
}

// A process that is killed while its work is running leaves neither the call
// nor what was written. The next one does the work.
func TestKilled(t *testing.T) {
	each(t, func(t *testing.T, k databasetest.Kind) {
		d, url := k.Dialect, k.URL(t)
		db, ledger := open(t, d, url)
		other := exec.CommandContext(t.Context(), os.Args[0])
		other.Env = append(os.Environ(), urlVariable+"="+url)
		out, err := other.StdoutPipe()
		if err == nil {
			err = other.Start()
		}
		if err != nil {
			t.Fatal(err)
		}
		if line, err := bufio.NewReader(out).ReadString('\n'); line != "written\n" {
			t.Fatalf("%q, %v", line, err)
		}
		if d.Name() == database.PostgreSQL {
			hasty := callOf("a")
			hasty.Wait = false
			if _, _, err := ledger.Do(t.Context(), hasty, nil); !errors.Is(err, once.ErrRunning) {
				t.Errorf("while another process is running: %v", err)
			}
		}
		if err := other.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = other.Wait()
		says(t, db, ledger, callOf("a"), "next", "next", false)
		holds(t, db, "next")
		if n, err := kept(db); err != nil || n != 1 {
			t.Errorf("%d calls are kept, %v", n, err)
		}
	})
}

// A connection that is cut while work is running is the same.
func TestConnectionIsCut(t *testing.T) {
	db, ledger := open(t, pgdb.Dialect, databasetest.Postgres("").URL(t))
	admin := database.Open(pgdb.Dialect, database.Options{URL: db.Options().URL})
	t.Cleanup(func() { _ = admin.Close() })
	_, _, err := ledger.Do(t.Context(), callOf("a"), func(ctx context.Context) ([]byte, error) {
		var pid int
		err := db.Tx(ctx, nil, func(tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, "INSERT INTO notes VALUES ('lost')")
			return errors.Join(err, tx.QueryRowContext(ctx, "SELECT pg_backend_pid()").Scan(&pid))
		})
		if err == nil {
			_, err = admin.SQL().ExecContext(t.Context(), "SELECT pg_terminate_backend($1)", pid)
		}
		return []byte("lost"), err
	})
	if err == nil {
		t.Error("the call has an answer that is not stored")
	}
	says(t, db, ledger, callOf("a"), "next", "next", false)
	holds(t, db, "next")
}

// A transaction that the database rolls back because of another one is not run
// again: the caller may send the call again, and is told so.
func TestOthersWereInTheWay(t *testing.T) {
	db, ledger := open(t, pgdb.Dialect, databasetest.Postgres("&default_transaction_isolation=serializable").URL(t))
	if err := write(t.Context(), db, "0"); err != nil {
		t.Fatal(err)
	}
	add := func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "UPDATE notes SET note = note || '+'")
		return err
	}
	runs := 0
	work := func(ctx context.Context) ([]byte, error) {
		runs++
		err := db.Tx(ctx, nil, func(tx *sql.Tx) error {
			var note string
			if err := tx.QueryRowContext(ctx, "SELECT note FROM notes").Scan(&note); err != nil {
				return err
			}
			if runs == 1 {
				if err := db.Tx(t.Context(), nil, func(tx *sql.Tx) error { return add(t.Context(), tx) }); err != nil {
					return err
				}
			}
			return add(ctx, tx)
		})
		return nil, err
	}
	_, _, err := ledger.Do(t.Context(), callOf("a"), work)
	if e, ok := errors.AsType[*gorgon.Error](err); !ok || e.Kind != gorgon.KindUnavailable || e.RetryAfter != time.Second || runs != 1 {
		t.Errorf("%d runs, %v", runs, err)
	}
	if _, _, err := ledger.Do(t.Context(), callOf("a"), work); err != nil || runs != 2 {
		t.Errorf("%d runs, %v", runs, err)
	}
	holds(t, db, "0++")
}

// Where transactions are serializable, calls that wait for each other look
// again, and do no work twice.
func TestSerializable(t *testing.T) {
	url := databasetest.Postgres("&default_transaction_isolation=serializable").URL(t)
	var all sync.WaitGroup
	answers := make(chan string, 30)
	var db *database.DB
	for n := range 3 {
		one, ledger := open(t, pgdb.Dialect, url)
		db = one
		for i := range 10 {
			all.Go(func() {
				note := fmt.Sprint(n, "-", i)
				answer, _, err := ledger.Do(t.Context(), callOf("a"), func(ctx context.Context) ([]byte, error) { return []byte(note), write(ctx, one, note) })
				if err != nil {
					t.Error(err)
				}
				answers <- string(answer)
			})
		}
	}
	all.Wait()
	close(answers)
	first := <-answers
	for answer := range answers {
		if answer != first {
			t.Errorf("one answer is %s, another %s", first, answer)
		}
	}
	holds(t, db, first)
}

// What is missing is named.
func TestFaults(t *testing.T) {
	if err := oncedb.In(nil).Validate(); err == nil || !strings.Contains(err.Error(), "there is no database") {
		t.Error(err)
	}
	each(t, func(t *testing.T, k databasetest.Kind) {
		d, url := k.Dialect, k.URL(t)
		db := database.Open(d, database.Options{URL: url})
		t.Cleanup(func() { _ = db.Close() })
		ledger := oncedb.In(db)
		if err := db.Check(t.Context()); err == nil || !strings.Contains(err.Error(), "migrate") {
			t.Error(err)
		}
		_, _, err := ledger.Do(t.Context(), callOf("a"), func(context.Context) ([]byte, error) { t.Error("it works"); return nil, nil })
		if err == nil || !strings.Contains(err.Error(), "run the migrate command, which makes the table") {
			t.Error(err)
		}
	})
}

// A store of sessions in the same database is outside of the transaction: it can
// be read, and what writes says so at once.
func TestSessionsAreOutside(t *testing.T) {
	each(t, func(t *testing.T, k databasetest.Kind) {
		d, url := k.Dialect, k.URL(t)
		db := database.Open(d, database.Options{URL: url})
		t.Cleanup(func() { _ = db.Close() })
		ledger, store := oncedb.In(db), sessiondb.In(db)
		t.Cleanup(func() { _ = store.Close() })
		if _, err := db.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		_, _, err := ledger.Do(t.Context(), callOf("a"), func(ctx context.Context) ([]byte, error) {
			if _, err := store.Get(ctx, "session", sessions.IDOf("y")); !errors.Is(err, sessions.ErrNotFound) {
				t.Errorf("reading within: %v", err)
			}
			if _, err := store.List(ctx, "session", "ada"); err != nil {
				t.Errorf("reading within: %v", err)
			}
			return nil, store.Put(ctx, sessions.Record{ID: sessions.IDOf("x"), Kind: "session", User: "ada", Made: time.Now(), Used: time.Now(), Expires: time.Now().Add(time.Hour)})
		})
		if err == nil || !strings.Contains(err.Error(), "a transaction is open in this context") {
			t.Error(err)
		}
	})
}

type order struct {
	What string `json:"what"`
}

// Two instances with one database get 100 orders, each from two visitors'
// clicks at once: 100 orders are made, and both have the answer of one.
func TestDoubleSubmits(t *testing.T) {
	each(t, func(t *testing.T, k databasetest.Kind) {
		d, url := k.Dialect, k.URL(t)
		var servers []*httptest.Server
		var db *database.DB
		for range 2 {
			one, ledger := open(t, d, url)
			db = one
			place := api.Endpoint[order, order]{Path: "POST /orders", Once: ledger,
				Handle: func(ctx context.Context, in order) (order, error) { return in, write(ctx, one, in.What) },
				Then:   func(_, o order) string { return "/orders/" + o.What }}
			site := gorgontest.Open(t, gorgon.App{Name: "shop", Parts: []gorgon.Part{place}})
			server := httptest.NewServer(site)
			t.Cleanup(server.Close)
			servers = append(servers, server)
		}
		send := func(server *httptest.Server, n int) (location string, replayed bool, err error) {
			r, err := http.NewRequestWithContext(t.Context(), "POST", server.URL+"/orders", strings.NewReader(fmt.Sprint("what=", n)))
			if err != nil {
				return "", false, err
			}
			r.Header = http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "Accept": {"text/html"}}
			r.Header.Set(wire.HeaderKey, fmt.Sprintf("the-key-of-the-order-%d", n))
			a, err := http.DefaultTransport.RoundTrip(r)
			if err != nil {
				return "", false, err
			}
			defer a.Body.Close()
			said, err := io.ReadAll(a.Body)
			if a.StatusCode != http.StatusSeeOther {
				err = errors.Join(err, fmt.Errorf("%s: %s", a.Status, said))
			}
			return a.Header.Get("Location"), a.Header.Get(wire.HeaderReplayed) == "true", err
		}
		const orders = 100
		tickets := make(chan int, orders)
		for n := range orders {
			tickets <- n
		}
		close(tickets)
		var workers sync.WaitGroup
		for range 8 {
			workers.Go(func() {
				for n := range tickets {
					var clicks sync.WaitGroup
					var fresh [2]bool
					for i := range 2 {
						clicks.Go(func() {
							location, replayed, err := send(servers[i], n)
							if err != nil || location != fmt.Sprint("/orders/", n) {
								t.Errorf("order %d: %s, %v", n, location, err)
							}
							fresh[i] = !replayed
						})
					}
					clicks.Wait()
					if fresh[0] == fresh[1] {
						t.Errorf("order %d: replayed: %t and %t", n, !fresh[0], !fresh[1])
					}
				}
			})
		}
		workers.Wait()
		made, err := notes(db)
		known := map[string]bool{}
		for _, n := range made {
			known[n] = true
		}
		if err != nil || len(made) != orders || len(known) != orders {
			t.Errorf("%d orders are made, %d different ones, %v", len(made), len(known), err)
		}
		if n, err := kept(db); err != nil || n != orders {
			t.Errorf("%d calls are kept, %v", n, err)
		}
	})
}
