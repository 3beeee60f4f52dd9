// The documentation in a browser.

package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/cdp/jsonv2"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/tracing"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/gorgon-go/gorgon/examples/godoc/library"
	"github.com/gorgon-go/gorgon/gorgontest"
	"github.com/gorgon-go/gorgon/testbed"
)

func TestMain(m *testing.M) {
	code := m.Run()
	testbed.CloseBrowser()
	os.Exit(code)
}

// served serves the documentation of the Go that runs the test until it ends.
func served(t *testing.T) (url string) {
	t.Helper()
	lib, err := library.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return serve(t, lib)
}

func serve(t *testing.T, lib *library.Library) (url string) {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	url = "http://" + server.Listener.Addr().String()
	app := app(lib)
	app.Origin = url
	server.Config.Handler = gorgontest.Options{Lazy: true}.Open(t, app)
	server.Start()
	t.Cleanup(func() {
		server.CloseClientConnections() // of tabs that are still open
		server.Close()
	})
	return url
}

const frames = `new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done))))`

// drawn counts the symbols that the browser has laid out.
const drawn = `[...document.querySelectorAll(".sym > *, .value > *")].filter(e => e.checkVisibility({contentVisibilityAuto: true})).length`

// follow clicks a link, and waits for its page.
func follow(tab *testbed.Tab, path string) {
	tab.Run(`document.querySelector("a[href='` + path + `']").click()`)
	tab.Wait(`location.pathname === "` + path + `"`)
	tab.Run(frames)
}

// A long page costs the browser what is in view of it. With -v the test says
// how long the longest task of a navigation was.
func TestLongPagesAreLaidOutAsTheyAreRead(t *testing.T) {
	at := served(t)
	tab := testbed.NewWholeTab(t)
	for _, path := range []string{"/pkg/net/http", "/pkg/go/ast", "/pkg/reflect"} {
		tab.Open(at + "/")
		tab.Run(`same = true`)
		longest := traced(t, tab, func() { follow(tab, path) })
		if !testbed.Eval[bool](tab, `!!window.same`) {
			t.Errorf("%s: the document was loaded", path)
		}
		all := testbed.Eval[int](tab, `document.querySelectorAll(".sym > *, .value > *").length`)
		if n := testbed.Eval[int](tab, drawn); n > 60 || all < 200 {
			t.Errorf("%s: of %d parts of symbols %d were laid out", path, all, n)
		}
		tab.Run(`document.querySelector("#pkg-types").scrollIntoView()`)
		tab.Wait(drawn + ` > 0`)
		t.Logf("%s: %d parts of symbols, %d elements, the longest task took %.0f ms", path, all, testbed.Eval[int](tab, `document.querySelectorAll("*").length`), longest)
	}
}

// traced is how long the longest task of the page's main thread took, in
// milliseconds.
func traced(t *testing.T, tab *testbed.Tab, act func()) (longest float64) {
	t.Helper()
	type event struct {
		Name     string  `json:"name"`
		Process  int     `json:"pid"`
		Thread   int     `json:"tid"`
		Duration float64 `json:"dur"` // microseconds
		Args     struct {
			Name string `json:"name"`
		} `json:"args"`
	}
	var mu sync.Mutex
	var events []event
	done := make(chan struct{})
	ctx, cancel := context.WithCancel(tab.Context)
	defer cancel() // the listener
	err := chromedp.Listen(ctx, func(said any) {
		mu.Lock()
		defer mu.Unlock()
		switch e := said.(type) {
		case *tracing.EventDataCollected:
			for _, value := range e.Value {
				var ev event
				if jsonv2.Unmarshal(value, &ev) == nil {
					events = append(events, ev)
				}
			}
		case *tracing.EventTracingComplete:
			close(done)
		}
	})
	if err == nil {
		_, err = chromedp.Call(tab.Context, tracing.Start, tracing.StartParams{
			TransferMode: tracing.StartTransferModeReportEvents,
			TraceConfig:  &tracing.TraceConfig{IncludedCategories: []string{"disabled-by-default-devtools.timeline"}},
		})
	}
	if err != nil {
		t.Fatal(err)
	}
	act()
	if _, err := chromedp.Call(tab.Context, tracing.End, cdp.Empty{}); err != nil {
		t.Fatal(err)
	}
	<-done
	mu.Lock()
	defer mu.Unlock()
	main := map[string]bool{}
	for _, e := range events {
		if e.Name == "thread_name" && e.Args.Name == "CrRendererMain" {
			main[fmt.Sprint(e.Process, e.Thread)] = true
		}
	}
	for _, e := range events {
		if e.Name == "RunTask" && main[fmt.Sprint(e.Process, e.Thread)] {
			longest = max(longest, e.Duration/1000)
		}
	}
	return longest
}

