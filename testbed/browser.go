// A Chromium that tests look at pages with.

package testbed

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// patience is how long a test waits for a page before it fails. It is long,
// since test machines are slow, and it costs nothing when tests pass.
const patience = 2 * time.Minute

// A browser is one of those that the tabs of a test program share, started by
// its first tab.
type browser struct {
	programs []string // the first one that is installed
	sync.Mutex
	ctx context.Context
	end context.CancelFunc
	err error
}

var (
	// light has no windows to draw, which saves two thirds of the time. It
	// neither keeps pages for going back nor stores what is downloaded.
	light = browser{programs: []string{"chromium-headless-shell", "chromium"}}
	whole = browser{programs: []string{"chromium"}}
)

// start is the context of the running browser.
func (b *browser) start() (context.Context, error) {
	b.Lock()
	defer b.Unlock()
	if b.ctx != nil || b.err != nil {
		return b.ctx, b.err
	}
	program := ""
	for _, name := range b.programs {
		if found, err := exec.LookPath(name); err == nil {
			program = found
			break
		}
	}
	if program == "" {
		b.err = fmt.Errorf("chromium: %w", ErrMissing)
		return nil, b.err
	}
	all, stop := chromedp.NewExecAllocator(context.Background(), append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(program), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true))...)
	ctx, cancel := chromedp.NewContext(all)
	end := func() { cancel(); stop() }
	if err := chromedp.Do(ctx); err != nil {
		end()
		b.err = err
		return nil, err
	}
	b.ctx, b.end = ctx, end
	return ctx, nil
}

func (b *browser) close() {
	b.Lock()
	defer b.Unlock()
	if b.end != nil {
		b.end()
	}
	b.ctx, b.end = nil, nil
}

// CloseBrowser ends the browsers that the tabs of this program share, and
// removes their data. A package that opens tabs calls it at the end of its
// TestMain.
func CloseBrowser() {
	light.close()
	whole.close()
}

// A Tab is one tab of the browser, with cookies and a cache of its own. It
// belongs to one test, fails it when something goes wrong, and is closed when
// it ends.
type Tab struct {
	Context context.Context // for features of chromedp without a method here

	t        testing.TB
	mu       sync.Mutex
	requests []Request
	said     []string
}

// A Request is a request of a tab.
type Request struct {
	Method, URL string
	Type        string            // as the DevTools Protocol names it: Document, Fetch, Script, …
	Header      map[string]string // the page's headers; those that the network adds are not included
}

// NewTab opens an empty tab. If no Chromium is installed, it skips the test
// with the reason.
func NewTab(t testing.TB) *Tab {
	t.Helper()
	return light.tab(t)
}

// NewWholeTab is NewTab for tests that go back to pages which the browser has
// kept, or that download: in a browser with windows, which takes three times as
// long.
func NewWholeTab(t testing.TB) *Tab {
	t.Helper()
	return whole.tab(t)
}

func (b *browser) tab(t testing.TB) *Tab {
	t.Helper()
	parent, err := b.start()
	if errors.Is(err, ErrMissing) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return newTab(t, parent, chromedp.WithNewBrowserContext())
}

// Beside opens another tab of the same visitor, with the same cookies, cache
// and connections.
func (tab *Tab) Beside() *Tab { return newTab(tab.t, tab.Context) }

func newTab(t testing.TB, parent context.Context, options ...chromedp.ContextOption) *Tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(parent, options...)
	tab := &Tab{Context: ctx, t: t}
	t.Cleanup(func() {
		if t.Failed() {
			for _, line := range tab.Console() {
				t.Log("the page said:", line)
			}
		}
		cancel()
	})
	if err := chromedp.Do(ctx); err != nil {
		t.Fatal(err)
	}
	if err := chromedp.Listen(ctx, tab.hear); err != nil {
		t.Fatal(err)
	}
	if _, err := chromedp.Call(ctx, network.Enable, network.EnableParams{}); err != nil {
		t.Fatal(err)
	}
	tab.Do(chromedp.EmulateViewport(1000, 700))
	return tab
}

