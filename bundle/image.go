// Images in several widths and formats.

package bundle

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/picture"
	"github.com/gorgon-go/gorgon/viewctx"
)

// madeBy is part of the digest that a variant is cached under: changing it
// makes all variants again.
const madeBy = "2"

var defaultWidths = []int{480, 960, 1440}

// images makes the variants of every image that a rule matches; the first
// matching rule counts. Few images are decoded at once, since they are large.
func (w *work) images(ctx context.Context, names []string) error {
	used := make([]bool, len(w.app.Assets.Images))
	var group errgroup.Group
	group.SetLimit(min(4, runtime.GOMAXPROCS(0)))
	faults := make([]error, len(names))
	for n, name := range names {
		i := slices.IndexFunc(w.app.Assets.Images, func(r gorgon.ImageRule) bool {
			ok, _ := path.Match(r.Match, name)
			return ok && !part(name)
		})
		if i < 0 {
			continue
		}
		used[i] = true
		group.Go(func() error {
			if err := w.image(ctx, name, w.app.Assets.Images[i]); err != nil {
				faults[n] = fmt.Errorf("Assets.Files: image %s: %w", name, err)
			}
			return nil
		})
	}
	_ = group.Wait() // each keeps its own error
	for i, rule := range w.app.Assets.Images {
		if strings.ContainsAny(rule.Match, "*?[") {
			continue // there may be none today
		}
		if !used[i] && !slices.ContainsFunc(names, func(name string) bool { ok, _ := path.Match(rule.Match, name); return ok }) {
			faults = append(faults, fmt.Errorf("Assets.Images: there is no asset %s: correct the name, or leave it out", rule.Match))
		}
	}
	return errors.Join(faults...)
}

func (w *work) image(ctx context.Context, name string, rule gorgon.ImageRule) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	data := w.data[name]
	original, err := picture.Open(data)
	if err != nil {
		return err
	}
	widths := slices.Clone(rule.Widths)
	if len(widths) == 0 {
		widths = slices.Clone(defaultWidths)
	}
	slices.Sort(widths)
	widths = slices.DeleteFunc(slices.Compact(widths), func(n int) bool { return n >= original.Width })
	widths = append(widths, original.Width) // the whole image, without the camera's metadata
	sum := sha256.Sum256(data)
	var variants []picture.Variant
	extensions := map[string]string{}
	for _, e := range original.Encodings() {
		extensions[e.Type] = e.Ext
		for _, width := range widths {
			key := fmt.Sprintf("%s-%s-%d-%d%s", hex.EncodeToString(sum[:16]), madeBy, width, rule.Quality, e.Ext)
			made, err := w.cached(key, func() ([]byte, error) { return original.Encode(e, width, rule.Quality) })
			if errors.Is(err, picture.ErrUnsuitable) && len(original.Encodings()) > 1 {
				continue
			}
			if err != nil {
				return err
			}
			variants = append(variants, picture.Variant{Type: e.Type, Width: width, Data: made})
		}
	}
	shown := viewctx.Picture{Width: original.Width, Height: original.Height}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, v := range picture.Smallest(variants) {
		at := pathOf(strings.TrimSuffix(name, path.Ext(name))+fmt.Sprintf("-%d", v.Width)+extensions[v.Type], v.Data)
		shown.Variants = append(shown.Variants, viewctx.Variant{Type: v.Type, Width: v.Width, Path: at})
		w.files[at] = v.Data
	}
	w.assets.Images[name] = shown
	return nil
}

// cached returns what the cache has under a key, or the result of make. Cached
// data follows its digest: a truncated file is made again.
func (w *work) cached(key string, make func() ([]byte, error)) ([]byte, error) {
	if w.Cache == "" {
		return make()
	}
	file := filepath.Join(w.Cache, key)
	if kept, err := os.ReadFile(file); err == nil && len(kept) > sha256.Size {
		if sum := sha256.Sum256(kept[sha256.Size:]); bytes.Equal(sum[:], kept[:sha256.Size]) {
			return kept[sha256.Size:], nil
		}
	}
	data, err := make()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(w.Cache, 0o755); err != nil {
		return nil, fmt.Errorf("%w: make the folder writable", err)
	}
	sum := sha256.Sum256(data)
	return data, os.WriteFile(file, slices.Concat(sum[:], data), 0o644)
}
