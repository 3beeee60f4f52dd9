// The laws of the bakery: what is ordered is taken once and together, every
// instance sees it, also what another program has committed, and a chat goes on
// where its last instance has left it.

package main

import (
	"bytes"
	"database/sql"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/gorgon-go/gorgon/database"
	"github.com/gorgon-go/gorgon/database/litedb/litedbtest"
	"github.com/gorgon-go/gorgon/database/pgdb/pgdbtest"
	"github.com/gorgon-go/gorgon/database/roomdb"
	"github.com/gorgon-go/gorgon/describe"
	"github.com/gorgon-go/gorgon/generate"
	"github.com/gorgon-go/gorgon/gorgontest"
	"github.com/gorgon-go/gorgon/mem"
	"github.com/gorgon-go/gorgon/rooms"
)

// on runs a test on each database. open opens one more instance on it.
func on(t *testing.T, test func(t *testing.T, open func(testing.TB) *gorgontest.Site, url string)) {
	for name, new := range map[string]func(testing.TB, database.Options) *database.DB{"sqlite": litedbtest.Open, "postgresql": pgdbtest.Open} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			first := new(t, Data)
			roomdb.In(first)
			if _, err := first.Migrate(t.Context()); err != nil {
				t.Fatal(err)
			}
			options := first.Options()
			store := mem.Open(mem.Options{})
			t.Cleanup(func() { _ = store.Close() })
			test(t, func(t testing.TB) *gorgontest.Site {
				db := database.Open(first.Dialect(), options)
				t.Cleanup(func() { _ = db.Close() })
				return gorgontest.Options{Database: db, Rooms: roomdb.In(db), Store: store}.Open(t, App("", db))
			}, options.URL)
		})
	}
}

// fill orders by the form of the menu.
func fill(t testing.TB, site *gorgontest.Site, name string, counts map[string]string) *gorgontest.Response {
	t.Helper()
	form := url.Values{"name": {name}}
	for id, n := range counts {
		form.Set("counts."+id, n)
	}
	return site.Get("/").Submit("form.order", form)
}

// id is that of the order that a page shows.
func id(r *gorgontest.Response) string { return strings.TrimPrefix(r.URL.Path, "/orders/") }

// left is how much the menu says is left of a product.
func left(site *gorgontest.Site, product string) string {
	return site.Get("/").Text(`li[data-key="` + product + `"] .stock`)
}

func TestOrder(t *testing.T) {
	t.Parallel()
	on(t, func(t *testing.T, open func(testing.TB) *gorgontest.Site, _ string) {
		site := open(t)
		fill(t, site, "Ada", map[string]string{"roll": "2", "tart": "3"}).Want(200, "For Ada", "<b>2</b> Cinnamon roll", "<b>3</b> Plum tart", "The kitchen has it")
		if l, r := left(site, "tart"), left(site, "roll"); l != "sold out" || r != "7 left" {
			t.Errorf("after the order: %q, %q", l, r)
		}
		// All of it, or nothing: the croissants come first, and are put back.
		for _, counts := range []map[string]string{{"croissant": "2", "tart": "1"}, {"croissant": "7"}, {"croissant": "51"}, {}} {
			page := fill(t, site, "Ben", counts).Want(http.StatusUnprocessableEntity, `role="alert"`, `value="Ben"`)
			if n := counts["croissant"]; n != "" && page.Find(`[name="counts.croissant"]`).AttrOr("value", "") != n {
				t.Errorf("what was typed is gone: %s", page)
			}
		}
		site.Post("/orders", url.Values{"name": {"Ben"}, "counts.cake": {"1"}}).Want(http.StatusUnprocessableEntity)
		site.Post("/orders", url.Values{"name": {"Ben"}, "counts.roll": {"-4"}}).Want(http.StatusUnprocessableEntity)
		if l, r := left(site, "croissant"), left(site, "roll"); l != "6 left" || r != "7 left" {
			t.Errorf("what was refused has changed the shelf: %q, %q", l, r)
		}
		if n := site.Get("/board").Find(".card").Length(); n != 1 {
			t.Errorf("the board has %d orders", n)
		}
		site.Get("/orders/none").Want(404)
		if r := site.Join("/orders/none/chat"); r.Status != 404 {
			t.Errorf("the chat of no order: %d", r.Status)
		}
	})
}

// Two visitors cannot both have the last one.
func TestLastOne(t *testing.T) {
	t.Parallel()
	on(t, func(t *testing.T, open func(testing.TB) *gorgontest.Site, _ string) {
		sites := []*gorgontest.Site{open(t), open(t)}
		var group sync.WaitGroup
		var mu sync.Mutex
		got := map[int]int{}
		for n := range 12 {
			group.Go(func() {
				r := sites[n%2].Visitor().Post("/orders", url.Values{"name": {"V" + strconv.Itoa(n)}, "counts.tart": {"1"}, "counts.roll": {"1"}})
				mu.Lock()
				got[r.Status]++
				mu.Unlock()
			})
		}
		group.Wait()
		sites[0].Get("/") // may be as it was before, for a visitor who has ordered nothing
		if l, r := left(sites[0], "tart"), left(sites[0], "roll"); got[200] != 3 || got[422] != 9 || l != "sold out" || r != "6 left" {
			t.Errorf("of 3 tarts: %v, and then %q, %q", got, l, r)
		}
	})
}

// shows waits until the part of a page that is followed has some texts. There may be
// news before that: a page that was stale when it was opened is made again.
func shows(t testing.TB, f *gorgontest.Followed, texts ...string) {
	t.Helper()
	for {
		got := f.Next()
		if got == "" {
			t.Fatalf("the stream has ended before it had %q", texts)
		}
		if !slices.ContainsFunc(texts, func(text string) bool { return !strings.Contains(got, text) }) {
			return
		}
	}
}

