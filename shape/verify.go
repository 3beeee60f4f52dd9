// The checks of single values, which decoding, binding and Check share.

package shape

import (
	"math"
	"reflect"
	"regexp"
	"sync"
	"time"
	"unicode/utf8"
)

// text checks a text of kind String. It returns none if there is no fault.
func (n *Node) text(s string) reason {
	if n.MinLen >= 0 || n.MaxLen >= 0 {
		if why := n.length(utf8.RuneCountInString(s)); why != none {
			return why
		}
	}
	switch {
	case n.Format == "email" && !isEmail(s):
		return notEmail
	case n.Format == "url" && !urlMatcher().MatchString(s):
		return notURL
	case n.matcher != nil && !n.matcher.MatchString(s):
		return notPattern
	}
	return none
}

func (n *Node) signed(i int64) reason {
	switch {
	case i < n.low.i:
		return n.below()
	case i > n.high.i:
		return n.above()
	}
	return none
}

func (n *Node) natural(u uint64) reason {
	switch {
	case u < n.low.u:
		return n.below()
	case u > n.high.u:
		return n.above()
	}
	return none
}

func (n *Node) float(f float64) reason {
	switch {
	case math.IsNaN(f):
		return notNumber
	case f < n.low.f:
		return n.below()
	case f > n.high.f:
		return n.above()
	}
	return none
}

// decimal checks a number before it is rounded.
func (n *Node) decimal(d decimal) reason {
	switch {
	case d.compare(n.low.dec) < 0:
		return n.below()
	case d.compare(n.high.dec) > 0:
		return n.above()
	}
	return none
}

// fewElements is up to which number comparing each with each is cheapest.
const fewElements = 16

// unique checks that no two elements of a list are equal.
func (n *Node) unique(v reflect.Value) reason {
	if !n.Unique || v.Len() < 2 {
		return none
	}
	if v.Len() <= fewElements {
		for i := range v.Len() {
			for j := range i {
				if v.Index(i).Equal(v.Index(j)) {
					return notUnique
				}
			}
		}
		return none
	}
	seen := make(map[any]bool, v.Len())
	for i := range v.Len() {
		key := v.Index(i).Interface()
		if seen[key] {
			return notUnique
		}
		seen[key] = true
	}
	return none
}

// instant checks that RFC 3339 has a form for a time.
func instant(t time.Time) reason {
	if y := inWholeMinutes(t).Year(); y < 0 || y > 9999 {
		return notInYears
	}
	return none
}

// inWholeMinutes returns t in a zone that RFC 3339 can write.
func inWholeMinutes(t time.Time) time.Time {
	if _, offset := t.Zone(); offset%60 != 0 || offset <= -24*3600 || offset >= 24*3600 {
		return t.UTC()
	}
	return t
}

// urlMatcher is compiled when a URL is first checked: many programs check none.
var urlMatcher = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(urlPattern) })
