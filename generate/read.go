// Reading an OpenAPI document as package describe writes it.

package generate

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

type object = map[string]any

// Read makes the model of a description that package describe wrote.
func Read(openapi []byte) (*Model, error) {
	var doc document
	if err := json.Unmarshal(openapi, &doc); err != nil {
		return nil, fmt.Errorf("the description is not JSON: %w", err)
	}
	if !strings.HasPrefix(doc.OpenAPI, "3.1") {
		return nil, errors.New("the description is not OpenAPI 3.1, as the app's program prints it")
	}
	r := &reader{schemas: doc.Components.Schemas, known: map[string]*Type{}, names: map[string]*Type{}}
	m := &Model{Title: doc.Info.Title}
	if len(doc.Servers) > 0 {
		m.Server = doc.Servers[0].URL
	}
	for path, methods := range doc.Paths {
		for method, o := range methods {
			o.path, o.method = path, strings.ToUpper(method)
			if o.Room != nil && o.method == "POST" {
				continue // a part of the room that is read with GET
			}
			r.all = append(r.all, o)
		}
	}
	slices.SortFunc(r.all, func(a, b operation) int { return cmp.Compare(a.Name, b.Name) })
	// All names of the components come first, so that others give way to them.
	for _, name := range slices.Sorted(maps.Keys(r.schemas)) {
		if name != "Problem" {
			r.component(name)
		}
	}
	for _, o := range r.all {
		m.Operations = append(m.Operations, r.operation(o))
	}
	m.collect()
	return m, errors.Join(r.faults...)
}

// document is the part of OpenAPI that is read.
type document struct {
	OpenAPI string `json:"openapi"`
	Info    struct {
		Title string `json:"title"`
	} `json:"info"`
	Servers []struct {
		URL string `json:"url"`
	} `json:"servers"`
	Paths      map[string]map[string]operation `json:"paths"`
	Components struct {
		Schemas map[string]object `json:"schemas"`
	} `json:"components"`
}

type operation struct {
	path, method string

	Name       string           `json:"operationId"`
	Summary    string           `json:"summary"`
	Deprecated bool             `json:"deprecated"`
	Security   []map[string]any `json:"security"`
	Stream     bool             `json:"x-gorgon-stream"`
	Room       *struct {
		State object `json:"state"`
		Op    object `json:"op"`
		Out   object `json:"out"`
	} `json:"x-gorgon-room"`
	Parameters []struct {
		Name        string `json:"name"`
		In          string `json:"in"`
		Required    bool   `json:"required"`
		Description string `json:"description"`
		Schema      object `json:"schema"`
		Rest        bool   `json:"x-gorgon-rest"`
		Key         bool   `json:"x-gorgon-key"`
	} `json:"parameters"`
	RequestBody *content           `json:"requestBody"`
	Responses   map[string]content `json:"responses"`
}

type content struct {
	Content map[string]struct {
		Schema object `json:"schema"`
	} `json:"content"`
}

type reader struct {
	schemas map[string]object
	known   map[string]*Type // components
	names   map[string]*Type // objects and enums, by their names in clients
	all     []operation
	faults  []error
}

// named gives a type a name that no other has.
func (r *reader) named(t *Type, name string) *Type {
	for i := 2; r.names[name] != nil; i++ {
		name = fmt.Sprint(strings.TrimRight(name, "0123456789"), i)
	}
	t.Name, r.names[name] = name, t
	return t
}

func (r *reader) component(name string) *Type {
	if t := r.known[name]; t != nil {
		return t
	}
	schema := r.schemas[name]
	if schema == nil {
		r.faults = append(r.faults, fmt.Errorf("the description refers to %s, which it does not have", name))
	}
	t := r.named(&Type{Kind: Object, schema: schema}, upper(name))
	r.known[name] = t
	t.Fields = r.fields(schema, t.Name)
	return t
}

func (r *reader) fields(schema object, in string) []*Field {
	properties, _ := schema["properties"].(object)
	required, _ := schema["required"].([]any)
	var all []*Field
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		s, _ := properties[name].(object)
		doc, _ := s["description"].(string)
		all = append(all, &Field{Name: name, Doc: doc, Required: slices.Contains(required, any(name)), Type: r.typeOf(s, in+upper(name))})
	}
	return all
}

