// Islands, fragments, and their surroundings.

package client_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

const counter = `export default (element, props) => {
	const button = element.querySelector("button");
	let n = props.start;
	element.show = v => { n = v; button.textContent = n };
	button.onclick = () => element.show(n + 1);
	element.show(n);
	return () => { window.ended = (window.ended || 0) + 1 };
};
export const freeze = element => +element.querySelector("button").textContent;
export const thaw = (element, value) => element.show(value);`

const island = `<gorgon-island src="/_gorgon/assets/counter.abc.js" on="load"><button id="count">server</button><script type="application/json">{"start":5,"text":"\u003c/script\u003e"}</script></gorgon-island>`

func withIsland(main string) map[string]page {
	pages := two()
	pages["/"] = page{title: "Home", main: `<h1>Home</h1>` + main + `<a id="next" href="/b">b</a>`}
	return pages
}

func TestIslandRunsEndsAndComesBackAsItWas(t *testing.T) {
	s := newSite(t, withIsland(island))
	s.files["/_gorgon/assets/counter.abc.js"] = counter
	tab := s.open("/")
	tab.Wait(`count.textContent === "5"`)
	tab.Click("#count")
	tab.Click("#count")
	tab.Wait(`count.textContent === "7"`)
	tab.Click("#next")
	tab.Wait(atB + ` && window.ended === 1`)
	tab.Run(`history.back()`)
	tab.Wait(atHome + ` && count.textContent === "7"`)
	tab.Do(chromedp.Reload())
	tab.Wait(`!window.first && window.count?.textContent === "7"`)
	tab.Run(`frozen = gorgon.freeze(); count.click()`)
	tab.Wait(`count.textContent === "8"`)
	check(t, tab, "a frozen state is thawed", `gorgon.thaw(frozen) && count.textContent === "7"`)
}

func TestIslandsLoadWhenTheyAreDue(t *testing.T) {
	for on, due := range map[string]string{
		`on="idle"`:    ``,
		`on="visible"`: `document.querySelector("gorgon-island").scrollIntoView()`,
		`on="media" media="(prefers-reduced-motion: reduce)"`: `media`,
	} {
		t.Run(on, func(t *testing.T) {
			s := newSite(t, withIsland(`<div style="height:4000px"></div>`+strings.Replace(island, `on="load"`, on, 1)))
			s.files["/_gorgon/assets/counter.abc.js"] = counter
			tab := s.open("/")
			if due != "" {
				check(t, tab, "it waits", `count.textContent === "server"`)
				if n := s.count("/_gorgon/assets/counter.abc.js"); n != 0 {
					t.Error("its module was loaded before it was needed")
				}
			}
			if due == "media" {
				tab.Prefer("prefers-reduced-motion", "reduce")
			} else if due != "" {
				tab.Run(due)
			}
			tab.Wait(`count.textContent === "5"`)
		})
	}
}

func TestFailingIslandLeavesWhatTheServerSent(t *testing.T) {
	for name, src := range map[string]string{
		"missing":      "/_gorgon/assets/gone.js",
		"throwing":     "/_gorgon/assets/throws.js",
		"no asset":     "/upload/evil.js",
		"data":         "data:text/javascript,window.evil=1",
		"other origin": "//evil.invalid/_gorgon/assets/x.js",
		"climbing out": "/_gorgon/assets/../../upload/evil.js",
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, withIsland(strings.Replace(island, "/_gorgon/assets/counter.abc.js", src, 1)))
			s.files["/_gorgon/assets/throws.js"] = `export default () => { throw new Error("broken") }`
			s.files["/upload/evil.js"] = `window.evil = 1`
			tab := s.open("/")
			tab.Wait(`document.querySelector("gorgon-island").hasAttribute("data-gorgon-error")`)
			check(t, tab, "the server's content stays", `count.textContent === "server" && !window.evil`)
			tab.Click("#next")
			tab.Wait(atB)
		})
	}
}

