// Navigation by the browser runtime, compared with the browser itself.

package e2e_test

import (
	"context"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"text/tabwriter"
	"time"

	"github.com/chromedp/chromedp"
	"golang.org/x/sync/errgroup"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/gorgontest"
	"github.com/gorgon-go/gorgon/testbed"
)

// A scenario is what a visitor does on a small site: once with the runtime,
// once with its script blocked. What they have in the end must be equal.
type scenario struct {
	name   string
	pages  map[string]leaf   // beside / and /b, or in their place
	static map[string]string // files by path, beside /site.css
	layout string            // in the layout's head
	app    func(*gorgon.App) // changes the site
	also   string            // a page that app adds
	before string            // JavaScript, run in every document before its own scripts
	steps  []step            // begins at /
	extra  map[string]string // what else is compared: expressions of JavaScript by name
	except []string          // what is not compared, since the runtime promises better
	whole  bool              // with the runtime too the last page is a document of its own
	either bool              // that depends on whether the browser still has the document
	kept   bool              // it needs a browser that keeps documents, or files
}

// A leaf is a page of a scenario: its heading is its path without the slash.
type leaf struct {
	main   string
	head   string
	header http.Header
	each   bool // it is made for each request, and says how often it was
	guards []func(http.Handler) http.Handler
}

const tall = `<div class="tall"></div>`

var siteCSS = `body { margin: 0 } .tall { height: 3000px } .some { height: 500px } :target { outline: 1px solid } html { scroll-padding-top: 0 }`

// headingOf is what a page's heading says.
func headingOf(path string) string {
	if path == "/" {
		return "Home"
	}
	return strings.ToUpper(path[1:2]) + path[2:]
}

func page(path string, l leaf) gorgon.Part {
	var made atomic.Int64
	p := gorgon.Page[string]{
		Path: path, Guards: l.guards,
		Head: func(string) gorgon.Head {
			h := gorgon.Head{Title: headingOf(path) + " page"}
			if l.head != "" {
				h.Extra = gorgon.HTML(l.head)
			}
			return h
		},
		View: func(s string) gorgon.Component {
			return gorgon.HTML("<h1>" + headingOf(path) + "</h1>" + strings.ReplaceAll(l.main, "{state}", s))
		},
	}
	if l.header != nil {
		p.Headers = func(string) http.Header { return l.header }
	}
	if l.each {
		p.LoadRequest = func(_ context.Context, _ gorgon.Input, r *http.Request) (string, error) {
			return fmt.Sprint(made.Add(1), " ", r.URL.RawQuery), nil
		}
	}
	return p
}

func layoutOf(head string) func(gorgon.Document) gorgon.Component {
	return func(d gorgon.Document) gorgon.Component {
		return gorgon.ComponentFunc(func(ctx context.Context, w io.Writer) error {
			fmt.Fprint(w, `<!doctype html><html lang="en"><head><meta charset="utf-8">`, head, `<link rel="stylesheet" href="/site.css">`)
			if err := d.Head.Render(ctx, w); err != nil {
				return err
			}
			fmt.Fprint(w, `</head><body><header><a id="home" href="/">home</a> <details id="menu"><summary id="menu-summary">menu</summary><a id="menu-b" href="/b">b</a></details>`+
				`<button id="popper" popovertarget="pop">popover</button><div id="pop" popover><a id="pop-b" href="/b">b</a></div>`+
				`<dialog id="modal"><a id="modal-b" href="/b">b</a></dialog><form id="search" action="/b"><input id="field" name="q"></form></header><main>`)
			if err := d.Main.Render(ctx, w); err != nil {
				return err
			}
			_, err := fmt.Fprint(w, `</main></body></html>`)
			return err
		})
	}
}

