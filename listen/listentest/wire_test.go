// Tests of the connections in memory.

package listentest_test

import (
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/listen/listentest"
)

// read reads as a server does, in a goroutine of its own.
func read(c net.Conn, size int) <-chan error {
	done := make(chan error, 1)
	go func() {
		_, err := io.ReadFull(c, make([]byte, size))
		done <- err
	}()
	return done
}

// What was sent is read before the end is, each direction ends by itself, and what is
// read is never more than was sent.
func TestWire(t *testing.T) {
	w := listentest.NewWire(nil)
	c := w.Server()
	w.Send([]byte("ab"))
	w.Send([]byte("cd"))
	w.CloseWrite()
	if b, err := io.ReadAll(c); string(b) != "abcd" || err != nil {
		t.Errorf("%q %v", b, err)
	}
	if _, err := io.WriteString(c, "answer"); err != nil {
		t.Error(err)
	}
	if err := c.Close(); err != nil || string(w.Out()) != "answer" {
		t.Errorf("%q %v", w.Out(), err)
	}
	_, err := c.Write([]byte("more"))
	if !errors.Is(err, net.ErrClosed) || errors.Is(c.Close(), nil) {
		t.Errorf("a closed connection is written to: %v", err)
	}
	if came, ended, ok := w.Settle(); came != 6 || !ended || !ok {
		t.Error(came, ended, ok)
	}
}

// A read that waits is over at its deadline, or when that is moved to the past.
func TestWireDeadlines(t *testing.T) {
	for _, after := range []time.Duration{-time.Second, 0, time.Millisecond} {
		c := listentest.NewWire(nil).Server()
		if err := c.SetDeadline(time.Now().Add(time.Hour)); err != nil {
			t.Error(err)
		}
		done := read(c, 1)
		if err := c.SetDeadline(time.Now().Add(after)); err != nil {
			t.Error(err)
		}
		if err := <-done; !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%s: %v", after, err)
		}
	}
}

// A server that reads what is to come next has settled. One that only watches whether
// its client leaves has not.
func TestWireSettles(t *testing.T) {
	w := listentest.NewWire(nil)
	c := w.Server()
	if err := c.SetReadDeadline(time.Now().Add(time.Hour)); err != nil {
		t.Error(err)
	}
	w.Send([]byte("abc"))
	done := read(c, 5)
	if came, ended, ok := w.Settle(); came != 0 || ended || !ok {
		t.Error(came, ended, ok)
	}
	w.Send([]byte("de"))
	if err := <-done; err != nil {
		t.Error(err)
	}
	if err := c.SetReadDeadline(time.Time{}); err != nil {
		t.Error(err)
	}
	done = read(c, 1)
	settled := make(chan bool)
	go func() {
		_, _, ok := w.Settle()
		settled <- ok
	}()
	w.Taken() // it reads
	select {
	case <-settled:
		t.Error("a server that watches has settled")
	default:
	}
	w.GiveUp()
	if ok := <-settled; ok {
		t.Error("a client that has given up has what it waits for")
	}
	if err := <-done; !errors.Is(err, net.ErrClosed) {
		t.Error(err)
	}
}

// A listener that is closed takes no more.
func TestListener(t *testing.T) {
	l := listentest.NewListener()
	go func() { _ = l.Close() }()
	if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Error(err)
	}
	if l.Give(listentest.NewWire(nil).Server()) {
		t.Error("it takes a connection")
	}
}
