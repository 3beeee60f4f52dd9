// The hub of an instance: what is followed, and what a purge concerns.

package live

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"
)

// A Piece is how something is at one time.
type Piece struct {
	// Version names the content: two pieces with one version are the same. "" is
	// for a piece whose key names what a follower has: followers are told once
	// that a purge concerns it, or that its time is over, and see for themselves.
	Version string
	Data    []byte // what followers get; it is not changed

	// Named says that followers do not share the content: they hear that
	// there is a new version, and see for themselves. Those without a version are so anyway.
	Named bool

	// Subjects are those whose purges concern the piece.
	Subjects []string

	// Holds says whether no purge that is known concerns it. nil: none does.
	Holds func() bool

	// Until is when it is out of date without a purge. The zero Time: never.
	Until time.Time
}

// ErrGone is the error of a Maker for what is no longer there: followers are
// told, once.
var ErrGone = errors.New("live: it is gone")

// Config says what a [Hub] works with. Make and Listen are needed.
type Config[K comparable] struct {
	// Make makes a piece. Nothing in it is older than a purge that was known
	// here when Make was called. It ends with its context.
	Make func(ctx context.Context, key K) (Piece, error)

	// Listen has a function called for each subject of each purge that becomes
	// known here.
	Listen func(f func(subject string)) (end func())

	// Settle is how long a piece is left as it is after it was made. Default:
	// 100 ms.
	Settle time.Duration

	// Group says what a piece is made by: pieces that hang hold up those of their
	// group, and no others. Default: all are one group.
	Group func(key K) any

	// AtOnce is how many pieces of a group are made at the same time. Default: 4.
	AtOnce int

	// Spread is over how long the making of very many pieces is spread, which
	// one purge concerns. Default: 2 s.
	Spread time.Duration

	// Tend is called every second while anything is followed. Default: nothing.
	Tend func()

	Log *slog.Logger // default: slog.Default()
}

const (
	settle = 100 * time.Millisecond
	atOnce = 4
	spread = 2 * time.Second

	// many is how many pieces that wait are very many.
	many = 32

	// A piece that cannot be made is tried again after retryMin, then after twice
	// that, and at last every retryMax. A purge of it has it tried at once, but not
	// more often than every retryPurged.
	retryMin, retryMax = 3 * time.Second, time.Minute
	retryPurged        = time.Second

	tendEvery = time.Second

	// Followers are woken some at a time, with a pause between: requests come in
	// between. Of more than a crowd few are woken at a time, 10,000 in 1.5 s or so.
	flock, breath = 64, 500 * time.Microsecond
	few, rest     = 8, time.Millisecond
	crowd         = 2000
)

// A Hub has what is followed at one instance. It is safe for concurrent use.
type Hub[K comparable] struct {
	config Config[K]
	life   context.Context
	stop   context.CancelFunc
	end    func() // of listening
	work   sync.WaitGroup

	mu        sync.Mutex
	slots     map[any]chan struct{} // by group, with room for the pieces that may be made at once
	closed    bool
	tending   bool
	pieces    map[K]*piece[K]
	concerned map[string]map[*piece[K]]struct{} // by subject
	figures   Figures
}

// Figures are what a hub has done, and has.
type Figures struct {
	Pieces, Followers int // now
	Made, Unchanged   uint64
	Failed, Sent      uint64
}

// A piece is what is known of one that is followed.
type piece[K comparable] struct {
	key       K
	now       Piece
	have      bool   // now was made
	gone      bool   // it is no longer there
	asked     bool   // it has no version, and a purge concerns it
	crowd     int    // pieces that the last purge concerned, of those without a version
	begun     uint64 // makings
	made      time.Time
	failures  int
	phase     phase
	sooner    chan time.Duration // while it waits to be tried again: takes another time for that
	timer     *time.Timer        // for when it is out of date by itself; nil for none
	followers map[*follow[K]]struct{}
}

// A phase is what is done about a piece.
type phase uint8

const (
	rests  phase = iota
	waits        // to be made
	works        // is being made
	purged       // is being made, and was purged meanwhile
)

// New returns a hub, which lives until the context ends or it is closed.
func New[K comparable](ctx context.Context, config Config[K]) *Hub[K] {
	if config.Settle == 0 {
		config.Settle = settle
	}
	if config.AtOnce <= 0 {
		config.AtOnce = atOnce
	}
	if config.Spread == 0 {
		config.Spread = spread
	}
	if config.Log == nil {
		config.Log = slog.Default()
	}
	h := &Hub[K]{
		config: config, slots: map[any]chan struct{}{},
		pieces: map[K]*piece[K]{}, concerned: map[string]map[*piece[K]]struct{}{},
	}
	h.life, h.stop = context.WithCancel(ctx)
	h.end = config.Listen(h.purged)
	return h
}

// Close ends the makings and waits for them. Streams end with it.
func (h *Hub[K]) Close() {
	h.end()
	h.mu.Lock()
	h.closed = true
	for _, p := range h.pieces {
		p.still()
	}
	h.mu.Unlock()
	h.stop()
	h.work.Wait()
}

// Figures are the hub's present figures.
func (h *Hub[K]) Figures() Figures {
	h.mu.Lock()
	defer h.mu.Unlock()
	f := h.figures
	f.Pieces = len(h.pieces)
	return f
}

// tend calls Tend for as long as anything is followed.
func (h *Hub[K]) tend() {
	for pause(h.life, tendEvery, nil) {
		h.mu.Lock()
		h.tending = h.figures.Followers > 0
		more := h.tending
		h.mu.Unlock()
		if !more {
			return
		}
		h.config.Tend()
	}
}

// purged has the pieces that a subject concerns made again.
func (h *Hub[K]) purged(subject string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	all := h.concerned[subject]
	for p := range all {
		if p.have && p.now.Version == "" && p.now.Holds != nil && p.now.Holds() {
			continue // it is told again, and what followers have is newer
		}
		var after time.Duration
		if len(all) > many {
			after = rand.N(h.config.Spread)
		}
		p.crowd = len(all)
		h.outdate(p, after)
	}
}

// holds says whether no purge that is known concerns what is had of a piece.
func (p *piece[K]) holds() bool { return p.now.Holds == nil || p.now.Holds() }

// index lets purges of subjects find a piece; the caller holds mu.
func (h *Hub[K]) index(p *piece[K], subjects []string) {
	for _, s := range p.now.Subjects {
		if of := h.concerned[s]; of != nil {
			if delete(of, p); len(of) == 0 {
				delete(h.concerned, s)
			}
		}
	}
	for _, s := range subjects {
		if h.concerned[s] == nil {
			h.concerned[s] = map[*piece[K]]struct{}{}
		}
		h.concerned[s][p] = struct{}{}
	}
}