// What is not laid out yet takes about the room that it will: the height of the
// page does not change much while it is read, and nothing lies over what follows.
func TestHeightsAreAboutRight(t *testing.T) {
	at := served(t)
	tab := testbed.NewTab(t)
	for i, width := range []int64{1000, 390} {
		tab.Do(chromedp.EmulateViewport(width, 700))
		tab.Prefer("prefers-color-scheme", []string{"light", "dark"}[i]) // which has variables of its own
		for _, path := range []string{"/pkg/net/http", "/pkg/go/ast", "/pkg/strings", "/pkg/os", "/pkg/log/slog"} {
			tab.Open(at + path)
			tab.Run(frames)
			height := `[...document.querySelectorAll(".sym, .value")].reduce((sum, e) => sum + e.getBoundingClientRect().height, 0)`
			guessed := testbed.Eval[float64](tab, height)
			tab.Run(`for (const e of document.querySelectorAll(".sym, .value")) e.style = "content-visibility: visible; contain: layout"; ` + frames)
			real := testbed.Eval[float64](tab, height)
			t.Logf("%s at %d: %.0f pixels, guessed %.0f, %.2f times that", path, width, real, guessed, guessed/real)
			if guessed < 0.97*real || guessed > 1.15*real {
				t.Errorf("%s at %d: %.0f pixels were guessed, and it is %.0f", path, width, guessed, real)
			}
		}
	}
}

// An address that names a symbol, and going back, lead to the place they name,
// although the heights above it are not known.
func TestPlacesOfSymbols(t *testing.T) {
	at := served(t)
	tab := testbed.NewWholeTab(t)
	place := func(id string) string {
		return fmt.Sprintf(`Math.abs(document.getElementById(%q).getBoundingClientRect().top - 72) < 30`, id)
	}
	tab.Open(at + "/pkg/net/http#Server.Shutdown")
	tab.Wait(place("Server.Shutdown"))
	for _, id := range []string{"Client.Do", "Transport.RoundTrip", "NewRequest", "ResponseWriter"} {
		tab.Run(`document.querySelector(".toc a[href='#` + id + `']").click()`)
		tab.Wait(place(id))
		tab.Run(frames)
		tab.Wait(place(id))
	}
	// The upper half is guessed again when the page is gone back to.
	tab.Run(`scrollTo({top: document.documentElement.scrollHeight / 2, behavior: "instant"}); ` + frames)
	before := testbed.Eval[[]any](tab, `[...document.querySelectorAll(".sym > h3")].map(e => [e.id, e.getBoundingClientRect().top]).find(([_, top]) => top > 50)`)
	follow(tab, "/")
	tab.Run(`history.back()`)
	tab.Wait(`location.pathname === "/pkg/net/http"`)
	tab.Wait(fmt.Sprintf(`Math.abs(document.getElementById(%q).getBoundingClientRect().top - %v) < 2`, before[0], before[1]))
	tab.Run(frames + `.then(() => ` + frames + `)`)
	tab.Wait(fmt.Sprintf(`Math.abs(document.getElementById(%q).getBoundingClientRect().top - %v) < 2`, before[0], before[1]))
}

