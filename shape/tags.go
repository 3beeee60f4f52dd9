// Reading the tags of fields, but for check.

package shape

import (
	"fmt"
	"reflect"
	"strings"
)

// jsonTag reads the tag json as encoding/json does.
func (r *reader) jsonTag(f *Field, tag, at string) bool {
	name, options, _ := strings.Cut(tag, ",")
	f.Name = name
	if name == "" {
		f.Name = f.GoName
	}
	if strings.ContainsAny(f.Name, "\"'`\\") || !printable(f.Name) {
		r.fault(at, "the name %q has characters that tags do not take: use letters, digits and _", f.Name)
		return false
	}
	return r.options(f, options, at)
}

func printable(s string) bool {
	return !strings.ContainsFunc(s, func(c rune) bool { return c < ' ' || c == 0x7f || c == 0xfffd })
}

func (r *reader) options(f *Field, options, at string) bool {
	for _, option := range strings.Split(options, ",") {
		switch option {
		case "":
		case "omitzero":
			f.Optional, f.omit = true, whenZero
		case "omitempty":
			f.Optional, f.omit = true, max(f.omit, whenEmpty)
		case "string":
			r.fault(at, "the option string makes the description differ from the value: use int64, which is text in JSON")
			return false
		default:
			r.fault(at, "the option %q is not known: use omitzero or omitempty", option)
			return false
		}
	}
	return true
}

// parameterTag reads the tags path, query and header, and reports whether
// there is one.
func (r *reader) parameterTag(f *Field, tag reflect.StructTag, at string) bool {
	for _, in := range []string{"path", "query", "header"} {
		text, ok := tag.Lookup(in)
		if !ok {
			continue
		}
		if f.In != "" {
			r.fault(at, "there are the tags %s and %s: remove one", f.In, in)
		}
		name, options, _ := strings.Cut(text, ",")
		f.Name, f.In = name, in
		if name == "" || !printable(name) {
			r.fault(at, "the tag %s has no name: use %s", in, fmt.Sprintf("%s:%q", in, strings.ToLower(f.GoName)))
		}
		r.options(f, options, at)
	}
	return f.In != ""
}

func (r *reader) fitsParameter(f *Field, at string) bool {
	n := f.Node
	switch {
	case f.In == "":
		return true
	case f.In == "path" && f.Optional:
		r.fault(at, "a parameter of the path is always there: remove omitzero, omitempty or the pointer")
		return false
	case n.scalar(), f.In != "path" && n.Kind == List && n.Elem.scalar():
		return true
	}
	r.fault(at, "%s is too much for a parameter: use text, a number or a bool, or for query and header a slice of them", n.Type)
	return false
}

// refuseNestedParameters adds a fault for each parameter below the outermost
// struct, where no request could set it.
func (r *reader) refuseNestedParameters() {
	for n, at := range r.nested {
		for _, f := range n.parameters {
			r.fault(at, "field %s of %s is a parameter, which only the outermost struct can have: remove the tag %s", f.GoName, n.Type, f.In)
		}
	}
}
