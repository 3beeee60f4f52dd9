package seed

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/gorgon-go/gorgon/compress"
	"github.com/gorgon-go/gorgon/pages"
)

// tableOf is a page of about 20 KB with its state.
func tableOf(n int, effort compress.Effort) *pages.Entry {
	var html, state strings.Builder
	html.WriteString("<!doctype html><table>")
	for row := range 200 {
		fmt.Fprintf(&html, `<tr><td>%d</td><td><a href="/item/%d">Item %d of %d</a></td><td>%d</td></tr>`, row, row*7919+n, row, n, (row*n)%997)
		fmt.Fprintf(&state, `{"Number":%d,"Link":"/item/%d","Price":%d}`, row, row*7919+n, (row*n)%997)
	}
	e := entryOf(n)
	e.HTML, e.State = []byte(html.String()), []byte("["+strings.ReplaceAll(state.String(), "}{", "},{")+"]")
	e.Head, e.Main = pages.Span{}, pages.Span{Start: 15, End: len(e.HTML)}
	e.Gzip, e.Zstd = nil, nil
	e.Brotli = effort.Brotli(e.HTML)
	return e
}

func packedSeed(t testing.TB, n int, effort compress.Effort) (path string, plain int64) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "a.seed")
	w, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		e := tableOf(i, effort)
		data, err := Pack(nil, e, effort)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Entry(e.Key, data); err != nil {
			t.Fatal(err)
		}
		plain += int64(len(e.HTML) + len(e.State))
	}
	if _, err := w.Commit(Manifest{Effort: effort.String()}); err != nil {
		t.Fatal(err)
	}
	return path, plain
}

func TestPackedPagesAreWhole(t *testing.T) {
	for _, effort := range []compress.Effort{compress.Fast, compress.Good, compress.None} {
		path, plain := packedSeed(t, 20, effort)
		s, err := Open(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Verify(); err != nil {
			t.Error(err)
		}
		if effort != compress.None && s.Size() > plain/4 {
			t.Errorf("%s: %d bytes of pages take %d", effort, plain, s.Size())
		}
		i := 0
		for e, err := range s.Entries() {
			want := tableOf(i, effort)
			if err != nil || !bytes.Equal(e.HTML, want.HTML) || !bytes.Equal(e.State, want.State) || !bytes.Equal(e.Brotli, want.Brotli) || e.Main != want.Main {
				t.Errorf("%s: page %d: %v", effort, i, err)
			}
			i++
		}
		e, err := s.Entry(keyOf(7))
		if err != nil {
			t.Fatal(err)
		}
		want := tableOf(7, effort)
		if e.Length() != len(want.HTML) {
			t.Errorf("%s: it says %d bytes", effort, e.Length())
		}
		if effort == compress.None {
			if e.Packed != nil || !bytes.Equal(e.HTML, want.HTML) {
				t.Error("without an effort a page is stored as it is")
			}
			continue
		}
		if e.HTML != nil || e.State != nil || e.Packed.Held() != 0 {
			t.Errorf("%s: something is decoded before it is asked for", effort)
		}
		gz, br, zs := e.Codings()
		if !bytes.Equal(br, want.Brotli) || !bytes.Equal(gunzipped(t, gz), want.HTML) || !bytes.Equal(unzstd(t, zs), want.HTML) {
			t.Errorf("%s: the codings are of something else", effort)
		}
		if held := e.Packed.Held(); held != len(gz)+len(zs) {
			t.Errorf("%s: %d bytes are held for %d and %d", effort, held, len(gz), len(zs))
		}
		// A store gets all of it.
		data, err := e.Encode()
		if err != nil {
			t.Fatal(err)
		}
		stored, err := pages.Decode(data)
		if err != nil || !bytes.Equal(stored.HTML, want.HTML) || !bytes.Equal(stored.State, want.State) || !bytes.Equal(stored.Gzip, gz) || !bytes.Equal(stored.Zstd, zs) || stored.Packed != nil {
			t.Errorf("%s: the store has another page: %v", effort, err)
		}
	}
}

func TestPackedPartsAreMadeOnce(t *testing.T) {
	path, _ := packedSeed(t, 1, compress.Fast)
	s, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	e, err := s.Entry(keyOf(0))
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	changes := 0
	e.Packed.Watch(func() { mu.Lock(); changes++; mu.Unlock() })
	var first [8][]byte
	var all sync.WaitGroup
	for i := range first {
		all.Go(func() { first[i], _ = e.Packed.HTML() })
	}
	all.Wait()
	for _, html := range first {
		if &html[0] != &first[0][0] {
			t.Error("the HTML was decoded more than once")
		}
	}
	if changes != 1 || e.Packed.Held() != len(first[0]) || e.Size() < len(first[0]) {
		t.Errorf("%d changes, %d bytes held, size %d", changes, e.Packed.Held(), e.Size())
	}
	if _, err := e.Packed.Coded("compress"); err == nil {
		t.Error("it makes a coding that does not exist")
	}
}

func TestPackedBombIsRefused(t *testing.T) {
	bomb := tableOf(1, compress.Fast)
	bomb.HTML, bomb.Main = make([]byte, 4<<20), pages.Span{}
	bomb.Brotli = compress.Best.Brotli(bomb.HTML)
	whole, err := Pack(nil, bomb, compress.Fast)
	if err != nil || len(whole) < len(bomb.HTML) {
		t.Errorf("what is not decoded again was packed: %v", err)
	}
	lengths := pages.Lengths{HTML: len(bomb.HTML)}
	bomb.HTML = nil
	data, err := bomb.AppendPacked(nil, lengths)
	if err != nil {
		t.Fatal(err)
	}
	e, _, err := new(Seed).decodePage(data)
	if err != nil {
		t.Fatal(err)
	}
	changed := false
	e.Packed.Watch(func() { changed = true })
	if _, err := e.Unpack(); err == nil || !e.Packed.Lost() || !changed {
		t.Errorf("%v; lost %v, told %v", err, e.Packed.Lost(), changed)
	}
	if _, err := pages.Decode(data); err == nil {
		t.Error("a store takes an entry that is packed")
	}
}

func TestPackedFileThatWasCut(t *testing.T) {
	path, _ := packedSeed(t, 20, compress.Fast)
	s, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	e, err := s.Entry(keyOf(19))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, 0); err != nil {
		t.Fatal(err)
	}
	if _, err := e.Packed.HTML(); err == nil && s.mapping != nil || !e.Packed.Lost() && s.mapping != nil {
		t.Error("a part is decoded of a file that is gone")
	}
}

func gunzipped(t *testing.T, data []byte) []byte {
	t.Helper()
	r, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func unzstd(t *testing.T, data []byte) []byte {
	t.Helper()
	r, err := zstd.NewReader(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	got, err := r.DecodeAll(data, nil)
	if err != nil {
		t.Fatal(err)
	}
	return got
}
