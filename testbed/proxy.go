package testbed

import (
	"context"
	"encoding/json"
	"net/url"
	"strings"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"
)

// A Proxy is a faulty connection between one instance and a server.
type Proxy struct {
	Addr  string // host:port, in place of the server's
	proxy *toxiproxy.Proxy
}

// NewProxy makes a proxy for an address. It has no faults at first.
func NewProxy(upstream string) (*Proxy, error) {
	server := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	p := toxiproxy.NewProxy(server, "proxy", "127.0.0.1:0", upstream)
	if err := p.Start(); err != nil {
		return nil, err
	}
	return &Proxy{Addr: p.Listen, proxy: p}, nil
}

// URL returns a server's URL through this proxy.
func (p *Proxy) URL(s *Server) string { return strings.ReplaceAll(s.URL, s.Addr, p.Addr) }

// A Fault is what a proxy does to its traffic. The zero Fault is none.
type Fault struct {
	Latency   int  // of each answer, in milliseconds …
	Jitter    int  // … give or take
	Bandwidth int  // of answers, in KB a second
	Silent    bool // connections stay open and nothing arrives, either way
	Reset     bool // connections are reset as soon as something is sent
	Gone      bool // no server listens
}

// Spoil replaces the current fault, also for open connections.
func (p *Proxy) Spoil(f Fault) error {
	ctx := context.Background()
	if f.Gone {
		p.proxy.Stop()
		return nil
	}
	p.proxy.Toxics.ResetToxics(ctx)
	if err := p.proxy.Start(); err != nil && err != toxiproxy.ErrProxyAlreadyStarted {
		return err
	}
	add := func(kind, stream string, attributes map[string]int) error {
		body, _ := json.Marshal(map[string]any{"name": kind + stream, "type": kind, "stream": stream, "attributes": attributes})
		_, err := p.proxy.Toxics.AddToxicJson(strings.NewReader(string(body)))
		return err
	}
	var err error
	if f.Latency > 0 {
		err = add("latency", "downstream", map[string]int{"latency": f.Latency, "jitter": f.Jitter})
	}
	if f.Bandwidth > 0 && err == nil {
		err = add("bandwidth", "downstream", map[string]int{"rate": f.Bandwidth})
	}
	for _, stream := range []string{"upstream", "downstream"} {
		if f.Silent && err == nil {
			err = add("timeout", stream, map[string]int{"timeout": 0})
		}
		if f.Reset && err == nil {
			err = add("reset_peer", stream, map[string]int{"timeout": 0})
		}
	}
	return err
}

// Close ends the proxy and the connections through it.
func (p *Proxy) Close() { p.proxy.Stop() }

// Host returns the host:port of a URL.
func Host(location string) string {
	u, err := url.Parse(location)
	if err != nil {
		return ""
	}
	return u.Host
}
