// After a sign-in or sign-out a browser shows nothing of the visitor before, by
// any way back.

package e2e_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/evanw/esbuild/pkg/api"
	"golang.org/x/sync/errgroup"

	"github.com/gorgon-go/gorgon/gorgontest"
	"github.com/gorgon-go/gorgon/testbed"
)

// How a member's browser runs the site, and how the member's session ends.
const (
	byRuntime  = "runtime"
	byDocument = "runtime, forms by document"
	noPages    = "runtime of fragments alone"
	noScript   = "scripts blocked"

	signOut = "signs out"
	another = "signs in as another"
	revoked = "is revoked on the server"
)

// A flaw is a rule that is broken on purpose: the runtime is made of changed
// sources, or the site is another.
type flaw struct {
	file, rule, broken string
	site               func(*guild)
	mode, end, walk    string // where it shows
}

// clean is what an expression of JavaScript finds of the first member, in the
// document and in what is stored beside it.
const clean = `(() => {
	const e = document.documentElement;
	const all = [e.outerHTML, document.title, document.body && document.body.innerText, JSON.stringify(Object.entries(sessionStorage)), JSON.stringify(Object.entries(localStorage)), location.href];
	for (const c of document.querySelectorAll("input,textarea")) all.push(c.value);
	return !all.some(text => text && text.includes("canary-user7"));
})()`

// spy reports what a document shows of the first member when the browser shows
// it again: it was emptied when it was left.
const spy = `addEventListener("pageshow", event => {
	if (!event.persisted) return;
	console.log("shown again");
	const look = times => {
		if (document.documentElement.outerHTML.includes("canary-user7")) console.log("painted");
		if (times) requestAnimationFrame(() => look(times - 1));
	};
	look(3);
})`

// A stay is a member's browser on the site.
type stay struct {
	*visit
	guild   *guild
	mode    string
	end     string
	over    bool     // the session has ended
	told    bool     // and this tab's document knows, or is not the one of before
	entries []string // of the history: paths
	at      int
	leaks   *[]string // of all tabs
	broken  bool      // the first leak is enough
}

const clubBase = "/guild"

// open begins a stay: the member has signed in, and is at the home page.
func (c *guild) open(t testing.TB, mode, end string, broken *flaw) *stay {
	t.Helper()
	c.sessions = map[string]string{}
	c.typing = "on"
	switch mode {
	case byRuntime:
		c.place = "form"
	case noScript:
		c.typing = "off" // otherwise Chromium restores what was typed, whatever the page's headers say
	}
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, `<!doctype html><title>Away</title><h1>Away</h1>`)
	}))
	t.Cleanup(other.Close)
	c.other = other.URL + "/"
	var script []byte
	if broken != nil && broken.file != "" {
		script = runtimeWith(t, broken)
	} else if broken != nil {
		broken.site(c)
	}
	site := gorgontest.Options{Base: clubBase}.Open(t, c.app(mode != noPages))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case script != nil && strings.Contains(r.URL.Path, "/_gorgon/assets/gorgon."):
			w.Header().Set("Content-Type", "text/javascript")
			_, _ = w.Write(script)
		case c.forgets:
			recorded := httptest.NewRecorder()
			site.ServeHTTP(recorded, r)
			for name, values := range recorded.Header() {
				w.Header()[name] = values
			}
			w.Header().Set("Cache-Control", "private, max-age=600")
			w.WriteHeader(recorded.Code)
			_, _ = w.Write(recorded.Body.Bytes())
		default:
			site.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(func() { server.CloseClientConnections(); server.Close() })
	s := &stay{visit: &visit{t: t, url: server.URL, documents: map[string]int{}, Tab: testbed.NewWholeTab(t)}, guild: c, mode: mode, end: end, broken: broken != nil, leaks: new([]string)}
	s.Focus()
	if mode == noScript {
		s.WithoutScript()
	} else {
		s.Before(spy)
	}
	s.Open(s.url + clubBase + "/as/user7")
	s.load("/")
	return s
}

