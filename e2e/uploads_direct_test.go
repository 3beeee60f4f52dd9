//go:build unix

// Uploads from a browser straight to an S3 service, by the service's rule for
// other origins.

package e2e_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/cors"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/blobs"
	"github.com/gorgon-go/gorgon/bucket"
	"github.com/gorgon-go/gorgon/gorgontest"
	"github.com/gorgon-go/gorgon/s3"
	"github.com/gorgon-go/gorgon/testbed"
)

// TestUploadsDirect sends files to a bucket over S3: with scripts straight to the
// service, through a link that is cut, and without scripts by a form.
func TestUploadsDirect(t *testing.T) {
	defer testbed.CloseBrowser()
	service := testbed.For(t, testbed.S3)
	t.Setenv("AWS_ACCESS_KEY_ID", testbed.S3Key)
	t.Setenv("AWS_SECRET_ACCESS_KEY", testbed.S3Secret)
	t.Setenv("AWS_REGION", "us-east-1")
	link := newUploadsLink(t, service.Addr, 8<<20)
	store, err := s3.OpenBlobs(t.Context(), strings.Replace(service.URL, service.Addr, link.listener.Addr().String(), 1), s3.BlobOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	b := bucket.New(bucket.Options{
		Name: "notes", Store: store, Public: true, Types: []string{"text/plain"}, MaxSize: 16 << 20,
		Upload: []func(http.Handler) http.Handler{func(next http.Handler) http.Handler { return next }},
	})
	form := func(struct{}) gorgon.Component {
		return gorgon.ComponentFunc(func(ctx context.Context, w io.Writer) error {
			_, err := fmt.Fprintf(w, `<form method="post" enctype="multipart/form-data" action="%s"><input type="file" name="file"><input type="hidden" name="next" value="/?sent"><button>Send</button></form>`, b.Form(ctx))
			return err
		})
	}
	policy := http.Header{"Content-Security-Policy": {"default-src 'self'; connect-src 'self' " + link.url()}}
	site := gorgontest.Open(t, gorgon.App{Name: "files", Headers: policy, Parts: []gorgon.Part{b, gorgon.Page[struct{}]{Path: "/", View: form}}})
	app := httptest.NewServer(site)
	defer app.Close()
	files := func(want int) blobs.Info {
		t.Helper()
		list, err := b.Store().List(t.Context(), blobs.Query{})
		if err != nil || len(list) != want {
			t.Fatalf("%d files, want %d: %v", len(list), want, err)
		}
		return list[0]
	}

	tab := testbed.NewTab(t)
	tab.Open(app.URL + "/")
	send := func(retries int) (s uploadsShown, fault string) {
		t.Helper()
		var out struct {
			uploadsShown
			Fault string
		}
		text := testbed.Eval[string](tab, fmt.Sprintf(`(async () => {
			const { upload } = await import("%s");
			const bytes = new Uint8Array(12 << 20), Seen = [];
			for (let i = 0; i < bytes.length; i += 65536) crypto.getRandomValues(bytes.subarray(i, i + 65536));
			try {
				const done = await upload(new File([bytes], "note.txt", { type: "text/plain" }), { to: "/files/notes", retries: %d, onProgress: (n) => Seen.push(n) });
				const got = new Uint8Array(await (await fetch(done.url)).arrayBuffer());
				return JSON.stringify({ Seen, Key: done.key, Size: done.size, Fault: got.length === bytes.length && got.every((b, i) => b === bytes[i]) ? "" : "other bytes" });
			} catch (e) {
				return JSON.stringify({ Seen, Fault: e.name + " " + (e.status ?? "") });
			}
		})()`, b.Script(t.Context()), retries))
		if err := json.Unmarshal([]byte(text), &out); err != nil {
			t.Fatal(err)
		}
		out.sent = link.count()
		return out.uploadsShown, out.Fault
	}
	if _, fault := send(0); fault != "Error 0" {
		t.Errorf("planted: without the service's rule: %q", fault)
	}
	allow(t, service, app.URL)

	const size = 12 << 20
	link.plan(uploadsCut{size / 2, nil})
	s, fault := send(8)
	t.Logf("%d bytes, %d sent, %d steps of progress", s.Size, s.sent, len(s.Seen))
	if err := s.judge(size * 6 / 10); err != nil || fault != "" || s.Size != size {
		t.Errorf("%d bytes: %v %s", s.Size, err, fault)
	}
	if i := files(1); i.Key != s.Key || i.Size != size {
		t.Errorf("the store has %+v", i)
	}
	if err := b.Store().Delete(t.Context(), s.Key); err != nil {
		t.Fatal(err)
	}

	path := filepath.Join(t.TempDir(), "form.txt")
	data := bytes.Repeat([]byte("form "), 100_000)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	tab.WithoutScript()
	tab.Open(app.URL + "/")
	tab.Do(chromedp.SetUploadFiles(chromedp.CSS("[type=file]"), []string{path}))
	tab.Click("button")
	until(t, "the form is sent", func() bool {
		list, err := b.Store().List(t.Context(), blobs.Query{})
		return err == nil && len(list) == 1
	})
	if i := files(1); i.Size != int64(len(data)) || i.Type != "text/plain" || !strings.HasSuffix(i.Key, ".txt") {
		t.Errorf("the form sent %+v", i)
	}
}

// allow lets pages of an origin send files to the bucket of a service.
func allow(t *testing.T, service *testbed.Server, origin string) {
	t.Helper()
	c, err := minio.New(service.Addr, &minio.Options{Creds: credentials.NewStaticV4(testbed.S3Key, testbed.S3Secret, ""), Region: "us-east-1"})
	if err == nil {
		err = c.SetBucketCors(t.Context(), "pages", cors.NewConfig([]cors.Rule{{
			AllowedOrigin: []string{origin}, AllowedMethod: []string{http.MethodPut}, AllowedHeader: []string{"Content-Type", "If-None-Match"},
		}}))
	}
	if err != nil {
		t.Fatal(err)
	}
}
