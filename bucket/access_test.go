// Who reads what of a bucket, and what caches and browsers are told.

package bucket_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/blobs"
	"github.com/gorgon-go/gorgon/bucket"
	"github.com/gorgon-go/gorgon/mem"
)

// Files of a bucket that is not public are sent for links, and if Allow says so.
func TestPrivate(t *testing.T) {
	t.Parallel()
	store := mem.NewBlobs()
	b := bucket.New(bucket.Options{Name: "bills", Store: store, Secret: "a secret", Allow: func(r *http.Request, key string) error {
		if r.Header.Get("User") == "bob" && key == "bills/8.pdf" {
			return nil
		}
		return gorgon.NotFound()
	}})
	other := bucket.New(bucket.Options{Name: "others", Store: store, Secret: "a secret"})
	for _, key := range []string{"bills/7 é.pdf", "bills/8.pdf"} {
		for _, b := range []*bucket.Bucket{b, other} {
			if _, err := b.Store().Put(t.Context(), key, strings.NewReader("of "+key), blobs.PutOptions{Type: "application/pdf", IfNew: true}); err != nil {
				t.Fatal(err)
			}
		}
	}
	s := open(t, b, other)
	link := func(b *bucket.Bucket, key string, ttl time.Duration) string {
		t.Helper()
		l, err := b.Link(t.Context(), key, ttl)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	good := link(b, "bills/7 é.pdf", time.Hour)
	_, token, _ := strings.Cut(good, "?")
	a := s.send("GET", good, nil, nil)
	if a.StatusCode != 200 || string(a.body) != "of bills/7 é.pdf" || a.Header.Get("Cache-Control") != "private, no-store" ||
		!strings.HasPrefix(a.Header.Get("Content-Disposition"), "attachment; filename*=utf-8''7%20%C3%A9.pdf") {
		t.Errorf("%d %q %v", a.StatusCode, a.body, a.Header)
	}
	path := strings.TrimSuffix(good, "?"+token)
	for what, target := range map[string]string{
		"without a link": path, "with an empty link": path + "?link=", "with another bucket's": strings.Replace(link(other, "bills/7 é.pdf", time.Hour), "/files/others/", "/files/bills/", 1),
		"with that of another file": "/files/bills/bills/8.pdf?" + token, "with an old one": link(b, "bills/7 é.pdf", time.Nanosecond), "with a changed one": path + "?" + flipped(token),
	} {
		if a := s.send("GET", target, nil, nil); a.StatusCode != 404 || a.Header.Get("Cache-Control") != "private, no-store" || strings.Contains(string(a.body), "of bills") {
			t.Errorf("%s: %d %s %q", what, a.StatusCode, a.Header.Get("Cache-Control"), a.body)
		}
	}
	if a := s.send("GET", "/files/bills/bills/8.pdf", nil, header("User", "bob")); a.StatusCode != 200 || a.Header.Get("Cache-Control") != "private, no-store" {
		t.Errorf("%d %s", a.StatusCode, a.Header.Get("Cache-Control"))
	}
	if a := s.send("GET", "/files/others/bills/8.pdf", nil, nil); a.StatusCode != 403 {
		t.Errorf("a bucket without Allow answered %d", a.StatusCode)
	}
	if a := s.send("POST", "/files/bills/uploads", strings.NewReader("{}"), header("Content-Type", "application/json")); a.StatusCode != 404 && a.StatusCode != 405 {
		t.Errorf("a bucket without Upload answered %d", a.StatusCode)
	}
	if _, err := b.Link(t.Context(), "../a", time.Hour); !errors.Is(err, blobs.ErrInvalid) {
		t.Errorf("a link to a hostile key: %v", err)
	}
	if _, err := b.Link(t.Context(), "a", 0); err == nil {
		t.Error("a link of no time was made")
	}
}

// A key that names its content is stored for good; what could run is saved.
func TestHeaders(t *testing.T) {
	t.Parallel()
	store := mem.NewBlobs()
	b := bucket.New(bucket.Options{Name: "public", Path: "/p", Store: store, Public: true})
	s := open(t, b)
	page := []byte("<script>alert(1)</script>")
	digest := blobs.Digest(sha256.Sum256(page)).String()
	for _, c := range []struct{ key, kind, control, disposition string }{
		{"by/" + digest + ".html", "text/html; charset=utf-8", "public, max-age=31536000, immutable", "attachment; filename=" + digest + ".html"},
		{"by/" + flipped(digest), "image/svg+xml", "public, max-age=0, must-revalidate", "attachment; filename=" + flipped(digest)},
		{"a; b.txt", "text/plain", "public, max-age=0, must-revalidate", `inline; filename="a; b.txt"`},
		{"film", "video/mp4", "public, max-age=0, must-revalidate", "inline; filename=film"},
		{"x.js", "text/javascript", "public, max-age=0, must-revalidate", "attachment; filename=x.js"},
	} {
		if _, err := b.Store().Put(t.Context(), c.key, bytes.NewReader(page), blobs.PutOptions{Type: c.kind}); err != nil {
			t.Fatal(err)
		}
		a := s.send("GET", "/p/"+strings.ReplaceAll(c.key, " ", "%20"), nil, nil)
		if a.StatusCode != 200 || a.Header.Get("Content-Type") != c.kind || a.Header.Get("Cache-Control") != c.control || a.Header.Get("Content-Disposition") != c.disposition ||
			!strings.HasSuffix(a.Header.Get("Content-Security-Policy"), "; sandbox") || a.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: %d %v", c.key, a.StatusCode, a.Header)
		}
	}
}

