// Writing variants, and selecting among them.

package picture

import (
	"bytes"
	"cmp"
	"errors"
	"image"
	"image/jpeg"
	"image/png"
	"io"
	"slices"

	"github.com/HugoSmits86/nativewebp"
	"golang.org/x/image/draw"
	"golang.org/x/image/webp"
)

// An Encoding is a format that variants are written in.
type Encoding struct {
	Type, Ext string // "image/jpeg", ".jpg"

	format string
	write  func(w io.Writer, m image.Image, quality int) error
	attach func(file []byte, meta metadata) []byte // adds the description of the colours
}

var (
	asJPEG = Encoding{"image/jpeg", ".jpg", "jpeg", func(w io.Writer, m image.Image, quality int) error {
		return jpeg.Encode(w, m, &jpeg.Options{Quality: cmp.Or(quality, 80)})
	}, attachToJPEG}
	asPNG = Encoding{"image/png", ".png", "png", func(w io.Writer, m image.Image, _ int) error {
		return (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(w, m)
	}, attachToPNG}
	asWebP = Encoding{"image/webp", ".webp", "webp", writeWebP, attachToWebP}
)

// ErrUnsuitable says that an encoding cannot write this picture. Others may be
// able to.
var ErrUnsuitable = errors.New("the encoder for WebP cannot write this picture: save it as PNG or JPEG")

// writeWebP writes an image losslessly, and reads it back: the encoder panics
// if its codes would be longer than WebP allows, and its result for few colours
// cannot always be decoded.
func writeWebP(w io.Writer, m image.Image, _ int) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = ErrUnsuitable
		}
	}()
	full, ok := m.(*image.NRGBA)
	if !ok {
		full = image.NewNRGBA(m.Bounds())
		draw.Draw(full, full.Bounds(), m, m.Bounds().Min, draw.Src)
	}
	var b bytes.Buffer
	if err := nativewebp.Encode(&b, full, nil); err != nil {
		return err
	}
	back, err := webp.Decode(bytes.NewReader(b.Bytes()))
	if err != nil || !same(full, back) {
		return ErrUnsuitable
	}
	_, err = w.Write(b.Bytes())
	return err
}

// same says whether a decoded image looks like the encoded one. Colours of
// invisible pixels do not count.
func same(m *image.NRGBA, decoded image.Image) bool {
	back, ok := decoded.(*image.NRGBA)
	if !ok || back.Bounds().Size() != m.Bounds().Size() {
		return false
	}
	size := m.Bounds().Size()
	for y := range size.Y {
		a, b := m.Pix[y*m.Stride:][:4*size.X], back.Pix[y*back.Stride:][:4*size.X]
		if bytes.Equal(a, b) {
			continue
		}
		for i := 0; i < len(a); i += 4 {
			if a[i+3] != b[i+3] || a[i+3] != 0 && !bytes.Equal(a[i:i+3], b[i:i+3]) {
				return false
			}
		}
	}
	return true
}

// Encodings returns the formats that variants of the picture can have, the
// preferred one first. WebP is lossless here, which is smaller than PNG and
// larger than JPEG.
func (p *Picture) Encodings() []Encoding {
	switch p.format {
	case "jpeg":
		return []Encoding{asJPEG}
	case "png":
		if len(p.meta.chunks) > 0 || p.gray() && p.meta.profile != nil {
			return []Encoding{asPNG} // WebP supports neither
		}
		return []Encoding{asWebP, asPNG}
	case "webp":
		return []Encoding{asWebP}
	}
	return nil
}

// Encode writes a variant of a width, at most that of the picture. Quality is
// that of JPEG, from 1 to 100. Default: 80. It fails with [ErrUnsuitable] if
// another encoding may work.
func (p *Picture) Encode(e Encoding, width, quality int) ([]byte, error) {
	m, err := p.image()
	if err != nil {
		return nil, err
	}
	if m.Bounds().Dx() != width {
		m = p.conform(scaled(m, width))
	}
	var original []byte
	if width == p.Width && e.format == p.format && p.meta.orientation <= 1 {
		original = p.bare()
	}
	var b bytes.Buffer
	if err := e.write(&b, m, quality); err != nil {
		if original != nil {
			return original, nil
		}
		return nil, err
	}
	data := e.attach(b.Bytes(), p.meta)
	if original != nil && len(original) <= len(data) {
		return original, nil
	}
	return data, nil
}

func scaled(m image.Image, width int) *image.NRGBA {
	b := m.Bounds()
	height := max(1, (b.Dy()*width+b.Dx()/2)/b.Dx())
	small := image.NewNRGBA(image.Rect(0, 0, width, height))
	draw.CatmullRom.Scale(small, small.Bounds(), m, b, draw.Src, nil)
	return small
}

// conform converts pixels to the kind that the picture's have.
func (p *Picture) conform(m *image.NRGBA) image.Image {
	switch {
	case p.gray():
		gray := image.NewGray(m.Bounds())
		draw.Draw(gray, gray.Bounds(), m, m.Bounds().Min, draw.Src)
		return gray
	case p.palette():
		return quantized(m)
	}
	return m
}

// A Variant is a picture in one width and format.
type Variant struct {
	Type  string
	Width int
	Data  []byte
}

// Smallest removes the variants that are not worth offering: those as large as
// a wider one of their type, and a whole type if a later type, which browsers
// prefer less, is smaller. Variants of one type must be adjacent. The last type
// stays, so that every browser has one.
func Smallest(variants []Variant) []Variant {
	var groups [][]Variant
	for _, v := range variants {
		if n := len(groups); n > 0 && groups[n-1][0].Type == v.Type {
			groups[n-1] = append(groups[n-1], v)
		} else {
			groups = append(groups, []Variant{v})
		}
	}
	for i, group := range groups {
		groups[i] = smallestOfType(group)
	}
	var kept []Variant
	for i, group := range groups {
		if i == len(groups)-1 || !slices.ContainsFunc(group, func(v Variant) bool { return beaten(v, groups[i+1:]) }) {
			kept = append(kept, group...)
		}
	}
	return kept
}

// smallestOfType does this for variants of one type; the result is sorted by
// width.
func smallestOfType(group []Variant) []Variant {
	slices.SortFunc(group, func(a, b Variant) int { return cmp.Compare(b.Width, a.Width) })
	kept := group[:1]
	for _, v := range group[1:] {
		if len(v.Data) < len(kept[len(kept)-1].Data) {
			kept = append(kept, v)
		}
	}
	slices.Reverse(kept)
	return kept
}

// beaten says whether a variant of another type is smaller and wide enough.
func beaten(v Variant, others [][]Variant) bool {
	for _, group := range others {
		for _, other := range group {
			if other.Width >= v.Width && len(other.Data) < len(v.Data) {
				return true
			}
		}
	}
	return false
}
