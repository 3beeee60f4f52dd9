// Images: which variants are made, that each is made once, and what is refused.

package bundle_test

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"golang.org/x/image/webp"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/bundle"
)

// picture is red on its left half and blue on its right.
func picture(w, h int) *image.NRGBA {
	m := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			c := color.NRGBA{R: 255, A: 255}
			if x >= w/2 {
				c = color.NRGBA{B: 255, A: 255}
			}
			m.SetNRGBA(x, y, c)
		}
	}
	return m
}

func asPNG(t testing.TB, m image.Image) string {
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// asJPEG is a JPEG that says which way up it is.
func asJPEG(t testing.TB, m image.Image, orientation byte) string {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, nil); err != nil {
		t.Fatal(err)
	}
	exif := "Exif\x00\x00MM\x00\x2a\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00" + string(orientation) + "\x00\x00\x00\x00\x00\x00"
	size := binary.BigEndian.AppendUint16(nil, uint16(len(exif)+2))
	return b.String()[:2] + "\xff\xe1" + string(size) + exif + b.String()[2:]
}

func isRed(c color.Color) bool { r, _, b, _ := c.RGBA(); return r > 0xc000 && b < 0x4000 }

func TestImages(t *testing.T) {
	b, err := run(t, gorgon.App{
		Assets: gorgon.Assets{
			Files: tree("photos/a.jpg", asJPEG(t, picture(900, 300), 1), "photos/turned.jpg", asJPEG(t, picture(300, 200), 6),
				"logo.png", asPNG(t, picture(600, 200)), "_part.png", "no image", "other.svg", "<svg/>"),
			Images: []gorgon.ImageRule{{Match: "photos/*.jpg", Widths: []int{400, 100, 400, 5000}, Quality: 90}, {Match: "*.png"}},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]struct {
		width, height int
		variants      []string
	}{
		"photos/a.jpg":      {900, 300, []string{"image/jpeg 100", "image/jpeg 400", "image/jpeg 900"}},
		"photos/turned.jpg": {200, 300, []string{"image/jpeg 100", "image/jpeg 200"}},
		"logo.png":          {600, 200, []string{"image/webp 600", "image/png 480", "image/png 600"}},
	} {
		p := b.Images[name]
		if p.Width != want.width || p.Height != want.height || len(p.Variants) != len(want.variants) {
			t.Fatalf("%s: %+v, want %+v", name, p, want)
		}
		for i, v := range p.Variants {
			if got := v.Type + " " + strconv.Itoa(v.Width); got != want.variants[i] {
				t.Errorf("%s: variant %d is %s, want %s", name, i, got, want.variants[i])
			}
			decode := map[string]func(*bytes.Reader) (image.Image, error){
				"image/jpeg": func(r *bytes.Reader) (image.Image, error) { return jpeg.Decode(r) },
				"image/png":  func(r *bytes.Reader) (image.Image, error) { return png.Decode(r) },
				"image/webp": func(r *bytes.Reader) (image.Image, error) { return webp.Decode(r) },
			}[v.Type]
			m, err := decode(bytes.NewReader(b.files[v.Path]))
			if err != nil {
				t.Fatalf("%s: %v", v.Path, err)
			}
			height := (want.height*v.Width + want.width/2) / want.width
			if m.Bounds().Dx() != v.Width || m.Bounds().Dy() != height {
				t.Errorf("%s has %v, want %d × %d", v.Path, m.Bounds(), v.Width, height)
			}
			// What was left is on top once it is turned clockwise.
			near, far := m.At(v.Width/8, height/2), m.At(v.Width*7/8, height/2)
			if name == "photos/turned.jpg" {
				near, far = m.At(v.Width/2, height/8), m.At(v.Width/2, height*7/8)
			}
			if !isRed(near) || isRed(far) {
				t.Errorf("%s: red should be %v, blue %v", v.Path, near, far)
			}
			if bytes.Contains(b.files[v.Path], []byte("Exif")) {
				t.Errorf("%s contains data of the camera", v.Path)
			}
		}
	}
	if len(b.Images) != 3 {
		t.Errorf("%d images, want 3", len(b.Images))
	}
}

// A finished variant is not made again, and a truncated one is.
func TestImagesAreMadeOnce(t *testing.T) {
	cache := t.TempDir()
	app := gorgon.App{Assets: gorgon.Assets{Files: tree("a.png", asPNG(t, picture(64, 64))), Images: []gorgon.ImageRule{{Match: "a.png", Widths: []int{32}}}}}
	bundled := func() map[string][]byte {
		_, files, err := bundle.Bundler{Cache: cache}.Bundle(t.Context(), app, "")
		if err != nil {
			t.Fatal(err)
		}
		return files
	}
	want := bundled()
	kept, err := filepath.Glob(filepath.Join(cache, "*.png"))
	if err != nil || len(kept) != 2 {
		t.Fatalf("%q, %v", kept, err)
	}
	before, err := os.Stat(kept[0])
	if err != nil {
		t.Fatal(err)
	}
	again := bundled()
	if after, err := os.Stat(kept[0]); err != nil || !after.ModTime().Equal(before.ModTime()) {
		t.Errorf("%s was written again, %v", kept[0], err)
	}
	data, err := os.ReadFile(kept[1])
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(kept[1], data[:len(data)-5], 0o644); err != nil {
		t.Fatal(err)
	}
	for _, got := range []map[string][]byte{again, bundled()} {
		if len(got) != len(want) {
			t.Errorf("%d files, want %d", len(got), len(want))
		}
		for at := range want {
			if !bytes.Equal(got[at], want[at]) {
				t.Errorf("%s differs", at)
			}
		}
	}
}

// bomb is a PNG of a few bytes that claims to have more pixels than fit into
// memory.
func bomb() string {
	chunk := func(kind string, data []byte) []byte {
		b := binary.BigEndian.AppendUint32(nil, uint32(len(data)))
		b = append(append(b, kind...), data...)
		return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[4:]))
	}
	header := binary.BigEndian.AppendUint32(nil, 60_000)
	header = append(binary.BigEndian.AppendUint32(header, 60_000), 8, 6, 0, 0, 0)
	return "\x89PNG\r\n\x1a\n" + string(chunk("IHDR", header)) + string(chunk("IEND", nil))
}

