//go:build linux && amd64

// The tutorial, done as a reader does it: docs/tutorial.md is all that is known.
// Its package is for one system, as the text says. go test ./e2e -run Tutorial -v

package e2e_test

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/e2e/internal/tutorial"
	"github.com/gorgon-go/gorgon/testbed"
)

const tutorialFile = "../docs/tutorial.md"

// mostGo is how many lines of Go a reader has time for.
const mostGo = 350

func TestTutorial(t *testing.T) {
	t.Parallel()
	tab := readerTab{testbed.NewTab(t)}
	all, err := tutorial.Parse(read(t, tutorialFile))
	if err != nil {
		t.Fatal(err)
	}
	r := newReader(t)
	printed, steps, took := map[int]string{}, []string{}, map[string]time.Duration{}
	began := time.Now()
	m := r.machine(t, tab, 5*time.Minute)
	m.Did = func(a tutorial.Action, said string, d time.Duration) {
		if len(steps) == 0 || steps[len(steps)-1] != a.Step {
			steps = append(steps, a.Step)
		}
		took[a.Step] += d
		printed[a.Line] = said
	}
	if err := m.Do(all); err != nil {
		t.Fatal(err)
	}
	for _, step := range steps {
		t.Logf("%6.1fs  %s", took[step].Seconds(), step)
	}
	t.Logf("%d steps, %d things to do, in %.1fs", len(steps), len(all), time.Since(began).Seconds())
	if n := linesOfGo(t, filepath.Join(r.folder, "shelf")); n >= mostGo {
		t.Errorf("the app has %d lines of Go, and is to have fewer than %d", n, mostGo)
	} else {
		t.Logf("%d lines of Go", n)
	}
	t.Run("other texts", func(t *testing.T) { otherTexts(t, all, printed) })
	t.Run("other apps", func(t *testing.T) { otherApps(t, r) })
}

// A reader has a clone of Gorgon, the tool, and a folder to begin in.
type reader struct {
	folder string
	env    []string
}

// newReader gives a reader a git for which the project's address leads to this
// checkout, as it is now.
func newReader(t *testing.T) reader {
	t.Helper()
	r := reader{folder: sameFolder(t)}
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	config, origin := filepath.Join(r.folder, ".gitconfig"), filepath.Join(r.folder, ".origin")
	if err := os.WriteFile(config, fmt.Appendf(nil, "[user]\n\tname = Reader\n\temail = reader@example.com\n[init]\n\tdefaultBranch = main\n[url %q]\n\tinsteadOf = https://github.com/gorgon-go/gorgon\n", origin), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, v := range os.Environ() {
		name, _, _ := strings.Cut(v, "=")
		if strings.HasPrefix(name, "GORGON_") || strings.HasPrefix(name, "GIT_") || strings.HasPrefix(name, "MAIL_") || name == "DATABASE_URL" || name == "GOBIN" || name == "GOFLAGS" {
			continue
		}
		r.env = append(r.env, v)
	}
	bin := filepath.Join(r.folder, ".bin")
	r.env = append(r.env, "GIT_CONFIG_GLOBAL="+config, "GIT_CONFIG_NOSYSTEM=1", "GOBIN="+bin, "PATH="+bin+string(filepath.ListSeparator)+os.Getenv("PATH"),
		"GOFLAGS=-buildvcs=auto",
		"GOSUMDB=off") // the modules are those of this checkout, whose sums are known
	for _, line := range [][]string{
		{"init", "-q", "--bare", origin},
		{"--git-dir", origin, "--work-tree", root, "add", "-A"},
		{"--git-dir", origin, "--work-tree", root, "commit", "-q", "-m", "Gorgon as it is here"},
	} {
		c := exec.Command("git", line...)
		c.Env = r.env
		if said, err := c.CombinedOutput(); err != nil {
			t.Fatalf("git %s: %v\n%s", strings.Join(line, " "), err, said)
		}
	}
	return r
}

// sameFolder is a folder of the same name each time, where it is free: what is
// compiled is then found in the build cache.
func sameFolder(t *testing.T) string {
	t.Helper()
	folder := filepath.Join(os.TempDir(), "gorgon-tutorial")
	if err := os.Mkdir(folder, 0o755); err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(folder); err != nil {
			t.Error(err)
		}
	})
	return folder
}

