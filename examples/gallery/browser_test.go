// What pages do in a browser, with scripts and without.

package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"

	"github.com/gorgon-go/gorgon/testbed"
)

func TestLinksChangeThePageAndNotTheDocument(t *testing.T) {
	onBoth(t, func(t *testing.T, at string) {
		tab := open(t, at+"/")
		tab.Run(`header = document.querySelector("header")`)
		tab.Forget()
		tab.Run(`document.querySelector("a[href='/built']").click()`)
		tab.Wait(heading("Built") + ` && document.title === "Built · Gorgon"`)
		check(t, tab, "layout and document stay", `first && header.isConnected`)
		check(t, tab, "the focus is where a document has it", `document.activeElement === document.body`)
		tab.Wait(`document.querySelector("[aria-live]")?.textContent.includes("Built")`)
		if n := len(kinds(tab, "Document")); n != 0 {
			t.Errorf("%d documents were asked for", n)
		}
	})
}

func TestWithoutScriptsEveryLinkWorks(t *testing.T) {
	onBoth(t, func(t *testing.T, at string) {
		tab := testbed.NewTab(t)
		tab.WithoutScript()
		tab.Open(at + "/")
		tab.Click("a[href='/image']")
		tab.Wait(heading("Image"))
		tab.Click("a[hreflang=de]")
		tab.Wait(heading("Bild"))
		for _, r := range tab.Requests() {
			if r.Type == "Script" {
				t.Errorf("%s was run", r.URL)
			}
		}
	})
}

func TestTheWayBackIsInstantAndWhereItWas(t *testing.T) {
	onBoth(t, func(t *testing.T, at string) {
		tab := open(t, at+"/")
		tab.Prefer("prefers-reduced-motion", "reduce")
		tab.Run(`scrollTo(0, 500)`)
		tab.Wait(`scrollY === 500`)
		tab.Run(`document.querySelector("a[href='/phrases']").click()`)
		tab.Wait(heading("Messages") + ` && scrollY === 0`)
		tab.Forget()
		// A popstate and what follows it are one task: no frame is shown in between.
		back := `new Promise(done => { addEventListener("popstate", () => done(requestAnimationFrame(() => at = document.querySelector("h1").textContent + scrollY)), {once: true}); history.back() })`
		tab.Run(back)
		tab.Wait(`window.at === "The gallery500"`)
		tab.Run(`history.forward()`)
		tab.Wait(heading("Messages"))
		check(t, tab, "the document stays", `first`)
		if n := len(kinds(tab, "Document")); n != 0 {
			t.Errorf("%d documents were asked for", n)
		}
	})
}

// hover brings the pointer to an element.
func hover(t *testing.T, tab *testbed.Tab, selector string) {
	t.Helper()
	at := testbed.Eval[[]float64](tab, `(b => [b.x + b.width / 2, b.y + b.height / 2])(document.querySelector("`+selector+`").getBoundingClientRect())`)
	if _, err := chromedp.Call(tab.Context, input.DispatchMouseEvent, input.DispatchMouseEventParams{Type: input.DispatchMouseEventTypeMouseMoved, X: at[0], Y: at[1]}); err != nil {
		t.Fatal(err)
	}
}

func TestPrefetchedPagesAreThereInOneFrameWithoutARequest(t *testing.T) {
	onBoth(t, func(t *testing.T, at string) {
		tab := open(t, at+"/prefetch")
		tab.Prefer("prefers-reduced-motion", "reduce")
		tab.Wait(`performance.getEntriesByType("resource").some(e => e.name.endsWith("/paths/marble.json") && e.responseEnd)`) // in view
		check(t, tab, "that which waits for intent was not fetched", `!performance.getEntriesByType("resource").some(e => /granite|slate/.test(e.name))`)
		hover(t, tab, "#none")
		hover(t, tab, "#intent")
		tab.Wait(`performance.getEntriesByType("resource").some(e => e.name.endsWith("/paths/granite.json") && e.responseEnd)`)
		asked := kinds(tab, "Fetch")
		for _, r := range asked {
			if r.Header["Purpose"] != "prefetch" || strings.Contains(r.URL, "slate") {
				t.Errorf("%s was asked for, with %v", r.URL, r.Header)
			}
		}
		tab.Forget()
		tab.Run(`new Promise(done => { document.querySelector("#intent").click(); requestAnimationFrame(() => done(frame = document.querySelector("#stone")?.textContent)) })`)
		check(t, tab, "it is there in the next frame", `window.frame === "Granite" && first`)
		for _, r := range tab.Requests() {
			if strings.Contains(r.URL, "granite") {
				t.Errorf("the click asked for %s", r.URL)
			}
		}
	})
}

func TestLinksThatAskForAWholeDocumentGetOne(t *testing.T) {
	onBoth(t, func(t *testing.T, at string) {
		tab := open(t, at+"/prefetch")
		tab.Run(`document.querySelector("#reload").click()`)
		tab.Wait(heading("Built") + ` && !window.first`)
		tab.Open(at + "/prefetch")
		tab.Run(`first = true; document.querySelector("#none").click()`)
		tab.Wait(`document.querySelector("#stone")?.textContent === "Slate" && first`)
	})
}

