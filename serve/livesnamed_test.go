// Live fragments that each visitor sees differently: they are named, and each
// browser gets its own.

package serve_test

import (
	"context"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/cache"
	"github.com/gorgon-go/gorgon/dataflow"
	"github.com/gorgon-go/gorgon/listen"
	"github.com/gorgon-go/gorgon/mem"
	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/render"
	"github.com/gorgon-go/gorgon/serve"
	"github.com/gorgon-go/gorgon/wire"
)

// baskets are what visitors have, by name.
type baskets struct {
	mu sync.Mutex
	of map[string]int
}

func (b *baskets) set(name string, n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.of[name] = n
}

func (b *baskets) get(name string) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.of[name]
}

const basketTable = "db:shop.baskets"

// openBaskets is an instance of a site whose pages show each visitor's basket.
func openBaskets(t *testing.T, b *baskets, change func(*cache.Config)) *livingSite {
	t.Helper()
	basket := gorgon.Fragment[int, string]{
		Name: "basket", Live: true,
		LoadRequest: func(ctx context.Context, _ gorgon.Input, tags int, r *http.Request) (string, error) {
			c, err := r.Cookie("name")
			if err != nil {
				return "an empty basket", nil
			}
			if tags < 0 {
				dataflow.ReadsOf(ctx).Value(0, true, nil, nil)
			}
			for n := range tags {
				dataflow.ReadsOf(ctx).Tag(fmt.Sprintf("%s-%d", strings.Repeat("long", 10), n))
			}
			dataflow.ReadsOf(ctx).Row(basketTable, c.Value)
			return fmt.Sprintf("%s has %d", c.Value, b.get(c.Value)), nil
		},
		Tags: func(string) []string { return []string{"offers"} },
		View: func(s string) gorgon.Component { return gorgon.Text(s) },
	}
	app := gorgon.App{Parts: []gorgon.Part{
		basket,
		gorgon.Page[int]{Path: "/", AllowRequestTime: true, View: func(int) gorgon.Component { return basket.Use(0) }},
		gorgon.Page[int]{Path: "/own", LoadRequest: func(context.Context, gorgon.Input, *http.Request) (int, error) { return 0, nil }, View: func(int) gorgon.Component { return basket.Use(0) }},
		gorgon.Page[int]{Path: "/old", AllowRequestTime: true, View: func(int) gorgon.Component { return basket.Use(-1) }},
		gorgon.Page[int]{Path: "/many", AllowRequestTime: true, View: func(int) gorgon.Component { return basket.Use(1000) }},
		gorgon.Page[int64]{
			Path: "/whole", Live: true, AllowRequestTime: true, Tags: func(int64) []string { return []string{"n"} },
			Load: func(context.Context, gorgon.Input) (int64, error) { return int64(b.get("whole")), nil },
			View: func(n int64) gorgon.Component {
				return gorgon.ComponentFunc(func(ctx context.Context, w io.Writer) error {
					_, _ = fmt.Fprintf(w, "<i>%d</i>", n)
					return basket.Use(0).Render(ctx, w)
				})
			},
		},
		gorgon.Page[int]{Path: "/mine", AllowRequestTime: true, View: func(int) gorgon.Component { return basket.Use(0) }, Guards: []func(http.Handler) http.Handler{func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if _, err := r.Cookie("name"); err != nil {
					serve.Fail(w, r, &gorgon.Error{Kind: gorgon.KindForbidden})
					return
				}
				next.ServeHTTP(w, r)
			})
		}}},
	}}
	s := &livingSite{site: build(t, app, func(_ *serve.Config, c *cache.Config) {
		if change != nil {
			change(c)
		}
	})}
	s.url, s.stop = run(t, &listen.Server{Handler: s.Handler})
	t.Cleanup(func() { _ = s.stop() })
	return s
}

// news is an event of a stream.
type news struct {
	At    int
	Ask   *int
	Token string
	HTML  string
	Page  any
}

func (f followed) news(t *testing.T) (n news) {
	t.Helper()
	line := f.next()
	if err := json.Unmarshal([]byte(strings.TrimPrefix(line, "data: ")), &n); err != nil {
		t.Fatalf("%q: %v", line, err)
	}
	return n
}

// purge declares a subject out of date.
func (s *livingSite) purge(t *testing.T, subject string) uint64 {
	t.Helper()
	n, err := s.cache.Coherence().Purge(t.Context(), pages.Stale, subject)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// own is what a visitor is shown by a URL, and in which version.
func (s *livingSite) own(t *testing.T, src, name, token string) (text, version string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), "GET", s.url+src, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Cookie", "name="+name)
	r.Header.Set(wire.HeaderToken, token)
	res, err := client(t, "http/1.1").Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if got := res.Header.Get("Cache-Control"); got != "private, no-store" {
		t.Errorf("it may be stored: %s", got)
	}
	body, _ := io.ReadAll(res.Body)
	return string(body), res.Header.Get(wire.HeaderVersion)
}

