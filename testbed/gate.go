//go:build unix

// Losing answers of a server, and switching to another server.

package testbed

import (
	"bytes"
	"net"
	"sync"
)

// A Gate is a proxy between instances and a server. It can lose the answer to a
// request that the server has executed, and switch to another server, like an
// address that moves with a failover.
type Gate struct {
	Addr string // host:port, in place of the server's

	listener net.Listener
	work     sync.WaitGroup

	mu     sync.Mutex
	to     string
	open   map[*passage]struct{}
	closed bool
	match  []byte // text in requests whose answers are lost
	times  int    // how many more
	lost   int
}

// NewGate makes a gate for an address. Nothing is lost at first.
func NewGate(to string) (*Gate, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	g := &Gate{Addr: l.Addr().String(), listener: l, to: to, open: map[*passage]struct{}{}}
	g.work.Go(g.accept)
	return g, nil
}

// Lose cuts the connection instead of passing on the answer to each of the next
// requests that contain a text. The server executes the request.
func (g *Gate) Lose(request string, times int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.match, g.times = []byte(request), times
}

// Lost counts the answers that were lost.
func (g *Gate) Lost() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.lost
}

// Lead switches to another address, and cuts the connections to the previous
// one.
func (g *Gate) Lead(to string) {
	g.mu.Lock()
	g.to = to
	g.mu.Unlock()
	g.Cut()
}

// Cut cuts every connection.
func (g *Gate) Cut() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for p := range g.open {
		p.cut()
	}
}

// Close ends the gate and the connections through it.
func (g *Gate) Close() {
	g.mu.Lock()
	g.closed = true
	g.mu.Unlock()
	_ = g.listener.Close()
	g.Cut()
	g.work.Wait()
}

func (g *Gate) accept() {
	for {
		client, err := g.listener.Accept()
		if err != nil {
			return
		}
		g.work.Go(func() { g.pass(client) })
	}
}

// A passage is one connection through the gate.
type passage struct{ client, server net.Conn }

func (p *passage) cut() {
	_ = p.client.Close()
	_ = p.server.Close()
}

func (g *Gate) pass(client net.Conn) {
	g.mu.Lock()
	to := g.to
	g.mu.Unlock()
	server, err := net.Dial("tcp", to)
	if err != nil {
		_ = client.Close()
		return
	}
	p := &passage{client, server}
	g.mu.Lock()
	g.open[p] = struct{}{}
	gone := g.closed || g.to != to
	g.mu.Unlock()
	if gone {
		p.cut()
	}
	var both sync.WaitGroup
	var doomed sync.Mutex // guards doom
	doom := false
	both.Go(func() {
		defer p.cut()
		var tail []byte // of the previous data, in case a match is split
		b := make([]byte, 64<<10)
		for {
			n, err := client.Read(b)
			if n > 0 {
				tail = append(tail, b[:n]...)
				if g.matches(&tail) {
					doomed.Lock()
					doom = true
					doomed.Unlock()
				}
				if _, err := server.Write(b[:n]); err != nil {
					return
				}
			}
			if err != nil {
				return
			}
		}
	})
	both.Go(func() {
		defer p.cut()
		b := make([]byte, 64<<10)
		for {
			n, err := server.Read(b)
			doomed.Lock()
			lose := doom
			doomed.Unlock()
			if err != nil || lose {
				return
			}
			if _, err := client.Write(b[:n]); err != nil {
				return
			}
		}
	})
	both.Wait()
	g.mu.Lock()
	delete(g.open, p)
	g.mu.Unlock()
}

// matches says whether to lose an answer, and shortens the remembered data.
func (g *Gate) matches(seen *[]byte) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	found := g.times > 0 && bytes.Contains(*seen, g.match)
	if found {
		g.times--
		g.lost++
	}
	keep := len(g.match)
	if found {
		keep = 0
	}
	*seen = append((*seen)[:0], (*seen)[max(0, len(*seen)-keep):]...)
	return found
}
