//go:build unix

// An order, and then another program: what open browsers show.

package e2e_test

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync"
	"testing"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/database"
	"github.com/gorgon-go/gorgon/testbed"
)

// A ledger says which instance has rendered the stock, and what it was.
type ledger struct {
	mu    sync.Mutex
	lines []string
}

func (l *ledger) note(instance string, n int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, fmt.Sprintf("%s renders %d", instance, n))
}

// count is how often an instance has rendered a stock.
func (l *ledger) count(n int64) (times int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, line := range l.lines {
		var by string
		var got int64
		if _, err := fmt.Sscanf(line, "%s renders %d", &by, &got); err == nil && got == n {
			times++
		}
	}
	return times
}

// stockParts are a page that shows a stock, and an endpoint that orders one.
func stockParts(p *pair, instance string, seen *ledger) func(*database.DB) []gorgon.Part {
	return func(db *database.DB) []gorgon.Part {
		stock := gorgon.Fragment[int, int64]{
			Name: "stock", Live: true,
			Load: func(ctx context.Context, _ gorgon.Input, id int) (int64, error) {
				n, err := itemOf(ctx, p, db, id)
				if err == nil {
					seen.note(instance, n)
				}
				return n, err
			},
			View: func(n int64) gorgon.Component {
				return gorgon.HTML(`<output id="stock">` + strconv.FormatInt(n, 10) + `</output>`)
			},
		}
		return []gorgon.Part{stock,
			gorgon.Page[int]{Path: "/", View: func(int) gorgon.Component {
				return gorgon.ComponentFunc(func(ctx context.Context, w io.Writer) error { return stock.Use(1).Render(ctx, w) })
			}},
			gorgon.Handler{Pattern: "POST /order", Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				err := db.Tx(r.Context(), nil, func(tx *sql.Tx) error {
					_, err := tx.ExecContext(r.Context(), "update items set value = value - 1 where id = 1")
					return err
				})
				if err != nil {
					http.Error(w, "the order failed", http.StatusInternalServerError)
				}
			})},
		}
	}
}

// TestLiveOrder has two browsers on two instances. An order at one of them changes
// what both show, and so does an update by a program that knows nothing of Gorgon.
// The log says who rendered.
func TestLiveOrder(t *testing.T) {
	defer testbed.CloseBrowser()
	for _, s := range stands {
		t.Run(s.name, func(t *testing.T) {
			p := s.open(t, 4)
			p.exec("update items set value = 8 where id = 1")
			seen := new(ledger)
			one, two := openFront(t, p, p.url, p.stores(), stockParts(p, "one", seen)), openFront(t, p, p.url, p.stores(), stockParts(p, "two", seen))
			var tabs []*testbed.Tab
			for _, url := range []string{one, two} {
				tab := testbed.NewTab(t)
				tab.Open(url + "/")
				tab.Wait(`customElements.get("gorgon-live") && document.querySelector("#stock")?.textContent === "8"`)
				tab.Run(`Object.defineProperty(document, "hidden", {value: false, configurable: true}); document.dispatchEvent(new Event("visibilitychange"))`)
				tabs = append(tabs, tab)
			}
			show := func(n int64) {
				t.Helper()
				for _, tab := range tabs {
					tab.Wait(fmt.Sprintf(`document.querySelector("#stock").textContent === "%d"`, n))
				}
				if times := seen.count(n); times < 1 || times > 3 {
					t.Errorf("%d was rendered %d times by two instances for two browsers", n, times)
				}
			}
			res, err := http.Post(one+"/order", "", nil)
			if err != nil || res.StatusCode != http.StatusOK {
				t.Fatal(err, res)
			}
			_ = res.Body.Close()
			show(7)
			p.exec("update items set value = 3 where id = 1")
			show(3)
			seen.mu.Lock()
			defer seen.mu.Unlock()
			for _, line := range seen.lines {
				t.Log(line)
			}
		})
	}
}