func TestIslandsKeepTheirState(t *testing.T) {
	onBoth(t, func(t *testing.T, at string) {
		tab := open(t, at+"/island")
		tab.Prefer("prefers-reduced-motion", "reduce") // Chromium drops clicks during a transition
		tab.Wait(`count.title`)
		check(t, tab, "props are text, whatever they hold", `count.title === "</script><script>evil()</script>\u2028<!--" && document.querySelectorAll("main script").length === 1`)
		tab.Click("#count")
		tab.Click("#count")
		tab.Wait(`count.textContent === "5"`)
		tab.Run(`document.querySelector(".thing a[href='/built']").click()`)
		tab.Wait(heading("Built"))
		tab.Run(`history.back()`)
		tab.Wait(`window.count?.textContent === "5"`)
		tab.Click("#count")
		tab.Wait(`count.textContent === "6"`)
		tab.Do(chromedp.Reload())
		tab.Wait(`window.count?.textContent === "6" && !window.first`)

		bare := testbed.NewTab(t)
		bare.WithoutScript()
		bare.Open(at + "/island")
		check(t, bare, "without scripts it is what the server sent", `document.querySelector("#count").textContent === "3"`)
	})
}

func TestInlineCodeRunsByItsDigest(t *testing.T) {
	onBoth(t, func(t *testing.T, at string) {
		for _, way := range []string{"/inline", "/"} {
			tab := open(t, at+way)
			if way == "/" {
				tab.Run(`document.querySelector("a[href='/inline']").click()`)
			}
			tab.Wait(`window.sum?.textContent === "2 + 2 = 4" && getComputedStyle(document.querySelector(".stripes")).paddingTop === "16px"`)
		}
	})
	res, body := get(t, served(t)+"/inline")
	policy := res.Header.Get("Content-Security-Policy")
	if strings.Count(policy, "'sha256-") != 2 || strings.Contains(policy, "unsafe") || !strings.Contains(body, "<script>document") {
		t.Errorf("its policy is %s", policy)
	}
	if res, _ := get(t, served(t)+"/built"); strings.Contains(res.Header.Get("Content-Security-Policy"), "sha256") {
		t.Error("the policy of another page allows inline code too")
	}
}

func TestImagesComeInTheWidthOfTheScreen(t *testing.T) {
	onBoth(t, func(t *testing.T, at string) {
		for width, want := range map[int]string{320: "hills-320.", 640: "hills-640.", 900: "hills-1280."} {
			tab := testbed.NewTab(t)
			if _, err := chromedp.Call(tab.Context, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: int64(width), Height: 700, DeviceScaleFactor: 1}); err != nil {
				t.Fatal(err)
			}
			tab.Open(at + "/image")
			tab.Wait(`document.querySelector("main img").complete`)
			check(t, tab, "the right one, with its room", `(i => i.currentSrc.includes("`+want+`") && i.naturalWidth > 0 && i.getAttribute("width") === "1920" && i.getAttribute("height") === "1080" && i.alt)(document.querySelector("main img"))`)
		}
	})
}

func TestFormsKeepWhatWasTyped(t *testing.T) {
	onBoth(t, func(t *testing.T, at string) {
		tab := open(t, at+"/forms")
		tab.Run(`note.value = "</script>\u2028"; polished.checked = true; secret.value = "sesame"; more.open = true`)
		kept := `window.note?.value === "</script>\u2028" && polished.checked && more.open && secret.value === ""`
		tab.Run(`document.querySelector(".thing a[href='/built']").click()`)
		tab.Wait(heading("Built"))
		tab.Run(`history.back()`)
		tab.Wait(kept)
		tab.Do(chromedp.Reload())
		tab.Wait(kept + ` && !window.first`)
	})
}

func TestTransitionsAreViewTransitionsUnlessMotionIsUnwanted(t *testing.T) {
	onBoth(t, func(t *testing.T, at string) {
		for _, motion := range []string{"no-preference", "reduce"} {
			tab := open(t, at+"/transition")
			tab.Prefer("prefers-reduced-motion", motion)
			tab.Run(`n = 0; real = document.startViewTransition; Document.prototype.startViewTransition = function (f) { n++; return real.call(document, f) }`)
			tab.Run(`document.querySelector(".stone").click()`)
			tab.Wait(`document.querySelector(".stone.large") && first`)
			check(t, tab, motion, `n === `+map[string]string{"reduce": "0", "no-preference": "1"}[motion])
		}
	})
}

func TestWhileAPageIsWaitedForABarSaysSo(t *testing.T) {
	tab := open(t, served(t)+"/loading")
	tab.Run(`seen = []; new MutationObserver(() => seen.push(document.documentElement.hasAttribute("data-gorgon-loading"))).observe(document.documentElement, {attributes: true})`)
	tab.Run(`slow.click()`)
	tab.Wait(`getComputedStyle(document.documentElement, "::before").height === "3px" && window.slow?.isConnected`) // over the old page
	tab.Wait(`document.querySelector("#there") && first`)
	check(t, tab, "it goes", `!document.documentElement.hasAttribute("data-gorgon-loading") && seen[0] === true`)
}

