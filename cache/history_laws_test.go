// The laws that every history has to obey, and the log of what happened.

package cache_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/cache"
	"github.com/gorgon-go/gorgon/pages"
)

// A law is what a history is held against.
type law string

const (
	// Two runs for one page do not overlap, unless the lease of the earlier
	// one may have run out: it began makeTime before; or one of them has none,
	// because it waited for it in vain: for a moment where the page was there, if only in its memory,
	// for makeTime where it was not. None begins while
	// the store holds a page of that build that is fresh and not purged,
	// unless the instance made a later one that the store refused, or received
	// a purge that the store was not. Only runs of instances that can reach
	// the store count.
	once law = "once"

	// Who asks after a purge returned, and is not answered by an instance
	// that says it is degraded, gets nothing older than the purge as fresh;
	// and nothing older at all if it demands expire, unless a run failed
	// since. With a sequencer, a degraded instance serves nothing older as
	// fresh either.
	undone law = "never undone"

	// A page that has no interval never goes back: once a version was served
	// as fresh, no later request is served an older one as fresh. The
	// exceptions are pages that were purged since they were made, those made
	// without the store, without a lease that was waited for in vain, or for a
	// purge that it did not receive, and what its maker keeps because the
	// store did not take it; but once it was told so, not for longer than
	// refusedFor. Where builds differ this is not asked, since each makes the
	// other's pages again.
	backwards law = "never backwards"

	// Of a page that visitors ask for, the store has one that is at most one
	// making late: two makings, and a lease that was not returned, after a
	// purge it has what was begun after that.
	goesOn law = "at most one making late"

	// Who brings the epoch of a purge as a token gets nothing older than that
	// purge, or an earlier one, demands, but from an instance that says it is
	// degraded.
	promised law = "nothing older than the token"

	// There is an answer unless the instance stops or its generator fails,
	// and a purge succeeds unless the store cannot be reached.
	answers law = "an answer"

	// Once all faults are lifted, no instance is degraded after healTime, and
	// purges are seen by all.
	heals law = "heals"
)

const (
	healTime   = 2 * time.Second
	refusedFor = apartFor
	lateFor    = 2*makeTime + (makeTime + 2*time.Second) + 6*time.Second // for visitors to come
)

// A fault is a law that was broken, and what happened before.
type fault struct {
	law  law
	text string
}

func (f fault) String() string { return string(f.law) + ": " + f.text }

// The book is what is known of a history so far.
type book struct {
	faults    []fault
	events    []event
	runs      map[string][]*run // by path
	purgeds   []*purging        // that returned an epoch
	demands   map[string]demand // by subject
	bumpedAt  map[string]time.Time
	failed    map[string]time.Time // when a run of a path failed last
	top       map[string]*run      // by path: the latest that was served as fresh
	attempts  map[attempted]attempt
	overtaken map[overtaken]bool
	asked     map[string]time.Time               // when a path was requested last
	alone     map[*instance]map[string]time.Time // purges by subject that the store did not record
}

func newBook() book {
	return book{
		runs: map[string][]*run{}, demands: map[string]demand{}, bumpedAt: map[string]time.Time{},
		failed: map[string]time.Time{}, top: map[string]*run{},
		alone: map[*instance]map[string]time.Time{}, attempts: map[attempted]attempt{}, overtaken: map[overtaken]bool{}, asked: map[string]time.Time{},
	}
}

// A run is one of a generator. Its entry is known by its path and when it
// began.
type run struct {
	i        *instance
	path     string
	version  int64
	began    time.Time
	ended    time.Time
	alone    bool      // it waited for a lease in vain
	apart    bool      // the instance could perhaps not reach the store
	accepted bool      // the store has, or had, its entry
	refused  time.Time // when its maker was told that the store did not take it
}

// An attempt is the last one of an instance to have the lease of a path.
type attempt struct {
	claim string
	since time.Time
	held  bool   // by another
	token uint64 // of the lease that was granted, or that the other has
}

type attempted struct {
	i    *instance
	path string
}

