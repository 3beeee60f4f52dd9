//go:build unix

// Rooms against the contract, and where the server loses things.

package redis_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/redis"
	"github.com/gorgon-go/gorgon/rooms"
	"github.com/gorgon-go/gorgon/rooms/roomstest"
	"github.com/gorgon-go/gorgon/testbed"
)

func openRooms(t testing.TB, location string, log *slog.Logger) *redis.Rooms {
	t.Helper()
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	s, err := redis.OpenRooms(t.Context(), location, redis.RoomsOptions{Log: log})
	must(t, err)
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// roomsHarness opens stores at locations of a server.
func roomsHarness(location func(t *testing.T) string) roomstest.Harness {
	return roomstest.Harness{Place: func(t *testing.T) func() rooms.Log {
		location := location(t)
		return func() rooms.Log { return openRooms(t, location, nil) }
	}}
}

func TestRooms(t *testing.T) {
	t.Parallel()
	place(t) // skips or fails without a server
	roomsHarness(func(t *testing.T) string { return place(t) }).Run(t)
}

func TestRoomsByRESP2(t *testing.T) {
	t.Parallel()
	place(t) // skips or fails without a server
	roomsHarness(func(t *testing.T) string { return place(t) + "&protocol=2" }).Run(t)
}

// The whole contract holds for a store that is named by a variable, which is read
// at the first use.
func TestRoomsFrom(t *testing.T) {
	const variable = "GORGON_TEST_ROOMS_URL"
	s := redis.RoomsFrom(variable)
	if _, err := s.Positions(t.Context(), nil); err == nil || !strings.Contains(err.Error(), variable+" is not set") {
		t.Errorf("without the variable Positions gave %v", err)
	}
	t.Setenv(variable, "http://user:secret@host")
	if _, err := s.Positions(t.Context(), nil); err == nil || !strings.Contains(err.Error(), variable) || strings.Contains(err.Error(), "secret") {
		t.Errorf("with another variable Positions gave %v", err)
	}
	location := place(t)
	t.Setenv(variable, location)
	if reasons, err := s.(interface {
		Loses(ctx context.Context) ([]string, error)
	}).Loses(t.Context()); err != nil || len(reasons) == 0 {
		t.Errorf("the reasons are %q, %v", reasons, err)
	}
	appends(t, s, rooms.Position{}, "a")
	list, err := openRooms(t, location, nil).Positions(t.Context(), []string{canvas})
	if err != nil || list[0].Seq != 1 {
		t.Errorf("%v, %v", list, err)
	}
	for range 2 {
		must(t, s.Close())
	}
	unused := redis.RoomsFrom(variable)
	must(t, unused.Close())
	for _, s := range []rooms.Log{s, unused} {
		if _, err := s.Positions(t.Context(), nil); !errors.Is(err, rooms.ErrClosed) {
			t.Errorf("after Close Positions gave %v", err)
		}
	}
	var laws atomic.Int64
	roomstest.Run(t, func(t *testing.T) func() rooms.Log {
		name := fmt.Sprint(variable, "_", laws.Add(1)) // all laws run in one process
		must(t, os.Setenv(name, place(t)))
		t.Cleanup(func() { _ = os.Unsetenv(name) })
		return func() rooms.Log { return redis.RoomsFrom(name) }
	})
}

// Times are those of the server: the store does not look at the process's clock.
func TestRoomsAskNoClock(t *testing.T) {
	files, err := filepath.Glob("rooms*.go")
	must(t, err)
	files = append(files, "caller.go")
	for _, file := range files {
		text, err := os.ReadFile(file)
		must(t, err)
		if !strings.HasSuffix(file, "_test.go") && bytes.Contains(text, []byte("time.Now(")) {
			t.Errorf("%s asks the clock of the process", file)
		}
	}
	if len(files) < 4 {
		t.Errorf("only %q are looked at", files)
	}
}

const canvas = "canvas/7"

func appends(t testing.TB, s rooms.Log, after rooms.Position, texts ...string) rooms.Position {
	t.Helper()
	at, err := s.Append(t.Context(), canvas, rooms.Append{After: after, Entries: entries(texts...)})
	must(t, err)
	return at
}

func entries(texts ...string) (list [][]byte) {
	for _, text := range texts {
		list = append(list, []byte(text))
	}
	return list
}

// The answer to an append is lost: that is not said to be a refusal, and the
// append is not made twice. A claim is made again, and has the room all the same.
func TestRoomsWhoseAnswersAreLost(t *testing.T) {
	t.Parallel()
	location := place(t)
	gate, err := testbed.NewGate(server.Addr)
	must(t, err)
	t.Cleanup(gate.Close)
	s, other := openRooms(t, strings.Replace(location, server.Addr, gate.Addr, 1), nil), openRooms(t, location, nil)
	at := appends(t, s, rooms.Position{}, "first") // the server has the script
	for i := range 3 {
		gate.Lose(":roomlog:"+canvas, 1)
		_, err := s.Append(t.Context(), canvas, rooms.Append{After: at, Entries: entries(fmt.Sprint(i))})
		if err == nil || errors.Is(err, rooms.ErrMoved) || gate.Lost() != i+1 {
			t.Fatalf("after %d lost answers an append gave %v", gate.Lost(), err)
		}
		list, err := other.Positions(t.Context(), []string{canvas})
		must(t, err)
		if at = at.Next(fmt.Append(nil, i)); list[0] != at {
			t.Fatalf("the room is at %v, want %v", list[0], at)
		}
	}
	one := rooms.Instance{ID: "one", Address: "a", Key: "k"}
	must(t, s.Beat(t.Context(), one, time.Hour))
	gate.Lose(":roomlog:"+canvas, 1)
	seat, err := s.Claim(t.Context(), canvas, rooms.Claim{Instance: "one", Build: "b"})
	if err != nil || !seat.Mine || gate.Lost() != 4 {
		t.Fatalf("after %d lost answers a claim gave %+v, %v", gate.Lost(), seat, err)
	}
	if seen, err := other.Claim(t.Context(), canvas, rooms.Claim{Build: "b"}); err != nil || seen.Token != seat.Token || seen.Owner != one {
		t.Errorf("the other sees %+v, %v, and the seat is %+v", seen, err, seat)
	}
	gate.Cut()
	soon(t, "append after a cut", func(ctx context.Context) error {
		_, err := s.Append(ctx, canvas, rooms.Append{Token: seat.Token, Build: "b", After: at, Entries: entries("last")})
		if errors.Is(err, rooms.ErrMoved) { // an attempt before has had its effect
			err = nil
		}
		return err
	})
}

// A server with appendfsync always is killed while several append: what was
// acknowledged is in the log, each entry once.
func TestRoomsOfAServerThatIsKilled(t *testing.T) {
	t.Parallel()
	server := own(t, "--appendonly", "yes", "--appendfsync", "always")
	const writers, kills = 3, 4
	var mu sync.Mutex
	acknowledged, tried := map[string]bool{}, map[string]bool{}
	ctx, stop := context.WithCancel(t.Context())
	var all sync.WaitGroup
	for w := range writers {
		s := openRooms(t, server.URL, nil)
		all.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				list, err := s.Positions(ctx, []string{canvas})
				if err != nil {
					continue
				}
				text := fmt.Sprint(w, " wrote ", n)
				mu.Lock()
				tried[text] = true
				mu.Unlock()
				if _, err := s.Append(ctx, canvas, rooms.Append{After: list[0], Entries: entries(text)}); err == nil {
					mu.Lock()
					acknowledged[text] = true
					mu.Unlock()
				}
			}
		})
	}
	count := func() int {
		mu.Lock()
		defer mu.Unlock()
		return len(acknowledged)
	}
	for range kills {
		from := count()
		soon(t, "append", func(context.Context) error {
			if count() < from+20 {
				return errors.New("too few are acknowledged")
			}
			return nil
		})
		server.Kill()
		must(t, server.Start())
	}
	stop()
	all.Wait()
	s := openRooms(t, server.URL, nil)
	var tail rooms.Tail
	soon(t, "read", func(ctx context.Context) (err error) {
		tail, err = s.Read(ctx, canvas, 0, 1<<20)
		return err
	})
	if at := (rooms.Position{}).After(tail.Entries); tail.At != at {
		t.Errorf("the room is at %v, and its entries lead to %v", tail.At, at)
	}
	times := map[string]int{}
	for _, entry := range tail.Entries {
		times[string(entry)]++
		if !tried[string(entry)] || times[string(entry)] > 1 {
			t.Errorf("%q is in the log %d times, and was appended: %t", entry, times[string(entry)], tried[string(entry)])
		}
	}
	for text := range acknowledged {
		if times[text] != 1 {
			t.Errorf("%q was acknowledged, and is in the log %d times", text, times[text])
		}
	}
	t.Logf("%d kills, %d tried, %d acknowledged, %d in the log", kills, len(tried), len(acknowledged), len(tail.Entries))
}

