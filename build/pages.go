// Making the pages and writing them in order.

package build

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/failure"
	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/render"
	"github.com/gorgon-go/gorgon/seed"
)

// A job is one page to make.
type job struct {
	task  render.Task
	user  string // of a fragment: the first page that used it
	check bool   // whether its state survives being stored
	done  chan struct{}

	entry   *pages.Entry
	data    *[]byte // from the builder's buffers
	warning string
	took    time.Duration
	err     error
}

var errHopeless = errors.New("every page fails for one cause")

// makeAll makes all pages, then the fragments that they use, then the fragments
// that these use.
func (b *builder) makeAll(ctx context.Context, w *seed.Writer) error {
	for len(b.jobs) > 0 {
		b.total += len(b.jobs)
		switch err := b.make(ctx, w); {
		case errors.Is(err, errHopeless):
			b.failures.Untried = b.total - b.written
			return nil
		case err != nil:
			return err
		}
		b.jobs, b.fragments = b.fragments, nil
	}
	return nil
}

// make renders the listed pages and writes them in that order, so that the seed
// does not depend on which was ready first.
func (b *builder) make(ctx context.Context, w *seed.Writer) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	const ahead = 32 // how many pages may wait until a slow one before them is written
	todo, order := make(chan *job), make(chan *job, ahead)
	var workers sync.WaitGroup
	defer workers.Wait()
	for range b.Jobs {
		workers.Go(func() {
			for j := range todo {
				b.run(ctx, j)
				close(j.done)
			}
		})
	}
	workers.Go(func() {
		defer close(order)
		defer close(todo)
		for _, j := range b.jobs {
			j.done = make(chan struct{})
			select {
			case order <- j:
			case <-ctx.Done():
				return
			}
			select {
			case todo <- j:
			case <-ctx.Done():
				return
			}
		}
	})
	for j := range order {
		select {
		case <-j.done:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		if err := b.write(w, j); err != nil {
			cancel()
			return err
		}
		b.written++
		if j.err != nil && b.hopeless() && b.written < b.total {
			cancel()
			return errHopeless
		}
		if b.Tell != nil {
			b.Tell(b.written, b.total)
		}
	}
	return ctx.Err()
}

// run makes one page.
func (b *builder) run(ctx context.Context, j *job) {
	start := time.Now()
	defer func() { j.took = time.Since(start) }()
	if j.entry, j.err = b.renderer.Make(ctx, j.task); j.err != nil {
		j.err = explain(j.err, j.task.Page, time.Since(start))
		return
	}
	if j.check {
		again, err := b.renderer.Again(ctx, j.task.Page, j.entry)
		switch {
		case err != nil:
			j.warning = cause(err).Error()
		case string(again.HTML) != string(j.entry.HTML):
			j.warning = "rendered from its stored state (JSON) it looks different: export every field that the view reads, and let views read only the state"
		}
	}
	j.data = b.buffers.Get().(*[]byte)
	*j.data, j.err = seed.Pack((*j.data)[:0], j.entry, b.Effort)
}

// explain says how to fix a page that could not be made.
func explain(err error, page *gorgon.Definition, took time.Duration) error {
	kind := failure.Kind(err)
	late := errors.Is(err, context.DeadlineExceeded) && took >= page.Timeout
	err = cause(err)
	switch {
	case kind == gorgon.KindNotFound || kind == gorgon.KindGone:
		return fmt.Errorf("%w: it is listed, but its Load says that it does not exist: correct one of them", err)
	case late:
		return fmt.Errorf("%w: it took longer than %s: make it faster, or give it more time with --timeout or Page.Timeout", err, page.Timeout)
	}
	return err
}

// cause removes the page's name from an error, for callers that name it
// themselves.
func cause(err error) error {
	if e, ok := err.(*gorgon.Error); ok && (e.Op == "make" || e.Op == "render") && e.Err != nil {
		return e.Err
	}
	return err
}

// failed returns the failure of a job.
func (j *job) failed() Failure {
	f := Failure{Page: j.task.Key().String(), Route: j.task.Page.Path, User: j.user, Err: j.err}
	if name := j.task.Page.Fragment; name != "" {
		f.Route = "fragment " + name
	}
	return f
}

// called returns the name of a page or fragment.
func called(t render.Task) string {
	if t.Page.Fragment != "" {
		return t.Key().String() // which includes no props
	}
	return "page " + t.Key().String()
}

// write writes the result of one page into the seed, or adds it to the
// failures.
func (b *builder) write(w *seed.Writer, j *job) error {
	defer func() {
		if j.data != nil {
			b.buffers.Put(j.data)
		}
		j.entry, j.data = nil, nil
	}()
	if j.err != nil {
		b.failures.Pages = append(b.failures.Pages, j.failed())
		return nil
	}
	if j.warning != "" {
		b.report.Warnings = append(b.report.Warnings, called(j.task)+": "+j.warning)
	}
	if why := b.overruled(j.task.Page, j.entry); why != "" && !b.told[j.task.Page] {
		b.told[j.task.Page] = true // once for each declared page
		b.report.Warnings = append(b.report.Warnings, "page "+j.task.Page.Path+": "+why)
	}
	b.use(j)
	b.report.Bytes += int64(len(j.entry.HTML))
	b.time(Timing{j.task.Key().String(), j.took})
	if j.task.Page.Fragment != "" {
		b.report.Fragments++
		return w.Entry(j.entry.Key, *j.data)
	}
	b.report.Pages++
	if j.entry.Status == 200 && !j.entry.NoIndex && public(j.task.Page) {
		b.sitemap = append(b.sitemap, listed{j.task.Path, j.task.Locale, j.entry.ContentAt})
	}
	return w.Entry(j.entry.Key, *j.data)
}

// public says whether a page is the same for all visitors: others have no place
// in a sitemap, and are not exported.
func public(d *gorgon.Definition) bool { return len(d.Guards) == 0 && !d.PerRequest() }

// time keeps the ten slowest pages.
func (b *builder) time(t Timing) {
	s := b.report.Slowest
	if len(s) == 10 && s[9].Took >= t.Took {
		return
	}
	at, _ := slices.BinarySearchFunc(s, t, func(a, b Timing) int { return cmp.Compare(b.Took, a.Took) })
	s = slices.Insert(s, at, t)
	b.report.Slowest = s[:min(len(s), 10)]
}
