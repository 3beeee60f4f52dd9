// Visitors at a fixed rate: each is sent when it is due, whether the ones before
// were answered or not, and none is tried again.

package systemd_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// A dialer connects from within the network of a machine, or from this one.
type dialer func(addr string) (net.Conn, error)

func dial(addr string) (net.Conn, error) { return net.DialTimeout("tcp", addr, 10*time.Second) }

// dialer connects from within the machine, where its socket is.
func (v *vps) dialer() dialer {
	v.t.Helper()
	if v.dial != nil {
		return v.dial
	}
	type result struct {
		conn net.Conn
		err  error
	}
	type request struct {
		addr string
		to   chan result
	}
	requests := make(chan request)
	entered, over := make(chan error), make(chan struct{})
	const threads = 8
	network, err := unix.Open(fmt.Sprintf("/proc/%d/ns/net", v.pid), unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		v.t.Fatal(err)
	}
	for range threads {
		go func() {
			runtime.LockOSThread() // and it ends with the goroutine
			err := unix.Setns(network, unix.CLONE_NEWNET)
			entered <- err
			if err != nil {
				return
			}
			for {
				select {
				case r := <-requests:
					conn, err := dial(r.addr)
					r.to <- result{conn, err}
				case <-over:
					return
				}
			}
		}()
	}
	for range threads {
		if err := <-entered; err != nil {
			v.t.Fatal(err)
		}
	}
	_ = unix.Close(network)
	v.t.Cleanup(func() { close(over) })
	v.dial = func(addr string) (net.Conn, error) {
		to := make(chan result, 1)
		select {
		case requests <- request{addr, to}:
			r := <-to
			return r.conn, r.err
		case <-over:
			return nil, errors.New("the test has ended")
		}
	}
	return v.dial
}

// An answer is what a visitor gets.
type answered struct {
	text string
	took time.Duration
	err  error
}

// said is what the page says of its version.
var said = regexp.MustCompile(`version \w+ \d`)

// A line is a connection that visitors use one after the other.
type line struct {
	conn net.Conn
	read *bufio.Reader
}

// ask makes one request: over a connection of its own, or over one that is
// kept, which is opened where it is not.
func (d dialer) ask(addr, path string, kept *line) (a answered) {
	l := kept
	if l == nil {
		l = new(line)
	}
	defer func() {
		if l.conn != nil && (kept == nil || a.err != nil) {
			_ = l.conn.Close()
			l.conn = nil
		}
	}()
	if l.conn == nil {
		conn, err := d(addr)
		if err != nil {
			return answered{err: err}
		}
		l.conn, l.read = conn, bufio.NewReader(conn)
	}
	_ = l.conn.SetDeadline(time.Now().Add(30 * time.Second))
	if _, err := fmt.Fprintf(l.conn, "GET %s HTTP/1.1\r\nHost: shop.example.com\r\n\r\n", path); err != nil {
		return answered{err: err}
	}
	response, err := http.ReadResponse(l.read, nil)
	if err != nil {
		return answered{err: err}
	}
	body, err := io.ReadAll(response.Body)
	_ = response.Body.Close()
	if response.Close && l.conn != nil {
		_ = l.conn.Close()
		l.conn = nil
	}
	a = answered{text: said.FindString(string(body)), err: err}
	if err == nil && a.text == "" {
		a.err = fmt.Errorf("answered with %q", body)
	}
	if err == nil && response.StatusCode != http.StatusOK {
		a.err = fmt.Errorf("status %d: %s", response.StatusCode, a.text)
	}
	return a
}

// A load is visitors who come at a rate.
type load struct {
	name     string
	stop     chan struct{}
	ended    sync.WaitGroup
	mu       sync.Mutex
	answered []answered
}

// rate is how many come a second.
const rate = 300

// visit begins to send visitors. Each second comes over a connection of its own, the
// others over 30 that are kept.
func visit(name string, d dialer, addr string) *load {
	l := &load{name: name, stop: make(chan struct{})}
	due := make(chan time.Time, 100*rate)
	one := func(at time.Time, kept *line) {
		a := d.ask(addr, "/now?n=1", kept)
		a.took = time.Since(at)
		l.mu.Lock()
		l.answered = append(l.answered, a)
		l.mu.Unlock()
	}
	for range 30 {
		l.ended.Go(func() {
			kept := new(line)
			for at := range due {
				one(at, kept)
			}
			if kept.conn != nil {
				_ = kept.conn.Close()
			}
		})
	}
	l.ended.Go(func() {
		defer close(due)
		begun := time.Now()
		for n := 0; ; n++ {
			at := begun.Add(time.Duration(n) * time.Second / rate)
			select {
			case <-l.stop:
				return
			case <-time.After(time.Until(at)):
			}
			if n%2 == 0 {
				due <- at
			} else {
				l.ended.Go(func() { one(at, nil) })
			}
		}
	})
	return l
}

// end sends no more, waits for the last answers, and says how it was: what
// failed, and how many each version answered.
func (l *load) end(t *testing.T) (failed int, versions map[string]int) {
	t.Helper()
	close(l.stop)
	l.ended.Wait()
	versions = map[string]int{}
	var took []time.Duration
	var errs []error
	for _, a := range l.answered {
		took = append(took, a.took)
		if a.err != nil {
			errs = append(errs, a.err)
			continue
		}
		versions[strings.Fields(a.text)[1]]++
	}
	slices.Sort(took)
	if len(took) == 0 {
		t.Fatal("no visitor was sent")
	}
	at := func(part float64) time.Duration { return took[int(part*float64(len(took)-1))].Round(time.Millisecond) }
	t.Logf("%s: %d requests at %d a second, %d failed; by version %v; answered within %s (median), %s (99 %%), %s (longest)",
		l.name, len(took), rate, len(errs), versions, at(.5), at(.99), at(1))
	if len(errs) > 0 {
		t.Logf("%s: the first failures: %v", l.name, errors.Join(errs[:min(3, len(errs))]...))
	}
	return len(errs), versions
}
