//go:build unix

// Commits that reach open pages, on every instance, by any program.

package e2e_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"log/slog"
	"net/http"
	"path"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon"
	httpanswer "github.com/gorgon-go/gorgon/answer"
	"github.com/gorgon-go/gorgon/cache"
	runtime "github.com/gorgon-go/gorgon/client"
	"github.com/gorgon-go/gorgon/compress"
	"github.com/gorgon-go/gorgon/database"
	"github.com/gorgon-go/gorgon/listen"
	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/render"
	"github.com/gorgon-go/gorgon/serve"
	"github.com/gorgon-go/gorgon/viewctx"
	"github.com/gorgon-go/gorgon/wire"
)

// A shopfront is an instance whose page shows a row by a live fragment.
type shopfront struct {
	url   string
	loads atomic.Int64
}

func openShopfront(t *testing.T, p *pair, url string, store pages.Store) *shopfront {
	t.Helper()
	f := new(shopfront)
	f.url = openFront(t, p, url, store, func(db *database.DB) []gorgon.Part {
		stock := gorgon.Fragment[int, int64]{
			Name: "stock", Live: true,
			Load: func(ctx context.Context, _ gorgon.Input, id int) (int64, error) {
				f.loads.Add(1)
				return itemOf(ctx, p, db, id)
			},
			View: func(n int64) gorgon.Component { return gorgon.HTML(strconv.FormatInt(n, 10)) },
		}
		return []gorgon.Part{stock, gorgon.Page[int]{Path: "/", View: func(int) gorgon.Component {
			return gorgon.ComponentFunc(func(ctx context.Context, w io.Writer) error { return stock.Use(1).Render(ctx, w) })
		}}}
	})
	return f
}

// itemOf reads a row.
func itemOf(ctx context.Context, p *pair, db *database.DB, id int) (n int64, err error) {
	query := "select value from items where id = $1"
	if p.dialect.Name() == database.SQLite {
		query = "select value from items where id = ?"
	}
	return n, db.SQL().QueryRowContext(ctx, query, id).Scan(&n)
}

// openFront starts an instance of an app over the database, and returns its URL.
func openFront(t *testing.T, p *pair, url string, store pages.Store, parts func(*database.DB) []gorgon.Part) string {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	db := database.Open(p.dialect, database.Options{URL: url, Tables: []database.Table{{Name: "items"}}, Slow: -1})
	db.Use(log, true)
	app := gorgon.App{Name: "front", Parts: parts(db)}
	files := map[string][]byte{}
	site := viewctx.Site{Assets: viewctx.Assets{Paths: map[string]string{}}}
	for name, script := range map[string][]byte{wire.Runtime: runtime.Runtime, wire.LiveRuntime: runtime.Live} {
		site.Assets.Paths[name] = wire.Assets + path.Base(name)
		files[site.Assets.Paths[name]] = script
	}
	renderer := &render.Renderer{App: app, Build: "b1", Effort: compress.None, Site: site}
	kept, err := cache.New(cache.Config{Renderer: renderer, Store: store, Feed: db.Feed, NoSweep: true, Prepare: httpanswer.Prepare, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		kept.Close()
		db.Close()
	})
	handler, err := serve.New(serve.Config{App: app, Renderer: renderer, Cache: kept, Commits: true, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	server := &listen.Server{Addr: "127.0.0.1:0", Log: log, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if script, ok := files[r.URL.Path]; ok {
			w.Header().Set("Content-Type", "text/javascript")
			_, _ = w.Write(script)
			return
		}
		handler.ServeHTTP(w, r)
	})}
	address, err := server.Listen(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- server.Run(ctx) }()
	t.Cleanup(func() { stop(); <-ended })
	return "http://" + address.String()
}

var livePart = regexp.MustCompile(`<gorgon-live src="([^"]*)" data-version="([^"]*)">(\d+)<`)

// follow opens the page and its stream, and sends what is shown.
func (f *shopfront) follow(t *testing.T, shows chan<- string) {
	t.Helper()
	res, err := http.Get(f.url + "/")
	if err != nil {
		t.Fatal(err)
	}
	page, err := io.ReadAll(res.Body)
	res.Body.Close()
	m := livePart.FindStringSubmatch(string(page))
	if err != nil || m == nil {
		t.Fatalf("%v: %s", err, page)
	}
	body, _ := json.Marshal(map[string]any{"parts": [][2]string{{html.UnescapeString(m[1]), m[2]}}})
	r, _ := http.NewRequestWithContext(t.Context(), "POST", f.url+"/_gorgon/live/", strings.NewReader(string(body)))
	if res, err = http.DefaultClient.Do(r); err != nil || res.StatusCode != 200 {
		t.Fatal(err, res)
	}
	lines := bufio.NewScanner(res.Body)
	lines.Scan() // the stream is open
	t.Cleanup(func() { res.Body.Close() })
	go func() {
		for lines.Scan() {
			var news struct{ HTML string }
			if text, ok := strings.CutPrefix(lines.Text(), "data: "); ok && json.Unmarshal([]byte(text), &news) == nil {
				shows <- news.HTML
			}
		}
	}()
}

// TestLiveCommits changes a row, by a program that knows nothing of Gorgon: every
// open page of two instances shows it, in order and once, and each instance has
// made it once.
func TestLiveCommits(t *testing.T) {
	const changes, browsers = 5, 20
	for _, s := range stands {
		t.Run(s.name, func(t *testing.T) {
			p := s.open(t, 4)
			var fronts []*shopfront
			var shows []chan string
			for range 2 {
				front := openShopfront(t, p, p.url, p.stores())
				fronts = append(fronts, front)
				for range browsers {
					shown := make(chan string, 10*changes)
					shows = append(shows, shown)
					front.follow(t, shown)
				}
			}
			before := fronts[0].loads.Load() + fronts[1].loads.Load()
			var took []time.Duration
			for n := 1; n <= changes; n++ {
				began := time.Now()
				p.exec(fmt.Sprintf("update items set value = %d where id = 1", n))
				for _, shown := range shows {
					select {
					case got := <-shown:
						if got != strconv.Itoa(n) {
							t.Fatalf("change %d: a browser shows %s", n, got)
						}
					case <-time.After(20 * time.Second):
						t.Fatalf("change %d: a browser does not show it", n)
					}
				}
				took = append(took, time.Since(began))
			}
			loads := fronts[0].loads.Load() + fronts[1].loads.Load() - before
			if loads > 3*changes {
				t.Errorf("%d loads for %d changes on two instances", loads, changes)
			}
			t.Logf("%d changes in %d browsers: the last one shows it after p50 %v, at most %v; %d loads", changes, len(shows), quantile(took, 0.5), quantile(took, 1), loads)
		})
	}
}
