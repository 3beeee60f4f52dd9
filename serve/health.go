// Whether this instance works, has started, and should be sent visitors.

package serve

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"net/http"
	"os"
	"runtime/debug"
	"strings"

	"github.com/gorgon-go/gorgon/answer"
	"github.com/gorgon-go/gorgon/cache"
	"github.com/gorgon-go/gorgon/listen"
	"github.com/gorgon-go/gorgon/paths"
	"github.com/gorgon-go/gorgon/render"
	"github.com/gorgon-go/gorgon/wire"
)

// A check is one thing that health rests on.
type check struct {
	Name   string `json:"name"`
	OK     bool   `json:"ok"`
	Needed bool   `json:"needed"` // without it the answer is 503
	Reason string `json:"reason,omitempty"`

	word string // for anyone, where it does not hold
}

// A health answers whether this instance works.
type health struct {
	out          *answer.Writer
	renderer     *render.Renderer
	cache        *cache.Cache // nil for none
	requireStore bool
	started      func() error               // nil for one that has started
	database     func() (bool, error)       // nil for none
	details      func(r *http.Request) bool // who reads the reasons; nil for no client
	own          *indicators
}

// answer answers for one of the three paths. Anyone learns in a word what is
// wrong; the reasons may name hosts and files, and are for those that
// Config.Details lets see them.
func (h *health) answer(w http.ResponseWriter, r *http.Request) {
	word, refusal := "alive", ""
	var checks []check
	switch r.URL.Path {
	case wire.Started:
		word, refusal = "started", "not started"
		checks = []check{h.hasStarted()}
	case wire.Ready:
		word, refusal = "ready", "not ready"
		checks = []check{h.hasStarted(), h.stays(r), h.hasStore()}
		if h.database != nil {
			checks = append(checks, h.hasDatabase())
		}
		checks = append(checks, h.own.ask(r.Context())...)
	}
	status := http.StatusOK
	var needed, missed []string
	for _, c := range checks {
		switch {
		case c.OK:
		case c.Needed:
			needed = append(needed, c.word)
		default:
			missed = append(missed, c.word)
		}
	}
	text := word
	switch {
	case len(needed) > 0:
		status, text = http.StatusServiceUnavailable, refusal+": "+strings.Join(needed, ", ")
	case len(missed) > 0:
		text = word + ", degraded: " + strings.Join(missed, ", ")
	}
	header := http.Header{"Content-Type": valueText}
	body := []byte(text + "\n")
	if h.details != nil && h.details(r) {
		header["Content-Type"] = valueJSON
		body, _ = json.Marshal(h.detail(status, text, checks)) // texts and booleans: it cannot fail
	}
	if status != http.StatusOK {
		header["Retry-After"] = []string{retryAfter}
	}
	h.out.Bare(w, r, answer.Plain{Status: status, Facts: answer.Personal, Header: header, Body: body})
}

// A healthDetail is what those who may know are told.
type healthDetail struct {
	OK      bool    `json:"ok"`
	Says    string  `json:"says"` // what anyone is told
	App     string  `json:"app"`
	Build   string  `json:"build"`             // of the pages
	Version string  `json:"version,omitempty"` // of the program's module
	Host    string  `json:"host,omitempty"`
	Process int     `json:"process"`
	Checks  []check `json:"checks,omitempty"`
}

func (h *health) detail(status int, text string, checks []check) healthDetail {
	d := healthDetail{
		OK: status == http.StatusOK, Says: text, App: h.renderer.App.Name, Build: h.renderer.Build,
		Process: os.Getpid(), Checks: checks,
	}
	d.Host, _ = os.Hostname()
	if info, ok := debug.ReadBuildInfo(); ok {
		d.Version = info.Main.Version
	}
	return d
}

func (h *health) hasStarted() check {
	c := check{Name: "started", OK: true, Needed: true, word: "starting"}
	if h.started != nil {
		if err := h.started(); err != nil {
			c.OK, c.Reason = false, err.Error()
		}
	}
	return c
}

// stays says whether the server that the request came to goes on taking
// requests.
func (h *health) stays(r *http.Request) check {
	c := check{Name: "staying", OK: true, Needed: true, word: "draining"}
	if listen.Draining(r) {
		c.OK, c.Reason = false, "the server was told to stop"
	}
	return c
}

func (h *health) hasStore() check {
	c := check{Name: "store", OK: true, Needed: h.requireStore, word: "the store cannot be used"}
	if h.cache != nil {
		if degraded, reason := h.cache.Degraded(); degraded {
			c.OK, c.Reason = false, reason
		}
	}
	return c
}

func (h *health) hasDatabase() check {
	c := check{Name: "database", OK: true, word: "the database cannot be used"}
	needed, err := h.database()
	if err != nil {
		c.OK, c.Needed, c.Reason = false, needed, err.Error()
	}
	return c
}

// WithKey returns a Config.Details that allows callers that send
// "Authorization: Bearer KEY". An empty key allows no caller.
//
// The address of a caller does not prove anything: with a proxy on the same
// machine every visitor comes from the loopback address.
func WithKey(key string) func(*http.Request) bool {
	want := sha256.Sum256([]byte(key))
	return func(r *http.Request) bool {
		given, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		got := sha256.Sum256([]byte(given)) // of equal length, so that comparing tells nothing of the key's
		return ok && key != "" && subtle.ConstantTimeCompare(got[:], want[:]) == 1
	}
}

// HealthOnly answers for health as a handler made by New does, and for nothing
// else: for processes that work and have no visitors.
func HealthOnly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if paths.IsHealth(r.URL.Path) {
			next.ServeHTTP(w, r)
			return
		}
		http.NotFound(w, r)
	})
}