func (tab *Tab) hear(event any) {
	tab.mu.Lock()
	defer tab.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		r := Request{Method: e.Request.Method, URL: e.Request.URL, Type: string(e.Type), Header: map[string]string{}}
		for name, value := range e.Request.Headers {
			r.Header[name] = fmt.Sprint(value)
		}
		tab.requests = append(tab.requests, r)
	case *runtime.EventConsoleAPICalled:
		line := string(e.Type) + ":"
		for _, a := range e.Args {
			line += " " + string(a.Value) + a.Description
		}
		tab.said = append(tab.said, line)
	case *runtime.EventExceptionThrown:
		tab.said = append(tab.said, (&chromedp.ExceptionError{ExceptionDetails: e.ExceptionDetails}).Error())
	}
}

// Console returns what the tab's pages wrote to the console, and uncaught
// errors.
func (tab *Tab) Console() []string {
	tab.mu.Lock()
	defer tab.mu.Unlock()
	return slices.Clone(tab.said)
}

// Requests returns those that the tab sent since it was opened or since Forget.
func (tab *Tab) Requests() []Request {
	tab.mu.Lock()
	defer tab.mu.Unlock()
	return slices.Clone(tab.requests)
}

// Forget clears the list of requests.
func (tab *Tab) Forget() {
	tab.mu.Lock()
	defer tab.mu.Unlock()
	tab.requests = nil
}

// Do performs actions of chromedp.
func (tab *Tab) Do(steps ...chromedp.Action[chromedp.Void]) {
	tab.t.Helper()
	ctx, cancel := context.WithTimeout(tab.Context, patience)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		tab.t.Fatal(err)
	}
}

// Open loads a page and waits until loading has finished.
func (tab *Tab) Open(url string) {
	tab.t.Helper()
	// The end of the document before, if it was still loading, can be mistaken
	// for this one's: only another document is without the mark.
	other := Eval[bool](tab, fmt.Sprintf(`(url => !(url.includes("#") && url.split("#")[0] === location.href.split("#")[0]) && (document.left = true))(%q)`, url))
	tab.Do(chromedp.Navigate(url))
	if other {
		tab.Wait(`!document.left && document.readyState === "complete"`)
	}
}

// Click presses the left button on the first element that a CSS selector
// finds, as a visitor would. If the element is replaced before the button is
// pressed, Click finds it again.
func (tab *Tab) Click(selector string) {
	tab.t.Helper()
	ctx, cancel := context.WithTimeout(tab.Context, patience)
	defer cancel()
	for {
		err := chromedp.Do(ctx, chromedp.Click(chromedp.CSS(selector)))
		if err == nil {
			return
		}
		if !strings.Contains(err.Error(), "Could not find node") {
			tab.t.Fatalf("click %s: %v", selector, err)
		}
	}
}

// Hover moves the mouse onto the first element that a CSS selector finds. An
// event made by script is not enough: the browser sends its own for where its
// mouse is.
func (tab *Tab) Hover(selector string) {
	tab.t.Helper()
	at := Eval[[2]float64](tab, fmt.Sprintf(`(({left, top, width, height}) => [left + width / 2, top + height / 2])(document.querySelector(%q).getClientRects()[0])`, selector))
	tab.Do(chromedp.MouseEvent(chromedp.MouseMoved, at[0], at[1]))
}

// Eval evaluates an expression of JavaScript in the page, waits for the result
// if it is a promise, and decodes it.
func Eval[T any](tab *Tab, expression string) T {
	tab.t.Helper()
	ctx, cancel := context.WithTimeout(tab.Context, patience)
	defer cancel()
	value, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		tab.t.Fatalf("%s: %v", expression, err)
	}
	return value
}

// Run executes statements of JavaScript and ignores their value.
func (tab *Tab) Run(statements string) {
	tab.t.Helper()
	Eval[chromedp.Void](tab, statements)
}

