// Setting a Go value from what was typed.

package shape

import (
	"reflect"
	"strings"
	"time"
)

// setTyped sets a scalar from what a person typed, or a part of an address.
func (n *Node) setTyped(v reflect.Value, text string) reason {
	trimmed := strings.TrimSpace(text)
	switch n.Kind {
	case String:
		text = strings.ReplaceAll(text, "\r\n", "\n")
		if strings.ToValidUTF8(text, "") != text {
			return notUTF8
		}
		return n.setText(v, []byte(text))
	case Text:
		return n.setText(v, []byte(text))
	case Bool:
		switch trimmed {
		case "on", "true", "1":
			v.SetBool(true)
		case "off", "false", "0", "":
			v.SetBool(false)
		default:
			return notBool
		}
		return none
	case Bytes:
		return n.setText(v, []byte(trimmed))
	case Enum:
		why := n.setText(v, []byte(text))
		if why != none && text == "" {
			return isRequired
		}
		return why
	}
	if trimmed == "" {
		return isRequired
	}
	switch n.Kind {
	case Float:
		return n.setFloat(v, trimmed, true)
	case Time:
		return n.setTypedTime(v, trimmed)
	}
	return n.setWhole(v, trimmed, true)
}

// setTypedTime takes the layouts of the browser's own fields, too, as UTC.
func (n *Node) setTypedTime(v reflect.Value, text string) reason {
	for _, layout := range []string{"2006-01-02", "2006-01-02T15:04", "2006-01-02T15:04:05"} {
		if len(text) != len(layout) {
			continue
		}
		if at, err := time.Parse(layout, text); err == nil {
			*v.Addr().Interface().(*time.Time) = at
			return none
		}
	}
	return n.setText(v, []byte(text))
}
