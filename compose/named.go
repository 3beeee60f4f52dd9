// Named parts: live fragments that each visitor sees differently. What one visitor
// has of them is known to the visitor's browser alone, which says it, sealed.

package compose

import (
	"context"
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gorgon-go/gorgon/cache"
	"github.com/gorgon-go/gorgon/coherence"
	"github.com/gorgon-go/gorgon/dataflow"
	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/viewctx"
)

// A shown is what a visitor has of a named part: when it was made, and what of.
type shown struct {
	epoch    uint64    // purges up to this number do not concern it
	madeAt   time.Time // by the clock of the instance
	until    time.Time // when it is out of date without a purge; zero: never
	instance string    // that numbered the purges, where that has no store; "" for the store
	subjects []string  // beside its own route and path
}

const (
	// namedMark begins the versions of named parts. Those of others are hashes.
	namedMark = "~"

	// namedSize is the most that a version seals, in bytes.
	namedSize = 2048

	// namedAgain is after how long a visitor's browser asks again who was shown
	// what is known to be out of date, since nothing newer could be made.
	namedAgain = 10 * time.Second
)

func (s shown) encode() []byte {
	var until int64
	if !s.until.IsZero() {
		until = s.until.UnixNano()
	}
	b := binary.AppendUvarint(nil, s.epoch)
	b = binary.AppendVarint(b, s.madeAt.UnixNano())
	b = binary.AppendVarint(b, until)
	for _, text := range append([]string{s.instance}, s.subjects...) {
		b = append(binary.AppendUvarint(b, uint64(len(text))), text...)
	}
	return b
}

var errShown = errors.New("compose: it is not the version of a named part")

func decodeShown(b []byte) (s shown, err error) {
	epoch, n := binary.Uvarint(b)
	if n <= 0 {
		return s, errShown
	}
	b = b[n:]
	var times [2]int64
	for i := range times {
		var n int
		if times[i], n = binary.Varint(b); n <= 0 {
			return s, errShown
		}
		b = b[n:]
	}
	s.epoch, s.madeAt = epoch, time.Unix(0, times[0])
	if times[1] != 0 {
		s.until = time.Unix(0, times[1])
	}
	var texts []string
	for len(b) > 0 {
		length, n := binary.Uvarint(b)
		if n <= 0 || length > uint64(len(b)-n) {
			return s, errShown
		}
		texts = append(texts, string(b[n:n+int(length)]))
		b = b[n+int(length):]
	}
	if len(texts) == 0 {
		return s, errShown
	}
	s.instance, s.subjects = texts[0], texts[1:]
	return s, nil
}

// HasNamed says whether a version is one that was sealed for the part of an Ask.
func (c *Composer) HasNamed(a *Ask, version string) bool {
	_, err := c.opened(a, version)
	return err == nil
}

func (c *Composer) opened(a *Ask, version string) (shown, error) {
	closed, ok := strings.CutPrefix(version, namedMark)
	if !ok {
		return shown{}, errShown
	}
	text, err := c.renderer.OpenVersion(closed, c.bareURL(a))
	if err != nil {
		return shown{}, err
	}
	return decodeShown(text)
}

// Named is what is known of a part that only the visitor's browser can get, by
// the version that the browser has: its subjects, and whether it holds. It has
// neither an entry nor a version.
func (c *Composer) Named(a *Ask, version string) (Piece, error) {
	s, err := c.opened(a, version)
	if err != nil {
		return Piece{}, err
	}
	subjects := slices.Concat(pages.Subjects(a.key(), nil), s.subjects)
	return Piece{Subjects: subjects, Holds: c.judge(s, subjects), Until: s.until}, nil
}

// judge is whether what a visitor has is good. The store is asked once, where
// what is known here does not go back far enough.
func (c *Composer) judge(s shown, subjects []string) func() bool {
	purges := c.cache.Coherence()
	if s.instance == c.numbers() {
		held := &coherence.Copy{Of: listed(subjects), Epoch: s.epoch, MadeAt: s.madeAt}
		purges.Check(held)
		return func() bool { v, _ := purges.Judge(held); return v == coherence.Good }
	}
	// Another process numbered its purges by itself: times are what is left.
	if s.madeAt.Before(c.began) {
		return func() bool { return false }
	}
	return func() bool {
		for _, m := range purges.Marks(subjects) {
			if !m.At.Before(s.madeAt) {
				return false
			}
		}
		return true
	}
}

// listed are subjects that are known already.
type listed []string

func (l listed) Subjects() []string { return l }

// numbers names who numbers the purges that are known here.
func (c *Composer) numbers() string {
	if purges := c.cache.Coherence(); purges.Store == nil {
		return purges.Name()
	}
	return ""
}