// Suggestions come while a visitor types, and the keyboard is enough to take one.
func TestSuggestionsInTheBrowser(t *testing.T) {
	at := served(t)
	tab := testbed.NewTab(t)
	tab.Open(at + "/")
	tab.Run(`same = true; gaps = 0`)
	press := func(keys string) { tab.Do(chromedp.KeyEvent(keys)) }
	// One event, of which the page can prevent what it would do.
	stroke := func(key, text string, code int64) {
		if _, err := chromedp.Call(tab.Context, input.DispatchKeyEvent, input.DispatchKeyEventParams{
			Type: input.DispatchKeyEventTypeKeyDown, Key: key, Text: text, WindowsVirtualKeyCode: code,
		}); err != nil {
			t.Fatal(err)
		}
	}
	enter, slash := func() { stroke("Enter", "\r", 13) }, func() { stroke("/", "/", 191) }
	options := `[...document.querySelectorAll("[role=option]")]`
	chosen := `document.getElementById(document.activeElement.getAttribute("aria-activedescendant"))?.querySelector(".name").textContent`
	slash()
	tab.Wait(`document.activeElement.matches("[data-search][role=combobox][aria-expanded=false]")`)
	press("http.Serv")
	tab.Wait(options + `.some(o => o.textContent.includes("ServeMux"))`)
	// The list does not go away for a moment when more is typed.
	tab.Run(`new MutationObserver(() => { if (!document.querySelector("[role=option]")) gaps++ }).observe(document.querySelector(".top"), {childList: true, subtree: true})`)
	press("er")
	// "http.Serve" may be answered on the way, and a list that comes later has nothing chosen.
	tab.Wait(`performance.getEntriesByType("resource").some(e => e.name.endsWith("/suggest?q=http.Server") && e.responseEnd > 0)`)
	tab.Wait(options + `[0]?.querySelector(".name").textContent === "Server" && document.activeElement.getAttribute("aria-expanded") === "true"`)
	if gaps := testbed.Eval[int](tab, `gaps`); gaps > 0 {
		t.Errorf("the list was empty %d times", gaps)
	}
	n := testbed.Eval[int](tab, options+`.length`)
	press(kb.ArrowUp)
	tab.Wait(options + `.at(-1).ariaSelected === "true"`)
	press(kb.ArrowDown) // the box itself
	tab.Wait(`!document.activeElement.hasAttribute("aria-activedescendant") && !document.querySelector("[aria-selected=true]")`)
	press(kb.ArrowDown)
	tab.Wait(chosen + ` === "Server"`)
	for range n - 1 {
		press(kb.ArrowDown)
	}
	tab.Wait(options + `.at(-1).ariaSelected === "true"`)
	press(kb.Escape)
	tab.Wait(`!document.querySelector("[role=listbox]") && document.activeElement.ariaExpanded === "false" && document.activeElement.value === "http.Server"`)

	press("\b")
	tab.Wait(options + `.length > 0`)
	press(kb.ArrowDown)
	tab.Wait(chosen)
	enter()
	tab.Wait(`location.pathname.startsWith("/sym/net/http.Serve") && !document.querySelector("[role=listbox]") && same`)

	// Enter in the box sends the form, as without a script.
	slash()
	tab.Wait(`document.activeElement.matches("[data-search]")`)
	press("LaS")
	tab.Wait(options + `.some(o => o.textContent.includes("ListenAndServe"))`)
	enter()
	tab.Wait(`location.pathname === "/search" && document.querySelector(".results a").textContent.includes("ListenAndServe") && !document.querySelector("[role=listbox]")`)

	// What no longer is asked for is not shown, and a click takes a suggestion.
	tab.Run(`field = document.querySelector(".big input"); field.focus(); field.value = "errors.Is"; field.dispatchEvent(new InputEvent("input", {bubbles: true}))`)
	tab.Wait(`field.nextElementSibling.matches("[role=listbox]")`)
	tab.Click("[role=option]")
	tab.Wait(`location.pathname === "/sym/errors.Is"`)

	tab = testbed.NewTab(t)
	tab.WithoutScript()
	tab.Open(at + "/")
	tab.Do(chromedp.SendKeys(chromedp.CSS("[data-search]"), "LaS\r"))
	tab.Wait(`location.pathname === "/search" && document.querySelector(".results a").textContent.includes("ListenAndServe")`)
}

