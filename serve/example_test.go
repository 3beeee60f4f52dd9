// Examples for the package's documentation.

package serve_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/answer"
	"github.com/gorgon-go/gorgon/cache"
	"github.com/gorgon-go/gorgon/mem"
	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/render"
	"github.com/gorgon-go/gorgon/serve"
	"github.com/gorgon-go/gorgon/viewctx"
)

// A guard answers with the app's error view; without an app, Fail answers with
// plain text.
func ExampleFail() {
	members := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Authorization") == "" {
				serve.Fail(w, r, &gorgon.Error{Kind: gorgon.KindUnauthorized, Message: "Please sign in"})
				return
			}
			next.ServeHTTP(w, r)
		})
	}
	w := httptest.NewRecorder()
	members(http.NotFoundHandler()).ServeHTTP(w, httptest.NewRequest("GET", "/members", nil))
	fmt.Println(w.Code, w.Body)
	// Output: 401 Unauthorized
}

// A handler that changes data purges the pages that show it. It fails outside
// of an app.
func ExamplePurge() {
	rename := func(w http.ResponseWriter, r *http.Request) {
		// Change the data here.
		if _, err := serve.Purge(w, r, pages.Expire, pages.TagSubject("product-7")); err != nil {
			fmt.Println(err)
			return
		}
		http.Redirect(w, r, "/products/7", http.StatusSeeOther)
	}
	rename(httptest.NewRecorder(), httptest.NewRequest("POST", "/rename", nil))
	// Output: purge: the request does not come from a gorgon handler that stores pages: call it from a handler, guard or middleware of the app
}

// The headers of a signed purge.
func ExampleSignPurge() {
	header := http.Header{}
	serve.SignPurge(header, []byte("key"), "shop", []byte(`{"verb":"stale","tags":["sale"]}`))
	fmt.Println(len(header.Get("Gorgon-Signature")), header.Get("Gorgon-Nonce") != "")
	// Output: 64 true
}

func ExampleWithKey() {
	details := serve.WithKey("secret")
	r := httptest.NewRequest("GET", "/readyz", nil)
	fmt.Println(details(r))
	r.Header.Set("Authorization", "Bearer secret")
	fmt.Println(details(r))
	// Output:
	// false
	// true
}

// inApp answers a request by a handler of an app, and prints the response.
func inApp(h http.HandlerFunc, method, target string) {
	app := gorgon.App{
		Name: "shop", Locales: gorgon.Locales{Tags: []string{"en", "de"}},
		Parts: []gorgon.Part{
			gorgon.Page[string]{Path: "/form", View: func(string) gorgon.Component {
				return gorgon.ComponentFunc(func(ctx context.Context, w io.Writer) error {
					typed, _ := ctx.Value(typedKey{}).(string)
					_, err := fmt.Fprintf(w, "<input value=%q>", typed)
					return err
				})
			}},
			gorgon.Handler{Pattern: "/handler", Handler: h},
		},
	}
	r := &render.Renderer{App: app, Site: viewctx.Site{Locales: app.Locales.Tags}}
	store := mem.Open(mem.Options{})
	defer store.Close()
	kept, err := cache.New(cache.Config{Renderer: r, Store: store, Prepare: answer.Prepare})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer kept.Close()
	handler, err := serve.New(serve.Config{App: app, Renderer: r, Cache: kept})
	if err != nil {
		fmt.Println(err)
		return
	}
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, httptest.NewRequest(method, target, nil))
	_, main, _ := strings.Cut(w.Body.String(), "<main>")
	main, _, _ = strings.Cut(main, "</main>")
	fmt.Println(strings.TrimSpace(fmt.Sprint(w.Code, " ", w.Header().Get("Location"), main)))
}

type typedKey struct{}

// A handler answers with a view in the app's layout.
func ExampleRender() {
	inApp(func(w http.ResponseWriter, r *http.Request) {
		err := serve.Render(w, r, serve.View{Head: gorgon.Head{Title: "Cart"}, Main: gorgon.Text("3 in the cart")})
		if err != nil {
			serve.Fail(w, r, err)
		}
	}, "GET", "/handler")
	// Output: 200 3 in the cart
}

// A redirect stays in the locale of the request.
func ExampleRedirect() {
	inApp(func(w http.ResponseWriter, r *http.Request) { serve.Redirect(w, r, "/form") }, "POST", "/de/handler")
	// Output: 303 /de/form
}

func ExampleLocation() {
	inApp(func(w http.ResponseWriter, r *http.Request) { fmt.Println(serve.Location(r, "/form?a=b")) }, "GET", "/de/handler")
	// Output:
	// /de/form?a=b <nil>
	// 200
}

// A handler refuses a form and shows its page again, with what was typed.
func ExampleShowAgain() {
	inApp(func(w http.ResponseWriter, r *http.Request) {
		again := serve.Again{Page: "/form", Err: gorgon.Refuse("/name", "is taken"), With: func(ctx context.Context, _ gorgon.Failure) context.Context {
			return context.WithValue(ctx, typedKey{}, "Medusa")
		}}
		if !serve.ShowAgain(w, r, again) {
			serve.Fail(w, r, again.Err)
		}
	}, "POST", "/handler")
	// Output: 422 <input value="Medusa">
}
