// Hits: a page in memory over HTTP, against a server that holds the same bytes.

package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/gorgon-go/gorgon/compress"
)

const (
	many = 64 // connections, for requests per second
	few  = 4  // connections, for latency
)

// A contestant is one server as one crowd sees it.
type contestant struct {
	server *child
	crowd  *crowd
	rate   []float64
	p50    []float64 // microseconds
	p99    []float64
	perHit []float64       // microseconds of the server's processor time
	took   []time.Duration // bytes allocated by every answer, if pooled is set
	pooled bool
	blind  bool // the processor time cannot be measured
}

// measure adds one slice.
func (c *contestant) measure(d time.Duration) error {
	before, ok1 := cpuTime(c.server.pid())
	s, err := c.crowd.run(d)
	if err != nil {
		return err
	}
	after, ok2 := cpuTime(c.server.pid())
	c.blind = c.blind || !ok1 || !ok2
	if c.pooled {
		c.took = append(c.took, s.took...)
	}
	c.rate = append(c.rate, s.rate)
	c.p50 = append(c.p50, s.p50.Seconds()*1e6)
	c.p99 = append(c.p99, s.p99.Seconds()*1e6)
	c.perHit = append(c.perHit, (after-before).Seconds()*1e6/float64(s.answers))
	return nil
}

// tail is the time in microseconds that 99 of 100 answers of all slices took at
// most. It is more stable than that of one slice.
func (c *contestant) tail() float64 {
	slices.Sort(c.took)
	return c.took[len(c.took)*99/100].Seconds() * 1e6
}

// compete lets contestants take turns, in one order and then in the other, so
// that neither the first one nor a drift has an advantage.
func compete(rounds int, d time.Duration, contestants ...*contestant) error {
	for _, c := range contestants {
		if _, err := c.crowd.run(d / 2); err != nil { // warm up
			return err
		}
	}
	for round := range rounds {
		for i := range contestants {
			if round%2 == 1 {
				i = len(contestants) - 1 - i
			}
			if err := contestants[i].measure(d); err != nil {
				return err
			}
		}
	}
	return nil
}

func (b *bench) hit() (err error) {
	folder, err := os.MkdirTemp(b.folder, "hit")
	if err != nil {
		return err
	}
	seedFile := filepath.Join(folder, "hit.seed")
	if _, err := buildSeed(seedFile, site(10, 10), compress.Fast); err != nil {
		return err
	}
	profile := ""
	if b.profile != "" {
		profile = filepath.Join(b.profile, "hit.pprof")
	}
	gorgon, err := startGorgon(seedFile, "disk:"+filepath.Join(folder, "store"), profile)
	if err != nil {
		return err
	}
	defer gorgon.stop()
	without, err := startGorgon(seedFile, "disk:"+filepath.Join(folder, "another"), "", "-lane=false")
	if err != nil {
		return err
	}
	defer without.stop()
	bare, answer, err := b.startBare(gorgon, tablePath(7))
	if err != nil {
		return err
	}
	defer bare.stop()
	dressed, err := startChild(bare.cmd.Args[0], append([]string{bare.cmd.Args[1]}, answer.headers()...)...)
	if err != nil {
		return err
	}
	defer dressed.stop()
	html := answer.body

	var crowds []*crowd
	defer func() {
		for _, c := range crowds {
			c.close()
		}
	}()
	enter := func(server *child, encoding string, n int) *contestant {
		c, cerr := newCrowd(server.addr, tablePath(7), encoding, n)
		if cerr != nil {
			err = errors.Join(err, cerr)
			return nil
		}
		crowds = append(crowds, c)
		return &contestant{server: server, crowd: c}
	}
	floor, plain := enter(bare, "", many), enter(gorgon, "", many)
	packed, same := enter(gorgon, "br", many), enter(dressed, "", many)
	if err != nil {
		return err
	}
	for c, encoding := range map[*contestant]string{floor: "", plain: "", packed: "br", same: ""} {
		if err := sameBytes(c.crowd, html, encoding); err != nil {
			return err
		}
	}
	if err := compete(b.times(14), time.Second, floor, plain, packed, same); err != nil {
		return err
	}
	// Not earlier: an idle connection is soon closed.
	floorFew, plainFew := enter(bare, "", few), enter(gorgon, "", few)
	if err != nil {
		return err
	}
	if err := compete(b.times(16), time.Second/2, floorFew, plainFew); err != nil {
		return err
	}

	size := fmt.Sprintf("%.1f KB", float64(len(html))/1e3)
	beside := func(what, unit string, of, to []float64) row {
		return newRow("hit", what, unit, medianOf(of)).beside(medianOf(to), over(of, to))
	}
	b.add(beside(size+", 64 connections", "req/s", plain.rate, floor.rate).ratioGoal("≥", 0.90))
	b.add(beside("p99, 64 connections", "µs", plain.p99, floor.p99).ratioGoal("≤", 1.25))
	if !plain.blind {
		b.add(beside("server CPU per request", "µs", plain.perHit, floor.perHit))
	}
	b.add(beside("p50, 4 connections", "µs", plainFew.p50, floorFew.p50))
	b.add(beside("p99, 4 connections", "µs", plainFew.p99, floorFew.p99))
	b.add(beside("as brotli, 64 connections", "req/s", packed.rate, floor.rate))
	if !plain.blind {
		b.add(beside("as brotli, server CPU per request", "µs", packed.perHit, floor.perHit))
	}
	b.add(beside("beside a floor with the same headers", "req/s", plain.rate, same.rate))
	if !plain.blind {
		b.add(beside("the same, server CPU per request", "µs", plain.perHit, same.perHit))
	}
	return b.wrk(gorgon, without, bare, tablePath(7), html)
}
