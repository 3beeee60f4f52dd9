// A stream at an instance that knows less than the one that made the page.

package serve_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/cache"
	"github.com/gorgon-go/gorgon/listen"
	"github.com/gorgon-go/gorgon/mem"
	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/serve"
)

// A cutStore can be cut off from the purges that others make.
type cutStore struct {
	pages.Store
	cut atomic.Bool
}

var errCut = errors.New("the store is away")

func (s *cutStore) Changes(ctx context.Context, after uint64) ([]pages.Change, uint64, error) {
	if s.cut.Load() {
		return nil, 0, errCut
	}
	return s.Store.Changes(ctx, after)
}

func (s *cutStore) Epochs(ctx context.Context, subjects ...string) (pages.Epochs, error) {
	if s.cut.Load() {
		return pages.Epochs{}, errCut
	}
	return s.Store.Epochs(ctx, subjects...)
}

func (s *cutStore) Wait(ctx context.Context, after uint64) error {
	if s.cut.Load() {
		return errCut
	}
	return s.Store.Wait(ctx, after)
}

// Two instances share a store, and the second one is cut off from it. A browser
// that has what the first one made meanwhile gets nothing older from the second.
func TestStreamsWaitForTheStore(t *testing.T) {
	store := mem.Open(mem.Options{})
	defer store.Close()
	var value atomic.Int64
	open := func(store pages.Store) *livingSite {
		s := new(livingSite)
		s.site = build(t, gorgon.App{Navigation: &gorgon.Navigation{}, Parts: []gorgon.Part{gorgon.Page[int64]{
			Path: "/", Live: true, Tags: func(int64) []string { return []string{"n"} },
			Load: func(context.Context, gorgon.Input) (int64, error) { return value.Load(), nil },
			View: func(n int64) gorgon.Component { return gorgon.HTML(fmt.Sprintf("<b>%d</b>", n)) },
		}}}, func(_ *serve.Config, c *cache.Config) { c.Store = store })
		s.url, s.stop = run(t, &listen.Server{Handler: s.Handler})
		return s
	}
	far := &cutStore{Store: store}
	a, b := open(store), open(far)
	shows := func(f followed, n int) {
		t.Helper()
		var news struct {
			Page struct{ Parts map[string]string }
		}
		got := f.next()
		if err := json.Unmarshal([]byte(strings.TrimPrefix(got, "data: ")), &news); err != nil || !strings.HasPrefix(news.Page.Parts["main"], fmt.Sprintf("<b>%d</b>", n)) {
			t.Errorf("%v: it is sent %.300q, want %d", err, got, n)
		}
	}
	set := func(n int64) {
		t.Helper()
		value.Store(n)
		if _, err := a.cache.Coherence().Purge(t.Context(), pages.Expire, pages.TagSubject("n")); err != nil {
			t.Fatal(err)
		}
	}
	first := b.follow(t, "http/1.1", "/", b.parts(t, "/"))
	set(1)
	shows(first, 1)
	far.cut.Store(true)
	set(2)
	second := b.follow(t, "http/1.1", "/", a.parts(t, "/")) // shows 2
	far.cut.Store(false)
	shows(first, 2)
	set(3)
	shows(first, 3)
	shows(second, 3)
}
