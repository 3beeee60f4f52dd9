// Following links and forms.

package client_test

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/gorgon-go/gorgon/testbed"
)

const tall = `<div style="height:3000px"></div>`

func two() map[string]page {
	return map[string]page{
		"/":  {title: "Home", main: `<h1>Home</h1><a id="next" href="/b">b</a>` + tall + `<a id="low" href="/b">b</a>`},
		"/b": {title: "Bee", main: `<h1>Bee</h1><p id="q">{query}</p><a id="next" href="/">home</a><h2 id="deep" style="margin-top:2000px">Deep</h2>` + tall},
	}
}

const (
	atB    = `document.querySelector("h1")?.textContent === "Bee"`
	atHome = `document.querySelector("h1")?.textContent === "Home"`
)

func check(t *testing.T, tab *testbed.Tab, law, expression string) {
	t.Helper()
	if !testbed.Eval[bool](tab, "!!("+expression+")") {
		t.Errorf("%s: not %s", law, expression)
	}
}

func TestLinkSwapsHeadAndMainAndKeepsTheLayoutAlive(t *testing.T) {
	s := newSite(t, two())
	tab := s.open("/")
	tab.Run(`layout.mark = 1; events = []; for (const e of ["navigate", "load", "error"]) document.addEventListener("gorgon:" + e, () => events.push(e + document.documentElement.hasAttribute("data-gorgon-loading")))`)
	tab.Click("#next")
	tab.Wait(atB + ` && events.length === 2`)
	check(t, tab, "the document stays", `first && layout.mark === 1`)
	check(t, tab, "URL, title and language are the page's", `location.pathname === "/b" && document.title === "Bee" && document.documentElement.lang === "en"`)
	check(t, tab, "focus is where a new document has it", `document.activeElement === document.body`)
	check(t, tab, "the route is announced", `document.querySelector("[aria-live]").textContent === "Bee"`)
	check(t, tab, "events report it", `events.join() === "navigatefalse,loadfalse"`)
	check(t, tab, "nothing loads any more", `!document.documentElement.hasAttribute("data-gorgon-loading")`)
	if n := s.count("/b"); n != 0 {
		t.Errorf("the document was asked for %d times", n)
	}
}

func TestLinksThatAskForMoreAreTheBrowsersOwn(t *testing.T) {
	for name, link := range map[string]string{
		"target":    `<a id="go" href="/b" target="other">`,
		"download":  `<a id="go" href="/b" download>`,
		"external":  `<a id="go" href="/b" rel="external">`,
		"reload":    `<p data-gorgon="reload"><a id="go" href="/b">`,
		"elsewhere": `<a id="go" href="http://other.invalid/b">`,
		"script":    `<a id="go" href="javascript:void 0">`,
		"file":      `<a id="go" href="/_gorgon/view/x">`,
		"hash":      `<a id="go" href="#x">`,
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, map[string]page{"/": {title: "Home", main: `<h1>Home</h1>` + link + `go</a>`}})
			tab := s.open("/")
			tab.Run(`addEventListener("click", e => { taken = e.defaultPrevented; e.preventDefault() })`)
			tab.Run(`go.click()`)
			check(t, tab, "the runtime keeps away", `taken === false`)
		})
	}
	s := newSite(t, two())
	tab := s.open("/")
	tab.Run(`addEventListener("click", e => { taken = e.defaultPrevented; e.preventDefault() })`)
	for _, key := range []string{"ctrlKey", "shiftKey", "metaKey", "altKey"} {
		tab.Run(`next.dispatchEvent(new MouseEvent("click", {bubbles: true, cancelable: true, ` + key + `: true}))`)
		check(t, tab, key+" asks for another window", `taken === false`)
	}
}

func TestWithoutScriptLinksAreLinks(t *testing.T) {
	s := newSite(t, two())
	tab := testbed.NewTab(t)
	tab.WithoutScript()
	tab.Open(s.URL + "/")
	tab.Click("#next")
	tab.Wait(atB)
	if s.count("/b") != 1 || s.count("/_gorgon/assets/gorgon.js") != 0 {
		t.Errorf("requests: %v", s.paths())
	}
}

func TestFormsByGetAreNavigations(t *testing.T) {
	pages := two()
	pages["/"] = page{title: "Home", main: `<h1>Home</h1><form action="/b?old=1"><input name="action" value="a b"><textarea name="t">x
y</textarea><button id="go" name="by" value="ü">go</button></form>`}
	s := newSite(t, pages)
	tab := s.open("/")
	tab.Click("#go")
	tab.Wait(atB)
	check(t, tab, "the query is the form's", `first && location.search === "?action=a+b&t=x%0D%0Ay&by=%C3%BC" && q.textContent === location.search.slice(1)`)
}