func TestLanguages(t *testing.T) {
	onBoth(t, func(t *testing.T, at string) {
		for path, want := range map[string]string{
			"/phrases":    "No stones|1 stone|2 stones|3 stones|11 stones|100 stones|She turned to stone|He turned to stone|They turned to stone|1,234,567.891 grains of sand|It costs €1,299.50|Open from Thursday, March 5, 2026, 3:04 pm",
			"/de/phrases": "Keine Steine|1 Stein|2 Steine|3 Steine|11 Steine|100 Steine|Sie wurde zu Stein|Er wurde zu Stein|Sie wurden zu Stein|1.234.567,891 Sandkörner|Es kostet 1.299,50 €|Geöffnet ab Donnerstag, 5. März 2026, 15:04",
			"/ar/phrases": "لا أحجار|حجر واحد|حجران|٣ أحجار|١١ حجرًا|١٠٠ حجر|تحوّلت إلى حجر|تحوّل إلى حجر|تحوّلوا إلى حجر|١٬٢٣٤٬٥٦٧٫٨٩١ حبة رمل|",
		} {
			tab := testbed.NewTab(t)
			tab.Open(at + path)
			got := strings.ReplaceAll(testbed.Eval[string](tab, `Array.from(document.querySelectorAll("#phrases li"), e => e.textContent).join("|")`), "\u00a0", " ")
			if !strings.HasPrefix(got, want) {
				t.Errorf("%s: got\n%s, want\n%s", path, got, want)
			}
		}
	})
}

func TestAnotherLanguageIsTheSamePage(t *testing.T) {
	onBoth(t, func(t *testing.T, at string) {
		tab := open(t, at+"/")
		tab.Run(`document.querySelector("a[href='/inline']").click()`)
		tab.Wait(heading("Inline code"))
		tab.Run(`document.querySelector("header a").click()`)
		tab.Wait(heading("The gallery"))
		tab.Run(`first = true; header = document.querySelector("header"); document.querySelector("a[href='/image']").click()`)
		tab.Wait(heading("Image") + ` && first`)
		check(t, tab, "the layout stays, and its links lead to this page", `header.isConnected && header.querySelector("a[hreflang=ar]").pathname.startsWith("/ar/image")`)
		tab.Run(`history.back()`)
		tab.Wait(heading("The gallery") + ` && first`)
		check(t, tab, "so they do on the way back", `!header.querySelector("a[hreflang=ar]").pathname.includes("image")`)
		tab.Run(`history.forward()`)
		tab.Wait(heading("Image") + ` && first`)
		tab.Run(`document.querySelector("nav.languages a[hreflang=ar]").click()`)
		tab.Wait(heading("صورة") + ` && document.documentElement.lang === "ar" && document.documentElement.dir === "rtl" && !window.first`)
		tab.Run(`document.querySelector("header a").click()`)
		tab.Wait(heading("معرض غورغون"))
		check(t, tab, "links stay in the language", `location.pathname.replace(/\/$/, "") === "/ar"`)
	})
}

func TestTheServerRemembersTheLanguage(t *testing.T) {
	at := served(t)
	for _, scripts := range []bool{true, false} {
		tab := testbed.NewTab(t)
		if !scripts {
			tab.WithoutScript()
		}
		tab.Open(at + "/switching")
		tab.Click("#remember a[hreflang=de]")
		tab.Wait(heading("Wechseln"))
		tab.Open("about:blank")
		tab.Open(at + "/") // as one who comes from elsewhere
		tab.Wait(heading("Die Galerie"))
	}
}

// Below a path of another site everything is as it is at the root.
func TestBelowAPath(t *testing.T) {
	below := filepath.Join(t.TempDir(), "dist")
	if out, err := program("one", "build", "--base", "/docs/", "--out", below).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	at := own(t, below, "one", "", "--base", "/docs/").URL + "/docs"
	tab := open(t, at+"/")
	tab.Prefer("prefers-reduced-motion", "reduce") // Chromium drops clicks during a transition
	tab.Run(`document.querySelector("a[href='/docs/deferred']").click()`)
	tab.Wait(`document.querySelector("gorgon-fragment #later") && first && location.pathname === "/docs/deferred"`)
	tab.Run(`document.querySelector("header a").click()`)
	tab.Wait(heading("The gallery"))
	tab.Run(`document.querySelector("a[href='/docs/island']").click()`)
	tab.Wait(`window.count?.title && first`)
	tab.Click("nav.languages a[hreflang=de]")
	tab.Wait(heading("Insel") + ` && location.pathname === "/docs/de/island"`)
	tab.Open(at + "/de/guarded")
	tab.Click("form button")
	tab.Wait(`document.querySelector(".big")?.textContent === "Sie sind drin." && location.pathname === "/docs/de/guarded"`)
	tab.Open(at + "/answers")
	tab.Run(`first = true; moved.click()`)
	tab.Wait(heading("Built") + ` && first && location.pathname === "/docs/built"`)
}
