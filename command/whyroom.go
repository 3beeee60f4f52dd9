// why for rooms.

package command

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/gorgon-go/gorgon/paths"
	"github.com/gorgon-go/gorgon/wire"
)

// roomWord begins the arguments of why that name a room.
const roomWord = "room:"

// A roomKind is what names the rooms of a kind: the Handler of a room's part.
type roomKind interface {
	http.Handler
	Room(key string) string
	CheckKey(key string) error
}

// roomOf reads an argument that names a room: room:NAME:KEY, room:NAME where there
// is one alone, or the path at which members connect. It says where that is, and
// the room's name in the store; "" if the argument names no room.
func (y why) roomOf(arg string) (pattern, room string, err error) {
	rest, named := strings.CutPrefix(arg, roomWord)
	name, key, _ := strings.Cut(rest, ":")
	var names []string
	if !named {
		path, err := paths.Parse(y.pathOf(arg))
		if err != nil {
			return "", "", nil // it is said elsewhere what is wrong with it
		}
		h, _ := y.handlerAt(path, http.MethodGet)
		kind, ok := h.Handler.(roomKind)
		if !ok {
			return "", "", nil
		}
		p, err := paths.ParsePattern(h.Pattern)
		if err == nil && len(p.Wildcards()) > 0 {
			key = p.Value(path, p.Wildcards()[0])
		}
		return h.Pattern, kind.Room(key), err
	}
	for _, h := range y.p.app.Handlers() {
		kind, ok := h.Handler.(roomKind)
		if !ok {
			continue
		}
		known := strings.TrimSuffix(kind.Room(""), "/")
		if names = append(names, known); known != name {
			continue
		}
		if err := kind.CheckKey(key); err != nil {
			return "", "", misused("%s: %v", quoted(arg), err)
		}
		return h.Pattern, kind.Room(key), nil
	}
	if len(names) == 0 {
		return "", "", misused("the app has no rooms")
	}
	slices.Sort(names)
	return "", "", misused("the app has no room %s: it has %s", quoted(name), strings.Join(names, ", "))
}

// room explains a room.
func (y why) room(c *cobra.Command, pattern, room string) error {
	p := y.p
	if p.config.Rooms == nil {
		return errNoRooms
	}
	p.useDatabase()
	p.config.Rooms.Use(p.log, p.app, "")
	report, err := p.config.Rooms.Why(c.Context(), room)
	if err != nil {
		return err
	}
	report.Pattern = pattern
	if p.json {
		return p.print(report)
	}
	y.explainRoom(report)
	return nil
}

// explainRoom prints a report for people.
func (y why) explainRoom(r wire.RoomReport) {
	w := tabwriter.NewWriter(y.p.out, 0, 0, 2, ' ', 0)
	defer w.Flush()
	line := func(name, format string, args ...any) { fmt.Fprintf(w, "%s\t%s\n", name, fmt.Sprintf(format, args...)) }
	line("room", "%s", cut(r.Room))
	line("answers at", "%s", r.Pattern)
	line("stored in", "%s", r.Store)
	switch {
	case r.Keep == "":
		line("removed", "never")
	default:
		line("removed", "when it was not used for %s", r.Keep)
	}
	if r.Operations == 0 {
		line("position", "nothing has happened in it: its state is what New returns")
	} else {
		line("position", "%s: %s, of which the log has the last %d", r.Position, operations(r.Operations), r.Stored)
		snapshot := "none is stored yet"
		if r.Snapshot > 0 {
			snapshot = fmt.Sprintf("is stored, of the first %s", operations(r.Snapshot))
		}
		line("snapshot", "%s: an instance that takes the room applies %d", snapshot, r.Operations-r.Snapshot)
	}
	if !r.Used.IsZero() {
		line("last used", "%s", when(r.Used))
	}
	if r.Build != "" {
		line("build", "%s", cut(r.Build))
	}
	if r.Instance == "" {
		line("owner", "none: the first instance that is asked takes it, or appends by itself where instances cannot reach each other")
		return
	}
	line("owner", "%s, instance %s", cut(r.Address), cut(r.Instance))
	line("  lease until", "%s, unless it is renewed", when(r.Until))
	line("next operation", "is decided by the owner, whatever instance receives it; another one takes the room when the owner's address refuses connections")
	line("members", "are in the memory of the owner, which its metrics count")
}

func operations(n uint64) string {
	if n == 1 {
		return "1 operation"
	}
	return fmt.Sprintf("%d operations", n)
}
