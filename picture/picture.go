// Package picture makes smaller variants of an image that look like the image:
// the right way up, in its colours, never larger than needed.
//
// [Open] reads the header of an image. [Picture.Encode] writes one variant, and
// [Smallest] selects the variants that are worth offering.
//
// Variants keep everything that affects the display: the orientation is
// applied, a colour profile is copied, an image with few colours keeps few
// colours. They omit everything else: the location of a photo, thumbnails,
// comments. Properties that cannot be kept are an error: animations, and colour
// profiles for print.
package picture

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/gif" // to name the format in the error

	_ "image/jpeg"
	_ "image/png"

	_ "golang.org/x/image/webp"
)

// MaxPixels limits the size of an image, because a file of a few bytes can
// claim to be larger than all memory. Decoded, an image of this size takes 200
// MB.
const MaxPixels = 50_000_000

// A Picture is an image whose header was read. Its pixels are decoded when the
// first variant is encoded. It is not safe for concurrent use.
type Picture struct {
	Width, Height int // when shown the right way up

	data    []byte
	format  string // "jpeg", "png", "webp"
	meta    metadata
	model   color.Model
	decoded image.Image // upright; nil until it is needed
}

// Open reads the header of a JPEG, PNG or WebP file.
func Open(data []byte) (*Picture, error) {
	if _, err := gif.DecodeConfig(bytes.NewReader(data)); err == nil {
		return nil, errors.New("it is a GIF, for which variants are not supported: use JPEG, PNG or WebP, or a narrower pattern in Assets.Images")
	}
	meta, metaErr := read(data)
	if meta.animated {
		return nil, errors.New("it is animated, and a variant would show its first frame only: use a narrower pattern in Assets.Images, and a video element or the file itself")
	}
	config, format, err := image.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("%w: use JPEG, PNG or WebP, or a narrower pattern in Assets.Images", err)
	}
	if metaErr != nil {
		return nil, metaErr
	}
	if int64(config.Width)*int64(config.Height) > MaxPixels || config.Width < 1 || config.Height < 1 {
		return nil, fmt.Errorf("it has %d × %d pixels, more than %d in all: make it smaller", config.Width, config.Height, MaxPixels)
	}
	p := &Picture{Width: config.Width, Height: config.Height, data: data, format: format, meta: meta, model: config.ColorModel}
	if meta.orientation > 4 {
		p.Width, p.Height = p.Height, p.Width
	}
	switch meta.profileSpace() {
	case "", "RGB ":
		if p.gray() {
			p.meta.profile = nil // the profile is not for gray, so browsers ignore it
		}
	case "GRAY":
		if !p.gray() {
			return nil, errors.New("its colour profile is for gray and its pixels are not: save it as sRGB")
		}
	default:
		return nil, fmt.Errorf("its colour profile is for %q, which is for print: save it as sRGB", p.meta.profileSpace())
	}
	return p, nil
}

// gray says whether the pixels have no colour and no transparency.
func (p *Picture) gray() bool { return p.model == color.GrayModel || p.model == color.Gray16Model }

// palette says whether the pixels are indices into a few colours.
func (p *Picture) palette() bool {
	_, ok := p.model.(color.Palette)
	return ok
}

// image decodes the pixels, the right way up.
func (p *Picture) image() (image.Image, error) {
	if p.decoded == nil {
		m, _, err := image.Decode(bytes.NewReader(p.data))
		if err != nil {
			return nil, err
		}
		if p.meta.orientation > 1 {
			m = p.conform(upright(m, p.meta.orientation))
		}
		p.decoded = m
	}
	return p.decoded, nil
}