// site is the app of a scenario.
func (s scenario) site() gorgon.App {
	files := fstest.MapFS{"site.css": {Data: []byte(siteCSS)}}
	for path, text := range s.static {
		files[path[1:]] = &fstest.MapFile{Data: []byte(text)}
	}
	app := gorgon.App{
		Name: "native", Layout: layoutOf(s.layout), Navigation: &gorgon.Navigation{}, Assets: gorgon.Assets{Static: fs.FS(files)},
		Parts: []gorgon.Part{
			gorgon.Handler{Pattern: "GET /set/{value}", Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				http.SetCookie(w, &http.Cookie{Name: "session", Value: r.PathValue("value"), Path: "/"})
			})},
			gorgon.Handler{Pattern: "POST /ping", Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})},
			gorgon.Handler{Pattern: "GET /nothing", Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })},
			gorgon.Handler{Pattern: "GET /plain", Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "plain text") })},
			gorgon.Handler{Pattern: "POST /echo", Handler: http.HandlerFunc(echo)},
			gorgon.Handler{Pattern: "GET /attached", Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Disposition", "attachment; filename=a.txt")
				fmt.Fprint(w, "x")
			})},
			gorgon.Handler{Pattern: "GET /away", Handler: http.RedirectHandler("/b?from=away", http.StatusFound)},
			gorgon.Handler{Pattern: "POST /posted", Handler: http.RedirectHandler("/b?from=posted", http.StatusSeeOther)},
		},
	}
	pages := map[string]leaf{
		"/":  {main: `<a id="b" href="/b">b</a>` + tall + `<a id="low" href="/b">b</a>`},
		"/b": {main: `<a id="a" href="/">home</a><p id="p">text of b</p>` + tall},
	}
	for path, l := range s.pages {
		pages[path] = l
	}
	for path, l := range pages {
		app.Parts = append(app.Parts, page(path, l))
	}
	if s.app != nil {
		s.app(&app)
	}
	return app
}

func echo(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseMultipartForm(1 << 20); err != nil && err != http.ErrNotMultipart {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	fmt.Fprintf(w, "<!doctype html><title>Echo</title><h1>Echo</h1><p>%s %s", r.Header.Get("Content-Type")[:10], r.PostForm.Encode())
}

// A visit is one run of a scenario.
type visit struct {
	*testbed.Tab
	t       testing.TB
	url     string
	soft    bool // with the runtime
	offline atomic.Bool

	mu        sync.Mutex
	requests  []string       // requests for anything but pages, as "GET /path"
	ahead     int            // requests for what may be wanted
	documents map[string]int // by path
}

// note keeps a request that counts on both sides.
func (v *visit) note(r *http.Request, pages map[string]bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if strings.HasPrefix(r.Header.Get("Purpose"), "prefetch") {
		v.ahead++
	}
	v.documents[r.URL.Path]++
	own := strings.HasPrefix(r.URL.Path, "/_gorgon/") || strings.Contains(r.URL.Path, ".")
	if !own && !(pages[r.URL.Path] && r.Method == http.MethodGet) {
		v.requests = append(v.requests, r.Method+" "+r.URL.RequestURI())
	}
}

func (v *visit) asked(want string) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return slices.ContainsFunc(v.requests, func(r string) bool { return strings.HasPrefix(r, want) })
}

// until asks until something is so.
func (v *visit) until(what string, so func() bool) {
	v.t.Helper()
	for end := time.Now().Add(60 * time.Second); !so(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			v.t.Fatalf("never so: %s; it is %v", what, v.look(nil))
		}
	}
}

// is asks the page for a while, which may just be giving way to another.
func (v *visit) is(expression string) bool {
	ctx, cancel := context.WithTimeout(v.Context, 5*time.Second)
	defer cancel()
	ok, err := chromedp.Run(ctx, chromedp.Evaluate[bool](`(async () => {
		for (let n = 0; n < 30; n++) {
			if (await (`+expression+`)) return true;
			await new Promise(done => setTimeout(done, 10));
		}
		return false;
	})()`, chromedp.EvalAwaitPromise))
	return err == nil && ok
}

// settled: what was asked for is there, and nothing moves from one frame to
// the next.
const settled = `(async () => {
	const at = () => [scrollX, scrollY, location.href, document.title, document.activeElement?.id, document.readyState, document.documentElement.hasAttribute("data-gorgon-loading")].join();
	const frame = () => new Promise(done => requestAnimationFrame(done));
	const before = at();
	await frame(); await frame();
	return before === at() && document.readyState === "complete" && !document.documentElement.hasAttribute("data-gorgon-loading");
})()`

