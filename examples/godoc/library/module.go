// Module: what the module cache holds.

package library

import (
	"cmp"
	"context"
	"go/doc"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"
	"golang.org/x/sync/errgroup"
)

// A Module is one version of a module, extracted in the module cache.
type Module struct {
	Path    string
	Version string
	Arrived time.Time // when it was extracted
}

// String is "path@version", as in addresses.
func (m Module) String() string { return m.Path + "@" + m.Version }

// A ModulePage is a module version with what it holds and needs.
type ModulePage struct {
	Module
	GoVersion  string    // of its go line
	Published  time.Time // zero where it is not known
	Repository string    // an https URL; empty where it is not known
	Readme     string    // HTML
	Versions   []string  // all that are in the cache, the newest first
	Requires   []Requirement
	Packages   []PackageRef // the module's own first, then by path
	Internal   []PackageRef // packages that others cannot import, by path
}

// A Requirement is a line of a module's go.mod.
type Requirement struct {
	Path      string
	Version   string
	Indirect  bool
	Installed bool // this very version is in the cache
}

// A PackageRef names a package of a list.
type PackageRef struct {
	Path     string // as in addresses
	Name     string
	Synopsis string
}

// Modules lists every module version in the cache, by path, newest version first.
func (l *Library) Modules(ctx context.Context) ([]Module, error) {
	var modules []Module
	err := l.walkModules(ctx, func(modPath, version string, info fs.FileInfo) {
		modules = append(modules, Module{Path: modPath, Version: version, Arrived: info.ModTime().UTC()})
	})
	slices.SortFunc(modules, func(a, b Module) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), semver.Compare(b.Version, a.Version))
	})
	return modules, err
}

// walkModules calls visit for every extracted module version. A cache that is
// not there is empty.
func (l *Library) walkModules(ctx context.Context, visit func(modPath, version string, info fs.FileInfo)) error {
	if l.modcache == "" {
		return nil
	}
	return filepath.WalkDir(l.modcache, func(name string, d fs.DirEntry, err error) error {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			return fs.SkipDir // gone or unreadable while walking: as if it were not there
		}
		if !d.IsDir() || name == l.modcache {
			return nil
		}
		rel, err := filepath.Rel(l.modcache, name)
		if err != nil || rel == "cache" {
			return fs.SkipDir
		}
		escPath, escVersion, ok := strings.Cut(filepath.ToSlash(rel), "@")
		if !ok {
			return nil
		}
		modPath, err := module.UnescapePath(escPath)
		if err != nil {
			return fs.SkipDir
		}
		version, err := module.UnescapeVersion(escVersion)
		if err != nil || !semver.IsValid(version) {
			return fs.SkipDir // golang.org/toolchain and half-extracted directories
		}
		if info, err := d.Info(); err == nil {
			visit(modPath, version, info)
		}
		return fs.SkipDir
	})
}

// Module describes a module version named like "golang.org/x/mod@v0.42.0".
func (l *Library) Module(ctx context.Context, mod string) (ModulePage, error) {
	modPath, version, _ := strings.Cut(mod, "@")
	dir, err := l.moduleDir(modPath, version)
	if err != nil {
		return ModulePage{}, err
	}
	info, err := os.Stat(dir)
	if err != nil {
		return ModulePage{}, notFound("module", mod)
	}
	page := ModulePage{Module: Module{Path: modPath, Version: version, Arrived: info.ModTime().UTC()}}
	page.Versions = l.versions(modPath)
	from := l.originOf(modPath, version)
	page.Published, page.Repository = from.Time.UTC(), repositoryOf(modPath, from)
	page.Readme = l.readme(dir, page.Repository, func(page string) string { return l.link(ctx, page) })
	if data, err := os.ReadFile(filepath.Join(dir, "go.mod")); err == nil {
		if f, err := modfile.ParseLax("go.mod", data, nil); err == nil {
			if f.Go != nil {
				page.GoVersion = f.Go.Version
			}
			for _, r := range f.Require {
				_, err := l.moduleDir(r.Mod.Path, r.Mod.Version)
				page.Requires = append(page.Requires, Requirement{
					Path: r.Mod.Path, Version: r.Mod.Version, Indirect: r.Indirect, Installed: err == nil,
				})
			}
		}
	}
	if page.Packages, err = l.ModulePackages(ctx, mod); err != nil {
		return page, err
	}
	page.Internal, err = l.packagesOf(ctx, mod, true)
	return page, err
}

