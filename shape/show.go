// What a form shows of a value, and what is known of its fields.

package shape

import (
	"reflect"
	"strconv"
	"strings"
)

// Files reports whether the type has uploaded files, which only a
// multipart/form-data body can contain.
func (t *Type) Files() bool { return t.node.files(map[*Node]bool{}) }

func (n *Node) files(seen map[*Node]bool) bool {
	switch {
	case n == nil || seen[n]:
		return false
	case n.Kind == Upload:
		return true
	}
	seen[n] = true
	for _, f := range n.Fields {
		if f.Node.files(seen) {
			return true
		}
	}
	return n.Elem.files(seen)
}

// Field returns the field that a name in a form means, as in [Form]; nil if the
// type has none. That of an element of a list is required, and has no GoName.
func (t *Type) Field(name string) *Field {
	f := &Field{Node: t.node}
	for _, step := range nameSteps(name) {
		switch n := f.Node; n.Kind {
		case Struct:
			i := n.find([]byte(step), 0)
			if i < 0 {
				return nil
			}
			if of := *n.Fields[i]; f.Secret {
				of.Secret = true
				f = &of
			} else {
				f = n.Fields[i]
			}
		case List:
			if _, err := strconv.ParseUint(step, 10, 31); err != nil {
				return nil
			}
			f = &Field{Name: step, Node: n.Elem, Secret: f.Secret}
		case Map:
			f = &Field{Name: step, Node: n.Elem, Secret: f.Secret}
		default:
			return nil
		}
	}
	return f
}

// Known returns the form without the names that the type does not have.
func (t *Type) Known(form Form) Form {
	known := Form{Values: map[string][]string{}, Files: map[string][]*File{}}
	for name, values := range form.Values {
		if strings.HasPrefix(name, "_") || t.Field(name) != nil {
			known.Values[name] = values
		}
	}
	for name, files := range form.Files {
		if t.Field(name) != nil {
			known.Files[name] = files
		}
	}
	return known
}

// Values returns the texts with which a form shows v, a value of the type, by
// name. Absent members, files and fields tagged secret have none.
func (t *Type) Values(v any) map[string][]string {
	values := map[string][]string{}
	if of, err := t.source(v); err == nil {
		t.node.show(of, nil, values)
	}
	return values
}

func (n *Node) show(v reflect.Value, path []string, values map[string][]string) {
	below := func(key string) []string { return append(path[:len(path):len(path)], key) }
	switch n.Kind {
	case Struct:
		for _, f := range n.Fields {
			value := f.of(v)
			if f.absent(value) || f.Secret {
				continue
			}
			if f.pointer {
				value = value.Elem()
			}
			f.Node.show(value, below(f.Name), values)
		}
	case List:
		for i := range v.Len() {
			at := below(strconv.Itoa(i))
			if n.Elem.scalar() {
				at = path // repeated, as a form sends it
			}
			n.Elem.show(v.Index(i), at, values)
		}
	case Map:
		for key, value := range v.Seq2() {
			n.Elem.show(value, below(key.String()), values)
		}
	case Upload:
	default:
		if text, err := n.appendText(nil, v); err == nil {
			values[joinName(path)] = append(values[joinName(path)], string(text))
		}
	}
}
