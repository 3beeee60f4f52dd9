// Building: pages a second, against a plain loop over the same views.

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/compress"
)

// plainLoop makes n pages with nothing but their views: the states are made
// and the documents rendered, into one buffer for each goroutine, as fast as
// all processors can.
//
// With a folder it also writes each document into a file there, as a program
// would that makes a static site and nothing more.
func plainLoop(n int, document func(id int) gorgon.Document, folder string) (time.Duration, error) {
	start := time.Now()
	var next atomic.Int64
	var group sync.WaitGroup
	errs := make([]error, runtime.GOMAXPROCS(0))
	for i := range errs {
		group.Go(func() {
			var buf bytes.Buffer
			for errs[i] == nil {
				id := int(next.Add(1)) - 1
				if id >= n {
					return
				}
				buf.Reset()
				errs[i] = layout(document(id)).Render(context.Background(), &buf)
				if errs[i] == nil && folder != "" {
					errs[i] = os.WriteFile(filepath.Join(folder, strconv.Itoa(id)+".html"), buf.Bytes(), 0o644)
				}
			}
		})
	}
	group.Wait()
	for _, err := range errs {
		if err != nil {
			return 0, err
		}
	}
	return time.Since(start), nil
}

func tableDocument(id int) gorgon.Document {
	t := makeTable(id)
	return gorgon.Document{Path: tablePath(id), Status: 200, Title: t.Title, Head: tableHead(t), Main: tableView(t)}
}

func noteDocument(id int) gorgon.Document {
	n := makeNote(id)
	return gorgon.Document{Path: notePath(id), Status: 200, Title: n.Title, Head: noteHead(n), Main: noteView(n)}
}

// A maker makes n pages and says how long that took.
type maker struct {
	n    int
	make func(n int) (time.Duration, error)
	rate []float64 // pages a second
	cpu  []float64 // microseconds of processor time for each page; none where the system does not tell
}

// takeTurns lets makers make their pages, in one order and then in the other.
func takeTurns(rounds int, makers ...*maker) error {
	for round := range rounds {
		for i := range makers {
			if round%2 == 1 {
				i = len(makers) - 1 - i
			}
			m := makers[i]
			runtime.GC() // so that no maker pays for the garbage of another
			before, _ := cpuTime(os.Getpid())
			took, err := m.make(m.n)
			if err != nil {
				return err
			}
			m.rate = append(m.rate, float64(m.n)/took.Seconds())
			if after, ok := cpuTime(os.Getpid()); ok {
				m.cpu = append(m.cpu, (after-before).Seconds()*1e6/float64(m.n))
			}
		}
	}
	return nil
}

func (b *bench) build() error {
	folder, err := os.MkdirTemp(b.folder, "build")
	if err != nil {
		return err
	}
	built := func(app func(n int) gorgon.App, effort compress.Effort) func(int) (time.Duration, error) {
		return func(n int) (time.Duration, error) {
			out := filepath.Join(folder, "out.seed")
			report, err := buildSeed(out, app(n), effort)
			if err != nil {
				return 0, err
			}
			return report.Took, os.Remove(out)
		}
	}
	tables := func(n int) gorgon.App { return site(n, 0) }
	notes := func(n int) gorgon.App { return site(0, n) }

	n := max(1000, min(10_000, int(10_000*b.scale)))
	loop := &maker{n: n, make: func(n int) (time.Duration, error) { return plainLoop(n, tableDocument, "") }}
	files := &maker{n: n, make: func(n int) (time.Duration, error) {
		out := filepath.Join(folder, "files")
		if err := os.Mkdir(out, 0o755); err != nil {
			return 0, err
		}
		took, err := plainLoop(n, tableDocument, out)
		return took, errors.Join(err, os.RemoveAll(out))
	}}
	none := &maker{n: n, make: built(tables, compress.None)}
	fast := &maker{n: n, make: built(tables, compress.Fast)}
	good := &maker{n: n / 10, make: built(tables, compress.Good)}
	var packed []float64
	again := &maker{n: n, make: func(n int) (time.Duration, error) {
		out := filepath.Join(folder, "out.seed")
		report, err := buildSeed(out, hourly(n), compress.Fast)
		if err != nil {
			return 0, err
		}
		packed = append(packed, float64(report.Packed)/float64(n)/1e3)
		return report.Took, os.Remove(out)
	}}
	serial := &maker{n: n, make: func(n int) (time.Duration, error) {
		out := filepath.Join(folder, "plain")
		if err := os.Mkdir(out, 0o755); err != nil {
			return 0, err
		}
		took, err := plainSite(n, out)
		return took, errors.Join(err, os.RemoveAll(out))
	}}
	templates := &maker{n: n, make: built(ofTemplates, compress.Fast)}
	loopSmall := &maker{n: 2 * n, make: func(n int) (time.Duration, error) { return plainLoop(n, noteDocument, "") }}
	noneSmall := &maker{n: 2 * n, make: built(notes, compress.None)}
	if err := takeTurns(b.times(4), loop, none, files, fast, again, good); err != nil {
		return err
	}
	if err := takeTurns(b.times(3), serial, templates); err != nil {
		return err
	}
	if err := takeTurns(b.times(6), loopSmall, noneSmall); err != nil {
		return err
	}
	const unit = "pages/s"
	against := func(what string, m, floor *maker) row {
		return newRow("build", what, unit, medianOf(m.rate)).beside(medianOf(floor.rate), over(m.rate, floor.rate))
	}
	b.add(against("20 KB, uncompressed, beside a plain loop", none, loop).ratioGoal("≥", 0.80))
	b.add(against("20 KB, uncompressed, beside a loop that writes files", none, files))
	// Of these the ratio is that of the times.
	b.add(newRow("build", "20 KB, fast (the default), time beside uncompressed", unit, medianOf(fast.rate)).
		beside(medianOf(none.rate), over(none.rate, fast.rate)).ratioGoal("≤", 2))
	b.add(against("20 KB with an interval, fast, beside a plain loop", again, loop))
	if len(again.cpu) > 0 {
		b.add(newRow("build", "the same, processor time", "µs", medianOf(again.cpu)).beside(medianOf(loop.cpu), over(again.cpu, loop.cpu)))
	}
	b.add(newRow("build", "the same, seed of 1,000 pages", "MB", medianOf(packed)).goal("≤", 8))
	if peak, ok, err := peakOf(func() error { _, err := again.make(10_000); return err }); err != nil {
		return err
	} else if ok {
		b.add(newRow("build", "the same, 10,000 pages: resident at most", "MB", peak/1e6).goal("≤", 200))
	}
	b.add(newRow("build", fmt.Sprintf("%d pages of html/template with an interval, fast, time beside a loop that writes files", n), unit, medianOf(templates.rate)).
		beside(medianOf(serial.rate), over(serial.rate, templates.rate)).ratioGoal("≤", 0.5))
	b.add(newRow("build", "20 KB, good, time beside uncompressed", unit, medianOf(good.rate)).
		beside(medianOf(none.rate), over(none.rate, good.rate)))
	b.add(against("500 bytes, uncompressed, beside a plain loop", noneSmall, loopSmall).goal("≥", 20_000))
	return nil
}
