// Why: where a page is stored, how fresh it is, and what happens next.

package cache

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/coherence"
	"github.com/gorgon-go/gorgon/dataflow"
	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/viewctx"
	"github.com/gorgon-go/gorgon/wire"
)

// A Report explains one page. Making a report changes nothing: it does not
// revalidate the page.
type Report struct {
	Key      pages.Key             `json:"key"`
	Strategy []string              `json:"strategy"`
	Build    string                `json:"build"` // the running build
	Copies   []Copy                `json:"copies"`
	Serves   string                `json:"serves"` // the place of the copy that is served; "" if none is
	Phase    string                `json:"phase"`  // of that copy: fresh, stale or expired
	Because  string                `json:"because"`
	Next     string                `json:"next"` // what happens on the next request
	Purges   map[string]pages.Mark `json:"purges,omitempty"`
	Sequence uint64                `json:"sequence"`
	Degraded string                `json:"degraded,omitempty"`
	Live     string                `json:"live,omitempty"`     // what browsers follow that show it; "" if they do not
	Negative bool                  `json:"negative,omitempty"` // this instance remembers that the page does not exist
	Faults   map[string]string     `json:"faults,omitempty"`   // by place

	Fragments []Report `json:"fragments,omitempty"` // the fragments that the served copy uses, each once
}

// A Copy describes an entry in one place.
type Copy struct {
	Place      string    `json:"place"` // memory, store or seed
	Build      string    `json:"build"`
	Status     int       `json:"status"`
	Bytes      int       `json:"bytes"` // of HTML, or of a value's JSON
	ETag       string    `json:"etag"`
	MadeAt     time.Time `json:"made"`
	ModifiedAt time.Time `json:"modified"`
	FreshUntil time.Time `json:"freshUntil,omitzero"`
	StaleUntil time.Time `json:"staleUntil,omitzero"`
	ErrorUntil time.Time `json:"errorUntil,omitzero"`
	Tags       []string  `json:"tags,omitempty"`
	Doubts     []string  `json:"doubts,omitempty"` // what its loader read of which no purge will tell
	Epoch      uint64    `json:"epoch"`
	Failures   int       `json:"failures,omitempty"`
	RetryAt    time.Time `json:"retryAt,omitzero"`
	Failure    string    `json:"failure,omitempty"`
}

func copyOf(place string, e *pages.Entry) Copy {
	return Copy{
		Place: place, Build: e.Build, Status: e.Status, Bytes: bytesOf(e), ETag: e.ETag,
		MadeAt: e.MadeAt, ModifiedAt: e.ModifiedAt, FreshUntil: e.FreshUntil, StaleUntil: e.StaleUntil, ErrorUntil: e.ErrorUntil,
		Tags: e.Tags, Doubts: e.Doubts, Epoch: e.Epoch, Failures: e.Failures, RetryAt: e.RetryAt, Failure: e.Failure,
	}
}

func bytesOf(e *pages.Entry) int {
	if e.Value != nil || strings.HasPrefix(e.Key.Route, wire.Cache) {
		return len(e.State)
	}
	return e.Length()
}

// Why explains a page, and the fragments that it uses.
func (c *Cache) Why(ctx context.Context, page *gorgon.Definition, path, locale string) Report {
	return c.why(ctx, page, path, locale, map[pages.Key]bool{})
}

func (c *Cache) why(ctx context.Context, page *gorgon.Definition, path, locale string, seen map[pages.Key]bool) Report {
	k := id{page, path, locale}
	seen[k.key()] = true
	r := Report{Key: k.key(), Strategy: page.Strategy(), Build: c.config.Renderer.Build, Live: follows(page), Faults: map[string]string{}}
	if !page.Kept() {
		r.Because, r.Next = "nothing of the page is stored", "loads the state and renders the page, as on every request"
		return r
	}
	asked := c.coherence.CatchUp(0)
	r.Sequence = c.coherence.Now().Known
	if broken, reason := c.Degraded(); broken {
		r.Degraded = reason
	}
	now := c.now()
	_, _, r.Negative = c.negative.get(k, now, c.coherence, &asked)

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
	if c.maker.stored(k) {
		entry, err := c.records.get(ctx, r.Key)
		switch {
		case err == nil:
			i := c.sources.item(k, entry)
			c.coherence.Check(&i.copy)
			i.foreign = entry.Build != r.Build
			add("store", i)
		case !errors.Is(err, pages.ErrNotFound):
			r.Faults["store"] = err.Error()
		}
	}
	if i, _ := c.sources.fromSeed(k); i != nil {
		add("seed", i)
	}
	if asked.Unfed {
		r.Faults["database"] = "it could not be asked for its commits"
	}
	if len(r.Faults) == 0 {
		r.Faults = nil
	}
	if serving == nil && page.Cache != "" {
		r.Because, r.Next = "no copy of the value exists", "waits until the value is loaded"
		if r.Negative {
			r.Because, r.Next = "its Load reported recently that there is none", "reports that there is none without calling Load"
		}
		return r
	}
	if serving == nil {
		_, listed, _ := c.sources.load(ctx, k)
		r.Because = "no copy of the page exists"
		switch {
		case r.Negative:
			r.Because, r.Next = "its loader reported recently that it does not exist", "answers 404 without calling the loader"
		case listed:
			r.Next = "waits until the page is generated"
		default:
			r.Because, r.Next = "the build did not list the path, and the page is not incremental", "answers 404"
		}
		return r
	}
	r.Purges = c.coherence.Marks(serving.entry.Subjects())
	v, _ := c.coherence.Judge(&serving.copy)
	r.explain(serving, v, serving.resting(now, c.coherence), now)
	for _, h := range serving.entry.Holes {
		part := viewctx.FragmentPath(h.Fragment, []byte(h.Props))
		d := c.config.Renderer.Fragment(h.Fragment)
		if d == nil || seen[pages.Key{Route: d.Path, Path: part, Locale: locale}] {
			continue
		}
		r.Fragments = append(r.Fragments, c.why(ctx, d, part, locale, seen))
	}
	return r
}

