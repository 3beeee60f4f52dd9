// A seed returns what was written, in order, and is the same for the same
// content.

package seed

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/viewctx"
)

var madeAt = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func keyOf(i int) pages.Key {
	return pages.Key{Route: "/products/{id}", Path: fmt.Sprintf("/products/%d", i), Locale: []string{"", "de"}[i%2]}
}

func entryOf(i int) *pages.Entry {
	html := fmt.Appendf(nil, "<title>%d</title><main>product %d</main>", i, i*i)
	return &pages.Entry{
		Key: keyOf(i), Build: "b1", State: fmt.Appendf(nil, `{"id":%d}`, i), Status: 200,
		Header: http.Header{"Content-Type": {"text/html; charset=utf-8"}}, HTML: html,
		Main: pages.Span{Start: len(html) - 6, End: len(html)}, ETag: fmt.Sprint("e", i),
		Gzip: []byte("gz"), MadeAt: madeAt, ModifiedAt: madeAt, Tags: []string{"products"},
	}
}

func encode(t testing.TB, e *pages.Entry) []byte {
	t.Helper()
	data, err := e.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

var (
	files = []File{
		{Path: "/_gorgon/assets/app.12.css", ContentType: "text/css", Immutable: true, ETag: "c", Data: []byte("body{}"), Gzip: []byte("g"), Brotli: []byte("b"), Zstd: []byte("z")},
		{Path: "/empty.txt", ContentType: "text/plain", ETag: "0"},
	}
	values   = map[string]string{"catalog": `{"n":1}`, "a": `null`}
	manifest = Manifest{
		App: "shop", Build: "b1", Binary: "x1", Base: "/shop", Origin: "https://example.org", Locales: []string{"en", "de"},
		MadeAt: madeAt, Assets: viewctx.Assets{Paths: map[string]string{"app.css": "/_gorgon/assets/app.12.css", "b": "/b"}}, Routes: []string{"/", "/products/{id}"},
	}
)

// write writes a seed of n pages, two files and two values.
func write(t testing.TB, path string, n int) {
	t.Helper()
	w, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Abort()
	fill(t, w, n)
	size, err := w.Commit(manifest)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Size() != size || info.Mode().Perm()&0o044 != 0o044 {
		t.Fatalf("%v %v, want %d bytes that others may read", info, err, size)
	}
}

func fill(t testing.TB, w *Writer, n int) {
	t.Helper()
	for i := range n {
		if err := w.Entry(keyOf(i), encode(t, entryOf(i))); err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range files {
		if err := w.File(f); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"catalog", "a"} {
		if err := w.Value(name, []byte(values[name])); err != nil {
			t.Fatal(err)
		}
	}
}

func open(t testing.TB, path string) *Seed {
	t.Helper()
	s, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestRoundTrip(t *testing.T) {
	for _, n := range []int{0, 1, 2, 300} {
		path := filepath.Join(t.TempDir(), "app.seed")
		write(t, path, n)
		s := open(t, path)
		checkAll(t, s, n)
		if s.Path() != path {
			t.Errorf("path %s", s.Path())
		}
		info, err := os.Stat(path)
		if err != nil || s.Size() != info.Size() {
			t.Errorf("size %d, file %v %v", s.Size(), info, err)
		}
	}
}

// checkAll compares a seed with what write writes.
func checkAll(t *testing.T, s *Seed, n int) {
	t.Helper()
	for i := range n {
		if got, err := s.Entry(keyOf(i)); err != nil || !reflect.DeepEqual(got, entryOf(i)) {
			t.Fatalf("page %d: %+v, %v", i, got, err)
		}
	}
	i := 0
	for e, err := range s.Entries() {
		if err != nil || e.Key != keyOf(i) {
			t.Fatalf("page %d is %+v, %v", i, e, err)
		}
		i++
	}
	if i != n {
		t.Errorf("listed %d pages of %d", i, n)
	}
	for _, f := range files {
		if got, err := s.File(f.Path); err != nil || !reflect.DeepEqual(got, f) {
			t.Errorf("file %+v, %v", got, err)
		}
	}
	var listed []File
	for f, err := range s.Files() {
		if err != nil {
			t.Error(err)
		}
		listed = append(listed, f)
	}
	if !reflect.DeepEqual(listed, files) {
		t.Errorf("files %+v", listed)
	}
	for name, want := range values {
		if got, err := s.Value(name); err != nil || string(got) != want {
			t.Errorf("value %s: %s, %v", name, got, err)
		}
	}
	want := manifest
	want.Format, want.Pages, want.Files, want.Values = Version, n, len(files), []string{"catalog", "a"}
	if got := s.Manifest(); !reflect.DeepEqual(got, want) {
		t.Errorf("manifest %+v", got)
	}
	if err := s.Verify(); err != nil {
		t.Error(err)
	}
}

func TestWhatIsNotThere(t *testing.T) {
	path := filepath.Join(t.TempDir(), "app.seed")
	write(t, path, 50)
	s := open(t, path)
	_, pageErr := s.Entry(pages.Key{Route: "/products/{id}", Path: "/products/50"})
	_, otherLocale := s.Entry(pages.Key{Route: "/products/{id}", Path: "/products/1"})
	_, fileErr := s.File("/products/1")
	_, valueErr := s.Value("")
	for i, err := range []error{pageErr, otherLocale, fileErr, valueErr} {
		if !errors.Is(err, pages.ErrNotFound) {
			t.Errorf("%d: %v", i, err)
		}
	}
}

func TestSameCallsSameBytes(t *testing.T) {
	dir := t.TempDir()
	a, b := filepath.Join(dir, "a"), filepath.Join(dir, "b")
	write(t, a, 100)
	write(t, b, 100)
	x, err := os.ReadFile(a)
	if err != nil {
		t.Fatal(err)
	}
	if y, err := os.ReadFile(b); err != nil || !bytes.Equal(x, y) {
		t.Errorf("two seeds of one site differ (%v)", err)
	}
}

// A seed may be appended to an executable.
func TestSeedAtTheEndOfAFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "app")
	write(t, path, 20)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, append([]byte("\x7fELF, or so; 31 bytes in front"), data...), 0o755); err != nil {
		t.Fatal(err)
	}
	s := open(t, path)
	checkAll(t, s, 20)
	if s.Size() != int64(len(data)) {
		t.Errorf("size %d, want %d", s.Size(), len(data))
	}
}

