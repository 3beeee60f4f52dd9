// Times.

package roomdb_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/database/internal/databasetest"
	"github.com/gorgon-go/gorgon/database/roomdb"
	"github.com/gorgon-go/gorgon/rooms"
)

// With PostgreSQL all times are those of the server. Here its clock is one that the
// test sets, and the process has another one.
func TestClock(t *testing.T) {
	k := databasetest.Postgres("")
	url := k.URL(t)
	db := open(t, k, url, "")
	roomdb.In(db)
	_, err := db.Migrate(t.Context())
	databasetest.Must(t, err)
	for _, text := range []string{
		"CREATE SCHEMA fake",
		"CREATE TABLE fake.clock AS SELECT pg_catalog.clock_timestamp() - interval '10 years' AS now",
		"CREATE FUNCTION fake.clock_timestamp() RETURNS timestamptz VOLATILE LANGUAGE sql AS 'SELECT now FROM fake.clock'",
	} {
		_, err := db.SQL().ExecContext(t.Context(), text)
		databasetest.Must(t, err)
	}
	// pass sets the server's clock forward.
	pass := func(d time.Duration) {
		t.Helper()
		_, err := db.SQL().ExecContext(t.Context(), fmt.Sprintf("UPDATE fake.clock SET now = now + interval '%d milliseconds'", d.Milliseconds()))
		databasetest.Must(t, err)
	}
	s := roomdb.In(open(t, k, url+"&search_path=fake,pg_catalog", ""))
	beat := func(id string) {
		t.Helper()
		databasetest.Must(t, s.Beat(t.Context(), rooms.Instance{ID: id, Address: "10.0.0.1:80"}, time.Minute))
	}
	claim := func(c rooms.Claim, mine bool, want error) uint64 {
		t.Helper()
		seat, err := s.Claim(t.Context(), "a", c)
		if !errors.Is(err, want) || seat.Mine != mine {
			t.Errorf("%+v gave %+v, %v", c, seat, err)
		}
		return seat.Token
	}
	sweep := func(age time.Duration, want int) {
		t.Helper()
		if n, err := s.Sweep(t.Context(), "", age); err != nil || n != want {
			t.Errorf("%d rooms were removed that were not used for %v, %v", n, age, err)
		}
	}

	beat("one")
	beat("two")
	token := claim(rooms.Claim{Instance: "one"}, true, nil)
	pass(time.Minute - time.Millisecond)
	claim(rooms.Claim{Instance: "two"}, false, nil)
	last := claim(rooms.Claim{Instance: "two", Over: token}, true, nil)
	claim(rooms.Claim{Instance: "one", Over: last}, false, nil) // too early
	pass(time.Millisecond)
	claim(rooms.Claim{Instance: "one"}, false, rooms.ErrAbsent)
	beat("one")
	claim(rooms.Claim{Instance: "one"}, true, nil) // the lease of two is over
	beat("two")
	token = claim(rooms.Claim{Instance: "two"}, false, nil)
	pass(rooms.TakeOver - 2*time.Millisecond)
	claim(rooms.Claim{Instance: "two", Over: token}, false, nil)
	pass(time.Millisecond)
	claim(rooms.Claim{Instance: "two", Over: token}, true, nil)

	databasetest.Must(t, s.Leave(t.Context(), "two"))
	pass(time.Hour)
	sweep(time.Hour+time.Millisecond, 0)
	_, err = s.Append(t.Context(), "a", rooms.Append{Entries: [][]byte{{1}}})
	databasetest.Must(t, err)
	pass(time.Hour)
	sweep(time.Hour+time.Millisecond, 0)
	sweep(time.Hour, 1)
}
