// Streams of live parts: who may follow what, and how they end.

package serve_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/cache"
	"github.com/gorgon-go/gorgon/listen"
	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/serve"
	"github.com/gorgon-go/gorgon/wire"
)

// A livingSite is a site whose state the test sets.
type livingSite struct {
	*site
	url   string
	stop  func() error
	value atomic.Int64 // below 0 the loader fails
	loads atomic.Int64
	seen  sync.Map                // paths that guards and middleware saw
	leave context.CancelCauseFunc // ends the visits of those who were let in
}

func openLiving(t *testing.T) *livingSite {
	t.Helper()
	s := new(livingSite)
	let, leave := context.WithCancelCause(t.Context())
	s.leave = leave
	guard := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Pass") == "" {
				serve.Fail(w, r, &gorgon.Error{Kind: gorgon.KindRedirect, Location: "/other"})
				return
			}
			ctx, end := context.WithCancelCause(r.Context())
			defer context.AfterFunc(let, func() { end(context.Cause(let)) })()
			next.ServeHTTP(w, r.WithContext(ctx))
		})
	}
	load := func(context.Context, gorgon.Input) (int64, error) {
		s.loads.Add(1)
		if n := s.value.Load(); n >= 0 {
			return n, nil
		}
		return 0, errors.New("the database is away")
	}
	number := func(n int64) gorgon.Component { return gorgon.HTML(fmt.Sprintf("<b>%d</b>", n)) }
	tags := func(int64) []string { return []string{"n"} }
	part := gorgon.Fragment[string, int64]{
		Name: "part", Live: true, View: number, Tags: tags,
		Load: func(ctx context.Context, in gorgon.Input, _ string) (int64, error) { return load(ctx, in) },
	}
	still := gorgon.Fragment[string, int64]{Name: "still", View: number, Tags: tags, Load: part.Load}
	both := func(int64) gorgon.Component {
		return gorgon.ComponentFunc(func(ctx context.Context, w io.Writer) error {
			if err := part.Use("a").Render(ctx, w); err != nil {
				return err
			}
			return still.Use("a").Render(ctx, w)
		})
	}
	note := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			s.seen.Store(r.Method+" "+r.URL.Path, true)
			next.ServeHTTP(w, r)
		})
	}
	s.site = build(t, gorgon.App{Locales: gorgon.Locales{Tags: []string{"en", "de"}}, Navigation: &gorgon.Navigation{}, Parts: []gorgon.Part{
		part, still,
		gorgon.Page[int64]{Path: "/", View: both, Guards: []func(http.Handler) http.Handler{note}},
		gorgon.Page[int64]{Path: "/other", View: both},
		gorgon.Page[int64]{Path: "/whole", Live: true, Load: load, Tags: tags, View: number},
		gorgon.Page[int64]{Path: "/plain", Load: load, Tags: tags, View: number},
		gorgon.Page[int64]{Path: "/mine", View: both, Guards: []func(http.Handler) http.Handler{guard}},
	}}, nil)
	s.url, s.stop = run(t, &listen.Server{Handler: s.Handler})
	return s
}

var liveElement = regexp.MustCompile(`<gorgon-live src="([^"]*)" data-version="([^"]*)">`)

// parts are the live parts that a page shows.
func (s *livingSite) parts(t *testing.T, path string, header ...string) (parts [][2]string) {
	t.Helper()
	for _, m := range liveElement.FindAllStringSubmatch(text(t, s.get(t, path, header...)), -1) {
		parts = append(parts, [2]string{html.UnescapeString(m[1]), m[2]})
	}
	return parts
}

// A followed stream is read one event at a time.
type followed struct {
	*http.Response
	lines *bufio.Scanner
}

// follow opens the stream of a page.
func (s *livingSite) follow(t *testing.T, protocol, page string, parts [][2]string, header ...string) followed {
	t.Helper()
	body, _ := json.Marshal(map[string]any{"parts": parts})
	r, err := http.NewRequestWithContext(t.Context(), "POST", s.url+"/_gorgon/live"+page, strings.NewReader(string(body)))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	c := client(t, protocol)
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	res, err := c.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = res.Body.Close() })
	return followed{res, bufio.NewScanner(res.Body)}
}

// next is the next line that says something; "" at the end.
func (f followed) next() string {
	for f.lines.Scan() {
		if line := f.lines.Text(); line != "" && line != ":" {
			return line
		}
	}
	return ""
}

func (s *livingSite) set(t *testing.T, value int64) {
	t.Helper()
	s.value.Store(value)
	if _, err := s.cache.Coherence().Purge(t.Context(), pages.Stale, pages.TagSubject("n")); err != nil {
		t.Fatal(err)
	}
}

