// Buckets over every store, through a server with its limits.

package bucket_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/blobs"
	"github.com/gorgon-go/gorgon/bucket"
	"github.com/gorgon-go/gorgon/disk/diskblobs"
	"github.com/gorgon-go/gorgon/gorgontest"
	"github.com/gorgon-go/gorgon/listen"
	"github.com/gorgon-go/gorgon/mem"
	"github.com/gorgon-go/gorgon/serve"
)

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

var members = []func(http.Handler) http.Handler{member}

// A site is an app with one bucket, on a server.
type site struct {
	t   *testing.T
	url string
	log *gorgontest.Site
}

func open(t *testing.T, parts ...gorgon.Part) *site {
	t.Helper()
	home := gorgon.Page[struct{}]{Path: "/", View: func(struct{}) gorgon.Component { return gorgon.Text("home") }}
	app := gorgontest.Open(t, gorgon.App{Name: "files", Parts: append(parts, home)})
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
	return &site{t, "http://" + l.Addr().String(), app}
}

// An answer is one that was read.
type answer struct {
	*http.Response
	body []byte
}

func (s *site) send(method, target string, body io.Reader, change func(r *http.Request)) answer {
	s.t.Helper()
	if strings.HasPrefix(target, "/") {
		target = s.url + target
	}
	r, err := http.NewRequestWithContext(s.t.Context(), method, target, body)
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("User", "ada")
	if change != nil {
		change(r)
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
	return answer{resp, read}
}

func header(pairs ...string) func(r *http.Request) {
	return func(r *http.Request) {
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i+1] == "" {
				r.Header.Del(pairs[i])
			} else {
				r.Header.Set(pairs[i], pairs[i+1])
			}
		}
	}
}

// A ticket is what the browser is answered.
type ticket struct {
	Method, URL, Complete string
	Headers               map[string]string
	Expires               time.Time
}

func (s *site) ask(path string, in any) answer {
	s.t.Helper()
	text, err := json.Marshal(in)
	if err != nil {
		s.t.Fatal(err)
	}
	return s.send("POST", path+"/uploads", bytes.NewReader(text), header("Content-Type", "application/json"))
}

func (s *site) ticket(path string, in any) (t ticket) {
	s.t.Helper()
	a := s.ask(path, in)
	if err := json.Unmarshal(a.body, &t); err != nil || a.StatusCode != http.StatusCreated {
		s.t.Fatalf("the ticket was answered with %d %s, %v", a.StatusCode, a.body, err)
	}
	return t
}

func (s *site) put(t ticket, data []byte, change func(r *http.Request)) answer {
	s.t.Helper()
	return s.send(t.Method, t.URL, bytes.NewReader(data), func(r *http.Request) {
		for name, value := range t.Headers {
			r.Header.Set(name, value)
		}
		if change != nil {
			change(r)
		}
	})
}

type done struct {
	Key, Type, URL string
	Size           int64
	SHA256         blobs.Digest
}

func (s *site) complete(t ticket) (d done) {
	s.t.Helper()
	a := s.send("POST", t.Complete, nil, nil)
	if err := json.Unmarshal(a.body, &d); err != nil || a.StatusCode != http.StatusOK {
		s.t.Fatalf("complete was answered with %d %s, %v", a.StatusCode, a.body, err)
	}
	return d
}

func png(n int) []byte {
	data := make([]byte, n)
	_, _ = rand.Read(data) // it never fails
	return append([]byte("\x89PNG\r\n\x1a\n"), data...)
}

// stores are those whose bytes go through the app.
func stores(t *testing.T) map[string]blobs.Store {
	disk, err := diskblobs.Open(t.TempDir(), diskblobs.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = disk.Close() })
	return map[string]blobs.Store{"mem": mem.NewBlobs(), "disk": disk}
}

