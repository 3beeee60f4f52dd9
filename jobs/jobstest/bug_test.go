// A store whose methods can be replaced by faulty ones.

package jobstest

import (
	"context"
	"sync"
	"time"

	"github.com/gorgon-go/gorgon/jobs"
	"github.com/gorgon-go/gorgon/mem"
)

type sound = mem.Jobs

// bug is a sound store except for the methods that are set.
type bug struct {
	*sound
	add     func(b *bug, ctx context.Context, list []jobs.New) ([]jobs.Added, error)
	onAdd   func(b *bug, f func())
	declare func(b *bug, ctx context.Context, list []jobs.Series) error
	next    func(b *bug, ctx context.Context, kinds []string) (time.Time, []jobs.Next, error)
	take    func(b *bug, ctx context.Context, ask jobs.Ask) ([]jobs.Taken, error)
	renew   func(b *bug, ctx context.Context, lease time.Duration, list []jobs.Beat) (lost, cancelled []jobs.Ref, err error)
	finish  func(b *bug, ctx context.Context, list []jobs.Outcome) ([]jobs.Ref, error)
	list    func(b *bug, ctx context.Context, f jobs.Filter) ([]jobs.Info, error)
	cancel  func(b *bug, ctx context.Context, w jobs.Which) (int, error)
	remove  func(b *bug, ctx context.Context, id int64) error
	runNow  func(b *bug, ctx context.Context, id int64) error
	begin   func(b *bug) (jobs.Adder, func(bool) error)

	mu     sync.Mutex
	latest map[int64]jobs.Taken // what was taken last of each job
	marked map[int64]bool
}

func (b *bug) Add(ctx context.Context, list ...jobs.New) ([]jobs.Added, error) {
	if b.add != nil {
		return b.add(b, ctx, list)
	}
	return b.sound.Add(ctx, list...)
}

func (b *bug) OnAdd(f func()) {
	if b.onAdd != nil {
		b.onAdd(b, f)
		return
	}
	b.sound.OnAdd(f)
}

func (b *bug) Declare(ctx context.Context, list ...jobs.Series) error {
	if b.declare != nil {
		return b.declare(b, ctx, list)
	}
	return b.sound.Declare(ctx, list...)
}

func (b *bug) Next(ctx context.Context, kinds []string) (time.Time, []jobs.Next, error) {
	if b.next != nil {
		return b.next(b, ctx, kinds)
	}
	return b.sound.Next(ctx, kinds)
}

func (b *bug) Take(ctx context.Context, ask jobs.Ask) (taken []jobs.Taken, err error) {
	if b.take != nil {
		taken, err = b.take(b, ctx, ask)
	} else {
		taken, err = b.sound.Take(ctx, ask)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, t := range taken {
		b.latest[t.ID] = t
	}
	return taken, err
}

func (b *bug) Renew(ctx context.Context, lease time.Duration, list ...jobs.Beat) (lost, cancelled []jobs.Ref, err error) {
	if b.renew != nil {
		return b.renew(b, ctx, lease, list)
	}
	return b.sound.Renew(ctx, lease, list...)
}

func (b *bug) Finish(ctx context.Context, list ...jobs.Outcome) ([]jobs.Ref, error) {
	if b.finish != nil {
		return b.finish(b, ctx, list)
	}
	return b.sound.Finish(ctx, list...)
}

func (b *bug) List(ctx context.Context, f jobs.Filter) ([]jobs.Info, error) {
	if b.list != nil {
		return b.list(b, ctx, f)
	}
	return b.sound.List(ctx, f)
}

func (b *bug) Cancel(ctx context.Context, w jobs.Which) (int, error) {
	if b.cancel != nil {
		return b.cancel(b, ctx, w)
	}
	return b.sound.Cancel(ctx, w)
}

func (b *bug) Remove(ctx context.Context, id int64) error {
	if b.remove != nil {
		return b.remove(b, ctx, id)
	}
	return b.sound.Remove(ctx, id)
}

func (b *bug) RunNow(ctx context.Context, id int64) error {
	if b.runNow != nil {
		return b.runNow(b, ctx, id)
	}
	return b.sound.RunNow(ctx, id)
}

// of is what was taken last of a job.
func (b *bug) of(id int64) jobs.Taken {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.latest[id]
}

// mark remembers a job; marks says whether that was done.
func (b *bug) mark(id int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.marked[id] = true
}

func (b *bug) marks(id int64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.marked[id]
}

// changed is add with each job changed.
func changed(change func(*jobs.New)) func(*bug, context.Context, []jobs.New) ([]jobs.Added, error) {
	return func(b *bug, ctx context.Context, list []jobs.New) ([]jobs.Added, error) {
		list = append([]jobs.New{}, list...)
		for i := range list {
			change(&list[i])
		}
		return b.sound.Add(ctx, list...)
	}
}

// ending is finish with each outcome changed.
func ending(change func(b *bug, o *jobs.Outcome)) func(*bug, context.Context, []jobs.Outcome) ([]jobs.Ref, error) {
	return func(b *bug, ctx context.Context, list []jobs.Outcome) ([]jobs.Ref, error) {
		list = append([]jobs.Outcome{}, list...)
		for i := range list {
			change(b, &list[i])
		}
		return b.sound.Finish(ctx, list...)
	}
}

// asking is take with the question changed.
func asking(change func(*jobs.Ask)) func(*bug, context.Context, jobs.Ask) ([]jobs.Taken, error) {
	return func(b *bug, ctx context.Context, ask jobs.Ask) ([]jobs.Taken, error) {
		ask.Wants = append([]jobs.Want{}, ask.Wants...)
		change(&ask)
		return b.sound.Take(ctx, ask)
	}
}

// taking is take with what was taken changed.
func taking(change func(*jobs.Taken)) func(*bug, context.Context, jobs.Ask) ([]jobs.Taken, error) {
	return func(b *bug, ctx context.Context, ask jobs.Ask) ([]jobs.Taken, error) {
		taken, err := b.sound.Take(ctx, ask)
		for i := range taken {
			change(&taken[i])
		}
		return taken, err
	}
}

// A buffer is a transaction: what is added is stored when it commits.
type buffer struct {
	to   jobs.Adder
	list []jobs.New
}

func (t *buffer) Add(_ context.Context, list ...jobs.New) ([]jobs.Added, error) {
	t.list = append(t.list, list...)
	return make([]jobs.Added, len(list)), nil
}

func (t *buffer) end(commit bool) error {
	if !commit {
		return nil
	}
	_, err := t.to.Add(context.Background(), t.list...)
	return err
}
