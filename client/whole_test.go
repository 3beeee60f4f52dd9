// Deliberate differences from the browser's own behaviour, and state that only
// this runtime keeps.

package client_test

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/gorgon-go/gorgon/testbed"
)

// A late part makes the page longer above the visitor's position: the position
// is restored again, unless the visitor has scrolled.
func TestPlaceIsSoughtAgainWhenFragmentsCome(t *testing.T) {
	for name, moves := range map[string]bool{"still": false, "moved": true} {
		t.Run(name, func(t *testing.T) {
			pages := two()
			pages["/"] = page{title: "Home", main: `<h1>Home</h1><gorgon-fragment src="/_gorgon/fragment/late">…</gorgon-fragment>` + tall + `<a id="next" href="/b">b</a>`}
			s := newSite(t, pages)
			s.files["/_gorgon/fragment/late"] = `<div id="late" style="height:2000px"></div>`
			var hold atomic.Pointer[chan struct{}]
			s.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if gate := hold.Load(); gate != nil && strings.HasPrefix(r.URL.Path, "/_gorgon/fragment/") {
					<-*gate
				}
				s.ServeHTTP(w, r)
			})
			tab := s.open("/")
			tab.Wait(`window.late`)
			tab.Run(`scrollTo(0, 1000)`)
			tab.Wait(`scrollY === 1000`)
			tab.Run(`next.click()`)
			tab.Wait(atB + ` && scrollY === 0`)
			gate := make(chan struct{})
			hold.Store(&gate)
			tab.Run(`history.back()`)
			tab.Wait(atHome)
			want := `scrollY === 1000`
			if moves {
				tab.Run(`dispatchEvent(new WheelEvent("wheel")); scrollTo(0, 300)`)
				want = `scrollY !== 1000`
			}
			close(gate)
			tab.Wait(`window.late && ` + want)
		})
	}
}

// If the server cannot be reached on going back, the address is that of the
// page that is shown.
func TestAddressAndPageAgreeWithoutAServer(t *testing.T) {
	pages := two()
	b := pages["/b"]
	b.control = "private, no-store"
	pages["/b"] = b
	s := newSite(t, pages)
	s.settings["failed"] = `<p>The server is away.</p>`
	delete(s.settings, "keep")
	tab := s.open("/")
	tab.Click("#next")
	tab.Wait(atB)
	tab.Run(`next.click()`)
	tab.Wait(atHome)
	s.Config.Handler = http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	s.CloseClientConnections()
	tab.Run(`history.back()`)
	tab.Wait(`document.querySelector("#gorgon-error[open]") && location.pathname === "/"`)
	check(t, tab, "the page stays, with the error view over it", atHome+` && first && document.querySelector("#gorgon-error").textContent === "The server is away."`)
	tab.Run(`document.querySelector("#gorgon-error").close()`)
	tab.Wait(`!document.querySelector("dialog")`)
	tab.Run(`next.click()`)
	tab.Wait(`document.querySelector("#gorgon-error[open]")`)
	check(t, tab, "by a click it is the same", atHome+` && location.pathname === "/"`)
}

// Any answer is an answer: a redirect by a proxy is followed.
func TestRedirectsOfProxiesLoadTheirTarget(t *testing.T) {
	s := newSite(t, two())
	s.settings["failed"] = `<p>The server is away.</p>`
	tab := s.open("/")
	s.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/login" {
			http.Redirect(w, r, "/login", http.StatusFound)
			return
		}
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte(`<!doctype html><h1>Login</h1>`))
	})
	tab.Run(`next.click()`)
	tab.Wait(`document.querySelector("h1").textContent === "Login" && location.pathname === "/login"`)
}

// A browser without the Navigation API loads whole pages, and an element with
// the id "navigation" does not count as the API.
func TestWithoutTheNavigationAPIPagesAreLoadedWhole(t *testing.T) {
	pages := two()
	pages["/"] = page{title: "Home", main: `<h1>Home</h1><nav id="navigation"><a id="next" href="/b">b</a></nav>` + island}
	s := newSite(t, pages)
	s.files["/_gorgon/assets/counter.abc.js"] = counter
	tab := testbed.NewTab(t)
	tab.Before(`delete window.navigation; delete window.NavigateEvent`)
	tab.Open(s.URL + "/")
	tab.Wait(`window.count?.textContent === "5"`)
	tab.Run(`first = true; gorgon.prefetch("/b")`)
	tab.Run(`next.click()`)
	tab.Wait(atB + ` && !window.first`)
	for _, path := range s.paths() {
		if strings.HasPrefix(path, "/_gorgon/page/") {
			t.Errorf("it asked for %s", path)
		}
	}
	tab.Wait(`window.gorgon`)
	tab.Run(`gorgon.navigate("/")`)
	tab.Wait(atHome)
}

// A fragment is inserted under a policy of trusted types, and if the policy
// allows none, its fallback stays.
func TestFragmentsUnderTrustedTypes(t *testing.T) {
	for policy, comes := range map[string]bool{
		"require-trusted-types-for 'script'":                       true,
		"require-trusted-types-for 'script'; trusted-types gorgon": true,
		"require-trusted-types-for 'script'; trusted-types 'none'": false,
	} {
		t.Run(policy, func(t *testing.T) {
			s := newSite(t, withIsland(`<gorgon-fragment src="/_gorgon/fragment/a">fallback</gorgon-fragment>`))
			s.files["/_gorgon/fragment/a"] = `<p id="inner">inner</p>`
			s.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Security-Policy", policy)
				s.ServeHTTP(w, r)
			})
			tab := s.open("/")
			if comes {
				tab.Wait(`window.inner`)
			} else {
				tab.Wait(`document.querySelector("gorgon-fragment[data-gorgon-error]")?.textContent === "fallback"`)
			}
			for _, line := range tab.Console() {
				if strings.Contains(line, "Uncaught") {
					t.Error(line)
				}
			}
		})
	}
}

// A click while the prefetch of its page is running and fails is a normal
// click.
func TestClickDuringAFetchThatGivesNothing(t *testing.T) {
	pages := two()
	gate := make(chan struct{})
	b := pages["/b"]
	b.control = "private, no-store"
	pages["/b"] = b
	s := newSite(t, pages)
	s.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Purpose") == "prefetch" && strings.HasSuffix(r.URL.Path, "/b.json") {
			<-gate
			w.WriteHeader(http.StatusNoContent)
			return
		}
		s.ServeHTTP(w, r)
	})
	tab := s.open("/")
	tab.Run(`void gorgon.prefetch("/b"); next.click()`)
	tab.Wait(`document.documentElement.hasAttribute("data-gorgon-loading")`)
	close(gate)
	tab.Wait(atB)
	check(t, tab, "the document stays", `first`)
	tab.Run(`gorgon.navigate("/")`)
	tab.Wait(atHome)
	tab.Run(`gorgon.prefetch("/b")`)
	if n := s.count("/_gorgon/page/b.json prefetch"); n != 0 {
		t.Errorf("it was fetched ahead again: %d", n)
	}
}
