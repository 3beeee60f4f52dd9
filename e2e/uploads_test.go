// Uploads in a browser, which are cut off and go on.

package e2e_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/blobs"
	"github.com/gorgon-go/gorgon/disk/diskblobs"
	"github.com/gorgon-go/gorgon/testbed"
)

// uploadsPicture makes a file of noise in the page, as PNG, and puts it into the
// form. It notes the progress that the page shows.
const uploadsPicture = `(async () => {
	const canvas = new OffscreenCanvas(800, 800), c = canvas.getContext("2d"), noise = c.createImageData(800, 800);
	for (let i = 0; i < noise.data.length; i += 65536) crypto.getRandomValues(noise.data.subarray(i, Math.min(i + 65536, noise.data.length)));
	for (let i = 3; i < noise.data.length; i += 4) noise.data[i] = 255;
	c.putImageData(noise, 0, 0);
	const chosen = new DataTransfer();
	chosen.items.add(new File([await canvas.convertToBlob({ type: "image/png" })], "noise.png", { type: "image/png" }));
	const form = document.querySelector("form");
	form.querySelector("[type=file]").files = chosen.files;
	const seen = [], progress = form.querySelector("progress");
	setInterval(() => progress.hidden || !progress.hasAttribute("value") || seen.at(-1) === progress.value || seen.push(progress.value), 15);
	addEventListener("gorgon:uploaded", (e) => sessionStorage.setItem("seen", JSON.stringify({ Seen: seen, Key: e.detail.key, Size: e.detail.size })));
	return chosen.files[0].size;
})()`

// uploadsSlack is what requests have besides the file, and what is on its way
// when a connection is cut.
const uploadsSlack = 512 << 10

// An uploadsShown is what the page has shown of an upload.
type uploadsShown struct {
	Seen []float64
	Key  string
	Size int
	sent int // bytes that passed the link
}

// judge says what is wrong with an upload of which at most so many bytes may
// have been sent twice.
func (s uploadsShown) judge(twice int) error {
	if len(s.Seen) < 3 {
		return fmt.Errorf("the progress was %v", s.Seen)
	}
	if s.sent < s.Size || s.sent > s.Size+twice+uploadsSlack {
		return fmt.Errorf("%d bytes were sent for a file of %d", s.sent, s.Size)
	}
	return nil
}

// TestUploads sends pictures to the example photos.
func TestUploads(t *testing.T) {
	defer testbed.CloseBrowser()
	p := newUploadsProgram(t, uploadsPhotos)
	link := newUploadsLink(t, p.addr, 1<<20)
	tab := testbed.NewTab(t)
	begun := time.Now()
	photos := 0
	run := func(t *testing.T, cuts func(size int) []uploadsCut) (s uploadsShown) {
		t.Helper()
		tab.Open(link.url() + "/")
		size := testbed.Eval[int](tab, uploadsPicture)
		link.plan(cuts(size)...)
		tab.Run(`document.querySelector("form button").click()`)
		photos++
		tab.Wait(fmt.Sprintf(`!document.querySelector("form").hasAttribute("data-busy") && document.querySelectorAll(".photos img").length === %d && !document.querySelector(".waits") && document.querySelector(".photos img").naturalWidth > 0`, photos))
		if err := json.Unmarshal([]byte(testbed.Eval[string](tab, `sessionStorage.getItem("seen")`)), &s); err != nil {
			t.Fatal(err)
		}
		s.sent = link.count()
		t.Logf("%d bytes, %d sent, %d steps of progress", s.Size, s.sent, len(s.Seen))
		if s.Size != size {
			t.Errorf("a file of %d bytes has %d", size, s.Size)
		}
		if got, err := fetch(link.url() + "/files/photos/" + url.PathEscape(s.Key)); err != nil || len(got.body) != size {
			t.Errorf("the file: %v, %v", got, err)
		}
		return s
	}
	t.Run("cut off twice", func(t *testing.T) {
		s := run(t, func(size int) []uploadsCut { return []uploadsCut{{size * 3 / 10, nil}, {size * 6 / 10, nil}} })
		if err := s.judge(0); err != nil {
			t.Error(err)
		}
	})
	t.Run("the server is killed", func(t *testing.T) {
		s := run(t, func(size int) []uploadsCut {
			return []uploadsCut{{size * 4 / 10, nil}, {size * 7 / 10, func() { p.kill(); p.start() }}}
		})
		if err := s.judge(s.Size * 3 / 10); err != nil { // since the cut: less than a part of the store
			t.Error(err)
		}
	})
	t.Run("planted: it begins again", func(t *testing.T) {
		s := run(t, func(size int) []uploadsCut {
			return []uploadsCut{{size * 6 / 10, func() { _ = os.RemoveAll(filepath.Join(p.dir, "dist/photos/files/v1/uploads")); p.kill(); p.start() }}}
		})
		if err := s.judge(0); err == nil || !strings.Contains(err.Error(), "bytes were sent") {
			t.Error("the judge does not find it")
		}
	})
	until(t, "a photo is mailed", func() bool {
		a, err := fetch("http://" + p.addr + "/mails/")
		return err == nil && bytes.Contains(a.body, []byte("A new photo"))
	})
	p.kill()
	store, err := diskblobs.Open(filepath.Join(p.dir, "dist/photos/files"), diskblobs.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	list, err := store.List(context.Background(), blobs.Query{Prefix: "photos-variants/"})
	if err != nil || len(list) != 2*photos {
		t.Errorf("the job has made %d variants of %d photos: %v", len(list), photos, err)
	}
	t.Logf("%d photos in %v", photos, time.Since(begun).Round(time.Millisecond))
}
