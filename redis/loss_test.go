//go:build unix

// What the server loses: keys, the latest purges, everything.

package redis_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/redis"
)

// before is a store before something was lost.
type before struct {
	s        *redis.Store
	location string
	run      func(args ...string) rueidis.RedisResult
	base     string // the prefix of the keys
	purged   uint64 // the sequence of "tag:a", which was purged last but one
	sequence uint64
	token    uint64
}

func newBefore(t *testing.T) before {
	t.Helper()
	b := before{location: place(t), run: direct(t, server.Addr)}
	b.base = base(b.location)
	b.s = open(t, b.location, redis.Options{Subjects: 20}) // so that there is an older half
	put(t, b.s, "/a", "old")
	for i := range 12 {
		bump(t, b.s, fmt.Sprint("tag:", i))
	}
	b.purged = bump(t, b.s, "tag:a")
	b.sequence = bump(t, b.s, "tag:b")
	l, err := b.s.Lease(t.Context(), key("/leased"), claim(), time.Minute)
	must(t, err)
	b.token = l.Token
	_, err = b.s.Acknowledge(t.Context(), "one", b.sequence-1, time.Minute)
	must(t, err)
	return b
}

// check checks that a store that lost something errs on the safe side.
func (b before) check(t *testing.T, s *redis.Store, everything bool) {
	t.Helper()
	ctx := t.Context()
	e, err := s.Epochs(ctx, "tag:a", "tag:b", "tag:0")
	must(t, err)
	if e.Sequence < b.sequence || e.Marks[0].Expired < b.purged || e.Marks[1].Expired < b.sequence || e.Marks[2].Sequence < 1 {
		t.Errorf("after %d the epochs are %+v", b.sequence, e)
	}
	for since := range b.sequence {
		list, floor, err := s.Changes(ctx, since)
		must(t, err)
		if floor < b.sequence && (len(list) == 0 || list[len(list)-1].Sequence != b.sequence || uint64(len(list)) != b.sequence-max(since, floor)) {
			t.Errorf("the changes since %d are %+v, up to %d forgotten", since, list, floor)
		}
	}
	if n, err := s.Lagging(ctx, b.sequence); err != nil || n == 0 {
		t.Errorf("%d instances lag, %v", n, err)
	}
	if l, err := s.Lease(ctx, key("/leased"), claim(), time.Minute); err == nil && l.Token <= b.token || err != nil && !errors.Is(err, pages.ErrHeld) {
		t.Errorf("after the token %d came %+v, %v", b.token, l, err)
	}
	if l, err := s.Lease(ctx, key("/other"), claim(), time.Minute); err != nil || l.Token <= b.token {
		t.Errorf("after the token %d came %+v, %v", b.token, l, err)
	}
	if r, err := s.Get(ctx, key("/a")); everything && !errors.Is(err, pages.ErrNotFound) || err == nil && string(r.Data) != "old" {
		t.Errorf("the old record is %q, %v", r.Data, err)
	}
	n := bump(t, s, "tag:c")
	if n <= b.sequence || n <= e.Sequence {
		t.Errorf("after %d came %d", e.Sequence, n)
	}
	if again := bump(t, s, "tag:c"); again != n+1 {
		t.Errorf("after %d came %d", n, again)
	}
	fresh := pages.Fence{Epoch: n + 1}
	must(t, s.Put(ctx, pages.Record{Key: key("/a"), Data: []byte("new")}, fresh))
	if r, err := s.Get(ctx, key("/a")); err != nil || string(r.Data) != "new" {
		t.Errorf("the new record is %q, %v", r.Data, err)
	}
	if list := list(t, s); len(list) == 0 {
		t.Error("nothing is listed")
	}
	if _, err := s.Sweep(ctx, pages.Bounds{Bytes: 1 << 20}); err != nil {
		t.Error(err)
	}
	if list := list(t, s); len(list) == 0 {
		t.Error("nothing is listed after a sweep")
	}
}

