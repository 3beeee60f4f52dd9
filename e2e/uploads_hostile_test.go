// Keys that are not keys, over HTTP.

package e2e_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/blobs"
	"github.com/gorgon-go/gorgon/blobs/blobstest"
	"github.com/gorgon-go/gorgon/bucket"
	"github.com/gorgon-go/gorgon/bucket/tus"
	"github.com/gorgon-go/gorgon/disk/diskblobs"
	"github.com/gorgon-go/gorgon/gorgontest"
)

// TestUploadsRefuseHostileKeys sends keys that escape, mislead or break to a
// bucket that takes the names of files for keys, and reads them from it.
func TestUploadsRefuseHostileKeys(t *testing.T) {
	const secret = "what no visitor reads"
	dir := t.TempDir()
	store, err := diskblobs.Open(filepath.Join(dir, "files"), diskblobs.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	if err := os.WriteFile(filepath.Join(dir, "secret"), []byte(secret), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Put(t.Context(), "bills/secret", strings.NewReader(secret), blobs.PutOptions{}); err != nil {
		t.Fatal(err)
	}
	b := bucket.New(bucket.Options{
		Name: "notes", Store: store, Public: true,
		Upload: []func(http.Handler) http.Handler{func(next http.Handler) http.Handler { return next }},
		Key:    func(_ context.Context, f bucket.File) (string, error) { return f.Name, nil },
	})
	site := gorgontest.Open(t, gorgon.App{Name: "files", Parts: []gorgon.Part{b, tus.Resumable(b, tus.Options{Log: slog.New(slog.DiscardHandler)}),
		gorgon.Page[struct{}]{Path: "/", View: func(struct{}) gorgon.Component { return gorgon.Text("home") }}}})
	begin := func(key string) int { // by tus, which carries any bytes
		r := httptest.NewRequest("POST", "/files/notes/resumable", nil)
		r.Header.Set("Tus-Resumable", "1.0.0")
		r.Header.Set("Upload-Length", "1")
		r.Header.Set("Upload-Metadata", "filename "+base64.StdEncoding.EncodeToString([]byte(key)))
		w := httptest.NewRecorder()
		site.ServeHTTP(w, r)
		return w.Code
	}
	ask := func(key string) int {
		body, err := json.Marshal(map[string]any{"name": key, "size": 1, "type": "text/plain"})
		if err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequest("POST", "/files/notes/uploads", strings.NewReader(string(body)))
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		site.ServeHTTP(w, r)
		return w.Code
	}
	read := func(escaped string) (int, string) {
		r := httptest.NewRequest("GET", "/", nil)
		u, err := url.Parse("/files/notes/" + escaped)
		if err != nil {
			t.Fatal(err)
		}
		r.URL, r.RequestURI = u, u.RequestURI()
		w := httptest.NewRecorder()
		site.ServeHTTP(w, r)
		return w.Code, w.Body.String()
	}
	refused := 0
	for _, key := range append(blobstest.HostileKeys(), "../bills/secret", "../../secret", "..\\..\\secret", "a/../../../../secret") {
		var sent string // what of the key travels in JSON
		if text, err := json.Marshal(key); err != nil || json.Unmarshal(text, &sent) != nil {
			t.Fatal(err)
		}
		if blobs.CheckKey(sent) != nil {
			if status := ask(key); status < 400 {
				t.Errorf("a ticket for %q: %d", key, status)
			}
		}
		if status := begin(key); status < 400 {
			t.Errorf("an upload for %q: %d", key, status)
		}
		refused++
		for _, escaped := range []string{url.PathEscape(key), strings.ReplaceAll(url.PathEscape(key), "%2F", "/")} {
			if status, body := read(escaped); status == http.StatusOK || strings.Contains(body, secret) {
				t.Errorf("reading %q: %d", key, status)
			}
		}
	}
	list, err := b.Store().List(t.Context(), blobs.Query{})
	if err != nil || len(list) != 0 || refused < 1000 {
		t.Errorf("%d files, %d keys refused: %v", len(list), refused, err)
	}
	if one, other := ask("a/b.txt"), begin("a/c.txt"); one != http.StatusCreated || other != http.StatusCreated {
		t.Errorf("good keys: %d, %d", one, other)
	}
	t.Logf("%d hostile keys were refused", refused)
}
