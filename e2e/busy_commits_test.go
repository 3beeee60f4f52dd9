//go:build unix

// Commits, one after the other: how soon they are seen, and by whom.

package e2e_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/gorgon-go/gorgon/dataflow"
	"github.com/gorgon-go/gorgon/e2e/internal/shop"
)

// seenWithin is how soon a commit is seen on a machine that does other things.
const seenWithin = 2500 * time.Millisecond

func (m *market) commits() {
	m.ownCommits(12)
	m.foreignCommits(8)
	m.missing()
	m.undone()
	m.explained()
	m.late()
	m.bulk()
}

// ownCommits: an endpoint commits on one instance; its visitor sees it at once
// on every one, and all others soon.
func (m *market) ownCommits(rounds int) {
	m.Helper()
	var took, answered []time.Duration
	paths := []string{"/products/1", "/lists/all", "/shelves/1", "/api/products/1", "/snapshots/1", "/unlisted/1"}
	m.knows(paths[:4]...)
	for n := range rounds {
		version, token, a, err := m.change(m.at(n), 1, "")
		if err != nil {
			m.Fatal(err)
		}
		answered = append(answered, a.took)
		acked := time.Now()
		if token == "" {
			m.breaks("POST /products/1 gave no token: %v", a.header)
		}
		due := m.due(acked)
		var all sync.WaitGroup
		var mu sync.Mutex
		for i := range m.servers {
			all.Go(func() {
				d := m.shown(m.at(i+1), "/products/1", "products 1", version, acked)
				mu.Lock()
				defer mu.Unlock()
				took = append(took, d)
			})
			if n%2 == 0 {
				continue
			}
			for _, path := range paths {
				a, err := m.at(i).get(path, "Cookie", "gorgon-token="+token)
				if err != nil {
					m.Fatal(err)
				}
				m.seesOwn(m.at(i), path, due, a)
			}
		}
		all.Wait()
	}
	m.Logf("a commit by an endpoint is seen elsewhere after %v (p50), %v (p99) of %d; the endpoint takes %v (p50), %v (p99)",
		quantile(took, 0.5), quantile(took, 0.99), len(took), quantile(answered, 0.5), quantile(answered, 0.99))
	if longest := quantile(took, 1); longest > seenWithin {
		m.breaks("a commit by an endpoint was seen elsewhere after %v", longest)
	}
}

// shown waits until a server shows a row's version, and says how long that took.
func (m *market) shown(v *server, path, row string, version int64, since time.Time) time.Duration {
	for time.Since(since) < patience {
		a, err := m.visit(v, path)
		if err == nil && shop.Read(a.body)[row] >= version {
			break
		}
		time.Sleep(2 * time.Millisecond)
	}
	return time.Since(since)
}

// foreignCommits are those of another program.
func (m *market) foreignCommits(rounds int) {
	m.Helper()
	var took []time.Duration
	for n := range rounds {
		id := int64(1 + n%3)
		path := fmt.Sprint("/products/", id)
		m.knows(path)
		time.Sleep(time.Duration(n*137%500) * time.Millisecond) // at any moment between two looks
		version := m.elsewhere(id)
		acked := time.Now()
		var all sync.WaitGroup
		var mu sync.Mutex
		for i := range m.servers {
			all.Go(func() {
				d := m.shown(m.at(i), path, fmt.Sprint("products ", id), version, acked)
				mu.Lock()
				defer mu.Unlock()
				took = append(took, d)
			})
		}
		all.Wait()
	}
	m.Logf("a commit by another program is seen after %v (p50), %v (longest) of %d", quantile(took, 0.5), quantile(took, 1), len(took))
	if longest := quantile(took, 1); longest > seenWithin {
		m.breaks("a commit by another program was seen after %v", longest)
	}
}

// missing: a page that does not exist ends to be missing when its row comes.
func (m *market) missing() {
	m.Helper()
	for n, insert := range []func(id int64){
		func(id int64) {
			if _, _, _, err := m.change(m.at(0), id, ""); err != nil {
				m.Fatal(err)
			}
		},
		func(id int64) { m.elsewhere(id) },
	} {
		id := int64(900 + n)
		path := fmt.Sprint("/products/", id)
		for i := range m.servers {
			for range 2 {
				a, err := m.visit(m.at(i), path)
				if err != nil || a.status != http.StatusNotFound {
					m.Fatalf("%s: %v, %v", path, a, err)
				}
			}
		}
		insert(id)
		inserted := time.Now()
		for i := range m.servers {
			if took := m.shown(m.at(i), path, fmt.Sprint("products ", id), 1, inserted); took > seenWithin {
				m.breaks("server %d has the page of a new row after %v", i+1, took)
			}
		}
	}
}

