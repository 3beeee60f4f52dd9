// Answering a request.

package cache

import (
	"context"
	"errors"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/pages"
)

// Found answers with an entry that is in memory and fresh, which is the usual
// case and costs next to nothing. Where it says false, ask [Cache.Get].
func (c *Cache) Found(page *gorgon.Definition, path, locale string, now time.Time) (Answer, bool) {
	i, ok := c.memory.GetIfPresent(id{page, path, locale})
	if !ok || now.UnixNano() >= i.fresh || i.foreign || i.missing() {
		return Answer{}, false
	}
	degraded := false
	if c.store != nil {
		if !c.current(now) || !c.known(i) {
			return Answer{}, false
		}
		degraded = c.store.broken()
	} else {
		degraded = c.config.NoStore != ""
	}
	if c.ledger.judge(i) != good {
		return Answer{}, false
	}
	return Answer{Entry: i.entry, Prepared: i.prepared, Degraded: degraded}, true
}

// A horizon is what can be known of purges when a request comes. What was
// begun before a purge is no answer to who comes after it.
type horizon struct {
	unheard uint64 // purges up to here may have happened, and cannot be read
	version uint64 // of the ledger
	token   uint64 // what was purged up to here may not be served, not even as stale; 0: no such demand
	flight  uint64 // the last one that began before
}

// strict says whether a token names a purge that cannot be read of: only what
// is begun from now on will do.
func (h horizon) strict() bool { return h.token > 0 && h.unheard > 0 }

// forbids says whether an item may not be served at all to who brought the
// token: it was purged, or may have been.
func (h horizon) forbids(i *item, v verdict) bool {
	return h.token > 0 && v != good || h.strict() && i.entry.Epoch < h.token
}

// doubt makes the demand strict where the store could not be asked what was
// purged of an item.
func (h *horizon) doubt(c *Cache, i *item) {
	if i.entry.Epoch < h.token && c.store != nil && !c.known(i) {
		h.unheard = max(h.unheard, h.token)
	}
}

// maxRounds is how often a request looks again because a purge overtook what
// it waited for. A second round is rare; more than these mean a fault.
const maxRounds = 8

// Get answers with the entry of a page, making it where there is none. It
// waits only for a page that has no entry, or none that may still be served.
// The error is the generator's: NotFound, Gone, or a failure.
func (c *Cache) Get(ctx context.Context, page *gorgon.Definition, path, locale string, d Demand) (Answer, error) {
	unheard, deaf := c.catchUp(d.Token)
	asked := horizon{unheard: unheard, version: c.ledger.version.Load(), token: d.Token, flight: c.flights.last()}
	answer, err := c.seek(ctx, id{page, path, locale}, d, &asked)
	answer.Degraded = answer.Degraded || deaf && err == nil // also where the store came back meanwhile
	return answer, err
}

func (c *Cache) seek(ctx context.Context, k id, d Demand, asked *horizon) (Answer, error) {
	path := k.path
	for range maxRounds {
		now := c.now()
		i, ok := c.memory.GetIfPresent(k)
		if !ok {
			if kind, ok := c.negative.get(k, now); ok && !asked.strict() {
				return Answer{}, &gorgon.Error{Op: "get", Path: path, Kind: kind}
			}
			anew := asked.strict()
			fl, _ := c.join(ctx, k, func(fl *flight) { c.find(fl, k, anew) })
			if err := fl.wait(ctx); err != nil {
				return Answer{}, err
			}
			if fl.news || fl.err != nil {
				answer, err, again := c.outcome(fl, fl.item, asked)
				if again {
					continue
				}
				return answer, err
			}
			i = fl.item
		}
		c.check(i)
		asked.doubt(c, i)
		v := c.ledger.judge(i)
		phase := i.phase(now, v)
		switch {
		case asked.forbids(i, v):
			phase = expired
		case phase == fresh && i.entry.Epoch < asked.unheard:
			phase = stale // it may have been purged
		}
		switch {
		case phase == expired, phase == stale && i.missing():
			answer, err, again := c.afresh(ctx, k, i, asked)
			if again {
				continue
			}
			return answer, err
		case i.missing():
			return Answer{}, i.err()
		case phase == stale:
			answer := c.answer(i, Stale, false)
			if !d.Passive && !c.resting(i, now) {
				answer.Work = c.refresh(ctx, k, i)
			}
			return answer, nil
		}
		return c.answer(i, Fresh, false), nil
	}
	return Answer{}, &gorgon.Error{Op: "get", Path: path, Kind: gorgon.Unavailable, Message: "the page is being changed faster than it can be made"}
}

// join finds the flight for a page or begins one.
func (c *Cache) join(cause context.Context, k id, fn func(*flight)) (*flight, bool) {
	return c.flights.join(cause, k, c.ledger.version.Load(), fn)
}

// afresh answers for an expired entry: with a new one, or, where making that
// fails, with the old one for as long as it lasts. It says whether to look
// again.
func (c *Cache) afresh(ctx context.Context, k id, old *item, asked *horizon) (_ Answer, err error, again bool) {
	now := c.now()
	lasts := old.lasts(now) && !old.missing() && !asked.forbids(old, c.ledger.judge(old))
	if c.resting(old, now) && asked.token == 0 {
		if lasts {
			return c.answer(old, Stale, false), nil, false
		}
		return Answer{}, &gorgon.Error{Op: "get", Path: k.path, Kind: gorgon.Unavailable, Err: errors.New(old.entry.Failure)}, false
	}
	anew := asked.strict()
	fl, _ := c.join(ctx, k, func(fl *flight) { c.renew(fl, k, old, renewal{waited: true, anew: anew}) })
	if err := fl.wait(ctx); err != nil {
		if lasts {
			return c.answer(old, Stale, false), nil, false
		}
		return Answer{}, err, false
	}
	if !fl.news && fl.err == nil {
		return Answer{}, nil, true // it was somebody else's to make
	}
	return c.outcome(fl, old, asked)
}

