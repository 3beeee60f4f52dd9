package retain_test

import (
	"errors"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/gorgon-go/gorgon/mem"
	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/retain"
	"github.com/gorgon-go/gorgon/seed"
)

func seedOf(t *testing.T, build string, files ...seed.File) *seed.Seed {
	t.Helper()
	path := filepath.Join(t.TempDir(), "s.seed")
	w, err := seed.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if err := w.File(f); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.Commit(seed.Manifest{App: "a", Build: build}); err != nil {
		t.Fatal(err)
	}
	s, err := seed.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func asset(name, data string) seed.File {
	return seed.File{Path: retain.Prefix + name, ContentType: "text/css", Immutable: true, ETag: name, Data: []byte(data), Gzip: []byte("z" + data)}
}

// The assets of every build are found by every other, byte for byte; what
// stays at its path is each build's own.
func TestBuildsFindEachOthersAssets(t *testing.T) {
	store := mem.Open(mem.Options{})
	defer store.Close()
	static := seed.File{Path: "/favicon.ico", ContentType: "image/x-icon", Data: []byte("icon")}
	var all []seed.File
	for _, build := range []string{"b1", "b2", "b3"} {
		own, shared := asset(build+".css", build), asset("same.css", "same")
		all = append(all, own, shared)
		for n, want := range []int{0, 0} { // twice is once
			put, err := retain.Put(t.Context(), store, seedOf(t, build, own, shared, static))
			if err != nil {
				t.Fatal(err)
			}
			if n == 0 {
				want = 1
				if build == "b1" {
					want = 2
				}
			}
			if put != want {
				t.Errorf("%s, time %d: %d put, want %d", build, n, put, want)
			}
		}
	}
	for _, f := range all {
		found, err := retain.Find(t.Context(), store, f.Path)
		if err != nil || !reflect.DeepEqual(found, f) {
			t.Errorf("%s: found %+v, %v", f.Path, found, err)
		}
	}
	for _, path := range []string{"/favicon.ico", retain.Prefix + "none.css", "build/b1", "/"} {
		if _, err := retain.Find(t.Context(), store, path); !errors.Is(err, pages.ErrNotFound) {
			t.Errorf("%s: %v", path, err)
		}
	}
}
