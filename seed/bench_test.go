// The cost of writing, opening and reading a large seed.

package seed

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/gorgon-go/gorgon/pages"
)

const many = 100_000

// manyEntries are encoded small pages, about 500 bytes each.
func manyEntries(b *testing.B) (keys []pages.Key, data [][]byte) {
	b.Helper()
	for i := range many {
		keys = append(keys, keyOf(i))
		data = append(data, encode(b, entryOf(i)))
	}
	return keys, data
}

func writeMany(b *testing.B, path string, keys []pages.Key, data [][]byte) {
	b.Helper()
	w, err := Create(path)
	if err != nil {
		b.Fatal(err)
	}
	defer w.Abort()
	for i, key := range keys {
		if err := w.Entry(key, data[i]); err != nil {
			b.Fatal(err)
		}
	}
	if _, err := w.Commit(manifest); err != nil {
		b.Fatal(err)
	}
}

func BenchmarkWrite100k(b *testing.B) {
	keys, data := manyEntries(b)
	path := filepath.Join(b.TempDir(), "app.seed")
	b.ReportAllocs()
	for b.Loop() {
		writeMany(b, path, keys, data)
	}
	b.ReportMetric(many*float64(b.N)/b.Elapsed().Seconds(), "pages/s")
}

func BenchmarkOpen100k(b *testing.B) {
	path := filepath.Join(b.TempDir(), "app.seed")
	keys, data := manyEntries(b)
	writeMany(b, path, keys, data)
	b.ReportAllocs()
	for b.Loop() {
		s, err := Open(path)
		if err != nil {
			b.Fatal(err)
		}
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEntry(b *testing.B) {
	for _, size := range []int{500, 20_000, 100_000} {
		b.Run(fmt.Sprint(size, "B"), func(b *testing.B) {
			path := filepath.Join(b.TempDir(), "app.seed")
			var keys []pages.Key
			var data [][]byte
			for i := range 1000 {
				e := entryOf(i)
				e.State = make([]byte, size-500)
				keys, data = append(keys, e.Key), append(data, encode(b, e))
			}
			writeMany(b, path, keys, data)
			s := open(b, path)
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				if _, err := s.Entry(keys[i%len(keys)]); err != nil {
					b.Fatal(err)
				}
				i++
			}
		})
	}
}

func BenchmarkMissing(b *testing.B) {
	path := filepath.Join(b.TempDir(), "app.seed")
	write(b, path, 1000)
	s := open(b, path)
	key := keyOf(1001)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Entry(key); err != pages.ErrNotFound {
			b.Fatal(err)
		}
	}
}
