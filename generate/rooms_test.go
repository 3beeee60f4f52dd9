// Rooms, and clients of them whose connections are cut.

package generate_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/api"
	"github.com/gorgon-go/gorgon/describe"
	"github.com/gorgon-go/gorgon/generate"
	"github.com/gorgon-go/gorgon/gorgontest"
	"github.com/gorgon-go/gorgon/mem"
	"github.com/gorgon-go/gorgon/rooms"
	"github.com/gorgon-go/gorgon/testbed"
)

// A Tape is the state of a room: all that was said.
type Tape struct {
	Said []string `json:"said"`
	Mood Level    `json:"mood,omitempty"`
}

type Say struct {
	Text string `json:"text" check:"max=40"`
	Mood Level  `json:"mood,omitempty"`
}

type Heard struct {
	Number int    `json:"number"`
	Text   string `json:"text"`
	By     string `json:"by"`
}

type Note struct {
	Text string `json:"text" check:"min=1"`
}

func tapes(name string, rate int) rooms.Room[Tape, Say, Heard] {
	return rooms.Room[Tape, Say, Heard]{
		Name: name, Path: "/" + name + "/{key}/room", Summary: "A tape that all may speak on.", Rate: rate,
		New: func(string) Tape { return Tape{Said: []string{}} },
		Apply: func(s *Tape, do rooms.Act[Say]) ([]Heard, error) {
			switch do.Op.Text {
			case "no":
				return nil, gorgon.Refuse("/text", "not this")
			case "forbidden":
				return nil, &gorgon.Error{Kind: gorgon.KindForbidden}
			}
			s.Said = append(s.Said, do.Op.Text)
			if do.Op.Mood != "" {
				s.Mood = do.Op.Mood
			}
			return []Heard{{int(do.Seq), do.Op.Text, do.By.Name}}, nil
		},
		Enter: func(_ context.Context, r *http.Request, key string) (rooms.Member, error) {
			if key == "closed" {
				return rooms.Member{}, &gorgon.Error{Kind: gorgon.KindForbidden, Message: "The tape is closed."}
			}
			return rooms.Member{Name: "ada"}, nil
		},
	}
}

// A studio is the app with its rooms being served. It can cut all connections.
type studio struct {
	url     string
	openapi []byte
	app     gorgon.App

	mu          sync.Mutex
	connections map[net.Conn]http.ConnState
	deaf        map[string]bool // what is not answered for the first time was, by method and kind
	sockets     int             // that were asked for
	streams     int
	cuts        int
}

// openStudio serves the app. Below /plain it is as behind a proxy that does not
// know WebSockets, and below /deaf the first request of a kind is not answered. Below
// /run are the pages that are made of the description.
func openStudio(t *testing.T, pages func(openapi []byte) http.Handler) *studio {
	t.Helper()
	s := &studio{app: newApp(), connections: map[net.Conn]http.ConnState{}, deaf: map[string]bool{}}
	var err error
	if s.openapi, err = describe.OpenAPI(s.app); err != nil {
		t.Fatal(err)
	}
	site := gorgontest.Options{Rooms: &cutting{Rooms: mem.NewRooms(), cut: s.cut}}.Open(t, s.app)
	run := http.NotFoundHandler()
	if pages != nil {
		run = pages(s.openapi)
	}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.note(r)
		switch {
		case strings.HasPrefix(r.URL.Path, "/run/"):
			run.ServeHTTP(w, r)
		case strings.HasPrefix(r.URL.Path, "/plain/") && r.Header.Get("Upgrade") != "":
			http.Error(w, "A proxy that does not know WebSockets.", http.StatusBadGateway)
		case strings.HasPrefix(r.URL.Path, "/plain/"):
			http.StripPrefix("/plain", site).ServeHTTP(w, r)
		case strings.HasPrefix(r.URL.Path, "/deaf/"):
			if s.ignores(r) {
				<-r.Context().Done()
				return
			}
			http.StripPrefix("/deaf", site).ServeHTTP(w, r)
		default:
			site.ServeHTTP(w, r)
		}
	}))
	server.Config.ConnState = func(c net.Conn, state http.ConnState) {
		s.mu.Lock()
		defer s.mu.Unlock()
		if state == http.StateClosed {
			delete(s.connections, c)
			return
		}
		s.connections[c] = state
	}
	server.Start()
	t.Cleanup(func() {
		s.cut() // httptest does not know those of WebSockets
		server.Close()
	})
	s.url = server.URL
	return s
}