func TestDeferredFragmentTakesThePlaceOfItsFallback(t *testing.T) {
	s := newSite(t, withIsland(`<gorgon-fragment src="/_gorgon/fragment/a"><a href="/_gorgon/view/a">fallback</a></gorgon-fragment>`))
	s.files["/_gorgon/fragment/a"] = `<p id="outer">outer</p><gorgon-fragment src="/_gorgon/fragment/b">…</gorgon-fragment>` + island
	s.files["/_gorgon/fragment/b"] = `<p id="inner">inner</p>`
	s.files["/_gorgon/assets/counter.abc.js"] = counter
	tab := s.open("/")
	tab.Wait(`window.inner && outer.textContent === "outer" && count.textContent === "5"`)
	check(t, tab, "the fallback is gone", `!document.body.textContent.includes("fallback") && !document.querySelector("[aria-busy],[data-gorgon-error]")`)
	tab.Click("#next")
	tab.Wait(atB)
	tab.Run(`history.back()`)
	tab.Wait(atHome + ` && window.inner && count.textContent === "5"`)
}

func TestFailingFragmentKeepsItsFallback(t *testing.T) {
	for name, src := range map[string]string{
		"missing":      "/_gorgon/fragment/gone",
		"other origin": "//evil.invalid/_gorgon/fragment/x",
		"no fragment":  "/b",
		"script":       "javascript:document.body.remove()",
		"other type":   "/_gorgon/assets/../fragment/typed",
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, withIsland(`<gorgon-fragment src="`+src+`"><a id="plain" href="/_gorgon/view/a">fallback</a></gorgon-fragment>`))
			tab := s.open("/")
			tab.Wait(`document.querySelector("gorgon-fragment").hasAttribute("data-gorgon-error")`)
			check(t, tab, "the fallback stays", `plain.textContent === "fallback" && !document.querySelector("[aria-busy]")`)
		})
	}
}

// A file server redirects from a folder's path to the same path with a slash. A
// page that a fragment is redirected to is not a fragment.
func TestFragmentFollowsRedirectsToFragmentsAlone(t *testing.T) {
	for to, well := range map[string]bool{"/_gorgon/fragment/a/": true, "/b": false, "http://other.invalid/_gorgon/fragment/a/": false} {
		t.Run(to, func(t *testing.T) {
			s := newSite(t, withIsland(`<gorgon-fragment src="/_gorgon/fragment/a">fallback</gorgon-fragment>`))
			s.files["/_gorgon/fragment/a/"] = `<p id="inner">inner</p>`
			s.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/_gorgon/fragment/a" {
					http.Redirect(w, r, to, http.StatusMovedPermanently)
					return
				}
				s.ServeHTTP(w, r)
			})
			tab := s.open("/")
			if well {
				tab.Wait(`window.inner`)
				return
			}
			tab.Wait(`document.querySelector("gorgon-fragment[data-gorgon-error]")`)
			check(t, tab, "the fallback stays", `document.querySelector("gorgon-fragment").textContent === "fallback"`)
		})
	}
}

// A page that is shown stays: a server that dies costs a visitor the requested
// page, not the current one.
func TestKeptPagesOutliveTheServer(t *testing.T) {
	s := newSite(t, two())
	tab := s.open("/")
	tab.Click("#next")
	tab.Wait(atB)
	s.Config.Handler = http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	s.CloseClientConnections()
	tab.Run(`history.back()`)
	tab.Wait(atHome)
	tab.Run(`gorgon.prefetch("/gone")`)
	check(t, tab, "nothing moved", atHome+` && first`)
}

func TestScriptThatTheFirstPolicyForbidsLoadsThePageWhole(t *testing.T) {
	pages := two()
	pages["/"] = page{title: "Home", head: `<title>Home</title><meta http-equiv="Content-Security-Policy" content="script-src 'self'">`, main: `<h1>Home</h1><a id="next" href="/b">b</a>`}
	pages["/b"] = page{title: "Bee", main: `<h1>Bee</h1><script>window.ran = 1</script>`}
	s := newSite(t, pages)
	tab := s.open("/")
	tab.Click("#next")
	tab.Wait(atB + ` && !window.first && window.ran === 1`)
}

func TestHostileTitlesAndPropsAreText(t *testing.T) {
	pages := two()
	title := "</title><script>window.evil=1</script>\u2028\"'"
	pages["/b"] = page{title: title, main: `<h1>Bee</h1><a id="bad" href="javascript:window.evil=1">x</a>`}
	s := newSite(t, pages)
	tab := s.open("/")
	tab.Click("#next")
	tab.Wait(atB)
	check(t, tab, "it is read, not run", `!window.evil && document.querySelector("[aria-live]").children.length === 0 && document.title.startsWith("</title><script>")`)
}
