// Members of rooms.

package gorgontest

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/host"
	"github.com/gorgon-go/gorgon/mem"
	"github.com/gorgon-go/gorgon/rooms"
	"github.com/gorgon-go/gorgon/serve"
)

// lodge lets a host run the app's rooms.
func (s *shared) lodge(cleanup func(func()), o Options, log *slog.Logger) {
	if !slices.ContainsFunc(s.app.Handlers(), func(h gorgon.Handler) bool { _, ok := h.Handler.(*rooms.Definition); return ok }) {
		return
	}
	store := o.Rooms
	if store == nil {
		store = mem.NewRooms()
	}
	h := host.New(host.Options{Store: openRooms{store}, Log: log})
	h.Use(nil, s.app, o.Build)
	ctx, stop := context.WithCancel(context.Background())
	h.Start(ctx)
	cleanup(func() {
		stop()
		_ = h.Close()
	})
}

// openRooms is a store of rooms that its owner closes.
type openRooms struct{ rooms.Log }

func (openRooms) Close() error { return nil }

// A Member is a visitor's connection to a room.
type Member struct {
	Status int // of the stream: 200 if there is one
	You    rooms.Member

	site   *Site
	target string
	client string
	n      atomic.Uint64
	events chan roomEvent // closed with the stream
	last   string         // the id
	leave  func()
}

type roomEvent struct{ kind, id, data string }

// clientName names the client of a member.
func clientName(n uint64) string { return "gorgontest-client-" + strings.Repeat("x", int(n%40)) }

// Join connects the visitor to a room, until the test ends or [Member.Leave].
//
//	alice := site.Join("/canvas/a/room")
//	alice.State(&canvas)
//	alice.Send(Paint{At: 1}) // nil
//	alice.Outs(&painted)
func (s *Site) Join(target string) *Member { return s.join(target, clientName(s.joined.Add(1)), "") }

// Rejoin connects the visitor again, as the same client, with what it has heard.
// What it missed follows.
func (m *Member) Rejoin() *Member {
	m.Leave()
	again := m.site.join(m.target, m.client, m.last)
	again.n.Store(m.n.Load())
	return again
}

func (s *Site) join(target, client, after string) *Member {
	s.t.Helper()
	m := &Member{site: s, target: target, client: client, last: after, events: make(chan roomEvent, 1000)}
	ctx, stop := context.WithCancel(s.t.Context())
	to := s.resolve(nil, target)
	query := to.Query()
	query.Set("client", client)
	query.Set("after", after)
	to.RawQuery = query.Encode()
	request := s.streaming(ctx, http.MethodGet, to, nil, s.Header)
	request.Header.Set("Accept", "text/event-stream")
	read, write := io.Pipe()
	w := &pipeWriter{header: http.Header{}, w: write, began: make(chan int, 1)}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		s.catchUp()
		aborts(s.handler, w, request)
		w.WriteHeader(http.StatusOK)
		_ = write.Close()
	}()
	go m.read(read)
	m.leave = func() { stop(); _ = read.Close(); <-ended }
	s.t.Cleanup(m.leave)
	if m.Status = <-w.began; m.Status == http.StatusOK {
		if e, ok := m.next("you"); ok {
			m.decode(e, &m.You)
		}
	}
	return m
}

// read reads the stream.
func (m *Member) read(from io.Reader) {
	defer close(m.events)
	var e roomEvent
	lines := bufio.NewReader(from)
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return
		}
		switch name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": "); name {
		case "event":
			e.kind = value
		case "id":
			e.id = value
		case "data":
			e.data = value
		case "":
			if e.data != "" {
				m.events <- e
			}
			e = roomEvent{}
		}
	}
}

// next waits for an event of a kind; others are left out. false: the stream ended.
func (m *Member) next(kinds ...string) (roomEvent, bool) {
	m.site.t.Helper()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	for {
		select {
		case e, more := <-m.events:
			if !more {
				return e, false
			}
			if e.id != "" {
				m.last = e.id
			}
			if slices.Contains(kinds, e.kind) {
				return e, true
			}
		case <-timer.C:
			m.site.t.Fatalf("gorgontest: nothing came from the room within %v", patience)
		}
	}
}

func (m *Member) decode(e roomEvent, into any) {
	m.site.t.Helper()
	if err := json.Unmarshal([]byte(e.data), into); err != nil {
		m.site.t.Fatalf("gorgontest: what came from the room cannot be read as %T: %v", into, err)
	}
}

// State waits for the state, and reads it. It is false if the stream ends.
func (m *Member) State(into any) bool {
	m.site.t.Helper()
	e, ok := m.next("state")
	if ok {
		m.decode(e, into)
	}
	return ok
}

// Outs waits for the next outcomes, and reads them into what a slice is at. It is
// false if the stream ends.
func (m *Member) Outs(into any) bool {
	m.site.t.Helper()
	e, ok := m.next("")
	if ok {
		m.decode(e, into)
	}
	return ok
}

// Present waits for a list of who takes part.
func (m *Member) Present() (count int, list []rooms.Member) {
	m.site.t.Helper()
	var present struct {
		Count int
		List  []rooms.Member
	}
	if e, ok := m.next("members"); ok {
		m.decode(e, &present)
	}
	return present.Count, present.List
}

// Send sends an operation, and returns why it was not accepted; nil if it was.
func (m *Member) Send(op any) *serve.Problem { return m.send(m.n.Add(1), op) }

// SendAgain sends an operation with the number of the last one, as a client does
// that has received no answer.
func (m *Member) SendAgain(op any) *serve.Problem { return m.send(m.n.Load(), op) }

func (m *Member) send(n uint64, op any) *serve.Problem {
	m.site.t.Helper()
	response := m.site.Call(http.MethodPost, m.target, map[string]any{"client": m.client, "ops": []any{map[string]any{"n": n, "op": op}}},
		"Origin", m.site.origin, "Sec-Fetch-Site", "same-origin")
	var answer struct {
		Results []struct{ Problem *serve.Problem }
	}
	if response.Status != http.StatusOK {
		p := &serve.Problem{Status: response.Status}
		_ = json.Unmarshal([]byte(response.Body), p) // the status says enough
		return p
	}
	if err := json.Unmarshal([]byte(response.Body), &answer); err != nil || len(answer.Results) != 1 {
		m.site.t.Fatalf("gorgontest: the answer of the room is not that of an operation: %s", response.Body)
	}
	return answer.Results[0].Problem
}

// Leave ends the connection.
func (m *Member) Leave() { m.leave() }