// overtaken is a lease that another instance gave back, before its holder has
// begun or while it makes the page.
type overtaken struct {
	path  string
	token uint64
}

// leastMoment is how long an instance waits at least for another's lease.
const leastMoment = 400 * time.Millisecond

// claims enters what an instance learned about a lease.
func (h *history) claims(i *instance, path, claim string, token uint64, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	a := h.attempts[attempted{i, path}]
	if a.claim != claim {
		a = attempt{claim: claim, since: time.Now()}
	}
	a.held, a.token = errors.Is(err, pages.ErrHeld), token
	h.attempts[attempted{i, path}] = a
}

// givesBack enters that an instance gives a lease back, which may be that of
// another: of what it waited for in vain, and made by itself.
func (h *history) givesBack(i *instance, path string, token uint64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if a := h.attempts[attempted{i, path}]; a.held && a.token == token {
		h.overtaken[overtaken{path, token}] = true
	}
	mine := slices.ContainsFunc(h.runs[path], func(r *run) bool { return r.i == i && r.alone })
	for _, r := range h.runs[path] {
		r.alone = r.alone || mine && r.i != i && r.ended.IsZero()
	}
}

// A demand is what purges that returned ask of those who come later.
type demand struct {
	expired   int64 // no version before this is served at all …
	expiredAt time.Time
	purged    int64 // … or before this as fresh
}

func (d demand) merge(o demand) demand {
	if o.expired > d.expired {
		d.expired, d.expiredAt = o.expired, o.expiredAt
	}
	d.purged = max(d.purged, o.purged)
	return d
}

// A purging is a purge that a client asked for.
type purging struct {
	i       *instance
	at      time.Time
	verb    pages.Verb
	subject string
	version int64
	epoch   uint64
}

func subjectsOf(route, path string) []string {
	return pages.Subjects(pages.Key{Route: route, Path: path}, []string{"t"})
}

func routeOf(path string) string { return path[:3] + "{id}" }

// begins enters a run and holds its begin against the law of once.
func (h *history) begins(ctx context.Context, i *instance, path string) *run {
	apart := i.link.apart()
	kept, there := h.keptFor(i, path)
	runs.Add(1)
	h.mu.Lock()
	defer h.mu.Unlock()
	r := &run{i: i, path: path, began: time.Now(), apart: apart, version: h.data.Load()}
	a := h.attempts[attempted{i, path}]
	if !a.held {
		r.alone = h.overtaken[overtaken{path, a.token}]
	} else {
		patience := makeTime
		if there || slices.ContainsFunc(h.runs[path], func(r *run) bool { return r.i == i }) {
			patience = leastMoment
		}
		r.alone = time.Since(a.since) >= patience
	}
	h.log(path, "%s begins a run, version %d, apart: %v", i, r.version, apart)
	if ctx.Err() == nil && !apart {
		for _, other := range h.runs[path] {
			if other.ended.IsZero() && !other.apart && !other.alone && time.Since(other.began) < makeTime && !r.alone {
				h.breaks(once, path, "%s begins a run of %s while that of %s, begun at %s, goes on", i, path, other.i, clock(other.began))
			}
		}
		if kept != nil && !r.alone && !h.madeApart(path, kept) && !h.hasBetter(i, path, kept) {
			h.breaks(once, path, "%s begins a run of %s although the store has one made at %s, fresh and not purged", i, path, clock(kept.MadeAt))
		}
	}
	h.runs[path] = append(h.runs[path], r)
	return r
}

// keptFor is what the store has of a path, if nothing has to be made again, and
// whether it has anything.
func (h *history) keptFor(i *instance, path string) (_ *pages.Entry, there bool) {
	record, err := h.mem.Get(h.t.Context(), pages.Key{Route: routeOf(path), Path: path})
	if err != nil {
		return nil, false
	}
	e, err := pages.Decode(record.Data)
	if err != nil || e.Build != i.build || !e.FreshUntil.IsZero() && !time.Now().Before(e.FreshUntil) {
		return nil, true
	}
	epochs, err := h.mem.Epochs(h.t.Context(), e.Subjects()...)
	if err != nil {
		return nil, true
	}
	for _, m := range epochs.Marks {
		if m.Sequence > e.Epoch {
			return nil, true
		}
	}
	return e, true
}

