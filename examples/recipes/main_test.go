package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// What is static can be exported, below a base path too, and what is not is
// listed.
func TestExport(t *testing.T) {
	dir := t.TempDir()
	program := filepath.Join(dir, "recipes.exe") // without the race detector, under which pictures take a minute
	if out, err := exec.Command("go", "build", "-ldflags=-s -w", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	cmd := exec.Command(program, "export", "--partial", "--out", dir+"/public", "--base", "/book")
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "DATABASE_URL=") // as on a new machine
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for name, want := range map[string]string{
		"index.html":                      `href="/book/recipes/plum-cake"`,
		"de/recipes/plum-cake/index.html": "Pflaumenkuchen",
		"blog/stock/index.html":           "When the bag is full",
		"send/index.html":                 `action="/book/send"`,
		"feed.xml":                        "http://localhost:8080/book/recipes/plum-cake",
		"de/feed.json":                    "/book/de/recipes/plum-cake",
		"api/recipes":                     `"id":"plum-cake"`,
		"sitemap.xml":                     "<lastmod>2026-09-12T12:00:00Z</lastmod>",
		"rss/index.html":                  `content="0; url=/book/feed.xml"`,
	} {
		data, err := os.ReadFile(filepath.Join(dir, "public", name))
		if err != nil || !strings.Contains(string(data), want) {
			t.Errorf("%s lacks %s: %v", name, want, err)
		}
	}
	for _, want := range []string{"page /search", "endpoint POST /send", "6 redirects"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("%s is not listed as not static:\n%s", want, out)
		}
	}
}