// A room that was restored from a backup is at another position, whose number may
// be the same.
func TestRoomsRestored(t *testing.T) {
	t.Parallel()
	location := place(t)
	s := openRooms(t, location, nil)
	at := appends(t, s, rooms.Position{}, "a", "b")
	restore := saved(t, location)
	lost := appends(t, s, at, "lost")
	restore()
	appends(t, s, at, "other")
	_, err := s.Append(t.Context(), canvas, rooms.Append{After: lost, Entries: entries("late")})
	save := s.Save(t.Context(), canvas, lost, []byte("lost"), 0)
	if !errors.Is(err, rooms.ErrMoved) || !errors.Is(save, rooms.ErrMoved) {
		t.Errorf("after a restore an append gave %v, and a snapshot %v", err, save)
	}
}

// A room of which the server has removed a part says so, and can be swept. One of
// which only the rest is left begins at nothing.
func TestRoomsEvicted(t *testing.T) {
	t.Parallel()
	for _, part := range []string{"roomlog", "roomstate", "room"} {
		t.Run(part, func(t *testing.T) {
			t.Parallel()
			location := place(t)
			s, do := openRooms(t, location, nil), direct(t, server.Addr)
			at := appends(t, s, rooms.Position{}, "a", "b", "c")
			must(t, s.Save(t.Context(), canvas, rooms.Position{}.After(entries("a", "b")), []byte("state"), 0))
			do("DEL", base(location)+part+":"+canvas)
			_, read := s.Read(t.Context(), canvas, 0, 10)
			_, add := s.Append(t.Context(), canvas, rooms.Append{After: at, Entries: entries("d")})
			save := s.Save(t.Context(), canvas, at, []byte("state"), 0)
			if part == "room" {
				if read != nil || !errors.Is(add, rooms.ErrMoved) || !errors.Is(save, rooms.ErrMoved) {
					t.Errorf("read gave %v, append %v, save %v", read, add, save)
				}
			} else {
				for name, err := range map[string]error{"read": read, "append": add, "save": save} {
					if err == nil || errors.Is(err, rooms.ErrMoved) || !strings.Contains(err.Error(), "noeviction") {
						t.Errorf("%s gave %v", name, err)
					}
				}
				if n, err := s.Sweep(t.Context(), "canvas/", 0); err != nil || n != 1 {
					t.Errorf("swept %d, %v", n, err)
				}
			}
			appends(t, s, rooms.Position{}, "new")
			tail, err := s.Read(t.Context(), canvas, 0, 10)
			if err != nil || tail.Snapshot != nil || len(tail.Entries) != 1 || string(tail.Entries[0]) != "new" {
				t.Errorf("then it has %+v, %v", tail, err)
			}
		})
	}
}

