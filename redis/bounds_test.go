//go:build unix

// What is bounded, and how the store keeps the bounds.

package redis_test

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/redis"
)

// base returns the beginning of a location's keys.
func base(location string) string {
	_, prefix, _ := strings.Cut(location, "prefix=")
	return "{" + prefix + "}:v1:"
}

// A subject whose purge was forgotten counts as purged when the latest
// forgotten one was; one that is remembered keeps its own mark.
func TestForgottenPurges(t *testing.T) {
	t.Parallel()
	ctx, location := t.Context(), place(t)
	s, run := open(t, location, redis.Options{Subjects: 10, Changes: 6}), direct(t, server.Addr)
	const n = 2000
	for i := range n {
		verb := pages.Stale
		if i%2 == 1 {
			verb = pages.Expire
		}
		if _, err := s.Bump(ctx, verb, pages.TagSubject(strconv.Itoa(i))); err != nil {
			t.Fatal(err)
		}
	}
	e, err := s.Epochs(ctx, "tag:0", "tag:1999", "tag:never", "tag:1998")
	must(t, err)
	if e.Sequence != n || e.Marks[1].Expired != n || e.Marks[3].Sequence != n-1 || e.Marks[3].Expired >= n-1 {
		t.Errorf("the last purges are lost: %+v", e)
	}
	for _, i := range []int{0, 2} {
		if m := e.Marks[i]; m.Sequence < n-10 || m.Sequence >= n || m.Expired < m.Sequence-1 || m.At.IsZero() || m.ExpiredAt.IsZero() {
			t.Errorf("mark %d is not the floor: %+v", i, m)
		}
	}
	// A forgotten subject that is purged again begins at the floor.
	floor := e.Marks[0]
	if _, err := s.Bump(ctx, pages.Stale, "tag:0"); err != nil {
		t.Fatal(err)
	}
	e, err = s.Epochs(ctx, "tag:0")
	must(t, err)
	if m := e.Marks[0]; m.Sequence != n+1 || m.Expired < floor.Expired {
		t.Errorf("after another purge it is %+v", m)
	}
	changes, dropped, err := s.Changes(ctx, 5)
	must(t, err)
	for i, c := range changes {
		if c.Sequence != dropped+uint64(i)+1 {
			t.Errorf("change %d after %d is %d", i, dropped, c.Sequence)
		}
	}
	if len(changes) > 6 || len(changes) < 2 {
		t.Errorf("%d changes are listed", len(changes))
	}
	// More at once than are remembered.
	many := make([]string, 100)
	for i := range many {
		many[i] = fmt.Sprint("tag:many ", i)
	}
	last := bump(t, s, many...)
	e, err = s.Epochs(ctx, many...)
	must(t, err)
	for i, m := range e.Marks {
		if m.Sequence != last || m.Expired != last {
			t.Errorf("subject %d of one purge is %+v", i, m)
		}
	}
	if list, dropped, err := s.Changes(ctx, last-1); err != nil || dropped < last && len(list) != len(many) {
		t.Errorf("a part of a purge is listed: %d, up to %d forgotten, %v", len(list), dropped, err)
	}
	for name, most := range map[string]int64{"marks": 5, "marks:old": 10} {
		if got, _ := run("HLEN", base(location)+name).AsInt64(); got > most {
			t.Errorf("%s has %d fields", name, got)
		}
	}
	if got, _ := run("ZCARD", base(location)+"changes").AsInt64(); got > 6 {
		t.Errorf("changes has %d members", got)
	}
}

// Leases, acknowledgements and unused pages do not stay forever, and purges do.
func TestExpiry(t *testing.T) {
	t.Parallel()
	location := place(t)
	s, run := open(t, location, redis.Options{Keep: time.Hour}), direct(t, server.Addr)
	put(t, s, "/a", "one")
	bump(t, s, "tag:a")
	_, err := s.Lease(t.Context(), key("/a"), claim(), time.Second)
	must(t, err)
	for i := range 100 {
		_, err := s.Acknowledge(t.Context(), fmt.Sprint(i), 0, time.Millisecond)
		must(t, err)
	}
	time.Sleep(10 * time.Millisecond)
	_, err = s.Acknowledge(t.Context(), "last", 0, time.Minute)
	must(t, err)
	if n, _ := run("HLEN", base(location)+"heard").AsInt64(); n != 1 {
		t.Errorf("%d instances are known", n)
	}
	for name, most := range map[string]time.Duration{
		"lease:" + key("/a").ID(): 61 * time.Second, "page:" + key("/a").ID(): time.Hour,
		"state": 0, "marks": 0, "changes": 0, "ids": 0, "used": 0, "heard": 0,
	} {
		left, _ := run("PTTL", base(location)+name).AsInt64()
		if most == 0 && left != -1 || most > 0 && (left <= 0 || left > most.Milliseconds()) {
			t.Errorf("%s has %d ms left", name, left)
		}
	}
}

