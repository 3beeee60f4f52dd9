// Caches: values that are loaded once and kept, as pages are.

package gorgon

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/gorgon-go/gorgon/paths"
	"github.com/gorgon-go/gorgon/viewctx"
)

// A Cache is a page without a view: values that are loaded by a key, and kept,
// revalidated and purged as pages are. Declare it once, list it in [App.Parts],
// and call Get wherever there is a context of the app: in loaders, handlers,
// guards, endpoints, services and jobs.
//
//	var rates = gorgon.Cache[Pair, Rate]{
//		Name: "rates", Load: loadRate, RevalidateAfter: time.Hour,
//		Tags: func(Rate) []string { return []string{"rates"} },
//	}
//
//	rate, err := rates.Get(ctx, Pair{"EUR", "USD"})
//
// A key stands for its JSON, so its exported fields must hold all of it. Values
// are stored as JSON. They are decoded once and then shared by all callers, who
// must not change what a value points to.
//
// A stored page or fragment whose loader reads a value is never fresher than
// it: a purge of the value, or the end of its time, makes the page out of date
// too. Inside of such a loader Get waits for a value that is out of date to be
// loaded again, and returns it as it was only if that fails.
type Cache[K comparable, V any] struct {
	// Name names the cache: lower-case letters, digits and dashes.
	Name string

	// Load loads the value of a key. Where there is none it returns
	// [NotFound], which Get then returns too; see NegativeFor. Its context has
	// no request and no locale: what the value depends on is part of the key.
	Load func(ctx context.Context, key K) (V, error)

	// RevalidateAfter, StaleFor, ErrorFor and Timeout are as in [Page]. A small
	// StaleFor and ErrorFor, such as time.Nanosecond, let a value end when
	// RevalidateAfter has passed.
	RevalidateAfter time.Duration
	StaleFor        time.Duration
	ErrorFor        time.Duration
	Timeout         time.Duration

	// NegativeFor is how long an instance remembers that Load returned
	// [NotFound] or [Gone]. Default: as long as for pages, a minute.
	NegativeFor time.Duration

	// Tags returns names of what the value shows, so that a purge of a tag
	// reaches it. Every value also has the tag "cache:" and the Name. Default:
	// no others.
	Tags func(V) []string

	// Scope says who shares the values. Default: [Shared].
	Scope Scope

	// Priority keeps the values in a quarter of the memory that pages and other
	// values cannot take from them. Default: they share the rest with all
	// others.
	Priority bool

	// Size returns about how many bytes a value of Scope [Local] takes. Default:
	// as many as its JSON has, if it has one.
	Size func(V) int
}

// A Scope says who shares the values of a [Cache].
type Scope uint8

const (
	Shared Scope = iota // all instances of the app, by the store
	Local               // one instance: values are not stored, and may be of any type
)

// Get returns the value of a key, and loads it if there is none. It fails as
// Load did, and where ctx is not of an app that lists the cache.
func (c Cache[K, V]) Get(ctx context.Context, key K) (V, error) {
	kept, path, err := c.find(ctx, "get", key)
	if err != nil {
		var zero V
		return zero, err
	}
	if value, ok := kept.Found(ctx, path); ok {
		return c.typed(value, nil)
	}
	return c.typed(kept.Get(ctx, path, key))
}

// Put makes the value of a key with a function, and keeps it in place of the
// one there is; it returns the new value. What an instance is loading meanwhile
// does not replace it, and what is purged while the function runs is out of
// date at once. Where the function fails, Put fails, and the value there is
// counts as purged.
func (c Cache[K, V]) Put(ctx context.Context, key K, make func(context.Context) (V, error)) (V, error) {
	kept, path, err := c.find(ctx, "put", key)
	if err != nil {
		var zero V
		return zero, err
	}
	return c.typed(kept.Put(ctx, path, key, func(ctx context.Context) (any, error) { return make(ctx) }))
}

// Forget drops the value of a key on every instance: the next Get loads it. What
// was made of it is stale.
func (c Cache[K, V]) Forget(ctx context.Context, key K) error {
	kept, path, err := c.find(ctx, "forget", key)
	if err != nil {
		return err
	}
	return kept.Forget(ctx, path)
}

// find finds the cache in a context, and the path of a key.
func (c *Cache[K, V]) find(ctx context.Context, op string, key K) (viewctx.Cache, string, error) {
	kept := viewctx.SiteOf(ctx).Caches[c.Name]
	if kept == nil {
		return nil, "", c.lost(ctx, op)
	}
	known, ok := kept.Paths().(*keyPaths[K])
	if !ok {
		return nil, "", c.other()
	}
	path, err := known.of(key)
	if err != nil {
		return nil, "", &Error{Op: op, Path: "cache " + c.Name, Err: fmt.Errorf("the key cannot be encoded as JSON: %w", err)}
	}
	return kept, path, nil
}

