// What a build promises: the same bytes, every failure, nothing half-finished.

package build_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/build"
	"github.com/gorgon-go/gorgon/bundle"
	"github.com/gorgon-go/gorgon/compress"
	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/seed"
)

type state struct {
	N      int
	hidden string
}

func list(n int) func(context.Context, gorgon.Input) ([]string, error) {
	return func(context.Context, gorgon.Input) ([]string, error) {
		var paths []string
		for i := range n {
			paths = append(paths, fmt.Sprintf("/n/%d", i))
		}
		return paths, nil
	}
}

func show(s state) gorgon.Component {
	return gorgon.HTML("<p>" + strings.Repeat("page ", 200) + fmt.Sprint(s.N) + s.hidden + "</p>")
}

func numbered(n int) gorgon.App {
	return gorgon.App{
		Name: "test", Origin: "https://example.com", Locales: gorgon.Locales{Tags: []string{"en", "de"}},
		Assets: gorgon.Assets{Files: fstest.MapFS{"css/app.css": {Data: []byte("p{top:0}")}, "b.js": {Data: []byte("1")}}},
		Parts: []gorgon.Part{gorgon.BuildValue[map[string]int]{Name: "v", Make: func(context.Context) (map[string]int, error) {
			return map[string]int{"a": 1, "b": 2}, nil
		}},
			gorgon.Page[state]{
				Path: "/n/{n}", Paths: list(n), View: show,
				Load: func(_ context.Context, in gorgon.Input) (state, error) {
					var s state
					_, err := fmt.Sscan(in.PathValue("n"), &s.N)
					return s, err
				},
			}},
	}
}

