// Encoding as JSON.

package shape

import (
	"encoding"
	"encoding/base64"
	"fmt"
	"reflect"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// appendError says which part of a value has no form in JSON.
type appendError struct {
	at  *step // from the part outwards
	why reason
}

func (e *appendError) Error() string {
	pointer := ""
	for s := e.at; s != nil; s = s.above {
		pointer += "/" + escapePointer(s.name)
	}
	return fmt.Sprintf("shape: the value has no JSON: %s %s", pointer, e.why.detail)
}

// inside returns err as one of a part with this name.
func inside(err error, name string) error {
	e := err.(*appendError)
	return &appendError{&step{e.at, name}, e.why}
}

// Append appends the JSON of v, a value of the type or a pointer to one,
// without its parameters. Nil slices are [] and nil maps are {}. It refuses
// numbers and times outside of the range of their schema, invalid UTF-8, files
// and more than 64 levels; it makes no other check.
func (t *Type) Append(dst []byte, v any) ([]byte, error) {
	of, err := t.source(v)
	if err != nil {
		return dst, err
	}
	return t.node.append(dst, of, 0)
}

func (n *Node) append(dst []byte, v reflect.Value, depth int) ([]byte, error) {
	switch n.Kind {
	case Struct, List, Map:
		if depth++; depth > maxDepth {
			return dst, &appendError{nil, tooDeep}
		}
	}
	switch n.Kind {
	case Struct:
		return n.appendStruct(dst, v, depth)
	case List:
		return n.appendList(dst, v, depth)
	case Map:
		return n.appendMap(dst, v, depth)
	case Bool:
		return strconv.AppendBool(dst, v.Bool()), nil
	case Int, Float:
		return n.appendText(dst, v)
	case String, Enum:
		return appendQuoted(dst, v.String())
	case Upload:
		return dst, &appendError{nil, notFileJSON}
	case Text:
		text, err := n.appendText(nil, v)
		if err != nil {
			return dst, err
		}
		return appendQuoted(dst, string(text))
	}
	dst = append(dst, '"')
	dst, err := n.appendText(dst, v)
	return append(dst, '"'), err
}

// appendText appends the text of a scalar, as it is in a form.
func (n *Node) appendText(dst []byte, v reflect.Value) ([]byte, error) {
	switch n.Kind {
	case Bool:
		return strconv.AppendBool(dst, v.Bool()), nil
	case Int, Int64String:
		if n.unsigned {
			return strconv.AppendUint(dst, v.Uint(), 10), n.unfit(v)
		}
		return strconv.AppendInt(dst, v.Int(), 10), n.unfit(v)
	case Float:
		return append(dst, floatText(v.Float(), n.bits)...), n.unfit(v)
	case Time:
		if err := n.unfit(v); err != nil {
			return dst, err
		}
		return inWholeMinutes(v.Interface().(time.Time)).AppendFormat(dst, time.RFC3339Nano), nil
	case Bytes:
		return base64.StdEncoding.AppendEncode(dst, v.Bytes()), nil
	case Text:
		return appendMarshaled(dst, v)
	}
	if s := v.String(); utf8.ValidString(s) {
		return append(dst, s...), nil
	}
	return dst, &appendError{nil, notUTF8}
}

func (n *Node) unfit(v reflect.Value) error {
	if why := n.scalarFault(v); why != none {
		return &appendError{nil, why}
	}
	return nil
}

func appendMarshaled(dst []byte, v reflect.Value) ([]byte, error) {
	m, ok := v.Interface().(encoding.TextMarshaler)
	if !ok {
		addressed := reflect.New(v.Type())
		addressed.Elem().Set(v)
		m = addressed.Interface().(encoding.TextMarshaler)
	}
	text, err := m.MarshalText()
	if err != nil {
		return dst, &appendError{nil, reason{detail: err.Error()}}
	}
	return append(dst, text...), nil
}

func appendQuoted(dst []byte, s string) ([]byte, error) {
	dst, err := jsontext.AppendQuote(dst, s)
	if err != nil {
		return dst, &appendError{nil, notUTF8}
	}
	return dst, nil
}

func (n *Node) appendStruct(dst []byte, v reflect.Value, depth int) ([]byte, error) {
	dst = append(dst, '{')
	first := true
	for _, f := range n.Fields {
		of := f.of(v)
		if f.absent(of) {
			continue
		}
		if f.pointer {
			of = of.Elem()
		}
		if !first {
			dst = append(dst, ',')
		}
		first = false
		var err error
		if dst, err = f.Node.append(append(dst, f.asMember...), of, depth); err != nil {
			return dst, inside(err, f.Name)
		}
	}
	return append(dst, '}'), nil
}

func (n *Node) appendList(dst []byte, v reflect.Value, depth int) ([]byte, error) {
	dst = append(dst, '[')
	for i := range v.Len() {
		if i > 0 {
			dst = append(dst, ',')
		}
		var err error
		if dst, err = n.Elem.append(dst, v.Index(i), depth); err != nil {
			return dst, inside(err, strconv.Itoa(i))
		}
	}
	return append(dst, ']'), nil
}

func (n *Node) appendMap(dst []byte, v reflect.Value, depth int) ([]byte, error) {
	dst = append(dst, '{')
	for i, key := range sortedKeys(v) {
		if i > 0 {
			dst = append(dst, ',')
		}
		var err error
		dst, err = appendQuoted(dst, key.String())
		if err == nil {
			dst, err = n.Elem.append(append(dst, ':'), v.MapIndex(key), depth)
		}
		if err != nil {
			return dst, inside(err, key.String())
		}
	}
	return append(dst, '}'), nil
}
