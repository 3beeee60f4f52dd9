// What the tests of single laws share: an outbox in memory, and an instance.

package drain_test

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorgon-go/gorgon/coherence"
	"github.com/gorgon-go/gorgon/dataflow"
	"github.com/gorgon-go/gorgon/drain"
	"github.com/gorgon-go/gorgon/mem"
	"github.com/gorgon-go/gorgon/pages"
)

var errDown = errors.New("the server is down")

// A desk is an outbox over the model of a database that can fail, hang and
// count.
type desk struct {
	db        *model
	committed func(context.Context)

	mu      sync.Mutex
	steps   []string // what was done, in order
	looks   int
	removes int
	down    error
	hangs   bool // until its context ends
	refuses error
}

func (d *desk) OnCommit(f func(context.Context)) { d.committed = f }

func (d *desk) Look(ctx context.Context) ([]dataflow.Change, error) {
	d.mu.Lock()
	d.looks++
	hangs, down := d.hangs, d.down
	d.mu.Unlock()
	if hangs {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	time.Sleep(time.Millisecond)
	if down != nil {
		return nil, down
	}
	d.did("look")
	return d.db.look(), nil
}

func (d *desk) Remove(_ context.Context, changes []dataflow.Change) error {
	d.mu.Lock()
	d.removes++
	refuses := d.refuses
	d.mu.Unlock()
	if refuses != nil {
		return refuses
	}
	d.did("remove")
	d.db.remove(changes)
	return nil
}

func (d *desk) did(step string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.steps = append(d.steps, step)
}

// set changes how the desk fails.
func (d *desk) set(change func(*desk)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	change(d)
}

func (d *desk) lookCount() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.looks
}

// A shelf is a store that can fail to record purges, and counts them.
type shelf struct {
	full
	desk *desk

	mu    sync.Mutex
	down  error
	hangs bool
	bumps int
	late  time.Duration // until instances know a purge
}

func (s *shelf) Bump(ctx context.Context, v pages.Verb, subjects ...string) (uint64, error) {
	s.mu.Lock()
	s.bumps++
	down, hangs := s.down, s.hangs
	s.mu.Unlock()
	if hangs {
		<-ctx.Done()
		return 0, ctx.Err()
	}
	if down != nil {
		return 0, down
	}
	if s.desk != nil {
		s.desk.did("purge")
	}
	return s.full.Bump(ctx, v, subjects...)
}

func (s *shelf) Lagging(ctx context.Context, sequence uint64) (int, error) {
	s.mu.Lock()
	late := s.late
	s.mu.Unlock()
	time.Sleep(late)
	if s.desk != nil {
		s.desk.did("known")
	}
	return s.full.Lagging(ctx, sequence)
}

func (s *shelf) set(change func(*shelf)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(s)
}

func (s *shelf) bumpCount() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.bumps
}

// A bench is a drainer with all that it works with.
type bench struct {
	*testing.T
	db    *model
	desk  *desk
	shelf *shelf
	in    *coherence.Instance
	*drain.Drainer
	clock time.Duration // ahead of time.Now
	mu    sync.Mutex
}

func (b *bench) now() time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	return time.Now().Add(b.clock)
}

// onBench runs a test in virtual time.
func onBench(t *testing.T, test func(*bench)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(24 * time.Hour)
		under := mem.Open(mem.Options{})
		defer under.Close()
		db := newModel("a", "b")
		b := newBench(t, db, under)
		defer b.in.Close()
		test(b)
	})
}

// newBench is another instance with the same database and store.
func newBench(t *testing.T, db *model, under full) *bench {
	b := &bench{T: t, db: db, desk: &desk{db: db}}
	b.shelf = &shelf{full: under, desk: b.desk}
	quiet := slog.New(slog.DiscardHandler)
	b.in = coherence.Open(t.Context(), coherence.Config{Store: acknowledged{b.shelf, b.shelf}, Log: quiet, Now: b.now})
	b.Drainer = drain.New(drain.Config{Outbox: b.desk, Instance: b.in, Log: quiet, Now: b.now})
	b.in.Follow(b.Drainer)
	return b
}

// writes is a transaction that has written, and not committed.
func (b *bench) writes(keys ...string) *tx {
	t := b.db.begin()
	t.write(true, keys...)
	return t
}

// commits writes and commits, as a request of this process.
func (b *bench) commits(keys ...string) *dataflow.Commits {
	b.writes(keys...).commit()
	c := new(dataflow.Commits)
	b.desk.committed(dataflow.WithCommits(b.Context(), c))
	return c
}

// copyOf is a copy that depends on a row, as it is made now.
func (b *bench) copyOf(key string) *coherence.Copy {
	return &coherence.Copy{Of: rowOf(key), Epoch: b.in.Now().Epoch, MadeAt: b.now(), Fed: true}
}

type rowOf string

func (r rowOf) Subjects() []string {
	return []string{pages.TagSubject(dataflow.RowTag(rowsTag, string(r)))}
}

// left is how many changes the outbox has.
func (b *bench) left() int { return len(b.db.look()) }

func (b *bench) want(what string, got, want any) {
	b.Helper()
	if got != want {
		b.Errorf("%s: %v, want %v", what, got, want)
	}
}
