// The load: keep-alive connections that request one page over and over.

package main

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"sync"
	"time"
)

// A crowd is a number of open connections to one server. It prepares its
// request once, and reads no more of the answers than it must.
type crowd struct {
	members []*member
	request []byte
}

// A member is one connection.
type member struct {
	conn net.Conn
	buf  []byte
	took []time.Duration
	err  error
}

// newCrowd opens n connections that ask for a path, with an Accept-Encoding
// unless that is "".
func newCrowd(addr, path, encoding string, n int) (*crowd, error) {
	request := "GET " + path + " HTTP/1.1\r\nHost: " + addr + "\r\n"
	if encoding != "" {
		request += "Accept-Encoding: " + encoding + "\r\n"
	}
	return newCrowdOf(addr, request+"\r\n", n)
}

// newCrowdOf opens n connections that send a request.
func newCrowdOf(addr, request string, n int) (*crowd, error) {
	c := &crowd{request: []byte(request)}
	for range n {
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			c.close()
			return nil, err
		}
		c.members = append(c.members, &member{conn: conn, buf: make([]byte, 64<<10)})
	}
	return c, nil
}

func (c *crowd) close() {
	for _, m := range c.members {
		_ = m.conn.Close() // the measurement is over
	}
}

// A slice is what one crowd saw during one short time.
type slice struct {
	rate     float64 // answers per second
	answers  int
	p50, p99 time.Duration
	took     []time.Duration // by each answer, sorted
}

// run asks for a time, on all connections at once.
func (c *crowd) run(d time.Duration) (slice, error) {
	var group sync.WaitGroup
	start := time.Now()
	for _, m := range c.members {
		m.took = m.took[:0]
		group.Go(func() { m.err = m.ask(c.request, start.Add(d)) })
	}
	group.Wait()
	elapsed := time.Since(start)
	var all []time.Duration
	for _, m := range c.members {
		if m.err != nil {
			return slice{}, m.err
		}
		all = append(all, m.took...)
	}
	if len(all) == 0 {
		return slice{}, errors.New("no answer came in time")
	}
	slices.Sort(all)
	return slice{
		rate: float64(len(all)) / elapsed.Seconds(), answers: len(all),
		p50: all[len(all)/2], p99: all[len(all)*99/100], took: all,
	}, nil
}

func (m *member) ask(request []byte, until time.Time) error {
	last := time.Now()
	for last.Before(until) {
		if _, err := m.conn.Write(request); err != nil {
			return err
		}
		if _, _, err := m.read(); err != nil {
			return err
		}
		now := time.Now()
		m.took = append(m.took, now.Sub(last))
		last = now
	}
	return nil
}

var (
	headEnd  = []byte("\r\n\r\n")
	okLine   = []byte("HTTP/1.1 200 ")
	lengthIs = []byte("\r\nContent-Length: ")
)

// read reads one answer. Head and body are valid until the next read.
func (m *member) read() (head, body []byte, err error) {
	have, need := 0, -1
	for need < 0 || have < need {
		if have == len(m.buf) {
			return nil, nil, fmt.Errorf("an answer has more than %d bytes", have)
		}
		n, err := m.conn.Read(m.buf[have:])
		if err != nil {
			return nil, nil, err
		}
		have += n
		if need >= 0 {
			continue
		}
		end := bytes.Index(m.buf[:have], headEnd)
		if end < 0 {
			continue
		}
		head = m.buf[:end]
		if !bytes.HasPrefix(head, okLine) {
			return nil, nil, fmt.Errorf("the server answers %q", head)
		}
		at := bytes.Index(head, lengthIs)
		if at < 0 {
			return nil, nil, fmt.Errorf("an answer has no Content-Length: %q", head)
		}
		digits, _, _ := bytes.Cut(head[at+len(lengthIs):], []byte("\r"))
		length, err := strconv.Atoi(string(digits))
		if err != nil {
			return nil, nil, err
		}
		need = end + len(headEnd) + length
	}
	return head, m.buf[len(head)+len(headEnd) : need], nil
}

// once asks once on the first connection, for the answer itself.
func (c *crowd) once() (head, body []byte, err error) {
	m := c.members[0]
	if _, err := m.conn.Write(c.request); err != nil {
		return nil, nil, err
	}
	head, body, err = m.read()
	return bytes.Clone(head), bytes.Clone(body), err
}
