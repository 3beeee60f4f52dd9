// Stores: what one costs a hit, a first hit and a purge.

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
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

// storeHits measures an article in memory, with each store behind it, beside
// the same with mem behind it. Beside those it measures a handler that asks
// the store for the page at each request.
func (b *bench) storeHits(seedFile string, grounds []ground) (err error) {
	base, err := startGorgon(seedFile, "mem:", "")
	if err != nil {
		return err
	}
	defer base.stop()
	names := []string{}
	servers := []*child{base}
	for _, g := range grounds {
		server, err := startGorgon(seedFile, g.location, "")
		if err != nil {
			return err
		}
		defer server.stop()
		names, servers = append(names, g.name), append(servers, server)
	}
	for _, g := range grounds {
		server, err := startNaive(g.location, articlePath(7))
		if err != nil {
			return err
		}
		defer server.stop()
		names, servers = append(names, "naive "+g.name), append(servers, server)
	}
	var crowds []*crowd
	defer func() {
		for _, c := range crowds {
			c.close()
		}
	}()
	enter := func(n int) (all []*contestant, err error) {
		for _, s := range servers {
			c, err := newCrowd(s.addr, articlePath(7), "", n)
			if err != nil {
				return nil, err
			}
			if _, _, err := c.once(); err != nil { // it is made by the first
				return nil, err
			}
			crowds = append(crowds, c)
			all = append(all, &contestant{server: s, crowd: c})
		}
		return all, nil
	}
	crowded, err := enter(many)
	if err != nil {
		return err
	}
	if err := compete(b.times(8), time.Second/2, crowded...); err != nil {
		return err
	}
	quiet, err := enter(few)
	if err != nil {
		return err
	}
	if err := compete(b.times(10), time.Second/2, quiet...); err != nil {
		return err
	}
	for i, name := range names {
		c, floor, q, qfloor := crowded[i+1], crowded[0], quiet[i+1], quiet[0]
		rate := newRow("store", name+", hit, 64 connections, beside mem", "req/s", medianOf(c.rate)).beside(medianOf(floor.rate), over(c.rate, floor.rate))
		p99 := newRow("store", name+", hit, p99 at 64, beside mem", "µs", medianOf(c.p99)).beside(medianOf(floor.p99), over(c.p99, floor.p99))
		calm := newRow("store", name+", hit, p99 at 4, beside mem", "µs", medianOf(q.p99)).beside(medianOf(qfloor.p99), over(q.p99, qfloor.p99))
		if i < len(grounds) {
			rate, p99, calm = rate.ratioGoal("≥", 0.97), p99.ratioGoal("≤", 1.03), calm.ratioGoal("≤", 1.03)
		}
		b.add(rate)
		b.add(p99)
		b.add(calm)
	}
	return nil
}

// firstHits measures an instance's first hits on what another made, beside
// reading the record from the store and no more, and counts its calls.
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
	// A call in the background, twice a second, is not the visitor's.
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
				faults[i] = store.Put(ctx, pages.Record{Key: key, Data: data}, pages.Fence{Subjects: []string{tag}, Epoch: now.Sequence})
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
