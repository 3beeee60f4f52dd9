// The generated TypeScript client in a real browser: on a page of the app, and on
// pages of other origins.

package generate_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	esbuild "github.com/evanw/esbuild/pkg/api"

	"github.com/gorgon-go/gorgon/describe"
	"github.com/gorgon-go/gorgon/generate"
	"github.com/gorgon-go/gorgon/gorgontest"
	"github.com/gorgon-go/gorgon/testbed"
)

func TestMain(m *testing.M) {
	code := m.Run()
	testbed.CloseBrowser()
	os.Exit(code)
}

// stage is a page that runs one of the programs that call the app, as Node.js
// does: run.html?calls&http://127.0.0.1:8080.
const stage = `<!doctype html><title>running</title><script>
var [program, app] = location.search.slice(1).split("&"), said = [], process = {argv: ["", "", decodeURIComponent(app)]};
console.log = (line) => said.push(line);
import("./" + program + ".js").catch((e) => said.push("FAIL " + e.stack)).then(() => document.title = "done");
</script>`

// pagesOf serves the stage, the client and its programs.
func pagesOf(t *testing.T, client []byte) http.Handler {
	t.Helper()
	files := map[string]string{"/run/run.html": stage}
	for _, name := range []string{"api", "check", "calls", "listed", "unlisted", "rooms"} {
		source := client
		if name != "api" {
			source = read(t, "typescript/"+name+".ts")
		}
		out := esbuild.Transform(string(source), esbuild.TransformOptions{Loader: esbuild.LoaderTS, Target: esbuild.ES2022})
		if len(out.Errors) > 0 {
			t.Fatalf("%s.ts: %v", name, out.Errors)
		}
		files["/run/"+name+".js"] = string(out.Code)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, ok := files[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		kind := "text/html"
		if strings.HasSuffix(r.URL.Path, ".js") {
			kind = "text/javascript"
		}
		w.Header().Set("Content-Type", kind)
		fmt.Fprint(w, text)
	})
}

func TestClientsBrowser(t *testing.T) {
	if testing.Short() {
		t.Skip("it runs a browser")
	}
	openapi, err := describe.OpenAPI(newApp())
	if err != nil {
		t.Fatal(err)
	}
	pages := pagesOf(t, generate.TypeScript(modelOf(t, openapi)))
	listed, unlisted := httptest.NewServer(pages), httptest.NewServer(pages)
	defer listed.Close()
	defer unlisted.Close()
	site := gorgontest.Open(t, newApp(listed.URL))
	var preflights atomic.Int64
	app := serveHandler(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasPrefix(r.URL.Path, "/run/"):
			pages.ServeHTTP(w, r)
			return
		case r.Method == http.MethodOptions && r.Header.Get("Access-Control-Request-Method") != "":
			preflights.Add(1)
		}
		site.ServeHTTP(w, r)
	}))
	for _, c := range []struct {
		program, origin              string
		checks                       int
		streams, changes, preflights int64 // at least, exactly, at least
	}{
		{"calls", app, 20, 20, 2, 0},
		{"listed", listed.URL, 8, 2, 2, 2},
		{"unlisted", unlisted.URL, 3, 0, 0, 1},
	} {
		t.Run(c.program, func(t *testing.T) {
			s, n, p := streams.Load(), changes.Load(), preflights.Load()
			tab := testbed.NewTab(t)
			tab.Open(c.origin + "/run/run.html?" + c.program + "&" + url.QueryEscape(app))
			tab.Wait(`document.title === "done"`)
			report(t, testbed.Eval[string](tab, `said.join("\n")`), c.checks)
			if s, n, p = streams.Load()-s, changes.Load()-n, preflights.Load()-p; s < c.streams || n != c.changes || p < c.preflights || p > 0 && c.preflights == 0 {
				t.Errorf("%d streams, %d changes and %d preflights came", s, n, p)
			}
		})
	}
}
