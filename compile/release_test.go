//go:build unix

// A release has the settings of the program that was asked what it is, and every
// commit of it is known: or it is refused.

package compile_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gorgon-go/gorgon/compile"
)

// releaser is testdata/releaser, compiled once.
var releaser string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "compile-")
		if err != nil {
			panic(err)
		}
		defer os.RemoveAll(dir)
		releaser = filepath.Join(dir, "releaser")
		if out, err := exec.Command("go", "build", "-o", releaser, "./testdata/releaser").CombinedOutput(); err != nil {
			panic(string(out))
		}
		return m.Run()
	}())
}

// A checkout is a folder with the program of testdata, in a repository of its
// own unless it is told otherwise.
type checkout struct {
	t   *testing.T
	dir string // of the program
	env []string
}

func newCheckout(t *testing.T, dir string) *checkout {
	t.Helper()
	c := &checkout{t: t, dir: dir, env: slices.DeleteFunc(os.Environ(), func(v string) bool {
		return strings.HasPrefix(v, "GIT_") || strings.HasPrefix(v, "GOFLAGS=")
	})}
	c.env = append(c.env, "GOENV=off", "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_SYSTEM="+os.DevNull)
	for _, name := range []string{"main.go", "more.go"} {
		c.write(name, read(t, filepath.Join("testdata/program", name)))
	}
	c.write("go.mod", "module example.com/program\n\ngo 1.26.0\n")
	return c
}

func read(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func (c *checkout) write(name, text string) {
	c.t.Helper()
	name = filepath.Join(c.dir, name)
	err := os.MkdirAll(filepath.Dir(name), 0o755)
	if err == nil {
		err = os.WriteFile(name, []byte(text), 0o644)
	}
	if err != nil {
		c.t.Fatal(err)
	}
}

// commit makes a repository of a folder, where it is none, with all in it.
func (c *checkout) commit(dir string) {
	c.t.Helper()
	if _, err := os.Stat(filepath.Join(dir, ".git")); err != nil {
		c.git(dir, "init", "-q")
	}
	c.git(dir, "add", "-A")
	c.git(dir, "commit", "-q", "-m", "all")
}

func (c *checkout) git(dir string, args ...string) {
	c.t.Helper()
	cmd := exec.Command("git", append([]string{"-c", "user.name=Test", "-c", "user.email=test@example.com", "-c", "protocol.file.allow=always"}, args...)...)
	cmd.Dir, cmd.Env = dir, c.env
	if out, err := cmd.CombinedOutput(); err != nil {
		c.t.Fatalf("git %s: %v\n%s", args[0], err, out)
	}
}

// A report is what the program says of itself.
type report struct {
	Source   compile.Source
	Refusals []compile.Refusal
	Here     string // its words
	Release  string // those of its release
}

// names are those of the refusals.
func (r report) names() (names []string) {
	for _, f := range r.Refusals {
		names = append(names, f.Name)
	}
	return names
}

func (r report) says(text string) bool {
	return slices.ContainsFunc(r.Refusals, func(f compile.Refusal) bool { return strings.Contains(f.Says, text) })
}

// released makes a release of the program and reads the report.
func (c *checkout) released() (r report) {
	c.t.Helper()
	cmd := exec.Command(releaser)
	cmd.Dir, cmd.Env = c.dir, c.env
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err == nil {
		err = json.Unmarshal(out, &r)
	}
	if err != nil {
		c.t.Fatalf("%v\n%s", err, said.String())
	}
	return r
}

// A release has the settings of the program, however they were given, or there
// is a refusal.
func TestReleaseHasTheSettingsOfTheProgram(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip(err)
	}
	c := newCheckout(t, t.TempDir())
	c.write("tagged.go", "//go:build extra\n\npackage main\n\nfunc init() { words += \" tagged\" }\n")
	c.write("experiment.go", "//go:build goexperiment.jsonv2\n\npackage main\n\nfunc init() { words += \" experiment\" }\n")
	c.write("level.go", "//go:build amd64.v2 || arm64.v8.1\n\npackage main\n\nfunc init() { words += \" level\" }\n")
	c.write(".gitignore", "/bin\n/overlay*\n/goenv\n")
	c.commit(c.dir)
	c.write("overlay/more.go", "package main\n\nfunc more() string { return \"overlaid\" }\n")
	c.write("overlay.json", `{"Replace": {"`+filepath.Join(c.dir, "more.go")+`": "`+filepath.Join(c.dir, "overlay/more.go")+`"}}`)
	c.write("goenv", "GOFLAGS=-tags=extra\n")
	for _, row := range []struct {
		name string
		env  []string
		here string
		want []string // refusals
	}{
		{name: "nothing", here: "plain "},
		{name: "tag in GOFLAGS", env: []string{"GOFLAGS=-tags=extra"}, here: "plain tagged "},
		{name: "tags in GOFLAGS", env: []string{"GOFLAGS=-tags=extra,other"}, here: "plain tagged "},
		{name: "tag by go env -w", env: []string{"GOENV=" + filepath.Join(c.dir, "goenv")}, here: "plain tagged "},
		{name: "ldflags in GOFLAGS", env: []string{"GOFLAGS=-buildvcs=false '-ldflags=-X main.words=linked'"}, here: "linked "},
		{name: "trimpath and ldflags in GOFLAGS", env: []string{"GOFLAGS=-trimpath -ldflags=-X=main.words=linked"}, here: "linked "},
		{name: "gcflags", env: []string{"GOFLAGS='-gcflags=-N -l'"}, here: "plain "},
		{name: "overlay", env: []string{"GOFLAGS=-overlay=" + filepath.Join(c.dir, "overlay.json")}, here: "plain overlaid"},
		{name: "experiment", env: []string{"GOEXPERIMENT=jsonv2"}, here: "plain experiment "},
		{name: "level of the architecture", env: []string{"GOAMD64=v2", "GOARM64=v8.1"}, here: "plain level "},
		{name: "without cgo", env: []string{"CGO_ENABLED=0"}, here: "plain "},
		{name: "buildvcs off", env: []string{"GOFLAGS=-buildvcs=false"}, here: "plain "},
		{name: "coverage", env: []string{"GOFLAGS=-cover"}, here: "plain ", want: []string{compile.OtherBuild}},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := &checkout{t: t, dir: c.dir, env: append(slices.Clone(c.env), row.env...)}
			r := c.released()
			if r.Here != row.here {
				t.Fatalf("the program says %q, and this test wants %q", r.Here, row.here)
			}
			if got := r.names(); !slices.Equal(got, row.want) {
				t.Errorf("refused for %v, want %v: %v", got, row.want, r.Refusals)
			}
			if len(row.want) == 0 && r.Release != r.Here {
				t.Errorf("the release says %q, and the program %q", r.Release, r.Here)
			}
		})
	}
}

