// What the documentation says of inputs and outputs, as text.

package describe

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/gorgon-go/gorgon/shape"
)

// A row describes one field.
type row struct {
	Name     string `json:"name"` // "steps[].text"
	In       string `json:"in"`   // "path", "query", "header" or "body"
	Type     string `json:"type"`
	Optional bool   `json:"optional,omitempty"`
	Checks   string `json:"checks,omitempty"`
	Doc      string `json:"doc,omitempty"`
}

// rowsOf describes a value and everything in it. A type that contains itself
// is described once.
func rowsOf(n *shape.Node) []row {
	var all []row
	inside := map[*shape.Node]bool{}
	var fields func(n *shape.Node, prefix string)
	fields = func(n *shape.Node, prefix string) {
		for n.Kind == shape.List || n.Kind == shape.Map {
			prefix += "[]"
			n = n.Elem
		}
		if n.Kind != shape.Struct || inside[n] {
			return
		}
		inside[n] = true
		for _, f := range n.Fields {
			name := strings.TrimPrefix(prefix+"."+f.Name, ".")
			all = append(all, row{name, "body", typeText(f.Node), f.Optional, checksText(f.Node), f.Doc})
			fields(f.Node, name)
		}
		delete(inside, n)
	}
	if n.Kind != shape.Struct {
		all = append(all, row{"", "body", typeText(n), false, checksText(n), ""})
	}
	fields(n, "")
	return all
}

func typeText(n *shape.Node) string {
	switch n.Kind {
	case shape.Bool:
		return "true or false"
	case shape.Int:
		return "whole number"
	case shape.Float:
		return "number"
	case shape.Int64String:
		return "whole number, as text"
	case shape.Time:
		return "date and time (RFC 3339)"
	case shape.Bytes:
		return "base64"
	case shape.Upload:
		return "file"
	case shape.List:
		return "list of " + typeText(n.Elem)
	case shape.Map:
		return "names with " + typeText(n.Elem)
	case shape.Struct:
		return "object"
	}
	return "text"
}

// checksText says what a value must fulfil.
func checksText(n *shape.Node) string {
	var all []string
	say := func(format string, args ...any) { all = append(all, fmt.Sprintf(format, args...)) }
	unit := map[shape.Kind]string{shape.List: "elements", shape.Map: "names", shape.Bytes: "bytes", shape.Upload: "bytes"}[n.Kind]
	if unit == "" {
		unit = "characters"
	}
	if n.MaxLen == 1 || n.MaxLen < 0 && n.MinLen == 1 {
		unit = strings.TrimSuffix(unit, "s")
	}
	switch {
	case n.MinLen > 0 && n.MaxLen >= 0:
		say("%d to %d %s", n.MinLen, n.MaxLen, unit)
	case n.MinLen > 0:
		say("at least %d %s", n.MinLen, unit)
	case n.MaxLen >= 0:
		say("at most %d %s", n.MaxLen, unit)
	}
	if n.Kind == shape.Int || n.Kind == shape.Int64String {
		say("%s to %s", n.Low, n.High)
	}
	if n.Kind == shape.Enum {
		say("one of %s", strings.Join(n.Values, ", "))
	}
	if n.Format != "" {
		say("an %s address", strings.Replace(n.Format, "url", "http or https", 1))
	}
	if n.Pattern != "" {
		say("matches %s", n.Pattern)
	}
	if n.Unique {
		say("no element twice")
	}
	if n.Elem != nil {
		if each := checksText(n.Elem); each != "" && n.Elem.Kind != shape.Struct {
			say("each: %s", each)
		}
	}
	return strings.Join(all, "; ")
}

// sample is a value as JSON that shows how one is written.
func sample(n *shape.Node, depth int) string {
	switch n.Kind {
	case shape.Bool:
		return "true"
	case shape.Int, shape.Float:
		if strings.HasPrefix(n.Low, "-") || n.Low == "0" {
			return "1"
		}
		return n.Low
	case shape.Int64String:
		return `"1"`
	case shape.Enum:
		return fmt.Sprintf("%q", n.Values[0])
	case shape.Time:
		return `"2026-01-31T12:00:00Z"`
	case shape.Bytes:
		return `"AAAA"`
	case shape.List:
		if depth > 3 {
			return "[]"
		}
		return "[" + sample(n.Elem, depth+1) + "]"
	case shape.Map:
		return "{}"
	case shape.Struct:
		var all []string
		for _, f := range n.Fields {
			if !f.Optional {
				all = append(all, fmt.Sprintf("%q:%s", f.Name, sample(f.Node, depth+1)))
			}
		}
		return "{" + strings.Join(all, ",") + "}"
	}
	text, _ := json.Marshal(sampleText(n)) // text has no error
	return string(text)
}

// sampleText is a text for a form, a path or a query.
func sampleText(n *shape.Node) string {
	switch {
	case n == nil:
		return "1"
	case n.Kind == shape.Upload:
		return "file"
	case n.Format == "email":
		return "ada@example.com"
	case n.Format == "url":
		return "https://example.com"
	case n.Kind == shape.String || n.Kind == shape.Text:
		text := "text"
		for len(text) < n.MinLen {
			text += " text"
		}
		if n.MaxLen >= 0 {
			text = text[:min(len(text), n.MaxLen)]
		}
		return text
	case n.Kind == shape.List:
		return sampleText(n.Elem)
	}
	return strings.Trim(sample(n, 0), `"`)
}