func (v *visit) settle() {
	v.t.Helper()
	v.until("the page settles", func() bool { return v.is(settled) })
}

// look is what a visitor has.
func (v *visit) look(extra map[string]string) map[string]string {
	v.t.Helper()
	more := ""
	for name, expression := range extra {
		more += fmt.Sprintf("%q: String(%s),", name, expression)
	}
	has := testbed.Eval[map[string]string](v.Tab, `(() => {
		const name = e => e && (e.id ? "#" + e.id : e.localName);
		const all = (selector, use) => Array.from(document.querySelectorAll(selector), use).join(" ");
		return {
			url: location.href.slice(location.origin.length), title: document.title, heading: document.querySelector("h1")?.textContent || "",
			focus: name(document.activeElement), scroll: [Math.round(scrollX), Math.round(scrollY)].join(),
			fields: all("input,select,textarea", e => name(e) + "=" + (/checkbox|radio/.test(e.type) ? e.checked : e.value)),
			open: all("details[open],dialog[open],:popover-open", name), target: all(":target", name),
			length: String(history.length), state: JSON.stringify(history.state), selection: String(getSelection()),
			lang: document.documentElement.lang + document.documentElement.dir, classes: document.documentElement.className + "/" + document.body.className,
			text: document.querySelector("main")?.innerText.trim() || document.body.innerText.trim(), ran: window.name, `+more+`
		};
	})()`)
	v.mu.Lock()
	defer v.mu.Unlock()
	has["requests"] = strings.Join(v.requests, ", ")
	return has
}

// run does a scenario once.
func (s scenario) run(t testing.TB, tab *testbed.Tab, site http.Handler, soft bool) (has map[string]string, whole bool) {
	t.Helper()
	v := &visit{t: t, soft: soft, documents: map[string]int{}, Tab: tab}
	pages := map[string]bool{"/": true, "/b": true, s.also: true}
	for path := range s.pages {
		pages[path] = true
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if v.offline.Load() {
			panic(http.ErrAbortHandler)
		}
		v.note(r, pages)
		site.ServeHTTP(w, r)
	}))
	t.Cleanup(func() { server.CloseClientConnections(); server.Close() })
	v.url = server.URL
	if s.before != "" {
		v.Before(s.before)
	}
	v.Open(v.url + "/")
	v.Run(`window.first = true`)
	v.settle()
	for _, step := range s.steps {
		step(v)
		v.settle()
	}
	has = v.look(s.extra)
	for _, name := range s.except {
		delete(has, name)
	}
	for _, line := range v.Console() {
		if soft && strings.Contains(line, "Uncaught") {
			t.Errorf("with the runtime: %s", line)
		}
	}
	return has, !testbed.Eval[bool](v.Tab, `!!window.first`)
}

// tabs are one with the runtime and one whose runtime is blocked.
type tabs [2]*testbed.Tab

func newTabs(t testing.TB, open func(testing.TB) *testbed.Tab) (pair tabs) {
	for i := range pair {
		pair[i] = open(t)
		pair[i].Focus()
		pair[i].Do(chromedp.EmulateViewport(600, 400)) // what is painted costs time
	}
	pair[1].Block("*://*:*/_gorgon/assets/*")
	return pair
}

// A result is what a scenario showed.
type result struct {
	with, without map[string]string
	whole         bool
	failed        []string
}

// A trial takes what goes wrong in a scenario that runs beside others. More of
// them run at once than tests do, since they mostly wait.
type trial struct {
	testing.TB
	mu     sync.Mutex
	failed []string
	ends   []func()
}

func (t *trial) Helper()    {}
func (t *trial) Log(...any) {}

func (t *trial) Cleanup(end func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.ends = append(t.ends, end)
}

func (t *trial) Errorf(format string, args ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.failed = append(t.failed, fmt.Sprintf(format, args...))
}

func (t *trial) Error(args ...any)                 { t.Errorf("%s", fmt.Sprint(args...)) }
func (t *trial) Fatalf(format string, args ...any) { t.Errorf(format, args...); runtime.Goexit() }
func (t *trial) Fatal(args ...any)                 { t.Fatalf("%s", fmt.Sprint(args...)) }

func (t *trial) Failed() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.failed) > 0
}

