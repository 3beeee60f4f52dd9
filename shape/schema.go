// JSON Schema, as OpenAPI 3.1 uses it.

package shape

import (
	"encoding/json"
)

// Schema returns the JSON Schema (2020-12) of the body: it accepts exactly
// what [Type.Decode] accepts, but for types with a text form of their own.
// Named structs are added to d.
func (t *Type) Schema(d *Defs) map[string]any { return d.schema(t.node) }

func (d *Defs) schema(n *Node) map[string]any {
	s := map[string]any{}
	switch n.Kind {
	case Bool:
		s["type"] = "boolean"
	case Int, Float:
		s["type"] = "integer"
		if n.Kind == Float {
			s["type"] = "number"
		}
		s["minimum"], s["maximum"] = json.Number(n.Low), json.Number(n.High)
	case Int64String:
		s["type"], s["pattern"], s["format"] = "string", rangePattern(n.Low, n.High), "int64"
		if n.unsigned {
			s["format"] = "uint64"
		}
		if whole := number(n.Type); n.Low != whole.Low || n.High != whole.High {
			s["x-gorgon-minimum"], s["x-gorgon-maximum"] = n.Low, n.High // as the pattern says
		}
	case String:
		n.describeText(s)
	case Enum:
		s["type"], s["enum"] = "string", n.Values
		if name := d.Name(n); name != "" {
			s["title"] = name
		}
	case Time:
		s["type"], s["format"], s["pattern"] = "string", "date-time", timePattern
	case Bytes:
		n.describeBytes(s)
	case Text:
		s["type"] = "string"
	case Upload:
		s["type"], s["contentMediaType"] = "string", "application/octet-stream"
	case List:
		s["type"], s["items"] = "array", d.schema(n.Elem)
		n.describeLength(s, "minItems", "maxItems")
		if n.Unique {
			s["uniqueItems"] = true
		}
	case Map:
		s["type"], s["additionalProperties"] = "object", d.schema(n.Elem)
		if n.Key.Kind == Enum {
			s["propertyNames"] = map[string]any{"enum": n.Key.Values}
		}
		n.describeLength(s, "minProperties", "maxProperties")
	case Struct:
		return d.structure(n)
	}
	return s
}

// structure returns the schema of a struct, or a reference to it.
func (d *Defs) structure(n *Node) map[string]any {
	name := d.Name(n)
	if name == "" {
		return d.object(n)
	}
	if _, known := d.Schemas[name]; !known {
		if d.Schemas == nil {
			d.Schemas = map[string]any{}
		}
		d.Schemas[name] = nil // for a type that contains itself
		d.Schemas[name] = d.object(n)
	}
	prefix := d.Prefix
	if prefix == "" {
		prefix = "#/components/schemas/"
	}
	return map[string]any{"$ref": prefix + name}
}

func (d *Defs) object(n *Node) map[string]any {
	properties, required := map[string]any{}, []string{}
	for _, f := range n.Fields {
		properties[f.Name] = d.field(f)
		if !f.Optional {
			required = append(required, f.Name)
		}
	}
	s := map[string]any{"type": "object", "properties": properties, "additionalProperties": false}
	if len(required) > 0 {
		s["required"] = required
	}
	return s
}

func (d *Defs) field(f *Field) map[string]any {
	s := d.schema(f.Node)
	if f.Doc != "" {
		s["description"] = f.Doc
	}
	if f.Secret {
		s["writeOnly"] = true
		if f.Node.Kind == String {
			s["format"] = "password"
		}
	}
	return s
}