// ModulePackages lists the packages of a module version that others may import,
// and its commands: the module's own package first, then by path.
func (l *Library) ModulePackages(ctx context.Context, mod string) ([]PackageRef, error) {
	return l.packagesOf(ctx, mod, false)
}

// packagesOf lists those packages of a module that are internal, or the others.
func (l *Library) packagesOf(ctx context.Context, mod string, internal bool) ([]PackageRef, error) {
	modPath, version, _ := strings.Cut(mod, "@")
	root, err := l.moduleDir(modPath, version)
	if err != nil {
		return nil, err
	}
	var dirs []string
	err = filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil || !d.IsDir() {
			return nil
		}
		within, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		if name != root && hiddenDir(d.Name()) && (!internal || d.Name() != "internal") {
			return fs.SkipDir
		}
		if isInternal := slices.Contains(strings.Split(filepath.ToSlash(within), "/"), "internal"); isInternal == internal {
			dirs = append(dirs, name)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	refs := make([]PackageRef, len(dirs))
	var g errgroup.Group
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i, dir := range dirs {
		g.Go(func() error {
			rel, err := filepath.Rel(root, dir)
			if err == nil {
				refs[i] = glance(dir)
				refs[i].Path = path.Join(mod, filepath.ToSlash(rel))
			}
			return ctx.Err()
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(refs, func(r PackageRef) bool { return r.Name == "" }), nil
}

// glance reads no more of a package than its name and synopsis.
func glance(dir string) PackageRef {
	var ref PackageRef
	names, sources, err := readGo(dir, false)
	if err != nil {
		return ref
	}
	for _, name := range names {
		f, err := parser.ParseFile(token.NewFileSet(), name, sources[name], parser.PackageClauseOnly|parser.ParseComments)
		if err != nil || f.Name == nil || f.Name.Name == "documentation" || ignored(sources[name]) {
			continue
		}
		if ref.Name == "" {
			ref.Name = f.Name.Name
		}
		if text := f.Doc.Text(); text != "" && ref.Synopsis == "" {
			ref.Name = f.Name.Name
			ref.Synopsis = new(doc.Package).Synopsis(text)
		}
	}
	return ref
}

// ignored reports whether a file asks not to be part of any build.
func ignored(src []byte) bool {
	head, _, _ := strings.Cut(string(src[:min(len(src), 2048)]), "\npackage ")
	return strings.Contains(head, "//go:build ignore") || strings.Contains(head, "// +build ignore")
}

// versions lists the versions of a module in the cache, the newest first.
func (l *Library) versions(modPath string) []string {
	escPath, err := module.EscapePath(modPath)
	if err != nil || l.modcache == "" {
		return nil
	}
	base := filepath.Join(l.modcache, filepath.FromSlash(escPath))
	entries, err := os.ReadDir(filepath.Dir(base))
	if err != nil {
		return nil
	}
	var versions []string
	for _, e := range entries {
		esc, ok := strings.CutPrefix(e.Name(), filepath.Base(base)+"@")
		if !ok || !e.IsDir() {
			continue
		}
		if v, err := module.UnescapeVersion(esc); err == nil && semver.IsValid(v) {
			versions = append(versions, v)
		}
	}
	slices.SortFunc(versions, func(a, b string) int { return semver.Compare(b, a) })
	return versions
}

// pageOf is the path of the page about an import path, as seen from a package:
// of the same module, of the Go installation, or the newest version in the
// cache. It is empty when the package is not on this machine.
func (l *Library) pageOf(from location, importPath string) string {
	if from.module != "" {
		modPath, _, _ := strings.Cut(from.module, "@")
		if importPath == modPath || strings.HasPrefix(importPath, modPath+"/") {
			loc, err := l.inModule(from.module + strings.TrimPrefix(importPath, modPath))
			if err == nil {
				return "/mod/" + loc.path
			}
		}
	}
	if loc, err := l.std(importPath); err == nil {
		return "/pkg/" + loc.path
	}
	if root, _, _ := strings.Cut(importPath, "/"); !strings.Contains(root, ".") || !publicPath(importPath) {
		return ""
	}
	for modPath := importPath; modPath != "."; modPath = path.Dir(modPath) {
		for _, version := range l.versions(modPath) {
			loc, err := l.inModule(modPath + "@" + version + strings.TrimPrefix(importPath, modPath))
			if err == nil {
				return "/mod/" + loc.path
			}
		}
	}
	return ""
}