// A record that was read is not among the least recently used, though reading
// writes nothing.
func TestUsedByGet(t *testing.T) {
	t.Parallel()
	location := place(t)
	s, run := open(t, location, redis.Options{}), direct(t, server.Addr)
	for i := range 4 {
		put(t, s, strconv.Itoa(i), "x")
		id := key(strconv.Itoa(i)).ID()
		long := strconv.FormatInt(time.Now().Add(time.Duration(i-100)*time.Hour).UnixMicro(), 10)
		run("HSET", base(location)+"page:"+id, "used", long)
		run("ZADD", base(location)+"used", long, id)
	}
	for _, path := range []string{"0", "0", "2"} {
		if _, err := s.Get(t.Context(), key(path)); err != nil {
			t.Fatal(err)
		}
	}
	swept, err := s.Sweep(t.Context(), pages.Bounds{PerRoute: 2})
	if err != nil || swept.Removed != 2 || swept.Kept != 2 {
		t.Errorf("sweep gave %+v, %v", swept, err)
	}
	for path, kept := range map[string]bool{"0": true, "1": false, "2": true, "3": false} {
		if _, err := s.Get(t.Context(), key(path)); (err == nil) != kept {
			t.Errorf("get %s gave %v", path, err)
		}
	}
	for k, info := range list(t, s) {
		if time.Since(info.Used) > time.Minute {
			t.Errorf("%s was used at %v", k, info.Used)
		}
	}
}

// Indexes that lost members, or that list an evicted record, are repaired.
func TestIndexesHeal(t *testing.T) {
	t.Parallel()
	location := place(t)
	s, run := open(t, location, redis.Options{}), direct(t, server.Addr)
	for i := range 20 {
		put(t, s, strconv.Itoa(i), "x")
	}
	for i := range 5 {
		run("DEL", base(location)+"page:"+key(strconv.Itoa(i)).ID())
	}
	run("HDEL", base(location)+"page:"+key("5").ID(), "route")
	if n := len(list(t, s)); n != 15 { // one has no route
		t.Errorf("%d records are listed", n)
	}
	for _, lost := range []string{"", "ids", "used"} {
		if lost != "" {
			run("DEL", base(location)+lost)
		}
		swept, err := s.Sweep(t.Context(), pages.Bounds{PerRoute: 100})
		if err != nil || swept.Kept != 14 || swept.Removed != 0 {
			t.Errorf("sweep gave %+v, %v", swept, err)
		}
		for _, name := range []string{"ids", "used"} {
			if n, _ := run("ZCARD", base(location)+name).AsInt64(); n != 14 {
				t.Errorf("after %q was lost %s has %d members", lost, name, n)
			}
		}
		if n := len(list(t, s)); n != 14 {
			t.Errorf("%d records are listed", n)
		}
	}
}

// A sweep of several steps ends within both bounds, and not before.
func TestLargeSweep(t *testing.T) {
	t.Parallel()
	s := open(t, place(t), redis.Options{})
	const n = 1300
	for i := range n {
		k := pages.Key{Route: fmt.Sprint("/route ", i%3), Path: strconv.Itoa(i)}
		must(t, s.Put(t.Context(), pages.Record{Key: k, Data: make([]byte, 100)}, pages.Unfenced))
	}
	if got := len(list(t, s)); got != n {
		t.Fatalf("%d records are listed", got)
	}
	swept, err := s.Sweep(t.Context(), pages.Bounds{PerRoute: 400})
	if err != nil || swept.Removed != 100 || swept.Kept != 1200 {
		t.Errorf("sweep gave %+v, %v", swept, err)
	}
	half := swept.Bytes / 2
	swept, err = s.Sweep(t.Context(), pages.Bounds{Bytes: half, PerRoute: 400})
	if err != nil || swept.Bytes > half || swept.Kept < 598 || swept.Kept != len(list(t, s)) {
		t.Errorf("sweep gave %+v, %v", swept, err)
	}
	if _, err := s.Get(t.Context(), pages.Key{Route: "/route 0", Path: "1299"}); err != nil {
		t.Errorf("the latest gave %v", err)
	}
}

// A sweeper that was killed excludes others for a while, but not forever.
func TestDeadSweeper(t *testing.T) {
	t.Parallel()
	location := place(t)
	s, run := open(t, location, redis.Options{}), direct(t, server.Addr)
	until := time.Now().Add(500 * time.Millisecond).UnixMicro()
	run("SET", base(location)+"sweep", fmt.Sprint("1 ", until))
	if _, err := s.Sweep(t.Context(), pages.Bounds{}); !errors.Is(err, pages.ErrHeld) {
		t.Errorf("sweep gave %v", err)
	}
	time.Sleep(time.Until(time.UnixMicro(until)) + 20*time.Millisecond)
	if _, err := s.Sweep(t.Context(), pages.Bounds{}); err != nil {
		t.Errorf("sweep gave %v", err)
	}
}
