// What Gorgon's cache says of a response.

package gorgontest

import (
	"strconv"
	"strings"
	"time"
)

// A State is what the cache did for a response.
type State string

const (
	Hit    State = "hit"    // what is kept was fresh, and was served
	Stale  State = "stale"  // what is kept was served, and made again behind, unless that failed a moment ago
	Made   State = "made"   // the visitor waited while the page was made
	Bypass State = "bypass" // made for this request, or with parts that were: nothing of the answer is kept
	None   State = "none"   // the cache had no part in it: files, handlers, redirects by handlers, errors
)

// A CacheStatus is what a response says of Gorgon's own cache in its header
// Cache-Status (RFC 9211).
type CacheStatus struct {
	State    State
	TTL      time.Duration // until the page is stale; below zero since then. Only where Ages
	Ages     bool          // time makes the page stale
	Expired  bool          // Made in place of an entry that could no longer be served
	Stored   bool          // Made, and the store has it
	Degraded bool          // the store cannot be used
}

// Cache reads the header Cache-Status.
func (r *Response) Cache() CacheStatus {
	return readStatus(strings.Join(r.Header.Values("Cache-Status"), ", "))
}

// readStatus reads the member of Gorgon's own. None of what is written there
// is quoted, so that commas and semicolons only ever part.
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
