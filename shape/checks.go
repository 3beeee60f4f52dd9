// Reading the tag check.

package shape

import (
	"regexp"
	"strconv"
	"strings"
	"sync"
)

// onlyRE2 finds what Go's regular expressions have and ECMA 262 has not.
var onlyRE2 = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`\\[AzQEaC]|\\[pP][^{]|\\x\{|\(\?[^:<]|\[\[:`)
})

// checks reads the words of a tag into the node of its field.
func (r *reader) checks(n *Node, tag, at string) {
	seen := map[string]bool{}
	for rest := tag; rest != ""; {
		word := rest
		if !strings.HasPrefix(rest, "pattern=") && !strings.HasPrefix(rest, "each.pattern=") {
			word, rest, _ = strings.Cut(rest, ",")
		} else {
			rest = ""
		}
		name, value, valued := strings.Cut(word, "=")
		if seen[name] {
			r.fault(at, "check %s is given twice: remove one", name)
		}
		seen[name] = true
		to := n
		if after, each := strings.CutPrefix(name, "each."); each {
			if n.Kind != List && n.Kind != Map || n.Elem.Kind == Struct {
				r.fault(at, "check %s is for the elements of a slice or map of plain values: remove it", name)
				continue
			}
			name, to = after, n.Elem
		}
		r.check(to, name, value, valued, at)
	}
	for _, m := range []*Node{n, n.Elem} {
		if m != nil && (m.MaxLen >= 0 && m.MinLen > m.MaxLen || m.Low != "" && m.low.dec.compare(m.high.dec) > 0) {
			r.fault(at, "min is above max: change one")
		}
	}
}

func (r *reader) check(n *Node, name, value string, valued bool, at string) {
	switch name {
	case "min", "max", "pattern":
		if value == "" {
			r.fault(at, "check %s has no value: use %s=…", name, name)
			return
		}
	case "email", "url", "unique":
		if valued {
			r.fault(at, "check %s takes no value: remove it", name)
			return
		}
	default:
		r.fault(at, "check %q is not known: use min, max, email, url, unique or pattern, and each. before them for elements", name)
		return
	}
	if !n.takes(name) {
		hint := ""
		if name == "unique" && n.Kind == List && n.Elem.Kind == Float {
			hint = ", since two decimals may round to one number"
		}
		r.fault(at, "check %s does not apply to %s%s: remove it", name, n.Type, hint)
		return
	}
	switch name {
	case "min", "max":
		r.bound(n, name, value, at)
	case "unique":
		n.Unique = true
	case "pattern":
		var err error
		if n.matcher, err = regexp.Compile(value); err != nil {
			r.fault(at, "check pattern: %v", err)
		}
		if foreign := onlyRE2().FindString(strings.ReplaceAll(value, `\\`, "")); foreign != "" {
			r.fault(at, "check pattern: %s is known to Go and not to JavaScript, which reads the schema: write it another way", foreign)
		}
		n.Pattern = value
	default:
		if n.Format != "" {
			r.fault(at, "no text is both an email and a url: remove one")
		}
		n.Format = name
	}
}

// takes reports whether a check applies to a node.
func (n *Node) takes(check string) bool {
	switch check {
	case "min", "max":
		switch n.Kind {
		case Int, Float, Int64String, String, Bytes, Map, Upload:
			return true
		}
		return n.Kind == List && !n.fixed
	case "unique":
		if n.Kind != List {
			return false
		}
		switch n.Elem.Kind {
		case Bool, Int, Int64String, String, Enum:
			return true
		}
		return false
	}
	return n.Kind == String
}

func (r *reader) bound(n *Node, name, value, at string) {
	switch n.Kind {
	case Int, Int64String, Float:
		r.numberBound(n, name, value, at)
		return
	}
	length, err := strconv.Atoi(value)
	if err != nil || length < 0 {
		r.fault(at, "check %s=%s is not a length: use a whole number", name, value)
		return
	}
	if name == "min" {
		n.MinLen = length
	} else {
		n.MaxLen = length
	}
}

func (r *reader) numberBound(n *Node, name, value, at string) {
	d, ok := parseDecimal(value, false)
	if !ok {
		r.fault(at, "check %s=%s is not a number: use decimals", name, value)
		return
	}
	text, whole := d.integer()
	if n.Kind == Float {
		text = floatText(newLimit(value, n.bits).f, n.bits)
		if rounded, ok := parseDecimal(text, false); !ok || rounded.compare(d) != 0 {
			r.fault(at, "check %s=%s is not exact in a %s: use %s", name, value, n.Type, text)
			return
		}
	} else if !whole {
		r.fault(at, "check %s=%s is not a whole number, as %s is", name, value, n.Type)
		return
	}
	if of := number(n.Type); of.decimal(d) != none {
		r.fault(at, "check %s=%s is outside of what %s holds, %s to %s", name, value, n.Type, of.Low, of.High)
		return
	}
	if name == "min" {
		n.setLow(text)
	} else {
		n.setHigh(text)
	}
}
