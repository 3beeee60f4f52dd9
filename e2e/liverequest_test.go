//go:build unix

// Live parts that each visitor sees differently, in browsers.

package e2e_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/database"
	"github.com/gorgon-go/gorgon/testbed"
)

// cartParts are a page that shows the visitor's own row, and what changes a row.
func cartParts(p *pair) func(*database.DB) []gorgon.Part {
	return func(db *database.DB) []gorgon.Part {
		cart := gorgon.Fragment[string, string]{
			Name: "cart", Live: true,
			LoadRequest: func(ctx context.Context, _ gorgon.Input, _ string, r *http.Request) (string, error) {
				c, err := r.Cookie("visitor")
				if err != nil {
					return "no cart", nil
				}
				id, err := strconv.Atoi(c.Value)
				if err != nil {
					return "", err
				}
				n, err := itemOf(ctx, p, db, id)
				return fmt.Sprintf("%d has %d", id, n), err
			},
			View: func(text string) gorgon.Component {
				return gorgon.HTML(`<p id="cart">` + text + `</p><input id="typed">`)
			},
		}
		return []gorgon.Part{cart,
			gorgon.Page[int64]{
				Path: "/whole", Live: true, AllowRequestTime: true,
				Load: func(ctx context.Context, _ gorgon.Input) (int64, error) { return itemOf(ctx, p, db, 3) },
				View: func(n int64) gorgon.Component {
					return gorgon.ComponentFunc(func(ctx context.Context, w io.Writer) error {
						if _, err := fmt.Fprintf(w, `<p id="all">all have %d</p>`, n); err != nil {
							return err
						}
						return cart.Use("a").Render(ctx, w)
					})
				},
			},
			gorgon.Page[int]{Path: "/", AllowRequestTime: true, View: func(int) gorgon.Component { return cart.Use("a") }},
			gorgon.Handler{Pattern: "POST /set/{id}/{value}", Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				update := "update items set value = $1 where id = $2"
				if p.dialect.Name() == database.SQLite {
					update = "update items set value = ? where id = ?"
				}
				id, _ := strconv.Atoi(r.PathValue("id"))
				value, _ := strconv.Atoi(r.PathValue("value"))
				if _, err := db.SQL().ExecContext(r.Context(), update, value, id); err != nil {
					http.Error(w, "the update failed", http.StatusInternalServerError)
				}
			})},
		}
	}
}

// Two visitors on two instances see their own carts, which requests of others and
// another program change. What is typed stays.
func TestLiveRequests(t *testing.T) {
	defer testbed.CloseBrowser()
	for _, s := range stands {
		t.Run(s.name, func(t *testing.T) {
			p := s.open(t, 4)
			one, two := openFront(t, p, p.url, p.stores(), cartParts(p)), openFront(t, p, p.url, p.stores(), cartParts(p))
			// Another name is another visitor: cookies do not look at ports.
			tabs := map[int]*testbed.Tab{}
			for id, url := range map[int]string{1: one, 2: strings.Replace(two, "127.0.0.1", "localhost", 1)} {
				tab := testbed.NewTab(t)
				tab.Open(url + "/")
				tab.Run(fmt.Sprintf(`document.cookie = "visitor=%d"`, id))
				tab.Open(url + "/")
				tab.Focus()
				tab.Wait(fmt.Sprintf(`document.querySelector("#cart")?.textContent === "%d has 0"`, id))
				tab.Run(`window.first = document.querySelector("#typed"); first.value = "mine";
					window.got = 0; const before = fetch; window.fetch = (url, ...more) => { if (!more[0]?.method) got++; return before(url, ...more); };
					Object.defineProperty(document, "hidden", {value: false, configurable: true}); document.dispatchEvent(new Event("visibilitychange"))`)
				tabs[id] = tab
			}
			shows := func(id, value int) {
				t.Helper()
				tabs[id].Wait(fmt.Sprintf(`document.querySelector("#cart").textContent === "%d has %d"`, id, value))
				tabs[id].Wait(`first.isConnected && first.value === "mine"`)
			}
			set := func(url string, id, value int) {
				t.Helper()
				res, err := http.Post(fmt.Sprintf("%s/set/%d/%d", url, id, value), "", nil)
				if err != nil || res.StatusCode != 200 {
					t.Fatal(err, res)
				}
				res.Body.Close()
			}
			for n := 1; n < 4; n++ {
				set(one, 2, n) // the other one's, on the other instance
				shows(2, n)
				set(two, 1, 10*n)
				shows(1, 10*n)
			}
			p.exec("update items set value = 77 where id = 1") // another program
			shows(1, 77)
			shows(2, 3)
			for _, tab := range tabs {
				tab.Wait(`got > 0 && got <= 8`) // each change is got once, or twice where it came between
			}
			// A page that all share, with the visitor's own part in it.
			tabs[1].Open(one + "/whole")
			tabs[1].Wait(`customElements.get("gorgon-live") && document.querySelector("#all").textContent === "all have 0"`)
			tabs[1].Run(`window.first = document.querySelector("#typed"); first.value = "mine";
				Object.defineProperty(document, "hidden", {value: false, configurable: true}); document.dispatchEvent(new Event("visibilitychange"))`)
			for n := 1; n < 3; n++ {
				set(two, 3, n)
				tabs[1].Wait(fmt.Sprintf(`document.querySelector("#all").textContent === "all have %d"`, n))
				set(two, 1, 100+n)
				shows(1, 100+n)
			}
		})
	}
}
