// The cache headers of a page at one moment: made once a second, not once a request.

package answer

import (
	"strconv"
	"time"

	"github.com/gorgon-go/gorgon/cache"
	"github.com/gorgon-go/gorgon/wire"
)

// A line is what is said of an entry's age during one second.
type line struct {
	second int64
	status []string // Cache-Status
	age    []string // nil where the entry does not age
	edge   []string // CDN-Cache-Control

	// Surrogate-Control of a page that a surrogate puts parts into.
	surrogate []string
}

// lineFor finds or makes the line for an answer. Lines of answers from memory
// are kept with the entry; that of one just made is said once.
func (p *Prepared) lineFor(a cache.Answer, now time.Time) *line {
	second := now.Unix()
	if a.State == cache.Made {
		return makeLine(a, now)
	}
	if p.expires == 0 {
		second = 0 // what does not age always says the same
	}
	slot := 0
	if a.State == cache.Stale {
		slot = 1
	}
	if a.Degraded {
		slot |= 2
	}
	if l := p.lines[slot].Load(); l != nil && l.second == second {
		return l
	}
	l := makeLine(a, now)
	l.second = second
	p.lines[slot].Store(l)
	return l
}

func makeLine(a cache.Answer, now time.Time) *line {
	e := a.Entry
	l := &line{}
	status := wire.CacheName + "; hit"
	detail := ""
	left := int64(0) // seconds; below zero once it is over
	ages := !e.FreshUntil.IsZero()
	if ages {
		left = floorSeconds(e.FreshUntil.Sub(now))
		l.age = []string{strconv.FormatInt(max(0, int64(now.Sub(e.MadeAt)/time.Second)), 10)}
	}
	stale := a.State == cache.Stale
	switch {
	case a.State == cache.Made:
		status = wire.CacheName + "; fwd=uri-miss"
		if a.Expired {
			status = wire.CacheName + "; fwd=stale"
		}
		if a.Stored {
			status += "; stored"
		}
	case stale:
		// A purge makes stale what would have lasted longer.
		status += "; ttl=" + strconv.FormatInt(min(left, 0), 10)
		detail = "; " + wire.DetailStale
	case ages:
		status += "; ttl=" + strconv.FormatInt(left, 10)
	}
	if a.Degraded {
		detail = "; " + wire.DetailDegraded // a negative ttl says stale as well
	}
	l.status = []string{status + detail}

	switch {
	case stale || a.Degraded || ages && left <= 0:
		// What a degraded instance serves may have been purged without its
		// knowing: no cache is to keep that for long.
		l.edge = []string{"max-age=1, stale-while-revalidate=" + within(now, e.StaleUntil)}
	case ages:
		l.edge = []string{"max-age=" + strconv.FormatInt(left, 10) +
			", stale-while-revalidate=" + within(e.FreshUntil, e.StaleUntil) +
			", stale-if-error=" + within(e.FreshUntil, e.ErrorUntil)}
	default:
		l.edge = valueYear
	}
	l.surrogate = []string{l.edge[0] + `, content="ESI/1.0"`}
	return l
}

// within is how many seconds lie between two times; a year where there is no
// end.
func within(from, until time.Time) string {
	if until.IsZero() {
		return strconv.Itoa(Year)
	}
	return strconv.FormatInt(min(max(0, floorSeconds(until.Sub(from))), Year), 10)
}

func floorSeconds(d time.Duration) int64 {
	s := int64(d / time.Second)
	if d < 0 && d%time.Second != 0 {
		s--
	}
	return s
}
