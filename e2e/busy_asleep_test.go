//go:build unix

// Instances that are stopped for a while and go on.

package e2e_test

import (
	"fmt"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/testbed"
)

func (v *server) freeze() { v.t.Helper(); frozen(v.t, v.cmd, testbed.Freeze) }
func (v *server) thaw()   { v.t.Helper(); frozen(v.t, v.cmd, testbed.Thaw) }

// frozen freezes or thaws a process.
func frozen(t testing.TB, c *exec.Cmd, change func(pid int) error) {
	t.Helper()
	if err := change(c.Process.Pid); err != nil {
		t.Fatal(err)
	}
}

// asleep: an instance that goes on after a pause does not take for current what
// it had before. GORGON_E2E_SLEEP=1m is a pause of a minute.
func (m *market) asleep() {
	nap := duration(m.T, "GORGON_E2E_SLEEP", 5*time.Second)
	paths := []string{"/products/1", "/lists/all", "/shelves/2", "/api/products/2", "/products/3"}

	// One sleeps while the others commit.
	m.knows(paths...)
	sleeper := m.at(2)
	sleeper.freeze()
	var longest time.Duration
	for end := time.Now().Add(nap); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		for id := range int64(3) {
			_, _, a, err := m.change(m.at(int(id)%2), id+1, "")
			if err != nil {
				m.Error(err)
			}
			longest = max(longest, a.took)
			for _, path := range paths {
				_, _ = m.visit(m.at(int(id)%2), path) // judged
			}
		}
	}
	time.Sleep(pages.Trust + 100*time.Millisecond) // what was committed has to be known by now
	m.firstAnswers(paths, sleeper)
	m.Logf("while one of three was asleep, an endpoint that commits took %v at most", longest.Round(time.Millisecond))
	m.settles(paths...)

	// All sleep while another program commits.
	for range 2 {
		m.knows(paths...)
		for i := range m.servers {
			m.at(i).freeze()
		}
		for id := range int64(3) {
			m.elsewhere(id + 1)
		}
		time.Sleep(pages.Trust + 100*time.Millisecond)
		m.firstAnswers(paths, m.at(0), m.at(1), m.at(2))
	}
	m.settles(paths...)
}

// firstAnswers has servers go on, and judges what they answer first.
func (m *market) firstAnswers(paths []string, servers ...*server) {
	m.Helper()
	var all sync.WaitGroup
	for _, v := range servers {
		for _, path := range paths {
			all.Go(func() {
				if _, err := m.visit(v, path); err != nil {
					m.Error(fmt.Errorf("after a pause: %w", err))
				}
			})
		}
	}
	time.Sleep(50 * time.Millisecond) // the requests are there before it goes on
	for _, v := range servers {
		v.thaw()
	}
	all.Wait()
}