// A pool has tabs that scenarios use one after the other.
type pool struct {
	open func(testing.TB) *testbed.Tab
	idle chan tabs
}

func newPool(t testing.TB, open func(testing.TB) *testbed.Tab) pool {
	p := pool{open, make(chan tabs, atOnce)}
	p.idle <- newTabs(t, open) // skips the test where there is no browser
	return p
}

// both does a scenario with the runtime and without it, at the same time.
func (s scenario) both(all testing.TB, p pool) (r result) {
	t := &trial{TB: all}
	defer func() {
		for _, end := range slices.Backward(t.ends) {
			end()
		}
		r.failed = t.failed
	}()
	done := make(chan struct{})
	go func() { // Fatal ends this goroutine
		defer close(done)
		var pair tabs
		if s.before != "" {
			pair = newTabs(t, p.open)
		} else {
			select {
			case pair = <-p.idle:
			default:
				pair = newTabs(all, p.open)
			}
			for _, tab := range pair {
				tab.Reuse(t)
			}
		}
		other := make(chan struct{})
		defer func() { <-other }()
		go func() {
			defer close(other)
			r.with, r.whole = s.run(t, pair[0], gorgontest.Open(t, s.site()), true)
		}()
		r.without, _ = s.run(t, pair[1], gorgontest.Open(t, s.site()), false)
		<-other
		if s.before == "" && !t.Failed() {
			p.idle <- pair // what a scenario broke is not used again
		}
	}()
	<-done
	return r
}

// atOnce is how many scenarios run at the same time.
const atOnce = 5

// TestNative prints a table: scenario, what a visitor has with the runtime and
// without, whether the two are equal, and whether the page was exchanged in
// the document that was there, or is a document of its own.
func TestNative(t *testing.T) {
	begin := time.Now()
	defer testbed.CloseBrowser()
	_, wanted, _ := strings.Cut(flag.Lookup("test.run").Value.String(), "/")
	pattern, err := regexp.Compile(wanted)
	if err != nil {
		t.Fatal(err)
	}
	var chosen []scenario
	for _, s := range slices.Concat(scenarios, formScenarios) {
		if pattern.MatchString(strings.ReplaceAll(s.name, " ", "_")) {
			chosen = append(chosen, s)
		}
	}
	results := make([]result, len(chosen))
	var group errgroup.Group
	group.SetLimit(atOnce)
	light, whole := newPool(t, testbed.NewTab), newPool(t, testbed.NewWholeTab)
	for i, s := range chosen {
		tabs := light
		if s.kept {
			tabs = whole
		}
		group.Go(func() error { results[i] = s.both(t, tabs); return nil })
	}
	_ = group.Wait() // what fails is in the results
	var table strings.Builder
	w := tabwriter.NewWriter(&table, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "scenario\twith the runtime\twithout\tequal\tby")
	equal, documents := 0, 0
	for i, s := range chosen {
		r := results[i]
		var differs []string
		for name := range r.without {
			if r.with[name] != r.without[name] {
				differs = append(differs, name)
			}
		}
		slices.Sort(differs)
		t.Run(s.name, func(t *testing.T) {
			for _, line := range r.failed {
				t.Error(line)
			}
			for _, name := range differs {
				t.Errorf("%s: with the runtime %q, without %q", name, r.with[name], r.without[name])
			}
			if r.whole != s.whole && !s.either {
				t.Errorf("with the runtime the last page is a document of its own: %v, want %v", r.whole, s.whole)
			}
		})
		verdict, by := "yes", "exchange"
		if len(differs) > 0 || len(r.failed) > 0 {
			verdict = "no " + strings.Join(differs, ", ")
		} else {
			equal++
		}
		if r.whole {
			documents++
			by = "document"
		}
		short := func(has map[string]string) string {
			return has["url"] + " “" + has["heading"] + "” at " + has["scroll"]
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", s.name, short(r.with), short(r.without), verdict, by)
	}
	if err := w.Flush(); err != nil {
		t.Error(err)
	}
	t.Logf("%d scenarios in %v: %d equal, %d of them by a document of its own\n%s", len(chosen), time.Since(begin).Round(time.Second), equal, documents, table.String())
}