func TestKeysLost(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"state", "marks", "marks:old", "changes", "heard", "ids", "used", "lease:" + key("/leased").ID(), "page:" + key("/a").ID()} {
		for _, who := range []string{"an instance that knew the store", "one that did not"} {
			t.Run(name+" for "+who, func(t *testing.T) {
				t.Parallel()
				b := newBefore(t)
				if n, _ := b.run("DEL", b.base+name).AsInt64(); n != 1 {
					t.Fatalf("there was no %s", name)
				}
				s := b.s
				if who == "one that did not" {
					s = open(t, b.location, redis.Options{})
				}
				b.check(t, s, name == "state" || strings.HasPrefix(name, "page"))
			})
		}
	}
}

// An instance that knew the store is not deceived by an empty one, nor by one
// that started again meanwhile.
func TestEverythingLost(t *testing.T) {
	t.Parallel()
	for name, meanwhile := range map[string]int{"and nothing since": 0, "and little since": 2, "and as much since": 14, "and more since": 20} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBefore(t)
			for _, name := range []string{"state", "marks", "marks:old", "changes", "heard", "ids", "used"} {
				b.run("DEL", b.base+name)
			}
			fresh := open(t, b.location, redis.Options{})
			for i := range meanwhile {
				if n := bump(t, fresh, "tag:z"); n != uint64(i+1) {
					t.Errorf("a new store's purge %d is %d", i+1, n)
				}
			}
			b.check(t, b.s, true)
			// The other one now counts everything as purged too.
			if e, err := fresh.Epochs(t.Context(), "tag:a"); err != nil || e.Marks[0].Expired <= b.sequence {
				t.Errorf("the epochs are %+v, %v", e, err)
			}
		})
	}
}

// A replica took over that had not received the latest purges.
func TestLatestLost(t *testing.T) {
	t.Parallel()
	b := newBefore(t)
	dumps := make(map[string]string)
	for _, name := range []string{"state", "marks", "marks:old", "changes", "heard"} {
		dumps[name], _ = b.run("DUMP", b.base+name).ToString()
	}
	b.purged = bump(t, b.s, "tag:a")
	b.sequence = bump(t, b.s, "tag:b")
	for name, dump := range dumps {
		b.run("RESTORE", b.base+name, "0", dump, "REPLACE")
	}
	b.check(t, b.s, false)
}

func TestServerRestartsEmpty(t *testing.T) {
	t.Parallel()
	empty := own(t)
	first, second := open(t, empty.URL, redis.Options{}), open(t, empty.URL, redis.Options{})
	put(t, first, "/a", "old")
	var last uint64
	for range 5 {
		last = bump(t, first, "tag:a")
	}
	if _, err := second.Epochs(t.Context()); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		empty.Kill()
		must(t, empty.Start())
		before := last
		for _, s := range []*redis.Store{first, second} {
			var e pages.Epochs
			soon(t, "epochs", func(ctx context.Context) (err error) { e, err = s.Epochs(ctx, "tag:a"); return err })
			if e.Sequence < last || e.Marks[0].Expired < last {
				t.Errorf("after %d the epochs are %+v", last, e)
			}
			if _, floor, err := s.Changes(t.Context(), before); err != nil || floor <= before {
				t.Errorf("after %d those up to %d are forgotten, %v", before, floor, err)
			}
			n := bump(t, s, "tag:a")
			if n <= last {
				t.Errorf("after %d came %d", last, n)
			}
			last = n
			if _, err := s.Get(t.Context(), key("/a")); !errors.Is(err, pages.ErrNotFound) {
				t.Errorf("get gave %v", err)
			}
		}
	}
}

