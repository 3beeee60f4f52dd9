// Package retain keeps the assets of builds in a store.
//
// While a new build replaces an old one, and as long as a page of the old one
// is open in a browser or is in a cache, browsers request its assets, and the
// instance that answers may run another build. So each build puts its assets
// into the shared store, and looks there for assets it does not have. They stay
// until the store's sweep removes them as the least recently used.
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
	"github.com/gorgon-go/gorgon/wire"
)

// route is the route of the records in a store. No page's pattern begins so.
const route = "(asset)"

func keyOf(path string) pages.Key { return pages.Key{Route: route, Path: path} }

// Put puts the assets of a seed into a store, unless they are there already.
// Calling it twice, or concurrently, has no further effect. It returns how many
// it put.
func Put(ctx context.Context, store pages.Store, s *seed.Seed) (int, error) {
	build := s.Manifest().Build
	done := keyOf("build/" + build) // this one is put last: if it is there, all of them are
	if _, err := store.Get(ctx, done); err == nil {
		return 0, nil
	}
	n := 0
	for f, err := range s.Files() {
		switch {
		case err != nil:
			return n, fmt.Errorf("keep assets: %w", err)
		case !f.Immutable || !strings.HasPrefix(f.Path, wire.Assets):
			continue
		}
		if _, err := store.Get(ctx, keyOf(f.Path)); err == nil {
			continue // from an earlier build, with the same content
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
	return store.Put(ctx, pages.Record{Key: e.Key, Data: data}, pages.Unfenced)
}

func entryOf(f seed.File, build string) *pages.Entry {
	return &pages.Entry{
		Key: keyOf(f.Path), Build: build, Status: http.StatusOK, Header: http.Header{"Content-Type": {f.ContentType}},
		HTML: f.Data, Gzip: f.Gzip, Brotli: f.Brotli, Zstd: f.Zstd, ETag: f.ETag, MadeAt: time.Now(),
	}
}

// Find reads an asset of another build. It fails with pages.ErrNotFound if no
// known build has it.
func Find(ctx context.Context, store pages.Store, path string) (seed.File, error) {
	if !strings.HasPrefix(path, wire.Assets) {
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
