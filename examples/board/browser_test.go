// The bakery in browsers: a guest and the kitchen, one without scripts, and one on
// a phone.

package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/gorgon-go/gorgon/database/litedb/litedbtest"
	"github.com/gorgon-go/gorgon/gorgontest"
	"github.com/gorgon-go/gorgon/testbed"
)

func TestMain(m *testing.M) {
	code := m.Run()
	testbed.CloseBrowser()
	os.Exit(code)
}

// serve serves the app at a socket until the test ends.
func serve(t *testing.T) (url string) {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	url = "http://" + server.Listener.Addr().String()
	db := litedbtest.Open(t, Data)
	server.Config.Handler = gorgontest.Options{Database: db}.Open(t, App(url, db))
	server.Start()
	t.Cleanup(func() {
		server.CloseClientConnections() // of tabs that are still open
		server.Close()
	})
	return url
}

const ordering = `document.querySelector("[name='counts.roll']").value = "2"; document.querySelector("[name='counts.tart']").value = "1"; document.querySelector("[name=name]").value = "Ada"`

// says types a message into the chat.
func says(tab *testbed.Tab, text string) {
	tab.Wait(`document.querySelector("[data-state=open]")`)
	tab.Run(fmt.Sprintf(`document.querySelector(".speak input").value = %q; document.querySelector(".speak button").click()`, text))
}

func heard(tab *testbed.Tab, class, text string) {
	tab.Wait(fmt.Sprintf(`[...document.querySelectorAll(".lines li%s:not(.waits)")].filter(l => l.querySelector("p")?.textContent === %q).length === 1`, class, text))
}

func TestGuestAndKitchen(t *testing.T) {
	url := serve(t)
	guest, kitchen, looker := testbed.NewTab(t), testbed.NewTab(t), testbed.NewTab(t)
	looker.Open(url + "/")
	looker.Run(`document.querySelector("[name='counts.tart']").value = "3"`)
	kitchen.Open(url + "/board")
	guest.Open(url + "/")
	picture(t, guest, "menu")
	guest.Run(ordering)
	guest.Click(".bar button")
	guest.Wait(`location.pathname.startsWith("/orders/") && document.querySelector("h1").textContent === "For Ada"`)

	// The kitchen sees it, and a visitor who looks at the menu what is left; what
	// that one has typed stays.
	kitchen.Wait(`document.querySelector(".card .who span")?.textContent === "Ada"`)
	looker.Wait(`document.querySelector("[data-key=tart] .stock").textContent === "2 left" && document.querySelector("[name='counts.tart']").value === "3"`)
	kitchen.Click(".card .button")
	guest.Wait(`document.querySelector(".steps .now").textContent.trim() === "In the oven"`)
	kitchen.Wait(`document.querySelectorAll(".columns section")[1].querySelectorAll(".card").length === 1`)

	cook := kitchen.Beside()
	cook.Open(url + testbed.Eval[string](guest, "location.pathname"))
	guest.Wait(`document.querySelector("[data-part=status]").textContent === "You and Kitchen are here"`)
	cook.Wait(`document.querySelector("[data-part=status]").textContent === "You and Ada are here"`)
	says(guest, "Could you cut the tart in half?")
	heard(cook, ":not(.mine)", "Could you cut the tart in half?")
	heard(guest, ".mine", "Could you cut the tart in half?")
	says(cook, "Done. <b>Two halves</b>, one bag.")
	heard(guest, ":not(.mine)", "Done. <b>Two halves</b>, one bag.")
	picture(t, guest, "order")
	picture(t, kitchen, "board")

	// The chat is what it was when the page is loaded again.
	guest.Open(testbed.Eval[string](guest, "location.href"))
	guest.Wait(`document.querySelector("[data-state=open]")`)
	heard(guest, ".mine", "Could you cut the tart in half?")

	looker.Run(`document.querySelector("[name=name]").value = "Ben"`)
	looker.Click(".bar button")
	looker.Wait(`document.querySelector("[role=alert]")?.textContent.includes("Plum tart: only 2 left.")`)
	for _, tab := range []*testbed.Tab{guest, kitchen, cook, looker} {
		for _, line := range tab.Console() {
			if !strings.Contains(line, "422") {
				t.Error("a page said:", line)
			}
		}
	}
}

func TestWithoutScript(t *testing.T) {
	tab := testbed.NewTab(t)
	url := serve(t)
	tab.Open(url + "/")
	tab.Run(ordering)
	tab.WithoutScript()
	tab.Do(chromedp.Submit(`.bar button`))
	tab.Wait(`document.querySelector("h1").textContent === "For Ada"`)
	tab.Do(chromedp.SendKeys(`#text`, "Without sugar"))
	tab.Do(chromedp.Submit(`.speak button`))
	tab.Wait(`document.querySelector(".lines .mine p")?.textContent === "Without sugar" && document.querySelector(".note").getBoundingClientRect().height > 0`)
}

// On a small screen nothing is cut off, and axe finds nothing, in light and dark.
func TestPhone(t *testing.T) {
	url := serve(t)
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	axe, err := os.ReadFile(filepath.Join(cache, "gorgon-testbed", "npm", "node_modules", "axe-core", "axe.min.js"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	tab := testbed.NewTab(t)
	tab.Open(url + "/")
	tab.Run(ordering)
	tab.Click(".bar button")
	tab.Wait(`document.querySelector("[data-state=open]")`)
	says(tab, "Is there still a window seat? I shall come at ten, with a friend and an unreasonably large dog.")
	order := testbed.Eval[string](tab, "location.pathname")
	for _, width := range []int{360, 1000} {
		for _, scheme := range []string{"light", "dark"} {
			tab.Prefer("prefers-color-scheme", scheme)
			for _, path := range []string{"/", order, "/board"} {
				tab.Do(chromedp.EmulateViewport(int64(width), 740))
				tab.Open(url + path)
				where := fmt.Sprintf("%s at %d, %s", strings.TrimSuffix(path, strings.TrimPrefix(order, "/orders/")), width, scheme)
				if over := testbed.Eval[int](tab, `document.documentElement.scrollWidth - innerWidth`); over > 0 {
					t.Errorf("%s: the page is %d pixels too wide", where, over)
				}
				if path == order {
					tab.Wait(`document.querySelector("[data-state=open]")`)
				}
				tab.Wait(`document.getAnimations().length === 0`)
				picture(t, tab, fmt.Sprint(cmp.Or(strings.Trim(path[:min(len(path), 6)], "/"), "menu"), "-", width, "-", scheme))
				if len(axe) == 0 {
					continue
				}
				tab.Run(string(axe))
				if found := testbed.Eval[[]string](tab, `axe.run().then(r => r.violations.flatMap(v => v.nodes.map(n => v.id + ": " + n.html)))`); len(found) > 0 {
					t.Errorf("%s: axe finds %s", where, strings.Join(found, "\n"))
				}
			}
		}
	}
}

// picture writes what a tab shows into the folder that BOARD_PICTURES names.
func picture(t *testing.T, tab *testbed.Tab, name string) {
	t.Helper()
	if dir := os.Getenv("BOARD_PICTURES"); dir != "" {
		tab.Screenshot(filepath.Join(dir, name+".png"))
	}
}
