//go:build unix

// A market: three processes of the shop over one database and one store.

package e2e_test

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"

	"github.com/gorgon-go/gorgon/database"
	"github.com/gorgon-go/gorgon/e2e/internal/shop"
	"github.com/gorgon-go/gorgon/testbed"
)

// healthKey reads the reasons at /readyz.
const healthKey = "the health key of these tests"

// A market is servers of the shop, and all that is known of its rows.
type market struct {
	*testing.T
	*history
	stand   *stand
	dialect string
	url     string          // of the database
	server  *testbed.Server // of the database; nil for a file
	store   ground
	foreign *sql.DB // of another program
	notes   string

	servers []atomic.Pointer[server]
	refused atomic.Int64 // requests that found no server
}

// openMarket lays out a database and builds the shop over it.
func openMarket(t *testing.T, dialect string, store ground, plant string) *market {
	t.Helper()
	m := &market{T: t, history: newHistory(), dialect: dialect, store: store}
	driver := "sqlite"
	if dialect == database.PostgreSQL {
		driver = "pgx"
		m.server = testbed.For(t, testbed.Postgres)
		m.url = m.server.URL
	} else {
		m.url = "sqlite:" + t.TempDir() + "/shop.db"
	}
	var err error
	if m.foreign, err = sql.Open(driver, strings.TrimPrefix(m.url, "sqlite:")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.foreign.Close() })
	if m.server == nil {
		m.foreign.SetMaxOpenConns(1)
		m.do("PRAGMA busy_timeout = 20000")
	}
	p := self(t)
	p.env = []string{programVariable + "=shop"}
	m.stand = newStand(t, p)
	m.stand.store = store.place
	m.notes = t.TempDir() + "/notes"
	m.stand.env = append(m.stand.env, database.Variable+"="+m.url, shop.EnvDialect+"="+dialect, shop.EnvNotes+"="+m.notes,
		shop.EnvPlant+"="+plant, "GORGON_HEALTH_KEY="+healthKey)
	m.stand.run("migrate", "--store", m.stand.store)
	m.stand.build()
	return m
}

// start starts servers.
func (m *market) start(n int) {
	m.Helper()
	m.servers = make([]atomic.Pointer[server], n)
	for i, v := range m.stand.several(n) {
		if m.servers[i].Store(v); v == nil {
			m.FailNow() // the test says why
		}
	}
}

func (m *market) at(i int) *server { return m.servers[i%len(m.servers)].Load() }

// do executes a statement as another program.
func (m *market) do(statement string, args ...any) {
	m.Helper()
	if _, err := m.foreign.ExecContext(m.Context(), statement, args...); err != nil {
		m.Fatalf("%s: %v", statement, err)
	}
}

// version is that of a row in the database; 0 if there is none.
func (m *market) version(table string, id int64) (n int64) {
	m.Helper()
	err := m.foreign.QueryRowContext(m.Context(), "select version from "+table+" where id = $1", id).Scan(&n)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		m.Fatal(err)
	}
	return n
}

// all are the rows of products and prices in the database.
func (m *market) all() map[string]int64 {
	m.Helper()
	rows, err := m.foreign.QueryContext(m.Context(), "select 'products', id, version from products union all select 'prices', id, version from prices")
	if err != nil {
		m.Fatal(err)
	}
	defer rows.Close()
	all := map[string]int64{}
	for rows.Next() {
		var r shop.Row
		if err := rows.Scan(&r.Table, &r.ID, &r.Version); err != nil {
			m.Fatal(err)
		}
		all[r.Name()] = r.Version
	}
	if err := rows.Err(); err != nil {
		m.Fatal(err)
	}
	return all
}

// elsewhere changes a product and its price as another program does.
func (m *market) elsewhere(id int64) (version int64) {
	m.Helper()
	tx, err := m.foreign.BeginTx(m.Context(), nil)
	if err != nil {
		m.Fatal(err)
	}
	err = tx.QueryRowContext(m.Context(), shop.ChangeProduct, id).Scan(&version)
	if err == nil {
		_, err = tx.ExecContext(m.Context(), shop.ChangePrice, id, version)
	}
	if err = errors.Join(err, tx.Commit()); err != nil {
		m.Fatal(err)
	}
	m.sold(id, version)
	return version
}

// post calls an endpoint.
func (v *server) post(path, body string) (answer, error) { return post(v.url+path, body) }

