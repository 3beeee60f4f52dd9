// Examples for the package's documentation.

package api_test

import (
	"bytes"
	"context"
	"fmt"
	"html"
	"io"
	"iter"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/api"
	"github.com/gorgon-go/gorgon/gorgontest"
)

// tb is what examples have in place of a *testing.T.
var tb = new(exampleTest)

type exampleTest struct {
	testing.TB
	cleanups []func()
}

func (*exampleTest) Helper()                           {}
func (*exampleTest) Context() context.Context          { return context.Background() }
func (e *exampleTest) Cleanup(f func())                { e.cleanups = append(e.cleanups, f) }
func (*exampleTest) Errorf(format string, args ...any) { fmt.Printf(format+"\n", args...) }
func (*exampleTest) Fatalf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }
func (*exampleTest) Fatal(args ...any)                 { panic(fmt.Sprint(args...)) }
func (e *exampleTest) TempDir() string {
	dir, err := os.MkdirTemp("", "api")
	if err != nil {
		panic(err)
	}
	e.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func TestMain(m *testing.M) {
	code := m.Run()
	for _, f := range slices.Backward(tb.cleanups) {
		f()
	}
	os.Exit(code)
}

// serving opens an app of some parts.
func serving(parts ...gorgon.Part) *gorgontest.Site {
	return gorgontest.Open(tb, gorgon.App{Name: "recipes", Parts: parts})
}

// send makes a request as a program does, and prints the response.
func send(site http.Handler, method, path, body string) {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Accept", "application/json")
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	w := httptest.NewRecorder()
	site.ServeHTTP(w, r)
	fmt.Println(w.Code, strings.TrimSpace(w.Body.String()))
}

type Rating struct {
	Recipe string `path:"recipe"`
	Stars  int    `json:"stars" check:"min=1,max=5"`
	Text   string `json:"text,omitempty" check:"max=200"`
}

type Average struct {
	Stars float64 `json:"stars"`
}

// An endpoint as a JSON API: what was sent is checked, and all that is wrong
// with it is said at once.
func ExampleEndpoint() {
	rate := api.Endpoint[Rating, Average]{
		Path: "POST /recipes/{recipe}/ratings",
		Handle: func(_ context.Context, in Rating) (Average, error) {
			if in.Recipe != "soup" {
				return Average{}, gorgon.NotFound()
			}
			return Average{Stars: 4.5}, nil
		},
	}
	site := serving(rate)
	send(site, "POST", "/recipes/soup/ratings", `{"stars":5}`)
	send(site, "POST", "/recipes/soup/ratings", `{"stars":9,"Text":"good"}`)
	send(site, "POST", "/recipes/salad/ratings", `{"stars":5}`)
	// Output:
	// 200 {"stars":4.5}
	// 422 {"type":"about:blank","title":"Unprocessable Entity","status":422,"errors":[{"pointer":"/stars","detail":"must be at most 5","code":"max","limit":"5"},{"pointer":"/Text","detail":"is not known","code":"unknown"}]}
	// 404 {"type":"about:blank","title":"Not Found","status":404}
}

// The same checks hold for a call from Go.
func ExampleEndpoint_Call() {
	double := api.Endpoint[Rating, int]{Path: "POST /double/{recipe}", Handle: func(_ context.Context, in Rating) (int, error) { return 2 * in.Stars, nil }}
	show := gorgon.Page[string]{Path: "/",
		LoadRequest: func(ctx context.Context, _ gorgon.Input, _ *http.Request) (string, error) {
			n, err := double.Call(ctx, Rating{Recipe: "soup", Stars: 2})
			_, refused := double.Call(ctx, Rating{Recipe: "soup"})
			return fmt.Sprint(n, err, "; ", refused), nil
		},
		View: func(s string) gorgon.Component { return gorgon.Text(s) },
	}
	fmt.Println(serving(double, show).Get("/").Text("main"))
	// Output: 4 <nil>; refused: /stars must be at least 1
}

// A page with a form. When an input is refused, the page is shown again with
// what was typed and what is wrong with it.
func ExampleForm() {
	type newRecipe struct {
		Title string `json:"title" check:"min=3"`
	}
	create := api.Endpoint[newRecipe, string]{
		Path: "POST /recipes", Name: "create",
		Handle: func(_ context.Context, in newRecipe) (string, error) { return strings.ToLower(in.Title), nil },
		Then:   func(_ newRecipe, id string) string { return "/recipes/" + gorgon.EscapePath(id) },
	}
	view := func(string) gorgon.Component {
		return gorgon.ComponentFunc(func(ctx context.Context, w io.Writer) error {
			f := create.Form(ctx)
			title := f.Field("title")
			fmt.Fprintf(w, `<form action="%s" method="post">`, f.Action)
			if err := f.Hidden().Render(ctx, w); err != nil {
				return err
			}
			fmt.Fprintf(w, `<label for="%s">Title</label><input id="%[1]s" name="%s" value="%s">`, title.ID, title.Name, html.EscapeString(title.Value))
			if err := title.Message().Render(ctx, w); err != nil {
				return err
			}
			_, err := io.WriteString(w, `<button>Save</button></form>`)
			return err
		})
	}
	site := serving(create, gorgon.Page[string]{Path: "/new", View: view},
		gorgon.Page[string]{Path: "/recipes/{id}", Incremental: true,
			Load: func(_ context.Context, in gorgon.Input) (string, error) { return in.PathValue("id"), nil },
			View: func(id string) gorgon.Component { return gorgon.Text("the recipe " + id) }})
	again := site.Get("/new").Submit("Save", url.Values{"title": {"So"}})
	fmt.Println(again.Status, again.Text(".error"))
	fmt.Println(again.Submit("Save", url.Values{"title": {"Soup"}}).Text("main"))
	// Output:
	// 422 must have at least 3 characters
	// the recipe soup
}

// The attributes of a control say to the browser what the checks say.
func ExampleField_Input() {
	rate := api.Endpoint[Rating, Average]{Path: "POST /{recipe}", Handle: func(context.Context, Rating) (Average, error) { return Average{}, nil }}
	site := serving(rate, gorgon.Page[string]{Path: "/", View: func(string) gorgon.Component {
		return gorgon.ComponentFunc(func(ctx context.Context, w io.Writer) error {
			f := rate.FormWith(ctx, Rating{Recipe: "soup", Stars: 3})
			_, err := fmt.Fprint(w, f.Action, " ", f.Field("stars").Input())
			return err
		})
	}})
	fmt.Println(site.Get("/").Text("main"))
	// Output: /soup map[id:postByRecipe-stars max:5 min:1 name:stars required:true step:1 type:number value:3]
}

// A read is stored as a page is: the second request is answered from memory.
func ExampleRead() {
	loads := 0
	site := serving(api.Read[[]string]{
		Path: "GET /api/recipes",
		Load: func(context.Context, gorgon.Input) ([]string, error) { loads++; return []string{"soup", "salad"}, nil },
		Tags: func([]string) []string { return []string{"recipes"} },
	})
	send(site, "GET", "/api/recipes", "")
	send(site, "GET", "/api/recipes", "")
	fmt.Println("loaded", loads, "time")
	// Output:
	// 200 ["soup","salad"]
	// 200 ["soup","salad"]
	// loaded 1 time
}

// A client that was cut off comes back with the id of its last event.
func ExampleStream() {
	steps := []string{"peel", "boil", "serve"}
	site := serving(api.Stream[api.None, string]{
		Path: "GET /steps",
		Handle: func(_ context.Context, _ api.None, after string) iter.Seq2[api.Item[string], error] {
			return func(yield func(api.Item[string], error) bool) {
				done, _ := strconv.Atoi(after)
				for i, step := range steps[min(done, len(steps)):] {
					if !yield(api.Item[string]{ID: strconv.Itoa(done + i + 1), Event: step}, nil) {
						return
					}
				}
			}
		},
	})
	r := httptest.NewRequest("GET", "/steps", nil)
	r.Header.Set("Last-Event-ID", "2")
	w := httptest.NewRecorder()
	site.ServeHTTP(w, r)
	fmt.Println(strings.ReplaceAll(strings.TrimSpace(w.Body.String()), "\n\n", "\n"))
	// Output:
	// :
	// id: 3
	// data: "serve"
	// event: end
	// data:
}

// Handle sets cookies and headers, and sees the request.
func ExampleSetCookie() {
	site := serving(api.Endpoint[api.None, string]{Path: "POST /theme", Handle: func(ctx context.Context, _ api.None) (string, error) {
		api.SetCookie(ctx, &http.Cookie{Name: "theme", Value: "dark"})
		api.Header(ctx).Set("X-Theme", "dark")
		return api.Request(ctx).UserAgent(), nil
	}})
	r := httptest.NewRequest("POST", "/theme", nil)
	r.Header.Set("User-Agent", "curl")
	w := httptest.NewRecorder()
	site.ServeHTTP(w, r)
	fmt.Println(w.Header().Get("Set-Cookie"), w.Header().Get("X-Theme"), w.Body)
	// Output: theme=dark dark "curl"
}

// A file comes with the other fields of a form.
func ExampleFile() {
	type picture struct {
		Title string   `json:"title"`
		File  api.File `json:"file" check:"max=1000"`
	}
	site := serving(api.Endpoint[picture, string]{Path: "POST /pictures", Handle: func(_ context.Context, in picture) (string, error) {
		f, err := in.File.Open()
		if err != nil {
			return "", err
		}
		defer f.Close()
		data, err := io.ReadAll(f)
		return in.Title + ": " + string(data), err
	}})
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	_ = form.WriteField("title", "Soup")
	part, _ := form.CreateFormFile("file", "soup.txt")
	_, _ = io.WriteString(part, "hot")
	_ = form.Close()
	r := httptest.NewRequest("POST", "/pictures", &body)
	r.Header.Set("Content-Type", form.FormDataContentType())
	r.Header.Set("Accept", "application/json")
	w := httptest.NewRecorder()
	site.ServeHTTP(w, r)
	fmt.Println(w.Code, w.Body)
	// Output: 200 "Soup: hot"
}

// What a package that describes an app finds in it.
func ExampleOperation() {
	app := gorgon.App{Name: "recipes", Parts: []gorgon.Part{
		api.Endpoint[Rating, Average]{Path: "POST /recipes/{recipe}/ratings", Name: "rate", Handle: func(context.Context, Rating) (Average, error) { return Average{}, nil }},
	}}
	for _, h := range app.Handlers() {
		if o, ok := h.Handler.(*api.Operation); ok {
			fmt.Println(o.Word(), o.Name, o.Kind, o.Method, o.Path, o.In.Parameters()[0].Name)
		}
	}
	// Output: endpoint rate call POST /recipes/{recipe}/ratings recipe
}