func (h *history) madeApart(path string, e *pages.Entry) bool {
	r := h.runOf(path, e.MadeAt)
	return r == nil || r.apart || r.alone
}

// hasBetter says whether an instance has reason not to take what the store
// has: it made the page itself later, although the store may have refused
// that, or it received a purge that the store did not.
func (h *history) hasBetter(i *instance, path string, e *pages.Entry) bool {
	for _, s := range e.Subjects() {
		if at, ok := h.alone[i][s]; ok && !e.MadeAt.After(at) {
			return true
		}
	}
	return slices.ContainsFunc(h.runs[path], func(r *run) bool { return r.i == i && r.began.After(e.MadeAt) })
}

func (h *history) runOf(path string, made time.Time) *run {
	for _, r := range slices.Backward(h.runs[path]) {
		if r.began.Equal(made) {
			return r
		}
	}
	return nil
}

func (h *history) ends(r *run, failed bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !r.ended.IsZero() {
		return
	}
	r.ended = time.Now()
	if failed {
		h.failed[r.path] = r.ended
	}
	h.log(r.path, "%s ends its run of version %d, failed: %v", r.i, r.version, failed)
}

// wrote enters what the store said to a record.
func (h *history) wrote(i *instance, record pages.Record, err error) {
	e, broken := pages.Decode(record.Data)
	if broken != nil {
		return // a probe
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	path := e.Key.Path
	h.log(path, "%s puts the run of %s, epoch %d, failures %d: %v", i, clock(e.MadeAt), e.Epoch, e.Failures, err)
	if r := h.runOf(path, e.MadeAt); r != nil && err == nil {
		r.accepted = true
	}
}

// heardOf enters what an instance learned about a record that it put.
func (h *history) heardOf(i *instance, record pages.Record, err error) {
	if !errors.Is(err, pages.ErrFenced) {
		return
	}
	e, broken := pages.Decode(record.Data)
	if broken != nil {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if r := h.runOf(e.Key.Path, e.MadeAt); r != nil && r.i == i && r.refused.IsZero() {
		r.refused = time.Now()
	}
}

// bumps enters that a purge is about to reach the store, or may have.
func (h *history) bumps(i *instance, verb pages.Verb, subjects []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, s := range subjects {
		h.bumpedAt[s] = time.Now()
		h.logSubject(s, "%s tells the store that %s is purged, %s", i, s, verb)
	}
}

func (h *history) purges(i *instance, verb pages.Verb, subject string) *purging {
	purges.Add(1)
	return &purging{i: i, at: time.Now(), verb: verb, subject: subject, version: h.data.Add(1)}
}

// purged enters that a purge returned, and what it demands from now on.
func (h *history) purged(ctx context.Context, p *purging, epoch uint64, err error) {
	apart := p.i.link.apart()
	h.mu.Lock()
	defer h.mu.Unlock()
	if p.i.life.Load() == killed {
		return // its answer reached no visitor
	}
	h.logSubject(p.subject, "purge of %s by %s, %s, version %d: epoch %d, %v", p.subject, p.i, p.verb, p.version, epoch, err)
	if epoch > 0 {
		p.epoch = epoch
		h.purgeds = append(h.purgeds, p)
	}
	if err != nil {
		if epoch == 0 {
			h.holdsAlone(p)
		}
		if ctx.Err() == nil && !apart {
			h.breaks(answers, "", "%s could not purge: %v", p.i, err)
		}
		return
	}
	d := demand{purged: p.version}
	if p.verb == pages.Expire {
		d.expired, d.expiredAt = p.version, p.at
	}
	h.demands[p.subject] = h.demands[p.subject].merge(d)
}

// holdsAlone enters a purge that holds for one instance, as it was told.
func (h *history) holdsAlone(p *purging) {
	if h.alone[p.i] == nil {
		h.alone[p.i] = map[string]time.Time{}
	}
	h.alone[p.i][p.subject] = time.Now()
}

// token is the epoch of a purge that returned not long ago, 0 for none.
func (h *history) token(d *dice) uint64 {
	n := d.n(10) + 1
	h.mu.Lock()
	defer h.mu.Unlock()
	if n > len(h.purgeds) {
		return 0
	}
	return h.purgeds[len(h.purgeds)-n].epoch
}

// A question is one that a client asks, with what was known then.
type question struct {
	i     *instance
	route string
	path  string
	at    time.Time
	token uint64
	demand
	promised int64 // no version before this is an answer to the token
	top      *run
}

func (h *history) asks(i *instance, page *gorgon.Definition, path string, token uint64) question {
	gets.Add(1)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.asked[path] = time.Now()
	q := question{i: i, route: page.Path, path: path, at: time.Now(), token: token, top: h.top[path]}
	subjects := subjectsOf(page.Path, path)
	for _, s := range subjects {
		q.demand = q.demand.merge(h.demands[s])
	}
	for _, p := range h.purgeds {
		if p.epoch <= token && slices.Contains(subjects, p.subject) {
			q.promised = max(q.promised, p.version)
		}
	}
	return q
}

// answered holds an answer against the laws.
func (h *history) answered(q question, a cache.Answer, err error) {
	var v int64
	if err == nil {
		v = version(h.t, a)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	life := q.i.life.Load()
	if life == killed {
		return // its answer reached no visitor
	}
	if err != nil {
		h.log(q.path, "%s answers who asked at %s with token %d: %v", q.i, clock(q.at), q.token, err)
		if life == running && !h.failedSince(q.path, q.at) {
			h.breaks(answers, q.path, "%s: %v", q.i, err)
		}
		return
	}
	h.log(q.path, "%s answers who asked at %s with token %d: version %d, made at %s, %s, degraded: %v",
		q.i, clock(q.at), q.token, v, clock(a.Entry.MadeAt), a.State, a.Degraded)
	if v < q.promised && !a.Degraded {
		h.breaks(promised, q.path, "%s answers with version %d of %s, %s, to token %d, which demands %d", q.i, v, q.path, a.State, q.token, q.promised)
	}
	if life != running {
		return // one that stops answers with what it has
	}
	if fresh := a.State != cache.Stale; v < q.purged && fresh && (!a.Degraded || h.kind == "sequencer") {
		h.breaks(undone, q.path, "%s answers with version %d of %s as %s; %d was purged before", q.i, v, q.path, a.State, q.purged)
	}
	if v < q.expired && !a.Degraded && !h.failedSince(q.path, q.expiredAt) {
		h.breaks(undone, q.path, "%s answers with version %d of %s, %s; %d was expired before", q.i, v, q.path, a.State, q.expired)
	}
	if a.State != cache.Stale && !a.Degraded && q.route == forEverRoute && !h.mixed {
		h.forward(q, h.runOf(q.path, a.Entry.MadeAt))
	}
}

// failedSince says whether a run of a path failed since then. One that takes
// too long has failed even if it goes on, and what fails is answered with a
// little later.
func (h *history) failedSince(path string, since time.Time) bool {
	return !h.failed[path].Before(since.Add(-time.Second)) || slices.ContainsFunc(h.runs[path], func(r *run) bool {
		return r.ended.IsZero() && time.Since(r.began) >= makeTime
	})
}

// forward holds a fresh answer against those before.
func (h *history) forward(q question, r *run) {
	if r == nil || r.apart || r.alone || h.madeAlone(r) {
		return
	}
	if q.top != nil && r.version < q.top.version && !h.purgedSince(q, r) && !r.excused(q) {
		h.breaks(backwards, q.path, "%s answers with version %d of %s, made at %s by %s, after version %d, made at %s by %s, was fresh",
			q.i, r.version, q.path, clock(r.began), r.i, q.top.version, clock(q.top.began), q.top.i)
	}
	if top := h.top[q.path]; top == nil || top.version < r.version {
		h.top[q.path] = r
	}
}

// madeAlone says whether a run may have begun because of a purge that the
// store did not record.
func (h *history) madeAlone(r *run) bool {
	return slices.ContainsFunc(subjectsOf(routeOf(r.path), r.path), func(s string) bool {
		_, ok := h.alone[r.i][s]
		return ok
	})
}

func (h *history) purgedSince(q question, r *run) bool {
	for _, s := range subjectsOf(q.route, q.path) {
		if at, ok := h.bumpedAt[s]; ok && !at.Before(r.began) {
			return true
		}
	}
	return false
}

// excused says whether its maker may still serve a run that the store did not
// take.
func (r *run) excused(q question) bool {
	return q.i == r.i && !r.accepted && (r.refused.IsZero() || q.at.Before(r.refused.Add(refusedFor)))
}

// healed looks at every instance when it should have recovered.
func (h *history) healed() {
	for _, i := range h.instances {
		if degraded, reason := i.cache.Degraded(); degraded {
			h.mu.Lock()
			h.breaks(heals, "", "%s is degraded %v after all faults were lifted: %s", i, healTime, reason)
			h.mu.Unlock()
		}
	}
}

// goOn looks whether the pages in the store keep up with the purges.
func (h *history) goOn() {
	for n := range historyPaths {
		path := fmt.Sprint("/p/", n)
		record, err := h.mem.Get(h.t.Context(), pages.Key{Route: routeOf(path), Path: path})
		if err != nil {
			continue // it was not requested yet
		}
		e, err := pages.Decode(record.Data)
		if err != nil || e.Status != 200 {
			continue
		}
		v := version(h.t, cache.Answer{Entry: e})
		h.mu.Lock()
		var due int64
		for _, p := range h.purgeds {
			if p.subject == pages.TagSubject("t") && time.Since(p.at) > lateFor {
				due = max(due, p.version)
			}
		}
		asked := h.asked[path]
		if v < due && !asked.IsZero() && time.Since(asked) < 2*time.Second && !h.failedSince(path, time.Now().Add(-lateFor)) {
			h.breaks(goesOn, path, "the store has version %d of %s; %d was purged more than %v ago", v, path, due, lateFor)
		}
		h.mu.Unlock()
	}
}

// breaks enters a fault, the first with the log of what led to it.
func (h *history) breaks(l law, path, format string, args ...any) {
	text := clock(time.Now()) + " " + fmt.Sprintf(format, args...)
	h.log(path, "BROKEN: %s", l)
	if len(h.faults) == 0 || !slices.ContainsFunc(h.faults, func(f fault) bool { return f.law == l }) {
		text += "\n" + h.recent(path)
	}
	h.faults = append(h.faults, fault{l, text})
}

// An event is a line of the log. Without a path it concerns all.
type event struct {
	at     time.Time
	path   string
	format string
	args   []any
}

func (h *history) log(path, format string, args ...any) {
	h.events = append(h.events, event{time.Now(), path, format, args})
}

// logSubject logs what concerns the pages of a subject.
func (h *history) logSubject(subject, format string, args ...any) {
	h.log("subject "+subject, format, args...)
}

func (h *history) note(path, format string, args ...any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.log(path, format, args...)
}

const logLines = 80

// recent is what happened to a page, up to now.
func (h *history) recent(path string) string {
	concerned := []string{"", path}
	if path != "" {
		for _, s := range subjectsOf(routeOf(path), path) {
			concerned = append(concerned, "subject "+s)
		}
	}
	var lines []string
	for _, e := range slices.Backward(h.events) {
		if len(lines) == logLines {
			break
		}
		if slices.Contains(concerned, e.path) {
			lines = append(lines, "\t"+clock(e.at)+" "+fmt.Sprintf(e.format, e.args...))
		}
	}
	slices.Reverse(lines)
	return strings.Join(lines, "\n")
}

// clock is a time within the bubble's second day.
func clock(t time.Time) string { return t.UTC().Format("15:04:05.000000") }

// What was done in all histories.
var steps, gets, purges, runs atomic.Int64

func counts() string {
	return fmt.Sprintf("%d steps, %d gets, %d purges, %d runs of generators", steps.Load(), gets.Load(), purges.Load(), runs.Load())
}
