// Paths: what is served, what is refused, and that both ways of reading one agree.

package paths_test

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/gorgon-go/gorgon/paths"
)

func TestParse(t *testing.T) {
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
		{"/" + strings.Repeat("a", paths.MaxLength-1), "/" + strings.Repeat("a", paths.MaxLength-1), 200},

		{"", "", 400},
		{"a", "", 400},
		{"/" + strings.Repeat("a", paths.MaxLength), "", 400},
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
		{"/a//b%2Fc", "", 404},
		// What makes a path invalid is found wherever it stands.
		{"/..%2fetc", "", 400},
		{"/a%2f%00", "", 400},
		{"/a%2f%5c", "", 400},
		{"/a%2f%252e", "", 400},
		{"/a%2f%ff", "", 400},
		{"/a//../b", "", 400},
		{"/a//%00", "", 400},
		{"/" + strings.Repeat("%2f", paths.MaxLength), "", 400},
		{"//a", "", 404},
		{"/a//b", "", 404},
		{"/a//", "", 404},
	} {
		path, err := paths.Parse(c.escaped)
		if got := status(err); got != c.status {
			t.Errorf("Parse(%.40q): status %d (%v), want %d", c.escaped, got, err, c.status)
		}
		if err == nil && path != c.path {
			t.Errorf("Parse(%.40q) = %q, want %q", c.escaped, path, c.path)
		}
	}
}

// Reading a URL that net/http parsed and reading its escaped path must agree,
// and what is served must be unchanged by another decoding or cleaning.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"/", "/a/b", "/%2e%2e/", "/a%2fb", "/%2561", "/k%C3%A4se", "//x", `/\`, "/%", "/a;b", "/a?b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, escaped string) {
		path, err := paths.Parse(escaped)
		if err == nil {
			if again, err := url.PathUnescape(path); err == nil && again != path {
				t.Fatalf("%q is served as %q, which decodes again to %q", escaped, path, again)
			}
			for s := range strings.SplitSeq(path, "/") {
				if s == "." || s == ".." {
					t.Fatalf("%q is served as %q", escaped, path)
				}
			}
			back, err := paths.Parse(paths.Escape(path))
			if err != nil || back != path {
				t.Fatalf("Escape(%q) = %q comes back as %q, %v", path, paths.Escape(path), back, err)
			}
		}
		u, parseErr := url.ParseRequestURI(escaped)
		if parseErr != nil || u.Host != "" || u.Scheme != "" || u.Opaque != "" || strings.ContainsAny(escaped, "?#") {
			return
		}
		path2, err2 := paths.OfURL(u)
		if status(err) != status(err2) || err == nil && path != path2 {
			t.Fatalf("%q: Parse %q, %v; OfURL %q, %v", escaped, path, err, path2, err2)
		}
	})
}

// status is what a server answers a path with.
func status(err error) int {
	switch {
	case err == nil:
		return 200
	case errors.Is(err, paths.ErrInvalid):
		return 400
	case errors.Is(err, paths.ErrNotFound):
		return 404
	}
	return 500
}