// bareURL is where a browser gets the fragment of an Ask.
func (c *Composer) bareURL(a *Ask) string {
	_, props, _ := viewctx.SplitFragmentPath(a.Path)
	return c.renderer.FragmentURL(a.Page.Fragment, props, a.Locale, a.at(), true)
}

func (a *Ask) key() pages.Key { return pages.Key{Route: a.Page.Path, Path: a.Path, Locale: a.Locale} }

// A noting is what is read for a named part while it is made.
type noting struct {
	c      *Composer
	ask    *Ask
	token  uint64 // of a purge that the visitor knows of
	began  uint64
	madeAt time.Time
	reads  dataflow.Reads

	mu       sync.Mutex
	subjects []string // that are not tags of reads
}

type notingKey struct{}

// note begins to note what a part reads. What is read is at least as new as the
// purge that the visitor knows of, or is known not to be.
func (c *Composer) note(ctx context.Context, a *Ask) (context.Context, *noting) {
	purges, token := c.cache.Coherence(), a.Demand.Token
	if purges.Store == nil {
		token = 0 // it may be another process's, which numbered its purges by itself
	}
	if token > 0 {
		purges.CatchUp(token)
	}
	n := &noting{c: c, ask: a, token: token, began: max(purges.Now().Epoch, token), madeAt: c.renderer.Time()}
	ctx = dataflow.WithReads(ctx, &n.reads)
	return context.WithValue(ctx, notingKey{}, n), n
}

// notingOf is where a context's parts are noted; nil if they are not.
func notingOf(ctx context.Context) *noting {
	n, _ := ctx.Value(notingKey{}).(*noting)
	return n
}

// part notes that a fragment that is made for the request is within.
func (n *noting) part(a *Ask) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.subjects = append(n.subjects, pages.Subjects(a.key(), nil)...)
}

func (n *noting) tags(tags []string) {
	for _, t := range tags {
		n.reads.Tag(t)
	}
}

// answer notes something stored that is shown in the part. Known is the number
// of the last purge that was known before it was found.
func (n *noting) answer(a cache.Answer, known uint64) {
	if a.Entry == nil {
		return
	}
	epoch, holds := a.Entry.Epoch, n.c.cache.Holds(a)
	if holds {
		epoch = max(epoch, known)
	}
	n.reads.Value(epoch, !holds || a.State == cache.Stale, a.Entry.Tags, nil)
	n.reads.Limit(dataflow.Limits{FreshUntil: a.Entry.FreshUntil})
	n.mu.Lock()
	defer n.mu.Unlock()
	n.subjects = append(n.subjects, pages.Subjects(a.Entry.Key, nil)...)
}

// node notes what is stored of a fragment within the part, and what that shows.
// What is kept up to date by itself is left out.
func (n *noting) node(within *node, known uint64) {
	n.answer(within.answer, known)
	for _, w := range within.within {
		if w != nil && w.shown() == "" {
			n.node(w, known)
		}
	}
}

// version is how the element around the part names what the visitor has; "" if
// it depends on more than can be said.
func (n *noting) version() string {
	epoch, stale := n.reads.Epoch(n.began)
	s := shown{epoch: epoch, madeAt: n.madeAt, instance: n.c.numbers()}
	now := n.c.renderer.Time()
	if until := n.reads.Limits().FreshUntil; until.After(now) {
		s.until = until
	}
	if stale || epoch < n.token {
		// To ask again at once would bring the same.
		s.epoch, s.until = n.began, dataflow.Earlier(s.until, now.Add(namedAgain))
	}
	own := pages.Subjects(n.ask.key(), nil)
	n.mu.Lock()
	others := slices.Clone(n.subjects)
	n.mu.Unlock()
	for _, name := range [...]func(string) string{func(t string) string { return t }, dataflow.Coarse} {
		s.subjects = nil
		for _, t := range n.reads.Tags() {
			s.subjects = append(s.subjects, pages.TagSubject(name(t)))
		}
		s.subjects = append(s.subjects, others...)
		slices.Sort(s.subjects)
		s.subjects = slices.DeleteFunc(slices.Compact(s.subjects), func(t string) bool {
			return slices.Contains(own, t)
		})
		if text := s.encode(); len(text) <= namedSize {
			return namedMark + n.c.renderer.SealVersion(text, n.c.bareURL(n.ask))
		}
	}
	if _, said := n.c.crowded.LoadOrStore(n.ask.Page, true); !said {
		n.c.log.Warn("a live fragment reads more than its browsers can name; it is not kept up to date: read fewer things in it, or split it", "fragment", n.ask.Page.Fragment)
	}
	return ""
}
