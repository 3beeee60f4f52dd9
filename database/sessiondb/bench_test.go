// What calls cost, beside a bare round trip.

package sessiondb_test

import (
	"encoding/binary"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/database/internal/databasetest"
	"github.com/gorgon-go/gorgon/sessions"
)

func BenchmarkSessions(b *testing.B) {
	for _, k := range databasetest.Both() {
		db, s := migrated(b, k)
		r := record("one")
		r.Data = make([]byte, 200)
		databasetest.Must(b, s.Put(b.Context(), r))
		n := uint64(0)
		next := func() sessions.Record {
			n++
			other := r
			binary.BigEndian.PutUint64(other.ID[:], n)
			other.User = "of many"
			return other
		}
		for range 2000 {
			databasetest.Must(b, s.Put(b.Context(), next()))
		}
		rate := sessions.Rate{N: 1000, Per: time.Second, Burst: 1 << 20}
		for _, bench := range []struct {
			name string
			call func() error
		}{
			{"RoundTrip", func() error {
				var one int
				return db.SQL().QueryRowContext(b.Context(), "SELECT 1").Scan(&one)
			}},
			{"Get", func() error {
				_, err := s.Get(b.Context(), r.Kind, r.ID)
				return err
			}},
			{"Put", func() error { return s.Put(b.Context(), next()) }},
			{"Touch", func() error { return s.Touch(b.Context(), r.Kind, r.ID, time.Now(), time.Now().Add(time.Hour)) }},
			{"Spend", func() error {
				_, err := s.Spend(b.Context(), "key", rate)
				return err
			}},
		} {
			b.Run(k.Name+"/"+bench.name, func(b *testing.B) {
				for b.Loop() {
					databasetest.Must(b, bench.call())
				}
			})
		}
	}
}
