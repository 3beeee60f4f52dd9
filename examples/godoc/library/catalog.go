// Catalog: every package, command and exported symbol of the Go installation.

package library

import (
	"context"
	"fmt"
	"io/fs"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"
)

// A Catalog lists what the Go installation documents. The short names of its
// JSON keep it well under a megabyte or two.
type Catalog struct {
	GoVersion string           `json:"go"`
	GOOS      string           `json:"os"`
	GOARCH    string           `json:"arch"`
	Packages  []CatalogPackage `json:"packages"`
	Commands  []CatalogPackage `json:"commands"`
}

// A CatalogPackage is a package or command of the catalog.
type CatalogPackage struct {
	Path       string          `json:"p"`
	Name       string          `json:"n"`
	Synopsis   string          `json:"d,omitempty"`
	Deprecated bool            `json:"x,omitempty"`
	Uses       int             `json:"u,omitempty"` // by packages of the catalog
	Symbols    []CatalogSymbol `json:"s,omitempty"`
	Imports    []string        `json:"i,omitempty"` // of modules, in a package of a module
}

// A CatalogSymbol is an exported symbol: its name ("Server", "Server.Shutdown"),
// its kind: "const", "var", "func", "type" or "method", and what a list shows of
// it.
type CatalogSymbol struct {
	Name      string `json:"n"`
	Kind      string `json:"k"`
	Signature string `json:"g,omitempty"` // "(addr string, handler Handler) error", "struct"
	Synopsis  string `json:"d,omitempty"`
}

// Catalog reads the whole standard library and the commands, on all processors;
// it takes a second or so. Directories without Go files are passed over.
func (l *Library) Catalog(ctx context.Context) (Catalog, error) {
	paths, err := l.stdPaths()
	if err != nil {
		return Catalog{}, fmt.Errorf("library: listing the standard library: %w", err)
	}
	found := make([]*CatalogPackage, len(paths))
	imports := make([][]string, len(paths))
	targets := l.targets()
	var g errgroup.Group
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i, path := range paths {
		g.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			loc, err := l.std(path)
			if err != nil {
				return nil
			}
			if strings.HasPrefix(path, "cmd/") {
				if ref := glance(loc.dir); ref.Name == "main" && ref.Synopsis != "" {
					found[i] = &CatalogPackage{Path: path, Name: "main", Synopsis: ref.Synopsis}
				}
				return nil
			}
			if p, sources := l.sketch(loc, targets); p != nil && p.doc.Name != "main" {
				found[i], imports[i] = p.entry(sources), p.doc.Imports
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return Catalog{}, err
	}
	uses := make(map[string]int)
	for _, list := range imports {
		for _, path := range list {
			uses[path]++
		}
	}
	host := targets[0]
	c := Catalog{GoVersion: l.GoVersion(), GOOS: host.GOOS, GOARCH: host.GOARCH}
	for _, p := range found {
		switch {
		case p == nil:
		case strings.HasPrefix(p.Path, "cmd/"):
			c.Commands = append(c.Commands, *p)
		default:
			p.Uses = uses[p.Path]
			c.Packages = append(c.Packages, *p)
		}
	}
	return c, nil
}

// stdPaths lists the directories of GOROOT/src that may hold public packages.
func (l *Library) stdPaths() ([]string, error) {
	src := filepath.Join(l.goroot, "src")
	var paths []string
	err := filepath.WalkDir(src, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if !d.IsDir() || name == src {
			return nil
		}
		rel, err := filepath.Rel(src, name)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		if hiddenDir(d.Name()) || strings.HasPrefix(rel, "cmd/") && strings.Count(rel, "/") > 1 {
			return fs.SkipDir
		}
		paths = append(paths, rel)
		return nil
	})
	slices.Sort(paths)
	return paths, err
}

// Find is the package or command with an import path.
func (c Catalog) Find(path string) (PackageRef, bool) {
	for _, list := range [...][]CatalogPackage{c.Packages, c.Commands} {
		for _, p := range list {
			if p.Path == path {
				return PackageRef{Path: p.Path, Name: p.Name, Synopsis: p.Synopsis}, true
			}
		}
	}
	return PackageRef{}, false
}
