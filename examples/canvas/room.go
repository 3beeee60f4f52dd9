// The room: a canvas, what its members ask for, and what they learn.

package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"net/http"
	"regexp"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/rooms"
)

const (
	side      = 64  // pixels in each direction
	maxStroke = 128 // pixels
	maxPast   = 32 << 10
)

// A Canvas is the state of a room. Start and the strokes of Past make Pixels: so
// the page can show how the picture came about.
type Canvas struct {
	Pixels []byte `json:"pixels"` // the color of each, row by row
	Start  []byte `json:"start"`  // as they were before Past
	Past   []byte `json:"past"`   // the latest strokes, see add
	Since  int    `json:"since"`  // when it was as in Start, in seconds since 1970; 0 if it is not known
	Until  int    `json:"until"`  // when the last stroke of Past was made
}

// A Stroke is what a member asks for: some pixels in one color.
type Stroke struct {
	Color int   `json:"color" check:"min=0,max=15"`
	At    []int `json:"at" check:"min=1,max=128,each.min=0,each.max=4095"` // row times 64, plus column
}

// Painted is what members learn: the pixels that have another color now.
type Painted struct {
	Color int    `json:"color"`
	At    []int  `json:"at"`
	By    string `json:"by"` // the ID of a member
	When  int    `json:"when"`
}

var canvas = rooms.Room[Canvas, Stroke, Painted]{
	Name: "canvas", Path: "/c/{key}/room", Summary: "A picture that its visitors paint together.",
	New: func(string) Canvas {
		return Canvas{Pixels: make([]byte, side*side), Start: make([]byte, side*side), Past: []byte{}}
	},
	Apply: (*Canvas).paint,
	Enter: func(_ context.Context, _ *http.Request, key string) (m rooms.Member, err error) {
		if !isKey(key) {
			err = gorgon.NotFound()
		}
		return m, err
	},
	Rate: 40,
	Keep: 180 * 24 * time.Hour,
}

var keys = regexp.MustCompile(`^[a-z0-9]{3,32}$`)

// isKey says whether a canvas may be called so.
func isKey(key string) bool { return keys.MatchString(key) }

// paint does a stroke.
func (c *Canvas) paint(do rooms.Act[Stroke]) ([]Painted, error) {
	if err := do.Op.check(); err != nil {
		return nil, err
	}
	p := Painted{Color: do.Op.Color, At: []int{}, By: do.By.ID, When: int(do.At.Unix())}
	for _, at := range do.Op.At {
		if c.Pixels[at] != byte(p.Color) {
			c.Pixels[at] = byte(p.Color)
			p.At = append(p.At, at)
		}
	}
	if len(p.At) > 0 {
		c.add(p)
	}
	return []Painted{p}, nil // also if nothing has changed: its member waits for it
}

// check refuses what is outside of the picture. Operations of members have been
// checked before, those of the app have not.
func (s Stroke) check() error {
	if s.Color < 0 || s.Color >= len(palette) {
		return gorgon.Refuse("/color", "There is no such color.")
	}
	if len(s.At) == 0 || len(s.At) > maxStroke {
		return gorgon.Refuse("/at", "A stroke has 1 to 128 pixels.")
	}
	for _, at := range s.At {
		if at < 0 || at >= side*side {
			return gorgon.Refuse("/at", "There is no such pixel.")
		}
	}
	return nil
}

// add adds a stroke to Past: the seconds since the one before it, its color, the
// number of its pixels, and how far each is from the one before. These are varints,
// the last ones with a sign. When there are too many, the oldest are drawn on Start.
func (c *Canvas) add(p Painted) {
	if c.Since == 0 {
		c.Since, c.Until = p.When, p.When
	}
	c.Past = binary.AppendUvarint(c.Past, uint64(max(0, p.When-c.Until)))
	c.Past = append(c.Past, byte(p.Color))
	c.Past = binary.AppendUvarint(c.Past, uint64(len(p.At)))
	before := 0
	for _, at := range p.At {
		c.Past = binary.AppendVarint(c.Past, int64(at-before))
		before = at
	}
	c.Until = max(c.Until, p.When)
	if len(c.Past) > maxPast {
		rest := c.Past
		for len(rest) > maxPast*3/4 {
			rest = c.draw(rest)
		}
		c.Past = bytes.Clone(rest)
	}
}

// draw draws the first stroke of a past on Start, and returns those after it.
func (c *Canvas) draw(past []byte) []byte {
	number := func() (n uint64) {
		n, size := binary.Uvarint(past)
		past = past[size:]
		return n
	}
	c.Since += int(number())
	color := past[0]
	past = past[1:]
	at := 0
	for range number() {
		far, size := binary.Varint(past)
		past = past[size:]
		at += int(far)
		c.Start[at] = color
	}
	return past
}
