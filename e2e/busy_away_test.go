//go:build unix

// The database, or the store, is away for a while.

package e2e_test

import (
	"context"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/gorgon-go/gorgon/testbed"
)

// away: known pages are served all the time, and afterwards all is right.
func (m *market) away() {
	outage := duration(m.T, "GORGON_E2E_OUTAGE", 5*time.Second)
	paths := []string{"/products/1", "/lists/all", "/shelves/2", "/api/products/3"}
	if m.server != nil {
		m.without("the database hangs", m.server, m.server.Pause, m.server.Resume, outage, paths)
		m.without("the database is gone", m.server, m.server.Kill, func() { m.again(m.server) }, outage, paths)
	} else {
		m.locked(outage, paths)
	}
	if m.store.server != nil {
		m.without("the store hangs", m.store.server, m.store.server.Pause, m.store.server.Resume, outage, paths)
		if m.store.name != "redis" { // what it keeps in memory is lost, and all is purged
			m.without("the store is gone", m.store.server, m.store.server.Kill, func() { m.again(m.store.server) }, outage, paths)
		}
	}
}

func (m *market) again(s *testbed.Server) {
	if err := s.Start(); err != nil {
		m.Fatal(err)
	}
}

// without takes a server away while visitors come.
func (m *market) without(what string, s *testbed.Server, gone, back func(), outage time.Duration, paths []string) {
	m.Helper()
	m.settles(paths...)
	var longest atomic.Int64
	var n atomic.Int64
	stop := load(m.T, 3, func(i int) (answer, error) {
		path := paths[i%len(paths)]
		a, err := m.visit(m.at(i/len(paths)), path)
		if err == nil && a.status != http.StatusOK {
			m.breaks("%s, and %s is %v", what, path, a)
		}
		n.Add(1)
		if took := int64(a.took); took > longest.Load() {
			longest.Store(took)
		}
		return a, err
	})
	time.Sleep(300 * time.Millisecond)
	gone()
	began := time.Now()
	ready := ""
	for time.Since(began) < outage {
		if said := m.at(0).readiness(); ready == "" && s == m.server && strings.Contains(said, "database") && !strings.Contains(said, `"database","ok":true`) {
			ready = time.Since(began).Round(10 * time.Millisecond).String()
		}
		time.Sleep(100 * time.Millisecond)
	}
	back()
	resumed := time.Now()
	until(m.T, "the database and the store answer", func() bool {
		ctx, cancel := context.WithTimeout(m.Context(), 3*time.Second)
		defer cancel()
		if m.foreign.PingContext(ctx) != nil {
			return false
		}
		_, _, _, err := m.change(m.at(0), 1, "")
		return err == nil
	})
	until(m.T, "every server is ready", func() bool {
		for i := range m.servers {
			a, err := m.at(i).get("/readyz")
			if err != nil || string(a.body) != "ready\n" {
				return false
			}
		}
		return true
	})
	readyAfter := time.Since(resumed)
	m.elsewhere(1)
	time.Sleep(2200 * time.Millisecond)
	stop()
	m.Logf("%s for %v: %d answers, the longest %v; ready %v later; readiness said so after %q",
		what, outage, n.Load(), time.Duration(longest.Load()).Round(time.Millisecond), readyAfter.Round(time.Millisecond), ready)
	if time.Duration(longest.Load()) > 10*time.Second {
		m.Errorf("%s: a visitor waited %v", what, time.Duration(longest.Load()))
	}
	if s == m.server && ready == "" {
		m.Errorf("%s: readiness did not say it", what)
	}
	m.settles(paths...)
}

// locked has another program hold SQLite's lock for writers.
func (m *market) locked(outage time.Duration, paths []string) {
	m.Helper()
	m.settles(paths...)
	stop := load(m.T, 3, func(i int) (answer, error) {
		path := paths[i%len(paths)]
		a, err := m.visit(m.at(i/len(paths)), path)
		if err == nil && a.status != http.StatusOK {
			m.breaks("the database is locked, and %s is %v", path, a)
		}
		return a, err
	})
	m.elsewhere(2)
	m.do("BEGIN IMMEDIATE")
	time.Sleep(outage)
	m.do("COMMIT")
	m.elsewhere(3)
	time.Sleep(2200 * time.Millisecond)
	asked, longest := stop()
	m.Logf("the database is locked for %v: %d answers, the longest %v", outage, asked, longest.Round(time.Millisecond))
	if longest > 5*time.Second {
		m.Errorf("the database is locked: a visitor waited %v", longest)
	}
	m.settles(paths...)
}
