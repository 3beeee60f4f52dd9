// Heap: what a page in memory takes, and what a hit allocates.

package main

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/compress"
	"github.com/gorgon-go/gorgon/pages"
)

func (b *bench) heap() error {
	folder, err := os.MkdirTemp(b.folder, "heap")
	if err != nil {
		return err
	}
	n := max(500, int(4000*b.scale))
	app := site(n, 0)
	seedFile, store := filepath.Join(folder, "heap.seed"), "disk:"+filepath.Join(folder, "store")
	if _, err := buildSeed(seedFile, app, compress.Fast); err != nil {
		return err
	}
	if err := b.seeded(app, seedFile, store, n); err != nil {
		return err
	}
	return b.stored(app, seedFile, store, n)
}

// seeded measures pages of the seed, and makes those that are stored.
func (b *bench) seeded(app gorgon.App, seedFile, store string, n int) (err error) {
	o, err := open(app, seedFile, store)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, o.close()) }()
	perPage, err := o.grow(n, tablePath)
	if err != nil {
		return err
	}
	e, err := o.seed.Entry(pages.Key{Route: "/tables/{id}", Path: tablePath(n / 2)})
	if err != nil {
		return err
	}
	b.add(newRow("heap", "a page of the seed in memory", "bytes", perPage).
		beside(content(e), spreadOf([]float64{perPage / content(e)})))
	if err := b.allocations(o); err != nil {
		return err
	}
	_, err = o.grow(n, articlePath)
	return err
}

// stored measures pages of the store, as after a start.
func (b *bench) stored(app gorgon.App, seedFile, store string, n int) (err error) {
	o, err := open(app, seedFile, store)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, o.close()) }()
	perPage, err := o.grow(n, articlePath)
	if err != nil {
		return err
	}
	record, err := o.store.Get(context.Background(), pages.Key{Route: "/articles/{id}", Path: articlePath(n / 2)})
	if err != nil {
		return err
	}
	e, err := pages.Decode(record.Data)
	if err != nil {
		return err
	}
	b.add(newRow("heap", "a page of the store in memory", "bytes", perPage).
		beside(content(e), spreadOf([]float64{perPage / content(e)})))
	return nil
}

// grow asks for n pages and says by how much the heap has grown for each.
func (o *opened) grow(n int, path func(int) string) (perPage float64, err error) {
	if _, err := ask(o.handler, path(0), http.StatusOK); err != nil {
		return 0, err
	}
	before := heap()
	for i := 1; i < n; i++ {
		if _, err := ask(o.handler, path(i), http.StatusOK); err != nil {
			return 0, err
		}
	}
	time.Sleep(100 * time.Millisecond) // for background work
	return (heap() - before) / float64(n-1), nil
}

// content is how long the parts of an entry are together.
func content(e *pages.Entry) float64 {
	return float64(len(e.HTML) + len(e.State) + len(e.Gzip) + len(e.Brotli) + len(e.Zstd))
}

// allocations counts what a hit allocates beyond a handler that sets the two
// required headers and writes the same bytes.
func (b *bench) allocations(o *opened) error {
	s, err := ask(o.handler, tablePath(0), http.StatusOK)
	if err != nil {
		return err
	}
	page := make([]byte, s.bytes)
	kind, length := []string{"text/html; charset=utf-8"}, []string{strconv.Itoa(s.bytes)}
	bare := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		header := w.Header()
		header["Content-Type"], header["Content-Length"] = kind, length
		w.WriteHeader(http.StatusOK)
		_, _ = w.Write(page)
	})
	count := func(h http.Handler, fresh bool) float64 {
		w, r := newSink(), newRequest(tablePath(0))
		return testing.AllocsPerRun(2000, func() {
			w.reset()
			if fresh {
				w.header = http.Header{} // as net/http makes one for each request
			}
			h.ServeHTTP(w, r)
		})
	}
	for _, fresh := range []bool{false, true} {
		what := "allocations per hit, header map reused"
		if fresh {
			what = "allocations per hit, header map made each time"
		}
		own, floor := count(o.handler, fresh), count(bare, fresh)
		r := newRow("heap", what, "", own)
		r.Floor = &floor
		b.add(r)
	}
	return nil
}