// follows says what browsers follow that show a page or fragment.
func follows(d *gorgon.Definition) string {
	text := "browsers that show it follow its route, its path and its tags"
	switch {
	case !d.Live:
		return ""
	case d.PerRequest():
		return "each browser that shows it follows what its visitor was shown: what LoadRequest has read, and Tags"
	case d.Fragment == "":
		text += ", and those of its fragments"
	}
	if d.RevalidateAfter > 0 {
		text += "; while any does, it is made again after " + d.RevalidateAfter.String()
	}
	return text
}

// commit finds the latest commit that purged an item, by what it changed: a row
// rather than its table; "" if a caller made the latest purge.
func (r *Report) commit(i *item) (tag string, at time.Time) {
	var last pages.Mark
	for subject, m := range r.Purges {
		if m.Sequence <= i.entry.Epoch && !m.At.After(i.entry.MadeAt) {
			continue
		}
		name, isTag := strings.CutPrefix(subject, pages.TagSubject(""))
		if data := isTag && dataflow.IsData([]string{name}); m.At.After(last.At) || m.At.Equal(last.At) && data && len(name) > len(tag) {
			last = m
			if tag = ""; data {
				tag = name
			}
		}
	}
	return tag, last.At
}

// explain says in which phase the serving copy is, why, and what follows.
func (r *Report) explain(i *item, v coherence.Verdict, resting bool, now time.Time) {
	e := i.entry
	phase := i.purged(now, v)
	r.Phase = phase.String()
	switch {
	case v == coherence.Expired:
		r.Because = "it was purged with expire after it was generated"
	case v == coherence.Stale:
		r.Because = "it was purged after it was generated"
		if tag, at := r.commit(i); tag != "" {
			r.Because = "a commit changed " + tag + " at " + at.Local().Format(time.DateTime) + ", after it was generated"
		}
	case phase == over && e.Failures > 0 && !i.lasts(now):
		r.Because = "its revalidation has been failing for longer than ErrorFor allows"
	case phase == over:
		r.Because = "it has been stale for longer than StaleFor allows"
	case i.foreign:
		r.Because = "build " + e.Build + " rendered it"
	case phase == stale && i.unsure():
		r.Because = "it depends on a database, and commits since the build are not known"
	case phase == stale && e.FreshUntil.Equal(e.MadeAt):
		r.Because = "ShouldRevalidate decides on every request"
	case phase == stale:
		r.Because = "RevalidateAfter has passed"
	case e.FreshUntil.IsZero() && len(e.Doubts) > 0:
		r.Because = "only a purge or a new build makes it stale: changes of some of what it reads are not noticed"
	case e.FreshUntil.IsZero():
		r.Because = "only a purge or a new build makes it stale"
	default:
		r.Because = "RevalidateAfter has not passed"
	}
	switch {
	case i.missing():
		r.Next = "answers 404 or 410 without calling the loader"
		if phase != fresh {
			r.Next = "waits until the page is generated"
		}
	case phase == fresh:
		r.Next = "serves it"
	case resting && i.lasts(now):
		r.Next = "serves it; the last revalidation failed, and the next attempt is in " + e.RetryAt.Sub(now).Round(time.Second).String()
	case resting:
		r.Next = "answers 503; the last revalidation failed, and the copy is too old to be served"
	case phase == stale && i.foreign:
		r.Next = "serves its state rendered with this build's view, and revalidates the page in the background"
	case phase == stale:
		r.Next = "serves it, and revalidates the page in the background"
	default:
		r.Next = "waits until the page is regenerated"
	}
}
