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
	"github.com/gorgon-go/gorgon/wire"
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
	return seed.File{Path: wire.Assets + name, ContentType: "text/css", Immutable: true, ETag: name, Data: []byte(data), Gzip: []byte("z" + data)}
}

// Every build finds the assets of all others, byte for byte; files at fixed
// paths belong to each build.
func TestBuildsFindEachOthersAssets(t *testing.T) {
	store := mem.Open(mem.Options{})
	defer store.Close()
	static := seed.File{Path: "/favicon.ico", ContentType: "image/x-icon", Data: []byte("icon")}
	var all []seed.File
	for _, build := range []string{"b1", "b2", "b3"} {
		own, shared := asset(build+".css", build), asset("same.css", "same")
		all = append(all, own, shared)
		for n, want := range []int{0, 0} { // the second time has no effect
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
	for _, path := range []string{"/favicon.ico", wire.Assets + "none.css", "build/b1", "/"} {
		if _, err := retain.Find(t.Context(), store, path); !errors.Is(err, pages.ErrNotFound) {
			t.Errorf("%s: %v", path, err)
		}
	}
}
