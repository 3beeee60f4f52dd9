// Package release makes an app ready for production: it compiles the app's
// program as a release, has that make the seed, and writes both as packages.
package release

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/compile"
	"github.com/gorgon-go/gorgon/pack"
	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/plan"
	"github.com/gorgon-go/gorgon/sbom"
	"github.com/gorgon-go/gorgon/seed"
)

// A Release is one version of an app, for one place.
type Release struct {
	App    gorgon.App
	Stores []pages.Driver // that its program has, whose migrations go with it
	Source compile.Source
	MadeAt time.Time // what the packages say of when they were made
	OS     string
	Arches []string // each gets a package of its own
	Single bool     // the seed lies in the program
	Flags  []string // for the release program's build
	Seed   string   // where the program writes the seed, below the folder of its --out

	Deployed *pack.Deployed // what was decided for the place; nil for none
	// Bundle writes the files made of the app's assets into a folder: a release
	// has no bundler.
	Bundle func(ctx context.Context, folder string) error
	Log    io.Writer // what the release program says while it builds
}

// Packages writes the packages below a folder, which has to be empty, and
// returns their folders in the order of Arches. The seed is made once, by the
// release program of this machine.
func (r Release) Packages(ctx context.Context, below string) ([]string, error) {
	native := filepath.Join(below, "native", r.App.Name)
	if err := compile.Program(ctx, r.Source, runtime.GOOS, runtime.GOARCH, native); err != nil {
		return nil, err
	}
	if err := r.same(ctx, native); err != nil {
		return nil, err
	}
	built := filepath.Join(below, "seed")
	if err := r.build(ctx, native, built); err != nil {
		return nil, err
	}
	var folders []string
	for n, arch := range r.Arches {
		program := native
		if r.OS != runtime.GOOS || arch != runtime.GOARCH {
			program = filepath.Join(below, r.OS+"-"+arch, r.App.Name)
			if err := compile.Program(ctx, r.Source, r.OS, arch, program); err != nil {
				return nil, err
			}
		}
		folder := filepath.Join(below, "package")
		if n > 0 {
			folder += "-" + arch
		}
		if err := os.Mkdir(folder, 0o755); err != nil {
			return nil, err
		}
		if err := r.pack(ctx, folder, arch, program, filepath.Join(built, r.Seed)); err != nil {
			return nil, err
		}
		folders = append(folders, folder)
	}
	return folders, nil
}

// same refuses if the release program is another app than the running one,
// which the plan was made of.
func (r Release) same(ctx context.Context, program string) error {
	there, err := exec.CommandContext(ctx, program, "parts").Output()
	if err != nil {
		return fmt.Errorf("the release program fails: %w", said(err))
	}
	here, err := json.Marshal(plan.Parts(r.App))
	if err != nil {
		return err
	}
	var told bytes.Buffer
	if err := json.Compact(&told, there); err != nil {
		return fmt.Errorf("the release program does not say what it is made of: %w", err)
	}
	if !bytes.Equal(here, told.Bytes()) {
		return errors.New("the source has changed since this program was built from it: start it as 'go run'")
	}
	return nil
}

// said is an error with what the program said before it failed.
func said(err error) error {
	if e, ok := errors.AsType[*exec.ExitError](err); ok && len(e.Stderr) > 0 {
		return fmt.Errorf("%w: %s", err, bytes.TrimSpace(e.Stderr))
	}
	return err
}

// build has the release program make the seed.
func (r Release) build(ctx context.Context, program, folder string) error {
	bundled, err := os.MkdirTemp("", "gorgon-bundled-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(bundled)
	if err := r.Bundle(ctx, bundled); err != nil {
		return fmt.Errorf("the assets cannot be bundled: %w", err)
	}
	args := slices.Concat([]string{"build", "--out", folder, "--bundled", bundled}, r.Flags)
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
func (r Release) pack(ctx context.Context, folder, arch, program, stone string) error {
	s, err := seed.Open(stone)
	if err != nil {
		return err
	}
	of := s.Manifest()
	if err := s.Close(); err != nil {
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
		App: r.App.Name, Build: of.Build, Base: of.Base, Origin: r.App.Origin, Commit: r.Source.Commit, MadeAt: r.MadeAt,
		Go: toolchain, OS: r.OS, Arch: arch, Program: name, Pages: of.Pages, Parts: plan.Parts(r.App), Deployed: r.Deployed,
	}
	bill, err := sbom.Of(program, sbom.About{Name: r.App.Name, Version: cmp.Or(r.Source.Commit, of.Build), MadeAt: r.MadeAt})
	if err != nil {
		return err
	}
	extra := map[string][]byte{pack.SBOMName: bill}
	for _, driver := range r.Stores {
		m.Stores = append(m.Stores, driver.Schemes[0])
		if err := migrations(driver, extra); err != nil {
			return err
		}
	}
	_, err = pack.Write(ctx, folder, m, pack.Parts{Program: program, Seed: stone, Single: r.Single, Extra: extra})
	return err
}

// migrations adds those of a store to the files of a package.
func migrations(driver pages.Driver, files map[string][]byte) error {
	if driver.Migrations == nil {
		return nil
	}
	err := fs.WalkDir(driver.Migrations, ".", func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		data, err := fs.ReadFile(driver.Migrations, path)
		files["migrations/"+driver.Schemes[0]+"/"+filepath.Base(path)] = data
		return err
	})
	if err != nil {
		return fmt.Errorf("migrations of %s: %w", driver.Schemes[0], err)
	}
	return nil
}
