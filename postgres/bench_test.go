// What a call costs, on a server of this machine.

package postgres_test

import (
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/postgres"
)

func BenchmarkGet(b *testing.B) {
	for mode, parameter := range map[string]string{"prepared": "cache_statement", "described": "cache_describe", "exec": "exec"} {
		b.Run(mode, func(b *testing.B) {
			_, location := newStore(b, postgres.Options{})
			s := open(b, at(location, "default_query_exec_mode="+parameter), postgres.Options{})
			if err := s.Put(b.Context(), pages.Record{Key: key("/a"), Data: make([]byte, 20<<10)}, pages.Unfenced); err != nil {
				b.Fatal(err)
			}
			b.SetBytes(20 << 10)
			for b.Loop() {
				if _, err := s.Get(b.Context(), key("/a")); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkRoundTrip is the lower bound of all others.
func BenchmarkRoundTrip(b *testing.B) {
	_, location := newStore(b, postgres.Options{})
	db := direct(b, location)
	for b.Loop() {
		number(b, db, "SELECT 1::bigint")
	}
}

func BenchmarkPut(b *testing.B) {
	for name, fence := range map[string]pages.Fence{"bare": pages.Unfenced, "fenced": {Epoch: 1}} {
		b.Run(name, func(b *testing.B) {
			s, _ := newStore(b, postgres.Options{})
			r := pages.Record{Key: key("/a"), Data: make([]byte, 20<<10)}
			b.SetBytes(20 << 10)
			for b.Loop() {
				if err := s.Put(b.Context(), r, fence); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkBump purges a tag that 100,000 entries carry, while as many
// subjects are remembered.
func BenchmarkBump(b *testing.B) {
	s, location := newStore(b, postgres.Options{})
	db := direct(b, location)
	run(b, db, fill, 100_000/3+1)
	run(b, db, "INSERT INTO marks SELECT sha256(i::text::bytea), i, now(), 0, NULL FROM generate_series(1, 99990) i")
	run(b, db, "UPDATE state SET sequence = 99990, marks = 99990")
	for b.Loop() {
		if _, err := s.Bump(b.Context(), pages.Stale, "tag:a"); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkBumpOfNew purges subjects that were not purged before, so that as
// many are forgotten.
func BenchmarkBumpOfNew(b *testing.B) {
	s, location := newStore(b, postgres.Options{})
	db := direct(b, location)
	run(b, db, "INSERT INTO marks SELECT sha256(i::text::bytea), i, now(), 0, NULL FROM generate_series(1, 99990) i")
	run(b, db, "UPDATE state SET sequence = 99990, marks = 99990")
	var worst time.Duration
	for n := 0; b.Loop(); n++ {
		began := time.Now()
		if _, err := s.Bump(b.Context(), pages.Stale, newSchema()); err != nil {
			b.Fatal(err)
		}
		worst = max(worst, time.Since(began))
	}
	b.ReportMetric(worst.Seconds()*1000, "ms-worst")
}

func BenchmarkEpochs(b *testing.B) {
	s, _ := newStore(b, postgres.Options{})
	for b.Loop() {
		if _, err := s.Epochs(b.Context(), pages.All, "tag:a", "path:/a"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLease(b *testing.B) {
	s, _ := newStore(b, postgres.Options{})
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