// runtimeWith is the browser runtime made of sources with a flaw.
func runtimeWith(t testing.TB, f *flaw) []byte {
	t.Helper()
	root, err := filepath.Abs("../client")
	if err != nil {
		t.Fatal(err)
	}
	changed := false
	result := api.Build(api.BuildOptions{
		EntryPoints: []string{filepath.Join(root, "gorgon.ts")}, Bundle: true, Format: api.FormatESModule, Target: api.ES2022,
		Plugins: []api.Plugin{{Name: "fault", Setup: func(b api.PluginBuild) {
			b.OnLoad(api.OnLoadOptions{Filter: `\.ts$`}, func(args api.OnLoadArgs) (api.OnLoadResult, error) {
				text, err := os.ReadFile(args.Path)
				if filepath.Base(args.Path) == f.file {
					changed = bytes.Contains(text, []byte(f.rule))
					text = bytes.ReplaceAll(text, []byte(f.rule), []byte(f.broken))
				}
				contents := string(text)
				return api.OnLoadResult{Contents: &contents, Loader: api.LoaderTS}, err
			})
		}}},
	})
	if len(result.Errors) > 0 || !changed {
		t.Fatalf("%s has no %q (%v)", f.file, f.rule, result.Errors)
	}
	return result.OutputFiles[0].Contents
}

// heading is what the visitor has to see at a path.
func (s *stay) heading(path string) string {
	heading := map[string]string{"/": "Home", "/account": "Account", "/letter": "Letter", "/more": "More", "/bye": "Bye", "/enter": "Enter", "away": "Away"}[path]
	if (heading == "Account" || heading == "Letter") && s.over && s.end != another {
		return "Enter"
	}
	return heading
}

// still is an expression: the page is loaded, and so is what it fetches.
const still = `document.readyState === "complete" && document.title !== "" && !document.documentElement.hasAttribute("data-gorgon-loading") && !document.querySelector("[aria-busy]") && (!customElements.get("gorgon-fragment") || [...document.querySelectorAll("gorgon-fragment")].every(e => e.querySelector("#hello,#panel") || e.hasAttribute("data-gorgon-error")))`

// land waits for the page of a path. If it has to be clean at once, what is
// seen until then counts.
func (s *stay) land(path, way string, atOnce bool) {
	s.t.Helper()
	want := fmt.Sprintf(`document.querySelector("h1")?.textContent === %q && %s`, s.heading(path), still)
	s.until(way+": "+path+": "+want, func() bool {
		state, err := chromedp.Run(s.Context, chromedp.Evaluate[[2]bool](`[`+want+`, !document.documentElement || `+clean+`]`))
		if err != nil {
			return false // the document was just left
		}
		if s.over && !state[1] && (atOnce || state[0]) {
			text, _ := chromedp.Run(s.Context, chromedp.Evaluate[string](`location.pathname + ": " + document.documentElement.outerHTML + JSON.stringify({...sessionStorage})`))
			s.leak(way, text)
		}
		return state[0]
	})
}

func (s *stay) leak(way, what string) {
	s.t.Helper()
	if slices.Contains(*s.leaks, way) {
		return
	}
	*s.leaks = append(*s.leaks, way)
	if s.broken {
		s.t.Fatalf("it is seen: %s", way)
	}
	s.t.Errorf("%s shows what was the member's: %.3000s", way, what)
}

// locale is the language that the member reads.
const locale = "/de"

func (s *stay) load(path string) {
	s.t.Helper()
	s.Open(s.url + clubBase + locale + path)
	s.land(path, "opening", false)
	s.entries, s.at = []string{path}, 0
}

// follow clicks on a link of the page.
func (s *stay) follow(path string) {
	s.t.Helper()
	s.press("#to-" + strings.TrimPrefix(path, "/"))
	s.land(path, "click", false)
	s.entries, s.at = append(s.entries[:s.at+1], path), s.at+1
}

// move goes to another entry of the history.
func (s *stay) move(way string, by int) {
	s.t.Helper()
	s.at += by
	s.Run(fmt.Sprintf("void history.go(%d)", by))
	s.land(s.entries[s.at], way, s.told)
}

// finish ends the session, in this tab if the browser is told.
func (s *stay) finish() {
	s.t.Helper()
	if s.end == revoked {
		s.guild.revoke()
		s.over, s.told = true, false
		if s.mode == noScript {
			// Without a script only an answer can tell the browser: with the next
			// one the cookie goes, and with it the pages that it kept.
			s.follow("/account")
		}
		return
	}
	s.press(map[string]string{signOut: "#out button", another: "#user8 button"}[s.end])
	s.over, s.told = true, true
	s.land("/bye", "the answer", false)
	s.entries, s.at = append(s.entries[:s.at+1], "/bye"), s.at+1
}

// beside is another tab of the member.
func (s *stay) beside() *stay {
	s.t.Helper()
	b := *s
	b.visit = &visit{t: s.t, url: s.url, documents: map[string]int{}, Tab: s.Beside()}
	b.Focus()
	if s.mode == noScript {
		b.WithoutScript()
	} else {
		b.Before(spy)
	}
	b.load("/more")
	return &b
}

