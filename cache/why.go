// Explaining a page: what is kept of it, where, and what happens next.

package cache

import (
	"context"
	"errors"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/pages"
)

// A Report says all that is known of one page. It is made without changing
// anything: nothing is refreshed by asking.
type Report struct {
	Key      pages.Key             `json:"key"`
	Strategy []string              `json:"strategy"`
	Build    string                `json:"build"` // that is running
	Copies   []Copy                `json:"copies"`
	Serves   string                `json:"serves"` // the place of the copy that answers; "" where none does
	Phase    string                `json:"phase"`  // fresh, stale or expired, of that copy
	Because  string                `json:"because"`
	Next     string                `json:"next"` // what the next request does
	Purges   map[string]pages.Mark `json:"purges,omitempty"`
	Sequence uint64                `json:"sequence"`
	Degraded string                `json:"degraded,omitempty"`
	Negative bool                  `json:"negative,omitempty"` // remembered as missing, here
	Faults   map[string]string     `json:"faults,omitempty"`   // by place

	Fragments []Report `json:"fragments,omitempty"` // that the copy which answers uses, each once
}

// A Copy is an entry in one place.
type Copy struct {
	Place      string    `json:"place"` // memory, store or seed
	Build      string    `json:"build"`
	Status     int       `json:"status"`
	Bytes      int       `json:"bytes"` // of HTML
	ETag       string    `json:"etag"`
	MadeAt     time.Time `json:"made"`
	ModifiedAt time.Time `json:"modified"`
	FreshUntil time.Time `json:"freshUntil,omitzero"`
	StaleUntil time.Time `json:"staleUntil,omitzero"`
	ErrorUntil time.Time `json:"errorUntil,omitzero"`
	Tags       []string  `json:"tags,omitempty"`
	Epoch      uint64    `json:"epoch"`
	Failures   int       `json:"failures,omitempty"`
	RetryAt    time.Time `json:"retryAt,omitzero"`
	Failure    string    `json:"failure,omitempty"`
}

func copyOf(place string, e *pages.Entry) Copy {
	return Copy{
		Place: place, Build: e.Build, Status: e.Status, Bytes: len(e.HTML), ETag: e.ETag,
		MadeAt: e.MadeAt, ModifiedAt: e.ModifiedAt, FreshUntil: e.FreshUntil, StaleUntil: e.StaleUntil, ErrorUntil: e.ErrorUntil,
		Tags: e.Tags, Epoch: e.Epoch, Failures: e.Failures, RetryAt: e.RetryAt, Failure: e.Failure,
	}
}

// Why explains a page, and the fragments that it uses.
func (c *Cache) Why(ctx context.Context, page *gorgon.Definition, path, locale string) Report {
	return c.why(ctx, page, path, locale, map[pages.Key]bool{})
}

func (c *Cache) why(ctx context.Context, page *gorgon.Definition, path, locale string, told map[pages.Key]bool) Report {
	k := id{page, path, locale}
	told[k.key()] = true
	r := Report{Key: k.key(), Strategy: page.Strategy(), Build: c.config.Renderer.Build, Faults: map[string]string{}}
	if !page.Kept() {
		r.Because, r.Next = "nothing of the page is kept", "makes its state and renders it, as every request does"
		return r
	}
	c.catchUp(0)
	r.Sequence = c.ledger.applied.Load()
	if broken, reason := c.Degraded(); broken {
		r.Degraded = reason
	}
	now := c.now()
	_, r.Negative = c.negative.get(k, now)

	var serving *item
	add := func(place string, i *item) {
		r.Copies = append(r.Copies, copyOf(place, i.entry))
		if serving == nil || place == "seed" && serving.entry.MadeAt.Before(i.entry.MadeAt) && r.Serves != "memory" {
			serving, r.Serves = i, place
		}
	}
	if i, ok := c.memory.GetIfPresent(k); ok {
		add("memory", i)
	}
	if c.store != nil {
		entry, err := c.store.get(ctx, r.Key)
		switch {
		case err == nil:
			i := c.newItem(entry)
			c.check(i)
			i.foreign = entry.Build != r.Build
			add("store", i)
		case !errors.Is(err, pages.ErrNotFound):
			r.Faults["store"] = err.Error()
		}
	}
	if i, _ := c.fromSeed(k); i != nil {
		add("seed", i)
	}
	if len(r.Faults) == 0 {
		r.Faults = nil
	}
	if serving == nil {
		_, listed := c.load(ctx, k)
		r.Because = "nothing is kept of it"
		switch {
		case r.Negative:
			r.Because, r.Next = "its generator said a moment ago that it does not exist", "answers 404 without asking the generator"
		case listed:
			r.Next = "waits while the page is made"
		default:
			r.Because, r.Next = "the build did not list it, and the page is not incremental", "answers 404"
		}
		return r
	}
	r.Purges = c.ledger.marksOf(serving.entry.Subjects())
	r.explain(serving, c.ledger.judge(serving), c.resting(serving, now), now)
	for _, h := range serving.entry.Holes {
		part := gorgon.FragmentPath(h.Fragment, []byte(h.Props))
		d := c.config.Renderer.Fragment(h.Fragment)
		if d == nil || told[pages.Key{Route: d.Path, Path: part, Locale: locale}] {
			continue
		}
		r.Fragments = append(r.Fragments, c.why(ctx, d, part, locale, told))
	}
	return r
}

// explain says in which phase the serving copy is, why, and what follows.
func (r *Report) explain(i *item, v verdict, resting bool, now time.Time) {
	e := i.entry
	phase := i.phase(now, v)
	r.Phase = [...]string{fresh: "fresh", stale: "stale", expired: "expired"}[phase]
	switch {
	case v == purgedExpire:
		r.Because = "it was purged, with expire, after it was made"
	case v == purgedStale:
		r.Because = "it was purged after it was made"
	case phase == expired && e.Failures > 0 && !i.lasts(now):
		r.Because = "refreshes fail, for longer than ErrorFor allows"
	case phase == expired:
		r.Because = "it was stale for longer than StaleFor allows"
	case i.foreign:
		r.Because = "build " + e.Build + " rendered it"
	case phase == stale && e.FreshUntil.Equal(e.MadeAt):
		r.Because = "the page is to be asked at every request"
	case phase == stale:
		r.Because = "its interval has passed"
	case e.FreshUntil.IsZero():
		r.Because = "nothing makes it stale but a purge or a new build"
	default:
		r.Because = "its interval has not passed"
	}
	switch {
	case i.missing():
		r.Next = "answers that the page does not exist"
		if phase != fresh {
			r.Next = "waits while the page is made"
		}
	case phase == fresh:
		r.Next = "serves it"
	case resting && i.lasts(now):
		r.Next = "serves it; the last refresh failed, and the next is tried in " + e.RetryAt.Sub(now).Round(time.Second).String()
	case resting:
		r.Next = "answers 503; the last refresh failed, and it is too old to be served"
	case phase == stale && i.foreign:
		r.Next = "renders its state with this build's view, serves that, and makes the page again behind"
	case phase == stale:
		r.Next = "serves it, and makes the page again behind"
	default:
		r.Next = "waits while the page is made again"
	}
}
