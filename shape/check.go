// Checking a value that was made in Go.

package shape

import (
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Check returns the faults of a value that was made in Go: the same that
// decoding it would find. A member that is absent, by its tag omitzero or
// omitempty or as a nil pointer, is not checked.
func (t *Type) Check(v any) []Fault {
	c := collector{}
	of, err := t.source(v)
	if err != nil {
		panic(err)
	}
	for _, f := range t.parameters {
		at := (&step{name: f.In}).child(f.Name)
		c.field(f, f.of(of), at)
	}
	c.value(t.node, of, nil, 0)
	return c.faults
}

// collector collects faults, up to the maximum.
type collector struct{ faults []Fault }

func (c *collector) full() bool { return len(c.faults) >= maxFaults }

func (c *collector) add(at *step, why reason) {
	if why != none && !c.full() {
		c.faults = append(c.faults, why.at(at.pointer()))
	}
}

func (c *collector) field(f *Field, v reflect.Value, at *step) {
	if f.absent(v) {
		return
	}
	if f.pointer {
		v = v.Elem()
	}
	c.value(f.Node, v, at, 0)
}

func (c *collector) value(n *Node, v reflect.Value, at *step, depth int) {
	if c.full() {
		return
	}
	switch n.Kind {
	case Struct, List, Map:
		if depth++; depth > maxDepth {
			c.add(at, tooDeep)
			return
		}
	}
	switch n.Kind {
	case Struct:
		for _, f := range n.Fields {
			if of := f.of(v); !f.absent(of) {
				if f.pointer {
					of = of.Elem()
				}
				c.value(f.Node, of, at.child(f.Name), depth)
			}
		}
	case List:
		for i := range v.Len() {
			c.value(n.Elem, v.Index(i), at.child(strconv.Itoa(i)), depth)
		}
		c.add(at, n.length(v.Len()))
		c.add(at, n.unique(v))
	case Map:
		for _, key := range sortedKeys(v) {
			under := at.child(key.String())
			c.value(n.Key, key, under, depth)
			c.value(n.Elem, v.MapIndex(key), under, depth)
		}
		c.add(at, n.length(v.Len()))
	default:
		c.add(at, n.scalarFault(v))
	}
}

// scalarFault checks a Go value that is not a list, map or struct.
func (n *Node) scalarFault(v reflect.Value) reason {
	switch n.Kind {
	case Int, Int64String:
		if n.unsigned {
			return n.natural(v.Uint())
		}
		return n.signed(v.Int())
	case Float:
		return n.float(v.Float())
	case String:
		if s := v.String(); utf8.ValidString(s) {
			return n.text(s)
		}
		return notUTF8
	case Enum:
		if !slices.Contains(n.Values, v.String()) {
			return n.notOneOf()
		}
	case Time:
		return instant(v.Interface().(time.Time))
	case Bytes:
		return n.length(v.Len())
	case Upload:
		return n.upload(v.Interface().(File))
	}
	return none
}

func sortedKeys(v reflect.Value) []reflect.Value {
	keys := v.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
	return keys
}
