// Package variants makes smaller pictures of those in a public bucket.
//
//	small := variants.Of(photos, variants.Options{Widths: []int{320, 640, 1280}})
//	Parts: []gorgon.Part{photos, small}
//
//	<img src={ small.URL(ctx, photo.Key, 640) } srcset={ small.Srcset(ctx, photo.Key) }>
//
// A variant is made when it is first asked for, once for all instances, and then
// kept in the store of the bucket, under the digest of the picture and the width:
// a picture that is replaced has other variants. Only the widths that are listed
// exist, so that visitors cannot fill the store. Decoding is bounded: one picture
// at a time in each instance, of 40 megapixels at most. Variants look like the
// picture, and do not have its other data, such as where it was taken; see package
// picture.
//
// What is not a JPEG, PNG or WebP, or is larger, has no variants: 404.
package variants

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/blobs"
	"github.com/gorgon-go/gorgon/bucket"
	"github.com/gorgon-go/gorgon/serve"
	"github.com/gorgon-go/gorgon/viewctx"
)

// Options of variants. Widths are required.
type Options struct {
	// Widths are those that variants can have, in pixels, at most 16. A picture
	// that is smaller has a variant of its own width in their place.
	Widths []int

	// Path is where variants are: "/small". Default: "/variants/" and the name of
	// the bucket.
	Path string

	// Quality is that of JPEG, from 1 to 100. Default: 80.
	Quality int

	// MaxSource is how large the file of a picture is at most, in bytes: it is
	// read into memory. Default: 20 MiB.
	MaxSource int64
}

const (
	maxWidths     = 16
	maxPixels     = 40_000_000
	defaultSource = 20 << 20
)

// Variants are a part of an app. Make them with [Of].
type Variants struct {
	bucket *bucket.Bucket
	o      Options
	made   blobs.Store   // the variants
	slot   chan struct{} // one token: one picture at a time
	now    func() time.Time
	faults []error

	mu     sync.Mutex
	making map[string]chan struct{} // by key of the variant; closed when it was made or not
}

// Of makes the variants of a bucket. What is wrong with the options is a fault
// of the app that lists them.
func Of(b *bucket.Bucket, o Options) *Variants {
	own := b.Options()
	v := &Variants{bucket: b, o: o, slot: make(chan struct{}, 1), now: time.Now, making: map[string]chan struct{}{}}
	fault := func(text string) { v.faults = append(v.faults, errors.New(text)) }
	if !own.Public {
		fault("the bucket is not Public: variants are for pictures that everyone sees")
	}
	if len(o.Widths) == 0 || len(o.Widths) > maxWidths || slices.ContainsFunc(o.Widths, func(w int) bool { return w < 1 || w > 10_000 }) {
		fault("Widths: list 1 to 16 widths of 1 to 10,000 pixels")
	}
	if o.Quality < 0 || o.Quality > 100 || o.MaxSource < 0 {
		fault("Quality is 1 to 100, and MaxSource not below zero")
	}
	if v.o.MaxSource == 0 {
		v.o.MaxSource = defaultSource
	}
	if v.o.Path == "" {
		v.o.Path = "/variants/" + own.Name
	}
	v.o.Widths = slices.Sorted(slices.Values(o.Widths))
	v.made = blobs.Sub(own.Store, own.Name+"-variants")
	return v
}

func (v *Variants) partName() string { return "variants of " + v.bucket.Options().Name }

// Part returns the handler of the variants.
func (v *Variants) Part() gorgon.Part {
	return gorgon.Handler{Pattern: "GET " + v.o.Path + "/{width}/{key...}", Name: v.partName(), Handler: (*handler)(v)}
}

// URL is where a variant of a picture is, as the value of a src. The context is
// that of a view, a loader or a request.
func (v *Variants) URL(ctx context.Context, key string, width int) string {
	root := v.o.Path
	if find := viewctx.SiteOf(ctx).Find; find != nil {
		if named, ok := find(v.partName()); ok {
			root = strings.TrimSuffix(named.Path, "/{width}/{key...}")
		}
	}
	return gorgon.FileURL(ctx, fmt.Sprintf("%s/%d/%s", root, width, key))
}

// Srcset lists all variants of a picture, as the value of a srcset.
func (v *Variants) Srcset(ctx context.Context, key string) string {
	var list []string
	for _, w := range v.o.Widths {
		// A comma at the end of a URL would end the entry.
		list = append(list, fmt.Sprintf("%s %dw", strings.ReplaceAll(v.URL(ctx, key, w), ",", "%2C"), w))
	}
	return strings.Join(list, ", ")
}

type handler Variants

// Word is what the handler is called in lists of the parts of an app.
func (*handler) Word() string { return "variants" }

// Validate lists the faults of the variants.
func (h *handler) Validate() error { return errors.Join(h.faults...) }

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	v := (*Variants)(h)
	info, err := v.variant(r)
	switch {
	case errors.Is(err, blobs.ErrNotFound), errors.Is(err, blobs.ErrInvalid), errors.Is(err, errNone):
		serve.Fail(w, r, gorgon.NotFound())
	case err != nil && r.Context().Err() == nil:
		serve.Fail(w, r, &gorgon.Error{Op: "make variant", Path: v.bucket.Options().Name, Kind: gorgon.KindUnavailable, Err: err})
	case err != nil:
		serve.Fail(w, r, err)
	default:
		v.bucket.Send(w, r, v.made, info)
	}
}

// variant finds the variant that a request asks for, or makes it.
func (v *Variants) variant(r *http.Request) (info blobs.Info, err error) {
	text := r.PathValue("width")
	width, err := strconv.Atoi(text)
	if err != nil || strconv.Itoa(width) != text || !slices.Contains(v.o.Widths, width) {
		return info, errNone
	}
	source, err := v.source(r.Context(), r.PathValue("key"))
	if err != nil {
		return info, err
	}
	return v.once(r.Context(), source, width)
}

// source is a picture that may have variants.
func (v *Variants) source(ctx context.Context, key string) (blobs.Info, error) {
	info, err := v.bucket.Store().Stat(ctx, key)
	if err == nil && (info.Size > v.o.MaxSource || !slices.Contains([]string{"image/jpeg", "image/png", "image/webp"}, info.Type)) {
		err = errNone
	}
	return info, err
}

// Make makes all variants of a picture that are not there yet, so that no visitor
// waits for them: in a job, for example. It is false if the file can have none:
// it is not a picture, or too large.
func (v *Variants) Make(ctx context.Context, key string) (bool, error) {
	source, err := v.source(ctx, key)
	for _, width := range v.o.Widths {
		if err != nil {
			break
		}
		_, err = v.once(ctx, source, width)
	}
	if errors.Is(err, errNone) {
		return false, nil
	}
	return err == nil, err
}
