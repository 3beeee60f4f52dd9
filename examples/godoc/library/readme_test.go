// What is shown of a README, and what is not.

package library

import (
	"context"
	"regexp"
	"strings"
	"testing"
)

func TestReadme(t *testing.T) {
	l := madeUp(t)
	l.Link = func(_ context.Context, path string) string { return "/docs" + path }
	readme := func(name, text string) string {
		t.Helper()
		dir := t.TempDir()
		write(t, dir, map[string]string{name: text})
		return l.readme(dir, "https://github.com/x/y", func(page string) string { return "/docs" + page })
	}
	for _, tt := range []struct{ text, has, lacks string }{
		{"# Title\n\ntext", "<h3>Title</h3>", "id="},
		{"# A\n\n#### Deep\n\n## B", "<h4>Deep</h4>\n<h4>B</h4>", "h6"},
		{"# A\n## B\n### C\n#### D\n##### E", "<h6>D</h6>\n<h6>E</h6>", "h7"},
		{"a **b** `c`", "a <strong>b</strong> <code>c</code>", ""},
		{"```go\nfunc <T>\n```", "func &lt;T&gt;", "<T>"},
		{"| a | b |\n|:-|-:|\n| 1 | 2 |", "<td>1</td>", "style"},
		{"<script>alert(1)</script>\n\ntext", "text", "script"},
		{"a <b onclick=x>bold</b>", "a bold", "onclick"},
		{"<details><summary>more</summary>\n\ninside\n\n</details>", "inside", "summary"},
		{"<a href=\"x\">\n<img src=x onerror=alert(1)></a>", "", "img"},
		{"[x](javascript:alert(1))", "x", "javascript"},
		{"[x](JaVaScRiPt:alert(1))", "x", "alert"},
		{"[x](data:text/html,hi)", "x", "data:"},
		{"[x](vbscript:y)", "x", "vbscript"},
		{"<javascript:alert(1)>", "javascript:alert(1)", "href"},
		{"https://example.com/a", `<a href="https://example.com/a">`, ""},
		{"[x](https://example.com/ \"t\")", `<a href="https://example.com/" title="t">x</a>`, ""},
		{"![a badge](https://example.com/b.svg)", "a badge", "svg"},
		{"[![](https://example.com/b.svg)](https://example.com/ci)", "", "example.com"},
		{"[![build](https://example.com/b.svg)](https://example.com/ci)", `<a href="https://example.com/ci">build</a>`, "svg"},
		{"[licence](LICENSE)", `<a href="https://github.com/x/y/blob/HEAD/LICENSE">`, ""},
		{"[up](../../../etc/passwd)", `<a href="https://github.com/x/y/blob/HEAD/etc/passwd">`, ".."},
		{"[there](#usage)", "there", "href"},
		{"[net/http](https://pkg.go.dev/net/http#Server)", `href="/docs/pkg/net/http#Server"`, "pkg.go.dev"},
		{"[b](https://pkg.go.dev/example.com/b@v0.0.1)", `href="/docs/mod/example.com/b@v0.1.0"`, "pkg.go.dev"},
		{"[n](https://pkg.go.dev/example.com/nowhere)", `href="https://pkg.go.dev/example.com/nowhere"`, ""},
		{"- [ ] to do", "<li>", "input"},
	} {
		got := readme("README.md", tt.text)
		if !strings.Contains(got, tt.has) || tt.lacks != "" && strings.Contains(got, tt.lacks) {
			t.Errorf("%q becomes %q, want %q and not %q", tt.text, got, tt.has, tt.lacks)
		}
	}
	if got := readme("Readme", "a <b>\n# c"); got != "<pre>a &lt;b&gt;\n# c</pre>" {
		t.Errorf("a plain text becomes %q", got)
	}
	for name, text := range map[string]string{"CHANGES.md": "x", "README.md": strings.Repeat("x", maxReadme+1), "README.md/x": "y"} {
		if got := readme(name, text); got != "" {
			t.Errorf("%s of %d bytes is shown: %.40q", name, len(text), got)
		}
	}

	// Of every module here, without anything that a browser would load or run.
	bad := regexp.MustCompile(`(?i)<(script|style|img|iframe|object|svg|input|form|link|meta)|\s(on[a-z]+|style|src|id)=|href="(javascript|data|vbscript):`)
	real := installed(t)
	modules, err := real.Modules(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	shown := 0
	for _, m := range modules {
		dir, err := real.moduleDir(m.Path, m.Version)
		if err != nil {
			t.Fatal(err)
		}
		text := real.readme(dir, "", func(page string) string { return page })
		for _, tag := range regexp.MustCompile(`<[^>]*>`).FindAllString(text, -1) {
			if bad.MatchString(tag) {
				t.Errorf("the README of %s has %s", m, tag)
			}
		}
		if text != "" {
			shown++
		}
	}
	t.Logf("%d modules, %d with a README", len(modules), shown)
}

func TestRepositories(t *testing.T) {
	for path, want := range map[string]string{
		"github.com/a-h/templ":        "https://github.com/a-h/templ",
		"github.com/jackc/pgx/v5":     "https://github.com/jackc/pgx",
		"golang.org/x/mod":            "https://go.googlesource.com/mod",
		"gopkg.in/yaml.v3":            "https://github.com/go-yaml/yaml",
		"gopkg.in/natefinch/npipe.v2": "https://github.com/natefinch/npipe",
		"example.com/x":               "",
		"github.com":                  "",
	} {
		if got := repositoryOf(path, origin{}); got != want {
			t.Errorf("%s is at %q, want %q", path, got, want)
		}
	}
	for address, want := range map[string]string{
		"https://github.com/x/y.git": "https://github.com/x/y", "https://git.example.com/z": "https://git.example.com/z",
		"javascript:alert(1)": "", "ssh://git@example.com/x": "", "https://user:secret@example.com/x": "", "": "",
	} {
		var o origin
		o.Origin.URL = address
		if got := repositoryOf("example.com/x", o); got != want {
			t.Errorf("a module from %q is at %q, want %q", address, got, want)
		}
	}
}
