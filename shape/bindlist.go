// Binding structs, lists and maps.

package shape

import (
	"reflect"
	"strconv"
	"unicode/utf8"
)

func (b *binder) structure(n *Node, from *branch, v reflect.Value, at *step) {
	of := make([]*branch, len(n.Fields))
	if from != nil {
		if len(from.values)+len(from.files) > 0 {
			b.add(at, hasMembers)
		}
		next := 0
		for _, kid := range from.kids {
			i := n.find([]byte(kid.key), next)
			if i < 0 {
				b.add(at.child(kid.key), isUnknown)
				continue
			}
			of[i], next = kid, i+1
		}
	}
	for i, f := range n.Fields {
		b.field(f, of[i], f.of(v), at.child(f.Name))
	}
}

// list binds the values of one name, and after them those with indexes.
func (b *binder) list(n *Node, from *branch, v reflect.Value, at *step) {
	elements, others := from.elements()
	for _, kid := range others {
		b.add(at.child(kid.key), isUnknown)
	}
	length := 0
	add := func(e *branch) {
		if (n.MaxLen < 0 || length < n.MaxLen) && !b.full() {
			n.grow(v, length)
			b.value(n.Elem, e, v.Index(length), at.child(strconv.Itoa(length)))
		}
		length++
	}
	if from != nil {
		if !n.Elem.scalar() && n.Elem.Kind != Upload && len(from.values) > 0 {
			b.add(at, hasMembers)
		} else if n.Elem.Kind != Upload || !from.nothing(n) {
			for i := range from.values {
				add(&branch{values: from.values[i : i+1]})
			}
		}
		for i, f := range from.files {
			if n.Elem.Kind != Upload || chosen(f) {
				add(&branch{files: from.files[i : i+1]})
			}
		}
	}
	for _, e := range elements {
		add(e.branch)
	}
	n.notNil(v)
	b.add(at, n.length(length))
	b.add(at, n.unique(v))
}

func (b *binder) mapping(n *Node, from *branch, v reflect.Value, at *step) {
	v.Set(reflect.MakeMap(n.Type))
	length := 0
	if from != nil {
		if len(from.values)+len(from.files) > 0 {
			b.add(at, hasMembers)
		}
		for _, kid := range from.kids {
			if length++; n.MaxLen >= 0 && length > n.MaxLen || b.full() {
				continue
			}
			under := at.child(kid.key)
			if !utf8.ValidString(kid.key) {
				b.add(under, notUTF8)
				continue
			}
			key, elem := reflect.New(n.Key.Type).Elem(), reflect.New(n.Elem.Type).Elem()
			b.add(under, n.Key.setText(key, []byte(kid.key)))
			b.value(n.Elem, kid, elem, under)
			v.SetMapIndex(key, elem)
		}
	}
	b.add(at, n.length(length))
}
