// Package retain keeps the assets of builds in a store.
//
// While a new build takes an old one's place, and as long as a page of the old
// one is open in a browser or lies in a cache, its assets are asked for, and
// whoever is asked may be the other build. So each build puts its assets into
// the store that both share, and looks there for those it does not have. They
// stay until the store's sweep takes them as the least recently used.
package retain

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/seed"
)

// route is that of the records in a store. No page's pattern begins so.
const route = "(asset)"

// Prefix begins the path of every asset.
const Prefix = "/_gorgon/assets/"

func keyOf(path string) pages.Key { return pages.Key{Route: route, Path: path} }

// Put puts the assets of a seed into a store, where they are not there yet.
// Twice is once; many may do it at once. It returns how many it put.
func Put(ctx context.Context, store pages.Store, s *seed.Seed) (int, error) {
	build := s.Manifest().Build
	done := keyOf("build/" + build) // put last: then all of them are there
	if _, err := store.Get(ctx, done); err == nil {
		return 0, nil
	}
	n := 0
	for f, err := range s.Files() {
		switch {
		case err != nil:
			return n, fmt.Errorf("keep assets: %w", err)
		case !f.Immutable || !strings.HasPrefix(f.Path, Prefix):
			continue
		}
		if _, err := store.Get(ctx, keyOf(f.Path)); err == nil {
			continue // of an earlier build, with the same content
		}
		if err := put(ctx, store, entryOf(f, build)); err != nil {
			return n, fmt.Errorf("keep assets: %s: %w", f.Path, err)
		}
		n++
	}
	if err := put(ctx, store, &pages.Entry{Key: done, Build: build, Status: http.StatusOK, MadeAt: time.Now()}); err != nil {
		return n, fmt.Errorf("keep assets: %w", err)
	}
	return n, nil
}

func put(ctx context.Context, store pages.Store, e *pages.Entry) error {
	data, err := e.Encode()
	if err != nil {
		return err
	}
	return store.Put(ctx, pages.Record{Key: e.Key, Data: data}, pages.Fence{})
}

func entryOf(f seed.File, build string) *pages.Entry {
	return &pages.Entry{
		Key: keyOf(f.Path), Build: build, Status: http.StatusOK, Header: http.Header{"Content-Type": {f.ContentType}},
		HTML: f.Data, Gzip: f.Gzip, Brotli: f.Brotli, Zstd: f.Zstd, ETag: f.ETag, MadeAt: time.Now(),
	}
}

// Find reads an asset of another build. Its error is pages.ErrNotFound where
// no build that is remembered has it.
func Find(ctx context.Context, store pages.Store, path string) (seed.File, error) {
	if !strings.HasPrefix(path, Prefix) {
		return seed.File{}, pages.ErrNotFound
	}
	record, err := store.Get(ctx, keyOf(path))
	if err != nil {
		return seed.File{}, err
	}
	e, err := pages.Decode(record.Data)
	if err != nil || e.Key != keyOf(path) {
		return seed.File{}, errors.Join(pages.ErrCorrupt, err)
	}
	return seed.File{
		Path: path, ContentType: e.Header.Get("Content-Type"), Immutable: true, ETag: e.ETag,
		Data: e.HTML, Gzip: e.Gzip, Brotli: e.Brotli, Zstd: e.Zstd,
	}, nil
}
