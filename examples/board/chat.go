// The chat beside an order: a room, and what is seen of it without scripts.

package main

import (
	"context"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/api"
	"github.com/gorgon-go/gorgon/rooms"
)

// Who takes part.
const (
	byGuest   = "guest"
	byKitchen = "kitchen"
)

// A Talk is the state of a room: its latest lines.
type Talk struct {
	Lines []Line `json:"lines"`
}

const maxLines = 100

// A Line is what one of them has said.
type Line struct {
	By   string `json:"by"` // "guest" or "kitchen"
	Text string `json:"text"`
	At   int    `json:"at"` // in seconds since 1970
}

// Time is when it was said, as it is read without scripts.
func (l Line) Time() time.Time { return time.Unix(int64(l.At), 0) }

// A Say is what a member asks for.
type Say struct {
	Text string `json:"text" check:"min=1,max=500"`
	By   string `json:"by,omitempty" check:"max=10"` // who says it, where the app asks
}

func (b *bakery) talks() rooms.Room[Talk, Say, Line] {
	return rooms.Room[Talk, Say, Line]{
		Name: "chat", Path: "/orders/{id}/chat", Summary: "The chat beside an order.",
		New: func(string) Talk { return Talk{Lines: []Line{}} },
		Apply: func(t *Talk, do rooms.Act[Say]) ([]Line, error) {
			line := Line{By: do.By.ID, Text: strings.TrimSpace(do.Op.Text), At: int(do.At.Unix())}
			if do.By == (rooms.Member{}) {
				line.By = do.Op.By // a form: the app knows who has sent it
			}
			if line.Text == "" {
				return nil, gorgon.Refuse("/text", "Write something first.")
			}
			t.Lines = append(t.Lines, line)
			t.Lines = slices.Clone(t.Lines[max(0, len(t.Lines)-maxLines):])
			return []Line{line}, nil
		},
		Enter: b.enter, Rate: 5, Keep: 30 * 24 * time.Hour,
	}
}

// enter says who a caller is: who ordered is the guest, and everyone else is the
// kitchen. A product has a guard here, see package auth.
func (b *bakery) enter(ctx context.Context, r *http.Request, id string) (rooms.Member, error) {
	o, guest, err := b.find(ctx, id)
	if err != nil {
		return rooms.Member{}, err
	}
	if c, err := r.Cookie(cookie); err == nil && c.Value == guest {
		return rooms.Member{ID: byGuest, Name: o.Name}, nil
	}
	return rooms.Member{ID: byKitchen, Name: "Kitchen"}, nil
}

// A corner is what a visitor sees of a chat.
type corner struct {
	Order string
	You   rooms.Member
	Lines []Line
}

func (b *bakery) corner(ctx context.Context, _ gorgon.Input, id string, r *http.Request) (c corner, err error) {
	c.Order = id
	if c.You, err = b.enter(ctx, r, id); err != nil {
		return c, err
	}
	t, _, err := b.room.Look(ctx, id)
	c.Lines = t.Lines
	return c, err
}

func (b *bakery) chatView(c corner) gorgon.Component {
	return gorgon.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		return gorgon.Island{
			Module: "chat.ts", Props: map[string]string{"base": gorgon.URL(ctx, "/"), "id": c.Order, "you": c.You.ID},
			View: b.views.View("chat.html", c),
		}.Render(ctx, w)
	})
}

// A spoken is the form of a visitor without scripts.
type spoken struct {
	ID   string `path:"id"`
	Text string `json:"text" check:"min=1,max=500"`
}

func (b *bakery) say() api.Endpoint[spoken, api.None] {
	return api.Endpoint[spoken, api.None]{
		Path: "POST /orders/{id}/lines", Name: "say", Summary: "Say something beside an order.",
		Handle: func(ctx context.Context, in spoken) (none api.None, err error) {
			who, err := b.enter(ctx, api.Request(ctx), in.ID)
			if err == nil {
				err = b.room.Do(ctx, in.ID, Say{Text: in.Text, By: who.ID})
			}
			return none, err
		},
		Then: func(in spoken, _ api.None) string { return gorgon.EscapePath("/orders/"+in.ID) + "#chat" },
	}
}
