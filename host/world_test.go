// A world of instances, a network between them, and clients, in virtual time.

package host

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/mem"
	"github.com/gorgon-go/gorgon/rooms"
	"github.com/gorgon-go/gorgon/rooms/roomstest"
	"github.com/gorgon-go/gorgon/wire"
)

// A tape is the state of the rooms of the tests: all that was said.
type tape struct {
	Said []string `json:"said"`
}

type say struct {
	Text string `json:"text"`
}

type heard struct {
	Seq  uint32 `json:"seq"`
	Text string `json:"text"`
}

type tapeRoom = rooms.Room[tape, say, heard]

func tapes() tapeRoom {
	return tapeRoom{
		Name: "tape", Path: "/tapes/{key}/room", History: 100_000, Rate: 100_000,
		New: func(string) tape { return tape{Said: []string{}} },
		Apply: func(s *tape, do rooms.Act[say]) ([]heard, error) {
			switch do.Op.Text {
			case "no":
				return nil, gorgon.Refuse("/text", "not this")
			case "panic":
				s.Said = append(s.Said, "half")
				panic("planted")
			}
			s.Said = append(s.Said, do.Op.Text)
			return []heard{{uint32(do.Seq), do.Op.Text}}, nil
		},
	}
}

// A world has instances that share a store.
type world struct {
	t      *testing.T
	store  *mem.Rooms
	lease  time.Duration
	direct bool // instances cannot reach each other
	room   tapeRoom

	mu    sync.Mutex
	nodes map[string]*node
	made  int
	cut   map[[2]string]bool // pairs of addresses that cannot reach each other
	log   bytes.Buffer
}

// A node is an instance.
type node struct {
	*Host
	w       *world
	address string
	faults  *roomstest.Faults
	d       *rooms.Definition
	stop    context.CancelFunc

	mu     sync.Mutex
	dead   bool
	frozen chan struct{} // closed when it wakes; nil: it is awake
	plan   func(roomstest.Call) roomstest.Fault
}

func newWorld(t *testing.T) *world {
	return &world{t: t, store: mem.NewRooms(), lease: 2 * time.Second, room: tapes(), nodes: map[string]*node{}, cut: map[[2]string]bool{}}
}

// start starts an instance, which plant may change before.
func (w *world) start(build string, plant func(*node)) *node {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.made++
	n := &node{w: w, address: fmt.Sprintf("node-%d:80", w.made), faults: roomstest.NewFaults(w.store.Handle())}
	n.faults.Plan(n.decide)
	n.Host = New(Options{Store: n.faults, Lease: w.lease, Log: slog.New(slog.NewTextHandler(&locked{w: w}, nil))})
	if !w.direct {
		n.SetAddress(n.address)
	}
	app := gorgon.App{Name: "tapes", Parts: []gorgon.Part{w.room}}.Erased()
	n.Use(nil, app, build)
	n.d = n.definitions["tape"]
	n.peers.client.Transport = network{w, n}
	if plant != nil {
		plant(n)
	}
	var ctx context.Context
	ctx, n.stop = context.WithCancel(context.Background())
	n.Start(ctx)
	w.nodes[n.address] = n
	return n
}

// locked keeps what instances log.
type locked struct{ w *world }

func (l *locked) Write(p []byte) (int, error) {
	l.w.mu.Lock()
	defer l.w.mu.Unlock()
	return l.w.log.Write(p)
}

// decide is what becomes of a call of the store.
func (n *node) decide(c roomstest.Call) roomstest.Fault {
	n.mu.Lock()
	dead, frozen, plan := n.dead, n.frozen, n.plan
	n.mu.Unlock()
	if frozen != nil {
		return roomstest.Fault{HangBefore: true}
	}
	if dead {
		return roomstest.Fault{Before: roomstest.ErrFault}
	}
	if plan != nil {
		return plan(c)
	}
	return roomstest.Fault{}
}

// kill ends an instance: what it does from now on reaches no other.
func (n *node) kill() {
	n.mu.Lock()
	n.dead = true
	n.mu.Unlock()
	n.thaw()
	n.w.mu.Lock()
	delete(n.w.nodes, n.address)
	n.w.mu.Unlock()
	n.stop()
	n.Host.stop()
	go func() { _ = n.Close() }()
}

// end stops an instance as a server does.
func (n *node) end() {
	n.stop()
	synctest.Wait()
	n.w.mu.Lock()
	delete(n.w.nodes, n.address)
	n.w.mu.Unlock()
	_ = n.Close() // its store may be away
}