func TestWayBackIsInstantAndWhereItWas(t *testing.T) {
	s := newSite(t, two())
	tab := s.open("/")
	tab.Run(`scrollTo(0, 1200)`)
	tab.Wait(`scrollY === 1200`)
	tab.Run(`next.click()`)
	tab.Wait(atB + ` && scrollY === 0`)
	tab.Run(`scrollTo(0, 700)`)
	tab.Wait(`scrollY === 700`)
	s.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { panic(http.ErrAbortHandler) })
	tab.Run(`history.back()`)
	tab.Wait(atHome + ` && scrollY === 1200`)
	tab.Run(`history.forward()`)
	tab.Wait(atB + ` && scrollY === 700`)
	check(t, tab, "the server was not needed", `first`)
}

func TestPagesThatMayNotBeStoredAreAskedForAgain(t *testing.T) {
	pages := two()
	b := pages["/b"]
	b.control = "private, no-store"
	pages["/b"] = b
	s := newSite(t, pages)
	tab := s.open("/")
	tab.Click("#next")
	tab.Wait(atB)
	tab.Run(`history.back()`)
	tab.Wait(atHome)
	tab.Run(`history.forward()`)
	tab.Wait(atB)
	if n := s.count("/_gorgon/page/b.json"); n != 2 {
		t.Errorf("asked for %d times", n)
	}
}

func TestReloadKeepsPlaceAndWhatWasTyped(t *testing.T) {
	pages := two()
	pages["/"] = page{title: "Home", main: `<h1>Home</h1><form><input id="text"><input name="box" type="checkbox"><select id="s"><option>1<option>2</select><input id="pass" type="password"><input id="card" autocomplete="cc-number"></form><details id="d"><summary>s</summary>x</details><a id="next" href="/b">b</a><div id="scroller" style="height:50px;overflow:auto">` + tall + `</div>` + tall}
	s := newSite(t, pages)
	tab := s.open("/")
	fill := `text.value = "</script>\u2028"; document.querySelector("[name=box]").checked = true; s.value = "2"; pass.value = "secret"; card.value = "4111"; d.open = true; scroller.scrollTop = 90; scrollTo(0, 800)`
	is := `text.value === "</script>\u2028" && document.querySelector("[name=box]").checked && s.value === "2" && d.open && scroller.scrollTop === 90 && scrollY === 800`
	tab.Run(fill)
	tab.Wait(`scrollY === 800`)
	frozen := testbed.Eval[string](tab, `gorgon.freeze()`)
	for _, bad := range []string{"secret", "4111", "<"} {
		if strings.Contains(frozen, bad) {
			t.Errorf("the frozen state holds %q: %s", bad, frozen)
		}
	}
	tab.Do(chromedp.Reload())
	tab.Wait(`!window.first && window.gorgon && ` + is)
	check(t, tab, "secrets are gone", `pass.value === "" && card.value === ""`)
	tab.Run(`next.click()`)
	tab.Wait(atB)
	tab.Run(`history.back()`)
	tab.Wait(atHome + ` && ` + is)
	check(t, tab, "an invalid state is refused", `gorgon.thaw("{") === false && gorgon.thaw("null") === false && gorgon.thaw('{"fields":5}') === false`)
}

func TestHashesLeadToTheirPlaces(t *testing.T) {
	pages := two()
	pages["/"] = page{title: "Home", main: `<h1>Home</h1><a id="next" href="/b#deep">b</a>`}
	s := newSite(t, pages)
	tab := s.open("/")
	tab.Click("#next")
	tab.Wait(atB + ` && Math.abs(deep.getBoundingClientRect().top) < 2`)
	check(t, tab, "it is the target", `document.querySelector(":target") === deep && location.hash === "#deep"`)
	tab.Run(`location.hash = "#q"`)
	tab.Wait(`scrollY < 900`)
	tab.Run(`history.back()`)
	tab.Wait(`scrollY > 900 && location.hash === "#deep"`)
	check(t, tab, "the document stays", `first`)
}

