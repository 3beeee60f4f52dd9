//go:build unix

// Faults that are planted in the database: the judge finds each.

package e2e_test

import (
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/database"
	"github.com/gorgon-go/gorgon/e2e/internal/shop"
	"github.com/gorgon-go/gorgon/pages"
)

// busyPlants runs what finds each fault, with the fault and without.
func busyPlants(t *testing.T) {
	var all sync.WaitGroup
	for plant, p := range map[string]struct {
		dialect string
		plays   func(m *market)
	}{
		shop.Hasty:    {database.SQLite, (*market).killedAfterLook},
		shop.Trusting: {database.SQLite, (*market).allAsleep},
		shop.Deaf:     {database.SQLite, func(m *market) { m.ownCommits(4) }},
		shop.Cursor:   {database.PostgreSQL, (*market).overtaken},
	} {
		all.Go(func() {
			t.Run(plant, func(t *testing.T) {
				for _, with := range []string{plant, ""} {
					m := openMarket(t, p.dialect, groundOf["sqlite"](t), with)
					m.start(2)
					p.plays(m)
					found := m.broken()
					switch {
					case with == "" && len(found) > 0:
						t.Errorf("without the fault: %s", found[0])
					case with != "" && len(found) == 0:
						t.Errorf("the fault %q is not found", with)
					case with != "":
						t.Logf("%d faults are found, as %s", len(found), found[0])
					}
					for i := range m.servers {
						m.at(i).end()
					}
				}
			})
		})
	}
	all.Wait()
}

// killedAfterLook kills a process when it has looked at what it committed.
func (m *market) killedAfterLook() {
	m.knows("/products/1")
	var writer sync.WaitGroup
	was := m.version("products", 1)
	writer.Go(func() { _, _ = m.at(0).post("/products/1", "{}") })
	until(m.T, "the transaction has committed", func() bool { return m.version("products", 1) > was })
	until(m.T, "it is taken from the outbox", func() bool { return len(m.outbox()) == 0 })
	m.at(0).kill()
	writer.Wait()
	m.sold(1, m.version("products", 1))
	m.servers[0].Store(m.stand.serve())
	m.after(pages.Trust)
}

// allAsleep has another program commit while all sleep.
func (m *market) allAsleep() {
	m.knows("/products/1")
	for i := range m.servers {
		m.at(i).freeze()
	}
	m.elsewhere(1)
	time.Sleep(pages.Trust + 100*time.Millisecond)
	m.firstAnswers([]string{"/products/1"}, m.at(0), m.at(1))
}

// overtaken has a transaction commit after one that began later.
func (m *market) overtaken() {
	m.knows("/products/1", "/products/2")
	first := make(chan struct{})
	go func() {
		defer close(first)
		if _, _, _, err := m.change(m.at(0), 1, `{"hold":1500}`); err != nil {
			m.Error(err)
		}
	}()
	for n := 0; ; n++ {
		select {
		case <-first:
		default:
			if _, _, _, err := m.change(m.at(n), 2, ""); err != nil {
				m.Error(err)
			}
			_, _ = m.visit(m.at(n), "/products/"+strconv.Itoa(1+n%2))
			continue
		}
		break
	}
	m.after(pages.Trust)
}

// after judges some answers after a while.
func (m *market) after(d time.Duration) {
	for end := time.Now().Add(d + 500*time.Millisecond); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		for i := range m.servers {
			_, _ = m.visit(m.at(i), "/products/1")
		}
	}
}
