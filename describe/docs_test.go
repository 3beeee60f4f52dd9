package describe_test

import (
	"context"
	"encoding/json"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/api"
	"github.com/gorgon-go/gorgon/describe"
	"github.com/gorgon-go/gorgon/gorgontest"
	"github.com/gorgon-go/gorgon/serve"
)

type level string

func (level) Values() []level { return []level{"easy", "hard"} }

type recipe struct {
	Title    string           `json:"title" check:"min=3,max=120" doc:"What it's <called>."`
	Level    level            `json:"level"`
	Views    int64            `json:"views,omitzero" check:"min=0"`
	Tags     []string         `json:"tags,omitempty" check:"max=10,each.max=30"`
	Parts    []recipe         `json:"parts,omitempty"`
	Password string           `json:"password,omitempty" secret:"true"`
	Scores   map[string]level `json:"scores"`
}

type search struct {
	Query string `query:"q" check:"min=1"`
	Lang  string `header:"X-Lang"`
	ID    string `path:"id"`
}

func app(more ...gorgon.Part) gorgon.App {
	guard := func(next http.Handler) http.Handler { return next }
	parts := []gorgon.Part{
		api.Endpoint[recipe, recipe]{Path: "POST /recipes", Name: "createRecipe", Summary: "Adds a recipe.",
			Handle: func(_ context.Context, in recipe) (recipe, error) { return in, nil }},
		gorgon.Group{Prefix: "/members", Guards: []func(http.Handler) http.Handler{guard}, Parts: []gorgon.Part{
			api.Endpoint[search, api.None]{Path: "GET /{id}/find", Name: "find", Handle: func(context.Context, search) (api.None, error) { return api.None{}, nil }},
		}},
		describe.Docs{Path: "/api"},
	}
	return gorgon.App{Name: "kitchen", Origin: "https://kitchen.example", Parts: append(parts, more...)}
}

func TestDocs(t *testing.T) {
	site := gorgontest.Options{Base: "/k"}.Open(t, app())
	page := site.Get("/k/api")
	page.Want(200, "API of kitchen")
	for _, part := range []string{
		`<code>POST /recipes</code>`, `<code>GET /members/{id}/find</code>`, `href="/k/api/openapi.json"`,
		`<td><code>title</code></td><td>body</td><td>text</td><td>required</td><td>3 to 120 characters</td><td>What it&#39;s &lt;called&gt;.</td>`,
		`<td><code>tags</code></td><td>body</td><td>list of text</td><td>optional</td><td>at most 10 elements; each: at most 30 characters</td>`,
		`<td><code>q</code></td><td>query</td><td>text</td><td>required</td><td>at least 1 character</td>`,
		`one of easy, hard`, `Guards decide who may call it.`, `The answer is 204`, `nullable`,
	} {
		if !strings.Contains(page.Body, part) {
			t.Errorf("the page has no %s", part)
		}
	}
	if strings.Contains(page.Body, "<script") {
		t.Error("the page has a script")
	}
	document := site.Get("/k/api/openapi.json")
	document.Want(200, `"url": "https://kitchen.example/k"`)
	var d struct {
		Paths map[string]any
	}
	if err := json.Unmarshal([]byte(document.Body), &d); err != nil || len(d.Paths) != 2 {
		t.Errorf("%v %v", d, err)
	}
	if kind := document.Header.Get("Content-Type"); kind != "application/json" {
		t.Errorf("Content-Type %q", kind)
	}
}

// The page shows how to call each operation.
func TestCurl(t *testing.T) {
	body := gorgontest.Open(t, app()).Get("/api").Body
	for _, want := range []string{
		`curl -X POST &#39;https://kitchen.example/recipes&#39; --json &#39;{&#34;title&#34;:&#34;text&#34;,&#34;level&#34;:&#34;easy&#34;,&#34;scores&#34;:{}}&#39;`,
		`curl -H &#39;X-Lang: text&#39; &#39;https://kitchen.example/members/text/find?q=text&#39; -H &#39;Authorization: Bearer …&#39;`,
	} {
		if !strings.Contains(body, want) {
			t.Errorf("the page has no %s", want)
		}
	}
}

// What is described of errors is what is answered.
func TestProblem(t *testing.T) {
	text, err := describe.OpenAPI(app())
	if err != nil {
		t.Fatal(err)
	}
	var d struct {
		Components struct {
			Schemas map[string]schema
		}
	}
	if err := json.Unmarshal(text, &d); err != nil {
		t.Fatal(err)
	}
	problem := d.Components.Schemas["Problem"]
	same(t, problem.Properties["errors"].Items.Properties, reflect.TypeFor[gorgon.Field]())
	same(t, problem.Properties, reflect.TypeFor[serve.Problem]())
}

type schema struct {
	Properties map[string]schema
	Items      *schema
}

// same compares the members that are described with those of a type.
func same(t *testing.T, members map[string]schema, of reflect.Type) {
	t.Helper()
	for i := range of.NumField() {
		name, _, _ := strings.Cut(of.Field(i).Tag.Get("json"), ",")
		if _, ok := members[name]; !ok {
			t.Errorf("%s has %s, which is not described", of, name)
		}
		delete(members, name)
	}
	if len(members) > 0 {
		t.Errorf("%s does not have %v", of, members)
	}
}

func TestFaults(t *testing.T) {
	none := func(context.Context, api.None) (api.None, error) { return api.None{}, nil }
	type other struct {
		Name string `path:"name"`
	}
	for want, part := range map[string]gorgon.Part{
		`have the name "find"`: api.Endpoint[api.None, api.None]{Path: "POST /x", Name: "find", Handle: none},
		"differ in the names of their wildcards": api.Endpoint[other, api.None]{Path: "POST /members/{name}/find", Name: "x",
			Handle: func(context.Context, other) (api.None, error) { return api.None{}, nil }},
	} {
		if _, err := describe.OpenAPI(app(part)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}