func (s *studio) note(r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case r.Header.Get("Upgrade") != "":
		s.sockets++
	case strings.HasSuffix(r.URL.Path, "/room") && r.Method == http.MethodGet:
		s.streams++
	}
}

// ignores says whether a request is not answered: the first POST and the first
// WebSocket are not.
func (s *studio) ignores(r *http.Request) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	kind := r.Method + r.Header.Get("Upgrade")
	first := kind != http.MethodGet && !s.deaf[kind]
	s.deaf[kind] = true
	if first {
		_, _ = io.Copy(io.Discard, r.Body) // so that it is noticed when the client leaves
	}
	return first
}

func (s *studio) cut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cuts++
	for c := range s.connections {
		c.Close()
	}
}

// seen returns how many WebSockets and streams were asked for since the last call,
// and how often all connections were cut.
func (s *studio) seen() (sockets, streams, cuts int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sockets, streams, cuts = s.sockets, s.streams, s.cuts
	s.sockets, s.streams, s.cuts = 0, 0, 0
	return sockets, streams, cuts
}

// cutting is a store that cuts the connections of members after every tenth
// append, before they know of it.
type cutting struct {
	*mem.Rooms
	cut func()

	mu      sync.Mutex
	appends int
}

func (c *cutting) Append(ctx context.Context, room string, a rooms.Append) (rooms.Position, error) {
	at, err := c.Rooms.Append(ctx, room, a)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.appends++; c.appends%10 == 0 && strings.Contains(room, "cut") {
		c.cut()
	}
	return at, err
}

// A platform may have no WebSocket.
func TestRoomsTypeScript(t *testing.T) {
	tsc := installed(t, "npm", "node_modules", ".bin", "tsc")
	s := openStudio(t, nil)
	dir := t.TempDir()
	write(t, dir, "api.ts", generate.TypeScript(modelOf(t, s.openapi)))
	write(t, dir, "package.json", []byte(`{"type": "module"}`))
	write(t, dir, "tsconfig.json", []byte(strict))
	for _, name := range []string{"check.ts", "rooms.ts"} {
		write(t, dir, name, read(t, "typescript/"+name))
	}
	run(t, dir, tsc, "--project", "tsconfig.json")
	report(t, run(t, dir, "node", "--no-experimental-websocket", "out/rooms.js", s.url), 40)
	if sockets, streams, cuts := s.seen(); sockets != 0 || streams < 20 || cuts < 12 {
		t.Errorf("without WebSockets there were %d of them, %d streams and %d cuts", sockets, streams, cuts)
	}
	report(t, run(t, dir, "node", "--experimental-websocket", "out/rooms.js", s.url), 50)
	if sockets, streams, cuts := s.seen(); sockets < 20 || streams < 12 || cuts < 16 {
		t.Errorf("with WebSockets there were %d of them, %d streams and %d cuts", sockets, streams, cuts)
	}
}

// impatient is a client with other times to wait.
func impatient(t *testing.T, client []byte, times ...string) []byte {
	t.Helper()
	for i := 0; i < len(times); i += 2 {
		if !bytes.Contains(client, []byte(times[i])) {
			t.Fatalf("the client has no %s", times[i])
		}
	}
	return []byte(strings.NewReplacer(times...).Replace(string(client)))
}

// A connection that nothing comes over is made again, and so is a request that is not
// answered.
func TestRoomsQuiet(t *testing.T) {
	tsc := installed(t, "npm", "node_modules", ".bin", "tsc")
	s := openStudio(t, nil)
	dir := t.TempDir()
	api := impatient(t, generate.TypeScript(modelOf(t, s.openapi)), "silence = 60_000;", "silence = 1000;", "patience = 30_000;", "patience = 1000;")
	write(t, dir, "api.ts", api)
	write(t, dir, "package.json", []byte(`{"type": "module"}`))
	write(t, dir, "tsconfig.json", []byte(strict))
	for _, name := range []string{"check.ts", "rooms-quiet.ts"} {
		write(t, dir, name, read(t, "typescript/"+name))
	}
	run(t, dir, tsc, "--project", "tsconfig.json")
	report(t, run(t, dir, "node", "--experimental-websocket", "out/rooms-quiet.js", s.url), 6)
	if sockets, streams, _ := s.seen(); sockets < 4 || streams < 4 {
		t.Errorf("there were %d WebSockets and %d streams", sockets, streams)
	}
}

