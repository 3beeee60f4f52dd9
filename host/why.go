// How a room stands, for the command why.

package host

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/rooms"
	"github.com/gorgon-go/gorgon/wire"
)

// Why says how a room stands in the store, by its name there, and changes nothing.
// Use is called before it.
func (h *Host) Why(ctx context.Context, room string) (wire.RoomReport, error) {
	name, key, _ := strings.Cut(room, "/")
	fails := func(err error, hint string) (wire.RoomReport, error) {
		return wire.RoomReport{}, &gorgon.Error{Op: "explain", Path: "room " + name, Err: err, Hint: hint}
	}
	d := h.definitions[name]
	if d == nil {
		return fails(errors.New("the app has no such room"), "")
	}
	if err := d.CheckKey(key); err != nil {
		return fails(err, "")
	}
	store, ok := h.options.Store.(rooms.Inspector)
	if !ok {
		return fails(errors.New("the store does not say how rooms stand"), "give its type the method of rooms.Inspector")
	}
	s, err := store.Inspect(ctx, d.Room(key))
	if err != nil {
		return fails(err, "")
	}
	now := time.Now()
	report := wire.RoomReport{
		Room: d.Room(key), Pattern: d.Path, Store: s.Store, Position: s.At.String(), Operations: s.At.Seq, Snapshot: s.Snapshot.Seq, Stored: s.At.Seq - s.Gone,
		Build: s.Build, Instance: s.Owner.ID, Address: s.Owner.Address,
	}
	if d.Keep > 0 {
		report.Keep = d.Keep.String()
	}
	if s.At.Seq > 0 || s.Build != "" {
		report.Used = now.Add(-s.Used)
	}
	if s.Owner.ID != "" {
		report.Until = now.Add(s.Until)
	}
	return report, nil
}
