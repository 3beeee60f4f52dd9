package host

import (
	"context"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"
)

// pipes is a listener whose connections are in memory, and its dialer.
type pipes struct {
	calls chan net.Conn
	over  chan struct{}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.calls:
		return c, nil
	case <-p.over:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { close(p.over); return nil }
func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipes", Net: "unix"} }

func (p *pipes) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	here, there := net.Pipe()
	select {
	case p.calls <- there:
		return here, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// A member that nothing happens for hears something before it must think that the
// connection is dead: scripts do not see the pings of WebSockets.
func TestSocketBeats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		n := w.start("a", nil)
		mux := http.NewServeMux()
		mux.HandleFunc("/tapes/{key}/room", func(rw http.ResponseWriter, r *http.Request) { n.Serve(rw, r, n.d) })
		p := &pipes{calls: make(chan net.Conn), over: make(chan struct{})}
		server := &http.Server{Handler: mux}
		done := make(chan struct{})
		go func() { defer close(done); _ = server.Serve(p) }()
		transport := &http.Transport{DialContext: p.dial}
		conn, _, err := websocket.Dial(t.Context(), "ws://room/tapes/a/room?client=0123456789abcdef", &websocket.DialOptions{HTTPClient: &http.Client{Transport: transport}})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
		defer cancel()
		last, beats := time.Now(), 0
		for beats < 4 {
			_, data, err := conn.Read(ctx)
			if err != nil {
				t.Fatal(err)
			}
			if quiet := time.Since(last); quiet > 30*time.Second {
				t.Errorf("nothing came for %v", quiet)
			}
			if last = time.Now(); string(data) == "{}" {
				beats++
			}
		}
		_ = conn.CloseNow()
		_ = server.Close()
		transport.CloseIdleConnections()
		<-done
		n.stop()
		_ = n.Close()
	})
}