func run(t *testing.T, c build.Config) build.Report {
	t.Helper()
	report, err := build.Run(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func TestSameInputSameBytes(t *testing.T) {
	at := time.Unix(1_700_000_000, 0)
	var first []byte
	for _, jobs := range []int{1, 2, 13} {
		out := filepath.Join(t.TempDir(), "test.seed")
		report := run(t, build.Config{Bundle: bundle.Bundler{}.Bundle, App: numbered(300), Out: out, Jobs: jobs, Time: at, Binary: "b"})
		if report.Pages != 600 {
			t.Fatalf("%d pages, want 300 in two locales", report.Pages)
		}
		got, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = got
		}
		if !bytes.Equal(first, got) {
			t.Errorf("with %d jobs the seed differs", jobs)
		}
	}
}

func TestBuildIDs(t *testing.T) {
	id := func(c build.Config) string {
		c.Out = filepath.Join(t.TempDir(), "s")
		return run(t, c).Build
	}
	base := id(build.Config{Bundle: bundle.Bundler{}.Bundle, App: numbered(1), Binary: "b", Time: time.Unix(1, 0)})
	if again := id(build.Config{Bundle: bundle.Bundler{}.Bundle, App: numbered(1), Binary: "b", Time: time.Unix(2, 0)}); again != base {
		t.Error("the time of the build is part of its id")
	}
	other := numbered(1)
	other.Assets.Files = fstest.MapFS{"css/app.css": {Data: []byte("p{color:red}")}}
	for what, c := range map[string]build.Config{
		"program": {Bundle: bundle.Bundler{}.Bundle, App: numbered(1), Binary: "c"},
		"base":    {Bundle: bundle.Bundler{}.Bundle, App: numbered(1), Binary: "b", Base: "/docs"},
		"assets":  {Bundle: bundle.Bundler{}.Bundle, App: other, Binary: "b"},
	} {
		if id(c) == base {
			t.Errorf("another %s gives the same id", what)
		}
	}
}

func TestEveryFailureIsReportedAndTheOldSeedStays(t *testing.T) {
	out := filepath.Join(t.TempDir(), "test.seed")
	run(t, build.Config{Bundle: bundle.Bundler{}.Bundle, App: numbered(5), Out: out})
	before, _ := os.ReadFile(out)

	cause := errors.New("no such number")
	app := numbered(40)
	app.Parts = []gorgon.Part{gorgon.Page[state]{
		Path: "/n/{n}", Paths: list(40), View: show,
		Load: func(_ context.Context, in gorgon.Input) (state, error) {
			switch n := in.PathValue("n"); {
			case strings.HasSuffix(n, "7"):
				return state{}, cause
			case n == "3":
				panic("three")
			case n == "4":
				return state{}, gorgon.NotFound()
			}
			return state{}, nil
		},
	}}
	_, err := build.Run(t.Context(), build.Config{Bundle: bundle.Bundler{}.Bundle, App: app, Out: out})
	failures, ok := errors.AsType[*build.Failures](err)
	if !ok || len(failures.Pages) != 2*6 {
		t.Fatalf("got %v, want 12 failures", err)
	}
	if !errors.Is(err, cause) || !strings.Contains(err.Error(), "panic: three") || !strings.Contains(err.Error(), "says that it does not exist") {
		t.Errorf("a cause is missing: %v", err)
	}
	after, _ := os.ReadFile(out)
	if !bytes.Equal(before, after) {
		t.Error("the old seed was touched")
	}
	entries, _ := os.ReadDir(filepath.Dir(out))
	if len(entries) != 1 {
		t.Errorf("something was left behind: %v", entries)
	}
}

func TestCanceledBuildEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var made atomic.Int32
	app := numbered(1000)
	app.Parts = []gorgon.Part{gorgon.Page[state]{Path: "/n/{n}", Paths: list(1000), View: show,
		Load: func(context.Context, gorgon.Input) (state, error) {
			if made.Add(1) == 10 {
				cancel()
			}
			return state{}, nil
		}}}
	out := filepath.Join(t.TempDir(), "s")
	if _, err := build.Run(ctx, build.Config{Bundle: bundle.Bundler{}.Bundle, App: app, Out: out}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat(out); err == nil {
		t.Error("it left a seed")
	}
}

func TestStateThatDoesNotSurviveIsWarnedOf(t *testing.T) {
	app := gorgon.App{Name: "test", Parts: []gorgon.Part{gorgon.Page[state]{
		Path: "/", RevalidateAfter: time.Hour, View: show,
		Load: func(context.Context, gorgon.Input) (state, error) { return state{hidden: "lost"}, nil },
	}}}
	report := run(t, build.Config{Bundle: bundle.Bundler{}.Bundle, App: app, Out: filepath.Join(t.TempDir(), "s")})
	if len(report.Warnings) != 1 || !strings.Contains(report.Warnings[0], "export every field") {
		t.Errorf("warnings: %q", report.Warnings)
	}
}

func TestSeedHoldsAll(t *testing.T) {
	out := filepath.Join(t.TempDir(), "s")
	run(t, build.Config{Bundle: bundle.Bundler{}.Bundle, App: numbered(3), Out: out, Base: "/docs", Effort: compress.Good})
	s, err := seed.Open(out)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Verify(); err != nil {
		t.Fatal(err)
	}
	e, err := s.Entry(pages.Key{Route: "/n/{n}", Path: "/n/2", Locale: "de"})
	if err != nil {
		t.Fatal(err)
	}
	gz, br, zs := e.Codings()
	if e.State != nil || e.Gzip != nil || gz == nil || br == nil || zs == nil || e.Build != s.Manifest().Build {
		t.Errorf("state %s, variants of %d, %d and %d bytes, build %s", e.State, len(gz), len(br), len(zs), e.Build)
	}
	css := s.Manifest().Assets.Paths["css/app.css"]
	f, err := s.File(css)
	if err != nil || !f.Immutable || f.ContentType != "text/css; charset=utf-8" || string(f.Data) != "p{top:0}\n" {
		t.Errorf("asset at %q: %+v, %v", css, f, err)
	}
	if v, err := s.Value("v"); err != nil || string(v) != `{"a":1,"b":2}` {
		t.Errorf("value %s, %v", v, err)
	}
	sitemap, err := s.File("/sitemap.xml")
	if err != nil || !strings.Contains(string(sitemap.Data), "<loc>https://example.com/docs/de/n/1</loc>") {
		t.Errorf("sitemap: %v\n%s", err, sitemap.Data)
	}
}

// A state is stored if it is read again.
func TestStatesInTheSeed(t *testing.T) {
	built := func(context.Context, gorgon.Input) (state, error) { return state{N: 3}, nil }
	requested := func(context.Context, gorgon.Input, *http.Request) (state, error) { return state{}, nil }
	merge := func(_ context.Context, _ gorgon.Input, a, _ state) (state, error) { return a, nil }
	out := filepath.Join(t.TempDir(), "s")
	run(t, build.Config{Bundle: bundle.Bundler{}.Bundle, Out: out, App: gorgon.App{Name: "test", Parts: []gorgon.Part{
		gorgon.Page[state]{Path: "/still", View: show, Load: built},
		gorgon.Page[state]{Path: "/hourly", View: show, Load: built, RevalidateAfter: time.Hour},
		gorgon.Page[state]{Path: "/late/{x}", View: show, Load: built, Paths: func(context.Context, gorgon.Input) ([]string, error) { return []string{"/late/x"}, nil }, Incremental: true},
		gorgon.Page[state]{Path: "/both", View: show, Load: built, LoadRequest: requested, Merge: merge},
	}}})
	s, err := seed.Open(out)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for e, err := range s.Entries() {
		if err != nil {
			t.Fatal(err)
		}
		want := `{"N":3}`
		if e.Key.Path == "/still" {
			want = ""
		}
		if string(e.State) != want {
			t.Errorf("%s: state %q, want %q", e.Key, e.State, want)
		}
	}
}

func TestSitemapsAreSplit(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds 50,001 pages")
	}
	app := gorgon.App{Name: "test", Origin: "https://example.com", Parts: []gorgon.Part{
		gorgon.Page[int]{Path: "/n/{n}", Paths: list(50_001), View: func(int) gorgon.Component { return gorgon.Text("") }},
	}}
	out := filepath.Join(t.TempDir(), "s")
	run(t, build.Config{Bundle: bundle.Bundler{}.Bundle, App: app, Out: out, Effort: compress.None})
	s, err := seed.Open(out)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	index, err := s.File("/sitemap.xml")
	if err != nil || !strings.Contains(string(index.Data), "<loc>https://example.com/sitemap-2.xml</loc>") {
		t.Fatalf("index: %v\n%s", err, index.Data)
	}
	second, err := s.File("/sitemap-2.xml")
	if err != nil || strings.Count(string(second.Data), "<loc>") != 1 {
		t.Errorf("second part: %v\n%.200s", err, second.Data)
	}
}
