// Caches in commands.

package command_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon"
)

func TestCommandsKnowCaches(t *testing.T) {
	t.Chdir(t.TempDir())
	type pair struct{ From, To string }
	var loads atomic.Int64
	rates := gorgon.Cache[pair, int64]{Name: "rates", RevalidateAfter: time.Hour, Load: func(context.Context, pair) (int64, error) { return loads.Add(1), nil }}
	names := gorgon.Cache[string, string]{Name: "names", Scope: gorgon.Local, Load: func(context.Context, string) (string, error) { return "", nil }}
	app := gorgon.App{Name: "site", Parts: []gorgon.Part{
		rates, names,
		gorgon.Page[int64]{Path: "/", View: func(int64) gorgon.Component { return gorgon.Text("") }, Load: func(ctx context.Context, _ gorgon.Input) (int64, error) {
			return rates.Get(ctx, pair{"EUR", "USD"})
		}},
		gorgon.Service{Name: "nightly", Every: time.Hour, Run: func(ctx context.Context) error {
			_, err := rates.Get(ctx, pair{"EUR", "USD"})
			return err
		}},
	}}
	const value = `cache:rates:{"From":"EUR","To":"USD"}`
	for _, c := range []struct {
		args []string
		code int
		says []string
	}{
		{[]string{"routes"}, 0, []string{"rates  cache, loaded when asked, revalidated after 1h0m0s", "names  cache, loaded when asked, local"}},
		{[]string{"maintain", "--store", "disk:early"}, 0, []string{"done: nightly"}}, // before there is a seed
		{[]string{"build"}, 0, nil},
		{[]string{"why", value, "--store", "disk:s"}, 0, []string{"no copy of the value exists", "waits until the value is loaded"}},
		{[]string{"maintain", "--store", "disk:s"}, 0, []string{"done: nightly"}},
		{[]string{"why", value, "--store", "disk:s"}, 0, []string{"cache", "fresh, from the store", "of JSON", "cache:rates"}},
		{[]string{"purge", "--tag", "cache:rates", "--store", "disk:s"}, 0, nil},
		{[]string{"why", value, "--store", "disk:s", "--json"}, 0, []string{`"phase": "stale"`}},
		{[]string{"why", "/", "--store", "disk:s"}, 0, []string{"cache:rates", "it was purged after it was generated"}},
		{[]string{"why", "cache:names:Anna", "--store", "disk:s"}, 0, []string{"no copy"}},
		{[]string{"why", "cache:other:1"}, 2, []string{"has no cache"}},
		{[]string{"parts"}, 0, []string{`"cache rates"`, `"cached"`}},
		{[]string{"export", "--out", "files"}, 0, nil},
	} {
		code, said := runs(t, app, time.Minute, c.args...)
		if code != c.code {
			t.Errorf("%q exits with %d, and says\n%s", c.args, code, said)
		}
		for _, part := range c.says {
			if !strings.Contains(said, part) {
				t.Errorf("%q does not say %q:\n%s", c.args, part, said)
			}
		}
	}
	if n := loads.Load(); n != 4 { // for two maintains with a store each, and for the builds of build and of export
		t.Errorf("the value was loaded %d times", n)
	}
}
