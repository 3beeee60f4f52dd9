// The islands in a browser: each works, under the policy that its page has.

package main

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/bundle"
	"github.com/gorgon-go/gorgon/command"
	"github.com/gorgon-go/gorgon/testbed"
)

// serve serves the app until the test ends, and is its address.
func serve(t *testing.T) string {
	t.Helper()
	if _, err := os.Stat("node_modules/preact"); err != nil {
		t.Skip("examples/islands/node_modules: not installed: run scripts/servers")
	}
	addr, err := testbed.FreeAddr()
	if err != nil {
		t.Fatal(err)
	}
	dist := t.TempDir()
	run := func(ctx context.Context, args ...string) int {
		log, err := os.Create(filepath.Join(t.TempDir(), "log"))
		if err != nil {
			t.Fatal(err)
		}
		defer log.Close()
		code := command.Run(ctx, app(), command.Config{Bundler: bundle.Bundler{}}, args, log, log)
		if code != 0 {
			said, _ := os.ReadFile(log.Name())
			t.Errorf("%q ends with %d:\n%s", args, code, said)
		}
		return code
	}
	if run(t.Context(), "build", "--out", dist) != 0 {
		t.FailNow()
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		run(ctx, "serve", "--dist", dist, "--addr", addr)
	}()
	t.Cleanup(func() { stop(); <-done })
	for {
		res, err := http.Get("http://" + addr + "/readyz")
		if err == nil {
			res.Body.Close()
			return "http://" + addr
		}
		select {
		case <-done:
			t.Fatal("the server ended")
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func TestPolicies(t *testing.T) {
	at := serve(t)
	for path, c := range map[string]struct{ island, wasm bool }{"/": {}, "/counter": {island: true}, "/todo": {island: true}, "/life": {island: true, wasm: true}} {
		res, err := http.Get(at + path)
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		if err := res.Write(&b); err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if got := strings.Contains(res.Header.Get("Content-Security-Policy"), "'wasm-unsafe-eval'"); got != c.wasm {
			t.Errorf("%s: policy %s", path, res.Header.Get("Content-Security-Policy"))
		}
		if got := strings.Contains(b.String(), "<gorgon-island "); got != c.island {
			t.Errorf("%s has an island: %v\n%s", path, got, b.String())
		}
	}
}

func TestMain(m *testing.M) {
	code := m.Run()
	testbed.CloseBrowser()
	os.Exit(code)
}

func TestInABrowser(t *testing.T) {
	at := serve(t)
	const compiles = `WebAssembly.compile(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0])).then(() => "compiled", e => e.name)`
	for _, c := range []struct {
		path, started string // an expression that holds once the island has started
		act, after    string // what is done then, and what holds after it
		compiles      string // what becomes of WebAssembly: a page whose islands compile none may not
	}{
		// Its button is the server's, and does something only once it has started.
		{"/counter", `(b => (b.textContent === "3" && b.click(), b.textContent === "4"))(document.querySelector("button"))`,
			`document.querySelector("button").click()`, `document.querySelector("button").textContent === "5"`, "CompileError"},
		{"/todo", `document.querySelectorAll("input").length > 2`,
			`document.querySelectorAll("input")[2].click()`, `document.querySelector("li:last-child").textContent === "2 to do"`, "CompileError"},
		{"/life", `document.querySelector("gorgon-island").dataset.life`,
			`document.querySelector("canvas").click()`, `document.querySelector("gorgon-island").dataset.life === "5 cells"`, "compiled"},
	} {
		t.Run(c.path, func(t *testing.T) {
			tab := testbed.NewTab(t)
			tab.Open(at + c.path)
			tab.Wait(c.started)
			tab.Run(c.act)
			tab.Wait(c.after)
			if got := testbed.Eval[string](tab, compiles); got != c.compiles {
				t.Errorf("WebAssembly is %s, want %s", got, c.compiles)
			}
		})
	}
}