// Wait evaluates an expression of JavaScript until it is true, across
// navigations.
func (tab *Tab) Wait(expression string) {
	tab.t.Helper()
	ctx, cancel := context.WithTimeout(tab.Context, patience)
	defer cancel()
	for {
		ok, err := chromedp.Run(ctx, chromedp.Evaluate[bool]("!!("+expression+")"))
		if ok {
			return
		}
		select {
		case <-ctx.Done():
			where, _ := chromedp.Run(tab.Context, chromedp.Evaluate[string]("location.href + '\\n' + document.documentElement.outerHTML.slice(0, 3000)"))
			tab.t.Fatalf("never true: %s (%v)\n%s", expression, err, where)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// WithoutScript disables scripts in the pages of the tab.
func (tab *Tab) WithoutScript() {
	tab.t.Helper()
	if _, err := chromedp.Call(tab.Context, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}); err != nil {
		tab.t.Fatal(err)
	}
}

// Block prevents the tab from loading URLs that match a pattern, written as for
// URLPattern.
func (tab *Tab) Block(pattern string) {
	tab.t.Helper()
	if _, err := chromedp.Call(tab.Context, network.SetBlockedURLs, network.SetBlockedURLsParams{
		URLPatterns: []*network.BlockPattern{{URLPattern: pattern, Block: true}},
	}); err != nil {
		tab.t.Fatal(err)
	}
}

// Focus makes the tab behave as the visible one, whatever other tabs do.
func (tab *Tab) Focus() {
	tab.t.Helper()
	if _, err := chromedp.Call(tab.Context, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true}); err != nil {
		tab.t.Fatal(err)
	}
}

// Before executes statements of JavaScript in every document of the tab before
// its own scripts.
func (tab *Tab) Before(statements string) {
	tab.t.Helper()
	if _, err := chromedp.Call(tab.Context, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: statements}); err != nil {
		tab.t.Fatal(err)
	}
}

// Reuse passes the tab to another test, as if it had just been opened: without
// cookies and history.
func (tab *Tab) Reuse(t testing.TB) {
	t.Helper()
	tab.t = t
	tab.Open("about:blank")
	tab.Run(`window.name = ""`)
	tab.ClearCookies()
	if _, err := chromedp.Call(tab.Context, page.ResetNavigationHistory, cdp.Empty{}); err != nil {
		t.Fatal(err)
	}
	tab.mu.Lock()
	defer tab.mu.Unlock()
	tab.requests, tab.said = nil, nil
}

// ClearCookies removes the cookies of the tab, including those hidden from
// scripts.
func (tab *Tab) ClearCookies() {
	tab.t.Helper()
	if _, err := chromedp.Call(tab.Context, network.ClearBrowserCookies, cdp.Empty{}); err != nil {
		tab.t.Fatal(err)
	}
}

// Prefer sets a media feature, as prefers-reduced-motion.
func (tab *Tab) Prefer(feature, value string) {
	tab.t.Helper()
	if _, err := chromedp.Call(tab.Context, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: feature, Value: value}},
	}); err != nil {
		tab.t.Fatal(err)
	}
}

// Throttle makes the tab's network slow: each answer begins after the latency,
// and its bytes arrive at a rate per second.
func (tab *Tab) Throttle(latency time.Duration, rate int) {
	tab.t.Helper()
	if _, err := chromedp.Call(tab.Context, network.EmulateNetworkConditionsByRule, network.EmulateNetworkConditionsByRuleParams{
		MatchedNetworkConditions: []*network.Conditions{{
			Latency: float64(latency.Milliseconds()), DownloadThroughput: float64(rate), UploadThroughput: float64(rate),
		}},
	}); err != nil {
		tab.t.Fatal(err)
	}
}

// Screenshot writes an image of the tab as a PNG.
func (tab *Tab) Screenshot(file string) {
	tab.t.Helper()
	png, err := chromedp.Run(tab.Context, chromedp.CaptureScreenshot())
	if err == nil {
		err = os.WriteFile(file, png, 0o666)
	}
	if err != nil {
		tab.t.Fatal(err)
	}
}