// Git is asked about every folder that the program comes from, and is reported
// in its own words.
func TestReleaseKnowsItsCommits(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip(err)
	}
	lib := func(c *checkout, name string) {
		c.write(name+"/go.mod", "module example.com/lib\n\ngo 1.26.0\n")
		c.write(name+"/lib.go", "package lib\n\nfunc Words() string { return \"one\" }\n")
		c.write("more.go", "package main\n\nimport \"example.com/lib\"\n\nfunc more() string { return lib.Words() }\n")
	}
	replaced := func(c *checkout, name string) {
		lib(c, name)
		c.write("go.mod", read(t, filepath.Join(c.dir, "go.mod"))+"\nrequire example.com/lib v0.0.0\n\nreplace example.com/lib => "+name+"\n")
	}
	worked := func(c *checkout) {
		lib(c, "../lib")
		c.write("../go.work", "go 1.26.0\n\nuse (\n\t./app\n\t./lib\n)\n")
	}
	for _, row := range []struct {
		name string
		make func(t *testing.T, c *checkout)
		want []string
		says string // in a refusal
		bare bool   // no commit is known
	}{
		{name: "clean", make: func(t *testing.T, c *checkout) { c.commit(c.dir) }},
		{name: "changed", make: func(t *testing.T, c *checkout) {
			c.commit(c.dir)
			c.write("more.go", "package main\n\nfunc more() string { return \"2\" }\n")
		}, want: []string{compile.Dirty}},
		{name: "a new file", make: func(t *testing.T, c *checkout) { c.commit(c.dir); c.write("with space.txt", "") }, want: []string{compile.Dirty}},
		{name: "code that git ignores", make: func(t *testing.T, c *checkout) {
			c.write(".gitignore", "/secret.go\n/made.go\n")
			c.commit(c.dir)
			c.write("made.go", "// Code generated by a tool. DO NOT EDIT.\n\npackage main\n")
			if r := c.released(); len(r.names()) > 0 {
				t.Errorf("generated code is refused: %v", r.Refusals)
			}
			c.write("secret.go", "package main\n\nfunc init() { words = \"secret\" }\n")
		}, want: []string{compile.Dirty}},
		{name: "a change that git is told not to look at", make: func(t *testing.T, c *checkout) {
			c.commit(c.dir)
			c.git(c.dir, "update-index", "--assume-unchanged", "more.go")
			if r := c.released(); len(r.names()) > 0 {
				t.Errorf("a file as it is in the commit is refused: %v", r.Refusals)
			}
			c.write("more.go", "package main\n\nfunc more() string { return \"2\" }\n")
		}, want: []string{compile.Dirty}},
		{name: "what deploy writes", make: func(t *testing.T, c *checkout) { c.commit(c.dir); c.write("pkg/manifest.json", "") }},
		{name: "no repository", make: func(*testing.T, *checkout) {}, want: []string{compile.Unversioned}, says: "not a git repository", bare: true},
		{name: "no commit", make: func(t *testing.T, c *checkout) { c.git(c.dir, "init", "-q") }, want: []string{compile.Unversioned}, says: "does not have any commits yet", bare: true},
		{name: "a folder that the repository around it ignores", make: func(t *testing.T, c *checkout) {
			c.write("../.gitignore", "/app\n")
			c.commit(filepath.Dir(c.dir))
		}, want: []string{compile.Unversioned}, says: "git has no go.mod", bare: true},
		{name: "another owner", make: func(t *testing.T, c *checkout) {
			if os.Getuid() != 0 {
				t.Skip("only root can give files away")
			}
			c.commit(c.dir)
			if out, err := exec.Command("chown", "-R", "65534:65534", c.dir).CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
		}, want: []string{compile.Unversioned}, says: "dubious ownership", bare: true},
		{name: "another owner, trusted by the environment", make: func(t *testing.T, c *checkout) {
			if os.Getuid() != 0 {
				t.Skip("only root can give files away")
			}
			c.commit(c.dir)
			if out, err := exec.Command("chown", "-R", "65534:65534", c.dir).CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			c.env = append(c.env, "GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=safe.directory", "GIT_CONFIG_VALUE_0="+c.dir)
		}},
		{name: "variables that name another repository", make: func(t *testing.T, c *checkout) {
			c.commit(c.dir)
			other := filepath.Join(filepath.Dir(c.dir), "other")
			c.write("../other/file", "")
			c.commit(other)
			c.write("../other/file", "changed")
			c.env = append(c.env, "GIT_DIR="+filepath.Join(other, ".git"), "GIT_WORK_TREE="+other, "GIT_INDEX_FILE="+filepath.Join(other, ".git/index"))
		}},
		{name: "go.work above, all in no repository", make: func(t *testing.T, c *checkout) { worked(c); c.commit(c.dir) },
			want: []string{compile.LocalModules, compile.LocalModules}, says: "example.com/lib in"},
		{name: "go.work above, in one repository", make: func(t *testing.T, c *checkout) { worked(c); c.commit(filepath.Dir(c.dir)) }},
		{name: "go.work with a changed module", make: func(t *testing.T, c *checkout) {
			worked(c)
			c.commit(filepath.Dir(c.dir))
			c.write("../lib/lib.go", "package lib\n\nfunc Words() string { return \"two\" }\n")
		}, want: []string{compile.LocalModules}, says: "differs from commit"},
		{name: "a changed go.work", make: func(t *testing.T, c *checkout) {
			worked(c)
			c.commit(filepath.Dir(c.dir))
			c.write("../go.work", read(t, filepath.Join(c.dir, "../go.work"))+"// more\n")
		}, want: []string{compile.LocalModules}, says: "GOWORK=off"},
		{name: "a folder in place of a module, in no repository", make: func(t *testing.T, c *checkout) { replaced(c, "../lib"); c.commit(c.dir) },
			want: []string{compile.LocalModules}, says: "not a git repository"},
		{name: "a folder in place of a module, with files that are not in the program", make: func(t *testing.T, c *checkout) {
			replaced(c, "../lib")
			c.commit(c.dir)
			c.commit(filepath.Join(c.dir, "../lib"))
			c.write("../lib/lib_test.go", "package lib\n")
			c.write("../lib/tool/tool.go", "package tool\n")
		}},
		{name: "a folder in place of a module, with a changed file that it embeds", make: func(t *testing.T, c *checkout) {
			replaced(c, "../lib")
			c.write("../lib/embed.go", "package lib\n\nimport \"embed\"\n\n//go:embed all:files\nvar Files embed.FS\n")
			c.write("../lib/files/deep/text", "one")
			c.commit(c.dir)
			c.commit(filepath.Join(c.dir, "../lib"))
			c.write("../lib/files/deep/text", "two")
		}, want: []string{compile.LocalModules}},
		{name: "a nested module that the program does not use", make: func(t *testing.T, c *checkout) {
			c.write("tools/go.mod", "module example.com/tools\n")
			c.commit(c.dir)
			c.write("tools/tool.go", "package tool\n")
		}},
		{name: "a file elsewhere in the repository", make: func(t *testing.T, c *checkout) {
			c.write("../docs/text", "one")
			c.commit(filepath.Dir(c.dir))
			c.write("../docs/text", "two")
		}},
		{name: "a folder of a larger repository", make: func(t *testing.T, c *checkout) {
			c.commit(filepath.Dir(c.dir))
			c.write("new.txt", "")
		}, want: []string{compile.Dirty}},
		{name: "a worktree", make: func(t *testing.T, c *checkout) {
			c.commit(c.dir)
			c.git(c.dir, "worktree", "add", "-q", "../tree")
			c.dir = filepath.Join(filepath.Dir(c.dir), "tree")
		}},
		{name: "a shallow clone", make: func(t *testing.T, c *checkout) {
			c.commit(c.dir)
			c.write("two", "")
			c.commit(c.dir)
			c.git(c.dir, "clone", "-q", "--depth=1", "file://"+c.dir, "../clone")
			c.dir = filepath.Join(filepath.Dir(c.dir), "clone")
		}},
		{name: "a submodule that is changed, and told to be ignored", make: func(t *testing.T, c *checkout) {
			c.write("../content/text", "one")
			c.commit(filepath.Join(c.dir, "../content"))
			c.git(c.dir, "init", "-q")
			c.git(c.dir, "submodule", "--quiet", "add", filepath.Join(c.dir, "../content"), "content")
			c.git(c.dir, "config", "-f", ".gitmodules", "submodule.content.ignore", "all")
			c.commit(c.dir)
			c.write("content/text", "two")
		}, want: []string{compile.Dirty}},
		{name: "a program in a submodule", make: func(t *testing.T, c *checkout) {
			c.commit(c.dir)
			whole := filepath.Join(filepath.Dir(c.dir), "whole")
			c.write("../whole/text", "")
			c.commit(whole)
			c.git(whole, "submodule", "--quiet", "add", c.dir, "app")
			c.dir = filepath.Join(whole, "app")
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			c := newCheckout(t, filepath.Join(t.TempDir(), "app"))
			row.make(t, c)
			r := c.released()
			if got := r.names(); !slices.Equal(got, row.want) {
				t.Errorf("refused for %v, want %v: %v", got, row.want, r.Refusals)
			}
			if row.says != "" && !r.says(row.says) {
				t.Errorf("no refusal says %q: %v", row.says, r.Refusals)
			}
			if (r.Source.Commit == "") != row.bare {
				t.Errorf("the commit is %q, and Unread %q", r.Source.Commit, r.Source.Unread)
			}
			if r.Release != r.Here {
				t.Errorf("the release says %q, and the program %q", r.Release, r.Here)
			}
		})
	}
}

