// What calls cost.

package sqlite_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/sqlite"
)

const benchSize = 20 << 10

func BenchmarkGet(b *testing.B) {
	s := open(b, newPath(b), sqlite.Options{})
	put(b, s, key("/a"), string(make([]byte, benchSize)))
	b.SetBytes(benchSize)
	for b.Loop() {
		if _, err := s.Get(b.Context(), key("/a")); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPut(b *testing.B) {
	fenced := pages.Fence{}
	for _, c := range []struct {
		name  string
		opts  sqlite.Options
		fence pages.Fence
	}{{name: "bare"}, {name: "fenced", fence: fenced}, {name: "synced", opts: sqlite.Options{Sync: true}}} {
		b.Run(c.name, func(b *testing.B) {
			s := open(b, newPath(b), c.opts)
			r := pages.Record{Key: key("/a"), Data: make([]byte, benchSize)}
			b.SetBytes(benchSize)
			for b.Loop() {
				if err := s.Put(b.Context(), r, c.fence); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// A purge costs the same however many pages it affects.
func BenchmarkBump(b *testing.B) {
	for _, n := range []int{0, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			path := newPath(b)
			s := open(b, path, sqlite.Options{})
			fence := pages.Fence{Epoch: 1 << 50}
			for i := range n {
				r := pages.Record{Key: key(fmt.Sprint("/", i)), Data: make([]byte, 200)}
				if err := s.Put(b.Context(), r, fence); err != nil {
					b.Fatal(err)
				}
			}
			for b.Loop() {
				bump(b, s, "tag:a")
			}
		})
	}
}

func BenchmarkEpochs(b *testing.B) {
	s := open(b, newPath(b), sqlite.Options{})
	bump(b, s, "tag:a")
	for b.Loop() {
		if _, err := s.Epochs(b.Context(), pages.All, "tag:a", "path:/a"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLease(b *testing.B) {
	s := open(b, newPath(b), sqlite.Options{})
	for b.Loop() {
		l, err := s.Lease(b.Context(), key("/a"), claim(), time.Second)
		if err == nil {
			err = s.Release(b.Context(), l)
		}
		if err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAcknowledge(b *testing.B) {
	s := open(b, newPath(b), sqlite.Options{})
	for b.Loop() {
		if _, err := s.Acknowledge(b.Context(), "me", 0, time.Second); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkLook measures what Wait does every 10 ms.
func BenchmarkLook(b *testing.B) {
	s := open(b, newPath(b), sqlite.Options{})
	bump(b, s, pages.All)
	for b.Loop() {
		if err := s.Wait(b.Context(), 0); err != nil {
			b.Fatal(err)
		}
	}
}
