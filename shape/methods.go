// Types whose methods decide their form.

package shape

import (
	"reflect"
	"slices"
	"unicode/utf8"
)

// method reads types whose methods decide their form.
func (r *reader) method(t reflect.Type, at string) (n *Node, decided bool) {
	if n, decided := r.enum(t, at); decided {
		return n, true
	}
	if t.Kind() == reflect.Pointer || t.Kind() == reflect.Interface {
		return nil, false
	}
	p := reflect.PointerTo(t)
	marshals, unmarshals := p.Implements(textMarshaler), p.Implements(textUnmarshaler)
	switch {
	case marshals && unmarshals:
		n = newNode(t, Text)
		n.Name = t.Name()
		return n, true
	case marshals:
		r.fault(at, "%s has MarshalText alone: add UnmarshalText", t)
		return nil, true
	case unmarshals:
		r.fault(at, "%s has UnmarshalText alone: add MarshalText", t)
		return nil, true
	case p.Implements(jsonMarshaler) || p.Implements(jsonUnmarshaler):
		r.fault(at, "%s has its own JSON, which cannot be described: give it MarshalText and UnmarshalText, or use a struct", t)
		return nil, true
	}
	return nil, false
}

// enum reads a named string type that has a list of its values.
func (r *reader) enum(t reflect.Type, at string) (n *Node, decided bool) {
	m, found := t.MethodByName("Values")
	if !found {
		if p, ok := reflect.PointerTo(t).MethodByName("Values"); ok && t.Kind() == reflect.String && p.Type.NumOut() == 1 && p.Type.Out(0) == reflect.SliceOf(t) {
			r.fault(at, "Values of %s has a pointer receiver: use a value receiver", t)
			return nil, true
		}
		return nil, false
	}
	if t.Kind() == reflect.Interface || m.Type.NumIn() != 1 || m.Type.NumOut() != 1 || m.Type.Out(0) != reflect.SliceOf(t) {
		return nil, false
	}
	if t.Kind() != reflect.String {
		r.fault(at, "%s lists its Values and is not a string: use a type whose kind is string", t)
		return nil, true
	}
	n = newNode(t, Enum)
	n.Name = t.Name()
	list := m.Func.Call([]reflect.Value{reflect.Zero(t)})[0]
	for i := range list.Len() {
		value := list.Index(i).String()
		if slices.Contains(n.Values, value) {
			r.fault(at, "Values of %s has %q twice: remove one", t, value)
		}
		if !utf8.ValidString(value) {
			r.fault(at, "Values of %s has %q, which is not valid UTF-8", t, value)
		}
		n.Values = append(n.Values, value)
	}
	if len(n.Values) == 0 {
		r.fault(at, "Values of %s is empty: add the values", t)
	}
	return n, true
}
