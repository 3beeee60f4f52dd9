// What is refused, and the arithmetic of ranges and digests.

package blobs_test

import (
	"encoding/json"
	"errors"
	"path"
	"strings"
	"testing"
	"testing/fstest"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/gorgon-go/gorgon/blobs"
)

func FuzzCheckKey(f *testing.F) {
	for _, key := range []string{"a", "a/b", "", "../a", "a//b", "a\x00", `a"b`, `a\b`, "é/🐈", strings.Repeat("a", 513), "a\u2028", "...", "a/./b"} {
		f.Add(key)
	}
	f.Fuzz(func(t *testing.T, key string) {
		err := blobs.CheckKey(key)
		if err != nil {
			if !errors.Is(err, blobs.ErrInvalid) {
				t.Errorf("%q: %v is not ErrInvalid", key, err)
			}
			if len(key) > 20 && strings.Contains(err.Error(), key) {
				t.Errorf("the error repeats the key %q", key)
			}
			return
		}
		switch {
		case len(key) > blobs.MaxKey || !utf8.ValidString(key):
			t.Errorf("%q is accepted", key)
		case path.Clean("/"+key) != "/"+key:
			t.Errorf("%q is not what a cleaned path is", key)
		case strings.ContainsFunc(key, unicode.IsControl) || strings.ContainsAny(key, `"\`):
			t.Errorf("%q has a character that is refused", key)
		}
		if quoted, err := json.Marshal(key); err != nil || strings.Contains(strings.NewReplacer(`\u003c`, "", `\u003e`, "", `\u0026`, "").Replace(string(quoted)), `\`) {
			t.Errorf("%q needs escapes in JSON", key)
		}
	})
}

func FuzzCheckType(f *testing.F) {
	for _, kind := range []string{"image/png", "text/plain; charset=utf-8", "a/b\r\nX: y", "", "x", "a/b;c", "a/b; c=\"d\""} {
		f.Add(kind)
	}
	f.Fuzz(func(t *testing.T, kind string) {
		if blobs.CheckType(kind) == nil && (strings.ContainsAny(kind, "\r\n\x00") || len(kind) > 255 || !strings.Contains(kind, "/")) {
			t.Errorf("%q is accepted", kind)
		}
	})
}

// What is accepted can be the name of a file of io/fs.
func TestKeysAreNamesOfFiles(t *testing.T) {
	files := fstest.MapFS{}
	for _, key := range []string{"a", "a.b/c", "é/🐈 x", "...", "a/..."} {
		if err := blobs.CheckKey(key); err != nil {
			t.Errorf("%q: %v", key, err)
		}
		files[key] = &fstest.MapFile{Data: []byte(key)}
		if data, err := files.ReadFile(key); err != nil || string(data) != key {
			t.Errorf("%q: %q, %v", key, data, err)
		}
	}
}

func TestRanges(t *testing.T) {
	for _, c := range []struct {
		r           blobs.Range
		size        int64
		first, last int64
		err         error
	}{
		{blobs.Range{}, 0, 0, 0, nil}, {blobs.Range{}, 5, 0, 5, nil}, {blobs.Range{Length: 3}, 0, 0, 0, nil}, {blobs.Range{From: 4, Length: 9}, 5, 4, 5, nil},
		{blobs.Range{From: 5}, 5, 0, 0, blobs.ErrRange}, {blobs.Range{From: -1}, 5, 0, 0, blobs.ErrInvalid}, {blobs.Range{From: 2, Length: 1<<63 - 1}, 5, 2, 5, nil},
		{blobs.Range{From: 2, Length: -1}, 5, 0, 0, blobs.ErrInvalid},
	} {
		if first, last, err := c.r.In(c.size); first != c.first || last != c.last || !errors.Is(err, c.err) {
			t.Errorf("%+v of %d: %d to %d, %v", c.r, c.size, first, last, err)
		}
	}
}

func TestDigestsAsText(t *testing.T) {
	d := blobs.Digest{1, 0xab}
	text, err := d.MarshalText()
	var back blobs.Digest
	if err != nil || back.UnmarshalText(text) != nil || back != d || len(text) != 64 {
		t.Errorf("%v became %s and %v", d, text, back)
	}
	for _, wrong := range []string{"", "00", string(text) + "00", string(text[:63]), string(text[:63]) + "g"} {
		if err := back.UnmarshalText([]byte(wrong)); !errors.Is(err, blobs.ErrInvalid) {
			t.Errorf("%q gave %v", wrong, err)
		}
	}
}

// An ETag is of the bytes and their type, and of nothing else.
func TestETags(t *testing.T) {
	now := time.Now()
	one := blobs.NewInfo("a", "image/png", 3, blobs.Digest{1}, now)
	same := blobs.NewInfo("b", "image/png", 3, blobs.Digest{1}, now.Add(time.Hour))
	if one.ETag != same.ETag || len(one.ETag) != 32 {
		t.Errorf("%q and %q", one.ETag, same.ETag)
	}
	for _, other := range []blobs.Info{blobs.NewInfo("a", "image/gif", 3, blobs.Digest{1}, now), blobs.NewInfo("a", "image/png", 3, blobs.Digest{2}, now)} {
		if other.ETag == one.ETag {
			t.Errorf("%+v has the ETag of %+v", other, one)
		}
	}
}
