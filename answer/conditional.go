// Conditional requests, in the order of RFC 9110 §13.2.2.

package answer

import (
	"net/http"
	"strings"
	"time"
)

// A validator is what conditions are held against.
type validator struct {
	tag      string    // strong, with its quotes
	modified time.Time // in whole seconds; zero: unknown
	date     string    // modified as HTTP writes it
}

// condition is 0 where the request is to be answered, 304 where the client
// has it already, and 412 where a precondition fails. The method is GET or
// HEAD, and the answer would be a success.
func condition(header http.Header, v validator) int {
	if values, ok := header["If-Match"]; ok {
		if !matches(values, v.tag, false) {
			return http.StatusPreconditionFailed
		}
	} else if since, ok := date(header["If-Unmodified-Since"]); ok && !v.modified.IsZero() {
		if v.modified.After(since) {
			return http.StatusPreconditionFailed
		}
	}
	if values, ok := header["If-None-Match"]; ok {
		if matches(values, v.tag, true) {
			return http.StatusNotModified
		}
		return 0
	}
	values, ok := header["If-Modified-Since"]
	if !ok || v.modified.IsZero() {
		return 0
	}
	if len(values) == 1 && values[0] == v.date {
		return http.StatusNotModified
	}
	if since, ok := date(values); ok && !v.modified.After(since) {
		return http.StatusNotModified
	}
	return 0
}

// date reads a header that holds one date; any other is to be ignored.
func date(values []string) (time.Time, bool) {
	if len(values) != 1 {
		return time.Time{}, false
	}
	t, err := http.ParseTime(values[0])
	return t, err == nil
}

// matches says whether a list of entity tags holds tag, or is "*". By the
// strong comparison a weak tag matches nothing. What follows a member
// that is not an entity tag is not read.
func matches(values []string, tag string, weak bool) bool {
	for _, list := range values {
		for {
			list = strings.TrimLeft(list, " \t,")
			if list == "" {
				break
			}
			if list[0] == '*' {
				if rest := trim(list[1:]); rest == "" || rest[0] == ',' {
					return true
				}
				break
			}
			isWeak := strings.HasPrefix(list, "W/")
			if isWeak {
				list = list[2:]
			}
			if list == "" || list[0] != '"' {
				break
			}
			end := strings.IndexByte(list[1:], '"')
			if end < 0 {
				break
			}
			end += 2
			if list[:end] == tag && (weak || !isWeak) {
				return true
			}
			if list = strings.TrimLeft(list[end:], " \t"); list != "" && list[0] != ',' {
				break
			}
		}
	}
	return false
}
