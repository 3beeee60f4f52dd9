// Live parts in a browser: a purge brings the new HTML, and what the visitor did
// stays.

package e2e_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/gorgontest"
	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/testbed"
)

// A counter is a row that a fragment shows.
type counter struct {
	mu    sync.Mutex
	value int
	made  int
}

func (c *counter) set(value int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.value = value
}

func (c *counter) loads() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.made
}

func (c *counter) load(context.Context, gorgon.Input) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.made++
	return c.value, nil
}

// liveApp has a page with a live fragment, and a live page.
func liveApp(c *counter) gorgon.App {
	stock := gorgon.Fragment[string, int]{
		Name: "stock", Live: true,
		Load: func(ctx context.Context, in gorgon.Input, _ string) (int, error) { return c.load(ctx, in) },
		Tags: func(int) []string { return []string{"stock"} },
		View: func(n int) gorgon.Component {
			text := strconv.Itoa(n)
			list := ""
			for i := range n % 7 {
				list += `<li data-key="k` + strconv.Itoa(i) + `"><input name="i` + strconv.Itoa(i) + `"></li>`
			}
			return gorgon.HTML(`<p id="stock">` + text + ` in stock</p><ul>` + list + `</ul><details id="more"><summary>More</summary>` + text + `</details><form><input id="typed" name="typed" value="` + text + `"><textarea id="text">` + text + `</textarea></form>`)
		},
	}
	return gorgon.App{
		Name: "shop", Navigation: &gorgon.Navigation{},
		Parts: []gorgon.Part{
			stock,
			gorgon.Page[int]{Path: "/", View: func(int) gorgon.Component {
				return gorgon.ComponentFunc(func(ctx context.Context, w io.Writer) error {
					if err := gorgon.HTML(`<h1>Shop</h1><a href="/all">all</a>`).Render(ctx, w); err != nil {
						return err
					}
					return stock.Use("a").Render(ctx, w)
				})
			}},
			gorgon.Page[int]{
				Path: "/all", Live: true, Load: c.load, Tags: func(int) []string { return []string{"stock"} },
				View: func(n int) gorgon.Component {
					return gorgon.HTML(`<h1 id="all">` + strconv.Itoa(n) + ` of all</h1><input id="typed">`)
				},
				Head: func(n int) gorgon.Head { return gorgon.Head{Title: strconv.Itoa(n)} },
			},
		},
	}
}

func TestLiveParts(t *testing.T) {
	defer testbed.CloseBrowser()
	c := &counter{value: 1}
	site := gorgontest.Open(t, liveApp(c))
	var open atomic.Int64 // streams
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			open.Add(1)
			defer open.Add(-1)
		}
		site.ServeHTTP(w, r)
	}))
	t.Cleanup(func() { server.CloseClientConnections(); server.Close() })
	tab := testbed.NewTab(t)
	tab.Open(server.URL + "/")
	tab.Focus()
	change := func(value int) {
		c.set(value)
		site.Purge(pages.Stale, pages.TagSubject("stock"))
	}
	wait := func(script, want string) {
		t.Helper()
		tab.Wait(script + " === " + strconv.Quote(want))
	}
	wait(`document.querySelector("#stock").textContent`, "1 in stock")
	tab.Run(`window.first = document.querySelector("#typed"); first.focus(); first.value = "mine"; first.setSelectionRange(1, 3); document.querySelector("#more").open = true`)
	made := c.loads()
	change(5)
	wait(`document.querySelector("#stock").textContent`, "5 in stock")
	wait(`[first === document.activeElement, first.isConnected, first.value, first.selectionStart, document.querySelector("#more").open, document.querySelector("#text").value, document.querySelectorAll("li").length].join()`, "true,true,mine,1,true,5,5")
	if now := c.loads(); now != made+1 {
		t.Errorf("it was made %d times", now-made)
	}
	tab.Run(`window.third = document.querySelector("[name=i2]"); third.value = "kept"; third.focus()`)
	change(3)
	wait(`[document.querySelectorAll("li").length, third === document.activeElement, third.isConnected, third.value].join()`, "3,true,true,kept")

	tab.Run(`document.querySelector("a").click()`)
	wait(`document.querySelector("#all")?.textContent`, "3 of all")
	tab.Run(`document.querySelector("#typed").value = "typed"`)
	change(6)
	wait(`[document.querySelector("#all")?.textContent, document.title, document.querySelector("#typed").value, !!window.first].join()`, "6 of all,6,typed,true")

	// The connection is cut; then the tab is not seen, and seen again.
	server.CloseClientConnections()
	change(7)
	wait(`document.querySelector("#all").textContent`, "7 of all")
	tab.Run(`window.asked = 0; const before = fetch; window.fetch = (url, ...more) => { window.asked++; return before(url, ...more); }`)
	see := func(seen string) {
		tab.Run(`Object.defineProperty(document, "hidden", {value: !` + seen + `, configurable: true}); document.dispatchEvent(new Event("visibilitychange"))`)
	}
	see("false")
	for open.Load() > 0 { // until the test's time is over
		time.Sleep(time.Millisecond)
	}
	change(8)
	wait(`[document.querySelector("#all").textContent, asked].join()`, "7 of all,0")
	see("true")
	wait(`[document.querySelector("#all").textContent, asked].join()`, "8 of all,1")
	if log := site.Log(); strings.Contains(log, "WARN") || strings.Contains(log, "ERROR") {
		t.Error(log)
	}
}
