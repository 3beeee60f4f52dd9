// The orientation of a photo, which cameras write next to the pixels.

package picture

import (
	"encoding/binary"
	"image"

	"golang.org/x/image/draw"
)

// orientationOf reads Exif's number of the orientation, from 1 to 8, from a
// TIFF; it returns 1 if there is none, or an invalid one.
func orientationOf(tiff []byte) int {
	if len(tiff) < 8 {
		return 1
	}
	var order binary.ByteOrder = binary.LittleEndian
	if string(tiff[:2]) == "MM" {
		order = binary.BigEndian
	}
	at := int64(order.Uint32(tiff[4:]))
	if at+2 > int64(len(tiff)) {
		return 1
	}
	fields := tiff[at+2:]
	for range order.Uint16(tiff[at:]) {
		if len(fields) < 12 {
			return 1
		}
		if order.Uint16(fields) == 0x0112 {
			if n := int(order.Uint16(fields[8:])); n >= 1 && n <= 8 {
				return n
			}
			return 1
		}
		fields = fields[12:]
	}
	return 1
}

// upright rotates and mirrors an image according to its orientation.
func upright(m image.Image, orientation int) *image.NRGBA {
	b := m.Bounds()
	w, h := b.Dx(), b.Dy()
	from := image.NewNRGBA(image.Rect(0, 0, w, h))
	draw.Draw(from, from.Bounds(), m, b.Min, draw.Src)
	to := image.NewNRGBA(image.Rect(0, 0, w, h))
	if orientation > 4 {
		to = image.NewNRGBA(image.Rect(0, 0, h, w))
	}
	for y := range h {
		for x := range w {
			tx, ty := x, y
			switch orientation {
			case 2:
				tx = w - 1 - x
			case 3:
				tx, ty = w-1-x, h-1-y
			case 4:
				ty = h - 1 - y
			case 5:
				tx, ty = y, x
			case 6:
				tx, ty = h-1-y, x
			case 7:
				tx, ty = h-1-y, w-1-x
			case 8:
				tx, ty = y, w-1-x
			}
			to.SetNRGBA(tx, ty, from.NRGBAAt(x, y))
		}
	}
	return to
}
