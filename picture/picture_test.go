// Variants look like the image, and are never larger than needed.

package picture_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"image/png"
	"slices"
	"strings"
	"testing"

	"github.com/HugoSmits86/nativewebp"
	"golang.org/x/image/webp"

	"github.com/gorgon-go/gorgon/picture"
)

// profile is the beginning of a colour profile, for pixels of a kind, followed
// by noise that does not compress.
func profile(space string, size int) []byte {
	icc := make([]byte, size)
	state := uint32(1)
	for i := range icc {
		state = state*1664525 + 1013904223
		icc[i] = byte(state >> 24)
	}
	copy(icc[16:], space)
	copy(icc[36:], "acsp")
	return icc
}

// photo has soft colours, red on its left and blue on its right.
func photo(w, h int) *image.NRGBA {
	m := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			c := color.NRGBA{R: 220, G: uint8(y % 32), A: 255}
			if x >= w/2 {
				c = color.NRGBA{B: 220, G: uint8((x + y) % 32), A: 255}
			}
			m.SetNRGBA(x, y, c)
		}
	}
	return m
}

func grayPhoto(w, h int) *image.Gray {
	m := image.NewGray(image.Rect(0, 0, w, h))
	draw.Draw(m, m.Bounds(), photo(w, h), image.Point{}, draw.Src)
	return m
}

func logo(w, h int) *image.Paletted {
	m := image.NewPaletted(image.Rect(0, 0, w, h), color.Palette{color.NRGBA{}, color.Black, color.NRGBA{R: 200, G: 30, B: 30, A: 255}})
	for y := range h {
		for x := range w {
			if (x*x/700+y*y/500)%37 < 9 {
				m.SetColorIndex(x, y, uint8(1+(x/30)%2))
			}
		}
	}
	return m
}

func asPNG(t testing.TB, m image.Image, chunks ...string) []byte {
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	data := b.Bytes()
	out := slices.Clone(data[:33])
	for _, c := range chunks {
		out = binary.BigEndian.AppendUint32(out, uint32(len(c)-4))
		out = append(out, c...)
		out = binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE([]byte(c)))
	}
	return append(out, data[33:]...)
}

func asJPEG(t testing.TB, m image.Image, quality int, segments ...string) []byte {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: quality}); err != nil {
		t.Fatal(err)
	}
	out := slices.Clone(b.Bytes()[:2])
	for _, s := range segments {
		out = append(out, 0xff, s[0])
		out = binary.BigEndian.AppendUint16(out, uint16(len(s)+1))
		out = append(out, s[1:]...)
	}
	return append(out, b.Bytes()[2:]...)
}

// asWebP is the extended form, with chunks before and after the pixels.
func asWebP(t testing.TB, m image.Image, flags byte, before, after map[string]string) []byte {
	var b bytes.Buffer
	if err := nativewebp.Encode(&b, m, nil); err != nil {
		t.Fatal(err)
	}
	chunk := func(out []byte, kind, body string) []byte {
		out = append(out, kind...)
		out = binary.LittleEndian.AppendUint32(out, uint32(len(body)))
		out = append(out, body...)
		return append(out, make([]byte, len(body)%2)...)
	}
	w, h := m.Bounds().Dx()-1, m.Bounds().Dy()-1
	out := chunk([]byte("RIFF____WEBP"), "VP8X", string([]byte{flags, 0, 0, 0, byte(w), byte(w >> 8), 0, byte(h), byte(h >> 8), 0}))
	for kind, body := range before {
		out = chunk(out, kind, body)
	}
	out = append(out, b.Bytes()[12:]...)
	for kind, body := range after {
		out = chunk(out, kind, body)
	}
	binary.LittleEndian.PutUint32(out[4:], uint32(len(out)-8))
	return out
}

// exif says which way up a photo is, and where it was taken.
func exif(orientation byte) string {
	return "MM\x00\x2a\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00" + string(orientation) + "\x00\x00\x00\x00\x00\x00 SECRET PLACE"
}

