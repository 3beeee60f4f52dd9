// The cache status of a response.

package gorgontest

import (
	"strconv"
	"strings"
	"time"
)

// A State is what the cache did for a response.
type State string

const (
	Hit    State = "hit"    // the stored page was fresh, and was served
	Stale  State = "stale"  // the stored page was served, and regenerated in the background, unless that failed a moment ago
	Made   State = "made"   // the visitor waited while the page was made
	Bypass State = "bypass" // made for this request, or with parts that were: the answer is not stored
	None   State = "none"   // the cache was not involved: files, handlers, redirects by handlers, errors
)

// A CacheStatus is what a response says about Gorgon's own cache in its header
// Cache-Status (RFC 9211).
type CacheStatus struct {
	State    State
	TTL      time.Duration // until the page is stale; negative since then. Only set if Ages
	Ages     bool          // time makes the page stale
	Expired  bool          // made in place of an entry that could no longer be served
	Stored   bool          // made, and put into the store
	Degraded bool          // the store cannot be used
}

// Cache reads the header Cache-Status.
func (r *Response) Cache() CacheStatus {
	return readStatus(strings.Join(r.Header.Values("Cache-Status"), ", "))
}

// readStatus reads the list member of Gorgon's own cache. It contains no quoted
// text, so that commas and semicolons are always separators.
func readStatus(text string) CacheStatus {
	c := CacheStatus{State: None}
	for member := range strings.SplitSeq(text, ",") {
		name, rest, _ := strings.Cut(strings.TrimSpace(member), ";")
		if name != "gorgon" {
			continue
		}
		stale := false
		for parameter := range strings.SplitSeq(rest, ";") {
			switch key, value, _ := strings.Cut(strings.TrimSpace(parameter), "="); {
			case key == "hit":
				c.State = Hit
			case key == "fwd" && value == "bypass":
				c.State = Bypass
			case key == "fwd":
				c.State, c.Expired = Made, value == "stale"
			case key == "stored":
				c.Stored = true
			case key == "ttl":
				seconds, err := strconv.ParseInt(value, 10, 32)
				c.TTL, c.Ages = time.Duration(seconds)*time.Second, err == nil
				stale = stale || seconds < 0
			case key == "detail":
				stale = stale || value == "stale"
				c.Degraded = value == "degraded"
			}
		}
		if stale && c.State == Hit {
			c.State = Stale
		}
	}
	return c
}
