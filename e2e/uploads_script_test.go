// The function that scripts upload with, in a browser.

package e2e_test

import (
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/bucket"
	"github.com/gorgon-go/gorgon/gorgontest"
	"github.com/gorgon-go/gorgon/mem"
	"github.com/gorgon-go/gorgon/testbed"
)

// TestUploadsByScript calls the function, for a bucket that does not resume.
func TestUploadsByScript(t *testing.T) {
	defer testbed.CloseBrowser()
	b := bucket.New(bucket.Options{
		Name: "notes", Store: mem.NewBlobs(), Public: true, Types: []string{"text/plain"},
		Upload: []func(http.Handler) http.Handler{func(next http.Handler) http.Handler { return next }},
	})
	site := gorgontest.Open(t, gorgon.App{Name: "files", Parts: []gorgon.Part{b,
		gorgon.Page[struct{}]{Path: "/", View: func(struct{}) gorgon.Component { return gorgon.Text("home") }}}})
	var puts atomic.Int32
	var failing atomic.Bool
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPut && (puts.Add(1) <= 2 || failing.Load()) {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		site.ServeHTTP(w, r)
	}))
	defer server.Close()
	tab := testbed.NewTab(t)
	tab.Open(server.URL + "/")
	call := func(kind, options, then string) string {
		return testbed.Eval[string](tab, `(async () => {
			const { upload } = await import("`+b.Script(t.Context())+`");
			const control = new AbortController();
			const file = new File(["hello"], "note.txt", { type: "`+kind+`" });
			try {
				const done = await upload(file, { to: "/files/notes", signal: control.signal, `+options+` });
				return `+then+`;
			} catch (e) {
				return e.name + " " + (e.status ?? "");
			}
		})()`)
	}
	const text = `await (await fetch(done.url)).text() + " " + done.size + " " + done.key.slice(-3)`
	for _, c := range []struct{ what, kind, options, want string }{
		{"two failures and a success", "text/plain", "", "hello 5 txt"},
		{"a bucket that does not resume", "text/plain", "resume: true", "hello 5 txt"},
		{"another name", "text/plain", `name: "b.md"`, "hello 5 .md"},
		{"another type", "text/html", "", "Error 415"},
		{"cancelled before", "text/plain", "signal: AbortSignal.abort()", "AbortError "},
		{"cancelled when all is sent", "text/plain", "onProgress: () => control.abort()", "AbortError "},
	} {
		got := call(c.kind, c.options, text)
		if got != c.want {
			t.Errorf("%s: %q, want %q", c.what, got, c.want)
		}
	}
	failing.Store(true)
	before := puts.Load()
	if got := call("text/plain", "retries: 1", text); got != "Error 503" || puts.Load() != before+2 {
		t.Errorf("a server that fails: %q after %d attempts", got, puts.Load()-before)
	}
}
