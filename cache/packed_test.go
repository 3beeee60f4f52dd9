package cache_test

import (
	"errors"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/pages"
)

// A bundled is what a seed leaves out of a page.
type bundled struct {
	html    []byte
	held    atomic.Int64
	lost    atomic.Bool
	changed func()
}

func (b *bundled) HTML() ([]byte, error) { return b.Coded("identity") }
func (b *bundled) Coded(string) ([]byte, error) {
	defer b.changed()
	if b.lost.Load() {
		return nil, pages.ErrCorrupt
	}
	b.held.Add(int64(len(b.html)))
	return b.html, nil
}
func (b *bundled) State() ([]byte, error) { return nil, errors.New("it has none") }
func (b *bundled) Lengths() pages.Lengths { return pages.Lengths{HTML: len(b.html)} }
func (b *bundled) Held() int              { return int(b.held.Load()) }
func (b *bundled) Lost() bool             { return b.lost.Load() }
func (b *bundled) Watch(changed func())   { b.changed = changed }

// What is decoded of the seed's pages counts as what is in memory.
func TestDecodedPagesAreWeighed(t *testing.T) {
	page := pageOf(new(source), forEver)
	s := seedOf(t, page, "/p/1")
	parts := &bundled{html: make([]byte, 1<<20)}
	key := pages.Key{Route: page.Path, Path: "/p/1"}
	whole := *s[key].(*pages.Entry)
	whole.HTML, whole.Packed = nil, parts
	s[key] = &whole
	c := open(t, nil, seeded(s))
	get(t, c, page, "/p/1")
	if c.State().MemoryBytes > 10_000 {
		t.Errorf("%d bytes for a page that lies in a file", c.State().MemoryBytes)
	}
	if _, err := parts.HTML(); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(30 * time.Second); c.State().MemoryBytes < 1<<20; runtime.Gosched() {
		if time.Now().After(deadline) {
			t.Fatalf("%d bytes for a page that was decoded", c.State().MemoryBytes)
		}
	}
	if _, ok := c.Found(page, "/p/1", "", time.Now()); !ok {
		t.Error("it is gone")
	}
	parts.lost.Store(true)
	if _, err := parts.HTML(); err == nil {
		t.Fatal("the page can be read")
	}
	if _, ok := c.Found(page, "/p/1", "", time.Now()); ok {
		t.Error("a page that cannot be read any more is still in memory")
	}
}