// outcome answers with what a flight brought, or, where it failed, with the
// last good item for as long as that lasts. It says whether a purge that the
// request knows of overtook the flight, so that it has to look again.
func (c *Cache) outcome(fl *flight, last *item, asked *horizon) (_ Answer, err error, again bool) {
	i := fl.item
	if fl.err != nil {
		i = last // which is what there is to answer with
	}
	if i != nil {
		c.check(i)
		asked.doubt(c, i)
	}
	timely := fl.began >= asked.version && (!asked.strict() || fl.number > asked.flight)
	if fl.err != nil {
		kind := gorgon.KindOf(fl.err)
		gone := kind == gorgon.Missing || kind == gorgon.Removed
		switch {
		case !timely && c.life.Err() == nil:
			return Answer{}, nil, true
		case !gone && last != nil && last.lasts(c.now()) && !last.missing() && !asked.forbids(last, c.ledger.judge(last)):
			return c.answer(last, Stale, false), nil, false
		}
		return Answer{}, fl.err, false
	}
	v := c.ledger.judge(i)
	switch {
	case asked.strict() && i.entry.Epoch < asked.token && !(fl.made && fl.number > asked.flight):
		return Answer{}, nil, true // it was found, not made
	case !timely && (asked.forbids(i, v) || v == purgedExpire || v != good && i.missing()):
		return Answer{}, nil, true
	case i.missing():
		return Answer{}, i.err(), false
	case v != good || i.foreign || i.entry.Epoch < asked.unheard:
		return c.answer(i, Stale, fl.kept), nil, false
	case fl.made:
		answer := c.answer(i, Made, fl.kept)
		answer.Work = fl.over
		answer.Expired = last != nil && last != i && !last.missing()
		return answer, nil, false
	case i.phase(c.now(), v) != fresh:
		return c.answer(i, Stale, false), nil, false
	}
	return c.answer(i, Fresh, false), nil, false
}

// resting says whether a refresh failed and it is too early for the next,
// unless a purge since then asks for one.
func (c *Cache) resting(i *item, now time.Time) bool {
	return i.backingOff(now) && !c.ledger.purgedSince(i)
}

func (c *Cache) answer(i *item, s State, kept bool) Answer {
	degraded, _ := c.Degraded()
	return Answer{Entry: i.entry, Prepared: i.prepared, State: s, Stored: kept, Degraded: degraded}
}

// find looks for a page outside memory and makes it where it is nowhere.
func (c *Cache) find(fl *flight, k id, anew bool) {
	// Another flight may have ended since the request looked.
	if i, ok := c.memory.GetIfPresent(k); ok {
		fl.item = i
		return
	}
	if kind, ok := c.negative.get(k, c.now()); ok && !anew {
		fl.err = &gorgon.Error{Op: "get", Path: k.path, Kind: kind}
		return
	}
	i, listed := c.load(c.life, k)
	if i != nil {
		c.memory.Set(k, i)
		fl.item = i
		return
	}
	if !listed {
		// Nothing is remembered of it: to find this out again is as cheap.
		fl.err = &gorgon.Error{Op: "get", Path: k.path, Kind: gorgon.Missing}
		return
	}
	c.renew(fl, k, nil, renewal{waited: true, anew: anew})
}

// load reads a page from the store and the seed, and takes the newer. Where
// it has none, it says whether there can be such a page.
func (c *Cache) load(ctx context.Context, k id) (i *item, listed bool) {
	seeded, listed := c.fromSeed(k)
	listed = listed || k.page.Incremental || c.config.Seed == nil || len(k.page.Pattern.Wildcards()) == 0
	if !listed || c.store == nil {
		return seeded, listed
	}
	entry, err := c.store.get(ctx, k.key())
	if err == nil && (seeded == nil || !entry.MadeAt.Before(seeded.entry.MadeAt)) {
		if stored := c.fromStore(ctx, k, entry); stored != nil {
			return stored, listed
		}
	}
	if seeded != nil {
		c.check(seeded)
	}
	return seeded, listed
}

// fromSeed makes an item of a page of the seed, and says whether the seed
// lists it: one that is listed and cannot be read is made again.
func (c *Cache) fromSeed(k id) (i *item, listed bool) {
	if c.config.Seed == nil {
		return nil, false
	}
	entry, err := c.config.Seed.Entry(k.key())
	if err != nil {
		if listed = !errors.Is(err, pages.ErrNotFound); listed {
			c.config.Log.Warn("a page of the seed cannot be read; it is made again", "page", k.key().String(), "err", err)
		}
		return nil, listed
	}
	i = c.newItem(entry)
	i.seeded = true
	return i, true
}

// fromStore makes an item of a stored entry, rendered with this build's view;
// nil where its state is no longer understood.
func (c *Cache) fromStore(ctx context.Context, k id, entry *pages.Entry) *item {
	i := c.newItem(entry)
	c.check(i)
	if entry.Build == c.config.Renderer.Build || i.missing() {
		return i
	}
	again, err := c.config.Renderer.Again(ctx, k.page, entry)
	if err != nil {
		c.config.Log.Info("an entry of another build cannot be rendered; the page is made again", "page", k.key().String(), "err", err)
		return nil
	}
	i = c.newItem(again)
	i.foreign = true
	c.check(i) // the new view may have other tags
	return i
}
