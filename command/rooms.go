// The app's rooms, as far as the commands use them.

package command

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/metrics"
	"github.com/gorgon-go/gorgon/operate"
	"github.com/gorgon-go/gorgon/plan"
	"github.com/gorgon-go/gorgon/wire"
)

// A Rooms runs the rooms of the app: what host.New returns. An app without one
// links nothing of it.
type Rooms interface {
	// Use sets the log, where it has none, the app whose rooms run, and the id of
	// its build. It is called first.
	Use(log *slog.Logger, app gorgon.App, build string)

	// SetAddress sets where other instances reach this one.
	SetAddress(address string)

	// Start begins to keep rooms. When the context ends, other instances get them.
	Start(ctx context.Context)

	// ServePeer answers other instances, at paths below [wire.Rooms].
	ServePeer(w http.ResponseWriter, r *http.Request)

	// Why says how a room stands in its store, by its name there, and changes
	// nothing. It is called after Use, and without Start.
	Why(ctx context.Context, room string) (wire.RoomReport, error)

	// State adds what is known of rooms.
	State(s *metrics.State)

	// List lists the rooms that this instance has copies of.
	List(ctx context.Context) ([]operate.Room, error)

	// Needs lists what the store of rooms requires of the target.
	Needs() []gorgon.Need

	Close() error
}

var errNoRooms = errors.New("the app has rooms, and command.Config.Rooms is not set: give host.New(host.Options{Store: …})")

// hasRooms says whether an app has rooms.
func hasRooms(app gorgon.App) bool {
	return slices.ContainsFunc(app.Handlers(), func(h gorgon.Handler) bool { return h.Word() == "room" })
}

// checkRooms says what is wrong with the app's rooms.
func (p *program) checkRooms() error {
	if p.config.Rooms == nil && hasRooms(p.app) {
		return errNoRooms
	}
	return nil
}

// useRooms begins to keep rooms, until ctx ends.
func (v *server) useRooms(ctx context.Context, build string, front *publicServer) {
	p := v.p
	if p.config.Rooms == nil {
		return
	}
	p.config.Rooms.Use(p.log, p.app, build)
	if front != nil && v.role != roleWorker {
		p.config.Rooms.SetAddress(v.advertised(front))
	}
	p.config.Rooms.Start(ctx)
}

func (p *program) closeRooms() error {
	if p.config.Rooms == nil {
		return nil
	}
	return p.config.Rooms.Close()
}

// withPeers answers other instances beside visitors.
func withPeers(rooms Rooms, visitors http.Handler) http.Handler {
	if rooms == nil {
		return visitors
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, wire.Rooms) {
			rooms.ServePeer(w, r)
			return
		}
		visitors.ServeHTTP(w, r)
	})
}

// nowhere is the value of --advertise of an instance that others cannot reach.
const nowhere = "none"

// advertised is the address that other instances reach this one at; "" for none.
func (v *server) advertised(front *publicServer) string {
	switch {
	case v.advertise == nowhere:
		return ""
	case v.advertise != "":
		return v.advertise
	case front.certificates != nil: // its certificate is not for an address
		return ""
	}
	at, err := netip.ParseAddrPort(front.at.String())
	if err != nil { // a Unix socket
		return ""
	}
	if ip := at.Addr(); ip.IsUnspecified() {
		at = netip.AddrPortFrom(ownAddr(), at.Port())
	}
	return at.String()
}

// ownAddr is the address of this machine that its packets to others have.
func ownAddr() netip.Addr {
	// Nothing is sent: the address is of a network for documentation.
	if conn, err := net.Dial("udp", "192.0.2.1:9"); err == nil {
		defer conn.Close()
		if at, err := netip.ParseAddrPort(conn.LocalAddr().String()); err == nil {
			return at.Addr().Unmap()
		}
	}
	return netip.AddrFrom4([4]byte{127, 0, 0, 1})
}

func checkAdvertise(advertise string) error {
	switch {
	case advertise == "", advertise == nowhere, isAddr(advertise):
		return nil
	case strings.HasPrefix(advertise, "http://"), strings.HasPrefix(advertise, "https://"):
		return nil
	}
	return misused("--advertise %s: write host:port, https://host, or none where other instances cannot reach this one (its default comes from GORGON_ADVERTISE)", quoted(advertise))
}

// roomParts are the parts with what the store of rooms requires.
func (p *program) roomParts(parts []plan.Part) []plan.Part {
	if p.config.Rooms == nil || !hasRooms(p.app) {
		return parts
	}
	return append(parts, storePart("rooms", "store", p.config.Rooms.Needs()))
}
