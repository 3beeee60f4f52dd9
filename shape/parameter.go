// Parameters: the fields that are in the path, the query or a header.

package shape

// A Parameter describes a field with a tag path, query or header.
type Parameter struct {
	Name     string
	In       string // "path", "query" or "header"
	Required bool
	Doc      string
	Schema   map[string]any
	Node     *Node
}

// Parameters returns the parameters of the type, in the order of its fields.
// An absent list is an empty one, so that none is required.
func (t *Type) Parameters() []Parameter {
	var all []Parameter
	for _, f := range t.parameters {
		all = append(all, f.parameter())
	}
	return all
}

func (f *Field) parameter() Parameter {
	return Parameter{
		Name: f.Name, In: f.In, Doc: f.Doc, Node: f.Node,
		Required: !f.Optional && f.Node.Kind != List,
		Schema:   new(Defs).schema(f.Node),
	}
}

// EachParameter calls visit with the texts of each parameter of v that is not
// absent, as a client sends them.
func (t *Type) EachParameter(v any, visit func(in, name string, values []string)) error {
	of, err := t.source(v)
	if err != nil {
		return err
	}
	for _, f := range t.parameters {
		value := f.of(of)
		if f.absent(value) {
			continue
		}
		if f.pointer {
			value = value.Elem()
		}
		var values []string
		if f.Node.Kind != List {
			text, err := f.Node.appendText(nil, value)
			if err != nil {
				return inside(inside(err, f.Name), f.In)
			}
			values = append(values, string(text))
		} else {
			for i := range value.Len() {
				text, err := f.Node.Elem.appendText(nil, value.Index(i))
				if err != nil {
					return inside(inside(err, f.Name), f.In)
				}
				values = append(values, string(text))
			}
		}
		visit(f.In, f.Name, values)
	}
	return nil
}
