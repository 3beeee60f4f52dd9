//go:build unix

// Uploads that are cut off and resumed, over every store.

package tus_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/blobs"
	"github.com/gorgon-go/gorgon/bucket"
	"github.com/gorgon-go/gorgon/bucket/tus"
	"github.com/gorgon-go/gorgon/disk/diskblobs"
	"github.com/gorgon-go/gorgon/gorgontest"
	"github.com/gorgon-go/gorgon/listen"
	"github.com/gorgon-go/gorgon/mem"
	"github.com/gorgon-go/gorgon/s3"
	"github.com/gorgon-go/gorgon/serve"
	"github.com/gorgon-go/gorgon/testbed"
)

const part = 5 << 20

// A kind is a store.
type kind struct {
	open func(t *testing.T) blobs.Store
}

var kinds = map[string]kind{
	"mem": {func(*testing.T) blobs.Store { return mem.NewBlobs() }},
	"disk": {func(t *testing.T) blobs.Store {
		s, err := diskblobs.Open(t.TempDir(), diskblobs.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}},
	"s3": {func(t *testing.T) blobs.Store {
		server := testbed.For(t, testbed.S3)
		s, err := s3.OpenBlobs(t.Context(), server.URL, s3.BlobOptions{Part: part})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}},
}

func TestMain(m *testing.M) {
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": testbed.S3Key, "AWS_SECRET_ACCESS_KEY": testbed.S3Secret, "AWS_SESSION_TOKEN": "", "AWS_REGION": "", "AWS_DEFAULT_REGION": "", "AWS_SHARED_CREDENTIALS_FILE": os.DevNull,
	} {
		if err := os.Setenv(name, value); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}

// member is a guard: it lets callers through that say who they are.
func member(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user := r.Header.Get("User")
		if user == "" {
			serve.Fail(w, r, &gorgon.Error{Kind: gorgon.KindUnauthorized})
			return
		}
		next.ServeHTTP(w, r.WithContext(serve.WithCaller(r.Context(), user)))
	})
}

// A site is an app with one bucket, on a server.
type site struct {
	t    *testing.T
	addr string
	log  *gorgontest.Site
}