// A region of the layout is exchanged with the page, including the page that
// came as a document; the rest of the layout stays.
func TestRegionsGoWithTheirPages(t *testing.T) {
	pages := two()
	for path, menu := range map[string]string{"/": `<a aria-current="page" href="/">Home</a>`, "/b": `<a aria-current="page" href="/b">Bee</a>`} {
		p := pages[path]
		p.menu = menu
		pages[path] = p
	}
	s := newSite(t, pages)
	tab := s.open("/")
	current := `Array.from(document.querySelectorAll("header [aria-current]"), e => e.textContent) + ""`
	tab.Run(`kept = layout.firstElementChild`)
	tab.Click("#next")
	tab.Wait(atB)
	check(t, tab, "the region is that of the page", current+` === "Bee" && kept.isConnected && first`)
	tab.Run(`history.back()`)
	tab.Wait(atHome)
	check(t, tab, "so it is on the way back", current+` === "Home" && first`)
	tab.Run(`history.forward()`)
	tab.Wait(atB + ` && ` + current + ` === "Bee"`)
}

// The name of a part may be a property that every object has.
func TestRegionsMayHaveAnyName(t *testing.T) {
	s := newSite(t, two())
	s.region = "constructor"
	tab := s.open("/")
	tab.Click("#next")
	tab.Wait(atB)
	check(t, tab, "the document stays", `first`)
}

// A mark that the parser moved elsewhere is not trusted.
func TestUnbalancedPagesAreLoadedWhole(t *testing.T) {
	pages := two()
	p := pages["/"]
	p.main = `</main>` + p.main
	pages["/"] = p
	s := newSite(t, pages)
	tab := s.open("/")
	tab.Click("#next")
	tab.Wait(atB + ` && !window.first`)
}

func TestSurprisesLoadTheWholePage(t *testing.T) {
	raw := func(kind, body string) func(http.ResponseWriter, *http.Request) {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", kind)
			_, _ = io.WriteString(w, body)
		}
	}
	for name, change := range map[string]func(*page){
		"status":       func(p *page) { p.status = 500 },
		"content type": func(p *page) { p.answer = raw("text/html", `{"build":"one","parts":{"head":"","menu":"","main":"x"}}`) },
		"no JSON":      func(p *page) { p.answer = raw("application/json", `{"build":"one"`) },
		"other build": func(p *page) {
			p.answer = raw("application/json", `{"build":"two","parts":{"head":"","menu":"","main":"x"}}`)
		},
		"other language": func(p *page) {
			p.answer = raw("application/json", `{"build":"one","locale":"de","parts":{"head":"","menu":"","main":"x"}}`)
		},
		"wrong types":  func(p *page) { p.answer = raw("application/json", `{"build":"one","parts":["","",""]}`) },
		"other layout": func(p *page) { p.unmarked = true },
		"null":         func(p *page) { p.answer = raw("application/json", `null`) },
		"redirected": func(p *page) {
			p.answer = func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/", http.StatusFound) }
		},
		"broken off":      func(p *page) { p.answer = func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) } },
		"other origin":    func(p *page) { p.location = "https://evil.invalid/" },
		"no protocol":     func(p *page) { p.location = "//evil.invalid/" },
		"script":          func(p *page) { p.location = "javascript:document.body.remove()" },
		"endless":         func(p *page) { p.location = "/b" },
		"stylesheet gone": func(p *page) { p.head = `<title>Bee</title><link rel="stylesheet" href="/gone.css">` },
		"slow":            func(p *page) { p.answer = func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() } },
	} {
		t.Run(name, func(t *testing.T) {
			pages := two()
			b := pages["/b"]
			change(&b)
			pages["/b"] = b
			s := newSite(t, pages)
			if name == "other language" {
				s.settings["locale"] = "en"
			}
			if name == "slow" {
				s.settings["timeout"] = 50
			}
			tab := s.open("/")
			tab.Click("#next")
			tab.Wait(atB + ` && !window.first`)
			check(t, tab, "it is the page itself", `location.pathname === "/b"`)
		})
	}
}

func TestRedirectsWithinTheSiteAreFollowed(t *testing.T) {
	pages := two()
	pages["/old"] = page{location: "/b?from=old"}
	pages["/"] = page{title: "Home", main: `<h1>Home</h1><a id="next" href="/old#deep">old</a>`}
	s := newSite(t, pages)
	tab := s.open("/")
	tab.Click("#next")
	tab.Wait(atB)
	check(t, tab, "the URL is the new one, and keeps its hash", `first && location.href.endsWith("/b?from=old#deep")`)
}

