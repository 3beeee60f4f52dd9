// What caches declare, and how their keys become paths.

package gorgon_test

import (
	"context"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/viewctx"
)

func loadText[K any](context.Context, K) (string, error) { return "", nil }

func TestCacheFaults(t *testing.T) {
	type hidden struct {
		A int
		b int //lint:ignore U1000 it is not part of a key
	}
	type left struct {
		A int
		B int `json:"-"`
	}
	type deep struct{ In [2]struct{ Keys left } }
	for want, part := range map[string]gorgon.Part{
		"Name":                     gorgon.Cache[string, string]{Name: "Rates!", Load: loadText[string]},
		"there is no Load":         gorgon.Cache[string, string]{Name: "a"},
		"RevalidateAfter is 60ns":  gorgon.Cache[string, string]{Name: "a", Load: loadText[string], RevalidateAfter: 60},
		"StaleFor is negative":     gorgon.Cache[string, string]{Name: "a", Load: loadText[string], StaleFor: -1},
		"NegativeFor is negative":  gorgon.Cache[string, string]{Name: "a", Load: loadText[string], NegativeFor: -1},
		"Scope is 7":               gorgon.Cache[string, string]{Name: "a", Load: loadText[string], Scope: 7},
		"Size is for values":       gorgon.Cache[string, string]{Name: "a", Load: loadText[string], Size: func(string) int { return 1 }},
		"the field b":              gorgon.Cache[hidden, string]{Name: "a", Load: loadText[hidden]},
		"the key's Keys has":       gorgon.Cache[struct{ Keys left }, string]{Name: "a", Load: loadText[struct{ Keys left }]},
		"the key's In's Keys has":  gorgon.Cache[deep, string]{Name: "a", Load: loadText[deep]},
		"chan int, which has no":   gorgon.Cache[chan int, string]{Name: "a", Load: loadText[chan int]},
		"two have this name":       gorgon.Group{Parts: []gorgon.Part{gorgon.Cache[int, string]{Name: "a", Load: loadText[int]}, gorgon.Cache[int, string]{Name: "a", Load: loadText[int]}}},
		"":                         gorgon.Cache[netip.Addr, string]{Name: "a", Load: loadText[netip.Addr], RevalidateAfter: time.Hour, Scope: gorgon.Local, Size: func(string) int { return 1 }},
		"nothing answers requests": gorgon.Cache[time.Time, string]{Name: "a", Load: loadText[time.Time]},
	} {
		parts := []gorgon.Part{part}
		if want != "nothing answers requests" {
			parts = append(parts, gorgon.Page[int]{Path: "/", View: func(int) gorgon.Component { return gorgon.Text("") }})
		}
		err := gorgon.App{Name: "shop", Parts: parts}.Validate()
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%q: %v", want, err)
		}
	}
}

func TestCacheStrategy(t *testing.T) {
	d := gorgon.Cache[string, string]{Name: "a", Load: loadText[string], RevalidateAfter: time.Hour, Scope: gorgon.Local, Priority: true}.Definition()
	if got := strings.Join(d.Strategy(), ", "); d.Word() != "cache" || got != "loaded when asked, revalidated after 1h0m0s, local, priority" {
		t.Errorf("%s: %s", d.Word(), got)
	}
}

// kept is what a context has of a cache; it keeps the paths that it was asked for.
type kept struct {
	viewctx.Cache
	paths any
	asked []string
}

func (k *kept) Paths() any { return k.paths }

func (k *kept) Found(_ context.Context, path string) (any, bool) {
	k.asked = append(k.asked, path)
	return "value", true
}

// pathsOf are the paths that a cache asks for.
func pathsOf[K comparable](t *testing.T, keys ...K) []string {
	t.Helper()
	c := gorgon.Cache[K, string]{Name: "a", Load: loadText[K]}
	k := &kept{paths: c.Definition().NewPaths()}
	ctx := viewctx.WithSite(t.Context(), &viewctx.Site{Caches: viewctx.Caches{"a": k}})
	for range 2 { // the second time it is remembered
		for _, key := range keys {
			if v, err := c.Get(ctx, key); err != nil || v != "value" {
				t.Fatalf("%v: %q, %v", key, v, err)
			}
		}
	}
	if first, second := k.asked[:len(keys)], k.asked[len(keys):]; strings.Join(first, "\n") != strings.Join(second, "\n") {
		t.Errorf("first %q, then %q", first, second)
	}
	return k.asked[:len(keys)]
}

func TestCachePaths(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{pathsOf(t, "a/ä b")[0], `/_gorgon/cache/a/"a/ä b"`},
		{pathsOf(t, "<&>\x00")[0], `/_gorgon/cache/a/"\u003c\u0026\u003e\u0000"`},
		{pathsOf(t, 7)[0], `/_gorgon/cache/a/7`},
		{pathsOf(t, 0.5)[0], `/_gorgon/cache/a/0.5`},
		{pathsOf(t, struct{ A, B int }{1, 2})[0], `/_gorgon/cache/a/{"A":1,"B":2}`},
		{pathsOf(t, netip.MustParseAddr("::1"))[0], `/_gorgon/cache/a/"::1"`},
		{pathsOf[any](t, "x")[0], `/_gorgon/cache/a/"x"`},
	} {
		if c.got != c.want {
			t.Errorf("%q, want %q", c.got, c.want)
		}
	}
	long := strings.Repeat("x", 510)
	paths := pathsOf(t, long, long+"x", long+"y", "#")
	if !strings.HasSuffix(paths[0], `"`+long+`"`) || paths[1] == paths[2] || len(paths[1]) > 80 || !strings.HasPrefix(paths[1], "/_gorgon/cache/a/#") {
		t.Errorf("long keys are at %q", paths)
	}
	many := make([]int, 5000)
	for i := range many {
		many[i] = i
	}
	seen := map[string]bool{}
	for _, path := range pathsOf(t, many...) {
		seen[path] = true
	}
	if len(seen) != len(many) {
		t.Errorf("%d keys have %d paths", len(many), len(seen))
	}
}

// A key that points to something is encoded each time: that may have changed.
func TestKeysThatChange(t *testing.T) {
	n := 1
	c := gorgon.Cache[*int, string]{Name: "a", Load: loadText[*int]}
	k := &kept{paths: c.Definition().NewPaths()}
	ctx := viewctx.WithSite(t.Context(), &viewctx.Site{Caches: viewctx.Caches{"a": k}})
	for range 2 {
		if _, err := c.Get(ctx, &n); err != nil {
			t.Fatal(err)
		}
		n++
	}
	if k.asked[0] == k.asked[1] {
		t.Errorf("both are at %s", k.asked[0])
	}
}
