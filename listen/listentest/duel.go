// Package listentest holds two servers against each other: one with a lane and one
// without it. A client must not be able to tell them apart, whatever it sends. The
// servers are reached in memory, where thousands of conversations are held in a
// second, or over TCP, which cuts what is sent in other places.
//
//	go test ./listen ./serve -run Differential -v
//	DIFFERENTIAL=100000000 DIFFERENTIAL_SEED=7 go test ./serve -run 'Differential$' -v -timeout 0
package listentest

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/listen"
)

// patience is after how long a server that is neither done nor waits is a fault.
const patience = 20 * time.Second

// Rivals are two servers that must answer alike. Start has them run.
type Rivals struct {
	Grammar
	With, Without *listen.Server
	// Learns says that what is asked for again may be answered otherwise, as from a cache: a
	// difference is one that is there three times.
	Learns bool

	places [2]place // in which they are
	quick  atomic.Int64
}

// A place is where a client finds a server.
type place interface {
	// hold has a conversation there.
	hold(c *conversation, o *outcome)
	// waits says whether time passes there in which nothing is done.
	waits() bool
}

// An outcome is what a client sees.
type outcome struct {
	bytes  []byte // without the dates
	came   []int  // how many had come each time that nothing more came
	reset  bool   // the server has closed without reading all, and some of it may be lost
	asked  bool   // the server did not close the connection by itself
	end    string // of a connection over TLS
	failed error

	// Of conversations in memory.
	watch  *watch
	cipher []byte // what was sent, where it was encrypted
}

// A watch ends the conversation that takes too long.
type watch struct {
	wire  atomic.Pointer[Wire]
	timer *time.Timer
}

func newWatch() *watch {
	w := &watch{}
	w.timer = time.AfterFunc(patience, func() {
		if wire := w.wire.Load(); wire != nil {
			wire.GiveUp()
		}
	})
	return w
}

// Start runs the servers in memory until the test ends.
func (v *Rivals) Start(t testing.TB) {
	t.Helper()
	v.run(t, func(s *listen.Server) place {
		l := NewListener()
		s.Listener = l
		return memory{l, nil}
	})
}

// StartTLS runs the servers in memory, over TLS, until the test ends.
func (v *Rivals) StartTLS(t testing.TB) {
	t.Helper()
	certificate, err := issue()
	if err != nil {
		t.Fatal(err)
	}
	v.run(t, func(s *listen.Server) place {
		l := NewListener()
		s.Listener, s.TLS = l, &tls.Config{Certificates: []tls.Certificate{certificate}}
		return memory{l, &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"http/1.1"}}}
	})
}

