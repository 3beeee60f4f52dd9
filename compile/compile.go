// Package compile makes the release program of an app from its source.
package compile

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"
	"time"
)

// A Source is where a program's code lies, and which version of it.
type Source struct {
	Package string    // the import path of its main package
	Dir     string    // of that package
	Commit  string    // "" where there is no repository
	Time    time.Time // of the commit; zero likewise
	Changes []string  // files that differ from the commit, as git status names them
}

// Find finds the source of the running program, from within its module. Files
// below the folders ignored do not count as changes.
func Find(ctx context.Context, ignored ...string) (Source, error) {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Path == "" {
		return Source{}, errors.New("this program does not say what it was built from: build it with the go command")
	}
	if info.Path == "command-line-arguments" {
		return Source{}, errors.New("this program was built from files, not from a package: start it as 'go run .'")
	}
	s := Source{Package: info.Path}
	out, err := run(ctx, "", "go", "list", "-f", "{{.Dir}}", s.Package)
	if err != nil {
		return s, fmt.Errorf("the source of %s is not here: %w: run this in the folder of its module", s.Package, err)
	}
	s.Dir = out
	top, err := run(ctx, s.Dir, "git", "rev-parse", "--show-toplevel")
	if err != nil {
		return s, nil // no repository, or no git
	}
	said, err := run(ctx, s.Dir, "git", "log", "-1", "--format=%H %ct")
	if err != nil {
		return s, nil // no commit yet
	}
	commit, seconds, _ := strings.Cut(said, " ")
	unix, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil {
		return s, fmt.Errorf("git log: %q is no time", seconds)
	}
	s.Commit, s.Time = commit, time.Unix(unix, 0).UTC()
	args := []string{"status", "--porcelain", "--untracked-files=all", "--", "."}
	for _, folder := range ignored {
		if rel, ok := below(top, folder); ok {
			args = append(args, ":(exclude,literal)"+rel)
		}
	}
	changes, err := run(ctx, top, "git", args...)
	if err != nil {
		return s, err
	}
	for line := range strings.Lines(changes) {
		s.Changes = append(s.Changes, strings.TrimSpace(line))
	}
	return s, nil
}

// below is a folder's path within another.
func below(top, folder string) (string, bool) {
	folder, err := filepath.Abs(folder)
	if err != nil {
		return "", false
	}
	// What does not exist yet has no symbolic links of its own.
	if parent, err := filepath.EvalSymlinks(filepath.Dir(folder)); err == nil {
		folder = filepath.Join(parent, filepath.Base(folder))
	}
	rel, err := filepath.Rel(top, folder)
	if err != nil || rel == "." || !filepath.IsLocal(rel) {
		return "", false
	}
	return filepath.ToSlash(rel), true
}

// Program compiles the program for a system, as a release: static, stripped,
// and with no path of this machine in it, so that the same commit and
// toolchain give the same bytes.
func Program(ctx context.Context, s Source, goos, goarch, out string) error {
	out, err := filepath.Abs(out)
	if err != nil {
		return err
	}
	c := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=auto", "-tags="+tags(os.Getenv("GOFLAGS")), "-ldflags=-s -w", "-o", out, s.Package)
	c.Dir = s.Dir
	c.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+goos, "GOARCH="+goarch)
	if said, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("%s cannot be compiled for %s/%s:\n%s", s.Package, goos, goarch, bytes.TrimSpace(said))
	}
	return nil
}

// Release is the build tag of releases: what only who deploys needs is left
// out.
const Release = "gorgon_release"

// tags are those of a release, with the ones that GOFLAGS sets, which the flag
// would replace.
func tags(goflags string) string {
	all := Release
	for f := range strings.FieldsSeq(goflags) {
		if more, ok := strings.CutPrefix(strings.TrimLeft(f, "-"), "tags="); ok {
			all += "," + more
		}
	}
	return all
}

// Toolchain is the version of the go command: "go1.26.8".
func Toolchain(ctx context.Context, dir string) (string, error) {
	return run(ctx, dir, "go", "env", "GOVERSION")
}

// run runs a program and returns what it prints, without the space around it.
func run(ctx context.Context, dir, name string, args ...string) (string, error) {
	c := exec.CommandContext(ctx, name, args...)
	c.Dir = dir
	out, err := c.Output()
	if err != nil {
		if e, ok := errors.AsType[*exec.ExitError](err); ok && len(bytes.TrimSpace(e.Stderr)) > 0 {
			err = errors.New(string(bytes.TrimSpace(e.Stderr)))
		}
		return "", fmt.Errorf("%s %s: %w", name, args[0], err)
	}
	return strings.TrimRight(string(out), "\n"), nil
}
