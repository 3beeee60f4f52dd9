// Setting a Go value from text in JSON, with its checks. Each function returns
// what is wrong, or "".

package shape

import (
	"bytes"
	"encoding"
	"encoding/base64"
	"reflect"
	"time"
)

// setText sets a value whose form in JSON is text.
func (n *Node) setText(v reflect.Value, text []byte) reason {
	switch n.Kind {
	case Enum:
		for _, value := range n.Values {
			if value == string(text) {
				v.SetString(value)
				return none
			}
		}
		return n.notOneOf()
	case Time:
		if !isTime(text) {
			return notTime
		}
		at, err := time.Parse(time.RFC3339Nano, string(text))
		if err != nil {
			return notTime
		}
		*v.Addr().Interface().(*time.Time) = at
		return none
	case Bytes:
		return n.setBytes(v, text)
	case Int64String:
		return n.setInt64(v, text)
	case Text:
		if err := v.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText(text); err != nil {
			return notValid
		}
		return none
	}
	s := string(text)
	v.SetString(s)
	return n.text(s)
}

// isTime reports whether a text has the layout that the schema describes.
// time.Parse decides on the days of a month, and accepts more layouts.
func isTime(s []byte) bool {
	const layout = "0000-00-00T00:00:00"
	if len(s) < len(layout)+1 || !fits(s[:len(layout)], layout) {
		return false
	}
	s = s[len(layout):]
	if s[0] == '.' {
		n := 1
		for n < len(s) && '0' <= s[n] && s[n] <= '9' {
			n++
		}
		if n == 1 || n > 10 {
			return false
		}
		s = s[n:]
	}
	if string(s) == "Z" {
		return true
	}
	return len(s) == 6 && (s[0] == '+' || s[0] == '-') && fits(s[1:], "00:00") && string(s[1:3]) < "24" && s[4] < '6'
}

func fits(s []byte, layout string) bool {
	for i := range s {
		if digit := '0' <= s[i] && s[i] <= '9'; digit != (layout[i] == '0') || !digit && s[i] != layout[i] {
			return false
		}
	}
	return true
}

func (n *Node) setBytes(v reflect.Value, text []byte) reason {
	if bytes.ContainsAny(text, "\r\n") { // which the decoder passes over
		return notBase64
	}
	into := make([]byte, base64.StdEncoding.DecodedLen(len(text)))
	l, err := base64.StdEncoding.Strict().Decode(into, text)
	if err != nil {
		return notBase64
	}
	v.SetBytes(into[:l])
	return n.length(l)
}