func post(url, body string) (answer, error) {
	req, err := http.NewRequest(http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	req.Header.Set("Accept", "application/json")
	start := time.Now()
	res, err := client.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer res.Body.Close()
	said, err := io.ReadAll(res.Body)
	return answer{res.StatusCode, res.Header, said, time.Since(start)}, err
}

// change changes a product and its price by an endpoint, and returns the version
// and the token that the visitor was given.
func (m *market) change(v *server, id int64, body string) (version int64, token string, a answer, err error) {
	if body == "" {
		body = "{}"
	}
	a, err = v.post("/products/"+strconv.FormatInt(id, 10), body)
	if err != nil {
		return 0, "", a, err
	}
	var out struct{ Version string }
	if err = json.Unmarshal(a.body, &out); err == nil && a.status == http.StatusOK {
		version, err = strconv.ParseInt(out.Version, 10, 64)
	}
	if err != nil || a.status != http.StatusOK {
		return 0, "", a, fmt.Errorf("POST /products/%d: %v: %w", id, a, errors.Join(err, errRefused))
	}
	m.sold(id, version)
	for _, c := range (&http.Response{Header: a.header}).Cookies() {
		if c.Name == "gorgon-token" {
			token = c.Value
		}
	}
	return version, token, a, nil
}

var errRefused = errors.New("the endpoint did not do it")

// visit asks for a page and judges it. An answer that does not come counts only
// if the server lives.
func (m *market) visit(v *server, path string) (answer, error) {
	began := time.Now()
	a, err := v.get(path)
	if err != nil {
		m.refused.Add(1)
		return a, err
	}
	m.judge(v, path, began, a)
	return a, nil
}

// crowded lets visitors come to all servers until it is told to stop.
func (m *market) crowded(each int, path func() string) (stop func()) {
	done := make(chan struct{})
	var work sync.WaitGroup
	for n := range each * len(m.servers) {
		work.Go(func() {
			for {
				select {
				case <-done:
					return
				case <-time.After(5 * time.Millisecond):
				}
				v := m.servers[n%len(m.servers)].Load()
				if _, err := m.visit(v, path()); err != nil {
					time.Sleep(20 * time.Millisecond) // it was killed
				}
			}
		})
	}
	stop = sync.OnceFunc(func() { close(done); work.Wait() })
	m.Cleanup(stop)
	return stop
}

// somewhere is a path that shows one of the first products.
func somewhere(products int) func() string {
	kinds := []string{"/products/%d", "/api/products/%d", "/shelves/%d", "/snapshots/%d", "/unlisted/%d"}
	return func() string {
		if rand.IntN(6) == 0 {
			return []string{"/lists/all", "/"}[rand.IntN(2)]
		}
		return fmt.Sprintf(kinds[rand.IntN(len(kinds))], 1+rand.IntN(products))
	}
}

// writing changes products on all servers until it is told to stop.
func (m *market) writing(products int, pause time.Duration) (stop func()) {
	done := make(chan struct{})
	var work sync.WaitGroup
	work.Go(func() {
		for n := 0; ; n++ {
			select {
			case <-done:
				return
			case <-time.After(pause):
			}
			_, _, _, err := m.change(m.at(n), int64(1+n%products), "")
			if err != nil && errors.Is(err, errRefused) {
				m.Error(err)
			}
		}
	})
	stop = sync.OnceFunc(func() { close(done); work.Wait() })
	m.Cleanup(stop)
	return stop
}

// A hit says that a stored answer is current.
func isHit(a answer) bool { return strings.HasPrefix(a.cache(), "gorgon; hit") && !marked(a) }

// settles waits until every server shows, as a fresh hit, what the database has.
func (m *market) settles(paths ...string) {
	m.Helper()
	began := time.Now()
	all := m.all()
	for i := range m.servers {
		for _, path := range paths {
			var last answer
			until(m.T, fmt.Sprintf("server %d shows %s as the database has it", i+1, path), func() bool {
				a, err := m.visit(m.at(i), path)
				last = a
				if err != nil || a.status != http.StatusOK || !isHit(a) {
					return false
				}
				got := shop.Read(a.body)
				for row, version := range expected(path, all) {
					if got[row] != version {
						return false
					}
				}
				return len(got) > 0
			})
			_ = last
		}
	}
	m.Logf("all servers show what the database has, after %v", time.Since(began).Round(time.Millisecond))
}

// knows has every server show paths as fresh hits.
func (m *market) knows(paths ...string) {
	m.Helper()
	for i := range m.servers {
		for _, path := range paths {
			until(m.T, path+" is a hit", func() bool {
				a, err := m.visit(m.at(i), path)
				return err == nil && isHit(a)
			})
		}
	}
}

// judged reports how the law was broken.
func (m *market) judged() {
	m.Helper()
	list := m.broken()
	for _, fault := range list[:min(5, len(list))] {
		m.Error(fault)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.Logf("%s over %s: %d answers, %d of them current, %d faults, %d found no server", m.dialect, m.store.name, m.asked, m.fresh, len(list), m.refused.Load())
	if m.fresh == 0 {
		m.Error("no answer was current, so nothing was judged")
	}
}

// readiness is what /readyz says with its reasons.
func (v *server) readiness() string {
	a, err := v.get("/readyz", "Authorization", "Bearer "+healthKey)
	if err != nil {
		return err.Error()
	}
	return string(bytes.TrimSpace(a.body))
}

// quantile of durations.
func quantile(list []time.Duration, q float64) time.Duration {
	if len(list) == 0 {
		return 0
	}
	slices.Sort(list)
	return list[int(q*float64(len(list)-1)+0.5)].Round(100 * time.Microsecond)
}