// Nothing is built to make it work, and it stays small.
func TestScriptIsSmall(t *testing.T) {
	script, err := files.ReadFile("assets/app.js")
	if err != nil {
		t.Fatal(err)
	}
	_, suggestions, _ := strings.Cut(string(script), "// Suggestions below")
	suggestions, _, _ = strings.Cut(suggestions, "function reveal")
	if n := len(suggestions); n < 1000 || n > 3<<10 {
		t.Errorf("suggestions take %d bytes", n)
	}
}

// On a phone nothing is wider than the screen, and what is pressed is tall
// enough for a finger; axe finds nothing on any page, light or dark.
func TestPhone(t *testing.T) {
	at := served(t)
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	axe, err := os.ReadFile(filepath.Join(cache, "gorgon-testbed", "npm", "node_modules", "axe-core", "axe.min.js"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	tab := testbed.NewTab(t)
	for i, path := range []string{
		"/", "/pkg/net/http", "/pkg/log/slog", "/pkg/cmd/go", "/sym/net/http.Server", "/sym/net/http.StatusOK", "/src/errors/errors.go",
		"/mod/golang.org/x/mod", "/mod/github.com/a-h/templ", "/installed", "/search?q=LaS", "/search", "/reading", "/pkg/nonsense",
	} {
		for j, width := range []int64{390, 1000} {
			scheme := []string{"light", "dark"}[(i+j)%2]
			where := fmt.Sprintf("%s at %d, %s", path, width, scheme)
			tab.Prefer("prefers-color-scheme", scheme)
			tab.Do(chromedp.EmulateViewport(width, 800))
			tab.Open(at + path)
			tab.Run(`for (const d of document.querySelectorAll("details.index, details.more")) d.open = true; ` + frames)
			if color := testbed.Eval[string](tab, `getComputedStyle(document.body).color`); color != map[string]string{"light": "rgb(32, 38, 43)", "dark": "rgb(217, 223, 226)"}[scheme] {
				t.Errorf("%s: the text is %s", where, color)
			}
			if over := testbed.Eval[int](tab, `document.documentElement.scrollWidth - innerWidth`); over > 0 {
				t.Errorf("%s: the page is %d pixels too wide", where, over)
			}
			if width == 390 {
				for _, small := range testbed.Eval[[]string](tab, `[...document.querySelectorAll(".index a, article > details > summary, .index > summary, .more > summary, .top input, .places a, .refs a, .members a, .files a, .results a")]
					.filter(e => e.getBoundingClientRect().height < 44).map(e => e.outerHTML.slice(0, 200) + " of " + e.getBoundingClientRect().height).slice(0, 10)`) {
					t.Errorf("%s: too small for a finger: %s", where, small)
				}
			}
			if i == 0 {
				tab.Run(`field = document.querySelector("[data-search]"); field.focus(); field.value = "http.Serv"; field.dispatchEvent(new InputEvent("input", {bubbles: true}))`)
				tab.Wait(`document.querySelector("[role=option]")`)
				if width == 390 && testbed.Eval[bool](tab, `[...document.querySelectorAll("[role=option]")].some(e => e.getBoundingClientRect().height < 44 || e.getBoundingClientRect().right > innerWidth)`) {
					t.Errorf("%s: suggestions do not fit", where)
				}
			}
			if dir := os.Getenv("GODOC_PICTURES"); dir != "" {
				tab.Screenshot(filepath.Join(dir, fmt.Sprintf("%d-%d.png", i, width)))
			}
			if len(axe) == 0 {
				continue
			}
			tab.Run(string(axe)) // through the DevTools: the page's policy does not allow it otherwise
			if found := testbed.Eval[[]string](tab, `axe.run({resultTypes: ["violations"], rules: {"target-size": {enabled: true}}}).then(r => r.violations.flatMap(v => v.nodes.slice(0, 5).map(n => v.id + ": " + n.html)))`); len(found) > 0 {
				t.Errorf("%s: axe finds %s", where, strings.Join(found, "\n"))
			}
		}
	}
}
