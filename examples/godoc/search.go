// Search: by name, over the standard library and all modules.

package main

import (
	"context"
	"errors"
	"io/fs"
	"net/http"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/examples/godoc/library"
	"github.com/gorgon-go/gorgon/examples/godoc/views"
)

// contentsOf is the cache of what modules hold. A version of a module never
// changes, so each is read once, and is there when the program starts again.
func contentsOf(lib *library.Library) gorgon.Cache[string, library.Contents] {
	return gorgon.Cache[string, library.Contents]{
		Name: "modules", Timeout: 5 * time.Minute,
		Load: func(ctx context.Context, mod string) (library.Contents, error) {
			return found(lib.Contents(ctx, mod))
		},
	}
}

// lookEvery is how often it is looked whether a module has arrived.
const lookEvery = 20 * time.Second

// A signal is given once.
type signal struct {
	once sync.Once
	c    chan struct{}
}

func newSignal() *signal { return &signal{c: make(chan struct{})} }

func (s *signal) give() { s.once.Do(func() { close(s.c) }) }

func (s *signal) given() bool {
	select {
	case <-s.c:
		return true
	default:
		return false
	}
}

// follow watches the module cache in the background. What the modules hold is
// read from the first search on: until then it costs next to nothing.
func (g generators) follow(ctx context.Context) error {
	if g.lib.Err() != nil {
		<-ctx.Done()
		return ctx.Err()
	}
	searched := g.searched.c
	for {
		if g.searched.given() {
			searched = nil // not to be waited for again
		}
		if err := g.look(ctx); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-searched:
		case <-time.After(lookEvery):
		}
	}
}

// look has the page of what is installed made again, also where it is open, and
// brings the index up to date.
func (g generators) look(ctx context.Context) error {
	now, err := g.lib.Stamp(ctx)
	if err != nil {
		return err
	}
	if was, err := g.stamp.Get(ctx, installedNow); err != nil {
		return err
	} else if was != now {
		if err := g.stamp.Forget(ctx, installedNow); err != nil {
			return err
		}
	}
	if !g.searched.given() {
		return nil
	}
	return g.updateIndex(ctx)
}

// installedNow is the only key of the cache of stamps.
const installedNow = "now"

// stampOf is the cache of what the module cache looked like: what is made of it
// is made again when it has changed.
func stampOf(lib *library.Library) gorgon.Cache[string, string] {
	return gorgon.Cache[string, string]{
		Name: "stamp",
		Load: func(ctx context.Context, _ string) (string, error) { return lib.Stamp(ctx) },
	}
}

func (g generators) updateIndex(ctx context.Context) error {
	return g.index.Update(ctx, g.lib, func(ctx context.Context, mod string) (library.Contents, error) {
		c, err := g.contents.Get(ctx, mod)
		if e := (*gorgon.Error)(nil); errors.As(err, &e) && e.Kind == gorgon.KindNotFound {
			err = fs.ErrNotExist // removed since
		}
		return c, err
	})
}

// maxWords bounds what is searched for, in characters, as the search box does.
const maxWords = 100

// words are what a visitor searches for.
func words(r *http.Request) (string, error) {
	q := r.URL.Query().Get("q")
	switch {
	case utf8.RuneCountInString(q) > maxWords:
		return "", &gorgon.Error{Kind: gorgon.KindInvalid, Message: "Search for something shorter."}
	case !utf8.ValidString(q) || strings.ContainsFunc(q, unicode.IsControl):
		return "", &gorgon.Error{Kind: gorgon.KindInvalid, Message: "Search for a name."}
	}
	return q, nil
}

// find searches, and describes what it found.
func (g generators) find(ctx context.Context, in gorgon.Input, query string, limit int) ([]library.Result, int, error) {
	c, err := g.catalog.Get(in)
	if err != nil {
		return nil, 0, err
	}
	g.searched.give()
	g.index.SetCatalog(c)
	results, total := g.index.Search(query, limit)
	library.Describe(results, func(module string) (library.Contents, bool) {
		if module == "" {
			return library.Contents{Packages: c.Packages, Commands: c.Commands}, true
		}
		contents, err := g.contents.Get(ctx, module)
		return contents, err == nil // without, the name alone is shown
	})
	return results, total, nil
}

func (g generators) search(ctx context.Context, in gorgon.Input, r *http.Request) (views.SearchState, error) {
	query, err := words(r)
	if err != nil {
		return views.SearchState{}, err
	}
	results, total, err := g.find(ctx, in, query, library.MaxResults)
	return views.SearchState{Query: query, Results: results, Total: total, Index: g.index.Size()}, err
}

// A suggestion is a line below the search box, as assets/app.js reads it.
type suggestion struct {
	To   string `json:"to"`
	Kind string `json:"kind"`
	Name string `json:"name"`
	In   string `json:"in,omitempty"`
	Text string `json:"text,omitempty"`
}

// maxSuggestions is how many fit below the search box of a small screen.
const maxSuggestions = 8

func (g generators) suggest(ctx context.Context, in gorgon.Input, r *http.Request) ([]suggestion, error) {
	list := []suggestion{} // JSON's [], not null
	query, err := words(r)
	if err != nil {
		return nil, err
	}
	results, _, err := g.find(ctx, in, query, maxSuggestions)
	for _, r := range results {
		s := suggestion{To: gorgon.URL(ctx, views.ResultPath(r)), Kind: r.Kind, Name: r.Name, In: r.Path, Text: r.Synopsis}
		if s.Name == "" {
			s.Name, s.In = r.Path, ""
		}
		if r.Signature != "" && (r.Kind != "type" || r.Synopsis == "") {
			s.Text = r.Signature
		}
		list = append(list, s)
	}
	return list, err
}
