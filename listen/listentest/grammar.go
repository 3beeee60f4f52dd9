// What clients send: requests of a grammar, changed, pipelined, and in pieces.

package listentest

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// A Grammar is what requests are made of, beside headers that every server is sent.
type Grammar struct {
	Targets []string // of any kind
	Kept    []string // that the lane answers
	Tags    []string // of what is kept
	// Headers are names with a colon, and values, that the servers know beside those that
	// browsers and proxies send.
	Headers [][2]string
}

// A conversation is what a client sends. It is made again for each execution, in
// the same memory.
type conversation struct {
	Grammar
	random *rand.Rand
	source *rand.PCG

	passing [][2]string

	text   []byte // all of it
	pieces []piece
	uncut  []piece
	lines  [16]headerLine
	spare  []byte
	asked  int  // requests that are well formed
	older  bool // TLS 1.2, where there is TLS
}

// A headerLine is a name with its colon, and a value in two parts.
type headerLine [3]string

// A piece is what is sent at once.
type piece struct {
	from, to int  // in text
	head     bool // it ends a request to HEAD
	then     then
}

// then is what a client does once it has sent a piece.
type then uint8

const (
	goOn   then = iota
	pause       // the server has read it before more comes
	settle      // nothing more comes from the server before it is sent more
	answer      // the same, at the end of a request
)

func newConversation(g Grammar) *conversation {
	c := &conversation{Grammar: g, source: rand.NewPCG(0, 0), passing: slices.Concat(passing, g.Headers)}
	c.random = rand.New(c.source)
	return c
}

func (c *conversation) String() string {
	var b strings.Builder
	for _, p := range c.pieces {
		fmt.Fprintf(&b, "\n\t%q %s", c.text[p.from:p.to], [...]string{"", "and pauses", "and waits", "and reads the answer"}[p.then])
	}
	return b.String()
}

// make makes one. It ends with what has the server close the connection, if that still
// knows where a request begins.
func (c *conversation) make(seed, execution uint64) {
	c.source.Seed(seed, execution)
	c.text, c.pieces, c.asked = c.text[:0], c.pieces[:0], 0
	r := c.random
	c.older = r.IntN(4) == 0
	lockstep := r.IntN(3) > 0
	for range 1 + r.IntN(8) {
		p := piece{from: len(c.text), then: then(r.IntN(2))}
		p.head = c.request()
		if lockstep || r.IntN(4) == 0 {
			p.then = answer
		}
		c.add(p)
	}
	if r.IntN(2) == 0 {
		p := piece{from: len(c.text), then: then(r.IntN(int(answer)))}
		c.odd()
		c.add(p)
		if r.IntN(2) == 0 {
			p := piece{from: len(c.text)}
			p.head = c.request()
			c.add(p)
		}
	}
	p := piece{from: len(c.text)}
	c.text = append(c.text, "GET "...)
	c.text = append(c.text, pick(r, c.Kept)...)
	c.text = append(c.text, " HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n"...)
	c.add(p)
	if r.IntN(3) == 0 {
		c.split()
	} else if !lockstep && r.IntN(2) == 0 {
		c.join()
	}
}

func (c *conversation) add(p piece) {
	p.to = len(c.text)
	c.pieces = append(c.pieces, p)
}

// pick is one of a list.
func pick[T any](r *rand.Rand, of []T) T { return of[r.IntN(len(of))] }

