// What the judge knows of JSON. It does not use what it judges.

package shape_test

import (
	"bytes"
	"encoding/json"
	"io"
	"math/big"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// wellFormed reports whether a body is JSON whose texts are Unicode, without a
// member twice, of at most 64 levels. It does not use what it judges.
func wellFormed(body []byte) bool {
	if !json.Valid(body) || !utf8.Valid(body) || loneSurrogate(string(body)) {
		return false
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var names []map[string]bool // nil for a list
	isName := []bool{false}
	for {
		token, err := d.Token()
		if err == io.EOF {
			return true
		}
		if err != nil {
			return false
		}
		top := len(names) - 1
		switch token {
		case json.Delim('{'):
			names, isName = append(names, map[string]bool{}), append(isName, true)
		case json.Delim('['):
			names, isName = append(names, nil), append(isName, false)
		case json.Delim('}'), json.Delim(']'):
			names, isName = names[:top], isName[:top+1]
		default:
			if top >= 0 && isName[top+1] {
				if names[top][token.(string)] {
					return false
				}
				names[top][token.(string)] = true
				isName[top+1] = false
				continue
			}
		}
		if len(names) > 64 {
			return false
		}
		if top = len(names) - 1; top >= 0 && names[top] != nil {
			isName[top+1] = true
		}
	}
}

// hugeExponent is a number that costs the judge too much.
var hugeExponent = regexp.MustCompile(`[eE][-+]?[0-9]{4}`)

var escape = regexp.MustCompile(`\\(?:u([0-9a-fA-F]{4})|[^u])`)

func loneSurrogate(body string) bool {
	high, end := false, 0
	for _, found := range escape.FindAllStringSubmatchIndex(body, -1) {
		low := false
		was := high && found[0] == end
		if high && !was {
			return true
		}
		high, end = false, found[1]
		if found[2] >= 0 {
			unit, _ := strconv.ParseUint(body[found[2]:found[3]], 16, 32)
			high, low = unit >= 0xd800 && unit < 0xdc00, unit >= 0xdc00 && unit < 0xe000
		}
		if low != was {
			return true
		}
	}
	return high
}

// faithful reports whether what was encoded says what was decoded: nothing
// else, and all but members that are absent when they are zero, and those that
// are not known.
func faithful(in, out any, ignore bool) bool {
	switch out := out.(type) {
	case map[string]any:
		was, ok := in.(map[string]any)
		for name, v := range out {
			if ok = ok && faithful(was[name], v, ignore); !ok {
				return false
			}
		}
		for name, v := range was {
			if _, kept := out[name]; !kept && !ignore && !zero(v) {
				return false
			}
		}
		return ok
	case []any:
		was, ok := in.([]any)
		if !ok || len(was) != len(out) {
			return false
		}
		for i := range out {
			if !faithful(was[i], out[i], ignore) {
				return false
			}
		}
		return true
	case string:
		was, ok := in.(string)
		if ok && was == out {
			return true
		}
		a, err := time.Parse(time.RFC3339, was)
		b, other := time.Parse(time.RFC3339, out)
		return ok && err == nil && other == nil && a.Equal(b)
	case json.Number:
		was, ok := in.(json.Number)
		return ok && sameNumber(string(was), string(out))
	}
	return in == out
}

func sameNumber(in, out string) bool {
	a, ok := new(big.Rat).SetString(in)
	b, other := new(big.Rat).SetString(out)
	if ok && other && a.Cmp(b) == 0 {
		return true
	}
	for _, bits := range []int{32, 64} {
		f, _ := strconv.ParseFloat(in, bits)
		g, _ := strconv.ParseFloat(out, bits)
		if f == g {
			return strings.ContainsAny(in, ".eE") || len(in) > 7
		}
	}
	return false
}

// zero reports whether a value in JSON is one that omitempty or omitzero
// leaves out.
func zero(v any) bool {
	switch v := v.(type) {
	case bool:
		return !v
	case string:
		return v == "" || v == "0" || v == "0001-01-01T00:00:00Z"
	case json.Number:
		return sameNumber(string(v), "0")
	case []any:
		for _, e := range v {
			if !zero(e) {
				return false
			}
		}
		return true
	case map[string]any:
		for _, e := range v {
			if !zero(e) {
				return false
			}
		}
		return true
	}
	return false
}