// beginAgain leaves of the folder what comes before the first app.
func (r reader) beginAgain(t *testing.T) {
	t.Helper()
	entries, err := os.ReadDir(r.folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if slices.Contains([]string{"gorgon", ".bin", ".gitconfig"}, e.Name()) {
			continue
		}
		if err := os.RemoveAll(filepath.Join(r.folder, e.Name())); err != nil {
			t.Fatal(err)
		}
	}
}

// machine is that of a reader.
func (r reader) machine(t *testing.T, b tutorial.Browser, patience time.Duration) *tutorial.Machine {
	t.Helper()
	addr, err := testbed.FreeAddr()
	if err != nil {
		t.Fatal(err)
	}
	m := &tutorial.Machine{Dir: r.folder, Env: r.env, Browser: b, Patience: patience}
	if err := m.Prepare(addr); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Close)
	return m
}

// linesOfGo are those of all files below a folder.
func linesOfGo(t *testing.T, folder string) (n int) {
	t.Helper()
	err := filepath.WalkDir(folder, func(name string, d fs.DirEntry, err error) error {
		if err == nil && filepath.Ext(name) == ".go" {
			n += strings.Count(read(t, name), "\n")
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// readerTab is the reader's browser. It fails the test by itself.
type readerTab struct{ *testbed.Tab }

func (b readerTab) Open(url string) error {
	b.Tab.Open(url)
	b.Focus() // a page that is not seen does not follow
	b.Run(`window.sameDocument = true`)
	return nil
}

func (b readerTab) Shows(text string, shown bool) error {
	b.Wait(fmt.Sprintf("document.body.innerText.includes(%q) === %t", text, shown))
	if !testbed.Eval[bool](b.Tab, `window.sameDocument === true`) {
		return fmt.Errorf("another document was loaded")
	}
	return nil
}

// otherTexts changes the text in many ways, each of which is noticed: by what it
// says, or by what was printed when it was done.
func otherTexts(t *testing.T, all []tutorial.Action, printed map[int]string) {
	text := read(t, tutorialFile)
	for name, change := range map[string][2]string{
		"a kind of block that is not known": {"```console\n$ git clone", "```sh\ngit clone"},
		"a file without a name":             {"`main.go`:\n\n```go", "The file:\n\n```go"},
		"a name without a block":            {"`main.go`:\n\n```go", "`main.go`:\n\nHere it is.\n\n```go"},
		"a file elsewhere":                  {"`main.go`:\n\n```go", "`../main.go`:\n\n```go"},
		"a block without an end":            {"$ go test .\nok  	example.com/shelf	…\n```", "$ go test .\nok  	example.com/shelf	…"},
		"an indented block":                 {"Borrow a book in the browser", "    curl localhost:8080\n\nBorrow a book in the browser"},
		"a console without a command":       {"```console\n$ go test .\n", "```console\ngo test .\n"},
		"a server that is not left":         {"$ gorgon dev # leave it running", "$ gorgon dev"},
		"a server that is not stopped":      {"End `gorgon dev` with Ctrl-C:\n\n```console\n^C\n```", ""},
		"a server that is ready at once":    {"$ gorgon dev # leave it running\n…\ndeveloping at http://127.0.0.1:8080/\n…\nbuilt and started in …\n", "$ gorgon dev # leave it running\n"},
		"something else in the browser":     {"> Without a reload, the browser shows", "> Without a reload, the browser says"},
		"a page that is not opened":         {"> In the browser, open <http://localhost:8080/>. It shows `Emma, on loan to Ada`.", "Open the browser."},
	} {
		t.Run(name, func(t *testing.T) {
			other := strings.Replace(text, change[0], change[1], 1)
			if other == text {
				t.Fatal("the text no longer has what is to be changed")
			}
			if _, err := tutorial.Parse(other); err == nil {
				t.Error("it is not noticed")
			}
		})
	}
	n := 0
	for _, a := range all {
		lines := strings.SplitAfter(a.Printed, "\n")
		if a.Kind != tutorial.Run {
			continue
		}
		if !tutorial.Matches(a.Printed, printed[a.Line]) {
			t.Errorf("line %d: what was printed does not match", a.Line)
		}
		for i, line := range lines {
			if line == "…\n" {
				continue
			}
			n++
			other := strings.Join(lines[:i], "") + "something else\n" + strings.Join(lines[i:], "")
			if line != "" {
				other = strings.Replace(a.Printed, line, "x"+line, 1)
			}
			if line == "" && strings.HasSuffix(a.Printed, "…\n") && strings.Contains(printed[a.Line], "something else\n") {
				t.Errorf("line %d: it prints that by chance", a.Line)
			}
			if tutorial.Matches(other, printed[a.Line]) {
				t.Errorf("line %d: it is not noticed that it prints\n%s\nand not\n%s", a.Line, printed[a.Line], other)
			}
		}
	}
	t.Logf("%d lines that were printed are noticed to be others", n)
	for _, change := range [][2]string{
		{"-no such line\n+x\n", "is 0 times"}, {" x\n", "changes nothing"}, {"*x\n", "begins with a space"}, {"-b\n+c\n", "is 2 times"}, {"+c\n", "in the file"},
	} {
		if _, err := tutorial.Apply("a\nb\na\nb\n", change[0]); err == nil || !strings.Contains(err.Error(), change[1]) {
			t.Errorf("the change %q: %v", change[0], err)
		}
	}
}

// otherApps changes the first step, and does it: each change is noticed where a
// reader would stumble.
func otherApps(t *testing.T, r reader) {
	text := read(t, tutorialFile)
	_, text, _ = strings.Cut(text, "(cd gorgon && go install ./cmd/gorgon)\n…\n```\n")
	text, _, ok := strings.Cut(text, "\n## ")
	if !ok {
		t.Fatal("the first step is not where it was")
	}
	text = "## The first step\n" + text + "\n```console\n^C\n```\n"
	for _, row := range []struct{ name, from, to, says string }{
		{"nothing", "", "", ""},
		{"a command that does not exist", "go mod init", "go mod inti", "go mod inti"},
		{"a folder that is not entered", "mkdir shelf && cd shelf", "mkdir shelf", "go mod init"},
		{"a command that is missing", "$ go mod edit -require github.com/gorgon-go/gorgon@v0.0.0 -replace github.com/gorgon-go/gorgon=../gorgon\n", "", "go get"},
		{"a command that says more", "$ git init -q\n", "$ git init\n", "git init: it printed"},
		{"a program that cannot be compiled", "gorgon.HTML(", "gorgon.HTLM(", "undefined: gorgon.HTLM"},
		{"a page that shows something else", "gorgon.HTML(\"<h1>The shelf", "gorgon.HTML(\"<h1>A shelf", "<h1>A shelf"},
		{"a page that is asked for elsewhere", "$ curl -s localhost:8080\n", "$ curl -s localhost:8080/elsewhere\n", "curl"},
	} {
		t.Run(row.name, func(t *testing.T) {
			other := strings.Replace(text, row.from, row.to, 1)
			if row.from != "" && other == text {
				t.Fatal("the text no longer has what is to be changed")
			}
			all, err := tutorial.Parse(other)
			if err != nil {
				t.Fatal(err)
			}
			r.beginAgain(t)
			patience := time.Minute
			if row.says == "undefined: gorgon.HTLM" {
				patience = 15 * time.Second // gorgon dev waits for the next save, without an end
			}
			err = r.machine(t, nil, patience).Do(all)
			if row.says == "" && err != nil {
				t.Error(err)
			}
			if row.says != "" && (err == nil || !strings.Contains(err.Error(), row.says)) {
				t.Errorf("it is to say %q, and is: %v", row.says, err)
			}
		})
	}
}
