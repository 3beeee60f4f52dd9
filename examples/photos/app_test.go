// The app on a server: what visitors do without scripts. The tests of what the
// browser does with scripts are TestUploads of package e2e.

package main

import (
	"bytes"
	"context"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"net/textproto"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/blobs"
	"github.com/gorgon-go/gorgon/bundle"
	"github.com/gorgon-go/gorgon/command"
	"github.com/gorgon-go/gorgon/database"
	"github.com/gorgon-go/gorgon/database/jobdb"
	"github.com/gorgon-go/gorgon/database/litedb"
	"github.com/gorgon-go/gorgon/mail/mailtest"
	"github.com/gorgon-go/gorgon/mem"
	"github.com/gorgon-go/gorgon/testbed"
	"github.com/gorgon-go/gorgon/work"
)

// serve serves the app until the test ends.
func serve(t *testing.T) (url string, outbox *mailtest.Outbox, files blobs.Store) {
	t.Helper()
	addr, err := testbed.FreeAddr()
	if err != nil {
		t.Fatal(err)
	}
	dir, url := t.TempDir(), "http://"+addr
	options := Data
	options.URL = "sqlite:" + filepath.Join(dir, "photos.db")
	db := database.Open(litedb.Dialect, options)
	queue := jobdb.In(db)
	if _, err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	outbox, files = mailtest.New(), mem.NewBlobs()
	app := App(Options{Origin: url, To: "ada@example.com", Files: files, DB: db, Queue: queue, Mail: outbox})
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan int, 1)
	go func() {
		ended <- command.Run(ctx, app, command.Config{Database: db, Jobs: work.New(work.Options{Store: queue}), Bundler: bundle.Bundler{}},
			[]string{"serve", "--dist", filepath.Join(dir, "dist"), "--addr", addr}, log, log)
	}()
	t.Cleanup(func() {
		stop()
		if code := <-ended; code != 0 {
			said, _ := os.ReadFile(log.Name())
			t.Errorf("serve ends with %d:\n%s", code, said)
		}
		_ = log.Close()
	})
	until(t, "the server is ready", func() bool {
		resp, err := http.Get(url + "/readyz")
		if err == nil {
			_ = resp.Body.Close()
		}
		return err == nil && resp.StatusCode == http.StatusOK
	})
	return url, outbox, files
}

func until(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !is(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it is not so: " + what)
		}
	}
}

func get(t *testing.T, url string) (int, string) {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

// post sends the form with one file, and returns the page that it leads to.
func post(t *testing.T, url, kind string, data []byte) (int, string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	part, err := w.CreatePart(textproto.MIMEHeader{"Content-Disposition": {`form-data; name="file"; filename="cat.jpg"`}, "Content-Type": {kind}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err = part.Write(data); err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	jar, err := cookiejar.New(nil) // as browsers have: who uploads sees the result
	if err != nil {
		t.Fatal(err)
	}
	browser := &http.Client{Jar: jar}
	resp, err := browser.Post(url+"/files/photos/uploads/form", w.FormDataContentType(), &b)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

func picture(t *testing.T) []byte {
	t.Helper()
	m := image.NewRGBA(image.Rect(0, 0, 600, 400))
	for i := range m.Pix {
		m.Pix[i] = uint8(i)
	}
	m.Set(1, 1, color.White)
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// The page after the upload shows that the photo is coming; the job makes it seen
// and mails a link to it.
func TestUpload(t *testing.T) {
	url, outbox, _ := serve(t)
	if _, body := get(t, url); !strings.Contains(body, "no photos yet") {
		t.Fatalf("a new album:\n%s", body)
	}
	status, body := post(t, url, "image/jpeg", picture(t))
	if status != 200 || !strings.Contains(body, "Being prepared") && !strings.Contains(body, "/variants/photos/480/") {
		t.Fatalf("after the upload: %d\n%s", status, body)
	}
	until(t, "the list shows the photo", func() bool {
		_, body := get(t, url)
		return strings.Contains(body, "/variants/photos/480/") && !strings.Contains(body, "refresh")
	})
	until(t, "a mail was sent", func() bool { return len(outbox.Sent()) == 1 })
	link := outbox.To(t, "ada@example.com").Link(t)
	if status, body := get(t, link.String()); status != 200 || !strings.Contains(body, "/variants/photos/1280/") {
		t.Errorf("the link of the mail: %d\n%s", status, body)
	}
}

// What is not a picture is refused, or removed by the job.
func TestOthers(t *testing.T) {
	url, outbox, files := serve(t)
	if status, body := post(t, url, "text/html", []byte("<b>")); status != http.StatusUnsupportedMediaType || !strings.Contains(body, "not accepted") {
		t.Errorf("a page: %d\n%s", status, body)
	}
	if status, _ := post(t, url, "image/jpeg", picture(t)[:200]); status != 200 {
		t.Errorf("half a picture: %d", status)
	}
	until(t, "it is removed", func() bool {
		list, err := files.List(t.Context(), blobs.Query{Prefix: "photos/"})
		_, body := get(t, url)
		return err == nil && len(list) == 0 && strings.Contains(body, "no photos yet")
	})
	if len(outbox.Sent()) != 0 {
		t.Error("a mail was sent")
	}
}

// The app stays an example: 400 lines of Go at most.
func TestSize(t *testing.T) {
	lines := 0
	for _, name := range []string{"main.go", "app.go", "photos.go"} {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		lines += bytes.Count(data, []byte("\n"))
	}
	if t.Logf("%d lines of Go", lines); lines < 100 || lines > 400 {
		t.Errorf("%d lines", lines)
	}
}
