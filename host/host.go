// The host: the rooms that this instance has copies of.

package host

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"hash/fnv"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/rooms"
)

// Options of a host. Store is required.
type Options struct {
	// Store is where rooms are: roomdb.In(db).
	Store rooms.Log

	// Lease is how long the rooms of a process that is not heard of any more
	// belong to it. It is renewed every third of it. Default: 2 s.
	Lease time.Duration

	// MaxRooms is how many rooms an instance has copies of. Default: 10,000.
	MaxRooms int

	// Log receives failures. Default: that of the program.
	Log *slog.Logger
}

// A Host runs rooms. Make it with [New].
type Host struct {
	options     Options
	definitions map[string]*rooms.Definition
	build       string
	tag         string // of the build, in the ids of members
	begun       time.Time
	instance    rooms.Instance
	app         atomic.Uint64 // numbers what the app does, in all rooms
	peers       *peers
	counts      counts
	rates       rates

	context context.Context // of the rooms' goroutines
	stop    context.CancelFunc
	work    sync.WaitGroup
	retired atomic.Bool // it owns nothing any more

	mu     sync.Mutex
	rooms  map[roomKey]*room
	closed bool

	lease lease
}

type roomKey struct{ name, key string }

// New returns a host. It contacts nothing. It panics without a Store.
func New(o Options) *Host {
	if o.Store == nil {
		panic("host: Options has no Store: give the rooms of the app, roomdb.In(db)")
	}
	o.Lease = cmp.Or(max(o.Lease, 0), 2*time.Second)
	o.MaxRooms = cmp.Or(max(o.MaxRooms, 0), 10_000)
	h := &Host{
		options: o, definitions: map[string]*rooms.Definition{}, rooms: map[roomKey]*room{}, peers: newPeers(), begun: time.Now(),
		instance: rooms.Instance{ID: rand.Text(), Key: rand.Text()}, lease: lease{turn: make(chan struct{}, 1)},
	}
	h.context, h.stop = context.WithCancel(context.Background())
	return h
}

// Use sets the log, where the options have none, the app whose rooms run, and the
// build of it. It is called once, before the app serves.
func (h *Host) Use(log *slog.Logger, app gorgon.App, build string) {
	if h.options.Log == nil {
		h.options.Log = log
	}
	h.build = build
	sum := fnv.New32a()
	_, _ = sum.Write([]byte(build))
	h.tag = fmt.Sprintf("%08x", sum.Sum32())
	for _, handler := range app.Handlers() {
		if d, ok := handler.Handler.(*rooms.Definition); ok {
			h.definitions[d.Name] = d
			d.SetHost(h)
		}
	}
}

// SetAddress sets the address that other instances reach this one at,
// "10.0.0.7:8080" or "https://a.example.com", before the app serves. Default: they
// cannot reach it, and it appends without owning rooms.
func (h *Host) SetAddress(address string) { h.instance.Address = address }

// Needs lists what the store requires of the target.
func (h *Host) Needs() []gorgon.Need {
	if s, ok := h.options.Store.(interface{ Needs() []gorgon.Need }); ok {
		return s.Needs()
	}
	return nil
}

func (h *Host) logger() *slog.Logger {
	if h.options.Log == nil {
		return slog.Default()
	}
	return h.options.Log
}

// claim is how this instance asks for a room.
func (h *Host) claim(over uint64) rooms.Claim {
	c := rooms.Claim{Over: over, Build: h.build, Age: time.Since(h.begun)}
	if h.instance.Address != "" && !h.retired.Load() {
		c.Instance = h.instance.ID
	}
	return c
}

// open finds a room, and opens it if need be. It stays open until done is called.
func (h *Host) open(d *rooms.Definition, key string) (r *room, done func(), err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return nil, nil, errStopped
	}
	at := roomKey{d.Name, key}
	if r = h.rooms[at]; r == nil {
		if len(h.rooms) >= h.options.MaxRooms {
			return nil, nil, &gorgon.Error{Op: "open", Path: "room " + d.Name, Kind: gorgon.KindUnavailable, RetryAfter: time.Second,
				Err: fmt.Errorf("the instance has copies of %d rooms already", len(h.rooms)), Hint: "raise host.Options.MaxRooms, or add an instance"}
		}
		r = newRoom(h, d, key)
		h.rooms[at] = r
		h.work.Go(func() { r.run(h.context) })
	}
	r.users++
	return r, func() {
		h.mu.Lock()
		r.users--
		r.used = time.Now()
		h.mu.Unlock()
	}, nil
}

// forget removes a room that was not used for a time.
func (h *Host) forget(r *room, after time.Duration) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if r.users > 0 || len(r.asks) > 0 || time.Since(r.used) < after {
		return false
	}
	delete(h.rooms, roomKey{r.d.Name, r.key})
	return true
}

// all lists the rooms.
func (h *Host) all() []*room {
	h.mu.Lock()
	defer h.mu.Unlock()
	list := make([]*room, 0, len(h.rooms))
	for _, r := range h.rooms {
		list = append(list, r)
	}
	return list
}

// spawn does something in the background.
func (h *Host) spawn(f func(ctx context.Context)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.closed {
		h.work.Go(func() { f(h.context) })
	}
}

// do does acts in a room, and says what came of each. After an error nothing is
// known of any.
func (h *Host) do(ctx context.Context, d *rooms.Definition, key string, acts []Act, hop bool) ([]Result, error) {
	r, done, err := h.open(d, key)
	if err != nil {
		return nil, err
	}
	defer done()
	asks, err := r.ask(ctx, acts, hop)
	if err != nil {
		return nil, err
	}
	return wait(ctx, asks)
}

// Do does an operation as the app itself.
func (h *Host) Do(ctx context.Context, d *rooms.Definition, key string, op []byte) error {
	ctx, cancel := context.WithTimeout(ctx, tooLate)
	defer cancel()
	r, done, err := h.open(d, key)
	if err != nil {
		return err
	}
	defer done()
	asks, err := r.askAsApp(ctx, op)
	if err != nil {
		return err
	}
	results, err := wait(ctx, asks)
	if err != nil {
		return err
	}
	return results[0].Err()
}

// Look reads the state of a room from the store, as JSON.
func (h *Host) Look(ctx context.Context, d *rooms.Definition, key string) ([]byte, rooms.Position, error) {
	r := newRoom(h, d, key)
	if err := r.catchUp(ctx); err != nil {
		return nil, rooms.Position{}, err
	}
	data, err := r.copy.state.Snapshot()
	return data, r.copy.at, err
}

// Close ends the rooms and closes the store.
func (h *Host) Close() error {
	h.mu.Lock()
	closed := h.closed
	h.closed = true
	h.mu.Unlock()
	if closed {
		return nil
	}
	h.stop()
	h.work.Wait()
	h.peers.client.CloseIdleConnections()
	return errors.Join(h.leave(), h.options.Store.Close())
}
