// One call is one round trip, once its statement is prepared.

package postgres_test

import (
	"encoding/binary"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/postgres"
)

// relay passes bytes on to a server and counts how often a client finishes a
// request and waits for the answer.
func relay(t *testing.T, to string) (addr string, asked *atomic.Int64) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	asked = new(atomic.Int64)
	var work sync.WaitGroup
	t.Cleanup(func() {
		_ = l.Close()
		work.Wait()
	})
	work.Go(func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("tcp", to)
			if err != nil {
				_ = client.Close()
				continue
			}
			work.Go(func() {
				_, _ = io.Copy(client, server)
				_ = client.Close()
			})
			work.Go(func() {
				pass(server, client, asked)
				_ = server.Close()
			})
		}
	})
	return l.Addr().String(), asked
}

// pass passes messages on, counted before they arrive. The first has no type.
func pass(server io.Writer, client io.Reader, asked *atomic.Int64) {
	for head := 4; ; head = 5 {
		b := make([]byte, head)
		if _, err := io.ReadFull(client, b); err != nil {
			return
		}
		if b[0] == 'S' || b[0] == 'Q' { // Sync, Query
			asked.Add(1)
		}
		if _, err := server.Write(b); err != nil {
			return
		}
		if _, err := io.CopyN(server, client, int64(binary.BigEndian.Uint32(b[head-4:]))-4); err != nil {
			return
		}
	}
}

func TestRoundTrips(t *testing.T) {
	server := shareServer(t)
	for _, mode := range []string{"cache_statement", "cache_describe", "exec"} {
		addr, asked := relay(t, server.Addr)
		_, location := newStore(t, postgres.Options{})
		s := open(t, at(strings.Replace(location, server.Addr, addr, 1), "default_query_exec_mode="+mode), postgres.Options{Conns: 1})
		ctx, k := t.Context(), key("/a")
		subjects := make([]string, 100)
		for i := range subjects {
			subjects[i] = strings.Repeat("x", i)
		}
		for name, call := range map[string]func() error{
			"Put": func() error {
				fence := pages.Fence{Epoch: 1 << 40}
				return s.Put(ctx, pages.Record{Key: k, Data: make([]byte, 100_000)}, fence)
			},
			"Get":         func() error { _, err := s.Get(ctx, k); return err },
			"Delete":      func() error { return s.Delete(ctx, key("/b"), pages.Unfenced) },
			"Epochs":      func() error { _, err := s.Epochs(ctx, subjects...); return err },
			"Bump":        func() error { _, err := s.Bump(ctx, pages.Expire, subjects...); return err },
			"Lease":       func() error { _, err := s.Lease(ctx, k, claim(), 0); return err },
			"Release":     func() error { return s.Release(ctx, pages.Lease{Key: k, Token: 1}) },
			"Changes":     func() error { _, _, err := s.Changes(ctx, 0); return err },
			"Acknowledge": func() error { _, err := s.Acknowledge(ctx, "me", 0, time.Minute); return err },
			"Lagging":     func() error { _, err := s.Lagging(ctx, 1); return err },
		} {
			if err := s.Put(ctx, pages.Record{Key: k}, pages.Unfenced); err != nil {
				t.Fatal(err)
			}
			if err := call(); err != nil {
				t.Fatalf("%s: %s: %v", mode, name, err)
			}
			before := asked.Load()
			if err := call(); err != nil {
				t.Fatalf("%s: %s: %v", mode, name, err)
			}
			if n := asked.Load() - before; n != 1 {
				t.Errorf("%s: %s took %d round trips", mode, name, n)
			}
		}
	}
}
