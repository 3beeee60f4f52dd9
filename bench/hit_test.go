// Hits through the handler, without a connection between.

package main

import (
	"net/http"
	"path/filepath"
	"testing"

	"github.com/gorgon-go/gorgon/compress"
)

// openTest opens a small site that is closed with the test.
func openTest(t testing.TB) *opened {
	t.Helper()
	folder := t.TempDir()
	app, seedFile := site(10, 10), filepath.Join(folder, "test.seed")
	if _, err := buildSeed(seedFile, app, compress.Fast); err != nil {
		t.Fatal(err)
	}
	o, err := open(app, seedFile, "disk:"+filepath.Join(folder, "store"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := o.close(); err != nil {
			t.Error(err)
		}
	})
	return o
}

func TestThePagesHaveTheirSizes(t *testing.T) {
	o := openTest(t)
	for path, sizes := range map[string][2]int{
		tablePath(3):       {19_000, 21_000},
		articlePath(30000): {19_000, 21_000},
		notePath(3):        {450, 550},
	} {
		s, err := ask(o.handler, path, http.StatusOK)
		if err != nil {
			t.Fatal(err)
		}
		if s.bytes < sizes[0] || s.bytes > sizes[1] {
			t.Errorf("%s has %d bytes, want %d to %d", path, s.bytes, sizes[0], sizes[1])
		}
	}
}

func TestHitsAreToldFromWhatTheSeedGives(t *testing.T) {
	o := openTest(t)
	for i, want := range []int{0, 1} {
		got, err := o.hits([]string{tablePath(1)})
		if err != nil {
			t.Fatal(err)
		}
		if got != want {
			t.Errorf("request %d: %d hits in memory, want %d", i+1, got, want)
		}
	}
}

func BenchmarkHit(b *testing.B) {
	o := openTest(b)
	first, err := ask(o.handler, tablePath(0), http.StatusOK)
	if err != nil {
		b.Fatal(err)
	}
	etag := first.header["Etag"]
	for name, header := range map[string]http.Header{
		"plain":  {},
		"brotli": {"Accept-Encoding": {"gzip, deflate, br, zstd"}},
		"304":    {"If-None-Match": etag},
	} {
		b.Run(name, func(b *testing.B) {
			w, r := newSink(), newRequest(tablePath(0))
			r.Header = header
			b.ReportAllocs()
			for b.Loop() {
				w.reset()
				o.handler.ServeHTTP(w, r)
			}
		})
	}
}

// As many at once as there are processors, on one page and on all.
func BenchmarkHitParallel(b *testing.B) {
	o := openTest(b)
	for name, pages := range map[string]int{"one page": 1, "ten pages": 10} {
		b.Run(name, func(b *testing.B) {
			b.RunParallel(func(pb *testing.PB) {
				w := newSink()
				requests := make([]*http.Request, pages)
				for i := range requests {
					requests[i] = newRequest(tablePath(i))
				}
				for i := 0; pb.Next(); i++ {
					w.reset()
					o.handler.ServeHTTP(w, requests[i%pages])
				}
			})
		})
	}
}
