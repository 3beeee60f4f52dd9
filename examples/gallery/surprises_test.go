// What goes wrong between browser and server: slow networks, a server that dies, another build.

package main

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/testbed"
)

func TestOnASlowNetwork(t *testing.T) {
	onBoth(t, func(t *testing.T, at string) {
		tab := open(t, at+"/")
		tab.Throttle(400*time.Millisecond, 50_000)
		tab.Run(`document.querySelector("a[href='/phrases']").click()`)
		tab.Wait(`document.documentElement.hasAttribute("data-gorgon-loading") && ` + heading("The gallery")) // the old page, until the new one is there
		// The second click overtakes the first.
		tab.Run(`document.querySelector("a[href='/image']").click()`)
		tab.Wait(heading("Image") + ` && !document.documentElement.hasAttribute("data-gorgon-loading")`)
		check(t, tab, "one page later there is one entry more", `first && location.pathname === "/image" && history.length === 3`)
		tab.Run(`history.back()`)
		tab.Wait(heading("The gallery") + ` && first`)
		tab.Run(`document.addEventListener("gorgon:load", () => shown = !!document.querySelector("gorgon-fragment > a")); document.querySelector("a[href='/deferred']").click()`)
		tab.Wait(heading("Deferred") + ` && document.querySelector("#later")`)
		check(t, tab, "a deferred part delays nothing", `shown && first`)
	})
}

func TestTheServerDiesInMidNavigation(t *testing.T) {
	s := own(t, dist, "one", "")
	tab := open(t, s.URL+"/")
	tab.Prefer("prefers-reduced-motion", "reduce") // a click during a transition is lost
	for _, path := range []string{"/built", "/loading"} {
		tab.Run(`document.querySelector("header a").click()`)
		tab.Wait(heading("The gallery"))
		tab.Run(`document.querySelector("a[href='` + path + `']").click()`)
		tab.Wait(`location.pathname === "` + path + `" && document.title !== "The gallery · Gorgon"`)
	}
	check(t, tab, "what is for the exception is in no page", `!document.querySelector("dialog") && document.querySelectorAll("h1").length === 1`)
	tab.Run(`first = true; slow.click()`)
	tab.Wait(`document.documentElement.hasAttribute("data-gorgon-loading")`)
	addr := strings.TrimPrefix(s.URL, "http://")
	s.kill()
	// The page stays, with the error view over it, rather than what the browser
	// says where a link leads nowhere.
	tab.Wait(`document.querySelector("#gorgon-error")?.open && !document.documentElement.hasAttribute("data-gorgon-loading")`)
	check(t, tab, "the page stays", heading("Loading")+` && first && location.pathname === "/loading" && document.querySelector("#gorgon-error").textContent.length > 10`)
	tab.Click("#gorgon-error button")
	tab.Wait(`!document.querySelector("#gorgon-error")`)
	s = own(t, dist, "one", addr)
	tab.Run(`slow.click()`)
	tab.Wait(`window.there?.isConnected`)
	check(t, tab, "the next click works", `first`)
	tab.Run(`history.back()`)
	tab.Wait(heading("Loading"))

	// What is shown stays, and the way back needs no server.
	tab.Open(s.URL + "/forms")
	tab.Run(`first = true; note.value = "kept"; document.querySelector(".thing a[href='/built']").click()`)
	tab.Wait(heading("Built"))
	s.kill()
	check(t, tab, "what was shown stays", heading("Built")+` && first`)
	tab.Run(`history.back()`)
	tab.Wait(heading("Forms") + ` && note.value === "kept" && first`)
}

// A fragment that cannot be fetched any more costs a visitor that fragment.
func TestTheServerDiesBeforeADeferredFragment(t *testing.T) {
	s := own(t, dist, "one", "")
	tab := open(t, s.URL+"/")
	hover(t, tab, "a[href='/deferred']")
	tab.Run(`document.querySelector("a[href='/deferred']").scrollIntoView()`)
	hover(t, tab, "a[href='/deferred']")
	tab.Wait(`performance.getEntriesByType("resource").some(e => e.name.endsWith("/deferred.json") && e.responseEnd)`)
	s.kill()
	tab.Run(`document.querySelector("a[href='/deferred']").click()`)
	tab.Wait(heading("Deferred") + ` && document.querySelector("gorgon-fragment[data-gorgon-error] > a")`)
	tab.Wait(`!document.querySelector("#popup").hidden && first`)
}