func TestKeysThatShareAHash(t *testing.T) {
	path := filepath.Join(t.TempDir(), "app.seed")
	w, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	few := func(digest [sha256.Size]byte) uint64 { return uint64(digest[0] % 3) }
	w.hash = few
	fill(t, w, 40)
	if _, err := w.Commit(manifest); err != nil {
		t.Fatal(err)
	}
	s := open(t, path)
	s.hash = few
	checkAll(t, s, 40)
	if _, err := s.Entry(keyOf(40)); !errors.Is(err, pages.ErrNotFound) {
		t.Error(err)
	}

	// With a damaged neighbour, it cannot be determined which key that record
	// had.
	s.records = slices.Clone(s.records)
	s.records[headSize] ^= 1
	var corrupt, found, missing int
	for i := range 60 {
		switch _, err := s.Entry(keyOf(i)); {
		case err == nil:
			found++
		case errors.Is(err, pages.ErrCorrupt):
			corrupt++
		case errors.Is(err, pages.ErrNotFound):
			missing++
		}
	}
	if found != 39 || corrupt < 1 || corrupt+missing != 21 {
		t.Errorf("found %d, corrupt %d, missing %d", found, corrupt, missing)
	}
}

func TestRecordUnderAnotherName(t *testing.T) {
	path := filepath.Join(t.TempDir(), "app.seed")
	w, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Entry(keyOf(1), encode(t, entryOf(2))); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Commit(manifest); err != nil {
		t.Fatal(err)
	}
	s := open(t, path)
	if _, err := s.Entry(keyOf(1)); !errors.Is(err, pages.ErrCorrupt) {
		t.Errorf("another page's record: %v", err)
	}
	if err := s.Verify(); !errors.Is(err, pages.ErrCorrupt) {
		t.Errorf("verify: %v", err)
	}
}

func TestConcurrentReads(t *testing.T) {
	path := filepath.Join(t.TempDir(), "app.seed")
	write(t, path, 100)
	s := open(t, path)
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 100 {
				n := (i*7 + g) % 100
				if e, err := s.Entry(keyOf(n)); err != nil || e.ETag != fmt.Sprint("e", n) {
					t.Errorf("page %d: %v", n, err)
				}
				if _, err := s.File(files[0].Path); err != nil {
					t.Error(err)
				}
			}
			if err := s.Verify(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

func TestClosed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "app.seed")
	write(t, path, 3)
	s, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(s.Close(), s.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Entry(keyOf(1)); !errors.Is(err, errClosed) {
		t.Error(err)
	}
	if err := s.Verify(); !errors.Is(err, errClosed) {
		t.Error(err)
	}
	for e, err := range s.Entries() {
		if e != nil || !errors.Is(err, errClosed) {
			t.Errorf("a closed seed lists %+v, %v", e, err)
		}
	}
}

func TestHasFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "s")
	w, err := Create(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range []string{"/a b.txt", "/käse"} {
		if err := w.File(File{Path: at, Data: []byte("x")}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.Commit(Manifest{App: "test", Base: "/docs"}); err != nil {
		t.Fatal(err)
	}
	s, err := Open(file)
	if err != nil {
		t.Fatal(err)
	}
	site := s.Site(gorgon.App{Origin: "https://example.com"})
	for at, want := range map[string]bool{"/a b.txt": true, "/käse": true, "/a": false, "": false, "/a%20b.txt": false} {
		if site.File(at) != want {
			t.Errorf("%q: %v, want %v", at, !want, want)
		}
	}
	if site.Base != "/docs" || site.Origin != "https://example.com" {
		t.Errorf("%+v", site)
	}
	if err := s.Close(); err != nil || s.HasFile("/käse") {
		t.Errorf("a closed seed has files: %v", err)
	}
}
