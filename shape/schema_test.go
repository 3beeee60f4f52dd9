package shape_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/gorgon-go/gorgon/shape"
)

type Page[T any] struct {
	Items []T `json:"items"`
}

func TestSchemaNames(t *testing.T) {
	type Step struct { // as another of this package
		Item Item `json:"item" doc:"What is used."`
	}
	type All struct {
		A Step             `json:"a"`
		B []Step           `json:"b"`
		C Recipe           `json:"c"`
		D Page[Item]       `json:"d"`
		E struct{ X bool } `json:"e"`
	}
	defs := &shape.Defs{Prefix: "#/$defs/"}
	text, err := json.Marshal(of[All](t).Schema(defs))
	if err != nil || string(text) != `{"$ref":"#/$defs/All"}` {
		t.Errorf("%s, %v", text, err)
	}
	var names []string
	for _, name := range []string{"All", "Step", "Step2", "Recipe", "Item", "PageItem"} {
		if defs.Schemas[name] == nil {
			names = append(names, name)
		}
	}
	if names != nil || len(defs.Schemas) != 6 {
		t.Errorf("%v are missing in %v", names, reflect.ValueOf(defs.Schemas).MapKeys())
	}
	all, _ := json.Marshal(defs.Schemas)
	for _, want := range []string{
		`"c":{"$ref":"#/$defs/Recipe"}`, `"items":{"$ref":"#/$defs/Step2"}`, `"e":{"additionalProperties":false,"properties":{"X":{"type":"boolean"}},"required":["X"],"type":"object"}`,
		`"item":{"$ref":"#/$defs/Item","description":"What is used."}`,
	} {
		if !strings.Contains(string(all), want) {
			t.Errorf("%s is not in %s", want, all)
		}
	}
}

func TestSchemaOfFile(t *testing.T) {
	defs := &shape.Defs{}
	of[Upload](t).Schema(defs)
	text, _ := json.Marshal(defs.Schemas["Upload"])
	if want := `"also":{"contentMediaType":"application/octet-stream","type":"string"}`; !strings.Contains(string(text), want) {
		t.Errorf("%s", text)
	}
}