func (n *node) freeze() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.frozen == nil {
		n.frozen = make(chan struct{})
	}
}

func (n *node) thaw() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.frozen != nil {
		close(n.frozen)
		n.frozen = nil
	}
}

func (n *node) stuck() chan struct{} {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.frozen
}

func (n *node) faulty(plan func(roomstest.Call) roomstest.Fault) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.plan = plan
}

// A network carries requests of an instance, or of clients.
type network struct {
	w    *world
	from *node // nil for clients
}

var errRefused = errors.New("connection refused")

func (t network) RoundTrip(r *http.Request) (*http.Response, error) {
	t.w.mu.Lock()
	to := t.w.nodes[r.URL.Host]
	cut := t.from != nil && (t.w.cut[[2]string{t.from.address, r.URL.Host}] || t.w.cut[[2]string{r.URL.Host, t.from.address}])
	t.w.mu.Unlock()
	if cut {
		select {
		case <-time.After(connect):
		case <-r.Context().Done():
		}
		return nil, errors.New("no route")
	}
	if to == nil {
		return nil, errRefused
	}
	ctx, cancel := context.WithCancel(r.Context())
	in := r.Clone(ctx)
	if r.Body == nil {
		in.Body = http.NoBody
	}
	reader, writer := io.Pipe()
	p := &pipe{header: http.Header{}, ready: make(chan struct{}), out: writer, to: to, from: t.from, w: t.w, ctx: ctx}
	go func() {
		defer cancel()
		defer writer.Close()
		defer p.WriteHeader(http.StatusOK)
		if frozen := to.stuck(); frozen != nil {
			select {
			case <-frozen:
			case <-ctx.Done():
				return
			}
		}
		if strings.HasPrefix(r.URL.Path, wire.Rooms) {
			to.ServePeer(p, in)
			return
		}
		in.SetPathValue("key", strings.Split(r.URL.Path, "/")[2])
		to.d.ServeHTTP(p, in)
	}()
	go func() { // an instance that ends closes its connections
		select {
		case <-ctx.Done():
		case <-to.context.Done():
			_ = writer.CloseWithError(io.ErrUnexpectedEOF)
			cancel()
		}
	}()
	select {
	case <-p.ready:
	case <-ctx.Done():
		if r.Context().Err() != nil {
			return nil, r.Context().Err()
		}
		return nil, errRefused
	}
	return &http.Response{StatusCode: p.status, Header: p.header, Body: &body{reader, cancel}, Request: r}, nil
}

type body struct {
	*io.PipeReader
	cancel func()
}

func (b *body) Close() error {
	b.cancel()
	return b.PipeReader.Close()
}

// A pipe is the response of an instance.
type pipe struct {
	header   http.Header
	once     sync.Once
	ready    chan struct{}
	status   int
	out      *io.PipeWriter
	to, from *node
	w        *world
	ctx      context.Context
}

func (p *pipe) Header() http.Header { return p.header }
func (p *pipe) Flush()              {}
func (p *pipe) WriteHeader(status int) {
	p.once.Do(func() { p.status = status; close(p.ready) })
}

func (p *pipe) Write(b []byte) (int, error) {
	p.WriteHeader(http.StatusOK)
	if frozen := p.to.stuck(); frozen != nil {
		select {
		case <-frozen:
		case <-p.ctx.Done():
		}
	}
	if p.from != nil {
		p.w.mu.Lock()
		cut := p.w.cut[[2]string{p.from.address, p.to.address}] || p.w.cut[[2]string{p.to.address, p.from.address}]
		p.w.mu.Unlock()
		if cut {
			<-p.ctx.Done()
		}
	}
	if p.ctx.Err() != nil {
		return 0, p.ctx.Err()
	}
	return p.out.Write(b)
}

// any is one of the instances that answer.
func (w *world) any() *node {
	w.mu.Lock()
	defer w.mu.Unlock()
	var list []*node
	for _, n := range w.nodes {
		list = append(list, n)
	}
	if len(list) == 0 {
		return nil
	}
	slices.SortFunc(list, func(a, b *node) int { return strings.Compare(a.address, b.address) })
	return list[rand.IntN(len(list))]
}

// A client sends operations until each is acknowledged or refused.
type client struct {
	w     *world
	name  string
	key   string
	http  http.Client
	n     uint64
	acked []string
	tries int
	again bool // planted: another number for each try
}

func (w *world) client(name, key string) *client {
	return &client{w: w, name: name + strings.Repeat("-", 16), key: key, http: http.Client{Transport: network{w: w}}}
}