// lost says why a context does not have the cache.
func (c *Cache[K, V]) lost(ctx context.Context, op string) error {
	e := &Error{Op: op, Path: "cache " + c.Name}
	if viewctx.SiteOf(ctx).Caches == nil {
		e.Err = errors.New("the context is not of an app that has caches and is being served or built")
		e.Hint = "add the cache to App.Parts, and pass on the context that a loader, handler, service or job received; in a test use gorgontest.Site.Context"
	} else {
		e.Err, e.Hint = errors.New("the app does not list it"), "add it to App.Parts"
	}
	return e
}

// typed is what the machine returned, with its type.
func (c *Cache[K, V]) typed(value any, err error) (V, error) {
	v, ok := value.(V) // nil where V is an interface
	if err == nil && !ok && value != nil {
		err = c.other()
	}
	return v, err
}

func (c *Cache[K, V]) other() error {
	return &Error{Op: "get", Path: "cache " + c.Name, Message: "the app lists another cache under this name"}
}

func (c Cache[K, V]) Part() Part { return c }

func (c Cache[K, V]) addTo(to *contents, _ scope) { to.caches = append(to.caches, c.Definition()) }

// Definition returns the cache with the types of its keys and values erased.
func (c Cache[K, V]) Definition() *Definition {
	d := &Definition{
		Cache: c.Name, Path: viewctx.CachePath(c.Name, nil) + "{key...}", Incremental: true,
		freshness: freshness{c.RevalidateAfter, c.StaleFor, c.ErrorFor, c.Timeout}.withDefaults(),
		Local:     c.Scope == Local, Priority: c.Priority, NegativeFor: c.NegativeFor,
		NewPaths: func() any { return newKeyPaths[K](c.Name) },
		Encode:   func(value any) ([]byte, error) { return json.Marshal(value) },
		Decode: func(data []byte) (any, error) {
			var v V
			err := json.Unmarshal(data, &v)
			return v, err
		},
	}
	d.Pattern, _ = paths.ParsePattern(d.Path) // validate says what is wrong with the Name
	d.LoadKey = func(ctx context.Context, key any) (any, error) {
		k, ok := key.(K)
		if !ok {
			return nil, c.other()
		}
		return c.Load(ctx, k)
	}
	d.Load = func(ctx context.Context, in Input) (any, error) {
		_, text, _ := viewctx.SplitCachePath(in.Path)
		var key K
		if err := json.Unmarshal([]byte(text), &key); err != nil {
			return nil, &Error{Kind: KindInvalid, Err: fmt.Errorf("the key is not one of cache %s: it does not decode", c.Name)}
		}
		return c.Load(ctx, key)
	}
	as := func(value any) V { v, _ := value.(V); return v }
	if c.Tags != nil {
		d.Tags = func(_ context.Context, _ Input, value any) ([]string, error) { return c.Tags(as(value)), nil }
	}
	if c.Size != nil {
		d.Size = func(value any) int { return c.Size(as(value)) }
	}
	d.faults = c.faults()
	return d
}

// faults lists what is wrong with the declaration.
func (c *Cache[K, V]) faults() []string {
	var faults []string
	fault := func(bad bool, text string) {
		if bad {
			faults = append(faults, text)
		}
	}
	fault(c.Name == "" || strings.Trim(c.Name, "abcdefghijklmnopqrstuvwxyz0123456789-") != "",
		fmt.Sprintf("Name %q: use lower-case letters, digits and dashes, such as \"rates\"", c.Name))
	fault(c.Load == nil, fmt.Sprintf("there is no Load: add one, a func(context.Context, %s) (%s, error)", typeName[K](), typeName[V]()))
	fault(c.NegativeFor < 0, "NegativeFor is negative: give a duration above zero, or none for a minute")
	fault(c.Scope > Local, fmt.Sprintf("Scope is %d: use gorgon.Shared or gorgon.Local", c.Scope))
	fault(c.Size != nil && c.Scope != Local, "Size is for values that are not stored, and the store knows how long these are: remove it, or set Scope to gorgon.Local")
	if text := keyFault[K](); text != "" {
		faults = append(faults, text)
	}
	return faults
}

// CacheDefinitions returns the caches with their types erased, in order.
func (a App) CacheDefinitions() []*Definition { return a.contents().caches }

// validateCaches lists the faults of the app's caches.
func (c *contents) validateCaches() []error {
	var faults []error
	names := map[string]bool{}
	for _, d := range c.caches {
		for _, text := range append(d.faults, d.freshness.validate()...) {
			faults = append(faults, fmt.Errorf("cache %s: %s", d.Cache, text))
		}
		if names[d.Cache] {
			faults = append(faults, fmt.Errorf("cache %s: two have this name: rename one", d.Cache))
		}
		names[d.Cache] = true
	}
	return faults
}