// A file goes up in three requests, also one that is larger than the server
// lets bodies be, and comes back whole and in parts.
func TestFlow(t *testing.T) {
	t.Parallel()
	for name, store := range stores(t) {
		t.Run(name, func(t *testing.T) {
			var completed atomic.Int32
			s := open(t, gorgon.Group{Prefix: "/club", Parts: []gorgon.Part{bucket.New(bucket.Options{
				Name: "photos", Store: store, Public: true, Upload: members, MaxSize: 20 << 20, Types: []string{"image/*"},
				Done: func(context.Context, blobs.Info) error { completed.Add(1); return nil },
			})}})
			const path = "/club/files/photos"
			data := png(12 << 20)
			up := s.ticket(path, map[string]any{"name": "Cat.PNG", "size": len(data), "type": "image/png"})
			if a := s.put(up, data, header("User", "")); a.StatusCode != http.StatusNoContent {
				t.Fatalf("the bytes were answered with %d %s", a.StatusCode, a.body)
			}
			d := s.complete(up)
			if again := s.complete(up); again != d || completed.Load() != 2 {
				t.Errorf("%+v and then %+v", d, again)
			}
			if d.SHA256 != sha256.Sum256(data) || d.Size != int64(len(data)) || d.Type != "image/png" || !strings.HasSuffix(d.Key, ".png") || d.URL != path+"/"+d.Key {
				t.Errorf("%+v", d)
			}
			whole := s.send("GET", d.URL, nil, nil)
			if !bytes.Equal(whole.body, data) {
				t.Errorf("%d bytes came back", len(whole.body))
			}
			for name, value := range map[string]string{
				"Content-Type": "image/png", "X-Content-Type-Options": "nosniff", "Cache-Control": "public, max-age=0, must-revalidate", "Accept-Ranges": "bytes",
				"Content-Disposition": "inline; filename=" + d.Key, "Content-Security-Policy": "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'; sandbox",
			} {
				if got := whole.Header.Get(name); got != value {
					t.Errorf("%s is %q instead of %q", name, got, value)
				}
			}
			etag := whole.Header.Get("ETag")
			for _, c := range []struct {
				headers []string
				status  int
				bytes   []byte
			}{
				{[]string{"If-None-Match", etag}, 304, nil},
				{[]string{"If-None-Match", `"x"`, "Range", "bytes=5-9"}, 206, data[5:10]},
				{[]string{"Range", "bytes=-7"}, 206, data[len(data)-7:]},
				{[]string{"Range", fmt.Sprintf("bytes=%d-", len(data)-3)}, 206, data[len(data)-3:]},
				{[]string{"Range", "bytes=5-9", "If-Range", etag}, 206, data[5:10]},
				{[]string{"Range", "bytes=5-9", "If-Range", `"x"`}, 200, data},
				{[]string{"If-Match", `"x"`}, 412, nil},
				{[]string{"Range", "bytes=1-1,2-2,3-3,4-4,5-5,6-6,7-7,8-8,9-9"}, 200, data},
			} {
				a := s.send("GET", d.URL, nil, header(c.headers...))
				if a.StatusCode != c.status || !bytes.Equal(a.body, c.bytes) {
					t.Errorf("%q: %d with %d bytes", c.headers, a.StatusCode, len(a.body))
				}
			}
			if a := s.send("GET", d.URL, nil, header("Range", fmt.Sprintf("bytes=%d-", len(data)))); a.StatusCode != http.StatusRequestedRangeNotSatisfiable {
				t.Errorf("a range behind the end was answered with %d", a.StatusCode)
			}
			if a := s.send("HEAD", d.URL, nil, nil); a.StatusCode != 200 || a.ContentLength != int64(len(data)) || len(a.body) > 0 {
				t.Errorf("HEAD was answered with %d of %d", a.StatusCode, a.ContentLength)
			}
		})
	}
}

