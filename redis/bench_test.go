//go:build unix

// What calls cost, with a server on the same machine.

package redis_test

import (
	"strconv"
	"testing"

	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/redis"
)

func BenchmarkGet(b *testing.B) {
	s := open(b, place(b), redis.Options{})
	must(b, s.Put(b.Context(), pages.Record{Key: key("/a"), Data: make([]byte, 20<<10)}, pages.Unfenced))
	for b.Loop() {
		if _, err := s.Get(b.Context(), key("/a")); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkGetParallel(b *testing.B) {
	s := open(b, place(b), redis.Options{})
	must(b, s.Put(b.Context(), pages.Record{Key: key("/a"), Data: make([]byte, 20<<10)}, pages.Unfenced))
	b.SetParallelism(16)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := s.Get(b.Context(), key("/a")); err != nil {
				b.Error(err)
			}
		}
	})
}

func BenchmarkPut(b *testing.B) {
	s := open(b, place(b), redis.Options{})
	fence := pages.Fence{Epoch: 1}
	data := make([]byte, 20<<10)
	for i := 0; b.Loop(); i++ {
		if err := s.Put(b.Context(), pages.Record{Key: key(strconv.Itoa(i % 1000)), Data: data}, fence); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEpochs(b *testing.B) {
	s := open(b, place(b), redis.Options{})
	subjects := pages.Subjects(key("/a"), []string{"a", "b"})
	for b.Loop() {
		if _, err := s.Epochs(b.Context(), subjects...); err != nil {
			b.Fatal(err)
		}
	}
}

// A purge of a tag that 100,000 entries carry, which costs the store nothing.
func BenchmarkBump(b *testing.B) {
	s := open(b, place(b), redis.Options{})
	for i := range 100_000 {
		must(b, s.Put(b.Context(), pages.Record{Key: key(strconv.Itoa(i)), Data: make([]byte, 100)}, pages.Fence{}))
	}
	for b.Loop() {
		if _, err := s.Bump(b.Context(), pages.Expire, "tag:a"); err != nil {
			b.Fatal(err)
		}
	}
}

// A sweep of 100,000 records that removes nothing.
func BenchmarkSweep(b *testing.B) {
	s := open(b, place(b), redis.Options{})
	for i := range 100_000 {
		must(b, s.Put(b.Context(), pages.Record{Key: key(strconv.Itoa(i)), Data: make([]byte, 100)}, pages.Unfenced))
	}
	for b.Loop() {
		if _, err := s.Sweep(b.Context(), pages.Bounds{Bytes: 1 << 40}); err != nil {
			b.Fatal(err)
		}
	}
}