func TestImageFaults(t *testing.T) {
	rule := []gorgon.ImageRule{{Match: "*"}}
	for want, app := range map[string]gorgon.App{
		`^Assets\.Files: image a\.png: it has 60000 × 60000 pixels, more than 50000000 in all: make it smaller$`: {Assets: gorgon.Assets{Files: tree("a.png", bomb()), Images: rule}},
		`image a\.png: .*unknown format: use JPEG, PNG or WebP, or a narrower pattern`:                           {Assets: gorgon.Assets{Files: tree("a.png", "<svg/>"), Images: rule}},
		`image a\.png: png: invalid format`:        {Assets: gorgon.Assets{Files: tree("a.png", asPNG(t, picture(500, 500))[:200]), Images: rule}},
		`Assets\.Images: there is no asset b\.png`: {Assets: gorgon.Assets{Files: tree("a.css", "p{}"), Images: []gorgon.ImageRule{{Match: "b/*"}, {Match: "b.png"}}}},
		`image a\.png(.|\n)*image b\.png`:          {Assets: gorgon.Assets{Files: tree("a.png", "", "b.png", ""), Images: rule}},
	} {
		_, err := run(t, app)
		if err == nil || !regexp.MustCompile(want).MatchString(err.Error()) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func TestOrientationOfBrokenPhotos(t *testing.T) {
	whole := asJPEG(t, picture(8, 8), 1)
	at := strings.Index(whole, "MM\x00")
	for _, c := range []struct {
		at   int
		with string
	}{{at + 4, "\xff\xff\xff\xff"}, {at + 8, "\xff\xff"}, {at + 18, "\x00\x09"}, {at, "XX"}} {
		b, err := run(t, gorgon.App{
			Assets: gorgon.Assets{
				Files:  fstest.MapFS{"a.jpg": {Data: []byte(whole[:c.at] + c.with + whole[c.at+len(c.with):])}},
				Images: []gorgon.ImageRule{{Match: "a.jpg"}},
			},
		})
		if err != nil || b.Images["a.jpg"].Width != 8 {
			t.Errorf("%d: %+v, %v", c.at, b.Images["a.jpg"], err)
		}
	}
}