func open(t *testing.T, store blobs.Store) *site {
	t.Helper()
	t.Cleanup(func() { _ = store.Close() })
	photos := bucket.New(bucket.Options{
		Name: "photos", Store: store, Public: true, Upload: []func(http.Handler) http.Handler{member}, MaxSize: 64 << 20, Types: []string{"image/png"},
		Key: func(_ context.Context, f bucket.File) (string, error) { return f.Name, nil },
	})
	app := gorgontest.Open(t, gorgon.App{Name: "files", Parts: []gorgon.Part{
		gorgon.Group{Prefix: "/club", Parts: []gorgon.Part{photos, tus.Resumable(photos, tus.Options{})}},
		gorgon.Page[struct{}]{Path: "/", View: func(struct{}) gorgon.Component { return gorgon.Text("home") }},
	}})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, end := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	server := &listen.Server{Handler: app, Listener: l}
	go func() { ended <- server.Run(ctx) }()
	t.Cleanup(func() {
		end()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return &site{t, l.Addr().String(), app}
}

func (s *site) send(method, path string, body []byte, headers ...string) (*http.Response, []byte) {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), method, "http://"+s.addr+path, bytes.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("User", "ada")
	r.Header.Set("Tus-Resumable", "1.0.0")
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	transport := &http.Transport{DisableKeepAlives: true}
	resp, err := transport.RoundTrip(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	read, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return resp, read
}

func meta(name, kind string) string {
	return "filename " + base64.StdEncoding.EncodeToString([]byte(name)) + ",filetype " + base64.StdEncoding.EncodeToString([]byte(kind))
}

// create begins an upload and returns its path.
func (s *site) create(name string, size int) string {
	s.t.Helper()
	resp, body := s.send("POST", "/club/files/photos/resumable", nil, "Upload-Length", strconv.Itoa(size), "Upload-Metadata", meta(name, "image/png"))
	at := resp.Header.Get("Location")
	if resp.StatusCode != http.StatusCreated || !strings.HasPrefix(at, "/club/files/photos/resumable/") {
		s.t.Fatalf("create was answered with %d %q %s", resp.StatusCode, at, body)
	}
	return at
}

func (s *site) offset(at string) int64 {
	s.t.Helper()
	resp, _ := s.send("HEAD", at, nil)
	n, err := strconv.ParseInt(resp.Header.Get("Upload-Offset"), 10, 64)
	if err != nil || resp.StatusCode != http.StatusOK {
		s.t.Fatalf("HEAD was answered with %d %v", resp.StatusCode, resp.Header)
	}
	return n
}

// patch sends bytes at an offset.
func (s *site) patch(at string, offset int64, data []byte) (*http.Response, []byte) {
	s.t.Helper()
	return s.send("PATCH", at, data, "Content-Type", "application/offset+octet-stream", "Upload-Offset", fmt.Sprint(offset))
}

// cut sends some of the bytes that it announces, and hangs up, or does nothing
// more.
func (s *site) cut(at string, offset int64, data []byte, announced int, hang bool) {
	s.t.Helper()
	c, err := net.Dial("tcp", s.addr)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = c.Close() })
	_, err = fmt.Fprintf(c, "PATCH %s HTTP/1.1\r\nHost: %s\r\nUser: ada\r\nTus-Resumable: 1.0.0\r\nContent-Type: application/offset+octet-stream\r\nUpload-Offset: %d\r\nContent-Length: %d\r\n\r\n",
		at, s.addr, offset, announced)
	if err == nil {
		_, err = c.Write(data)
	}
	if err != nil {
		s.t.Fatal(err)
	}
	if !hang {
		_ = c.Close()
	}
}

func made(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{7}).Read(b) // it never fails
	return b
}

// An upload that is cut twice, once without a word, goes on from where it was:
// no byte is sent twice beyond a part, and the file is whole.
func TestResumed(t *testing.T) {
	t.Parallel()
	for name, k := range kinds {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t, k.open(t))
			data := made(2*part + 12_345)
			at := s.create("cat.png", len(data))
			if n := s.offset(at); n != 0 {
				t.Errorf("a new upload has %d bytes", n)
			}
			sent, has := 0, int64(0)
			for i, until := range []int{part + 77, 2*part - 1000} {
				s.cut(at, has, data[has:until], len(data)-int(has), i == 1)
				sent += until - int(has)
				// The server may still be reading what was sent.
				for deadline := time.Now().Add(20 * time.Second); ; {
					if has = s.offset(at); has >= int64(until)-part {
						break
					}
					if time.Now().After(deadline) {
						t.Fatalf("%d bytes of %d arrived", has, until)
					}
				}
			}
			resp, body := s.patch(at, has, data[has:])
			sent += len(data) - int(has)
			if resp.StatusCode != http.StatusNoContent || resp.Header.Get("Upload-Offset") != fmt.Sprint(len(data)) {
				t.Fatalf("PATCH was answered with %d %v %s", resp.StatusCode, resp.Header, body)
			}
			if twice := sent - len(data); twice > 2*part {
				t.Errorf("%d bytes were sent twice in two cuts", twice)
			}
			get, got := s.send("GET", "/club/files/photos/cat.png", nil)
			if get.StatusCode != 200 || !bytes.Equal(got, data) || get.Header.Get("Content-Type") != "image/png" {
				t.Errorf("%d with %d bytes of %s", get.StatusCode, len(got), get.Header.Get("Content-Type"))
			}
			resp, body = s.send("POST", strings.Replace(at, "/resumable/", "/uploads/", 1)+"/complete", nil)
			var d struct {
				Key    string
				SHA256 blobs.Digest
			}
			if err := json.Unmarshal(body, &d); err != nil || d.Key != "cat.png" || d.SHA256 != sha256.Sum256(data) {
				t.Errorf("complete was answered with %d %s", resp.StatusCode, body)
			}
		})
	}
}