// A visit across two builds ends in the new one, whole.
func TestANewBuildInMidVisitIsLoadedWhole(t *testing.T) {
	next := filepath.Join(t.TempDir(), "dist")
	if out, err := program("two", "build", "--out", next).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	s := own(t, dist, "one", "")
	tab := open(t, s.URL+"/")
	build := `JSON.parse(document.querySelector("meta[name=gorgon]").content).build`
	tab.Run(`sessionStorage.build = ` + build)
	tab.Run(`document.querySelector("a[href='/island']").click()`)
	tab.Wait(`window.count?.title && first`)
	tab.Run(`count.click(); count.click()`)
	s.kill()
	own(t, next, "two", strings.TrimPrefix(s.URL, "http://"))
	tab.Run(`document.querySelector(".thing a[href='/built']").click()`)
	tab.Wait(heading("Built") + ` && !window.first`)
	check(t, tab, "it is the new build", build+` !== sessionStorage.build`)
	tab.Run(`first = 2; history.back()`)
	tab.Wait(`window.count?.textContent === "5"`) // the state of the island outlives the build
	tab.Run(`document.querySelector(".thing a[href='/built']").click()`)
	tab.Wait(heading("Built"))
}

// A payload of another build, or none at all, is never shown.
func TestAnswersThatAreNoPayloadsAreLoadedWhole(t *testing.T) {
	at := served(t)
	for path, title := range map[string]string{"/failures/broken": "Something went wrong here", "/guarded": "Guarded"} {
		tab := open(t, at+"/")
		tab.Run(`e = document.createElement("a"); e.href = "` + path + `"; document.body.append(e); e.click()`)
		tab.Wait(heading(title) + ` && !window.first`)
	}
	if res, _ := get(t, at+"/robots.txt"); res.StatusCode != http.StatusOK {
		t.Errorf("robots.txt: %d", res.StatusCode)
	}
	tab := testbed.NewTab(t)
	tab.Open(at + "/failures/broken")
	check(t, tab, "who fails says by which id the log knows why", `document.querySelector(".id code").textContent.length > 8`)
}

// A guard that sends elsewhere, and a login in front of the site, reach their
// target by a click, by a form and on the way back.
func TestLoginsAreReached(t *testing.T) {
	at := served(t)
	link := func(href string) string {
		return `e = document.createElement("a"); e.href = "` + href + `"; document.body.append(e); e.click()`
	}
	for name, leave := range map[string]string{
		"click":              link("/guarded/room"),
		"form":               `f = document.createElement("form"); f.action = "/guarded/room"; document.body.append(f); f.requestSubmit()`,
		"after resting":      `gorgon.prefetch("/guarded/room").then(() => { ` + link("/guarded/room") + ` })`,
		"session over":       `document.cookie = "gallery_session=over; path=/"; ` + link("/built"),
		"session over, form": `document.cookie = "gallery_session=over; path=/"; f = document.createElement("form"); f.action = "/request"; document.body.append(f); f.requestSubmit()`,
		"session over, back": link("/request") + `; document.addEventListener("gorgon:load", () => { ` + link("/built") + `; document.addEventListener("gorgon:load", () => { document.cookie = "gallery_session=over; path=/"; history.back() }, {once: true}) }, {once: true})`,
	} {
		t.Run(name, func(t *testing.T) {
			tab := open(t, at+"/")
			tab.Prefer("prefers-reduced-motion", "reduce")
			tab.Run(leave)
			tab.Wait(heading("Guarded") + ` && location.pathname === "/guarded" && !window.first`)
			check(t, tab, "nothing says that the server is away", `!document.querySelector("#gorgon-error")`)
		})
	}
	t.Run("back without the key", func(t *testing.T) {
		tab := open(t, at+"/guarded")
		tab.Prefer("prefers-reduced-motion", "reduce")
		tab.Click("form[method=post] button")
		tab.Wait(`document.querySelector(".big")?.textContent === "You are in."`)
		tab.Click("#room")
		tab.Wait(heading("For those with the key"))
		tab.Run(`document.querySelector("header a").click()`)
		tab.Wait(heading("The gallery"))
		tab.Run(`first = true`)
		tab.ClearCookies()
		tab.Run(`history.back()`)
		tab.Wait(`location.pathname === "/guarded" && document.querySelector(".big")?.textContent === "The door is locked."`)
	})
}
