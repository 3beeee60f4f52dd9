// Binding forms and parameters, with the checks of JSON.

package shape

import (
	"reflect"
	"slices"
)

// Bind sets what into points to from a form, leaves its parameters alone, and
// returns all faults, at most 100; after any, the value must not be used. The
// indexes of lists are compacted: steps.7 alone is the first element, at
// /steps/0; see [Type.Compact].
func (t *Type) Bind(form Form, into any) []Fault {
	v := t.target(into)
	t.clear(v)
	root, faults := form.tree()
	if faults != nil {
		return faults
	}
	root.dropBlank(t.node)
	b := binder{}
	b.value(t.node, root, v, nil)
	return b.faults
}

// BindParameters sets the fields that are parameters. get returns the texts of
// one: in is "path", "query" or "header". The pointer of a fault is such as
// "/path/id", "/query/q" and "/header/X-Y".
func (t *Type) BindParameters(get func(in, name string) []string, into any) []Fault {
	v := t.target(into)
	b := binder{}
	for _, f := range t.parameters {
		f.of(v).SetZero()
		var from *branch
		if values := get(f.In, f.Name); len(values) > 0 {
			from = &branch{values: values}
		}
		at := (&step{name: f.In}).child(f.Name)
		if from == nil && f.Node.Kind == Bool && !f.Optional {
			b.add(at, isRequired)
			continue
		}
		b.field(f, from, f.of(v), at)
	}
	return b.faults
}

type binder struct{ collector }

func (b *binder) field(f *Field, from *branch, v reflect.Value, at *step) {
	if f.Optional && from.nothing(f.Node) {
		return
	}
	if f.pointer {
		v.Set(reflect.New(f.Node.Type))
		v = v.Elem()
	}
	b.value(f.Node, from, v, at)
}

// value sets v from a branch; nil is one that the form does not have.
func (b *binder) value(n *Node, from *branch, v reflect.Value, at *step) {
	if b.full() {
		return
	}
	switch n.Kind {
	case Struct:
		b.structure(n, from, v, at)
	case List:
		b.list(n, from, v, at)
	case Map:
		b.mapping(n, from, v, at)
	default:
		b.scalar(n, from, v, at)
	}
}

func (b *binder) scalar(n *Node, from *branch, v reflect.Value, at *step) {
	if from == nil {
		from = &branch{}
	}
	for _, kid := range from.kids {
		b.add(at.child(kid.key), isUnknown)
	}
	if n.Kind == Upload {
		b.upload(n, from, v, at)
		return
	}
	switch {
	case len(from.files) > 0:
		b.add(at, notText)
	case len(from.values) > 1:
		b.add(at, isTwice)
	case len(from.values) == 1:
		b.add(at, n.setTyped(v, from.values[0]))
	case n.Kind != Bool:
		b.add(at, isRequired)
	}
}

func (b *binder) upload(n *Node, from *branch, v reflect.Value, at *step) {
	switch files := slices.DeleteFunc(slices.Clone(from.files), func(f *File) bool { return !chosen(f) }); {
	case slices.ContainsFunc(from.values, func(s string) bool { return s != "" }):
		b.add(at, notFile)
	case len(files) > 1:
		b.add(at, isTwice)
	case len(files) == 0:
		b.add(at, isRequired)
	default:
		v.Set(reflect.ValueOf(*files[0]))
		b.add(at, n.upload(*files[0]))
	}
}
