// Which way up a photo is: cameras note it beside the picture.

package bundle

import (
	"encoding/binary"
	"image"

	"golang.org/x/image/draw"
)

// orientation reads the number that Exif has for it, from 1 to 8, out of a
// JPEG; 1 where nothing, or nothing sensible, is said. Exif is a TIFF in the
// segment APP1.
func orientation(data []byte) int {
	for i := 2; i+4 <= len(data) && data[i] == 0xff && data[i+1] != 0xda; {
		size := int(binary.BigEndian.Uint16(data[i+2:]))
		if size < 2 || i+2+size > len(data) {
			return 1
		}
		if segment := data[i+4 : i+2+size]; data[i+1] == 0xe1 && len(segment) > 14 && string(segment[:6]) == "Exif\x00\x00" {
			return orientationOf(segment[6:])
		}
		i += 2 + size
	}
	return 1
}

func orientationOf(tiff []byte) int {
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

// upright turns and mirrors an image as its orientation says.
func upright(m image.Image, orientation int) image.Image {
	if orientation == 1 {
		return m
	}
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
