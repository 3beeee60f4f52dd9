package api_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"iter"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/api"
	"github.com/gorgon-go/gorgon/gorgontest"
	"github.com/gorgon-go/gorgon/serve"
)

type level string

func (level) Values() []level { return []level{"easy", "hard"} }

type step struct {
	Text    string `json:"text" check:"min=1,max=200"`
	Minutes int    `json:"minutes" check:"min=0,max=600"`
}

type newRecipe struct {
	Title    string   `json:"title" check:"min=3,max=120"`
	Servings int      `json:"servings" check:"min=1,max=100"`
	Level    level    `json:"level"`
	Tags     []string `json:"tags,omitempty" check:"max=3"`
	Steps    []step   `json:"steps" check:"min=1"`
	Password string   `json:"password,omitempty" secret:"true"`
}

type recipe struct {
	ID    string `json:"id"`
	Title string `json:"title"`
	Views int64  `json:"views"`
}

type editing struct {
	ID    string `path:"id"`
	Title string `json:"title" check:"min=3"`
}

type searching struct {
	Query string   `query:"q" check:"min=1"`
	Tags  []string `query:"tag"`
}

func member(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer let-me-in" {
			serve.Fail(w, r, &gorgon.Error{Kind: gorgon.KindUnauthorized})
			return
		}
		next.ServeHTTP(w, r)
	})
}

// A kitchen is an app with every kind of operation.
type kitchen struct {
	create api.Endpoint[newRecipe, recipe]
	edit   api.Endpoint[editing, api.None]
	secret api.Endpoint[api.None, recipe]
	search api.Endpoint[searching, []recipe]
	called []newRecipe
}

func newKitchen() *kitchen {
	k := &kitchen{}
	k.create = api.Endpoint[newRecipe, recipe]{Path: "POST /recipes", Name: "createRecipe",
		Handle: func(_ context.Context, in newRecipe) (recipe, error) {
			k.called = append(k.called, in)
			switch in.Title {
			case "taken":
				return recipe{}, gorgon.Refuse("/title", "a recipe of this name exists")
			case "broken":
				return recipe{}, errors.New("the oven exploded")
			case "panic":
				panic("the oven")
			}
			return recipe{ID: "7", Title: in.Title, Views: 1 << 60}, nil
		},
		Then: func(_ newRecipe, r recipe) string { return "/recipes/" + r.ID },
	}
	k.edit = api.Endpoint[editing, api.None]{Path: "POST /recipes/{id}",
		Handle: func(context.Context, editing) (api.None, error) { return api.None{}, nil }}
	k.secret = api.Endpoint[api.None, recipe]{Path: "GET /secret", Guards: []func(http.Handler) http.Handler{member},
		Handle: func(context.Context, api.None) (recipe, error) { return recipe{Title: "secret"}, nil }}
	k.search = api.Endpoint[searching, []recipe]{Path: "GET /search",
		Handle: func(_ context.Context, in searching) ([]recipe, error) { return []recipe{{Title: in.Query}}, nil }}
	return k
}

func (k *kitchen) form(f *api.Form) gorgon.Component {
	return gorgon.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		fmt.Fprintf(w, `<form action="%s" method="post" enctype="%s">`, html.EscapeString(f.Action), f.Encoding)
		if err := f.Hidden().Render(ctx, w); err != nil {
			return err
		}
		if f.Refused {
			fmt.Fprintf(w, `<p role="alert">%s</p>`, html.EscapeString(f.Message))
		}
		names := []string{"title", "servings", "level", "password"}
		for i := range max(1, f.Len("steps")) {
			names = append(names, fmt.Sprintf("steps.%d.text", i), fmt.Sprintf("steps.%d.minutes", i))
		}
		for _, name := range names {
			field := f.Field(name)
			fmt.Fprintf(w, `<input name="%s" id="%s" value="%s">`, field.Name, field.ID, html.EscapeString(field.Value))
			if err := field.Message().Render(ctx, w); err != nil {
				return err
			}
		}
		_, err := io.WriteString(w, "<button>Save</button></form>")
		return err
	})
}

