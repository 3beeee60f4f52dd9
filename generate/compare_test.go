package generate_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/gorgon-go/gorgon/describe"
	"github.com/gorgon-go/gorgon/generate"
)

// Each change of the description is found, and said to break clients exactly if
// it does.
func TestClientsBreaking(t *testing.T) {
	openapi, err := describe.OpenAPI(newApp())
	if err != nil {
		t.Fatal(err)
	}
	before := modelOf(t, openapi)
	for _, c := range []struct {
		name   string
		change func(doc object)
		want   []string // "" for additive
	}{
		{"nothing", func(object) {}, nil},
		{"operation removed", func(d object) { delete(d.at("paths"), "/slow") }, []string{"slow was removed"}},
		{"another method", func(d object) { d.move("paths./slow", "post", "put") }, []string{"slow was POST /slow and is PUT /slow"}},
		{"another path", func(d object) { d.move("paths", "/slow", "/slower") }, []string{"slow was POST /slow and is POST /slower"}},
		{"member of an output removed", func(d object) { d.without("Found", "text") },
			[]string{"recipe, output/text was removed", "search, output[]/text was removed", "secret, output/text was removed"}},
		{"member of an output may be absent", func(d object) { d.optional("Event", "number") }, []string{"numbers, output/number was always there and may be absent"}},
		{"member of what goes both ways removed", func(d object) { d.without("Everything", "class") },
			[]string{"echo, input/class was removed", "echo, output/class was removed"}},
		{"another type", func(d object) { d.at("components.schemas.Event.properties.number")["type"] = "number" }, []string{"numbers, output/number was int and is float"}},
		{"another status", func(d object) { d.move("paths./echo.post.responses", "201", "200") }, []string{"echo answered with status 201 and does with 200"}},
		{"newly required", func(d object) { d.require("Step", "minutes") }, []string{"echo, input/steps[]/minutes is required, which it was not", "upload, input/steps[]/minutes is required, which it was not"}},
		{"new and required", func(d object) { d.add(); d.require("Edit", "more") }, []string{"edit, input/more is new and required"}},
		{"input removed", func(d object) { d.without("Sending", "title") }, []string{"upload, input/title was removed"}},
		{"enum narrowed", func(d object) { d.at("paths./search/{kind}/{rest}.get.parameters.0.schema")["enum"] = []any{"easy"} },
			[]string{`search, input/kind no longer takes "very-hard"`, `search, input/kind no longer takes "$odd"`}},
		{"limit narrowed", func(d object) { d.at("components.schemas.Everything.properties.whole")["maximum"] = 9.0 }, []string{"echo, input/whole has the limit maximum of 9, which was 10"}},
		{"limit of 64 bits narrowed", func(d object) {
			d.at("components.schemas.Everything.properties.limited")["x-gorgon-maximum"] = "9007199254740992"
		}, []string{"echo, input/limited has the limit x-gorgon-maximum of 9007199254740992, which was 9007199254740993"}},
		{"new check", func(d object) { d.at("components.schemas.Sending.properties.title")["pattern"] = "^a" }, []string{"upload, input/title has the check pattern, which was none"}},
		{"guard", func(d object) {
			d.at("paths./slow.post")["security"] = []any{map[string]any{"guards": []any{}}}
		}, []string{"slow has a guard, which it had not"}},
		{"key", func(d object) { delete(d.at("paths./tickets.post"), "parameters") },
			[]string{"ticket had its effect once when it was sent again, and has it each time"}},
		{"place", func(d object) { d.at("paths./search/{kind}/{rest}.get.parameters.2")["in"] = "header" }, []string{"search, input/q was in the query and is in the header"}},
		{"room removed", func(d object) { delete(d.at("paths"), "/notes/room") }, []string{"notes was removed"}},
		{"path of a room", func(d object) { d.move("paths", "/notes/room", "/pad") }, []string{"notes was GET /notes/room and is GET /pad"}},
		{"room to a call", func(d object) {
			d.at("paths")["/notes/room"] = map[string]any{"get": map[string]any{"operationId": "notes", "responses": map[string]any{"204": map[string]any{}}}}
		}, []string{"notes was a room and is a call"}},
		{"member of an operation removed", func(d object) { d.without("Say", "text") },
			[]string{"slowTape, operation/text was removed", "tape, operation/text was removed"}},
		{"member of an operation required", func(d object) { d.require("Say", "mood") },
			[]string{"slowTape, operation/mood is required, which it was not", "tape, operation/mood is required, which it was not"}},
		{"limit of an operation narrowed", func(d object) { d.at("components.schemas.Say.properties.text")["maxLength"] = 39.0 },
			[]string{"slowTape, operation/text has the limit maxLength of 39, which was 40", "tape, operation/text has the limit maxLength of 39, which was 40"}},
		{"member of a state removed", func(d object) { d.without("Tape", "said") },
			[]string{"slowTape, state/said was removed", "tape, state/said was removed"}},
		{"member of an outcome removed", func(d object) { d.without("Heard", "by") },
			[]string{"slowTape, outcome/by was removed", "tape, outcome/by was removed"}},
		{"member of an outcome may be absent", func(d object) { d.optional("Heard", "by") },
			[]string{"slowTape, outcome/by was always there and may be absent", "tape, outcome/by was always there and may be absent"}},
		{"member of an operation added", func(d object) {
			d.at("components.schemas.Say.properties")["more"] = map[string]any{"type": "string"}
		}, nil},
		{"member of a state and an outcome added", func(d object) {
			d.at("components.schemas.Tape.properties")["more"] = map[string]any{"type": "string"}
			d.at("components.schemas.Heard.properties")["more"] = map[string]any{"type": "string"}
			d.require("Heard", "more")
		}, nil},
		{"optional input added", func(d object) { d.add() }, nil},
		{"output added", func(d object) {
			d.at("components.schemas.Event.properties")["more"] = map[string]any{"type": "string"}
			d.require("Event", "more")
		}, nil},
		{"operation added", func(d object) {
			d.at("paths")["/more"] = map[string]any{"get": map[string]any{"operationId": "more", "responses": map[string]any{"204": map[string]any{}}}}
		}, nil},
		{"limit widened", func(d object) { d.at("components.schemas.Everything.properties.whole")["maximum"] = 11.0 }, nil},
		{"limit of 64 bits widened", func(d object) {
			p := d.at("components.schemas.Everything.properties.limited")
			p["pattern"], p["x-gorgon-maximum"] = "wider", "9007199254740994"
		}, nil},
		{"no longer required", func(d object) { d.optional("Sending", "title") }, nil},
		{"value of an enum added", func(d object) {
			d.at("paths./search/{kind}/{rest}.get.parameters.0.schema")["enum"] = []any{"easy", "very-hard", "$odd", "more"}
		}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			var doc object
			if err := json.Unmarshal(openapi, &doc); err != nil {
				t.Fatal(err)
			}
			c.change(doc)
			changed, err := json.Marshal(doc)
			if err != nil {
				t.Fatal(err)
			}
			if got := generate.Breaking(before, modelOf(t, changed)); !reflect.DeepEqual(got, c.want) {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

// An object is a part of a description.
type object map[string]any

// at returns what is at names with dots between them.
func (o object) at(names string) object {
	var here any = map[string]any(o)
	for _, name := range strings.Split(names, ".") {
		switch v := here.(type) {
		case map[string]any:
			here = v[name]
		case []any:
			here = v[name[0]-'0']
		}
	}
	return here.(map[string]any)
}

func (o object) schema(name string) object { return o.at("components.schemas." + name) }

func (o object) move(in, from, to string) {
	of := o.at(in)
	of[to] = of[from]
	delete(of, from)
}

func (o object) optional(schema, member string) {
	s := o.schema(schema)
	var rest []any
	for _, name := range s["required"].([]any) {
		if name != member {
			rest = append(rest, name)
		}
	}
	s["required"] = rest
}

func (o object) require(schema, member string) {
	s := o.schema(schema)
	s["required"] = append(s["required"].([]any), member)
}

func (o object) without(schema, member string) {
	o.optional(schema, member)
	delete(o.schema(schema).at("properties"), member)
}

// add gives the input of edit another member.
func (o object) add() {
	o.schema("Edit").at("properties")["more"] = map[string]any{"type": "string"}
}
