// Pieces: live parts of pages, for those that keep them up to date in browsers.

package compose

import (
	"context"
	"encoding/base64"
	"errors"
	"time"

	"github.com/cespare/xxhash/v2"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/cache"
	"github.com/gorgon-go/gorgon/pages"
)

// A Piece is a live part of a page as it is now.
type Piece struct {
	Entry    *pages.Entry // what is sent of it; nil if visitors see it differently
	Version  string       // of its content, as the element around it has it
	Subjects []string     // whose purges concern it
	Holds    func() bool  // whether none that is known does
	Until    time.Time    // when it is out of date without a purge; zero: never
}

// Errors of pieces that cannot be made now.
var (
	ErrBroken = errors.New("compose: a fragment in it cannot be made")
	ErrStale  = errors.New("compose: it is out of date, and making it failed")
)

// Piece makes a live part as it is now: a fragment, as Bare, or a page, as
// Payload. Nothing in it is older than a purge that was known before.
func (c *Composer) Piece(ctx context.Context, a *Ask) (Piece, error) {
	a.Demand.Renew, a.Demand.Token = true, c.cache.Coherence().Now().Known
	root, _, err := c.find(ctx, a)
	if err != nil {
		return Piece{}, err
	}
	if root == nil {
		return Piece{}, &gorgon.Error{Op: "compose", Kind: gorgon.KindGone, Err: errors.New("the page leads elsewhere")}
	}
	p := Piece{Version: root.version()}
	var parts []cache.Answer
	root.walk(func(n *node) {
		switch {
		case n.err != nil:
			err = ErrBroken
		case n.answer.State == cache.Stale && (n.answer.Entry.Failures > 0 || n.answer.Degraded):
			// An old one stands in; or another instance made it before what was
			// committed since, and purged here alone.
			err = ErrStale
		}
		if n.answer.Entry == nil {
			return
		}
		parts = append(parts, n.answer)
		p.Subjects = append(p.Subjects, n.answer.Entry.Subjects()...)
		p.Until = earlier(p.Until, n.answer.Entry.FreshUntil)
	})
	if err != nil {
		return Piece{}, err
	}
	answer, err := c.put(ctx, a, root)
	if err != nil {
		return Piece{}, err
	}
	if answer.Requested == nil {
		p.Entry = answer.Entry
	}
	p.Holds = func() bool {
		for _, part := range parts {
			if !c.cache.Holds(part) {
				return false
			}
		}
		return true
	}
	return p, nil
}

// version names the content of a node and of all within. It is the same on every
// instance.
func (n *node) version() string {
	hash := xxhash.New()
	n.walk(func(w *node) {
		tag := "!"
		if w.answer.Entry != nil && !w.own {
			tag = w.answer.Entry.ETag
		}
		_, _ = hash.WriteString(tag + "\n") // a hash takes everything
	})
	return base64.RawURLEncoding.EncodeToString(hash.Sum(nil))
}

// shown is the version of a node that is kept up to date in browsers; "" for
// others.
func (n *node) shown() string {
	switch {
	case n.own:
		return n.has
	case !n.def.Live || n.answer.Entry == nil:
		return ""
	}
	return n.version()
}

// earlier returns the earlier of two times, of which zero is never.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
