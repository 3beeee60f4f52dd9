// Package rooms has state that many share: a canvas, a game, a chat, a document.
//
//	var canvas = rooms.Room[Canvas, Paint, Paint]{
//		Name: "canvas", Path: "/canvas/{key}/room",
//		New:  func(string) Canvas { return Canvas{Pixels: make([]byte, 64*64)} },
//		Apply: func(c *Canvas, do rooms.Act[Paint]) ([]Paint, error) {
//			if do.Op.At >= len(c.Pixels) {
//				return nil, gorgon.Refuse("/at", "There is no such pixel.")
//			}
//			c.Pixels[do.Op.At] = do.Op.Color
//			return []Paint{do.Op}, nil
//		},
//	}
//
// Members send operations. What Apply accepts is appended to a [Log] before it is
// acknowledged and before members see its outcome. So nothing that was acknowledged
// is lost when a process ends, and every instance comes to the same state by
// applying the same entries in the same order. An operation has a number of its
// client: one that is sent again, since its answer was lost, changes nothing.
//
// # Safety
//
// A room is at a [Position]: how many entries it has, and a number made of all of
// them. An entry is appended to a position, in one step of the store, and only if
// the room is there. Two instances that both append after the same position: one of
// them is refused, reads what it lacks, and decides again. Leases decide nothing
// but who is asked first.
//
// The second number tells a room that goes on from one that was restored from a
// backup: both have an entry 1,000, but not the same one.
//
// # Owners
//
// One instance at a time owns a room. The others send it what their members do, and
// it sends them the entries. If it does not answer, another one takes the room, at
// once where its address refuses connections. Package
// github.com/gorgon-go/gorgon/host does that. Where instances cannot reach each
// other, all append by themselves.
//
// # Builds
//
// The entries of a build are read by the next one. Once another build owns a room,
// instances that were started before that do not own it any more, since they
// might not know what is in it.
package rooms
