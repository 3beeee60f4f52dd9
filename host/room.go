// A room that this instance has a copy of.

package host

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorgon-go/gorgon/rooms"
	"github.com/gorgon-go/gorgon/wire"
)

const (
	maxAsks    = 4096             // that wait for a room
	maxBatch   = rooms.MaxEntries // acts that are decided together
	readLimit  = 1000             // entries that are read together
	latest     = 1<<63 - 1        // where no room is: the last snapshot is read, if there is one
	storeCall  = 5 * time.Second  // a call of the store
	saveEvery  = 500              // entries between snapshots
	idleAfter  = time.Minute      // a room that is not used is closed
	firstRetry = 20 * time.Millisecond
	maxRetry   = 500 * time.Millisecond
)

// A room has a copy of a room, those who hear of it, and a goroutine that the
// copy belongs to: [room.run].
type room struct {
	h    *Host
	d    *rooms.Definition
	key  string
	name string // in the store
	log  *slog.Logger

	asks  chan *ask
	calls chan func() // done by the goroutine when the copy is ready
	poked chan struct{}
	ended chan struct{} // closed when the goroutine has ended

	users int       // those who are about to ask or call; of Host.mu
	used  time.Time // of Host.mu

	app sync.Mutex // in which the app's operations are numbered

	token  atomic.Uint64 // of the owner that it is; 0: it is not
	direct atomic.Bool   // it appends without owning
	seq    atomic.Uint64 // of told
	saving atomic.Bool   // a snapshot is being stored

	// Of the goroutine.
	copy    *replica       // nil: it is to be read from the log
	past    *past          // what was told by the copy before this one
	pending []*ask         // to be decided before others
	told    rooms.Position // where those who listen are
	saved   uint64         // where the last snapshot was made
	shown   shown
	retry   time.Duration

	audience audience
	presence presence
}

// shown is the state as members are told it, at a position.
type shown struct {
	at   rooms.Position
	data []byte
}

func newRoom(h *Host, d *rooms.Definition, key string) *room {
	name := d.Room(key)
	r := &room{
		h: h, d: d, key: key, name: name, log: h.logger().With("room", name),
		asks: make(chan *ask, maxAsks), calls: make(chan func()), poked: make(chan struct{}, 1), ended: make(chan struct{}),
	}
	r.presence.changed = make(chan struct{}, 1)
	return r
}

// poke lets the room look who owns it, and what is in the log.
func (r *room) poke() { signal(r.poked) }

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// call lets f be done by the goroutine when the copy is ready.
func (r *room) call(ctx context.Context, f func()) error {
	finished := make(chan struct{})
	select {
	case r.calls <- func() { defer close(finished); f() }:
		<-finished
		return nil
	case <-r.ended:
		return errStopped
	case <-ctx.Done():
		return errLate
	}
}

// run keeps the copy until the room is not used, or the context ends.
func (r *room) run(ctx context.Context) {
	defer close(r.ended)
	for over := uint64(0); ctx.Err() == nil; {
		seat, err := r.claim(ctx, over)
		over = 0
		if err == nil && r.closes(idleAfter) {
			return
		}
		switch {
		case err != nil:
		case seat.Mine:
			err = r.own(ctx, seat.Token)
		case seat.Owner.ID == "":
			err = r.own(ctx, 0)
		default:
			over, err = r.follow(ctx, seat)
		}
		if errors.Is(err, errIdle) {
			return
		}
		r.failed(ctx, err, over != 0)
	}
	for _, a := range r.pending {
		a.answer(Result{}, errStopped)
	}
	for {
		select {
		case a := <-r.asks:
			a.answer(Result{}, errStopped)
		default:
			r.audience.end()
			return
		}
	}
}

// claim asks the store who owns the room.
func (r *room) claim(ctx context.Context, over uint64) (rooms.Seat, error) {
	ctx, cancel := context.WithTimeout(ctx, storeCall)
	defer cancel()
	for again := false; ; again = true {
		c := r.h.claim(over)
		if c.Instance != "" {
			if err := r.h.alive(ctx, again); err != nil {
				return rooms.Seat{}, err
			}
		}
		seat, err := r.h.options.Store.Claim(ctx, r.name, c)
		if errors.Is(err, rooms.ErrAbsent) && !again {
			continue
		}
		if err == nil && seat.Mine && seat.Token != r.token.Load() {
			r.h.claimed(over != 0)
		}
		return seat, err
	}
}

