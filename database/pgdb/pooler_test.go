// Proxies, and announcements.

package pgdb_test

import (
	"bytes"
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/testbed"
)

// A log that is read while others write.
type log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func TestPgBouncer(t *testing.T) {
	t.Parallel()
	behind := shareServer(t)
	proxy := testbed.For(t, func() (*testbed.Server, error) { return testbed.PgBouncer(behind) })
	run(t, direct(t, behind.URL), library)
	var said log
	c := config(proxy.URL, libraryTables()...)
	c.Announce, c.Log = true, slog.New(slog.NewTextHandler(&said, nil))
	c.Timeout = time.Second
	f := openFixture(t, c)
	f.name = "gorgon"
	if err := f.engine.Lock(t.Context(), func(ctx context.Context) error { _, err := f.engine.Layout(ctx); return err }); err != nil {
		t.Fatal(err)
	}
	f.clear()
	var all sync.WaitGroup
	for worker := range 8 {
		all.Go(func() {
			for i := range 10 {
				tags, doubts := f.read(func(ctx context.Context) error {
					var name string
					return f.sql.QueryRowContext(ctx, "select name from products where id = $1", 7+(worker+i)%2).Scan(&name)
				})
				if len(tags) != 2 || len(doubts) > 0 {
					t.Errorf("noted %q, %q", tags, doubts)
				}
				if _, err := f.sql.ExecContext(t.Context(), "update slugs set title = $1 where slug = $2", "x", "a"); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if got := f.drain(); !slices.Equal(got, []string{"public.slugs", "public.slugs:a"}) {
		t.Errorf("got %q", got)
	}
	if got := f.count(); got < 80 {
		t.Errorf("%d commits were told", got)
	}
	_, err := f.sql.ExecContext(t.Context(), "select pg_sleep(60)")
	if err == nil || !strings.Contains(err.Error(), "Options.Timeout") {
		t.Errorf("a timeout: %v", err)
	}
	until(t, func() bool {
		return strings.Count(said.String(), "there is a proxy between") == 1 && strings.Count(said.String(), "announcements of other programs") == 1
	})
	var left int
	if err := f.other.QueryRow(t.Context(), "select count(*) from pg_prepared_statements where name like 'gorgon%'").Scan(&left); err != nil || left > 0 {
		t.Errorf("%d statements are left: %v", left, err)
	}
}

func until(t *testing.T, done func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !done(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it did not happen")
		}
	}
}

// An announcement comes at once, and after a connection was lost.
func TestAnnounce(t *testing.T) {
	t.Parallel()
	url, name := newDatabase(t)
	run(t, direct(t, url), shop)
	c := config(url, shopTables()...)
	c.Announce = true
	f := openFixture(t, c)
	f.name = name
	f.layout()
	until(t, func() bool { return f.count() > 0 }) // it listens
	for range 2 {
		before := f.count()
		run(t, f.other, "update products set price = price + 1 where id = 3")
		until(t, func() bool { return f.count() > before })
		if got := f.drain(); !slices.Equal(got, []string{"public.products", "public.products:3"}) {
			t.Errorf("got %q", got)
		}
		before = f.count()
		run(t, f.other, "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and query like 'listen%'")
		until(t, func() bool { return f.count() > before })
	}
	before := f.count()
	run(t, f.other, "update products set views = views + 1 where id = 3") // changes nothing
	run(t, f.other, "update products set price = price + 1 where id = -3")
	if _, err := f.engine.Look(t.Context()); err != nil {
		t.Fatal(err)
	}
	if f.count() != before {
		t.Error("nothing was announced")
	}
}