// request adds one that is well formed, and says whether it is to HEAD.
func (c *conversation) request() (head bool) {
	r, lines := c.random, c.lines[:0]
	c.asked++
	lines = append(lines, headerLine{"Host:", " ", pick(r, hosts)})
	if e := pick(r, encodings); e != "" {
		lines = append(lines, headerLine{"Accept-Encoding:", " ", e})
	}
	plain := r.IntN(4) > 0
	if r.IntN(3) == 0 && len(c.Tags) > 0 {
		around := pick(r, conditions)
		lines = append(lines, headerLine{"If-None-Match:", around[0], around[1]})
		if around[1] == "tag" {
			lines[len(lines)-1][2] = pick(r, c.Tags)
		}
	}
	from := c.passing
	if plain {
		from = taken
	}
	for range r.IntN(8) {
		line := pick(r, from)
		again := false
		for _, l := range lines {
			again = again || strings.EqualFold(l[0], line[0])
		}
		if !again || r.IntN(30) == 0 {
			lines = append(lines, headerLine{line[0], line[1]})
		}
	}
	r.Shuffle(len(lines), func(i, j int) { lines[i], lines[j] = lines[j], lines[i] })
	method, targets := "GET ", c.Targets
	if head = r.IntN(6) == 0; head {
		method = "HEAD "
	}
	if plain {
		targets = c.Kept
	}
	c.text = append(append(append(c.text, method...), pick(r, targets)...), " HTTP/1.1\r\n"...)
	for _, l := range lines {
		c.text = append(append(append(append(c.text, l[0]...), l[1]...), l[2]...), "\r\n"...)
	}
	c.text = append(c.text, "\r\n"...)
	return head
}

// odd adds one that may be anything.
func (c *conversation) odd() {
	r, from := c.random, len(c.text)
	c.request()
	how := r.IntN(6)
	if how == 1 || how == 2 {
		end := from + bytes.IndexByte(c.text[from:], '\r')
		c.spare = append(c.spare[:0], c.text[end:]...)
		c.text = append(append(c.text[:from], pick(r, begins)...), c.spare...)
	}
	switch how {
	case 0, 2:
		c.text = append(c.text[:len(c.text)-2], pick(r, smuggled)...)
	case 3:
		c.ends(from, pick(r, lineEnds), false)
	case 4:
		c.ends(from, pick(r, lineEnds), true)
	}
	for range r.IntN(3) {
		if len(c.text) == from {
			return
		}
		at, with := from+r.IntN(len(c.text)-from), pick(r, changes)
		switch r.IntN(3) {
		case 0:
			c.text[at] = with
		case 1:
			c.text = append(c.text, 0)
			copy(c.text[at+1:], c.text[at:])
			c.text[at] = with
		default:
			c.text = append(c.text[:at], c.text[at+1:]...)
		}
	}
}

// ends has the lines end otherwise: all of them, or one.
func (c *conversation) ends(from int, with string, one bool) {
	c.spare = append(c.spare[:0], c.text[from:]...)
	c.text = c.text[:from]
	which := -1
	if one {
		which = c.random.IntN(bytes.Count(c.spare, []byte("\r\n")))
	}
	for i, rest := 0, c.spare; ; i++ {
		line, after, more := bytes.Cut(rest, []byte("\r\n"))
		c.text = append(c.text, line...)
		if !more {
			return
		}
		if rest = after; which < 0 || which == i {
			c.text = append(c.text, with...)
		} else {
			c.text = append(c.text, "\r\n"...)
		}
	}
}

// split cuts pieces into smaller ones.
func (c *conversation) split() {
	c.uncut = append(c.uncut[:0], c.pieces...)
	c.pieces = c.pieces[:0]
	r := c.random
	for _, p := range c.uncut {
		for p.to-p.from > 1 && r.IntN(3) > 0 && len(c.pieces) < 60 {
			cut := piece{from: p.from, to: p.from + 1 + r.IntN(p.to-p.from-1), then: then(r.IntN(int(answer)))}
			p.from = cut.to
			c.pieces = append(c.pieces, cut)
		}
		c.pieces = append(c.pieces, p)
	}
}

// join sends at once what need not wait.
func (c *conversation) join() {
	joined := c.pieces[:0]
	from := 0
	for i, p := range c.pieces {
		if p.then == answer || i == len(c.pieces)-1 {
			p.from, from = from, p.to
			joined = append(joined, p)
		}
	}
	c.pieces = joined
}