// A public bucket shows nothing of another one in the same store.
func TestApart(t *testing.T) {
	t.Parallel()
	store := mem.NewBlobs()
	public, bills := bucket.New(bucket.Options{Name: "public", Store: store, Public: true}), bucket.New(bucket.Options{Name: "bills", Store: store})
	if _, err := bills.Store().Put(t.Context(), "7.pdf", strings.NewReader("secret"), blobs.PutOptions{}); err != nil {
		t.Fatal(err)
	}
	s := open(t, public, bills)
	for _, key := range []string{"bills/7.pdf", "7.pdf", "../bills/7.pdf", "%2e%2e/bills/7.pdf", "..%2fbills/7.pdf"} {
		if a := s.send("GET", "/files/public/"+key, nil, nil); a.StatusCode == 200 || strings.Contains(string(a.body), "secret") {
			t.Errorf("%s was answered with %d", key, a.StatusCode)
		}
	}
}

// Faults of options are faults of the app.
func TestFaults(t *testing.T) {
	t.Parallel()
	app := gorgon.App{Name: "a", Parts: []gorgon.Part{bucket.New(bucket.Options{
		Name: "A b", Path: "/x/", MaxSize: -1, Types: []string{"png"}, Public: true, Allow: func(*http.Request, string) error { return nil },
	})}}
	err := app.Validate()
	for _, part := range []string{"Name", "Store", "Path", "MaxSize", "Types", "Allow"} {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("%s is not in %v", part, err)
		}
	}
}

// The bucket's job removes what was not completed.
func TestSwept(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := mem.NewBlobs()
		b := bucket.New(bucket.Options{Name: "photos", Store: store, Upload: members})
		if _, _, err := b.Begin(t.Context(), bucket.File{Size: 5}, true); err != nil {
			t.Fatal(err)
		}
		var job gorgon.Service
		for _, p := range b.Part().(gorgon.Group).Parts {
			if s, ok := p.(gorgon.Service); ok {
				job = s
			}
		}
		if job.Name != "sweep-photos" || job.Every != 15*time.Minute {
			t.Fatalf("the job is %q each %v", job.Name, job.Every)
		}
		for _, left := range []int{1, 0} {
			time.Sleep(time.Hour + time.Second)
			if err := job.Run(t.Context()); err != nil {
				t.Error(err)
			}
			if _, uploads := store.Len(); uploads != left {
				t.Errorf("%d uploads are left instead of %d", uploads, left)
			}
		}
	})
}

// A store that fails is 503, and its error is not shown.
func TestStoreFails(t *testing.T) {
	t.Parallel()
	store := mem.NewBlobs()
	s := open(t, bucket.New(bucket.Options{Name: "public", Store: store, Public: true, Upload: members}))
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	for _, a := range []answer{s.send("GET", "/files/public/a", nil, nil), s.ask("/files/public", map[string]any{"size": 1})} {
		if a.StatusCode != 503 || strings.Contains(string(a.body), blobs.ErrClosed.Error()) {
			t.Errorf("%d %s", a.StatusCode, a.body)
		}
	}
}
