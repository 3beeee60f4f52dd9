// Package release prepares an app for production: it compiles the app's program
// as a release, builds the seed with it, and writes both as packages.
package release

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strconv"
	"time"

	"github.com/gorgon-go/gorgon/compile"
	"github.com/gorgon-go/gorgon/pack"
	"github.com/gorgon-go/gorgon/plan"
	"github.com/gorgon-go/gorgon/sbom"
	"github.com/gorgon-go/gorgon/seed"
)

// A Release is one version of an app, for one target.
type Release struct {
	App    plan.App
	Source compile.Source
	MadeAt time.Time // the time that the packages record
	OS     string
	Arches []string // one package for each
	Single bool     // the seed is inside the program
	Flags  []string // for the release program's build
	Seed   string   // where the program writes the seed, below the folder of its --out

	Deployed *pack.Deployed // the target's part of the manifest; nil for none
	Log      io.Writer      // receives the output of the release program while it builds

	Phase func(what string) // called before each step that may take long
}

// Packages are the results of a release.
type Packages struct {
	Folders []string // in the order of Arches
	Program string   // the release program of this machine
	Seed    string   // the one that it built
}

// Packages writes the packages below a folder, which must be empty. The release
// program of this machine builds the seed once.
func (r Release) Packages(ctx context.Context, below string) (p Packages, err error) {
	native := filepath.Join(below, "native", r.App.Name)
	if runtime.GOOS == "windows" {
		native += ".exe" // Windows starts only files with this name
	}
	r.Phase("compiling for " + runtime.GOOS + "/" + runtime.GOARCH)
	if err := compile.Program(ctx, r.Source, runtime.GOOS, runtime.GOARCH, native); err != nil {
		return p, err
	}
	if err := r.same(ctx, native); err != nil {
		return p, err
	}
	built := filepath.Join(below, "seed")
	r.Phase("building the pages")
	if err := r.build(ctx, native, built); err != nil {
		return p, err
	}
	p.Program, p.Seed = native, filepath.Join(built, r.Seed)
	for n, arch := range r.Arches {
		program := native
		if r.OS != runtime.GOOS || arch != runtime.GOARCH {
			program = filepath.Join(below, r.OS+"-"+arch, r.App.Name)
			r.Phase("compiling for " + r.OS + "/" + arch)
			if err := compile.Program(ctx, r.Source, r.OS, arch, program); err != nil {
				return p, err
			}
		}
		folder := filepath.Join(below, "package")
		if n > 0 {
			folder += "-" + arch
		}
		if err := os.Mkdir(folder, 0o755); err != nil {
			return p, err
		}
		r.Phase("packing for " + r.OS + "/" + arch)
		if err := r.pack(ctx, folder, arch, program, p.Seed); err != nil {
			return p, err
		}
		p.Folders = append(p.Folders, folder)
	}
	return p, nil
}

// same returns an error if the release program contains another app than the one
// that was planned.
func (r Release) same(ctx context.Context, program string) error {
	c := exec.CommandContext(ctx, program, "parts", "--json")
	c.Env = append(os.Environ(), "GORGON_STANDALONE=")
	said, err := c.Output()
	if err != nil {
		return fmt.Errorf("the release program fails: %w", reason(err))
	}
	var there plan.App
	if err := json.Unmarshal(said, &there); err != nil {
		return fmt.Errorf("the release program does not describe its app: %w", err)
	}
	if reflect.DeepEqual(there.Parts, r.App.Parts) {
		return nil
	}
	byName := func(parts []plan.Part) []plan.Part {
		return slices.SortedStableFunc(slices.Values(parts), func(a, b plan.Part) int { return cmp.Compare(a.Name, b.Name) })
	}
	if reflect.DeepEqual(byName(there.Parts), byName(r.App.Parts)) {
		return errors.New("the parts of the app come in another order each time: they are made in a loop over a map, whose order is random: sort its keys")
	}
	return errors.New("the release has other parts than the program: look for code that depends on cgo or on the system")
}

// reason returns the error, with what the program printed before it failed.
func reason(err error) error {
	if e, ok := errors.AsType[*exec.ExitError](err); ok && len(e.Stderr) > 0 {
		return fmt.Errorf("%w: %s", err, bytes.TrimSpace(e.Stderr))
	}
	return err
}

// build runs the release program, which writes the seed.
func (r Release) build(ctx context.Context, program, folder string) error {
	args := slices.Concat([]string{"build", "--out", folder}, r.Flags)
	c := exec.CommandContext(ctx, program, args...)
	c.Env = append(os.Environ(), "SOURCE_DATE_EPOCH="+strconv.FormatInt(r.MadeAt.Unix(), 10), "GORGON_STANDALONE=")
	c.Stdout, c.Stderr = r.Log, r.Log
	c.Cancel = func() error { return c.Process.Signal(os.Interrupt) }
	c.WaitDelay = 10 * time.Second
	if err := c.Run(); err != nil {
		return fmt.Errorf("the site cannot be built: %w", err)
	}
	return nil
}

// pack writes one package.
func (r Release) pack(ctx context.Context, folder, arch, program, seedFile string) error {
	s, err := seed.Open(seedFile)
	if err != nil {
		return err
	}
	of := s.Manifest()
	if err := s.Close(); err != nil {
		return err
	}
	at, err := seed.Time(seedFile)
	if err != nil {
		return err
	}
	toolchain, err := compile.Toolchain(ctx, r.Source.Dir)
	if err != nil {
		return err
	}
	name := r.App.Name
	if r.OS == "windows" {
		name += ".exe"
	}
	m := pack.Manifest{
		App: r.App.Name, Build: of.Build, Base: of.Base, Origin: r.App.Origin, Commit: r.Source.Commit, MadeAt: r.MadeAt, DataAt: cmp.Or(at, of.MadeAt),
		Go: toolchain, OS: r.OS, Arch: arch, Program: name, Pages: of.Pages, Parts: r.App.Parts, Deployed: r.Deployed,
	}
	about := sbom.About{Name: r.App.Name, Version: cmp.Or(r.Source.Commit, of.Build), MadeAt: r.MadeAt}
	for _, from := range r.Source.Modules {
		m.Modules = append(m.Modules, pack.Module{Path: from.Path, Commit: from.Commit, Modified: len(from.Changes) > 0})
		about.Folders = append(about.Folders, sbom.Folder{Module: from.Path, Commit: from.Commit, Modified: len(from.Changes) > 0})
	}
	bill, err := sbom.Of(program, about)
	if err != nil {
		return err
	}
	extra := map[string][]byte{pack.SBOMName: bill}
	for _, t := range r.App.Stores {
		m.Stores = append(m.Stores, t.Schemes[0])
		for name, data := range t.Migrations {
			extra["migrations/"+t.Schemes[0]+"/"+name] = []byte(data)
		}
	}
	for name, data := range r.App.Migrations {
		extra["migrations/app/"+name] = []byte(data)
	}
	_, err = pack.Write(ctx, folder, m, pack.Parts{Program: program, Seed: seedFile, Single: r.Single, Extra: extra})
	return err
}