// StartTCP runs the servers on the loopback until the test ends.
func (v *Rivals) StartTCP(t testing.TB) {
	t.Helper()
	v.run(t, func(s *listen.Server) place {
		s.Addr = "127.0.0.1:0"
		addr, err := s.Listen(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return network{addr.String(), 100 * time.Millisecond}
	})
}

func (v *Rivals) run(t testing.TB, at func(*listen.Server) place) {
	t.Helper()
	lane := v.With.Lane
	v.With.Lane = func(q *listen.Simple) (head, body []byte, ok bool) {
		if head, body, ok = lane(q); ok {
			v.quick.Add(1)
		}
		return head, body, ok
	}
	for i, s := range []*listen.Server{v.With, v.Without} {
		v.places[i] = at(s)
		ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
		ended := make(chan error, 1)
		go func() { ended <- s.Run(ctx) }()
		t.Cleanup(func() {
			stop()
			if err := <-ended; err != nil {
				t.Error(err)
			}
		})
	}
}

// Executions are how many conversations to hold, and the seed they are made of: as DIFFERENTIAL
// and DIFFERENTIAL_SEED say, or as many as usual with a seed of the moment.
func Executions(usual uint64) (seed, executions uint64) {
	return environment("DIFFERENTIAL_SEED", uint64(time.Now().UnixNano())), environment("DIFFERENTIAL", usual)
}

func environment(name string, standard uint64) uint64 {
	if n, err := strconv.ParseUint(os.Getenv(name), 10, 64); err == nil {
		return n
	}
	return standard
}

// Hold has conversations with servers that were started, and reports the first
// difference, and how many were held and how quickly.
func Hold(t testing.TB, seed, executions uint64, rivals ...*Rivals) {
	t.Helper()
	began := time.Now()
	difference, held, requests := Find(seed, executions, rivals...)
	if difference != "" {
		t.Error(difference)
	}
	took, quick := time.Since(began).Seconds(), int64(0)
	for _, v := range rivals {
		quick += v.quick.Load()
	}
	t.Logf("seed %d: %d conversations of %d requests in %.0f s, %.0f conversations a second; %d answers of the lane", seed, held, requests, took, float64(held)/took, quick)
	if quick == 0 {
		t.Error("the lane has answered nothing")
	}
}

// Find has conversations, and returns the first difference; "" for none.
func Find(seed, executions uint64, rivals ...*Rivals) (difference string, held, requests uint64) {
	var next, asked atomic.Uint64
	var found atomic.Pointer[string]
	var all sync.WaitGroup
	workers := runtime.GOMAXPROCS(0)
	if rivals[0].places[0].waits() {
		workers *= 16
	}
	for range workers {
		all.Go(func() {
			conversations := make([]*conversation, len(rivals))
			for i, v := range rivals {
				conversations[i] = newConversation(v.Grammar)
			}
			var seen [2]outcome
			for found.Load() == nil {
				i := next.Add(1)
				if i > executions {
					return
				}
				which := i % uint64(len(rivals))
				c := conversations[which]
				c.make(seed, i)
				asked.Add(uint64(c.asked))
				if d := rivals[which].compare(c, &seen); d != "" {
					d = fmt.Sprintf("seed %d, execution %d: %s%s", seed, i, d, c)
					found.CompareAndSwap(nil, &d)
				}
			}
		})
	}
	all.Wait()
	if d := found.Load(); d != nil {
		difference = *d
	}
	return difference, min(next.Load(), executions), asked.Load()
}

// compare has a conversation with both.
func (v *Rivals) compare(c *conversation, seen *[2]outcome) (difference string) {
	if _, waits := v.places[0].(network); !waits {
		for range 3 {
			v.places[0].hold(c, &seen[0])
			v.places[1].hold(c, &seen[1])
			if difference = seen[0].differs(&seen[1]); difference == "" || !v.Learns {
				break
			}
		}
		return difference
	}
	// Here it is time that says that nothing more comes: a difference is one that is
	// there each time.
	for _, longer := range []time.Duration{1, 10, 30} {
		var both sync.WaitGroup
		for i, p := range v.places {
			n := p.(network)
			n.patience *= longer
			both.Go(func() { n.hold(c, &seen[i]) })
		}
		both.Wait()
		if difference = seen[0].differs(&seen[1]); difference == "" {
			return ""
		}
	}
	return difference
}

// differs says how two outcomes differ; "" for not at all.
func (o *outcome) differs(other *outcome) string {
	switch {
	case o.failed != nil || other.failed != nil:
		if o.failed != nil && other.failed != nil {
			return ""
		}
		return fmt.Sprintf("one fails: %v, %v", o.failed, other.failed)
	case o.reset || other.reset:
		n := min(len(o.bytes), len(other.bytes))
		if bytes.Equal(o.bytes[:n], other.bytes[:n]) {
			return ""
		}
	case bytes.Equal(o.bytes, other.bytes) && o.asked == other.asked && slices.Equal(o.came, other.came) && o.end == other.end:
		return ""
	}
	at := 0
	for at < min(len(o.bytes), len(other.bytes)) && o.bytes[at] == other.bytes[at] {
		at++
	}
	from := max(0, at-200)
	return fmt.Sprintf("closed by the server: %v %s, %v %s; at byte %d of %v and %v (%d and %d):\n\t%.500q\n\t%.500q", !o.asked, o.end, !other.asked, other.end, at, o.came, other.came, len(o.bytes), len(other.bytes), o.bytes[from:], other.bytes[from:])
}

// undated blanks the dates out, which are all as long.
func undated(b []byte) {
	const name, length = "\r\nDate: ", len("Mon, 02 Jan 2006 15:04:05 GMT")
	for rest := b; ; {
		i := bytes.Index(rest, []byte(name))
		if i < 0 || len(rest) < i+len(name)+length {
			return
		}
		rest = rest[i+len(name):]
		for j := range length {
			rest[j] = '-'
		}
		rest = rest[length:]
	}
}
