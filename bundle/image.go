// Images in several widths and formats.

package bundle

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"io"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/HugoSmits86/nativewebp"
	"golang.org/x/image/draw"
	_ "golang.org/x/image/webp" // originals in WebP
	"golang.org/x/sync/errgroup"

	"github.com/gorgon-go/gorgon"
)

// maxPixels bounds an image: a file of a few bytes can say that it is larger
// than all memory. Decoded, an image of this size has 200 MB.
const maxPixels = 50_000_000

// madeBy is part of the digest that a variant is kept under: another number
// makes all of them anew.
const madeBy = "1"

var defaultWidths = []int{480, 960, 1440}

// An encoding is a format that variants are written in.
type encoding struct {
	kind, ext string
	write     func(w io.Writer, m image.Image, quality int) error
}

var (
	asJPEG = encoding{"image/jpeg", ".jpg", func(w io.Writer, m image.Image, quality int) error {
		return jpeg.Encode(w, m, &jpeg.Options{Quality: cmp.Or(quality, 80)})
	}}
	asPNG = encoding{"image/png", ".png", func(w io.Writer, m image.Image, _ int) error {
		return (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(w, m)
	}}
	asWebP = encoding{"image/webp", ".webp", func(w io.Writer, m image.Image, _ int) error {
		return nativewebp.Encode(w, m, nil)
	}}
)

// encodings are what is made of an image, the format to be preferred first.
// WebP is written without loss, which is smaller than PNG and larger than
// JPEG.
func encodings(format string) []encoding {
	switch format {
	case "jpeg":
		return []encoding{asJPEG}
	case "png":
		return []encoding{asWebP, asPNG}
	case "webp":
		return []encoding{asWebP}
	}
	return nil
}

// images makes the variants of every image that a rule matches; the first
// rule that does counts. Few images are decoded at once: they are large.
func (w *work) images(ctx context.Context, names []string) error {
	used := make([]bool, len(w.app.Images))
	var group errgroup.Group
	group.SetLimit(min(4, runtime.GOMAXPROCS(0)))
	faults := make([]error, len(names))
	for n, name := range names {
		i := slices.IndexFunc(w.app.Images, func(r gorgon.ImageRule) bool {
			ok, _ := path.Match(r.Match, name)
			return ok && !part(name)
		})
		if i < 0 {
			continue
		}
		used[i] = true
		group.Go(func() error {
			if err := w.image(ctx, name, w.app.Images[i]); err != nil {
				faults[n] = fmt.Errorf("App.Assets: image %s: %w", name, err)
			}
			return nil
		})
	}
	_ = group.Wait() // each keeps its own error
	for i, rule := range w.app.Images {
		if !used[i] && !slices.ContainsFunc(names, func(name string) bool { ok, _ := path.Match(rule.Match, name); return ok }) {
			faults = append(faults, fmt.Errorf("App.Images: no asset matches %s: correct the pattern, or leave it out", rule.Match))
		}
	}
	return errors.Join(faults...)
}

func (w *work) image(ctx context.Context, name string, rule gorgon.ImageRule) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	data := w.data[name]
	config, format, err := image.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return fmt.Errorf("%w: use JPEG, PNG or WebP, or a narrower pattern in App.Images", err)
	}
	if int64(config.Width)*int64(config.Height) > maxPixels || config.Width < 1 || config.Height < 1 {
		return fmt.Errorf("it has %d × %d pixels, more than %d in all: make it smaller", config.Width, config.Height, maxPixels)
	}
	p := gorgon.Picture{Width: config.Width, Height: config.Height}
	turn := 1
	if format == "jpeg" {
		turn = orientation(data)
	}
	if turn > 4 {
		p.Width, p.Height = p.Height, p.Width
	}
	widths := slices.Clone(rule.Widths)
	if len(widths) == 0 {
		widths = slices.Clone(defaultWidths)
	}
	slices.Sort(widths)
	widths = slices.DeleteFunc(slices.Compact(widths), func(n int) bool { return n >= p.Width })
	widths = append(widths, p.Width) // the whole of it, without what a camera notes beside
	var original image.Image
	decoded := func() (image.Image, error) {
		if original == nil {
			m, _, err := image.Decode(bytes.NewReader(data))
			if err != nil {
				return nil, err
			}
			original = upright(m, turn)
		}
		return original, nil
	}
	sum := sha256.Sum256(data)
	for _, e := range encodings(format) {
		for _, width := range widths {
			key := fmt.Sprintf("%s-%s-%d-%d%s", hex.EncodeToString(sum[:16]), madeBy, width, rule.Quality, e.ext)
			made, err := w.cached(key, func() ([]byte, error) {
				m, err := decoded()
				if err != nil {
					return nil, err
				}
				var b bytes.Buffer
				err = e.write(&b, scaled(m, width), rule.Quality)
				return b.Bytes(), err
			})
			if err != nil {
				return err
			}
			at := pathOf(strings.TrimSuffix(name, path.Ext(name))+fmt.Sprintf("-%d", width)+e.ext, made)
			p.Variants = append(p.Variants, gorgon.Variant{Type: e.kind, Width: width, Path: at})
			w.mu.Lock()
			w.files[at] = made
			w.mu.Unlock()
		}
	}
	w.mu.Lock()
	w.assets.Images[name] = p
	w.mu.Unlock()
	return nil
}

func scaled(m image.Image, width int) image.Image {
	b := m.Bounds()
	if b.Dx() == width {
		return m
	}
	height := max(1, (b.Dy()*width+b.Dx()/2)/b.Dx())
	small := image.NewNRGBA(image.Rect(0, 0, width, height))
	draw.CatmullRom.Scale(small, small.Bounds(), m, b, draw.Src, nil)
	return small
}

// cached is what lies in the cache under a key, or else what make makes. What
// is kept has its digest before it: a file that was cut off is made again.
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