// What is refused, with what, and that it burns nothing.
func TestRefused(t *testing.T) {
	t.Parallel()
	for name, store := range stores(t) {
		t.Run(name, func(t *testing.T) {
			s := open(t, bucket.New(bucket.Options{
				Name: "photos", Store: store, Public: true, Upload: members, MaxSize: 5000, Types: []string{"image/png", "text/plain"},
				Key: func(_ context.Context, f bucket.File) (string, error) { return "of-ada/" + f.Name, nil },
			}))
			const path = "/files/photos"
			problem := func(what string, a answer, status int) {
				t.Helper()
				if a.StatusCode != status || a.Header.Get("Content-Type") != "application/problem+json" || a.Header.Get("Cache-Control") != "private, no-store" {
					t.Errorf("%s: %d %s %s %s", what, a.StatusCode, a.Header.Get("Content-Type"), a.Header.Get("Cache-Control"), a.body)
				}
			}
			for _, c := range []struct {
				in     any
				status int
			}{
				{map[string]any{"name": "a", "size": 5001, "type": "image/png"}, 413},
				{map[string]any{"name": "a", "size": -1, "type": "image/png"}, 400},
				{map[string]any{"name": "a", "type": "image/png"}, 400},
				{map[string]any{"name": "a", "size": 1, "type": "image/png", "key": "of-bob/a"}, 400},
				{map[string]any{"name": "a", "size": 1, "type": "image/svg+xml"}, 415},
				{map[string]any{"name": "a", "size": 1, "type": "image/png2"}, 415},
				{map[string]any{"name": "a", "size": 1}, 415},
				{map[string]any{"name": "a", "size": 1, "type": "image/png\r\nX: y"}, 415},
				{map[string]any{"name": "../../a", "size": 1, "type": "image/png"}, 400},
				{map[string]any{"name": "a", "size": 1, "type": "image/png", "sha256": "00"}, 400},
				{"a", 400},
			} {
				problem(fmt.Sprint(c.in), s.ask(path, c.in), c.status)
			}
			ask := map[string]any{"name": "a.png", "size": 4000, "type": "image/png"}
			text, _ := json.Marshal(ask)
			problem("no user", s.send("POST", path+"/uploads", bytes.NewReader(text), header("Content-Type", "application/json", "User", "")), 401)
			problem("no JSON", s.send("POST", path+"/uploads", bytes.NewReader(text), header("Content-Type", "text/plain")), 415)
			problem("another site", s.send("POST", path+"/uploads", bytes.NewReader(text), header("Content-Type", "application/json", "Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site")), 403)

			data := png(3992)
			up, other := s.ticket(path, ask), s.ticket(path, map[string]any{"name": "b.png", "size": 4000, "type": "image/png"})
			sealed := up.URL[strings.LastIndex(up.URL, "/")+1:]
			problem("too many bytes", s.put(up, append(data, 'x'), nil), 413)
			problem("too many bytes, without a length", s.put(up, append(data, 'x'), func(r *http.Request) { r.ContentLength = -1 }), 413)
			problem("too few bytes", s.put(up, data[1:], nil), 400)
			problem("too few bytes, without a length", s.put(up, data[1:], func(r *http.Request) { r.ContentLength = -1 }), 400)
			problem("another type", s.put(up, data, header("Content-Type", "text/html")), 415)
			problem("no type", s.put(up, data, header("Content-Type", "")), 415)
			for i, wrong := range []string{sealed[:len(sealed)-1], sealed + "A", strings.ToUpper(sealed), "x", flipped(sealed)} {
				bad := up
				bad.URL = strings.Replace(up.URL, sealed, wrong, 1)
				problem(fmt.Sprint("ticket ", i), s.put(bad, data, nil), 403)
				problem(fmt.Sprint("complete ", i), s.send("POST", strings.Replace(up.Complete, sealed, wrong, 1), nil, nil), 403)
			}
			problem("complete too early", s.send("POST", up.Complete, nil, nil), 409)
			if a := s.send("GET", path+"/of-ada/a.png", nil, nil); a.StatusCode != 404 {
				t.Errorf("the file is seen: %d", a.StatusCode)
			}
			if a := s.put(up, data, nil); a.StatusCode != 204 {
				t.Fatalf("the right bytes were answered with %d %s", a.StatusCode, a.body)
			}
			problem("the bytes again", s.put(up, data, nil), 409)
			problem("complete by another user", s.send("POST", up.Complete, nil, header("User", "eve")), 403)
			problem("complete by another site", s.send("POST", up.Complete, nil, header("Sec-Fetch-Site", "cross-site")), 403)
			problem("complete another ticket", s.send("POST", other.Complete, nil, nil), 409)
			if d := s.complete(up); d.Key != "of-ada/a.png" {
				t.Errorf("%+v", d)
			}
			problem("a key that is taken", s.ask(path, ask), 409)
			sum := sha256.Sum256(data)
			wrong := s.ticket(path, map[string]any{"name": "c.png", "size": 4000, "type": "image/png", "sha256": blobs.Digest(sum).String()})
			if a := s.put(wrong, png(3992), nil); a.StatusCode != 204 {
				t.Errorf("%d", a.StatusCode)
			}
			problem("another digest", s.send("POST", wrong.Complete, nil, nil), 422)
			if a := s.put(wrong, data, nil); a.StatusCode != 204 {
				t.Errorf("the right bytes were answered with %d", a.StatusCode)
			}
			s.complete(wrong)
			for _, key := range []string{"nothing", "of-ada", "of-ada/", "of-ada/../of-ada/a.png", "%2e%2e/a", "of-ada%5ca.png", "uploads"} {
				if a := s.send("GET", path+"/"+key, nil, nil); a.StatusCode != 404 && a.StatusCode != 308 && a.StatusCode != 307 && a.StatusCode != 301 && a.StatusCode != 400 {
					t.Errorf("%s: %d", key, a.StatusCode)
				}
			}
		})
	}
}

// flipped has another letter in its middle.
func flipped(text string) string {
	b := []byte(text)
	if b[len(b)/2]++; b[len(b)/2] > 'y' {
		b[len(b)/2] = 'a'
	}
	return string(b)
}
