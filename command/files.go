// The files of a server: of its seed, and the assets of other builds.

package command

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/retain"
	"github.com/gorgon-go/gorgon/seed"
	"github.com/gorgon-go/gorgon/serve"
)

// assetTimeout bounds looking for another build's asset.
const assetTimeout = 2 * time.Second

// files serves the files of a seed, and from the store the assets of builds
// that serve beside this one, or did.
func (p *program) files(s *seed.Seed, store pages.Store) func(path string) (serve.File, bool) {
	return func(path string) (serve.File, bool) {
		f, err := s.File(path)
		if err != nil && store != nil && strings.HasPrefix(path, retain.Prefix) {
			ctx, cancel := context.WithTimeout(context.Background(), assetTimeout)
			defer cancel()
			if f, err = retain.Find(ctx, store, path); err != nil && !errors.Is(err, pages.ErrNotFound) {
				p.log.Warn("an asset could not be looked for in the store", "path", path, "err", err)
			}
		}
		if err != nil {
			return serve.File{}, false
		}
		return serve.File{
			ContentType: f.ContentType, Immutable: f.Immutable, ETag: f.ETag,
			Data: f.Data, Gzip: f.Gzip, Brotli: f.Brotli, Zstd: f.Zstd,
		}, true
	}
}
