// Plain HTTP handlers, and what parts of an app need from their target.

package gorgon

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/gorgon-go/gorgon/viewctx"
)

// A Handler is an [http.Handler] at a pattern. Handlers take precedence over
// pages.
type Handler struct {
	// Pattern is that of [http.ServeMux]: "/feed.xml", "POST /orders",
	// "/files/{path...}". The handler also answers below the prefix of each
	// locale. The path it receives has no such prefix; [LocaleOf] returns the
	// locale.
	Pattern string

	// Handler answers the requests.
	Handler http.Handler

	// Name names the handler within the app, for packages that must find it
	// from the context of a view or a request. Default: none.
	Name string

	// Guards run before the handler, the first one outermost. Default: none.
	Guards []func(http.Handler) http.Handler

	// Needs lists what the handler requires of the target it runs on. Default:
	// nothing.
	Needs []Need
}

// Guarded returns the handler wrapped by its guards.
func (h Handler) Guarded() http.Handler {
	handler := h.Handler
	for _, guard := range slices.Backward(h.Guards) {
		if guard != nil {
			handler = guard(handler)
		}
	}
	return handler
}

// Word is what the handler is called in lists of the parts of an app:
// "handler", or what another package calls what it made: "endpoint", "stream".
func (h Handler) Word() string { return wordOf(h.Handler, "handler") }

// named is the handler for those who find it by its name.
func (h Handler) named() viewctx.Named {
	_, path, ok := strings.Cut(h.Pattern, " ")
	if !ok {
		path = h.Pattern
	}
	return viewctx.Named{Path: strings.TrimLeft(path, " \t"), Handler: h.Handler, Guards: h.Guards}
}

func (h Handler) validate() []string {
	var faults []string
	if h.Handler == nil {
		faults = append(faults, "there is no Handler: add one")
	}
	for i, guard := range h.Guards {
		if guard == nil {
			faults = append(faults, fmt.Sprintf("Guards[%d] is nil: remove it", i))
		}
	}
	if err := checkNeeds(h.Needs); err != nil {
		faults = append(faults, err.Error())
	}
	return faults
}

// A Need is a requirement of a page, a handler or a service on the target it
// runs on that its other fields do not imply. A plan compares needs with the
// offers of each target before a deployment.
type Need string

const (
	// NeedMemory is state in the process that every request must reach and
	// that must not be lost: chat rooms, counters, sessions.
	NeedMemory Need = "memory"
	// NeedConnections are connections that stay open: server-sent events,
	// WebSocket, long polls.
	NeedConnections Need = "connections"
	// NeedBackground is work that continues after the response was sent.
	NeedBackground Need = "background"
	// NeedDatabase is a database that requests read or write.
	NeedDatabase Need = "database"
	// NeedDisk is a disk for files of the app that must persist.
	NeedDisk Need = "disk"
	// NeedFiles are files of the app that must persist, on a disk or in an S3
	// bucket: where FILES_URL says, of package blobs.
	NeedFiles Need = "files"
)

var needs = []Need{NeedMemory, NeedConnections, NeedBackground, NeedDatabase, NeedDisk, NeedFiles}

func checkNeeds(asked []Need) error {
	for _, n := range asked {
		if !slices.Contains(needs, n) {
			return fmt.Errorf("need %q is not known: use one of %v", n, needs)
		}
	}
	return nil
}
