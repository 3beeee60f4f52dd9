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
	e, err := o.seed.Entry(pages.Key{Route: "/tables/{id}", Path: tablePath(n / 2)})
	if err != nil {
		return err
	}
	size := content(e)
	half := n / 2
	for _, asked := range []struct {
		as, coding string
		from       int
	}{{"as Brotli", "br", 0}, {"without a coding", "", half}} {
		perPage, first, err := o.grow(asked.from, asked.from+half, asked.coding, tablePath)
		if err != nil {
			return err
		}
		b.add(newRow("heap", "a page of the seed in memory, asked for "+asked.as, "bytes", perPage).
			beside(size, spreadOf([]float64{perPage / size})))
		b.add(newRow("heap", "its first answer "+asked.as, "µs", first))
	}
	if err := b.allocations(o); err != nil {
		return err
	}
	_, _, err = o.grow(0, n, "", articlePath)
	return err
}

// stored measures pages of the store, as after a start.
func (b *bench) stored(app gorgon.App, seedFile, store string, n int) (err error) {
	o, err := open(app, seedFile, store)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, o.close()) }()
	perPage, _, err := o.grow(0, n, "", articlePath)
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

// grow asks for pages and says by how much the heap has grown for each, and how
// many microseconds each took.
func (o *opened) grow(from, to int, coding string, path func(int) string) (perPage, took float64, err error) {
	if _, err := askAs(o.handler, path(from), coding, http.StatusOK); err != nil {
		return 0, 0, err
	}
	before, start := heap(), time.Now()
	for i := from + 1; i < to; i++ {
		if _, err := askAs(o.handler, path(i), coding, http.StatusOK); err != nil {
			return 0, 0, err
		}
	}
	count := float64(to - from - 1)
	took = time.Since(start).Seconds() * 1e6 / count
	time.Sleep(100 * time.Millisecond) // for background work
	return (heap() - before) / count, took, nil
}

// content is how long the parts of an entry are together.
func content(e *pages.Entry) float64 {
	gz, br, zs := e.Codings()
	lengths := len(e.State)
	if e.Packed != nil {
		lengths = e.Packed.Lengths().State
	}
	return float64(e.Length() + lengths + len(gz) + len(br) + len(zs))
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