// A server that may lose rooms is reported once, with what to set.
func TestRoomsOnAServerThatLoses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		args []string
		want []string
	}{
		"safe":      {[]string{"--appendonly", "yes", "--appendfsync", "always"}, nil},
		"each":      {[]string{"--appendonly", "yes", "--appendfsync", "everysec"}, []string{"appendfsync always"}},
		"memory":    {nil, []string{"appendonly yes"}},
		"evicts":    {[]string{"--appendonly", "yes", "--appendfsync", "always", "--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru"}, []string{"noeviction"}},
		"is secret": {[]string{"--appendonly", "yes", "--rename-command", "CONFIG", `""`}, []string{"whether appendfsync"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := own(t, c.args...)
			var mu sync.Mutex
			var said bytes.Buffer
			s := openRooms(t, server.URL, slog.New(slog.NewTextHandler(&locked{&mu, &said}, nil)))
			reasons, err := s.Loses(t.Context())
			must(t, err)
			if len(reasons) != len(c.want) {
				t.Errorf("the reasons are %q", reasons)
			}
			for i := range min(len(reasons), len(c.want)) {
				if !strings.Contains(reasons[i], c.want[i]) {
					t.Errorf("reason %d is %q", i+1, reasons[i])
				}
			}
			for range 3 {
				must(t, s.Leave(t.Context(), "one"))
			}
			count := func() int {
				mu.Lock()
				defer mu.Unlock()
				return strings.Count(said.String(), "may lose")
			}
			if len(c.want) > 0 {
				soon(t, "the report", func(context.Context) error {
					if count() == 0 {
						return errors.New("it is not reported")
					}
					return nil
				})
			}
			must(t, s.Close()) // which waits for what is done in the background
			if n := count(); (n == 1) != (len(c.want) > 0) {
				t.Errorf("it is reported %d times: %s", n, said.String())
			}
		})
	}
}

