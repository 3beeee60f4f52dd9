// What the documentation shows compiles as it stands.

package gorgon_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Every fenced block of Go that is a whole program is built.
func TestDocumentedProgramsCompile(t *testing.T) {
	files, err := filepath.Glob("docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	block := regexp.MustCompile("(?s)```go\n(package main\n.*?)```")
	dir := t.TempDir()
	root, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	programs := 0
	for _, file := range append(files, "README.md") {
		if filepath.Base(file) == "tutorial.md" {
			continue // its program has several files, and is run by e2e
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for i, m := range block.FindAllStringSubmatch(string(text), -1) {
			programs++
			if file == "README.md" {
				if n := strings.Count(m[1], "\n"); n > 25 {
					t.Errorf("README.md: the app has %d lines; it is to show how few are enough", n)
				}
			}
			name := filepath.Join(dir, strings.NewReplacer("/", "_", ".", "_").Replace(file)+string(rune('a'+i))+".go")
			if err := os.WriteFile(name, []byte(m[1]), 0o644); err != nil {
				t.Fatal(err)
			}
			// vet compiles and type-checks without linking.
			cmd := exec.Command("go", "vet", name)
			cmd.Dir = root
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%s, program %d: %v\n%s", file, i+1, err, out)
			}
		}
	}
	if programs < 4 {
		t.Errorf("%d programs were found; the documentation has lost some", programs)
	}
}

// Links between the documents lead somewhere.
func TestDocumentedLinks(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)#:"]+)(#[^)]*)?\)`)
	code := regexp.MustCompile("(?ms)^```.*?^```$") // has brackets of its own
	var files []string
	for _, pattern := range []string{"*.md", "docs/*.md", "docs/decisions/*.md", "docs/how-to/*.md", "examples/*/*.md", "bench/*.md"} {
		found, _ := filepath.Glob(pattern)
		files = append(files, found...)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range link.FindAllStringSubmatch(code.ReplaceAllString(string(text), ""), -1) {
			if _, err := os.Stat(filepath.Join(filepath.Dir(file), m[1])); err != nil {
				t.Errorf("%s links to %s, which does not exist", file, m[1])
			}
		}
	}
}
