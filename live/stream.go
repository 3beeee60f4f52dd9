// Those that follow pieces.

package live

import (
	"context"
	"errors"
)

// A Want is a piece that is open in a browser, and the version that it shows. ""
// is for a version that is not known.
type Want[K comparable] struct {
	Key     K
	Version string
}

// A News is what a follower does not have yet.
type News struct {
	At   int // the index among what it wants
	Data []byte
	Gone bool // the piece is no longer there
	Ask  bool // it changed, and has no content that all share

	Subjects []string // of what is to be asked for
	Crowd    int      // how many such pieces one purge concerned, about
}

// A Stream follows the pieces of one browser. One goroutine uses it.
type Stream[K comparable] struct {
	hub    *Hub[K]
	follow []*follow[K]
	woken  chan struct{}
}

// A follow is one piece of a stream.
type follow[K comparable] struct {
	stream  *Stream[K]
	piece   *piece[K]
	version string // that it has
	told    bool   // that the piece is gone, or is to be asked for

	// trusts says that what is had of the piece is at least as new as the version
	// that it came with: nothing was known against it, or its making began later.
	trusts bool
	begun  uint64 // makings of the piece, when it came
}

// lacks says whether there is something that it does not have; the caller holds
// mu of the hub.
func (f *follow[K]) lacks() bool {
	p := f.piece
	switch {
	case !f.trusts:
		return false
	case p.gone, p.asked:
		return !f.told
	}
	return p.have && p.now.Version != "" && f.version != p.now.Version
}

// take takes what it lacks; the caller holds mu of the hub.
func (f *follow[K]) take(at int) News {
	p := f.piece
	f.version, f.told = p.now.Version, p.gone || p.asked
	n := News{At: at, Data: p.now.Data, Gone: p.gone, Ask: p.asked || p.now.Named}
	if n.Ask {
		n.Subjects, n.Crowd = p.now.Subjects, max(p.crowd, len(p.followers))
	}
	return n
}

// ErrClosed is the error of a stream whose hub was closed.
var ErrClosed = errors.New("live: the hub is closed")

// Follow begins to follow pieces. Close ends it.
func (h *Hub[K]) Follow(wants []Want[K]) *Stream[K] {
	s := &Stream[K]{hub: h, woken: make(chan struct{}, 1)}
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, want := range wants {
		p := h.pieces[want.Key]
		if p == nil {
			p = &piece[K]{key: want.Key, followers: map[*follow[K]]struct{}{}}
			h.pieces[want.Key] = p
		}
		f := &follow[K]{stream: s, piece: p, version: want.Version, begun: p.begun}
		p.followers[f] = struct{}{}
		s.follow = append(s.follow, f)
		h.figures.Followers++
		holds := p.have && p.holds()
		if p.phase == rests && !holds {
			h.outdate(p, 0)
		}
		// There is nothing to send of a piece without a version: it is asked for.
		f.trusts = p.phase == rests && (holds || p.have && p.now.Version == "")
	}
	if h.config.Tend != nil && !h.tending && !h.closed {
		h.tending = true
		h.work.Go(h.tend)
	}
	s.wake()
	return s
}

// Close ends a stream. What nothing follows any longer is forgotten.
func (s *Stream[K]) Close() {
	h := s.hub
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, f := range s.follow {
		p := f.piece
		delete(p.followers, f)
		h.figures.Followers--
		if len(p.followers) == 0 && h.pieces[p.key] == p {
			p.still()
			h.index(p, nil)
			delete(h.pieces, p.key)
		}
	}
	s.follow = nil
}

func (s *Stream[K]) wake() {
	select {
	case s.woken <- struct{}{}:
	default:
	}
}

// Woken is ready when there may be news.
func (s *Stream[K]) Woken() <-chan struct{} { return s.woken }

// Take takes the news: of each piece the newest version, if that is another one
// than the follower has.
func (s *Stream[K]) Take() (news []News) {
	h := s.hub
	h.mu.Lock()
	defer h.mu.Unlock()
	for at, f := range s.follow {
		if f.lacks() {
			news = append(news, f.take(at))
		}
	}
	h.figures.Sent += uint64(len(news))
	return news
}

// Next waits for news.
func (s *Stream[K]) Next(ctx context.Context) ([]News, error) {
	for {
		select {
		case <-s.woken:
			if news := s.Take(); len(news) > 0 {
				return news, nil
			}
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-s.hub.life.Done():
			return nil, ErrClosed
		}
	}
}