func TestStreams(t *testing.T) {
	for _, protocol := range []string{"http/1.1", "h2c"} {
		t.Run(protocol, func(t *testing.T) {
			s := openLiving(t)
			parts := s.parts(t, "/")
			if len(parts) != 1 {
				t.Fatalf("%q", parts)
			}
			f := s.follow(t, protocol, "/", parts)
			if got := f.Header.Get("Content-Type") + ", " + f.Header.Get("Cache-Control"); f.StatusCode != 200 || got != "text/event-stream, private, no-store, no-transform" {
				t.Fatal(f.StatusCode, got)
			}
			s.set(t, 1)
			if got := f.next(); !strings.HasPrefix(got, `data: {"at":0,"version":"`) || !strings.HasSuffix(got, `,"html":"\u003cb\u003e1\u003c/b\u003e"}`) {
				t.Error(got)
			}
			// What the page shows is older, and nothing changes any more.
			if got := s.follow(t, protocol, "/", parts).next(); !strings.Contains(got, "1") {
				t.Error(got)
			}
			// It shows what is present: nothing comes but the next change.
			g := s.follow(t, protocol, "/", s.parts(t, "/"))
			whole := s.follow(t, protocol, "/de/whole", s.parts(t, "/de/whole"))
			s.set(t, 2)
			if got := g.next(); !strings.HasSuffix(got, `"html":"\u003cb\u003e2\u003c/b\u003e"}`) {
				t.Error(got)
			}
			var news struct {
				At      int
				Version string
				Page    struct{ Parts map[string]string }
			}
			if err := json.Unmarshal([]byte(strings.TrimPrefix(whole.next(), "data: ")), &news); err != nil || !strings.HasPrefix(news.Page.Parts["main"], "<b>2</b>") || !strings.Contains(news.Page.Parts["main"], news.Version) {
				t.Errorf("%+v, %v", news, err)
			}
			if _, ok := s.seen.Load("POST /"); !ok {
				t.Error("the guard did not see the page's path")
			}
			ended := make(chan error, 1)
			go func() { ended <- s.stop() }()
			for _, f := range []followed{f, g, whole} {
				last := ""
				for line := f.next(); line != ""; line = f.next() {
					last = line
				}
				if !strings.HasPrefix(last, "retry: ") {
					t.Errorf("the last line is %q", last)
				}
			}
			if err := <-ended; err != nil {
				t.Error(err)
			}
		})
	}
}

// Only the live parts of a page that the visitor may see are followed.
func TestStreamsRefuse(t *testing.T) {
	s := openLiving(t)
	s.set(t, 1)
	own := s.parts(t, "/")
	payload := [2]string{"/_gorgon/page/plain.json", "x"}
	still := [2]string{strings.Replace(own[0][0], "/part/", "/still/", 1), "x"}
	other := "A"
	if own[0][0][40] == 'A' {
		other = "B"
	}
	forged := [2]string{own[0][0][:40] + other + own[0][0][41:], "x"}
	var many [][2]string
	for range 257 {
		many = append(many, own[0])
	}
	for name, c := range map[string]struct {
		page   string
		parts  [][2]string
		status int
	}{
		"of another page":     {"/other", own, 410},
		"of another language": {"/de/", own, 410},
		"a page not live":     {"/plain", [][2]string{payload}, 410},
		"a part not live":     {"/", [][2]string{still}, 410},
		"forged":              {"/", [][2]string{forged}, 410},
		"own, and another":    {"/", [][2]string{own[0], forged}, 410},
		"no URL":              {"/", [][2]string{{"%zz", "x"}, {"", ""}, {"https://example.com/", ""}}, 410},
		"none":                {"/", nil, 400},
		"too many":            {"/", many, 400},
		"too large":           {"/", [][2]string{{strings.Repeat("x", 1<<17), ""}}, 400},
		"no such page":        {"/nothing", own, 410},
		"not a page":          {"/_gorgon/live/", own, 404},
		"guarded":             {"/mine", own, 302},
	} {
		got := s.follow(t, "http/1.1", c.page, c.parts)
		if got.StatusCode != c.status {
			t.Errorf("%s: %d, want %d", name, got.StatusCode, c.status)
		}
		// The page is got again, and shows nothing from before the change.
		if token := got.Header.Get(wire.HeaderToken); c.status == 410 && (token == "" || token == "0") || c.status != 410 && token != "" {
			t.Errorf("%s: token %q", name, token)
		}
	}
	if res := s.get(t, "/_gorgon/live/"); res.StatusCode != 405 || res.Header.Get("Allow") != "POST, OPTIONS" {
		t.Error(res.StatusCode, res.Header)
	}
	if res := s.get(t, "/_gorgon/live/mine"); res.StatusCode != 302 {
		t.Error(res.StatusCode)
	}
	if log := s.log.String(); strings.Contains(log, "ERROR") {
		t.Error(log)
	}
}

// A guard that ends its visits ends the streams of its pages; nothing is sent
// any more.
func TestStreamsEndWithTheVisit(t *testing.T) {
	s := openLiving(t)
	header := []string{"Pass", "yes"}
	f := s.follow(t, "http/1.1", "/mine", s.parts(t, "/mine", header...), header...)
	if f.StatusCode != 200 {
		t.Fatal(f.StatusCode)
	}
	s.set(t, 7)
	if got := f.next(); !strings.Contains(got, "7") {
		t.Error(got)
	}
	s.leave(&gorgon.Error{Kind: gorgon.KindUnauthorized})
	s.set(t, 8)
	if got := f.next(); got != "event: end" {
		t.Errorf("after it was revoked: %q", got)
	}
}

// While a part cannot be made, browsers keep what they show, and the loader is
// left alone; then they get the newest.
func TestStreamsOutliveFailures(t *testing.T) {
	s := openLiving(t)
	f := s.follow(t, "http/1.1", "/", s.parts(t, "/"))
	s.set(t, -1)
	for !strings.Contains(s.log.String(), "a live part of pages cannot be made") {
		time.Sleep(time.Millisecond)
	}
	before := s.loads.Load()
	s.set(t, 3)
	if got := f.next(); !strings.Contains(got, "3") {
		t.Error(got)
	}
	if loads := s.loads.Load() - before; loads > 4 {
		t.Errorf("%d loads", loads)
	}
}

// Where answers are sent whole there are no streams.
func TestNoStreams(t *testing.T) {
	s := build(t, gorgon.App{Parts: []gorgon.Part{
		gorgon.Page[state]{Path: "/", Live: true, Load: where, View: view},
	}}, func(c *serve.Config, _ *cache.Config) { c.NoStreams = true })
	if res := s.ask(t, "POST", "/_gorgon/live/"); res.StatusCode != 404 {
		t.Error(res.StatusCode)
	}
}