// typeOf reads a schema. Objects without a name get the one that is proposed.
func (r *reader) typeOf(s object, propose string) *Type {
	if ref, ok := s["$ref"].(string); ok {
		return r.component(strings.TrimPrefix(ref, "#/components/schemas/"))
	}
	t := &Type{Kind: kindOf(s), schema: s}
	switch t.Kind {
	case List:
		items, _ := s["items"].(object)
		t.Elem = r.typeOf(items, propose+"Item")
	case Map:
		values, _ := s["additionalProperties"].(object)
		t.Elem = r.typeOf(values, propose+"Value")
	case Object:
		r.named(t, propose)
		t.Fields = r.fields(s, propose)
	case Enum:
		return r.enum(t, propose)
	case "":
		r.faults = append(r.faults, fmt.Errorf("the description has a schema for %s that package describe does not write", propose))
	}
	return t
}

// enum returns the type of an enum: the same wherever name and values are.
func (r *reader) enum(t *Type, propose string) *Type {
	for _, v := range t.schema["enum"].([]any) {
		t.Values = append(t.Values, fmt.Sprint(v))
	}
	if title, ok := t.schema["title"].(string); ok {
		propose = upper(title)
	}
	if other := r.names[propose]; other != nil && other.Kind == Enum && slices.Equal(other.Values, t.Values) {
		return other
	}
	return r.named(t, propose)
}

func kindOf(s object) Kind {
	format, _ := s["format"].(string)
	switch s["type"] {
	case "boolean":
		return Bool
	case "integer":
		return Int
	case "number":
		return Float
	case "array":
		return List
	case "object":
		if _, ok := s["additionalProperties"].(object); ok {
			return Map
		}
		return Object
	case "string":
		switch {
		case s["enum"] != nil:
			return Enum
		case s["contentEncoding"] == "base64":
			return Bytes
		case s["contentMediaType"] == "application/octet-stream":
			return File
		case format == "int64", format == "uint64":
			return Kind(format)
		case format == "date-time":
			return Time
		}
		return Text
	}
	return ""
}

func (r *reader) operation(o operation) *Operation {
	out := &Operation{
		Name: o.Name, Method: o.method, Path: o.path, Summary: o.Summary, Deprecated: o.Deprecated,
		Guarded: len(o.Security) > 0, Stream: o.Stream,
	}
	if strings.EqualFold(strings.ReplaceAll(o.Summary, " ", ""), o.Name) {
		out.Summary = "" // it says what the name says
	}
	var fields []*Field
	for _, p := range o.Parameters {
		if p.In == "query" && (o.Stream && p.Name == "after" || o.Room != nil) {
			continue // the client itself says who it is and where it goes on
		}
		if p.Key {
			out.Key = p.Name // which is not a part of what the call says
			continue
		}
		fields = append(fields, &Field{Name: p.Name, In: p.In, Rest: p.Rest, Doc: p.Description, Required: p.Required, Type: r.typeOf(p.Schema, upper(o.Name)+upper(p.Name))})
	}
	out.In = r.input(o, out, fields)
	if o.Room != nil {
		name := upper(o.Name)
		out.Room = &Room{r.typeOf(o.Room.State, name+"State"), r.typeOf(o.Room.Op, name+"Op"), r.typeOf(o.Room.Out, name+"Out")}
		return out
	}
	for status, answer := range o.Responses {
		if !strings.HasPrefix(status, "2") {
			continue
		}
		out.Status = status
		if c, ok := answer.Content["application/json"]; ok {
			out.Out = r.typeOf(c.Schema, upper(o.Name)+"Output")
		} else if c, ok := answer.Content["text/event-stream"]; ok {
			event, _ := c.Schema["contentSchema"].(object)
			out.Out = r.typeOf(event, upper(o.Name)+"Event")
		}
	}
	return out
}

// input is what the operation takes: the type of its body if there is nothing
// else, so that one type has one name.
func (r *reader) input(o operation, out *Operation, parameters []*Field) *Type {
	var body *Type
	if o.RequestBody != nil {
		c, ok := o.RequestBody.Content["application/json"]
		if !ok {
			c, out.Multipart = o.RequestBody.Content["multipart/form-data"], true
		}
		out.Body = true
		body = r.typeOf(c.Schema, upper(o.Name)+"Body")
	}
	switch {
	case len(parameters) == 0:
		return body
	case body != nil && body.Kind != Object:
		r.faults = append(r.faults, fmt.Errorf("%s has parameters, and a body that is not an object", o.Name))
	case body != nil:
		for _, f := range body.Fields {
			for _, p := range parameters {
				if f.Name == p.Name {
					r.faults = append(r.faults, fmt.Errorf("%s has two inputs named %q, one of them in the %s: rename one of them", o.Name, p.Name, p.In))
				}
			}
		}
		parameters = append(parameters, body.Fields...)
	}
	return r.named(&Type{Kind: Object, Fields: parameters}, upper(o.Name)+"Input")
}