// Packages that cgo changes are named, and nothing else of the standard
// library's is.
func TestReleaseNamesWhatNeedsCgo(t *testing.T) {
	t.Parallel()
	if err := exec.Command("cc", "--version").Run(); errors.Is(err, exec.ErrNotFound) {
		t.Skip(err)
	}
	c := newCheckout(t, t.TempDir())
	c.write("native/native.go", "package native\n\n// int seven(void) { return 7; }\nimport \"C\"\n\nfunc Words() string { return string(rune('0' + C.seven())) }\n")
	c.write("native/other.go", "//go:build !cgo\n\npackage native\n\nfunc Words() string { return \"without\" }\n")
	c.write("more.go", "package main\n\nimport (\n\t\"example.com/program/native\"\n\t_ \"net\"\n)\n\nfunc more() string { return native.Words() }\n")
	c.commit(c.dir)
	r := c.released()
	if got := r.names(); !slices.Equal(got, []string{compile.Cgo}) || !slices.Equal(r.Source.Cgo, []string{"example.com/program/native"}) {
		t.Errorf("refused for %v: %v", got, r.Refusals)
	}
	c.env = append(c.env, "CGO_ENABLED=0")
	if r := c.released(); len(r.names()) > 0 || r.Release != r.Here {
		t.Errorf("without cgo here as well: %v, %q and %q", r.Refusals, r.Here, r.Release)
	}
}