// What is refused, and that it burns nothing.
func TestRefused(t *testing.T) {
	t.Parallel()
	s := open(t, mem.NewBlobs())
	const path = "/club/files/photos/resumable"
	for _, c := range []struct {
		status  int
		headers []string
	}{
		{401, []string{"User", ""}},
		{403, []string{"Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site"}},
		{413, []string{"Upload-Length", fmt.Sprint(64<<20 + 1)}},
		{415, []string{"Upload-Metadata", meta("a", "text/html")}},
		{400, []string{"Upload-Length", "-1"}},
		{400, []string{"Upload-Length", "", "Upload-Defer-Length", "1"}},
		{412, []string{"Tus-Resumable", "0.2.2"}},
	} {
		headers := append([]string{"Upload-Length", "5", "Upload-Metadata", meta("a", "image/png")}, c.headers...)
		if resp, body := s.send("POST", path, nil, headers...); resp.StatusCode != c.status && !(c.status == 400 && resp.StatusCode == 501) {
			t.Errorf("%q was answered with %d %s", c.headers, resp.StatusCode, body)
		}
	}
	at := s.create("a.png", 10)
	if resp, _ := s.patch(at, 3, []byte("x")); resp.StatusCode != http.StatusConflict {
		t.Errorf("a wrong offset was answered with %d", resp.StatusCode)
	}
	if resp, _ := s.patch(at, 0, []byte("more than ten bytes")); resp.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("too many bytes were answered with %d", resp.StatusCode)
	}
	for _, other := range []string{at + "A", at[:len(at)-1], path + "/" + strings.Repeat("A", 26), path + "/x"} {
		if resp, _ := s.patch(other, 0, []byte("0123456789")); resp.StatusCode != http.StatusForbidden {
			t.Errorf("%s was answered with %d", other, resp.StatusCode)
		}
	}
	resp, _ := s.send("PATCH", at, []byte("0123456789"), "Content-Type", "application/offset+octet-stream", "Upload-Offset", "0", "User", "eve")
	if resp.StatusCode != http.StatusForbidden {
		t.Errorf("another user was answered with %d", resp.StatusCode)
	}
	if resp, _ := s.send("GET", "/club/files/photos/a.png", nil); resp.StatusCode != http.StatusNotFound {
		t.Errorf("the file is seen: %d", resp.StatusCode)
	}
	if resp, body := s.patch(at, 0, []byte("0123456789")); resp.StatusCode != http.StatusNoContent {
		t.Errorf("the right bytes were answered with %d %s", resp.StatusCode, body)
	}
	if strings.Contains(s.log.Log(), at[len(path)+1:]) {
		t.Error("the log has the URL of an upload")
	}
}

// A store that fails is 503, and clients do not see why.
func TestStoreFails(t *testing.T) {
	t.Parallel()
	store := mem.NewBlobs()
	s := open(t, store)
	at := s.create("a.png", 10)
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	if resp, body := s.patch(at, 0, []byte("0123456789")); resp.StatusCode != http.StatusServiceUnavailable || strings.Contains(string(body), blobs.ErrClosed.Error()) {
		t.Errorf("%d %s", resp.StatusCode, body)
	}
}

// A bucket to which visitors upload nothing has no resumable uploads.
func TestBucketWithoutUpload(t *testing.T) {
	t.Parallel()
	photos := bucket.New(bucket.Options{Name: "photos", Store: mem.NewBlobs()})
	app := gorgon.App{Name: "a", Parts: []gorgon.Part{photos, tus.Resumable(photos, tus.Options{})}}
	if err := app.Validate(); err == nil || !strings.Contains(err.Error(), "Upload") {
		t.Errorf("validate gave %v", err)
	}
}
