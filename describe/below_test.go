package describe_test

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/api"
	"github.com/gorgon-go/gorgon/describe"
	"github.com/gorgon-go/gorgon/gorgontest"
	"github.com/gorgon-go/gorgon/rooms"
)

type price struct {
	Cents int `json:"cents"`
}

type setting struct {
	ID    string `path:"id"`
	Cents int    `json:"cents"`
}

// shopApp has an API for others, and forms of its own.
func shopApp(docs ...gorgon.Part) gorgon.App {
	guard := func(next http.Handler) http.Handler { return next }
	form := func(path string) gorgon.Part {
		return api.Endpoint[recipe, api.None]{Path: path, Handle: func(context.Context, recipe) (api.None, error) { return api.None{}, nil }}
	}
	read := func(context.Context, gorgon.Input) (price, error) { return price{1}, nil }
	return gorgon.App{Name: "shop", Parts: append(docs,
		form("POST /cart"), form("POST /apis"),
		gorgon.Group{Prefix: "/admin", Guards: []func(http.Handler) http.Handler{guard}, Parts: []gorgon.Part{form("POST /enter"), form("POST /api/keys")}},
		gorgon.Group{Prefix: "/api", Parts: []gorgon.Part{
			api.Read[price]{Path: "GET /prices/{id}", Name: "price", Incremental: true, Load: read},
			api.Endpoint[setting, price]{Path: "PUT /prices/{id}", Name: "setPrice", Handle: func(_ context.Context, in setting) (price, error) { return price{in.Cents}, nil }},
			rooms.Topic[price]{Name: "ticker", Path: "/{$}", Latest: 3},
		}},
	)}
}

// A description has what is at or below its paths, with the types that this uses, and
// nothing else.
func TestBelow(t *testing.T) {
	for _, c := range []struct {
		below []string
		paths string // "" for a fault
	}{
		{nil, "/admin/api/keys /admin/enter /api/ /api/prices/{id} /apis /cart"},
		{[]string{"/"}, "/admin/api/keys /admin/enter /api/ /api/prices/{id} /apis /cart"},
		{[]string{"/api"}, "/api/ /api/prices/{id}"},
		{[]string{"/api/"}, "/api/ /api/prices/{id}"},
		{[]string{"/api/prices/{id}"}, "/api/prices/{id}"},
		{[]string{"/apis"}, "/apis"},
		{[]string{"/cart", "/api/prices", "/cart"}, "/api/prices/{id} /cart"},
		{[]string{"/ap"}, ""},
		{[]string{"/api", "/nowhere"}, ""},
		{[]string{"api"}, ""},
		{[]string{""}, ""},
		{[]string{"/api/../admin"}, ""},
		{[]string{"//api"}, ""},
		{[]string{"/api\x00"}, ""},
	} {
		text, err := describe.OpenAPI(shopApp(), c.below...)
		if (err != nil) != (c.paths == "") {
			t.Errorf("%q: %v", c.below, err)
		}
		if err != nil {
			if strings.Contains(err.Error(), "\x00") {
				t.Errorf("%q: %q", c.below, err)
			}
			continue
		}
		var d struct {
			Paths      map[string]any
			Components struct{ Schemas map[string]any }
		}
		if err := json.Unmarshal(text, &d); err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(slices.Sorted(maps.Keys(d.Paths)), " "); got != c.paths {
			t.Errorf("%q: %s, want %s", c.below, got, c.paths)
		}
		if _, ok := d.Components.Schemas["recipe"]; ok != (strings.Contains(c.paths, "cart") || strings.Contains(c.paths, "apis")) {
			t.Errorf("%q: the schemas are %v", c.below, slices.Sorted(maps.Keys(d.Components.Schemas)))
		}
	}
}

// The pages of two audiences are two parts.
func TestDocsBelow(t *testing.T) {
	site := gorgontest.Open(t, shopApp(describe.Docs{Path: "/api/docs", Below: []string{"/api"}}, describe.Docs{Path: "/admin/docs"}))
	for path, all := range map[string]bool{"/api/docs": false, "/api/docs/openapi.json": false, "/admin/docs": true, "/admin/docs/openapi.json": true} {
		r := site.Get(path)
		r.Want(200, "/api/prices/{id}")
		if strings.Contains(r.Body, "/admin/enter") != all || strings.Contains(r.Body, "/cart") != all {
			t.Errorf("%s has %s", path, r.Body)
		}
	}
}