// failed waits after a failure of the store or of an owner, longer each time. The
// room of an owner that is gone, or that has given it away, is asked for at once, the
// first time.
func (r *room) failed(ctx context.Context, err error, gone bool) {
	const atOnce = firstRetry / 2
	first := r.retry == 0
	switch {
	case err == nil || ctx.Err() != nil:
		return
	case errors.Is(err, rooms.ErrMoved):
		r.retry = 0
		return
	case first && (gone || errors.Is(err, errNotMine)):
		r.retry = atOnce
		return
	case first || r.retry == atOnce:
		r.log.Warn("a room cannot be kept: it is tried again", wire.LogEvent, wire.EventRoomAway, "error", err)
	}
	r.retry = min(max(2*r.retry, firstRetry), maxRetry)
	wait := time.NewTimer(r.retry)
	defer wait.Stop()
	select {
	case <-ctx.Done():
	case <-wait.C:
	}
}

// catchUp reads what the log has and the copy has not, and tells it.
func (r *room) catchUp(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, storeCall)
	defer cancel()
	if r.copy == nil {
		r.copy = newReplica(r.d, r.key)
	}
	for {
		from := r.copy.at.Seq
		if from == 0 {
			from = latest
		}
		tail, err := r.h.options.Store.Read(ctx, r.name, from, readLimit)
		if err != nil {
			return err
		}
		if tail.Snapshot != nil || tail.At.Seq < r.copy.at.Seq {
			fresh := newReplica(r.d, r.key)
			if tail.Snapshot != nil {
				if err := fresh.restore(tail.Snapshot, tail.From); err != nil {
					return err
				}
				r.saved = tail.From.Seq
			}
			r.copy = fresh
		}
		for _, data := range tail.Entries {
			if _, err := r.copy.apply(data); err != nil {
				r.drop()
				return err
			}
		}
		switch at := r.copy.at; {
		case at == tail.At:
			r.copy.prepend(r.past)
			r.past = nil
			r.tell()
			return nil
		case at.Seq >= tail.At.Seq: // the room is another one: it was restored, or removed
			if at.Seq == 0 || len(tail.Entries) == 0 && tail.Snapshot != nil {
				return errBroken
			}
			r.copy = newReplica(r.d, r.key)
		case len(tail.Entries) == 0:
			return errBroken
		}
	}
}

var (
	errBroken = errors.New("the log of the room does not fit its position: restore it from a backup, or remove the room")
	errIdle   = errors.New("the room is not used")
)

// drop throws the copy away: something may have been applied to it that is not in
// the log. What was told is.
func (r *room) drop() {
	if r.copy != nil {
		if n := len(r.copy.ring) - int(r.copy.at.Seq-min(r.told.Seq, r.copy.at.Seq)); n > 0 && n <= len(r.copy.ring) && r.copy.ring[n-1].at == r.told {
			r.past = &past{r.copy.before, r.copy.ring[:n:n]}
		}
	}
	r.copy = nil
}

// tell tells everyone what the copy has and they have not.
func (r *room) tell() {
	if r.told == r.copy.at {
		return
	}
	records, ok := r.copy.after(r.told)
	r.told = r.copy.at
	r.seq.Store(r.told.Seq)
	if !ok {
		r.audience.restart()
		return
	}
	r.audience.tell(records, r.h.tag)
}

// state is the state as members are told it.
func (r *room) state() ([]byte, error) {
	if r.shown.data == nil || r.shown.at != r.copy.at {
		data, err := r.copy.state.Snapshot()
		if err != nil {
			return nil, err
		}
		r.shown = shown{r.copy.at, data}
	}
	return r.shown.data, nil
}

// save stores a snapshot if the last one is old.
func (r *room) save(every uint64) {
	at := r.copy.at
	if at.Seq < r.saved+every || at.Seq == r.saved || !r.saving.CompareAndSwap(false, true) {
		return
	}
	data, err := r.copy.snapshot()
	if err == nil && len(data) > rooms.MaxSnapshot {
		err = errors.New("the state is larger than 16 MiB")
	}
	r.saved = at.Seq
	if err != nil {
		r.saving.Store(false)
		r.log.Error("a room has no snapshot: it takes longer to read it", "error", err)
		return
	}
	r.h.spawn(func(ctx context.Context) {
		defer r.saving.Store(false)
		ctx, cancel := context.WithTimeout(ctx, storeCall)
		defer cancel()
		if err := r.h.options.Store.Save(ctx, r.name, at, data, uint64(r.d.History)); err != nil && !errors.Is(err, rooms.ErrMoved) && ctx.Err() == nil {
			r.log.Warn("a snapshot of a room could not be stored", "error", err)
		}
	})
}

// closes closes the room if it was not used for a time: then the host does not
// know it any more.
func (r *room) closes(after time.Duration) bool {
	if !r.audience.empty() || len(r.pending) > 0 || !r.h.forget(r, after) {
		return false
	}
	if token := r.token.Swap(0); token != 0 {
		ctx, cancel := context.WithTimeout(context.Background(), storeCall)
		defer cancel()
		if r.copy != nil {
			r.save(1)
		}
		_ = r.h.options.Store.Release(ctx, r.name, token) // or its lease ends
	}
	return true
}
