// What pages cost: bytes, shifts of the layout, long tasks, by the browser's own account.

package main

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/gorgon-go/gorgon/testbed"
)

var update = flag.Bool("update", false, "write the table of docs/gallery.md again")

const document = "../../docs/gallery.md"

// observe notes what moves and what takes long, from the beginning of the
// document. What moves right after a visitor did something is expected, and a
// parser that pauses within the list of languages, which ends at the right, may
// move that by a thousandth.
const observe = `shifts = []; tasks = [];
where = r => [r.x, r.y, r.width, r.height].join(" ");
new PerformanceObserver(l => { for (const e of l.getEntries()) if (!e.hadRecentInput && e.value > 0.005) shifts.push(e.value + ": " + e.sources.map(s => (s.node?.outerHTML ?? s.node?.data ?? "what is gone").slice(0, 80) + " from " + where(s.previousRect) + " to " + where(s.currentRect)).join("; ")) }).observe({type: "layout-shift", buffered: true});
new PerformanceObserver(l => { for (const e of l.getEntries()) tasks.push(Math.round(e.duration)) }).observe({type: "longtask", buffered: true})`

type cost struct {
	document, all, requests, payload int
}

// weigh loads a page with nothing in any cache, and then goes to it from the
// home page.
func weigh(t *testing.T, at, path string) cost {
	tab := testbed.NewWholeTab(t)
	tab.Open(at + path)
	tab.Run(observe)
	settled := `(!document.querySelector("gorgon-fragment") || document.querySelector("gorgon-fragment #later, gorgon-fragment[data-gorgon-error]")) && Array.from(document.images).every(i => i.complete) && (!window.count || count.title)`
	tab.Wait(settled)
	for _, last := range []string{"/_gorgon/assets/stone.", map[string]string{"/prefetch": "/paths/marble.json"}[path]} {
		tab.Wait(`performance.getEntriesByType("resource").some(e => e.name.includes("` + last + `"))`) // browsers do not wait for these
	}
	frames := `new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done))))`
	tab.Run(frames)
	var w cost
	w.document = testbed.Eval[int](tab, `performance.getEntriesByType("navigation")[0].transferSize`)
	w.all = w.document + testbed.Eval[int](tab, `performance.getEntriesByType("resource").reduce((n, e) => n + e.transferSize, 0)`)
	w.requests = 1 + testbed.Eval[int](tab, `performance.getEntriesByType("resource").length`)
	quiet := func(how string) {
		for _, shift := range testbed.Eval[[]string](tab, `shifts`) {
			t.Errorf("%s, %s: the layout shifts by %s", path, how, shift)
		}
		if tasks := testbed.Eval[[]int](tab, `tasks`); len(tasks) > 0 {
			t.Logf("%s, %s: tasks of %v ms", path, how, tasks)
		}
	}
	quiet("loaded")
	if path == "/" {
		return w
	}
	tab.Open(at + "/")
	tab.Run(observe + `; first = true; performance.clearResourceTimings(); document.querySelector("a[href='` + path + `']").dataset.gorgonPrefetch = "none"`)
	tab.Click("a[href='" + path + "']")
	tab.Wait(`location.pathname === "` + path + `" && document.title !== "The gallery · Gorgon" && ` + settled)
	tab.Run(frames)
	w.payload = testbed.Eval[int](tab, `performance.getEntriesByType("resource").find(e => e.name.includes("/_gorgon/page/"))?.transferSize || 0`)
	if testbed.Eval[bool](tab, `!!window.first`) {
		tab.Run(frames)
		quiet("navigated to")
	}
	return w
}

// The table of docs/gallery.md says what is measured here. Texts of times
// pack a little better or worse, so a few bytes are forgiven.
func TestWeightsAreAsTheDocumentSays(t *testing.T) {
	at := served(t)
	old, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	const begin, end = "<!-- weights -->\n", "<!-- /weights -->"
	before, rest, found := strings.Cut(string(old), begin)
	table, after, ends := strings.Cut(rest, end)
	if !found || !ends {
		t.Fatalf("%s has no table between %s and %s", document, begin, end)
	}
	var b strings.Builder
	b.WriteString("| page | document | with all it needs | requests | navigated to |\n|---|---|---|---|---|\n")
	row := func(path string, w cost) {
		payload := "–"
		if w.payload > 0 {
			payload = strconv.Itoa(w.payload)
		}
		fmt.Fprintf(&b, "| `%s` | %d | %d | %d | %s |\n", path, w.document, w.all, w.requests, payload)
		if *update {
			return
		}
		said := regexp.MustCompile("(?m)^\\| `" + regexp.QuoteMeta(path) + "` \\| (\\d+) \\| (\\d+) \\| (\\d+) \\| (\\S+) \\|$").FindStringSubmatch(table)
		if said == nil {
			t.Errorf("%s is not in the table of %s: run this test with -update", path, document)
			return
		}
		for i, got := range []int{w.document, w.all, w.requests, w.payload} {
			want, _ := strconv.Atoi(said[i+1]) // 0 for a dash
			if near := 40 + want/50; got < want-near || got > want+near || i == 2 && got != want {
				t.Errorf("%s: %s of %s says %d in column %d, and it is %d: run this test with -update", path, said[0], document, want, i+1, got)
			}
		}
	}
	row("/", weigh(t, at, "/"))
	for _, g := range exhibits {
		for _, e := range g.exhibits {
			if e.name != "guarded" { // it says 403 to strangers
				row(e.path, weigh(t, at, e.path))
			}
		}
	}
	if *update {
		if err := os.WriteFile(document, []byte(before+begin+"\n"+b.String()+"\n"+end+after), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
