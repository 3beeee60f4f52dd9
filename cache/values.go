// The values of caches: what code of the app gets, puts and forgets.

package cache

import (
	"context"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/coherence"
	"github.com/gorgon-go/gorgon/dataflow"
	"github.com/gorgon-go/gorgon/failure"
	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/viewctx"
)

// Context returns a context in which code of the app finds the app's caches: for
// what is called neither by a request nor by a loader, such as services and jobs.
// Of an app without caches it is ctx.
func (c *Cache) Context(ctx context.Context) context.Context {
	if c == nil || len(c.caches) == 0 {
		return ctx
	}
	site := *viewctx.SiteOf(ctx)
	site.Caches = c.caches
	return viewctx.WithSite(ctx, &site)
}

// Caches are the app's, for the sites of those who have one of their own.
func (c *Cache) Caches() viewctx.Caches {
	if c == nil {
		return nil
	}
	return c.caches
}

// WhyValue explains the value of a key, which is JSON; false where the app has no
// cache of that name.
func (c *Cache) WhyValue(ctx context.Context, name string, key []byte) (Report, bool) {
	v, ok := c.caches[name].(*values)
	if !ok {
		return Report{}, false
	}
	return c.Why(ctx, v.page, viewctx.CachePath(name, key), ""), true
}

// values are those of one cache.
type values struct {
	cache *Cache
	page  *gorgon.Definition
	paths any

	// note notes that a loader has read a value.
	note func(reads *dataflow.Reads, cache string, e *pages.Entry, epoch uint64, stale bool)
}

func (v *values) Paths() any { return v.paths }

func (v *values) id(path string) id { return id{page: v.page, path: path} }

func (v *values) Found(ctx context.Context, path string) (any, bool) {
	c := v.cache
	if commits := dataflow.CommitsOf(ctx); commits != nil && commits.Any() {
		return nil, false // what was committed may not be known yet
	}
	reads := dataflow.ReadsOf(ctx)
	var known uint64
	if reads != nil {
		known = c.coherence.Now().Known // before it is judged
	}
	i, ok := c.found(id{page: v.page, path: path}, c.now())
	if !ok {
		return nil, false
	}
	if reads != nil {
		v.noted(reads, i, false, known)
	}
	return i.entry.Value, true
}

func (v *values) Get(ctx context.Context, path string, key any) (any, error) {
	c, reads := v.cache, dataflow.ReadsOf(ctx)
	d := Demand{load: v.loads(key)}
	if commits := dataflow.CommitsOf(ctx); commits != nil && commits.Any() {
		d.Token = commits.Wait(ctx)
	}
	if reads != nil {
		// What is made now is not to be made of what was purged before.
		d.Token = max(d.Token, c.coherence.Now().Known)
	}
	d.Renew = reads != nil || c.config.Attend
	known := c.coherence.Now().Known
	a, err := c.Get(ctx, v.page, path, "", d)
	if _, there := c.memory.GetIfPresent(v.id(path)); err != nil && d.Renew && there && !missing(err) && ctx.Err() == nil {
		// It cannot be loaded again: what there is will do for now.
		a, err = c.Get(ctx, v.page, path, "", Demand{load: d.load})
	}
	return v.got(reads, path, a, err, known)
}

// loads is the cache's Load for a key.
func (v *values) loads(key any) func(context.Context) (any, error) {
	return func(ctx context.Context) (any, error) { return v.page.LoadKey(ctx, key) }
}

// got is what Get and Put return, noted.
func (v *values) got(reads *dataflow.Reads, path string, a Answer, err error, known uint64) (any, error) {
	switch {
	case err == nil && reads != nil:
		v.noted(reads, a.item, a.State == Stale, known)
	case err != nil && reads != nil && missing(err):
		v.notedMissing(reads, path)
	}
	if err != nil {
		return nil, err
	}
	return a.Entry.Value, nil
}

// noted notes a value that a loader has read. One that is good is so as of the
// purges that were known before it was judged; any other, as of its own epoch.
func (v *values) noted(reads *dataflow.Reads, i *item, stale bool, known uint64) {
	epoch := i.entry.Epoch
	verdict, certain := v.cache.coherence.Judge(&i.copy)
	if verdict == coherence.Good && certain {
		epoch = max(epoch, known)
	}
	v.note(reads, v.page.Cache, i.entry, epoch, stale || verdict != coherence.Good)
}

// notedMissing notes that a loader was told that there is no value.
func (v *values) notedMissing(reads *dataflow.Reads, path string) {
	c, k := v.cache, v.id(path)
	asked, known := c.coherence.CatchUp(0), c.coherence.Now().Known
	reads.Tag(viewctx.CacheTag(v.page.Cache))
	reads.Tag(viewctx.CacheKeyTag(v.page.Cache, path))
	_, slot, ok := c.negative.get(k, c.now(), c.coherence, &asked)
	if !ok {
		reads.Value(known, true, nil, nil) // it is not remembered
		return
	}
	slot.note(reads, v.page.Cache, known)
}

// missing says that there is no value.
func missing(err error) bool {
	kind := failure.Kind(err)
	return kind == gorgon.KindNotFound || kind == gorgon.KindGone
}