// spied adds what the documents themselves saw, and says whether the browser
// has shown one again.
func (s *stay) spied(way string) (again bool) {
	for _, line := range s.Console() {
		again = again || strings.Contains(line, "shown again")
		if strings.Contains(line, "painted") {
			s.leak(way, line)
		}
	}
	return again
}

// hover rests on a link, which fetches ahead what may be fetched.
func (s *stay) hover(path string) {
	s.t.Helper()
	if s.mode == byRuntime || s.mode == byDocument {
		testbed.Eval[chromedp.Void](s.Tab, fmt.Sprintf(`gorgon.prefetch(%q)`, clubBase+locale+path))
	}
}

// reload loads the page again.
func (s *stay) reload(way string) {
	s.t.Helper()
	s.Run(`window.old = true; location.reload()`)
	s.until("another document", func() bool { return s.is(`!window.old`) })
	s.land(s.entries[s.at], way, true)
}

// leave goes to another site.
func (s *stay) leave() {
	s.t.Helper()
	s.press("#away")
	s.until("the other site", func() bool { return s.is(`document.querySelector("h1")?.textContent === "Away"`) })
	s.entries, s.at = append(s.entries[:s.at+1], "away"), s.at+1
}

// walks are the ways to what was there before.
var walks = []struct {
	name string
	only []string // modes; all if empty
	walk func(*stay)
}{
	{name: "history", walk: func(s *stay) {
		s.follow("/account")
		s.follow("/letter")
		s.Run(`document.querySelector("#text").focus()`)
		s.Do(chromedp.KeyEvent("canary-user7 typed"))
		s.follow("/more")
		s.hover("/account")
		s.hover("/")
		s.finish()
		s.move("Back", -1)
		s.move("Back twice", -1)
		s.move("Back twice", -1)
		s.move("history.go", len(s.entries)-1-s.at)
		s.move("history.go", -s.at)
		s.move("Forward", 1)
		s.move("Forward", 1)
		s.reload("Reload")
		s.follow("/enter")
		s.hover("/account")
		s.press("#to-account")
		s.land("/account", "Link after hovering", true)
	}},
	{name: "over a private page", walk: func(s *stay) {
		s.follow("/letter")
		s.Run(`document.querySelector("#text").focus()`)
		s.Do(chromedp.KeyEvent("canary-user7 typed"))
		s.leave()
		s.elsewhere()
		s.move("Back from another site", -1)
		s.move("Back from another site", -1)
	}},
	{name: "over a public page", walk: func(s *stay) {
		s.follow("/account")
		s.follow("/more")
		s.leave()
		s.elsewhere()
		s.move("Back to a public page", -1)
		s.move("Back to a public page", -1)
	}},
	{name: "over a greeting", only: []string{byRuntime, noPages}, walk: func(s *stay) {
		s.follow("/enter")
		s.leave()
		s.elsewhere()
		s.move("Back to a public page", -1)
	}},
	{name: "tabs", only: []string{byRuntime, noScript}, walk: func(s *stay) {
		b := s.beside()
		b.follow("/account")
		b.follow("/more")
		s.finish()
		b.over, b.told = true, s.mode == byRuntime && s.end != revoked
		b.move("Back in a second tab", -1)
		b.reload("Reload in a second tab")
		c := s.beside()
		c.load("/account")
	}},
}

// elsewhere ends the session while this tab shows another site.
func (s *stay) elsewhere() {
	s.t.Helper()
	b := s.beside()
	b.finish()
	s.over, s.told = true, true // it is left
}

// columns are the ways, as columns of the table.
var columns = []string{"Back", "Back twice", "history.go", "Forward", "Reload", "Link after hovering", "Back from another site", "Back to a public page", "Back in a second tab", "Reload in a second tab"}

// A spell is a mode and an end, with the ways that showed something.
type spell struct {
	mode, end string
	leaks     []string
	again     bool // the browser showed a document again
	failed    []string
}