// say sends an operation until it is acknowledged; false if it was refused.
func (c *client) say(ctx context.Context, text string) bool {
	c.n++
	for ctx.Err() == nil {
		sent, _ := json.Marshal(map[string]any{"client": c.name, "ops": []any{map[string]any{"n": c.n, "op": say{text}}}})
		c.tries++
		if c.again {
			c.n++
		}
		if accepted, known := c.try(ctx, sent); known {
			if accepted {
				c.acked = append(c.acked, text)
			}
			return accepted
		}
		time.Sleep(time.Duration(20+rand.IntN(50)) * time.Millisecond)
	}
	return false
}

func (c *client) try(ctx context.Context, sent []byte) (accepted, known bool) {
	n := c.w.any()
	if n == nil {
		return false, false
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	r, _ := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+n.address+"/tapes/"+c.key+"/room", bytes.NewReader(sent))
	answer, err := c.http.Do(r)
	if err != nil {
		return false, false
	}
	defer answer.Body.Close()
	var got struct {
		Results []reply `json:"results"`
	}
	if answer.StatusCode != http.StatusOK || json.NewDecoder(answer.Body).Decode(&got) != nil || len(got.Results) != 1 {
		return false, false
	}
	return got.Results[0].Problem == nil, true
}

// A watcher is a member that checks what it is told.
type watcher struct {
	w    *world
	key  string
	http http.Client
	id   string
	old  bool // planted: it comes back with the id before the last

	mu     sync.Mutex
	said   []string
	resets int
	faults []string
	done   chan struct{}
}

func (w *world) watch(ctx context.Context, key string, change func(*watcher)) *watcher {
	v := &watcher{w: w, key: key, http: http.Client{Transport: network{w: w}}, done: make(chan struct{})}
	if change != nil {
		change(v)
	}
	go func() {
		defer close(v.done)
		for ctx.Err() == nil {
			v.follow(ctx)
			time.Sleep(time.Duration(20+rand.IntN(100)) * time.Millisecond)
		}
	}()
	return v
}

func (v *watcher) follow(ctx context.Context) {
	n := v.w.any()
	if n == nil {
		return
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	quiet := time.AfterFunc(40*time.Second, cancel)
	defer quiet.Stop()
	r, _ := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+n.address+"/tapes/"+v.key+"/room?after="+v.id, nil)
	answer, err := v.http.Do(r)
	if err != nil {
		return
	}
	defer answer.Body.Close()
	lines := bufio.NewReader(answer.Body)
	var kind, id, data, before string
	for {
		text, err := lines.ReadString('\n')
		if err != nil {
			return
		}
		quiet.Reset(40 * time.Second)
		text = strings.TrimSuffix(text, "\n")
		switch name, value, _ := strings.Cut(text, ": "); name {
		case "event":
			kind = value
		case "id":
			id = value
		case "data":
			data = value
		case "":
			if data != "" {
				v.hear(kind, data)
			}
			if id != "" && v.old {
				v.id, before = before, id
			} else if id != "" {
				v.id = id
			}
			kind, id, data = "", "", ""
		}
	}
}

func (v *watcher) hear(kind, data string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	switch kind {
	case "state":
		var s tape
		if err := json.Unmarshal([]byte(data), &s); err != nil {
			v.faults = append(v.faults, err.Error())
		}
		if len(s.Said) < len(v.said) {
			v.faults = append(v.faults, fmt.Sprintf("a state with %d after %d", len(s.Said), len(v.said)))
		}
		v.said = s.Said
		v.resets++
	case "":
		var list []heard
		if err := json.Unmarshal([]byte(data), &list); err != nil {
			v.faults = append(v.faults, err.Error())
		}
		for _, h := range list {
			if int(h.Seq) != len(v.said)+1 {
				v.faults = append(v.faults, fmt.Sprintf("entry %d after %d", h.Seq, len(v.said)))
			}
			v.said = append(v.said, h.Text)
		}
	}
}

// logged is what is in the log of a room.
func (w *world) logged(key string) []string {
	var said []string
	tail, err := w.store.Read(context.Background(), "tape/"+key, 0, 1<<30)
	if err != nil {
		w.t.Fatal(err)
	}
	if tail.Snapshot != nil {
		w.t.Fatal("the log begins with a snapshot: History is to keep all")
	}
	for _, data := range tail.Entries {
		e, err := rooms.DecodeEntry(data)
		if err != nil {
			w.t.Fatal(err)
		}
		var op say
		if err := json.Unmarshal(e.Op, &op); err != nil {
			w.t.Fatal(err)
		}
		said = append(said, op.Text)
	}
	return said
}
