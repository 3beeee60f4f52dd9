// Library: where the installed Go keeps its source, and how it is found.

// Package library reads the documentation of the Go installed on this machine:
// the standard library and commands under GOROOT, and every module version
// extracted in the module cache. It never uses the network and never writes.
//
// What it returns are plain structs that survive a trip through JSON; pieces of
// documentation in them are HTML, already escaped and highlighted with classes
// (see [Library.Source] for their names).
package library

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/build"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// A Library is one Go installation together with one module cache.
//
// Its methods may be called at the same time by many goroutines. It keeps a
// small number of parsed packages, so that asking for the symbols of a package
// one after the other parses it once; a package whose directory changed is
// parsed again. Whatever is not there is reported with an error that satisfies
// errors.Is(err, fs.ErrNotExist).
type Library struct {
	// Link turns the path of a page ("/pkg/net/http#Server") into the address
	// written into documentation, for a site that does not live at "/".
	// Set it before the first call. Default: the path unchanged.
	Link func(ctx context.Context, path string) string

	goroot   string
	modcache string
	parsed   *cache
	added    additions
	missing  error
}

// parsedLimit is how many parsed packages are kept: enough for the pages of one
// reader, small enough to be forgotten about (net/http takes a few megabytes).
const parsedLimit = 32

// New returns a library of the Go under goroot and the modules under modcache.
// It checks nothing; modcache may be empty when there are no modules.
func New(goroot, modcache string) *Library {
	return &Library{goroot: goroot, modcache: modcache, parsed: newCache(parsedLimit)}
}

// Missing is a library where there is none, and why: a program that was built
// where one is goes on with what it has.
func Missing(why error) *Library {
	return &Library{goroot: filepath.Join(os.DevNull, "none"), parsed: newCache(1), missing: why}
}

// Err says why there is no library; nil where there is one.
func (l *Library) Err() error { return l.missing }

// Open finds the installed Go: the environment variables GOROOT and GOMODCACHE
// when set, else what "go env" says, else what this program was built with.
func Open(ctx context.Context) (*Library, error) {
	goroot, modcache := os.Getenv("GOROOT"), os.Getenv("GOMODCACHE")
	var asked error
	if goroot == "" || modcache == "" {
		var env goEnv
		if env, asked = askGo(ctx); asked == nil {
			goroot = first(goroot, env.GOROOT)
			modcache = first(modcache, env.GOMODCACHE)
		}
	}
	goroot = first(goroot, build.Default.GOROOT)
	if modcache == "" && build.Default.GOPATH != "" {
		modcache = filepath.Join(filepath.SplitList(build.Default.GOPATH)[0], "pkg", "mod")
	}
	if goroot == "" {
		return nil, fmt.Errorf("library: no Go installation was found: install Go and put its bin directory on PATH, or set GOROOT: %w", asked)
	}
	if _, err := os.Stat(filepath.Join(goroot, "src", "builtin")); err != nil {
		return nil, fmt.Errorf("library: %s holds no Go source: set GOROOT to a Go installation with its src directory (some distributions package it apart, as golang-src): %w", goroot, err)
	}
	return New(goroot, modcache), nil
}

// goEnv is the part of "go env -json" that is read.
type goEnv struct{ GOROOT, GOMODCACHE string }

// askGo runs "go env" away from any module, so that no toolchain line in a
// go.mod makes it look for another Go.
func askGo(ctx context.Context) (goEnv, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, "go", "env", "-json", "GOROOT", "GOMODCACHE")
	cmd.Dir = os.TempDir()
	out, err := cmd.Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			return goEnv{}, fmt.Errorf("go env: %w: %s", err, strings.TrimSpace(string(exit.Stderr)))
		}
		return goEnv{}, fmt.Errorf("go env: %w", err)
	}
	var env goEnv
	if err := json.Unmarshal(out, &env); err != nil {
		return goEnv{}, fmt.Errorf("go env: %w", err)
	}
	return env, nil
}

// GoVersion is the version of the installed Go ("go1.26.8"), read each time, so
// that an upgrade in place is seen; "unknown" when GOROOT has no VERSION file.
func (l *Library) GoVersion() string {
	b, err := os.ReadFile(filepath.Join(l.goroot, "VERSION"))
	if err != nil {
		return "unknown"
	}
	version, _, _ := strings.Cut(string(b), "\n")
	return strings.TrimSpace(version)
}

// link applies the Link hook.
func (l *Library) link(ctx context.Context, path string) string {
	if l.Link == nil {
		return path
	}
	return l.Link(ctx, path)
}

// notFound is the error for what is not installed.
func notFound(what, name string) error {
	if len(name) > 100 {
		name = name[:100] + "…"
	}
	return fmt.Errorf("library: no %s %q: %w", what, name, fs.ErrNotExist)
}

// first is the first string that is not empty.
func first(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