// stays runs all walks of some spells.
func stays(all *testing.T, spells []*spell, broken *flaw) {
	all.Helper()
	var group errgroup.Group
	group.SetLimit(atOnce)
	var mu sync.Mutex
	for _, spell := range spells {
		for _, w := range walks {
			if len(w.only) > 0 && !slices.Contains(w.only, spell.mode) || broken != nil && broken.walk != w.name {
				continue
			}
			group.Go(func() error {
				t := &trial{TB: all}
				done := make(chan struct{})
				go func() { // Fatal ends this goroutine
					defer close(done)
					s := new(guild).open(t, spell.mode, spell.end, broken)
					defer func() {
						mu.Lock()
						defer mu.Unlock()
						spell.leaks = append(spell.leaks, *s.leaks...)
					}()
					w.walk(s)
					again := s.spied("shown again")
					mu.Lock()
					spell.again = spell.again || again
					mu.Unlock()
				}()
				<-done
				for _, end := range slices.Backward(t.ends) {
					end()
				}
				mu.Lock()
				defer mu.Unlock()
				for _, line := range t.failed {
					spell.failed = append(spell.failed, w.name+": "+line)
				}
				return nil
			})
		}
	}
	_ = group.Wait() // what fails is in the spells
}

// TestAfterSignOut prints a table: how the browser runs the site, how the
// session ends, and by which ways something of the member before was shown.
func TestAfterSignOut(t *testing.T) {
	defer testbed.CloseBrowser()
	begin := time.Now()
	var spells []*spell
	for _, mode := range []string{byRuntime, byDocument, noPages, noScript} {
		for _, end := range []string{signOut, another, revoked} {
			if mode == noPages && end == another {
				continue // that is signing out and in again
			}
			spells = append(spells, &spell{mode: mode, end: end})
		}
	}
	stays(t, spells, nil)
	var table strings.Builder
	w := tabwriter.NewWriter(&table, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "browser\tthe session\t"+strings.Join(columns, "\t"))
	for _, s := range spells {
		fmt.Fprintf(w, "%s\t%s", s.mode, s.end)
		for _, way := range columns {
			verdict := "clean"
			if strings.Contains(way, "second tab") && s.mode != byRuntime && s.mode != noScript {
				verdict = "-"
			}
			if slices.Contains(s.leaks, way) {
				verdict = "SHOWN"
			}
			fmt.Fprint(w, "\t", verdict)
		}
		fmt.Fprintln(w)
		for _, line := range s.failed {
			t.Errorf("%s, the member %s: %s", s.mode, s.end, line)
		}
		if !s.again && s.mode != noScript {
			t.Errorf("%s, the member %s: the browser kept no document, so this tests nothing", s.mode, s.end)
		}
	}
	if err := w.Flush(); err != nil {
		t.Error(err)
	}
	t.Logf("%v\n%s", time.Since(begin).Round(time.Second), table.String())
}

// flaws are rules without which something of the member before is shown.
var flaws = map[string]*flaw{
	"a document is kept as it was left": {
		file: "history.ts", rule: "root.replaceChildren();", mode: byRuntime, end: revoked, walk: "over a private page",
	},
	"fragments are kept as they were left": {
		file: "fragments.ts", rule: `if (type !== "gorgon:load") this.replaceChildren(...this.#fallback);`, mode: byRuntime, end: revoked, walk: "over a greeting",
	},
	"what is typed outlives the document": {
		file: "history.ts", rule: `state[0] !== " "`, broken: "true", mode: byDocument, end: signOut, walk: "history",
	},
	"the server does not say that the visitor changes": {
		site: func(c *guild) { c.silent = true }, mode: byRuntime, end: another, walk: "history",
	},
	"other tabs are not told": {
		file: "submit.ts", rule: "tabs.postMessage(0);", mode: byRuntime, end: signOut, walk: "tabs",
	},
	"fragments of the layout stay": {
		file: "fragments.ts", rule: `"gorgon:load", `, mode: byRuntime, end: revoked, walk: "history",
	},
	"private pages may be stored": {
		site: func(c *guild) { c.forgets = true }, mode: noScript, end: signOut, walk: "history",
	},
}

// TestAfterSignOutFindsFlaws breaks one rule after the other.
func TestAfterSignOutFindsFlaws(t *testing.T) {
	defer testbed.CloseBrowser()
	var group errgroup.Group
	group.SetLimit(atOnce)
	found := map[string]*spell{}
	for name, f := range flaws {
		s := &spell{mode: f.mode, end: f.end}
		found[name] = s
		group.Go(func() error {
			// Whether a browser shows a document again is its own choice.
			for tries := 0; tries < 3 && len(s.leaks) == 0; tries++ {
				stays(t, []*spell{s}, f)
			}
			return nil
		})
	}
	_ = group.Wait()
	for name, s := range found {
		t.Logf("%s (%s, the member %s): shown by %v", name, s.mode, s.end, s.leaks)
		if len(s.leaks) == 0 {
			t.Errorf("%s: nothing was found (%v)", name, s.failed)
		}
	}
}
