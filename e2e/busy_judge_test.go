//go:build unix

// The judge of a busy table: what was committed, and what may be shown then.

package e2e_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/gorgon-go/gorgon/e2e/internal/shop"
	"github.com/gorgon-go/gorgon/pages"
)

// A history is which versions of rows were committed, and when that was known.
type history struct {
	mu     sync.Mutex
	rows   map[string][]committed
	faults []string // how the law was broken
	asked  int
	fresh  int // answers that said to be current
}

// committed is a version that was in the database at a time at the latest.
type committed struct {
	version int64
	at      time.Time
}

func newHistory() *history { return &history{rows: map[string][]committed{}} }

// commit notes that a version is in the database now.
func (h *history) commit(row string, version int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.rows[row] = append(h.rows[row], committed{version, time.Now()})
}

// sold notes a product and its price.
func (h *history) sold(id, version int64) {
	h.commit(shop.Row{Table: "products", ID: id}.Name(), version)
	h.commit(shop.Row{Table: "prices", ID: id}.Name(), version)
}

// due is the least version of each row that was committed before a time.
func (h *history) due(before time.Time) map[string]int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	due := map[string]int64{}
	for row, list := range h.rows {
		for _, c := range list {
			if !c.at.After(before) {
				due[row] = max(due[row], c.version)
			}
		}
	}
	return due
}

func (h *history) breaks(format string, args ...any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.faults = append(h.faults, time.Now().Format("15:04:05.000 ")+fmt.Sprintf(format, args...))
}

// broken is how the law was broken so far.
func (h *history) broken() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]string(nil), h.faults...)
}

// marked says that an answer admits to be out of date, or that it may be.
func marked(a answer) bool {
	status := a.cache()
	return strings.Contains(status, "detail=stale") || strings.Contains(status, "detail=degraded") || strings.Contains(status, "ttl=-")
}

// shows says which rows a path is to show; nil: those of the whole table.
func shows(path string) []string {
	_, id, _ := strings.Cut(path[1:], "/")
	switch {
	case strings.HasPrefix(path, "/products/"), strings.HasPrefix(path, "/api/"), strings.HasPrefix(path, "/snapshots/"):
		id = id[strings.LastIndexByte(id, '/')+1:]
		return []string{"products " + id, "prices " + id}
	case strings.HasPrefix(path, "/shelves/"), strings.HasPrefix(path, "/unlisted/"):
		return []string{"products " + id}
	case strings.HasPrefix(path, "/boxes/"):
		return []string{"boxes " + id}
	case strings.HasPrefix(path, "/slow/"):
		return []string{"busy 1"}
	}
	return nil
}

// expected is what is due of all that a path shows.
func expected(path string, due map[string]int64) map[string]int64 {
	want := map[string]int64{}
	rows := shows(path)
	for row, version := range due {
		whole := rows == nil && (strings.HasPrefix(row, "products ") || strings.HasPrefix(row, "prices "))
		if whole {
			want[row] = version
		}
	}
	for _, row := range rows {
		if version := due[row]; version > 0 {
			want[row] = version
		}
	}
	return want
}

// The law: what is not marked is not older than what was committed two seconds
// before the request.
func (h *history) judge(v *server, path string, began time.Time, a answer) {
	h.mu.Lock()
	h.asked++
	if !marked(a) {
		h.fresh++
	}
	h.mu.Unlock()
	if marked(a) || a.status != http.StatusOK && a.status != http.StatusNotFound {
		return
	}
	got := shop.Read(a.body)
	for row, version := range expected(path, h.due(began.Add(-pages.Trust))) {
		if got[row] < version {
			h.breaks("%s%s: %s is shown at version %d as %d %q, and version %d was committed %v before the request",
				v.url, path, row, got[row], a.status, a.cache(), version, h.since(row, got[row], began).Round(time.Millisecond))
		}
	}
}

// since is how long before a time a newer version than this one was committed.
func (h *history) since(row string, version int64, at time.Time) time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	longest := time.Duration(0)
	for _, c := range h.rows[row] {
		if c.version > version {
			longest = max(longest, at.Sub(c.at))
		}
	}
	return longest
}

// seesOwn is the law for who committed: with the token the change is there.
func (h *history) seesOwn(v *server, path string, due map[string]int64, a answer) {
	if strings.Contains(a.cache(), "detail=degraded") {
		return
	}
	got := shop.Read(a.body)
	for row, version := range expected(path, due) {
		if got[row] < version {
			h.breaks("%s%s: who committed version %d of %s is shown version %d as %d %q", v.url, path, version, row, got[row], a.status, a.cache())
		}
	}
}
