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

	"github.com/chromedp/chromedp"

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
		code := command.Run(ctx, app(), command.Config{}, args, log, log)
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

// start does what the runtime does when an island is due.
const start = `(async () => {
	const element = document.querySelector("gorgon-island")
	const props = JSON.parse(element.querySelector("script").textContent)
	const module = await import(element.getAttribute("src"))
	await module.default(element, props)
	return "started"
})()`

func TestInABrowser(t *testing.T) {
	chromium := testbed.Program(t, "chromium")
	at := serve(t)
	ctx, stop := context.WithTimeout(t.Context(), 2*time.Minute)
	defer stop()
	ctx, stop = chromedp.NewExecAllocator(ctx, append(chromedp.DefaultExecAllocatorOptions[:len(chromedp.DefaultExecAllocatorOptions):len(chromedp.DefaultExecAllocatorOptions)],
		chromedp.ExecPath(chromium), chromedp.Flag("headless", true), chromedp.Flag("no-sandbox", true), chromedp.Flag("disable-gpu", true), chromedp.Flag("disable-quic", true),
		chromedp.Flag("no-first-run", true), chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-sync", true), chromedp.UserDataDir(t.TempDir()))...)
	defer stop()
	ctx, stop = chromedp.NewContext(ctx)
	defer stop()
	if _, err := chromedp.Run(ctx, chromedp.Navigate("about:blank")); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ path, before, act, after string }{
		{"/counter", "3", `document.querySelector("button").click(); document.querySelector("button").textContent`, "4"},
		{"/todo", "", `document.querySelectorAll("input")[2].click(); new Promise(done => { const look = () => { const text = document.querySelector("li:last-child").textContent; text[0] === "2" ? done(text) : requestAnimationFrame(look) }; look() })`, "2 to do"},
		{"/life", "", `document.querySelector("canvas").click(); document.querySelector("gorgon-island").dataset.life`, "5 cells"},
		// A page whose islands compile none may not.
		{"/counter", "3", `WebAssembly.compile(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0])).then(() => "compiled", e => e.name)`, "CompileError"},
		{"/life", "", `WebAssembly.compile(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0])).then(() => "compiled", e => e.name)`, "compiled"},
	} {
		tab, leave := chromedp.NewContext(ctx)
		if _, err := chromedp.Run(tab, chromedp.Navigate(at+c.path)); err != nil {
			t.Fatal(err)
		}
		value := func(js string) string {
			got, err := chromedp.Run(tab, chromedp.Evaluate[string](js, chromedp.EvalAwaitPromise))
			if err != nil {
				t.Errorf("%s: %v", c.path, err)
			}
			return got
		}
		if got := value(`[...document.querySelector("gorgon-island").childNodes].filter(n => n.localName !== "script").map(n => n.textContent).join("")`); got != c.before {
			t.Errorf("%s shows %q before its island starts, want %q", c.path, got, c.before)
		}
		if got := value(start); got != "started" {
			t.Errorf("%s: %s", c.path, got)
		}
		if got := value(c.act); got != c.after {
			t.Errorf("%s: %q, want %q", c.path, got, c.after)
		}
		leave()
	}
}
