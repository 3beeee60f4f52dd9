// What parts of an app ask of the place they run in.

package gorgon

import (
	"fmt"
	"net/http"
	"slices"
)

// A Need is something that a page, a handler or a service asks of the place
// it runs in, and that nothing else says. A plan holds needs against what
// each place offers before anything is deployed.
type Need string

const (
	// Memory is state in the process that every request must find and that
	// must not be lost: chat rooms, counters, sessions.
	Memory Need = "memory"
	// Connections stay open: server-sent events, WebSocket, long polls.
	Connections Need = "connections"
	// Background is work that goes on after its response was sent.
	Background Need = "background"
	// Database is one that must be reachable while requests are answered.
	Database Need = "database"
	// Disk is for files of the app's own that must last.
	Disk Need = "disk"
)

// Needs lists them all.
func Needs() []Need { return []Need{Memory, Connections, Background, Database, Disk} }

// A Handler is an [http.Handler] that says what it needs, for [App.Handlers].
type Handler struct {
	http.Handler
	Needs []Need
}

func checkNeeds(needs []Need) error {
	for _, n := range needs {
		if !slices.Contains(Needs(), n) {
			return fmt.Errorf("need %q is not known: use one of %v", n, Needs())
		}
	}
	return nil
}