// undone: what is rolled back purges nothing, and neither does a column that no
// page shows.
func (m *market) undone() {
	m.Helper()
	paths := []string{"/products/2", "/lists/all", "/api/products/2"}
	m.settles(paths...)
	a, err := m.at(0).post("/products/2", `{"undo":true}`)
	if err != nil || a.status != http.StatusConflict {
		m.Fatalf("POST: %v, %v", a, err)
	}
	for i := range m.servers {
		if a, err := m.at(i).post("/views/2", ""); err != nil || a.status != http.StatusOK {
			m.Fatalf("POST: %v, %v", a, err)
		}
	}
	for end := time.Now().Add(1200 * time.Millisecond); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		for i := range m.servers {
			for _, path := range paths {
				if a, err := m.visit(m.at(i), path); err != nil || !isHit(a) {
					m.Fatalf("after a change that was rolled back, server %d: %s: %v, %v", i+1, path, a, err)
				}
			}
		}
	}
}

// explained: the why command names what a page depends on, and what it may not
// notice.
func (m *market) explained() {
	m.Helper()
	m.settles("/products/1", "/unlisted/1")
	for path, wants := range map[string][]string{
		"/products/1": {`"db:`, `products:1"`, `prices:1"`},
		"/unlisted/1": {`products:1"`, `"doubts"`, "unlisted"},
	} {
		said := m.stand.run("why", path, "--json", "--dist", m.stand.dist, "--store", m.stand.store)
		for _, want := range wants {
			if !strings.Contains(said, want) {
				m.Errorf("why %s does not say %s:\n%s", path, want, said)
			}
		}
	}
}

// late: a transaction that began long before others commits long after them.
func (m *market) late() {
	m.Helper()
	paths := []string{"/products/5", "/products/6", "/snapshots/5", "/snapshots/6", "/lists/all", "/shelves/5", "/api/products/6"}
	m.knows(paths...)
	var all sync.WaitGroup
	for i := range 2 {
		all.Go(func() {
			if _, _, _, err := m.change(m.at(i), 5, `{"hold":1500}`); err != nil {
				m.Error(err)
			}
		})
	}
	stop := m.writing(4, 30*time.Millisecond) // SQLite's wait for the others
	visits := m.crowded(2, func() string { return paths[time.Now().UnixNano()/1000%int64(len(paths))] })
	all.Wait()
	if _, _, _, err := m.change(m.at(2), 6, `{"hold":300}`); err != nil {
		m.Error(err)
	}
	stop()
	time.Sleep(300 * time.Millisecond)
	visits()
	m.settles(paths...)
}

// bulk: a change of 20,000 rows is one of their table.
func (m *market) bulk() {
	m.Helper()
	paths := []string{"/boxes/1", "/boxes/19999"}
	m.knows(paths...)
	// Until they go on, the servers leave what is changed in the outbox.
	for i := range m.servers {
		m.at(i).freeze()
	}
	began := time.Now()
	m.do(shop.ChangeBoxes)
	changed := time.Since(began)
	for _, id := range []int64{1, 19999} {
		m.commit(fmt.Sprint("boxes ", id), m.version("boxes", id))
	}
	tags := m.outbox()
	for i := range m.servers {
		m.at(i).thaw()
	}
	m.Logf("20,000 rows are changed in %v, and %d tags are to be purged: %q …", changed.Round(time.Millisecond), len(tags), tags[:min(3, len(tags))])
	if n := len(tags); n == 0 || n > 2*dataflow.MaxRows+2 {
		m.Errorf("a change of 20,000 rows is %d tags to purge", n)
	}
	for i := range m.servers {
		for n, path := range paths {
			if took := m.shown(m.at(i), path, fmt.Sprint("boxes ", []int{1, 19999}[n]), m.version("boxes", 1), time.Now()); took > 2*seenWithin {
				m.Errorf("%s is shown after %v", path, took)
			}
		}
	}
	m.settles("/lists/all")
}

// outbox lists the tags of what was committed and not purged, as this process
// sees it.
func (m *market) outbox() (tags []string) {
	m.Helper()
	db, err := shop.Open(m.dialect, m.url, "")
	if err != nil {
		m.Fatal(err)
	}
	defer db.Close()
	engine, err := db.Engine()
	if err != nil {
		m.Fatal(err)
	}
	changes, err := engine.Look(m.Context())
	if err != nil {
		m.Fatal(err)
	}
	found := map[string]bool{}
	for _, c := range changes {
		for _, tag := range c.Tags {
			if !found[tag] {
				found[tag] = true
				tags = append(tags, tag)
			}
		}
	}
	return tags
}
