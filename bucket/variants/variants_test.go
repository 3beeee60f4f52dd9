// Variants of pictures: declared widths, bounded, made once.

package variants_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/blobs"
	"github.com/gorgon-go/gorgon/bucket"
	"github.com/gorgon-go/gorgon/bucket/variants"
	"github.com/gorgon-go/gorgon/disk/diskblobs"
	"github.com/gorgon-go/gorgon/gorgontest"
	"github.com/gorgon-go/gorgon/mem"
)

// counting counts the variants that are put.
type counting struct {
	blobs.Store
	n atomic.Int32
}

func (c *counting) Put(ctx context.Context, key string, r io.Reader, o blobs.PutOptions) (blobs.Info, error) {
	if strings.HasPrefix(key, "photos-variants/") && !strings.HasSuffix(key, ".lock") {
		c.n.Add(1)
	}
	return c.Store.Put(ctx, key, r, o)
}

// open is an instance of an app over a store.
func open(t *testing.T, store blobs.Store) (*bucket.Bucket, *variants.Variants, *gorgontest.Site) {
	t.Helper()
	photos := bucket.New(bucket.Options{Name: "photos", Store: store, Public: true})
	small := variants.Of(photos, variants.Options{Widths: []int{40, 20, 400}, MaxSource: 1 << 20})
	return photos, small, gorgontest.Open(t, gorgon.App{Name: "pictures", Parts: []gorgon.Part{photos, small,
		gorgon.Page[struct{}]{Path: "/", View: func(struct{}) gorgon.Component { return gorgon.Text("home") }}}})
}

func photo(t *testing.T, w, h int) []byte {
	t.Helper()
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			m.Set(x, y, color.RGBA{uint8(x), uint8(y), 100, 255})
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func put(t *testing.T, b *bucket.Bucket, key, kind string, data []byte) {
	t.Helper()
	if _, err := b.Store().Put(t.Context(), key, bytes.NewReader(data), blobs.PutOptions{Type: kind}); err != nil {
		t.Fatal(err)
	}
}

func get(site http.Handler, path string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	site.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
	return w
}

// Of many requests at two instances, one makes the variant, and all get it.
func TestOnce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var stores [2]*counting
	var sites [2]http.Handler
	for i := range stores {
		s, err := diskblobs.Open(dir, diskblobs.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		stores[i] = &counting{Store: s}
		photos, _, site := open(t, stores[i])
		sites[i] = site
		put(t, photos, "a/cat.jpg", "image/jpeg", photo(t, 300, 200))
	}
	answers := make(chan *httptest.ResponseRecorder, 32)
	for i := range cap(answers) {
		go func() { answers <- get(sites[i%2], "/variants/photos/40/a/cat.jpg") }()
	}
	var first []byte
	for range cap(answers) {
		w := <-answers
		if first == nil {
			first = w.Body.Bytes()
		}
		if w.Code != 200 || !bytes.Equal(w.Body.Bytes(), first) || w.Header().Get("Content-Type") != "image/jpeg" || w.Header().Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%d %v", w.Code, w.Header())
		}
	}
	if n := stores[0].n.Load() + stores[1].n.Load(); n != 1 {
		t.Errorf("the variant was made %d times", n)
	}
	m, err := jpeg.Decode(bytes.NewReader(first))
	if err != nil || m.Bounds().Dx() != 40 || m.Bounds().Dy() < 26 || m.Bounds().Dy() > 27 {
		t.Errorf("%v, %v", m, err)
	}
}

// A picture that is replaced has other variants; one that is small is not made
// larger.
func TestReplaced(t *testing.T) {
	t.Parallel()
	photos, small, site := open(t, mem.NewBlobs())
	for _, width := range []int{300, 30} {
		put(t, photos, "cat", "image/jpeg", photo(t, width, width))
		m, err := jpeg.Decode(get(site, small.URL(t.Context(), "cat", 40)).Body)
		if err != nil || m.Bounds().Dx() != min(width, 40) {
			t.Errorf("%d became %v, %v", width, m, err)
		}
	}
	if got, want := small.Srcset(t.Context(), "a,b"), "/variants/photos/20/a%2Cb 20w, /variants/photos/40/a%2Cb 40w, /variants/photos/400/a%2Cb 400w"; got != want {
		t.Errorf("%s", got)
	}
}

