// The one walk over a Go type.

package shape

import (
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"time"
)

var (
	timeType        = reflect.TypeFor[time.Time]()
	durationType    = reflect.TypeFor[time.Duration]()
	numberType      = reflect.TypeFor[json.Number]()
	rawType         = reflect.TypeFor[json.RawMessage]()
	fileType        = reflect.TypeFor[File]()
	textMarshaler   = reflect.TypeFor[encoding.TextMarshaler]()
	textUnmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()
	jsonMarshaler   = reflect.TypeFor[json.Marshaler]()
	jsonUnmarshaler = reflect.TypeFor[json.Unmarshaler]()
)

type reader struct {
	faults  []error
	structs map[reflect.Type]*Node
	nested  map[*Node]string // structs that are not outermost, and where
}

func (r *reader) fault(at, text string, args ...any) {
	r.faults = append(r.faults, fmt.Errorf("%s: "+text, append([]any{at}, args...)...))
}

func newNode(t reflect.Type, k Kind) *Node {
	return &Node{Kind: k, Type: t, MinLen: -1, MaxLen: -1}
}

// node reads a type that stands at a field, or an element. It returns nil
// after a fault.
func (r *reader) node(t reflect.Type, at string) *Node {
	switch t {
	case timeType:
		return newNode(t, Time)
	case fileType:
		return newNode(t, Upload)
	case durationType:
		r.fault(at, "time.Duration has no plain form in JSON: use a number, with a name that says the unit, such as TimeoutSeconds int")
		return nil
	case numberType:
		r.fault(at, "json.Number hides the kind of number: use int, int64 or float64")
		return nil
	case rawType:
		r.fault(at, "json.RawMessage can hold anything: use a struct, or string")
		return nil
	}
	if n, decided := r.method(t, at); decided {
		return n
	}
	switch t.Kind() {
	case reflect.Bool:
		return newNode(t, Bool)
	case reflect.String:
		return newNode(t, String)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64,
		reflect.Float32, reflect.Float64:
		return number(t)
	case reflect.Slice, reflect.Array:
		return r.list(t, at)
	case reflect.Map:
		return r.mapping(t, at)
	case reflect.Struct:
		return r.structure(t, at)
	case reflect.Pointer:
		r.fault(at, "a pointer says that a member may be absent, and fits only the field of a struct: use %s", t.Elem())
	case reflect.Interface:
		r.fault(at, "an interface can hold anything: use a struct")
	default:
		r.fault(at, "%s has no form in JSON: use another type, or leave it out with json:\"-\"", t)
	}
	return nil
}

func (r *reader) list(t reflect.Type, at string) *Node {
	if t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8 {
		if _, own := r.method(t.Elem(), at); !own {
			return newNode(t, Bytes)
		}
	}
	n := newNode(t, List)
	if t.Kind() == reflect.Array {
		n.fixed, n.MinLen, n.MaxLen = true, t.Len(), t.Len()
	}
	if n.Elem = r.nest(t.Elem(), at+"[]"); n.Elem == nil {
		return nil
	}
	return n
}

func (r *reader) mapping(t reflect.Type, at string) *Node {
	n := newNode(t, Map)
	if t.Key().Kind() != reflect.String {
		r.fault(at, "the keys of %s are not text: use string", t)
		return nil
	}
	n.Key = r.node(t.Key(), at+"[key]")
	if n.Elem = r.nest(t.Elem(), at+"[]"); n.Elem == nil || n.Key == nil {
		return nil
	}
	if n.Key.Kind == Text {
		r.fault(at, "the keys of %s have a text form of their own: use string", t)
		return nil
	}
	if n.Elem.Kind == Upload {
		r.fault(at, "files have no place in a map: use []shape.File")
		return nil
	}
	return n
}

// nest reads an element or a field, which is not outermost.
func (r *reader) nest(t reflect.Type, at string) *Node {
	n := r.node(t, at)
	if n != nil && n.Kind == Struct {
		if _, known := r.nested[n]; !known {
			r.nested[n] = at
		}
	}
	return n
}
