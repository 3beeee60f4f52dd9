// Missing: what remains after a flood of requests for pages that do not exist.

package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorgon-go/gorgon/compress"
	"github.com/gorgon-go/gorgon/disk"
)

// A trace is what there is of a site at one moment.
type trace struct {
	heap       float64
	goroutines int
	files      int
	bytes      int64 // of the files
}

func (o *opened) trace() (t trace, err error) {
	time.Sleep(200 * time.Millisecond) // for background work
	t.heap, t.goroutines = heap(), runtime.NumGoroutine()
	err = filepath.WalkDir(o.store.(*disk.Store).Dir(), func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		t.files++
		t.bytes += info.Size()
		return nil
	})
	return t, err
}

// flood asks for n pages that do not exist, all different, from number on.
func (o *opened) flood(from, n int) error {
	var next atomic.Int64
	var group sync.WaitGroup
	errs := make([]error, 8*runtime.GOMAXPROCS(0))
	for i := range errs {
		group.Go(func() {
			s := newSink()
			for {
				at := int(next.Add(1)) - 1
				if at >= n {
					return
				}
				s.reset()
				o.handler.ServeHTTP(s, newRequest("/articles/absent-"+strconv.Itoa(from+at)))
				if s.status != http.StatusNotFound {
					errs[i] = fmt.Errorf("a page that does not exist answers %d", s.status)
					return
				}
			}
		})
	}
	group.Wait()
	return errors.Join(errs...)
}

func (b *bench) missing() (err error) {
	folder, err := os.MkdirTemp(b.folder, "missing")
	if err != nil {
		return err
	}
	app, seedFile := site(10, 10), filepath.Join(folder, "missing.seed")
	if _, err := buildSeed(seedFile, app, compress.Fast); err != nil {
		return err
	}
	o, err := open(app, seedFile, "disk:"+filepath.Join(folder, "store"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, o.close()) }()
	known := []string{articlePath(1), tablePath(1)}
	for _, path := range known {
		if _, err := ask(o.handler, path, http.StatusOK); err != nil {
			return err
		}
	}

	n := max(100_000, min(1_000_000, int(1_000_000*b.scale)))
	// The files of locks and leases have a fixed number, and are created by the
	// first requests.
	const settle = 20_000
	if err := o.flood(0, settle); err != nil {
		return err
	}
	before, err := o.trace()
	if err != nil {
		return err
	}
	start := time.Now()
	if err := o.flood(settle, n); err != nil {
		return err
	}
	took := time.Since(start)
	after, err := o.trace()
	if err != nil {
		return err
	}
	hits, err := o.hits(known)
	if err != nil {
		return err
	}

	requests := "after " + grouped(int64(n)) + " missing pages: "
	b.add(newRow("missing", requests+"heap, growth", "MB", (after.heap-before.heap)/mega).goal("≤", 1))
	b.add(newRow("missing", requests+"goroutines, growth", "", float64(after.goroutines-before.goroutines)).goal("≤", 0))
	// One: the lock of the sweep, which comes with the first one.
	b.add(newRow("missing", requests+"files in the store, growth", "", float64(after.files-before.files)).goal("≤", 1))
	b.add(newRow("missing", requests+"bytes in the store, growth", "MB", float64(after.bytes-before.bytes)/mega).goal("≤", 1))
	b.add(newRow("missing", requests+"known pages that are still a hit in memory", "of "+strconv.Itoa(len(known)), float64(hits)).goal("≥", float64(len(known))))
	b.add(newRow("missing", "each a first request, with its lease in the store", "req/s", float64(n)/took.Seconds()))
	return nil
}

// hits counts the pages that are answered from memory.
func (o *opened) hits(paths []string) (hits int, err error) {
	for _, path := range paths {
		asked := o.asked.times.Load()
		s, err := ask(o.handler, path, http.StatusOK)
		if err != nil {
			return hits, err
		}
		if strings.HasPrefix(s.header.Get("Cache-Status"), "gorgon; hit") && o.asked.times.Load() == asked {
			hits++
		}
	}
	return hits, nil
}
