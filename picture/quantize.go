// Images with few colours.

package picture

import (
	"cmp"
	"image"
	"image/color"
	"maps"
	"slices"
)

// quantized reduces an image to at most 256 colours: its most frequent ones.
// Other pixels get the nearest colour. An image with no more keeps all of its
// colours.
func quantized(m *image.NRGBA) *image.Paletted {
	counts := map[color.NRGBA]int{}
	pixels := func(yield func(at int, c color.NRGBA)) {
		for i := 0; i+3 < len(m.Pix); i += 4 {
			c := color.NRGBA{R: m.Pix[i], G: m.Pix[i+1], B: m.Pix[i+2], A: m.Pix[i+3]}
			if c.A == 0 {
				c = color.NRGBA{} // one way to be transparent is enough
			}
			yield(i/4, c)
		}
	}
	pixels(func(_ int, c color.NRGBA) { counts[c]++ })
	colors := slices.SortedFunc(maps.Keys(counts), func(a, b color.NRGBA) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(number(a), number(b)))
	})
	colors = colors[:min(len(colors), 256)]
	palette := make(color.Palette, len(colors))
	index := make(map[color.NRGBA]uint8, len(counts))
	for i, c := range colors {
		palette[i] = c
		index[c] = uint8(i)
	}
	few := image.NewPaletted(m.Bounds(), palette)
	pixels(func(at int, c color.NRGBA) {
		i, ok := index[c]
		if !ok {
			i = uint8(palette.Index(c))
			index[c] = i
		}
		few.Pix[at] = i
	})
	return few
}

func number(c color.NRGBA) uint32 {
	return uint32(c.R)<<24 | uint32(c.G)<<16 | uint32(c.B)<<8 | uint32(c.A)
}