// iccp is the chunk that holds a profile in a PNG.
func iccp(icc []byte) string { return "iCCPname\x00\x00" + deflated(icc) }

func jpegProfile(icc []byte) []string {
	const most = 60_000
	var segments []string
	count := (len(icc) + most - 1) / most
	for n := range count {
		segments = append(segments, "\xe2ICC_PROFILE\x00"+string([]byte{byte(n + 1), byte(count)})+string(icc[n*most:min((n+1)*most, len(icc))]))
	}
	return segments
}

func encode(t testing.TB, data []byte, width, quality int) (*picture.Picture, []picture.Variant) {
	t.Helper()
	p, err := picture.Open(data)
	if err != nil {
		t.Fatal(err)
	}
	var made []picture.Variant
	for _, e := range p.Encodings() {
		for _, w := range []int{width, p.Width} {
			b, err := p.Encode(e, w, quality)
			if errors.Is(err, picture.ErrUnsuitable) {
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			made = append(made, picture.Variant{Type: e.Type, Width: w, Data: b})
		}
	}
	return p, made
}

func decode(t testing.TB, v picture.Variant) image.Image {
	t.Helper()
	var m image.Image
	var err error
	switch r := bytes.NewReader(v.Data); v.Type {
	case "image/jpeg":
		m, err = jpeg.Decode(r)
	case "image/png":
		m, err = png.Decode(r)
	case "image/webp":
		m, err = webp.Decode(r)
	}
	if err != nil || m.Bounds().Dx() != v.Width {
		t.Fatalf("%s %d: %v", v.Type, v.Width, err)
	}
	return m
}

// Every variant of an image, in each format, carries the image's own profile.
func TestProfilesAreKept(t *testing.T) {
	small, large := profile("RGB ", 600), profile("RGB ", 150_000)
	gray := profile("GRAY", 500)
	for name, c := range map[string]struct {
		data []byte
		want []byte
	}{
		"JPEG":                  {asJPEG(t, photo(90, 60), 80, jpegProfile(small)...), small},
		"JPEG in parts":         {asJPEG(t, photo(90, 60), 80, jpegProfile(large)...), large},
		"PNG":                   {asPNG(t, photo(90, 60), iccp(small)), small},
		"PNG palette":           {asPNG(t, logo(90, 60), iccp(small)), small},
		"PNG turned":            {asPNG(t, photo(90, 60), iccp(small), "eXIf"+exif(6)), small},
		"WebP":                  {asWebP(t, photo(90, 60), 0x20, map[string]string{"ICCP": string(small)}, nil), small},
		"gray JPEG":             {asJPEG(t, grayPhoto(90, 60), 80, jpegProfile(gray)...), gray},
		"gray PNG":              {asPNG(t, grayPhoto(90, 60), iccp(gray)), gray},
		"gray PNG turned":       {asPNG(t, grayPhoto(90, 60), iccp(gray), "eXIf"+exif(8)), gray},
		"gray, profile for RGB": {asPNG(t, grayPhoto(90, 60), iccp(small)), nil},
		"truncated profile":     {asPNG(t, photo(90, 60), iccp(small)[:80]), nil},
		"parts missing":         {asJPEG(t, photo(90, 60), 80, jpegProfile(large)[1:]...), nil},
	} {
		_, made := encode(t, c.data, 40, 0)
		if len(made) == 0 {
			t.Errorf("%s: no variants", name)
		}
		for _, v := range made {
			m := decode(t, v)
			if got := profileOf(t, v); !bytes.Equal(got, c.want) && v.Width == 40 {
				t.Errorf("%s: %s %d has a profile of %d bytes, want %d", name, v.Type, v.Width, len(got), len(c.want))
			}
			if strings.HasPrefix(name, "gray") && v.Type != "image/webp" && m.ColorModel() != color.GrayModel {
				t.Errorf("%s: %s %d is no longer gray: %T", name, v.Type, v.Width, m)
			}
		}
	}
}

// A PNG can describe its colours without a profile; WebP cannot.
func TestDescribedColoursStayPNG(t *testing.T) {
	for name, c := range map[string]struct {
		chunks  []string
		formats int
		kept    string
	}{
		"gamma":          {[]string{"gAMA\x00\x00\xb1\x8f"}, 1, "gAMA"},
		"HDR":            {[]string{"cICP\x09\x10\x00\x01"}, 1, "cICP"},
		"gamma of sRGB":  {[]string{"sRGB\x00", "gAMA\x00\x00\xb1\x8f"}, 2, ""},
		"nothing at all": {nil, 2, ""},
	} {
		p, made := encode(t, asPNG(t, photo(90, 60), c.chunks...), 40, 0)
		if len(p.Encodings()) != c.formats {
			t.Errorf("%s: %d formats, want %d", name, len(p.Encodings()), c.formats)
		}
		for _, v := range made {
			if c.kept != "" && !bytes.Contains(v.Data, []byte(c.kept)) {
				t.Errorf("%s: %s %d has lost it", name, v.Type, v.Width)
			}
		}
	}
}

// An image is oriented as its metadata says, in every format, and a variant
// contains no other data of the camera.
func TestOrientation(t *testing.T) {
	for orientation := byte(1); orientation <= 8; orientation++ {
		for format, data := range map[string][]byte{
			"JPEG": asJPEG(t, photo(90, 60), 90, "\xe1Exif\x00\x00"+exif(orientation), "\xfeSECRET", "\xe1http://ns.adobe.com/xap/1.0/\x00SECRET"),
			"PNG":  asPNG(t, photo(90, 60), "eXIf"+exif(orientation), "tEXtComment\x00SECRET"),
			"WebP": asWebP(t, photo(90, 60), 0x0c, nil, map[string]string{"EXIF": exif(orientation), "XMP ": "SECRET"}),
		} {
			p, made := encode(t, data, 40, 90)
			want := image.Pt(90, 60)
			if orientation > 4 {
				want = image.Pt(60, 90)
			}
			if p.Width != want.X || p.Height != want.Y {
				t.Errorf("%s, orientation %d: %d × %d, want %v", format, orientation, p.Width, p.Height, want)
			}
			// Where the red half is: left, right, top or bottom.
			places := [...]image.Point{{1, 2}, {3, 2}, {2, 1}, {2, 3}}
			red := [...]int{0, 0, 1, 1, 0, 2, 2, 3, 3}[orientation]
			for _, v := range made {
				m := decode(t, v)
				for i, at := range places {
					r, _, b, _ := m.At(m.Bounds().Dx()*at.X/4, m.Bounds().Dy()*at.Y/4).RGBA()
					if i == red && r < 0x9000 || i == red^1 && b < 0x9000 {
						t.Errorf("%s, orientation %d: %s %d has the wrong colour at %v", format, orientation, v.Type, v.Width, at)
					}
				}
				if bytes.Contains(v.Data, []byte("SECRET")) {
					t.Errorf("%s, orientation %d: %s %d contains data of the camera", format, orientation, v.Type, v.Width)
				}
			}
		}
	}
}

// Images with few colours stay that way.
func TestPalettesStayPalettes(t *testing.T) {
	for name, data := range map[string][]byte{
		"upright": asPNG(t, logo(300, 200)),
		"turned":  asPNG(t, logo(300, 200), "eXIf"+exif(6)),
	} {
		_, made := encode(t, data, 120, 0)
		for _, v := range made {
			if m, ok := decode(t, v).(*image.Paletted); v.Type == "image/png" && (!ok || len(m.Palette) > 256) {
				t.Errorf("%s: %s %d is not a palette image", name, v.Type, v.Width)
			}
			if v.Width > 120 && v.Type == "image/png" && len(v.Data) > 2*len(data) {
				t.Errorf("%s: %s %d has %d bytes, the original %d", name, v.Type, v.Width, len(v.Data), len(data))
			}
		}
	}
}

// No variant is as large as a wider one of its type or as the original, and a
// type is not offered if a later one is smaller.
func TestOnlySmallerVariantsAreOffered(t *testing.T) {
	noise := photo(300, 200)
	for i, b := range profile("RGB ", len(noise.Pix)) {
		if i%4 != 3 {
			noise.Pix[i] = b
		}
	}
	for name, data := range map[string][]byte{
		"palette":           asPNG(t, logo(300, 200)),
		"JPEG, low":         asJPEG(t, noise, 10),
		"JPEG, high":        asJPEG(t, photo(300, 200), 95),
		"PNG":               asPNG(t, noise),
		"WebP":              asWebP(t, photo(300, 200), 0, nil, nil),
		"JPEG with baggage": asJPEG(t, noise, 10, "\xfe"+strings.Repeat("x", 60_000)),
	} {
		p, made := encode(t, data, 150, 0)
		offered := picture.Smallest(made)
		if len(offered) == 0 || offered[len(offered)-1].Width != p.Width {
			t.Errorf("%s: %d offered, the widest missing", name, len(offered))
		}
		for i, v := range offered {
			if len(v.Data) > len(data) {
				t.Errorf("%s: %s %d has %d bytes, the original %d", name, v.Type, v.Width, len(v.Data), len(data))
			}
			for _, w := range offered[i+1:] {
				if w.Width >= v.Width && len(w.Data) <= len(v.Data) {
					t.Errorf("%s: %s %d has %d bytes, %s %d has %d", name, v.Type, v.Width, len(v.Data), w.Type, w.Width, len(w.Data))
				}
			}
		}
	}
}

// An image that cannot be kept is refused, with a hint.
func TestRefused(t *testing.T) {
	for want, data := range map[string][]byte{
		"it is animated":    asPNG(t, photo(9, 9), "acTL\x00\x00\x00\x02\x00\x00\x00\x00"),
		"animated, and":     asWebP(t, photo(9, 9), 0x02, nil, nil),
		"it is a GIF":       []byte("GIF89a\x01\x00\x01\x00\x00\x00\x00;"),
		`"CMYK", which`:     asJPEG(t, photo(9, 9), 80, jpegProfile(profile("CMYK", 400))...),
		"pixels are not":    asJPEG(t, photo(9, 9), 80, jpegProfile(profile("GRAY", 400))...),
		"larger than 4 MiB": asPNG(t, photo(9, 9), iccp(profile("RGB ", 5<<20))),
		"use JPEG, PNG or":  []byte("<svg/>"),
	} {
		if _, err := picture.Open(data); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

// No content of a file makes reading it panic, and an image that can be opened
// and decoded can be encoded.
func FuzzPicture(f *testing.F) {
	f.Add(asPNG(f, logo(20, 10), iccp(profile("RGB ", 200)), "eXIf"+exif(3)))
	f.Add(asJPEG(f, photo(20, 10), 80, append(jpegProfile(profile("RGB ", 200)), "\xe1Exif\x00\x00"+exif(6))...))
	f.Add(asWebP(f, photo(20, 10), 0x28, map[string]string{"ICCP": string(profile("RGB ", 201))}, map[string]string{"EXIF": exif(8)}))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := picture.Open(data)
		if err != nil || p.Width*p.Height > 10_000 {
			return
		}
		for _, e := range p.Encodings() {
			made, err := p.Encode(e, max(1, p.Width/2), 0)
			if err != nil {
				return
			}
			if m, _, err := image.Decode(bytes.NewReader(made)); err != nil || m.Bounds().Dx() != max(1, p.Width/2) {
				t.Fatalf("%s: %v", e.Type, err)
			}
		}
	})
}