// Each visitor hears what concerns the visitor's own basket, by every
// instance, and gets it alone.
func TestNamedParts(t *testing.T) {
	for _, page := range []string{"/", "/own", "/mine", "/whole"} {
		t.Run(page, func(t *testing.T) {
			store := mem.Open(mem.Options{})
			t.Cleanup(func() { _ = store.Close() })
			shared := func(c *cache.Config) { c.Store = store }
			b := &baskets{of: map[string]int{"ann": 1, "ben": 2}}
			one, two := openBaskets(t, b, shared), openBaskets(t, b, shared)
			cookie := func(name string) []string { return []string{"Cookie", "name=" + name} }
			body := text(t, one.get(t, page, cookie("ann")...))
			if !strings.Contains(body, "ann has 1</gorgon-live>") || strings.Contains(body, "ben") {
				t.Fatal(body)
			}
			ann, ben := one.parts(t, page, cookie("ann")...)[:1], one.parts(t, page, cookie("ben")...)[:1]
			if ann[0][0] != ben[0][0] || ann[0][1] == ben[0][1] || !strings.HasPrefix(ann[0][1], "~") {
				t.Fatalf("%q, %q", ann, ben)
			}
			fa, fb := two.follow(t, "http/1.1", page, ann, cookie("ann")...), two.follow(t, "http/1.1", page, ben, cookie("ben")...)

			// Of another row, and of nothing.
			b.set("ben", 3)
			n := one.purge(t, pages.TagSubject(dataflow.RowTag(basketTable, "ben")))
			got := fb.news(t)
			if got.Ask == nil || *got.Ask >= 1000 || got.Token != fmt.Sprint(n) || got.HTML != "" || got.Page != nil {
				t.Fatalf("%+v, the purge is %d", got, n)
			}
			shown, version := one.own(t, ben[0][0], "ben", got.Token)
			if shown != "ben has 3" || !strings.HasPrefix(version, "~") || version == ben[0][1] {
				t.Fatal(shown, version)
			}
			ben[0][1] = version
			fb = two.follow(t, "http/1.1", page, ben, cookie("ben")...)

			// The first news of the other are of what the fragment's own Tags name.
			n = one.purge(t, pages.TagSubject("offers"))
			for name, f := range map[string]followed{"ann": fa, "ben": fb} {
				if got := f.news(t); got.Token != fmt.Sprint(n) {
					t.Errorf("%s: %+v, the purge is %d", name, got, n)
				}
			}
			// What was purged between the page and its stream is not missed.
			if got := two.follow(t, "http/1.1", page, ann, cookie("ann")...).news(t); got.Token != fmt.Sprint(n) {
				t.Errorf("late: %+v", got)
			}
			if one.log.String() != "" && strings.Contains(one.log.String(), "ERROR") {
				t.Error(one.log.String())
			}
		})
	}
}

// Only what this build sealed for this fragment is followed.
func TestNamedPartsRefuse(t *testing.T) {
	b := &baskets{of: map[string]int{}}
	s := openBaskets(t, b, nil)
	ann := []string{"Cookie", "name=ann"}
	own := s.parts(t, "/", ann...)
	with := func(version string) [][2]string { return [][2]string{{own[0][0], version}} }
	forged := []byte(own[0][1])
	if forged[20]++; forged[20] == '[' || forged[20] == '{' || forged[20] == ':' {
		forged[20] = 'a'
	}
	sealed := func(build string) *render.Renderer {
		return &render.Renderer{Build: build, Seal: render.NewSeal("b1")}
	}
	inside, err := sealed("b1").OpenVersion(own[0][1][1:], own[0][0])
	if err != nil {
		t.Fatal(err)
	}
	for name, parts := range map[string][][2]string{
		"of another build":   with("~" + sealed("b2").SealVersion(inside, own[0][0])),
		"what is not one":    with("~" + sealed("b1").SealVersion([]byte{200}, own[0][0])),
		"forged":             with(string(forged)),
		"of another page":    with(s.parts(t, "/own", ann...)[0][1]),
		"a hash":             with("abcdefghijk"),
		"none":               with(""),
		"a mark":             with("~"),
		"sealed, of another": with("~" + strings.Split(own[0][0], "/")[4]),
	} {
		if got := s.follow(t, "http/1.1", "/", parts, ann...); got.StatusCode != 410 {
			t.Errorf("%s: %d", name, got.StatusCode)
		}
	}
	if got := s.follow(t, "http/1.1", "/", own, ann...); got.StatusCode != 200 {
		t.Error(got.StatusCode)
	}
	// Guards are asked, for the stream and for the fragment.
	mine := s.parts(t, "/mine", ann...)
	if got := s.follow(t, "http/1.1", "/mine", mine); got.StatusCode != 403 {
		t.Error(got.StatusCode)
	}
	if res := s.get(t, mine[0][0]); res.StatusCode != 403 || res.Header.Get(wire.HeaderVersion) != "" {
		t.Error(res.StatusCode, res.Header)
	}
}