func (k *kitchen) app() gorgon.App {
	home := func(string) gorgon.Component {
		return gorgon.ComponentFunc(func(ctx context.Context, w io.Writer) error {
			return k.form(k.create.Form(ctx)).Render(ctx, w)
		})
	}
	return gorgon.App{Name: "kitchen", Locales: gorgon.Locales{Tags: []string{"en", "de"}}, Parts: []gorgon.Part{
		gorgon.Page[string]{Path: "/new", View: home, Load: func(context.Context, gorgon.Input) (string, error) { return "state", nil }},
		gorgon.Page[string]{Path: "/recipes/{id}", Incremental: true, Load: func(_ context.Context, in gorgon.Input) (string, error) { return in.PathValue("id"), nil },
			View: func(id string) gorgon.Component {
				return gorgon.ComponentFunc(func(ctx context.Context, w io.Writer) error {
					f := k.edit.FormWith(ctx, editing{ID: id, Title: "old"})
					_, err := fmt.Fprintf(w, `<h1>recipe %s</h1><form action="%s" method="post"><input name="title" value="%s">%s<button>Rename</button></form>`, id, f.Action, f.Field("title").Value, f.Field("title").Error)
					return err
				})
			}},
		k.create, k.edit, k.search,
		gorgon.Group{Prefix: "/members", Parts: []gorgon.Part{k.secret}},
		api.Read[[]recipe]{Path: "GET /api/recipes", Load: func(context.Context, gorgon.Input) ([]recipe, error) { return []recipe{{ID: "1"}}, nil }},
		api.Stream[api.None, recipe]{Path: "GET /events", Handle: func(ctx context.Context, _ api.None, after string) iter.Seq2[api.Item[recipe], error] {
			return func(yield func(api.Item[recipe], error) bool) {
				yield(api.Item[recipe]{ID: after + "1", Event: recipe{ID: "a"}}, nil)
			}
		}},
		gorgon.Redirects{"/old": "/new", "/alt/{id}": "/recipes/{id}"},
		gorgon.Handler{Pattern: "GET /calls", Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, err := k.secret.Call(r.Context(), api.None{})
			_, err2 := k.create.Call(r.Context(), newRecipe{Title: "x"})
			fmt.Fprintf(w, "%v\n%v", err, err2)
		})},
	}}
}

