// Answering a request.

package cache

import (
	"context"
	"errors"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/coherence"
	"github.com/gorgon-go/gorgon/failure"
)

// Found returns an entry that is in memory and fresh, which is the usual case
// and costs almost nothing. If it returns false, call [Cache.Get].
func (c *Cache) Found(page *gorgon.Definition, path, locale string, now time.Time) (Answer, bool) {
	i, ok := c.found(id{page, path, locale}, now)
	if !ok {
		return Answer{}, false
	}
	return c.answer(i, Fresh, false), true
}

func (c *Cache) found(k id, now time.Time) (*item, bool) {
	i, ok := c.memory.GetIfPresent(k)
	return i, ok && now.UnixNano() < i.fresh && !i.foreign && !i.missing() && c.coherence.Holds(&i.copy, now)
}

// maxRounds is how often a request looks again because a purge overtook what
// it waited for. A second round is rare; more than these mean a fault.
const maxRounds = 8

// Get returns the entry of a page, and generates the page if there is none. It
// waits only for a page without an entry that may be served. The error is the
// loader's: NotFound, Gone, or a failure.
func (c *Cache) Get(ctx context.Context, page *gorgon.Definition, path, locale string, d Demand) (Answer, error) {
	asked := c.coherence.CatchUp(d.Token)
	answer, err := c.seek(ctx, id{page, path, locale}, d, &asked)
	answer.Degraded = answer.Degraded || asked.Offline && err == nil // also where the store came back meanwhile
	return answer, err
}

// seek looks in memory, and for what is not there, or may not be served, waits
// for a flight. The table of decisions says what may be served.
func (c *Cache) seek(ctx context.Context, k id, d Demand, asked *coherence.Horizon) (Answer, error) {
	for range maxRounds {
		now := c.now()
		i, ok := c.memory.GetIfPresent(k)
		if !ok {
			if kind, _, ok := c.negative.get(k, now, c.coherence, asked); ok {
				return Answer{}, &gorgon.Error{Op: "get", Path: k.path, Kind: kind}
			}
			fl, err := c.flights.fly(ctx, k, func(fl *flight) {
				fl.load = d.load
				c.maker.find(fl, k)
			})
			if err != nil {
				return Answer{}, err
			}
			if fl.renewed || fl.err != nil {
				if answer, err, again := c.outcome(fl, fl.item, asked); !again {
					return answer, err
				}
				continue
			}
			i = fl.item
		}
		decided := c.decide(i, cached, false, asked, now)
		if decided == revalidate && d.Renew {
			decided = wait
		}
		switch decided {
		case wait:
			if answer, err, again := c.waitFor(ctx, k, i, d, asked); !again {
				return answer, err
			}
		case serveMissing:
			return Answer{}, i.err()
		case revalidate:
			answer := c.answer(i, Stale, false)
			if !d.Passive && !i.resting(now, c.coherence) && !c.settles(i, now) {
				answer.Work = c.refresh(ctx, k, i, d)
			}
			return answer, nil
		default:
			return c.answer(i, Fresh, false), nil
		}
	}
	return Answer{}, &gorgon.Error{Op: "get", Path: k.path, Kind: gorgon.KindUnavailable, Message: "the page is purged faster than it can be generated"}
}

// settles says that an item was made a moment ago, and that nothing but commits
// has purged it since.
func (c *Cache) settles(i *item, now time.Time) bool {
	age := now.Sub(i.entry.MadeAt)
	return i.copy.Fed && age >= 0 && age < c.config.Settle && c.coherence.PurgedByFeed(&i.copy)
}