// Clients of an app without rooms have nothing of them, and those of an app that has
// nothing else compile.
func TestRoomsAlone(t *testing.T) {
	tsc := installed(t, "npm", "node_modules", ".bin", "tsc")
	modules := installed(t, "clients", "node_modules")
	none := api.Endpoint[Ticket, Ticket]{Path: "POST /tickets", Name: "ticket", Handle: func(_ context.Context, in Ticket) (Ticket, error) { return in, nil }}
	dir := t.TempDir()
	write(t, dir, "go.mod", []byte("module example.com/other\n\ngo 1.26\n"))
	write(t, dir, "tsconfig.json", []byte(strict))
	write(t, dir, "package.json", []byte(`{"type": "module"}`))
	for name, part := range map[string]gorgon.Part{"none": none, "alone": tapes("tape", 1)} {
		openapi, err := describe.OpenAPI(gorgon.App{Name: name, Parts: []gorgon.Part{part}})
		if err != nil {
			t.Fatal(err)
		}
		m := modelOf(t, openapi)
		golang, err := generate.Go(m, name)
		if err != nil {
			t.Fatal(err)
		}
		typescript, dart := generate.TypeScript(m), generate.Dart(m)
		for _, client := range [][]byte{typescript, golang, dart} {
			if bytes.Contains(client, []byte("Room")) != (name == "alone") {
				t.Errorf("%s: the client has rooms, or lacks them:\n%.300s", name, client)
			}
		}
		write(t, dir, name+".ts", typescript)
		write(t, dir, name+"/client.go", golang)
		if said := run(t, ".", "node", "testdata/npm/dart.cjs", filepath.Dir(modules), write(t, dir, name+".dart", dart)); strings.Contains(said, "FAULT") {
			t.Error(said)
		}
	}
	run(t, dir, "go", "vet", "./...")
	run(t, dir, tsc, "--project", "tsconfig.json")
}

func TestRoomsGo(t *testing.T) {
	if testing.Short() {
		t.Skip("it runs a compiler")
	}
	s := openStudio(t, nil)
	dir := t.TempDir()
	client, err := generate.Go(modelOf(t, s.openapi), "kitchen")
	if err != nil {
		t.Fatal(err)
	}
	write(t, dir, "go.mod", []byte("module example.com/other\n\ngo 1.26\n"))
	write(t, dir, "kitchen/kitchen.go", client)
	write(t, dir, "main.go", read(t, "golang/rooms.go.txt"))
	run(t, dir, "go", "vet", "./...")
	report(t, run(t, dir, "go", "run", ".", s.url), 20)
	write(t, dir, "kitchen/kitchen.go", impatient(t, client, "= time.Minute", "= time.Second", "= 30 * time.Second", "= time.Second"))
	report(t, run(t, dir, "go", "run", ".", s.url+"/deaf", "quiet"), 3)
	if _, streams, cuts := s.seen(); streams < 4 || cuts < 4 {
		t.Errorf("there were %d streams and %d cuts", streams, cuts)
	}
}

func TestRoomsBrowser(t *testing.T) {
	if testing.Short() {
		t.Skip("it runs a browser")
	}
	s := openStudio(t, func(openapi []byte) http.Handler { return pagesOf(t, generate.TypeScript(modelOf(t, openapi))) })
	tab := testbed.NewTab(t)
	tab.Open(s.url + "/run/run.html?rooms&" + url.QueryEscape(s.url))
	tab.Wait(`document.title === "done"`)
	report(t, testbed.Eval[string](tab, `said.join("\n")`), 50)
	if sockets, streams, cuts := s.seen(); sockets < 20 || streams < 12 || cuts < 16 {
		t.Errorf("there were %d WebSockets, %d streams and %d cuts", sockets, streams, cuts)
	}
}
