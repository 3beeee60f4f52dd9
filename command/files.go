// The files of a server: of its seed, and the assets of other builds.

package command

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync/atomic"
	"time"

	"github.com/gorgon-go/gorgon/answer"
	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/retain"
	"github.com/gorgon-go/gorgon/seed"
	"github.com/gorgon-go/gorgon/wire"
)

const (
	assetTimeout   = 2 * time.Second // of looking for another build's asset
	tellAssetAgain = time.Minute     // of a store that cannot be asked, one line in this time
)

// since is the time that has passed since it was asked last, when more than
// tellAssetAgain has.
func since(last *atomic.Int64) time.Duration {
	now, then := time.Now().Unix(), last.Load()
	passed := time.Duration(now-then) * time.Second
	if passed <= tellAssetAgain || !last.CompareAndSwap(then, now) {
		return 0
	}
	return passed
}

// filesOf serves the files of a seed, and from the store the assets of builds
// that serve beside this one, or did.
func filesOf(s *seed.Seed, store pages.Store, log *slog.Logger) func(path string) (answer.File, bool) {
	var told atomic.Int64 // when, in Unix seconds: visitors choose the paths
	return func(path string) (answer.File, bool) {
		f, err := s.File(path)
		if err != nil && store != nil && strings.HasPrefix(path, wire.Assets) {
			ctx, cancel := context.WithTimeout(context.Background(), assetTimeout)
			defer cancel()
			if f, err = retain.Find(ctx, store, path); err != nil && !errors.Is(err, pages.ErrNotFound) && since(&told) > tellAssetAgain {
				log.Warn("an asset could not be looked for in the store", "path", path, "err", err)
			}
		}
		if err != nil {
			return answer.File{}, false
		}
		return answer.File{
			ContentType: f.ContentType, Immutable: f.Immutable, ETag: f.ETag,
			Data: f.Data, Gzip: f.Gzip, Brotli: f.Brotli, Zstd: f.Zstd,
		}, true
	}
}