// What is known to be old, since nothing newer can be made, is not asked for again
// and again.
func TestNamedPartsThatCannotBeNewer(t *testing.T) {
	s := openBaskets(t, &baskets{of: map[string]int{}}, nil)
	ann := []string{"Cookie", "name=ann"}
	s.purge(t, pages.TagSubject("offers"))
	f := s.follow(t, "http/1.1", "/old", s.parts(t, "/old", ann...), ann...)
	n := s.purge(t, pages.TagSubject("offers"))
	if got := f.news(t); got.Token != fmt.Sprint(n) {
		t.Errorf("%+v, the purge is %d", got, n)
	}
}

// A part that reads more than can be said is not live, and the log says so.
func TestNamedPartsAreBounded(t *testing.T) {
	b := &baskets{of: map[string]int{}}
	s := openBaskets(t, b, nil)
	body := text(t, s.get(t, "/many", "Cookie", "name=ann"))
	if !strings.Contains(body, "ann has 0") || strings.Contains(body, "<gorgon-live") {
		t.Error(body)
	}
	if log := s.log.String(); strings.Count(log, "reads more than its browsers can name") != 1 {
		t.Error(log)
	}
	// The rows of a table become the table.
	if own := s.parts(t, "/", "Cookie", "name=ann"); len(own) != 1 || len(own[0][1]) > 400 {
		t.Errorf("%q", own)
	}
}

// A process without a store that begins again numbers its purges from the start:
// what browsers have is asked for once.
func TestNamedPartsOutliveAProcess(t *testing.T) {
	b := &baskets{of: map[string]int{}}
	ann := []string{"Cookie", "name=ann"}
	alone := func() *livingSite { return openBaskets(t, b, func(c *cache.Config) { c.Store = nil }) }
	one := alone()
	for range 5 {
		one.purge(t, pages.TagSubject("offers"))
	}
	one.now.Add(-int64(time.Second)) // before the other began
	own := one.parts(t, "/", ann...)
	two := alone()
	f := two.follow(t, "http/1.1", "/", own, ann...)
	if got := f.news(t); got.Ask == nil {
		t.Errorf("%+v", got)
	}
	_, version := two.own(t, own[0][0], "ann", "1")
	own[0][1] = version
	f = two.follow(t, "http/1.1", "/", own, ann...)
	two.now.Add(int64(time.Second))
	n := two.purge(t, pages.TagSubject("offers"))
	if got := f.news(t); got.Token != fmt.Sprint(n) {
		t.Errorf("%+v, the purge is %d", got, n)
	}
}

// A live page with parts of each visitor's own is got by the browser, too.
func TestNamedPages(t *testing.T) {
	b := &baskets{of: map[string]int{}}
	s := openBaskets(t, b, nil)
	ann := []string{"Cookie", "name=ann"}
	parts := s.parts(t, "/whole", ann...)
	if len(parts) != 2 || strings.HasPrefix(parts[1][1], "~") {
		t.Fatalf("%q", parts)
	}
	f := s.follow(t, "http/1.1", "/whole", parts, ann...)
	b.set("whole", 7)
	n := s.purge(t, pages.TagSubject("n"))
	got := f.news(t)
	if got.At != 1 || got.Ask == nil || got.Token != fmt.Sprint(n) || got.Page != nil {
		t.Fatalf("%+v", got)
	}
	shown, _ := s.own(t, parts[1][0], "ann", got.Token)
	var page struct{ Parts map[string]string }
	if err := json.Unmarshal([]byte(shown), &page); err != nil || !strings.Contains(page.Parts["main"], "<i>7</i>") || !strings.Contains(page.Parts["main"], "ann has 0") {
		t.Fatal(shown, err)
	}
	again := liveElement.FindAllStringSubmatch(page.Parts["main"], -1)
	if len(again) != 2 || !strings.HasPrefix(again[0][2], "~") {
		t.Fatalf("%q", again)
	}
	// With what it got there is nothing new.
	g := s.follow(t, "http/1.1", "/whole", [][2]string{{html.UnescapeString(again[0][1]), again[0][2]}, {html.UnescapeString(again[1][1]), again[1][2]}}, ann...)
	n = s.purge(t, pages.TagSubject("offers"))
	if got := g.news(t); got.At != 0 || got.Token != fmt.Sprint(n) {
		t.Errorf("%+v, the purge is %d", got, n)
	}
}