func ask(t *testing.T, h http.Handler, method, path, kind, body string, header ...string) *http.Response {
	t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func text(t *testing.T, r *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

const good = `{"title":"soup","servings":2,"level":"easy","steps":[{"text":"boil","minutes":3}]}`

func TestJSON(t *testing.T) {
	k := newKitchen()
	site := gorgontest.Open(t, k.app())
	for _, c := range []struct {
		name, method, path, kind, body string
		status                         int
		has                            string
	}{
		{"good", "POST", "/recipes", "application/json", good, 201, `{"id":"7","title":"soup","views":"1152921504606846976"}`},
		{"in a locale", "POST", "/de/recipes", "application/json", good, 201, `"soup"`},
		{"other case", "POST", "/recipes", "application/json", `{"title":"abc","TITLE":"x"}`, 422, `{"pointer":"/TITLE"`},
		{"twice", "POST", "/recipes", "application/json", `{"title":"abc","title":"x"}`, 400, `"/title"`},
		{"no JSON", "POST", "/recipes", "application/json", `{`, 400, `"status":400`},
		{"all faults", "POST", "/recipes", "application/json", `{"title":"ab","servings":0,"level":"odd","steps":[{"text":"","minutes":601}]}`, 422, `"/steps/0/minutes"`},
		{"text", "POST", "/recipes", "text/plain", good, 415, `"status":415`},
		{"refused by Handle", "POST", "/recipes", "application/json", strings.Replace(good, "soup", "taken", 1), 422, `a recipe of this name exists`},
		{"failed", "POST", "/recipes", "application/json", strings.Replace(good, "soup", "broken", 1), 500, `"id":"`},
		{"panic", "POST", "/recipes", "application/json", strings.Replace(good, "soup", "panic", 1), 500, `"id":"`},
		{"too large", "POST", "/recipes", "application/json", `{"title":"` + strings.Repeat("x", 1<<20) + `"}`, 413, `"status":413`},
		{"query", "GET", "/search?q=salt&tag=a&tag=b", "", "", 200, `[{"id":"","title":"salt","views":"0"}]`},
		{"no query", "GET", "/search", "", "", 422, `"/query/q"`},
		{"guarded", "GET", "/members/secret", "", "", 401, `"status":401`},
		{"method", "PUT", "/recipes", "application/json", good, 405, `"status":405`},
		{"read", "GET", "/api/recipes", "", "", 200, `[{"id":"1","title":"","views":"0"}]`},
		{"none", "POST", "/recipes/7", "application/json", `{"title":"salad"}`, 204, ``},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := ask(t, site, c.method, c.path, c.kind, c.body, "Accept", "application/json")
			body := text(t, r)
			if r.StatusCode != c.status || !strings.Contains(body, c.has) {
				t.Errorf("%s %s", r.Status, body)
			}
			if c.status >= 400 {
				var p serve.Problem
				if r.Header.Get("Content-Type") != "application/problem+json" || json.Unmarshal([]byte(body), &p) != nil || p.Status != c.status {
					t.Errorf("%s %s", r.Header.Get("Content-Type"), body)
				}
			}
			if c.method == "POST" && r.Header.Get("Cache-Control") != "private, no-store" {
				t.Errorf("Cache-Control %q", r.Header.Get("Cache-Control"))
			}
			if c.status == 201 && !strings.HasSuffix(r.Header.Get("Location"), "/recipes/7") {
				t.Errorf("Location %q", r.Header.Get("Location"))
			}
		})
	}
}

func TestForm(t *testing.T) {
	k := newKitchen()
	site := gorgontest.Open(t, k.app())
	for _, prefix := range []string{"", "/de"} {
		values := url.Values{"_page": {"/new"}, "title": {"so"}, "servings": {"many"}, "level": {"easy"}, "steps.4.text": {"boil <it>"}, "steps.4.minutes": {"3"}, "password": {"hunter2"}}
		post := func() (*http.Response, string) {
			r := ask(t, site, "POST", prefix+"/recipes", "application/x-www-form-urlencoded", values.Encode(), "Accept", "text/html")
			return r, text(t, r)
		}
		r, body := post()
		for _, want := range []string{`value="so"`, `value="many"`, `value="boil &lt;it&gt;"`, `name="steps.0.text"`, `id="createRecipe-title-error"`, `action="` + prefix + `/recipes"`} {
			if !strings.Contains(body, want) {
				t.Errorf("%s is not in\n%s", want, body)
			}
		}
		if r.StatusCode != 422 || r.Header.Get("Cache-Control") != "private, no-store" || strings.Contains(body, "hunter2") {
			t.Errorf("%s %v\n%s", r.Status, r.Header, body)
		}
		values["title"], values["servings"] = []string{"broken"}, []string{"2"}
		if r, body := post(); r.StatusCode != 500 || !strings.Contains(body, `value="broken"`) || strings.Contains(body, "oven") {
			t.Errorf("%s\n%s", r.Status, body)
		}
		values["title"] = []string{"soup"}
		if r, _ := post(); r.StatusCode != 303 || r.Header.Get("Location") != prefix+"/recipes/7" {
			t.Errorf("%s %s", r.Status, r.Header.Get("Location"))
		}
		// The kept page shows nothing of it.
		if body := text(t, ask(t, site, "GET", prefix+"/new", "", "")); strings.Contains(body, "soup") || strings.Contains(body, "aria-invalid") || !strings.Contains(body, `value="/new"`) {
			t.Errorf("the page shows %s", body)
		}
	}
	r := ask(t, site, "POST", "/recipes/9", "application/x-www-form-urlencoded", "title=x", "Referer", "http://example.com/recipes/9?a=b")
	if body := text(t, r); r.StatusCode != 422 || !strings.Contains(body, "recipe 9") || !strings.Contains(body, `value="x"`) {
		t.Errorf("%s %s", r.Status, body)
	}
	r = ask(t, site, "POST", "/recipes/9", "application/x-www-form-urlencoded", "title=long+enough", "Referer", "http://example.com/recipes/9?a=b")
	if r.StatusCode != 303 || r.Header.Get("Location") != "/recipes/9?a=b" {
		t.Errorf("%s %s", r.Status, r.Header.Get("Location"))
	}
}