// claims is a PNG of few bytes that says it is very large.
func claims(t *testing.T, w, h uint32) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 1, 1))); err != nil {
		t.Fatal(err)
	}
	data := b.Bytes()
	binary.BigEndian.PutUint32(data[16:], w)
	binary.BigEndian.PutUint32(data[20:], h)
	binary.BigEndian.PutUint32(data[29:], crc32.ChecksumIEEE(data[12:29]))
	return data
}

// What has no variants is 404, and leaves at most one small mark of it.
func TestNone(t *testing.T) {
	t.Parallel()
	store := &counting{Store: mem.NewBlobs()}
	photos, _, site := open(t, store)
	put(t, photos, "cat", "image/jpeg", photo(t, 100, 100))
	put(t, photos, "text", "text/plain", []byte("text"))
	put(t, photos, "large", "image/jpeg", make([]byte, 1<<20+1))
	for _, path := range []string{"/41/cat", "/0/cat", "/-40/cat", "/040/cat", "/+40/cat", "/x/cat", "/40/dog", "/40/text", "/40/large", "/40/../cat", "/40/"} {
		if w := get(site, "/variants/photos"+path); w.Code == 200 {
			t.Errorf("%s was answered with %d", path, w.Code)
		}
	}
	if n := store.n.Load(); n != 0 {
		t.Errorf("%d variants were stored", n)
	}
	put(t, photos, "bomb", "image/png", claims(t, 50_000, 50_000))
	put(t, photos, "wide", "image/png", claims(t, 8_000, 6_000))
	put(t, photos, "broken", "image/jpeg", photo(t, 100, 100)[:300])
	for range 3 {
		for _, key := range []string{"bomb", "wide", "broken"} {
			if w := get(site, "/variants/photos/40/"+key); w.Code != 404 {
				t.Errorf("%s was answered with %d", key, w.Code)
			}
		}
	}
	if n := store.n.Load(); n != 3 {
		t.Errorf("%d marks were stored", n)
	}
}

// Faults of options are faults of the app.
func TestFaults(t *testing.T) {
	t.Parallel()
	private := bucket.New(bucket.Options{Name: "bills", Store: mem.NewBlobs()})
	app := gorgon.App{Name: "a", Parts: []gorgon.Part{private, variants.Of(private, variants.Options{Quality: 101})}}
	err := app.Validate()
	for _, part := range []string{"Public", "Widths", "Quality"} {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("%s is not in %v", part, err)
		}
	}
}

// A job makes all variants, once, and learns which files can have none.
func TestMake(t *testing.T) {
	t.Parallel()
	store := &counting{Store: mem.NewBlobs()}
	photos, small, site := open(t, store)
	put(t, photos, "cat", "image/jpeg", photo(t, 300, 200))
	put(t, photos, "text", "text/plain", []byte("cat"))
	put(t, photos, "broken", "image/jpeg", photo(t, 100, 100)[:300])
	for key, want := range map[string]bool{"cat": true, "text": false, "broken": false} {
		for range 2 {
			if ok, err := small.Make(t.Context(), key); ok != want || err != nil {
				t.Errorf("%s: %v, %v", key, ok, err)
			}
		}
	}
	if _, err := small.Make(t.Context(), "none"); err == nil {
		t.Error("a file that is not there has variants")
	}
	before := store.n.Load()
	for _, width := range []int{20, 40, 400} {
		if a := get(site, small.URL(t.Context(), "cat", width)); a.Code != 200 {
			t.Error(a.Code)
		}
	}
	if store.n.Load() != before || before != 4 { // three, and a note of the broken one
		t.Errorf("%d variants were put before they were asked for, then %d", before, store.n.Load())
	}
}
