// Laws of keys.

package blobstest

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/gorgon-go/gorgon/blobs"
)

// peculiar are keys that a store may confuse, and must not.
func peculiar() []string {
	return []string{
		"a", "A", "a/b", "a/B", "a.b", "a-b", "a b", "a0", "a/b/c", "ab", "a%2Fb", "a%2fb", "a+b", "a?b", "a#b", "a&b=c", "a;b", "a:b", "a|b", "a*b", "a<b>", "a'b",
		" a", "a ", "a.", ".a", "...", "a/...", "~", "~a", "a~", "-", "-rf", "$(id)", "`id`", "{a}", "[a]", "%", "%00", "%2e%2e/a", "con", "nul.txt", "CON",
		"é", "e\u0301", "ß", "ss", "İ", "i", "ａ", "日本語/ファイル.png", "🐈", "\u202etxt.exe", "\ufeffa", "keys/a", "data/a", "pending/a", "v1/keys/a", "tmp/a", ".tmp", "index.html",
		strings.Repeat("s", 60), strings.Repeat("s", 60) + "/t", strings.Repeat("s", 60) + "!", strings.Repeat("s", 61), strings.Repeat("s", 60) + "a", strings.Repeat("x", 300), strings.Repeat("é", 256),
		strings.Repeat("a/", 255) + "aa", strings.Repeat("z", 512),
	}
}

// HostileKeys are keys that every store refuses: a list made by hand, and 1,000
// that are generated, the same each time.
func HostileKeys() []string {
	list := []string{
		"", "/", "//", "a/", "/a", "a//b", ".", "..", "./a", "../a", "a/.", "a/..", "a/./b", "a/../b", "../../etc/passwd", "a/../../b", "..//..", "/etc/passwd",
		`"`, `a"b`, `\`, `a\b`, `..\..\a`, `C:\a`, `a", ["starts-with", "$key", ""], "`, "\x00", "a\x00", "a\x00.png", "a\n", "a\r\nb: c", "a\tb", "\x1b[31m", "a\x7f", "a\u0080", "a\u0085b", "a\u2028b", "a\u2029",
		"\xff", "a\xff", "a\xc3", "\xed\xa0\x80", "\xc0\xae\xc0\xae/a", strings.Repeat("a", 513), strings.Repeat("é", 257), strings.Repeat("a/", 256),
	}
	random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // not secret
	faults := []string{"", ".", "..", "\x00", "\n", `"`, `\`, "\x7f", "\u0081", "\u2028", "\xfe", "\xf4\x90\x80\x80"}
	for made := len(list) + 1000; len(list) < made; {
		var parts []string
		for range 1 + random.IntN(6) {
			parts = append(parts, strings.Repeat(string(rune('a'+random.IntN(26))), 1+random.IntN(12)))
		}
		fault, at := faults[random.IntN(len(faults))], random.IntN(len(parts))
		if len(fault) > 0 && fault[0] != '.' && random.IntN(2) == 0 {
			parts[at] = parts[at][:random.IntN(len(parts[at])+1)] + fault + parts[at]
		} else {
			parts[at] = fault
		}
		if random.IntN(10) == 0 {
			parts = append(parts, strings.Repeat("y", 513))
		}
		list = append(list, strings.Join(parts, "/"))
	}
	return list
}

func keyLaws() []law {
	return []law{
		{"each key has a blob of its own", func(e *env) error {
			keys := peculiar()
			if err := together(4, func(i int) error {
				for n := i; n < len(keys); n += 4 {
					if _, err := e.handle(i).Put(e.ctx, keys[n], bytes.NewReader([]byte("data of "+keys[n])), blobs.PutOptions{IfNew: true}); err != nil {
						return fmt.Errorf("%q: %w", keys[n], err)
					}
				}
				return nil
			}); err != nil {
				return err
			}
			for _, k := range keys {
				if err := e.holds(k, []byte("data of "+k), blobs.DefaultType); err != nil {
					return fmt.Errorf("%q: %w", k, err)
				}
			}
			slices.Sort(keys)
			return e.lists(blobs.Query{}, keys...)
		}},
		{"hostile keys are refused with ErrInvalid and change nothing", func(e *env) error {
			if err := e.put("a", []byte("data"), blobs.PutOptions{}); err != nil {
				return err
			}
			for _, k := range HostileKeys() {
				_, put := e.Put(e.ctx, k, strings.NewReader("data"), blobs.PutOptions{})
				_, stat := e.Stat(e.ctx, k)
				_, _, open := e.Open(e.ctx, k, blobs.Range{})
				_, ticket := e.Ticket(e.ctx, blobs.Upload{Key: k, Expires: time.Now().Add(time.Hour)})
				for i, err := range []error{put, stat, open, ticket, e.Delete(e.ctx, k)} {
					if err := want(err, blobs.ErrInvalid, []string{"Put", "Stat", "Open", "Ticket", "Delete"}[i]); err != nil {
						return fmt.Errorf("%q: %w", k, err)
					}
					if len(k) > 8 && strings.Contains(err.Error(), k) {
						return fmt.Errorf("the error repeats the key %q", k)
					}
				}
			}
			return first(e.holds("a", []byte("data"), blobs.DefaultType), e.lists(blobs.Query{}, "a"))
		}},
	}
}