// Under load a server evicts anything at any time. A caller that reads a page
// and asks what was purged still sees each purge that had returned.
func TestEvicting(t *testing.T) {
	t.Parallel()
	const tags = 8
	small := own(t, "--maxmemory", "4mb", "--maxmemory-policy", "allkeys-lru")
	run := direct(t, small.Addr)
	var purged [tags]atomic.Uint64
	var highest atomic.Uint64
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second)
	defer cancel()
	var work sync.WaitGroup
	tag := func(i int) string { return fmt.Sprint("tag:", i%tags) }
	for w := range 3 {
		s := open(t, small.URL, redis.Options{Subjects: 20, Changes: 20})
		work.Go(func() {
			for i := w; ctx.Err() == nil; i++ { // purge
				known := highest.Load()
				n, err := s.Bump(ctx, pages.Expire, tag(i))
				if err == nil && n <= known {
					t.Errorf("after %d came %d", known, n)
				}
				if err == nil {
					raise(&highest, n)
					raise(&purged[i%tags], n)
				}
				time.Sleep(5 * time.Millisecond)
			}
		})
		work.Go(func() {
			for i := w * 1000; ctx.Err() == nil; i++ { // make
				e, err := s.Epochs(ctx)
				if err == nil {
					data := fmt.Sprintf("%d %s", e.Sequence, strings.Repeat("x", 20<<10))
					_ = s.Put(ctx, pages.Record{Key: key(strconv.Itoa(i % 400)), Data: []byte(data)}, pages.Fence{Epoch: e.Sequence})
				}
			}
		})
		work.Go(func() {
			for i := 0; ctx.Err() == nil; i++ { // serve
				last := purged[i%tags].Load()
				r, err := s.Get(ctx, key(strconv.Itoa(i%400)))
				if err != nil {
					continue
				}
				var epoch uint64
				if _, err := fmt.Sscan(string(r.Data[:30]), &epoch); err != nil {
					t.Error(err)
				}
				if e, err := s.Epochs(ctx, tag(i)); err == nil && last > epoch && e.Marks[0].Expired <= epoch {
					t.Errorf("a page of %d is good, and was purged at %d: %+v", epoch, last, e)
				}
			}
		})
	}
	work.Wait()
	info, _ := run("INFO", "stats").ToString()
	_, evicted, _ := strings.Cut(info, "evicted_keys:")
	if evicted, _, _ = strings.Cut(evicted, "\r"); evicted == "0" {
		t.Error("nothing was evicted")
	}
	t.Logf("%s keys were evicted, the last purge was %d", evicted, highest.Load())
}

func raise(n *atomic.Uint64, to uint64) {
	for was := n.Load(); was < to && !n.CompareAndSwap(was, to); was = n.Load() {
	}
}

func TestScriptsFlushed(t *testing.T) {
	t.Parallel()
	flushed := own(t)
	s, run := open(t, flushed.URL, redis.Options{}), direct(t, flushed.Addr)
	for i := range 20 {
		run("SCRIPT", "FLUSH")
		for name, err := range calls(t.Context(), s) {
			if err != nil {
				t.Errorf("%s gave %v", name, err)
			}
		}
		run("SCRIPT", "FLUSH")
		if n := bump(t, s, "tag:a"); n != uint64(2*i+2) { // calls makes one too
			t.Errorf("purge %d is %d", 2*i+2, n)
		}
	}
}

func TestDamagedRecords(t *testing.T) {
	t.Parallel()
	location := place(t)
	s, run := open(t, location, redis.Options{}), direct(t, server.Addr)
	a, b := base(location)+"page:"+key("/a").ID(), base(location)+"page:"+key("/b").ID()
	for name, damage := range map[string][]string{
		"truncated":        {"HSET", a, "data", strings.Repeat("x", 5)},
		"emptied":          {"HSET", a, "data", ""},
		"altered":          {"HSET", a, "data", "y" + strings.Repeat("x", 999)},
		"without its data": {"HDEL", a, "data"},
		"without its sum":  {"HDEL", a, "sum"},
		"another's":        {"RENAME", b, a},
		"without anything": {"HDEL", a, "store", "data", "sum", "size"},
	} {
		put(t, s, "/a", strings.Repeat("x", 1000))
		put(t, s, "/b", strings.Repeat("z", 1000))
		run(damage...)
		r, err := s.Get(t.Context(), key("/a"))
		if !errors.Is(err, pages.ErrCorrupt) && !(name == "without anything" && errors.Is(err, pages.ErrNotFound)) {
			t.Errorf("%s: get gave %d bytes, %v", name, len(r.Data), err)
		}
	}
}