// The elements of a repeated field are shown as fields of their own, whether
// they come from the app, by one name or by indexes.
func TestRepeated(t *testing.T) {
	create := api.Endpoint[newRecipe, api.None]{Path: "POST /new", Name: "create", Handle: func(context.Context, newRecipe) (api.None, error) { return api.None{}, nil }}
	site := gorgontest.Open(t, gorgon.App{Name: "app", Parts: []gorgon.Part{create, gorgon.Page[string]{Path: "/", View: func(string) gorgon.Component {
		return gorgon.ComponentFunc(func(ctx context.Context, w io.Writer) error {
			f := create.FormWith(ctx, newRecipe{Tags: []string{"old", "older"}})
			for i := range f.Len("tags") {
				fmt.Fprintf(w, "[%s]", f.Field(fmt.Sprint("tags.", i)).Value)
			}
			return nil
		})
	}}}})
	if body := text(t, ask(t, site, "GET", "/", "", "")); !strings.Contains(body, "[old][older]") {
		t.Errorf("filled: %s", body)
	}
	for _, sent := range []string{"tags=a&tags=b&tags=c", "tags.0=a&tags.1=b&tags.2=c", "tags=a&tags.4=b&tags.7=c"} {
		body := text(t, ask(t, site, "POST", "/new", "application/x-www-form-urlencoded", "_page=/&"+sent))
		if !strings.Contains(body, "[a][b][c]") {
			t.Errorf("%s: %s", sent, body)
		}
	}
}

func TestOthers(t *testing.T) {
	site := gorgontest.Open(t, newKitchen().app())
	if r := ask(t, site, "GET", "/old?q=1", "", ""); r.StatusCode != 308 || r.Header.Get("Location") != "/new?q=1" {
		t.Errorf("%s %s", r.Status, r.Header.Get("Location"))
	}
	if r := ask(t, site, "GET", "/de/alt/7?q=1", "", ""); r.StatusCode != 308 || r.Header.Get("Location") != "/de/recipes/7?q=1" {
		t.Errorf("%s %s", r.Status, r.Header.Get("Location"))
	}
	if r := ask(t, site, "POST", "/recipes", "application/json", good, "Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example"); r.StatusCode != 403 {
		t.Errorf("a request of another site: %s", r.Status)
	}
	if body := text(t, ask(t, site, "GET", "/calls", "", "")); !strings.Contains(body, "a guard refused the call") || !strings.Contains(body, "/steps") {
		t.Errorf("calls from Go: %s", body)
	}
	server := httptest.NewServer(site)
	defer server.Close()
	r, err := http.Get(server.URL + "/events")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	if body := text(t, r); !strings.Contains(body, "id: 1\ndata: {\"id\":\"a\"") || !strings.Contains(body, "event: end") {
		t.Errorf("%s", body)
	}
	_ = time.Second
}
