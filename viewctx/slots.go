// The places in views that fragments fill.

package viewctx

import (
	"context"
	"io"
	"strings"

	"github.com/gorgon-go/gorgon/wire"
)

// A Slot is a place in a view that a fragment is to fill.
type Slot struct {
	Fragment string
	Props    []byte // as JSON
	Deferred bool
	Fallback Component // shown until a deferred fragment arrives
}

// Path is [FragmentPath] of the slot.
func (s Slot) Path() string { return FragmentPath(s.Fragment, s.Props) }

// Slots fill the places that fragments have in a view, or note them to be
// filled later. The machines put them into the context of the views they
// render.
type Slots interface {
	Fill(ctx context.Context, w io.Writer, s Slot) error
}

// A Component is what package gorgon calls by that name.
type Component interface {
	Render(ctx context.Context, w io.Writer) error
}

type slotsKey struct{}

// WithSlots returns a context whose views have their fragments filled by slots.
func WithSlots(ctx context.Context, slots Slots) context.Context {
	return context.WithValue(ctx, slotsKey{}, slots)
}

// SlotsOf fills the slots of a view; false where no page is rendered.
func SlotsOf(ctx context.Context) (Slots, bool) {
	slots, ok := ctx.Value(slotsKey{}).(Slots)
	return slots, ok
}

// FragmentPath is the decoded path that stands for a fragment with some props
// in keys and purges. No URL leads to it: what travels through browsers is
// sealed.
func FragmentPath(name string, props []byte) string {
	return wire.Fragment + name + "/" + string(props)
}

// SplitFragmentPath is the reverse of [FragmentPath].
func SplitFragmentPath(path string) (name, props string, ok bool) {
	rest, ok := strings.CutPrefix(path, wire.Fragment)
	if !ok {
		return "", "", false
	}
	return strings.Cut(rest, "/")
}