// waitFor answers for an item that may not be served: with a new one, or, where
// making that fails, with the old one for as long as it lasts. It says whether
// to look again.
func (c *Cache) waitFor(ctx context.Context, k id, old *item, d Demand, asked *coherence.Horizon) (_ Answer, err error, again bool) {
	now := c.now()
	standsIn := c.decide(old, failed, false, asked, now) == serveStale
	if asked.Token == 0 && old.resting(now, c.coherence) {
		if standsIn {
			return c.answer(old, Stale, false), nil, false
		}
		return Answer{}, &gorgon.Error{Op: "get", Path: k.path, Kind: gorgon.KindUnavailable, Err: errors.New(old.entry.Failure)}, false
	}
	fl, err := c.flights.fly(ctx, k, func(fl *flight) {
		fl.load = d.load
		c.maker.renew(fl, k, old, true)
	})
	if err != nil {
		if standsIn {
			return c.answer(old, Stale, false), nil, false
		}
		return Answer{}, err, false
	}
	if !fl.renewed && fl.err == nil {
		return Answer{}, nil, true // another flight was to make it
	}
	return c.outcome(fl, old, asked)
}

// refresh makes a page again in the background, unless that is under way or
// there is no slot for it: then the next request that finds it stale tries
// again. It returns what is closed once that is over; nil where nothing was
// begun.
func (c *Cache) refresh(cause context.Context, k id, old *item, d Demand) <-chan struct{} {
	if !c.config.Renderer.Gate(k.page).Idle() {
		return nil
	}
	fl, began := c.flights.join(cause, k, false, func(fl *flight) {
		fl.load = d.load
		c.maker.renew(fl, k, old, false)
	})
	if !began {
		return nil
	}
	return fl.over
}

// Both is closed once both of two works are over; nil is none.
func Both(one, other <-chan struct{}) <-chan struct{} {
	switch {
	case one == nil:
		return other
	case other == nil:
		return one
	}
	both := make(chan struct{})
	go func() { // ends with the work, which has deadlines
		<-one
		<-other
		close(both)
	}()
	return both
}

// outcome answers with what a flight brought, or, where it failed, with the
// last good item for as long as that lasts. It says whether a purge that the
// request knows of overtook the flight, so that it has to look again.
func (c *Cache) outcome(fl *flight, last *item, asked *coherence.Horizon) (_ Answer, err error, again bool) {
	i, how := fl.item, found
	late := fl.began.Version < asked.Version
	switch kind := failure.Kind(fl.err); {
	case fl.err != nil:
		// That nothing was begun says nothing of the page, whenever it was.
		late = late && !refused(fl.err) && c.life.Err() == nil
		i, how = last, failed
		if kind == gorgon.KindNotFound || kind == gorgon.KindGone {
			how = gone
		}
		if i == nil {
			return Answer{}, fl.err, late
		}
	case fl.made && !i.foreign:
		how = made
	}
	switch c.decide(i, how, late, asked, c.now()) {
	case lookAgain:
		return Answer{}, nil, true
	case fail:
		return Answer{}, fl.err, false
	case serveMissing:
		return Answer{}, i.err(), false
	case serveStale:
		return c.answer(i, Stale, fl.kept && fl.err == nil), nil, false
	case serveMade:
		answer := c.answer(i, Made, fl.kept)
		answer.Work = fl.over
		answer.Expired = last != nil && last != i && !last.missing()
		return answer, nil, false
	}
	return c.answer(i, Fresh, false), nil, false
}

// decide looks up what to do with an item, after asking what was purged of it
// where that is not known.
func (c *Cache) decide(i *item, how came, late bool, asked *coherence.Horizon, now time.Time) decision {
	v, certain := c.coherence.Check(&i.copy)
	if !certain {
		asked.Uncertain()
	}
	return decide(situated(i, how, late, v, asked, i.phase(now), i.lasts(now)))
}

func (c *Cache) answer(i *item, s State, kept bool) Answer {
	degraded, _ := c.Degraded()
	return Answer{item: i, Entry: i.entry, Prepared: i.prepared, State: s, Stored: kept, Degraded: degraded}
}

// Holds says whether no purge that is known here concerns what was answered.
func (c *Cache) Holds(a Answer) bool {
	if a.item == nil {
		return true
	}
	v, _ := c.coherence.Judge(&a.item.copy)
	return v == coherence.Good
}
