// The encoding of entries, and names that stores rely on.

package pages_test

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gorgon-go/gorgon/pages"
)

func whole() *pages.Entry {
	at := time.Unix(1_700_000_000, 123).UTC()
	return &pages.Entry{
		Key: pages.Key{Route: "/käse/{name}", Path: "/käse/gouda", Locale: "de"}, Build: "b1",
		State: []byte(`{"a":1}`), Status: 200, Header: http.Header{"Content-Type": {"text/html"}, "X": {"1", "2"}},
		HTML: []byte("<html>head main</html>"), Head: pages.Span{Start: 6, End: 10}, Main: pages.Span{Start: 11, End: 15},
		ETag: "tag", Title: "Gouda", NoIndex: true, Gzip: []byte("g"), Brotli: []byte("br"), Zstd: []byte("zst"),
		MadeAt: at, ModifiedAt: at.Add(-time.Hour), FreshUntil: at.Add(1), StaleUntil: at.Add(2), ErrorUntil: at.Add(3),
		Tags: []string{"a", "b"}, Epoch: 1<<53 - 1, Failures: 3, RetryAt: at.Add(4), Failure: "no",
		Limits: pages.Limits{ReadAt: at.Add(-1), FreshUntil: at.Add(5), StaleUntil: at.Add(6), ErrorUntil: at.Add(7)},
	}
}

func TestEntryComesBackWhole(t *testing.T) {
	for name, e := range map[string]*pages.Entry{
		"every field": whole(),
		"null state":  {Key: pages.Key{Route: "/", Path: "/"}, State: []byte("null"), Status: 200, HTML: []byte("x")},
		"redirect":    {Key: pages.Key{Route: "/", Path: "/"}, Status: 302, Header: http.Header{"Location": {"/x"}}},
		"zero":        {},
	} {
		data, err := e.Encode()
		if err != nil {
			t.Fatal(err)
		}
		back, err := pages.Decode(data)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if diff := cmp.Diff(e, back); diff != "" {
			t.Errorf("%s changed:\n%s", name, diff)
		}
		again, err := back.Encode()
		if err != nil || string(again) != string(data) {
			t.Errorf("%s: encoded again it differs (%v)", name, err)
		}
	}
	e := whole()
	if string(e.Head.Of(e.HTML)) != "head" || string(e.Main.Of(e.HTML)) != "main" {
		t.Error("the spans are off")
	}
}

// The key's ID is part of every store's layout: changing it loses all stored
// records.
func TestKeyIDNeverChanges(t *testing.T) {
	for key, id := range map[pages.Key]string{
		{}:                      "63cab8e921e413242a44bf4e8fdc999d3834c0883aed7afd6199c1ffa98c1948",
		{Route: "/", Path: "/"}: "0aadb83b8c475e2a6d9028dfdc00f91a8d64f051f03c5bc5ac1d24c5d214a524",
		{Route: "/{a}", Path: "/ä", Locale: "de"}: "8f725e27be28140e8afa4ea23bbc4413e5d40e3af8a1a679fa9cba4678354063",
	} {
		if got := key.ID(); got != id {
			t.Errorf("%+v: ID %s, want %s", key, got, id)
		}
	}
}

func TestKeysDoNotRunIntoEachOther(t *testing.T) {
	seen := map[string]pages.Key{}
	for _, k := range []pages.Key{
		{Route: "/a", Path: "/b"}, {Route: "/a/b"}, {Path: "/a/b"}, {Route: "/a", Path: "/", Locale: "b"},
		{Route: "/A", Path: "/b"}, {Route: "1:", Path: ""}, {Route: "1", Path: ":"}, {Route: "", Path: "1:"},
	} {
		if other, taken := seen[k.ID()]; taken {
			t.Errorf("%+v and %+v have one ID", k, other)
		}
		seen[k.ID()] = k
	}
}

func TestCheckSubject(t *testing.T) {
	for subject, want := range map[string]bool{
		"all": true, "path:/": true, "tag:x:y": true, "route:/{x}": true,
		"": false, "path:": false, "tag": false, "all:": false, "site:x": false,
	} {
		if got := pages.CheckSubject(subject); got != want {
			t.Errorf("CheckSubject(%q) = %v", subject, got)
		}
	}
}

func TestMarksMerge(t *testing.T) {
	at := func(n int64) time.Time { return time.Unix(n, 0) }
	a := pages.Mark{Sequence: 5, At: at(5), Expired: 2, ExpiredAt: at(2)}
	b := pages.Mark{Sequence: 3, At: at(3), Expired: 3, ExpiredAt: at(3)}
	want := pages.Mark{Sequence: 5, At: at(5), Expired: 3, ExpiredAt: at(3)}
	if a.Merge(b) != want || b.Merge(a) != want {
		t.Errorf("merged %+v and %+v", a.Merge(b), b.Merge(a))
	}
}

// Bytes that are not an entry are corrupt, and a decoded entry can be used
// without further checks.
func FuzzDecode(f *testing.F) {
	data, _ := whole().Encode()
	f.Add(data)
	f.Add(data[:len(data)-1])
	f.Add([]byte{1, 0, 0, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, data []byte) {
		e, err := pages.Decode(data)
		if err != nil {
			if !errors.Is(err, pages.ErrCorrupt) {
				t.Fatalf("%v is not ErrCorrupt", err)
			}
			return
		}
		e.Head.Of(e.HTML)
		e.Main.Of(e.HTML)
		if _, err := e.Encode(); err != nil {
			t.Fatal(err)
		}
	})
}
