// Paths: what is served, what is refused, and that both ways of reading one agree.

package gorgon_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/gorgon-go/gorgon"
)

func TestParsePath(t *testing.T) {
	for _, c := range []struct {
		escaped, path string
		status        int // 200: it is served
	}{
		{"/", "/", 200},
		{"/a/b", "/a/b", 200},
		{"/a/", "/a/", 200},
		{"/%61", "/a", 200},
		{"/k%C3%A4se", "/käse", 200},
		{"/käse", "/käse", 200},
		{"/A", "/A", 200},
		{"/a%20b", "/a b", 200},
		{"/100%25", "/100%", 200},
		{"/a..b/...", "/a..b/...", 200},
		{"/" + strings.Repeat("a", gorgon.MaxPath-1), "/" + strings.Repeat("a", gorgon.MaxPath-1), 200},

		{"", "", 400},
		{"a", "", 400},
		{"/" + strings.Repeat("a", gorgon.MaxPath), "", 400},
		{"/../a", "", 400},
		{"/a/..", "", 400},
		{"/./a", "", 400},
		{"/%2e%2e/a", "", 400},
		{"/a/%2E", "", 400},
		{"/a%5Cb", "", 400},
		{`/a\b`, "", 400},
		{"/a%00", "", 400},
		{"/a%0a", "", 400},
		{"/a%7f", "", 400},
		{"/%2561", "", 400}, // decodes twice
		{"/%252e%252e", "", 400},
		{"/%ff", "", 400},    // not UTF-8
		{"/%c0%ae", "", 400}, // an overlong dot
		{"/%", "", 400},
		{"/%zz", "", 400},
		{"/a%2Fb", "", 404},
		{"/..%2fetc", "", 404},
		{"//a", "", 404},
		{"/a//b", "", 404},
		{"/a//", "", 404},
	} {
		path, err := gorgon.ParsePath(c.escaped)
		if got := gorgon.StatusOf(err); got != c.status {
			t.Errorf("ParsePath(%.40q): status %d (%v), want %d", c.escaped, got, err, c.status)
		}
		if err == nil && path != c.path {
			t.Errorf("ParsePath(%.40q) = %q, want %q", c.escaped, path, c.path)
		}
	}
}

// Reading a URL that net/http parsed and reading its escaped path must agree,
// and what is served must be unchanged by another decoding or cleaning.
func FuzzParsePath(f *testing.F) {
	for _, s := range []string{"/", "/a/b", "/%2e%2e/", "/a%2fb", "/%2561", "/k%C3%A4se", "//x", `/\`, "/%", "/a;b", "/a?b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, escaped string) {
		path, err := gorgon.ParsePath(escaped)
		if err == nil {
			if again, err := url.PathUnescape(path); err == nil && again != path {
				t.Fatalf("%q is served as %q, which decodes again to %q", escaped, path, again)
			}
			for s := range strings.SplitSeq(path, "/") {
				if s == "." || s == ".." {
					t.Fatalf("%q is served as %q", escaped, path)
				}
			}
			back, err := gorgon.ParsePath(gorgon.EscapePath(path))
			if err != nil || back != path {
				t.Fatalf("EscapePath(%q) = %q comes back as %q, %v", path, gorgon.EscapePath(path), back, err)
			}
		}
		u, parseErr := url.ParseRequestURI(escaped)
		if parseErr != nil || u.Host != "" || u.Scheme != "" || u.Opaque != "" || strings.ContainsAny(escaped, "?#") {
			return
		}
		path2, err2 := gorgon.RequestPath(u)
		if gorgon.StatusOf(err) != gorgon.StatusOf(err2) || err == nil && path != path2 {
			t.Fatalf("%q: ParsePath %q, %v; RequestPath %q, %v", escaped, path, err, path2, err2)
		}
	})
}
