//go:build unix

// The faults themselves.

package e2e_test

import (
	"fmt"
	"strings"
	"sync"
	"time"
)

// A fault happens to the store of an ordeal for about its length.
type fault struct {
	name string
	on   func(t *ordeal) bool // whether the ground can have it; nil: each can
	does func(t *ordeal)
}

// faultsOfServers are those of a store that is a server.
func faultsOfServers() []fault {
	return []fault{
		{"restarts", nil, func(t *ordeal) {
			t.often(func() { t.server.Stop(); time.Sleep(200 * time.Millisecond); t.start() }, time.Second)
		}},
		{"kills", nil, func(t *ordeal) {
			t.often(func() { t.server.Kill(); t.start() }, time.Second)
		}},
		{"hangs", nil, func(t *ordeal) {
			t.often(func() { t.server.Pause(); time.Sleep(700 * time.Millisecond); t.server.Resume() }, time.Second)
		}},
		{"cut connections", nil, func(t *ordeal) { t.often(t.gate.Cut, 30*time.Millisecond) }},
		{"lost leases", nil, func(t *ordeal) {
			before := t.gate.Lost()
			t.often(func() { t.gate.Lose(leaseRequest[t.name], 1) }, 100*time.Millisecond)
			t.gate.Lose("", 0)
			t.Logf("%d answers to leases were lost", t.gate.Lost()-before)
		}},
	}
}

// faultsOfData are those of what a store keeps.
func faultsOfData() []fault {
	return []fault{
		{"nothing", nil, func(t *ordeal) { time.Sleep(t.length) }},
		{"lock", func(t *ordeal) bool { return locks[t.name] != nil }, func(t *ordeal) {
			t.often(func() { locks[t.name](t, t.length/3) }, t.length/3)
		}},
		{"full memory", func(t *ordeal) bool { return t.name == "redis" }, func(t *ordeal) {
			t.redis("CONFIG", "SET", "maxmemory", "1")
			time.Sleep(t.length)
			t.redis("CONFIG", "SET", "maxmemory", "0")
		}},
		{"killed holders", nil, func(t *ordeal) { t.often(t.killHolder, 100*time.Millisecond) }},
		{"restored backup", func(t *ordeal) bool { return backups[t.name] != nil }, func(t *ordeal) {
			restore := backups[t.name](t)
			time.Sleep(t.length)
			restore()
		}},
		{"failover", func(t *ordeal) bool { return standbys[t.name] != nil }, (*ordeal).failOver},
	}
}

// often does something again and again, with pauses.
func (t *ordeal) often(do func(), pause time.Duration) {
	for end := time.Now().Add(t.length); time.Now().Before(end); time.Sleep(pause) {
		do()
	}
}

func (t *ordeal) start() {
	t.Helper()
	if err := t.server.Start(); err != nil {
		t.Fatal(err)
	}
}

// killHolder starts one more server, lets it make pages, and kills it.
func (t *ordeal) killHolder() {
	t.Helper()
	victim := t.stand.serve()
	var work sync.WaitGroup
	for n := range faultPages {
		work.Go(func() { _, _ = victim.get(pageOf(n)) })
	}
	t.edit(t.servers[0], "expire")
	time.Sleep(faultLoader / 2)
	victim.kill()
	work.Wait()
}

// flood asks for large pages that no visitor asked for before, and returns how
// many of them the store did not take.
func (t *ordeal) flood() (refused int) {
	t.Helper()
	var work sync.WaitGroup
	for i := range 4 {
		work.Go(func() {
			n := i
			t.often(func() {
				n += 4
				a, _, err := t.servers[0].page(fmt.Sprint("/made/big-", n))
				t.mu.Lock()
				defer t.mu.Unlock()
				if err != nil {
					t.breaks("a page that no visitor asked for before: %v", err)
				} else if !strings.Contains(a.cache(), "stored") {
					refused++
				}
			}, 3*time.Millisecond)
		})
	}
	work.Wait()
	return refused
}