func TestOvertakenNavigationIsAborted(t *testing.T) {
	pages := two()
	gone := make(chan struct{})
	pages["/slow"] = page{title: "Slow", answer: func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done(); close(gone) }}
	pages["/"] = page{title: "Home", main: `<h1>Home</h1><a id="slow" href="/slow">slow</a><a id="next" href="/b">b</a>`}
	s := newSite(t, pages)
	tab := s.open("/")
	tab.Click("#slow")
	tab.Wait(`document.documentElement.hasAttribute("data-gorgon-loading")`)
	tab.Click("#next")
	tab.Wait(atB)
	select {
	case <-gone:
	case <-time.After(30 * time.Second):
		t.Error("the request of the overtaken navigation goes on")
	}
	check(t, tab, "the second won", `first && location.pathname === "/b" && history.length === 3`)
}

func TestAnotherBuildInMidVisitIsLoadedWhole(t *testing.T) {
	s := newSite(t, two())
	tab := s.open("/")
	s.deploy("two")
	tab.Click("#next")
	tab.Wait(atB + ` && !window.first && layout.textContent.includes("build two")`)
}

func TestPrefetchedPageIsShownWithoutARequest(t *testing.T) {
	s := newSite(t, two())
	s.settings["prefetch"] = "intent"
	delete(s.settings, "keep") // for which the first page would be fetched
	tab := s.open("/")
	tab.Hover("#next")
	tab.Wait(`performance.getEntriesByName(location.origin + "/_gorgon/page/b.json").length`)
	if !slices.Contains(s.paths(), "/_gorgon/page/b.json prefetch") {
		t.Errorf("requests: %v", s.paths())
	}
	before := len(s.paths())
	took := testbed.Eval[float64](tab, `new Promise(done => { const t = performance.now(); document.addEventListener("gorgon:load", () => requestAnimationFrame(() => done(performance.now() - t))); next.click() })`)
	t.Logf("shown %.1f ms after the click", took)
	check(t, tab, "it is the page", atB+` && first`)
	if after := s.paths(); len(after) != before {
		t.Errorf("further requests: %v", after[before:])
	}
}

func TestStalePrefetchIsRefreshedOnceItIsShown(t *testing.T) {
	pages := two()
	b := pages["/b"]
	b.cacheStatus = "gorgon; hit; ttl=-5; detail=stale"
	pages["/b"] = b
	s := newSite(t, pages)
	tab := s.open("/")
	tab.Run(`gorgon.prefetch("/b")`)
	tab.Run(`next.click()`)
	tab.Wait(atB)
	tab.Wait(`performance.getEntriesByName(location.origin + "/_gorgon/page/b.json").length === 2`)
	if s.count("/_gorgon/page/b.json") != 1 || s.count("/_gorgon/page/b.json prefetch") != 1 {
		t.Errorf("requests: %v", s.paths())
	}
}

func TestScriptsOfThePageRunOnceForEachShowing(t *testing.T) {
	pages := two()
	pages["/b"] = page{title: "Bee", main: `<h1>Bee</h1><script>window.runs = (window.runs || 0) + 1</script>`}
	s := newSite(t, pages)
	tab := s.open("/")
	tab.Click("#next")
	tab.Wait(atB)
	check(t, tab, "it ran", `runs === 1`)
}

func TestHeadKeepsWhatIsEqualAndHasStylesBeforeThePage(t *testing.T) {
	pages := two()
	pages["/"] = page{title: "Home", head: `<title>Home</title><link id="both" rel="stylesheet" href="/both.css"><meta name="only" content="home">`, main: `<h1>Home</h1><a id="next" href="/b">b</a>`}
	pages["/b"] = page{title: "Bee", head: `<title>Bee</title><link id="both" rel="stylesheet" href="/both.css"><link rel="stylesheet" href="/b.css">`, main: `<h1>Bee</h1>`}
	s := newSite(t, pages)
	s.files["/both.css"] = "h1 { margin: 1px }"
	s.files["/b.css"] = "h1 { color: rgb(1, 2, 3) }"
	tab := s.open("/")
	tab.Run(`both.mark = 1; new MutationObserver(() => { const h = document.querySelector("h1"); if (h && h.textContent === "Bee") window.color ||= getComputedStyle(h).color }).observe(document.querySelector("main"), {childList: true})`)
	tab.Click("#next")
	tab.Wait(atB + ` && window.color`)
	check(t, tab, "styled when it appears", `color === "rgb(1, 2, 3)"`)
	check(t, tab, "equal elements stay, others go", `both.mark === 1 && !document.querySelector("meta[name=only]") && document.querySelectorAll("link[rel=stylesheet][media]").length === 0 && document.title === "Bee"`)
}

