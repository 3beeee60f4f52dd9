// Reading the fields of a struct.

package shape

import (
	"reflect"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// maxFields is what one struct may have; a set of that many bits tells which
// members a value has given.
const maxFields = 256

// structure reads a struct. A type that contains itself finds its own node.
func (r *reader) structure(t reflect.Type, at string) *Node {
	if n, ok := r.structs[t]; ok {
		return n
	}
	n := newNode(t, Struct)
	n.Name = t.Name()
	r.structs[t] = n
	name := t.String()
	r.fields(n, t, name, nil)
	if len(n.Fields)+len(n.parameters) == 0 && t.NumField() > 0 {
		r.fault(at, "%s has no exported fields: export them, or use struct{}", t)
	}
	if len(n.Fields) > maxFields {
		r.fault(name, "there are more than %d members: group them in structs", maxFields)
	}
	names := map[string]string{}
	for _, f := range slices.Concat(n.Fields, n.parameters) {
		key := f.In + " " + f.Name
		if f.In == "header" {
			key = strings.ToLower(key)
		}
		if other, taken := names[key]; taken {
			r.fault(name+"."+f.GoName, "field %s has the name %q, too: change one of the tags", other, f.Name)
		}
		names[key] = f.GoName
	}
	if len(n.Fields) > 16 {
		n.table = map[string]int{}
		for i, f := range n.Fields {
			n.table[f.Name] = i
		}
	}
	return n
}

// fields adds the fields of t, which is a struct or embedded in it.
func (r *reader) fields(n *Node, t reflect.Type, name string, index []int) {
	for i := range t.NumField() {
		of := t.Field(i)
		at := name + "." + of.Name
		f := &Field{GoName: of.Name, Doc: of.Tag.Get("doc"), Secret: of.Tag.Get("secret") == "true", index: append(slices.Clone(index), i)}
		tag, tagged := of.Tag.Lookup("json")
		if of.Anonymous && strings.Split(tag, ",")[0] == "" {
			switch {
			case of.Type.Kind() == reflect.Pointer && of.Type.Elem().Kind() == reflect.Struct:
				r.fault(at, "an embedded pointer may be nil: embed %s", of.Type.Elem())
				continue
			case of.Type.Kind() == reflect.Struct && of.Type != timeType && of.Type != fileType:
				r.fields(n, of.Type, name, f.index)
				continue
			}
		}
		if !of.IsExported() {
			continue
		}
		isParameter := r.parameterTag(f, of.Tag, at)
		if tag == "-" && !isParameter {
			continue
		}
		if isParameter && tagged && tag != "-" {
			r.fault(at, "a parameter is not a member of the body: remove the tag json")
		}
		if !isParameter && !r.jsonTag(f, tag, at) {
			continue
		}
		if r.field(f, of, at) {
			if isParameter {
				n.parameters = append(n.parameters, f)
			} else {
				n.Fields = append(n.Fields, f)
			}
		}
	}
}

// field reads the type, the checks and the rest of a field.
func (r *reader) field(f *Field, of reflect.StructField, at string) bool {
	t := of.Type
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
		f.pointer, f.Optional, f.omit = true, true, whenNil
		if t.Kind() == reflect.Pointer {
			r.fault(at, "a pointer to a pointer has two ways to be absent: use %s", t)
			return false
		}
	}
	f.Node = r.nest(t, at)
	if f.Node == nil {
		return false
	}
	if f.omit == whenEmpty && (t.Kind() == reflect.Struct || t.Kind() == reflect.Array) {
		r.fault(at, "omitempty never leaves out a %s: use omitzero", t.Kind())
		return false
	}
	f.isZero = reflect.Value.IsZero
	if t.Implements(reflect.TypeFor[interface{ IsZero() bool }]()) {
		f.isZero = func(v reflect.Value) bool { return v.Interface().(interface{ IsZero() bool }).IsZero() }
	}
	quoted, err := jsontext.AppendQuote(nil, f.Name)
	if err != nil {
		r.fault(at, "the name is not valid UTF-8")
		return false
	}
	f.asMember = append(quoted, ':')
	if tag, ok := of.Tag.Lookup("check"); ok {
		r.checks(f.Node, tag, at)
	}
	return r.fitsParameter(f, at)
}
