// One place decides what caches and browsers are told.

package serve_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The headers that package answer decides about are written by it alone: what
// is written beside it is forgotten by one kind of answer.
func TestOneWriterDecides(t *testing.T) {
	decided := regexp.MustCompile(`eader(?:\(\))?\["(?:Vary|Cache-Control|Content-Security-Policy|Content-Encoding|Content-Length|Etag|Last-Modified|Age|Cache-Status|Cdn-Cache-Control|Surrogate-Control)"\] = |\.(?:Set|Add)\("|\bw\.WriteHeader\(|compress\.NewWriter`)
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for n, line := range strings.Split(string(text), "\n") {
			if decided.MatchString(line) {
				t.Errorf("%s:%d: %s: let package answer write it", name, n+1, strings.TrimSpace(line))
			}
		}
	}
}