// What one instance commits, browsers see that another one serves; and what no
// instance has committed, too.
func TestLive(t *testing.T) {
	t.Parallel()
	on(t, func(t *testing.T, open func(testing.TB) *gorgontest.Site, at string) {
		one, two := open(t), open(t)
		menu, kitchen := two.Get("/").Want(200, "left").Follow(), two.Get("/board").Want(200, "Nothing here").Follow()
		mine := fill(t, one, "Ada", map[string]string{"pretzel": "4"}).Want(200, "For Ada")
		shows(t, menu, `>10</b> left`)
		shows(t, kitchen, "Ada", "<b>4</b> Pretzel")

		// An order is moved on once, however often it is asked for.
		progress := mine.Follow()
		two.Get("/board") // may be as it was before, for a visitor who has changed nothing
		page := two.Get("/board")
		for range 2 {
			page.Submit(".card form", nil).Want(200)
		}
		shows(t, progress, "It is in the oven")
		shows(t, kitchen, "It is ready")
		two.Get("/board")
		if text := two.Get("/board").Text(".card .button"); text != "It is ready" {
			t.Errorf("after two requests, the next step is %q", text)
		}

		driver, source := "sqlite", strings.TrimPrefix(at, "sqlite:")
		if strings.HasPrefix(at, "postgres") {
			driver, source = "pgx", at
		}
		other, err := sql.Open(driver, source)
		if err != nil {
			t.Fatal(err)
		}
		defer other.Close()
		for _, n := range []string{"41", "0"} {
			if _, err := other.ExecContext(t.Context(), "update shelf set pieces = "+n+" where product = 'tart'"); err != nil {
				t.Fatal(err)
			}
			shows(t, menu, map[string]string{"41": ">41</b> left", "0": "sold out"}[n])
			shows(t, kitchen, ">"+n+"</b>")
		}
		page.Submit(`[data-key=tart] form`, nil).Want(200)
		shows(t, menu, ">6</b> left")
	})
}

func TestChat(t *testing.T) {
	t.Parallel()
	on(t, func(t *testing.T, open func(testing.TB) *gorgontest.Site, _ string) {
		var mine *gorgontest.Response
		var at string
		t.Run("first", func(t *testing.T) { // this instance ends
			one := open(t)
			mine = fill(t, one, "Ada", map[string]string{"roll": "1"})
			at = "/orders/" + id(mine) + "/chat"
			ada, cook := one.Join(at), one.Visitor().Join(at)
			if ada.You != (rooms.Member{ID: byGuest, Name: "Ada"}) || cook.You != (rooms.Member{ID: byKitchen, Name: "Kitchen"}) {
				t.Fatalf("they are %v and %v", ada.You, cook.You)
			}
			for count := 0; count != 2; {
				count, _ = ada.Present()
			}
			for _, text := range []string{"", "  ", strings.Repeat("x", 501)} {
				if p := ada.Send(Say{Text: text}); p == nil || p.Status != 422 {
					t.Errorf("%.3q is answered with %v", text, p)
				}
			}
			var heard []Line
			if p := ada.Send(Say{Text: " With sugar, please. ", By: byKitchen}); p != nil || !cook.Outs(&heard) || len(heard) != 1 || heard[0].By != byGuest || heard[0].Text != "With sugar, please." {
				t.Fatalf("%v, and the kitchen hears %v", p, heard)
			}
			// Without scripts.
			one.Visitor().Get("/orders/"+id(mine)).Want(200, "With sugar, please.").WantNot(`class="mine"`).
				Submit(".speak", url.Values{"text": {"Of course."}}).Want(200, "Of course.", `class="mine"`)
			for heard = nil; len(heard) == 0 || heard[len(heard)-1].By != byKitchen; {
				if !ada.Outs(&heard) {
					t.Fatal("the guest does not hear the kitchen")
				}
			}
		})
		two := open(t)
		var talk Talk
		if cook := two.Join(at); !cook.State(&talk) || len(talk.Lines) != 2 || talk.Lines[1].Text != "Of course." {
			t.Fatalf("after its instance has ended, the chat has %v", talk)
		}
		two.Get("/orders/"+id(mine)).Want(200, "With sugar, please.", "Of course.")
	})
}

// A chat has its latest lines alone.
func TestChatIsBounded(t *testing.T) {
	var talk Talk
	room := (&bakery{}).talks()
	for n := range 3 * maxLines {
		if _, err := room.Apply(&talk, rooms.Act[Say]{Op: Say{Text: strconv.Itoa(n)}, By: rooms.Member{ID: byGuest}}); err != nil {
			t.Fatal(err)
		}
	}
	if len(talk.Lines) != maxLines || talk.Lines[maxLines-1].Text != strconv.Itoa(3*maxLines-1) || talk.Lines[0].Text != strconv.Itoa(2*maxLines) {
		t.Errorf("it has %d lines, from %v", len(talk.Lines), talk.Lines[0])
	}
}

// The client of the chat in the page is the one of this app.
func TestClient(t *testing.T) {
	openapi, err := describe.OpenAPI(App("http://localhost:8080", database.Open(dialect(""), Data)))
	if err != nil {
		t.Fatal(err)
	}
	m, err := generate.Read(openapi)
	if err != nil {
		t.Fatal(err)
	}
	const file = "assets/_api.ts"
	if text, err := os.ReadFile(file); err != nil || !bytes.Equal(text, generate.TypeScript(m)) {
		t.Errorf("%s is not that of the app (%v): run 'go run ./cmd/gorgon generate --ts examples/board/%s ./examples/board'", file, err, file)
	}
}