// Where memory is full, nothing is appended, and all else works.
func TestRoomsWhereMemoryIsFull(t *testing.T) {
	t.Parallel()
	server := own(t, "--maxmemory", "0", "--maxmemory-policy", "noeviction")
	s, do := openRooms(t, server.URL, nil), direct(t, server.Addr)
	at := appends(t, s, rooms.Position{}, "a", "b")
	must(t, s.Beat(t.Context(), rooms.Instance{ID: "one"}, time.Hour))
	seat, err := s.Claim(t.Context(), canvas, rooms.Claim{Instance: "one"})
	must(t, err)
	do("CONFIG", "SET", "maxmemory", "1")
	_, err = s.Append(t.Context(), canvas, rooms.Append{After: at, Entries: entries("c")})
	if err == nil || errors.Is(err, rooms.ErrMoved) || !strings.Contains(err.Error(), "raise maxmemory") {
		t.Errorf("Append gave %v", err)
	}
	must(t, s.Beat(t.Context(), rooms.Instance{ID: "two"}, time.Hour))
	must(t, s.Release(t.Context(), canvas, seat.Token))
	if seat, err := s.Claim(t.Context(), canvas, rooms.Claim{Instance: "two"}); err != nil || !seat.Mine {
		t.Errorf("%+v, %v", seat, err)
	}
	must(t, s.Save(t.Context(), canvas, at, []byte("state"), 0))
	tail, err := s.Read(t.Context(), canvas, 0, 10)
	if err != nil || tail.At != at || string(tail.Snapshot) != "state" {
		t.Errorf("%+v, %v", tail, err)
	}
	must(t, s.Leave(t.Context(), "two"))
	if n, err := s.Sweep(t.Context(), "", 0); err != nil || n != 1 {
		t.Errorf("swept %d, %v", n, err)
	}
}
