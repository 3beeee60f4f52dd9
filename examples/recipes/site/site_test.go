package site

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestSize counts the lines of Go of the whole app: those that are neither
// empty nor a comment, without what templ generates.
func TestSize(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	lines := 0
	for _, name := range append(files, "../main.go") {
		if strings.HasSuffix(name, "_test.go") || strings.HasSuffix(name, "_templ.go") {
			continue
		}
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(data)) {
			if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "//") {
				lines++
			}
		}
	}
	t.Logf("%d lines of Go", lines)
	if lines < 100 || lines >= 700 {
		t.Errorf("%d lines of Go: a whole site is to have fewer than 700", lines)
	}
}

func TestSlug(t *testing.T) {
	for title, want := range map[string]string{"Käse & Brot": "r-kaese-brot", "???": "r", "A/B ../x": "r-a-b-x"} {
		if got := slug(title); got != want {
			t.Errorf("%q: %q, want %q", title, got, want)
		}
	}
}
