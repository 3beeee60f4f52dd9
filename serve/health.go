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
)

// What balancers and orchestrators ask. The paths are the same whatever the
// base path, and no middleware stands before them.
const (
	livePath  = "/livez"    // the process answers
	readyPath = "/readyz"   // it can be sent visitors
	startPath = "/startupz" // it has started
)

func isHealthPath(path string) bool {
	return path == livePath || path == readyPath || path == startPath
}

// A check is one thing that health rests on.
type check struct {
	Name   string `json:"name"`
	OK     bool   `json:"ok"`
	Needed bool   `json:"needed"` // without it the answer is 503
	Reason string `json:"reason,omitempty"`

	word string // for anyone, where it does not hold
}

// health answers for one of the three paths. Anyone learns in a word what is
// wrong; the reasons may name hosts and files, and are for those that
// Config.Details lets see them.
func (h *Handler) health(w http.ResponseWriter, r *http.Request) {
	h.note(r, r.URL.Path)
	word, refusal := "alive", ""
	var checks []check
	switch r.URL.Path {
	case startPath:
		word, refusal = "started", "not started"
		checks = []check{h.hasStarted()}
	case readyPath:
		word, refusal = "ready", "not ready"
		checks = []check{h.hasStarted(), h.stays(r), h.hasStore()}
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
	header := w.Header()
	h.private(header)
	header["Content-Type"] = valueText
	body := []byte(text + "\n")
	if h.details != nil && h.details(r) {
		header["Content-Type"] = valueJSON
		body, _ = json.Marshal(h.detail(status, text, checks)) // texts and booleans: it cannot fail
	}
	if status != http.StatusOK {
		header["Retry-After"] = []string{retryAfter}
	}
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body)
	}
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

func (h *Handler) detail(status int, text string, checks []check) healthDetail {
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

func (h *Handler) hasStarted() check {
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
func (h *Handler) stays(r *http.Request) check {
	c := check{Name: "staying", OK: true, Needed: true, word: "draining"}
	if s, ok := r.Context().Value(serverKey{}).(*Server); ok && s.draining.Load() {
		c.OK, c.Reason = false, "the server was told to stop"
	}
	return c
}

func (h *Handler) hasStore() check {
	c := check{Name: "store", OK: true, Needed: h.requireStore, word: "the store cannot be used"}
	if h.cache != nil {
		if degraded, reason := h.cache.Degraded(); degraded {
			c.OK, c.Reason = false, reason
		}
	}
	return c
}

// WithKey is a Config.Details that lets those see details who send
// "Authorization: Bearer KEY". An empty key lets nobody.
//
// Where a request comes from is no such proof: behind a proxy on the same
// machine every visitor comes from the loopback.
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
func HealthOnly(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if isHealthPath(r.URL.Path) {
			h.ServeHTTP(w, r)
			return
		}
		http.NotFound(w, r)
	})
}