func TestNavigateRefusesWhatIsNotThisSite(t *testing.T) {
	s := newSite(t, two())
	tab := s.open("/")
	for _, url := range []string{"javascript:document.body.remove()", "//evil.invalid/", "https://evil.invalid/", "data:text/html,x"} {
		check(t, tab, url, `window.r === undefined`)
		tab.Run(`gorgon.navigate("` + url + `").then(() => r = "followed", e => r = e.message)`)
		check(t, tab, url+" is refused with the hint", `r.includes("use location.assign")`)
		tab.Run(`delete window.r`)
	}
}

func TestCancelledNavigationStays(t *testing.T) {
	s := newSite(t, two())
	tab := s.open("/")
	tab.Run(`document.addEventListener("gorgon:navigate", e => { e.preventDefault(); where = e.detail.url })`)
	tab.Click("#next")
	tab.Wait(`where.endsWith("/b")`)
	check(t, tab, "nothing moved", atHome+` && location.pathname === "/"`)
}

func TestBasePathIsKept(t *testing.T) {
	pages := map[string]page{
		"/":      {title: "Home", main: `<h1>Home</h1><a id="next" href="/docs/caf%C3%A9/?x=1">b</a>`},
		"/café/": {title: "Bee", main: `<h1>Bee</h1>`},
	}
	s := newSite(t, pages)
	s.settings["base"] = "/docs"
	tab := s.open("/docs/")
	tab.Click("#next")
	tab.Wait(atB)
	if want := "/docs/_gorgon/folder/caf%C3%A9.json?x=1"; s.count(want) != 1 {
		t.Errorf("requests: %v; want %s", s.paths(), want)
	}
	check(t, tab, "the document stays", `first`)
}

func TestSlowNetworkShowsThatItLoads(t *testing.T) {
	s := newSite(t, two())
	tab := s.open("/")
	tab.Throttle(300*time.Millisecond, 20<<10)
	tab.Run(`next.click()`)
	check(t, tab, "loading is marked", `document.documentElement.hasAttribute("data-gorgon-loading") && `+atHome)
	tab.Wait(atB + ` && !document.documentElement.hasAttribute("data-gorgon-loading")`)
}

func TestTransitionsAreShownToThoseWhoWantThem(t *testing.T) {
	for _, want := range []string{"no-preference", "reduce"} {
		t.Run(want, func(t *testing.T) {
			s := newSite(t, two())
			s.settings["transitions"] = true
			tab := s.open("/")
			tab.Prefer("prefers-reduced-motion", want)
			tab.Run(`shown = 0; const start = document.startViewTransition; Document.prototype.startViewTransition = f => { shown++; return start.call(document, f) }`)
			tab.Click("#next")
			tab.Wait(atB + ` && !document.documentElement.hasAttribute("data-gorgon-loading")`)
			check(t, tab, "a transition for those who want motion", `first && shown === `+map[string]string{"no-preference": "1", "reduce": "0"}[want])
		})
	}
}

func TestLinksInViewAreFetchedAheadWhereAsked(t *testing.T) {
	pages := two()
	pages["/"] = page{title: "Home", main: `<h1>Home</h1><a href="/b" data-gorgon-prefetch="view">b</a>`}
	s := newSite(t, pages)
	tab := s.open("/")
	tab.Wait(`performance.getEntriesByName(location.origin + "/_gorgon/page/b.json").length === 1`)
	if s.count("/_gorgon/page/b.json prefetch") != 1 {
		t.Errorf("requests: %v", s.paths())
	}
}

func TestWhoeverSavesDataFetchesNothingAhead(t *testing.T) {
	s := newSite(t, two())
	tab := s.open("/")
	tab.Run(`Object.defineProperty(navigator, "connection", {value: {saveData: true}}); gorgon.prefetch("/b")`)
	check(t, tab, "it asked for nothing", `performance.getEntriesByName(location.origin + "/_gorgon/page/b.json").length === 0`)
}

func TestFirstPageIsKeptOnlyWhereTheServerSaysSo(t *testing.T) {
	s := newSite(t, two())
	delete(s.settings, "keep")
	tab := s.open("/")
	tab.Click("#next")
	tab.Wait(atB)
	tab.Run(`history.back()`)
	tab.Wait(atHome)
	check(t, tab, "the document stays", `first`)
	if n := s.count("/_gorgon/folder.json"); n != 1 {
		t.Errorf("its payload was asked for %d times", n)
	}
}
