// Stores: the cost of a hit, a first hit and a purge with each store.

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorgon-go/gorgon/compress"
	"github.com/gorgon-go/gorgon/pages"
)

func (b *bench) store() (err error) {
	folder, err := os.MkdirTemp(b.folder, "store")
	if err != nil {
		return err
	}
	seedFile := filepath.Join(folder, "store.seed")
	if _, err := buildSeed(seedFile, site(1, 1), compress.Fast); err != nil {
		return err
	}
	grounds, end, err := b.grounds()
	if err != nil {
		return err
	}
	defer end()
	if err := b.storeHits(seedFile, grounds); err != nil {
		return err
	}
	for _, g := range grounds {
		for _, part := range []func(string, ground) error{b.firstHits, b.together, b.purges, b.outage} {
			if err := part(seedFile, g); err != nil {
				return fmt.Errorf("%s: %w", g.name, err)
			}
		}
	}
	return nil
}

// storeHits measures an article in memory with each store, compared with the
// same with mem, and mem compared with itself, which shows the noise of the
// machine. Then it measures a handler that asks the store for the page on each
// request.
func (b *bench) storeHits(seedFile string, grounds []ground) (err error) {
	var names, naives []string
	var servers, asking []*child
	defer func() {
		for _, s := range slices.Concat(servers, asking) {
			s.stop()
		}
	}()
	for _, g := range slices.Concat([]ground{{name: "mem", location: "mem:"}, {name: "mem", location: "mem:"}}, grounds) {
		server, err := startGorgon(seedFile, g.location, "")
		if err != nil {
			return err
		}
		names, servers = append(names, g.name), append(servers, server)
	}
	for _, g := range grounds {
		server, err := startNaive(g.location, articlePath(7))
		if err != nil {
			return err
		}
		naives, asking = append(naives, "naive "+g.name), append(asking, server)
	}
	if err := b.beside(b.times(16), names, servers, true); err != nil {
		return err
	}
	return b.beside(b.times(4), append([]string{"mem"}, naives...), append(servers[:1:1], asking...), false)
}

// beside lets servers compete and compares each with the first.
func (b *bench) beside(rounds int, names []string, servers []*child, goals bool) error {
	for _, load := range []struct {
		connections int
		what        string
	}{{many, "64"}, {few, "4"}} {
		var all []*contestant
		for _, s := range servers {
			c, err := newCrowd(s.addr, articlePath(7), "", load.connections)
			if err != nil {
				return err
			}
			defer c.close()
			if _, _, err := c.once(); err != nil { // it is made by the first
				return err
			}
			all = append(all, &contestant{server: s, crowd: c, pooled: true})
		}
		if err := compete(rounds, time.Second/2, all...); err != nil {
			return err
		}
		floor := all[0]
		for i, c := range all[1:] {
			p99 := over(c.p99, floor.p99)
			p99.Median = c.tail() / floor.tail()
			rate := newRow("store", fmt.Sprintf("%s, hit, %s connections, beside mem", names[i+1], load.what), "req/s", medianOf(c.rate)).beside(medianOf(floor.rate), over(c.rate, floor.rate))
			tail := newRow("store", fmt.Sprintf("%s, hit, p99 at %s, beside mem", names[i+1], load.what), "µs", c.tail()).beside(floor.tail(), p99)
			if goals && names[i+1] != "mem" {
				rate, tail = rate.ratioGoal("≥", 0.97), tail.ratioGoal("≤", 1.03)
			}
			b.add(rate)
			b.add(tail)
		}
	}
	return nil
}

// firstHits measures an instance's first hits on pages that another made,
// compared with only reading the record from the store, and counts its calls.
func (b *bench) firstHits(seedFile string, g ground) (err error) {
	n := b.times(200)
	maker, err := open(site(0, 0), seedFile, g.location)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, maker.close()) }()
	for id := range n {
		if _, err := ask(maker.handler, articlePath(1000+id), 200); err != nil {
			return err
		}
	}
	store, err := openStore(context.Background(), g.location)
	if err != nil {
		return err
	}
	counted := &counting{Store: store}
	other, err := openOver(site(0, 0), seedFile, counted.whole())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, other.close()) }()
	var hits, gets []float64
	var most, calls int64
	for id := range n {
		key := pages.Key{Route: "/articles/{id}", Path: articlePath(1000 + id)}
		start := time.Now()
		if _, err := maker.store.Get(context.Background(), key); err != nil {
			return err
		}
		gets = append(gets, time.Since(start).Seconds()*1e6)
		counted.calls.Store(0)
		start = time.Now()
		if _, err := ask(other.handler, articlePath(1000+id), 200); err != nil {
			return err
		}
		hits = append(hits, time.Since(start).Seconds()*1e6)
		calls += counted.calls.Load()
		most = max(most, counted.calls.Load())
	}
	b.add(newRow("store", g.name+", first hit on what another made, beside one Get", "µs", medianOf(hits)).beside(medianOf(gets), over(hits, gets)))
	// A call in the background, twice a second, does not delay the visitor.
	b.add(newRow("store", g.name+", calls to the store for it", "", float64(calls)/float64(n)).goal("≤", 1.05))
	return nil
}

// purges measures a purge of a tag that a great many entries carry.
func (b *bench) purges(_ string, g ground) (err error) {
	entries := 100_000
	if b.scale < 0.5 || g.name == "s3" {
		entries = 5_000 // each is a request, and takes its time
	}
	ctx := context.Background()
	store, err := openStore(ctx, g.location)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	tag := pages.TagSubject("carried")
	now, err := store.Epochs(ctx)
	if err != nil {
		return err
	}
	data := make([]byte, 300)
	var next atomic.Int64
	var group sync.WaitGroup
	faults := make([]error, 16)
	for i := range faults {
		group.Go(func() {
			for n := int(next.Add(1)); n <= entries && faults[i] == nil; n = int(next.Add(1)) {
				key := pages.Key{Route: "/carried/{id}", Path: fmt.Sprint("/carried/", n)}
				faults[i] = store.Put(ctx, pages.Record{Key: key, Data: data, Epoch: now.Sequence}, pages.Fence{Epoch: now.Sequence})
			}
		})
	}
	group.Wait()
	if err := errors.Join(faults...); err != nil {
		return err
	}
	var took []float64
	for range b.times(30) {
		start := time.Now()
		if _, err := store.Bump(ctx, pages.Stale, tag); err != nil {
			return err
		}
		took = append(took, time.Since(start).Seconds()*1e3)
	}
	b.add(newRow("store", fmt.Sprintf("%s, purge of a tag on %s entries", g.name, grouped(int64(entries))), "ms", medianOf(took)).goal("≤", 10))
	return nil
}
