// Forms in place, below a base path, in another language, and for screen
// readers.

package e2e_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/gorgontest"
	"github.com/gorgon-go/gorgon/testbed"
)

// axe is the source of axe-core, which scripts/servers installs.
func axe(t *testing.T) string {
	t.Helper()
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile(filepath.Join(cache, "gorgon-testbed", "npm", "node_modules", "axe-core", "axe.min.js"))
	if errors.Is(err, fs.ErrNotExist) {
		t.Skipf("axe: %v", testbed.ErrMissing)
	}
	if err != nil {
		t.Fatal(err)
	}
	return string(source)
}

func TestFormsInPlaceWithBaseAndLanguage(t *testing.T) {
	source := axe(t)
	s := scenario{pages: made, also: "/new", app: newBoard(func(b *board, ctx context.Context) string {
		return formOf(ctx, b.save.Form(ctx), "novalidate", "title", "text")
	}).add}
	app := s.site()
	app.Locales = gorgon.Locales{Tags: []string{"en", "de"}}
	app.Layout = func(d gorgon.Document) gorgon.Component {
		return gorgon.ComponentFunc(func(ctx context.Context, w io.Writer) error {
			_, err := io.WriteString(w, `<!doctype html><html lang="`+d.Locale+`"><head><meta charset="utf-8">`+rendered(ctx, d.Head)+`</head><body><main>`+rendered(ctx, d.Main)+`</main></body></html>`)
			return err
		})
	}
	var mu sync.Mutex
	var posts []string
	site := gorgontest.Options{Base: "/docs"}.Open(t, app)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			mu.Lock()
			posts = append(posts, r.URL.Path)
			mu.Unlock()
		}
		site.ServeHTTP(w, r)
	}))
	t.Cleanup(func() { server.CloseClientConnections(); server.Close() })
	tab := testbed.NewTab(t)
	tab.Open(server.URL + "/docs/de/new")
	tab.Run(`window.first = true; document.querySelector("#save-title").value = "ab"`)
	tab.Click("#send")
	tab.Wait(`document.querySelector(".error")`)
	if !testbed.Eval[bool](tab, `first && location.pathname === "/docs/de/new" && document.documentElement.lang === "de" && document.activeElement.id === "save-title"`) {
		t.Error("the refused form is not shown in its place")
	}
	tab.Run(source)
	found := testbed.Eval[string](tab, `axe.run({resultTypes: ["violations"]}).then(r => JSON.stringify(r.violations.map(v => v.id + ": " + v.nodes.map(n => n.html))))`)
	var violations []string
	if err := json.Unmarshal([]byte(found), &violations); err != nil {
		t.Fatal(err)
	}
	for _, v := range violations {
		t.Error(v)
	}
	tab.Run(`document.querySelector("#save-title").value = "a title"`)
	tab.Click("#send")
	tab.Wait(at("Made"))
	if !testbed.Eval[bool](tab, `first && location.pathname === "/docs/de/made" && location.hash === "#p"`) {
		t.Error("the form does not lead to its page")
	}
	mu.Lock()
	defer mu.Unlock()
	if len(posts) != 2 || posts[0] != "/docs/de/save" {
		t.Errorf("writes: %q", posts)
	}
}
