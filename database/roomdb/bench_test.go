// What calls cost, beside the bare commits of the same database.

package roomdb_test

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/database"
	"github.com/gorgon-go/gorgon/database/internal/databasetest"
	"github.com/gorgon-go/gorgon/database/litedb"
	"github.com/gorgon-go/gorgon/database/pgdb"
	"github.com/gorgon-go/gorgon/rooms"
	"github.com/gorgon-go/gorgon/testbed"
)

// synced are databases that lose no commit when the machine crashes, and a SQLite
// file as it is by default, which loses the last ones then.
var synced = []databasetest.Kind{
	databasetest.SQLite,
	{Name: "sqlite synced", Dialect: litedb.Dialect, URL: func(t testing.TB) string { return databasetest.SQLite.URL(t) + "?sync=full" }},
	{Name: "postgresql synced", Dialect: pgdb.Dialect, URL: func(t testing.TB) string { return testbed.For(t, testbed.PostgresSynced).URL }},
}

const entryLength = 100 // bytes

// BenchmarkCommits has one connection commit, one after the other: a row that is
// updated, and appends of 1, 10 and 100 entries.
func BenchmarkCommits(b *testing.B) {
	for _, k := range synced {
		b.Run(k.Name, func(b *testing.B) {
			db, s := migrated(b, k)
			var at rooms.Position
			_, err := db.SQL().ExecContext(b.Context(), "CREATE TABLE one (id INTEGER PRIMARY KEY, n BIGINT NOT NULL)")
			databasetest.Must(b, err)
			_, err = db.SQL().ExecContext(b.Context(), "INSERT INTO one (id, n) VALUES (1, 0)")
			databasetest.Must(b, err)
			b.Run("row", func(b *testing.B) {
				for b.Loop() {
					_, err := db.SQL().ExecContext(b.Context(), "UPDATE one SET n = n + 1 WHERE id = 1")
					databasetest.Must(b, err)
				}
				perSecond(b, "commits/s", b.N)
			})
			for _, n := range []int{1, 10, 100, rooms.MaxEntries} {
				b.Run(fmt.Sprintf("entries=%d", n), func(b *testing.B) {
					entries := make([][]byte, n)
					for i := range entries {
						entries[i] = bytes.Repeat([]byte{byte(i + 1)}, entryLength)
					}
					for b.Loop() {
						var err error
						at, err = s.Append(b.Context(), "canvas/1", rooms.Append{After: at, Entries: entries})
						databasetest.Must(b, err)
					}
					perSecond(b, "commits/s", b.N)
					perSecond(b, "entries/s", b.N*n)
				})
			}
		})
	}
}

func perSecond(b *testing.B, unit string, n int) {
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), unit)
}

// BenchmarkCalls are the other calls, beside 1,000 rooms: one with 500 entries
// after a snapshot.
func BenchmarkCalls(b *testing.B) {
	for _, k := range synced[1:] {
		db, s := migrated(b, k)
		for i := range 1000 {
			_, err := s.Append(b.Context(), fmt.Sprint("canvas/", i), rooms.Append{Entries: [][]byte{{1}}})
			databasetest.Must(b, err)
		}
		databasetest.Must(b, s.Beat(b.Context(), rooms.Instance{ID: "a", Address: "10.0.0.1:80"}, time.Hour))
		databasetest.Must(b, s.Beat(b.Context(), rooms.Instance{ID: "b", Address: "10.0.0.2:80"}, time.Hour))
		list, err := s.Positions(b.Context(), []string{"canvas/7"})
		databasetest.Must(b, err)
		databasetest.Must(b, s.Save(b.Context(), "canvas/7", list[0], make([]byte, 4096), 0))
		entries := make([][]byte, 500)
		for i := range entries {
			entries[i] = make([]byte, entryLength)
		}
		at, err := s.Append(b.Context(), "canvas/7", rooms.Append{After: list[0], Entries: entries})
		databasetest.Must(b, err)
		_, err = s.Claim(b.Context(), "canvas/7", rooms.Claim{Instance: "a"})
		databasetest.Must(b, err)
		names := make([]string, 1000)
		for i := range names {
			names[i] = fmt.Sprint("canvas/", i)
		}
		for _, bench := range []struct {
			name string
			call func() error
		}{
			{"round trip", func() error { return roundTrip(b, db) }},
			{"beat", func() error {
				return s.Beat(b.Context(), rooms.Instance{ID: "a", Address: "10.0.0.1:80"}, time.Hour)
			}},
			{"who owns", func() error {
				_, err := s.Claim(b.Context(), "canvas/7", rooms.Claim{Instance: "b"})
				return err
			}},
			{"claim again", func() error {
				_, err := s.Claim(b.Context(), "canvas/7", rooms.Claim{Instance: "a"})
				return err
			}},
			{"read nothing new", func() error {
				_, err := s.Read(b.Context(), "canvas/7", at.Seq, 512)
				return err
			}},
			{"read 500 entries", func() error {
				_, err := s.Read(b.Context(), "canvas/7", 0, 512)
				return err
			}},
			{"position", func() error {
				_, err := s.Positions(b.Context(), names[:1])
				return err
			}},
			{"1000 positions", func() error {
				_, err := s.Positions(b.Context(), names)
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

func roundTrip(b *testing.B, db *database.DB) error {
	var one int
	return db.SQL().QueryRowContext(b.Context(), "SELECT 1").Scan(&one)
}
