// Package compile compiles the release program of an app from its source.
//
// [Build] compiles the program with the settings of this environment, to ask it
// for its description. [Find] finds the source of that program, and [Program]
// compiles its release with the same settings.
package compile

import (
	"bytes"
	"context"
	"debug/buildinfo"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"time"
)

// A Source is the folder of a program's code, and its version.
type Source struct {
	Package string // the import path of its main package
	Dir     string // of that package

	// Of the module of the main package.
	Commit  string    // "" if git reports none
	Unread  string    // why there is no commit, in git's words
	Time    time.Time // of the commit; zero without one
	Changes []string  // files of the module that differ from the commit, as git status names them

	// Modules are the other modules that go.work or a replace line takes
	// from a folder, sorted by path; and go.work itself.
	Modules []Module

	// Differences are settings of the program that a release cannot have.
	Differences []string

	// Cgo are the packages of which a release, which is compiled without cgo,
	// uses other files than the program.
	Cgo []string

	settings settings
	stamp    bool // the go command may write the commit into the program
}

// A Binary is a program that the go command compiled in this environment.
type Binary struct {
	File string // the executable
	Dir  string // of the main package
	Info *debug.BuildInfo
}

// Build compiles the main package in a folder into a file.
func Build(ctx context.Context, dir, file string) (Binary, error) {
	file, err := filepath.Abs(file)
	if err != nil {
		return Binary{}, err
	}
	kind, err := run(ctx, dir, nil, "go", "list", "-buildvcs=false", "-f", "{{.Name}}", ".")
	if err != nil {
		return Binary{}, err
	}
	if kind != "main" {
		return Binary{}, fmt.Errorf("the package in %s is %s, not a program: name the folder of the app's main package", dir, kind)
	}
	c := exec.CommandContext(ctx, "go", "build", "-buildvcs=false", "-o", file, ".")
	c.Dir, c.Env = dir, environment()
	if said, err := c.CombinedOutput(); err != nil {
		return Binary{}, fmt.Errorf("the program in %s cannot be compiled:\n%s", dir, bytes.TrimSpace(said))
	}
	info, err := buildinfo.ReadFile(file)
	if err != nil {
		return Binary{}, fmt.Errorf("the program in %s: %w", dir, err)
	}
	return Binary{File: file, Dir: dir, Info: info}, nil
}

// Find finds the source of a program. Files below the folders ignored do not
// count as changes.
func Find(ctx context.Context, b Binary, ignored ...string) (Source, error) {
	s := Source{Package: b.Info.Path, Dir: b.Dir}
	s.settings, s.Differences = settingsOf(b.Info.Settings)
	env, err := goEnv(ctx, b.Dir)
	if err != nil {
		return s, err
	}
	if s.settings.trimmed {
		s.settings.ldflags = flagIn(env["GOFLAGS"], "ldflags")
	}
	packages, err := s.list(ctx, nil, nil)
	if err != nil {
		return s, fmt.Errorf("the source of %s cannot be listed: %w", s.Package, err)
	}
	main := packages[len(packages)-1] // dependencies come first
	if main.Module == nil || main.Dir == "" {
		return s, fmt.Errorf("the source of %s is not in a module: create one with 'go mod init'", s.Package)
	}
	s.Dir = main.Dir
	if s.settings.cgo {
		if s.Cgo, err = s.changedByCgo(ctx, packages); err != nil {
			return s, err
		}
	}
	if err := s.versions(ctx, packages, main.Module, env["GOWORK"], ignored); err != nil {
		return s, err
	}
	if flagIn(env["GOFLAGS"], "buildvcs") == "false" {
		s.stamp = false
	}
	return s, nil
}

// Program compiles the program for a system, as a release: static, stripped and
// without paths of this machine, so that the same commit and toolchain give the
// same bytes.
func Program(ctx context.Context, s Source, goos, goarch, out string) error {
	out, err := filepath.Abs(out)
	if err != nil {
		return err
	}
	flags, env := s.settings.release(goarch)
	stamp := "-buildvcs=false"
	if s.stamp {
		stamp = "-buildvcs=auto"
	}
	c := exec.CommandContext(ctx, "go", slices.Concat([]string{"build", "-trimpath", stamp}, flags, []string{"-o", out, s.Package})...)
	c.Dir = s.Dir
	c.Env = append(environment(), append(env, "GOOS="+goos, "GOARCH="+goarch)...)
	if said, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("%s cannot be compiled for %s/%s:\n%s", s.Package, goos, goarch, bytes.TrimSpace(said))
	}
	return nil
}

// Toolchain returns the version of the go command: "go1.26.8".
func Toolchain(ctx context.Context, dir string) (string, error) {
	return run(ctx, dir, nil, "go", "env", "GOVERSION")
}

// environment is this program's, without the variables with which git's hooks
// name a repository: the folder's own is used.
func environment() []string {
	env := os.Environ()
	return slices.DeleteFunc(env, func(v string) bool {
		name, _, _ := strings.Cut(v, "=")
		return slices.Contains(elsewhere, name)
	})
}

// elsewhere are the variables of 'git rev-parse --local-env-vars', apart from
// those that carry settings.
var elsewhere = []string{
	"GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_COMMON_DIR", "GIT_DIR", "GIT_GRAFT_FILE", "GIT_IMPLICIT_WORK_TREE", "GIT_INDEX_FILE",
	"GIT_INTERNAL_SUPER_PREFIX", "GIT_NAMESPACE", "GIT_NO_REPLACE_OBJECTS", "GIT_OBJECT_DIRECTORY", "GIT_PREFIX", "GIT_REPLACE_REF_BASE",
	"GIT_SHALLOW_FILE", "GIT_WORK_TREE",
}

// run runs a program, with variables beside those of the environment, and
// returns what it prints, without the line break at its end.
func run(ctx context.Context, dir string, env []string, name string, args ...string) (string, error) {
	c := exec.CommandContext(ctx, name, args...)
	c.Dir, c.Env = dir, append(environment(), env...)
	out, err := c.Output()
	if err != nil {
		if e, ok := errors.AsType[*exec.ExitError](err); ok && len(bytes.TrimSpace(e.Stderr)) > 0 {
			err = errors.New(string(bytes.TrimSpace(e.Stderr)))
		}
		return "", fmt.Errorf("%s %s: %w", name, args[0], err)
	}
	return strings.TrimRight(string(out), "\n"), nil
}
