// Source: one Go file, highlighted, cut into lines.

package library

import (
	"context"
	"os"
	"path/filepath"
	"strings"
)

// A Source is a Go file. Lines hold HTML with the classes k (keyword), c
// (comment), s (string), n (number) and b (predeclared name); no element spans
// lines.
type Source struct {
	Path       string // of the package, as in addresses
	ImportPath string
	Module     string
	File       string
	Lines      []string
}

// maxSource bounds the files that are shown; the longest of GOROOT is near 1 MB.
const maxSource = 8 << 20

// Source returns a Go file of a package of the Go installation. file is a plain
// name; anything with a path in it is not found.
func (l *Library) Source(ctx context.Context, importPath, file string) (Source, error) {
	loc, err := l.std(importPath)
	if err != nil {
		return Source{}, err
	}
	return l.sourceAt(ctx, loc, file)
}

// ModuleSource returns a Go file of a package of the module cache, named as for
// [Library.ModulePackage].
func (l *Library) ModuleSource(ctx context.Context, name, file string) (Source, error) {
	loc, err := l.inModule(name)
	if err != nil {
		return Source{}, err
	}
	return l.sourceAt(ctx, loc, file)
}

func (l *Library) sourceAt(ctx context.Context, loc location, file string) (Source, error) {
	if err := ctx.Err(); err != nil {
		return Source{}, err
	}
	if !goFile(file) || len(file) > 255 || strings.ContainsAny(file, "/\\:\x00") || strings.Contains(file, "..") {
		return Source{}, notFound("source file", loc.path+"/"+file)
	}
	name := filepath.Join(loc.dir, file)
	info, err := os.Lstat(name) // not Stat: a symbolic link could lead anywhere
	if err != nil || !info.Mode().IsRegular() || info.Size() > maxSource {
		return Source{}, notFound("source file", loc.path+"/"+file)
	}
	src, err := os.ReadFile(name)
	if err != nil {
		return Source{}, notFound("source file", loc.path+"/"+file)
	}
	text := strings.TrimSuffix(highlight(string(src), nil), "\n")
	return Source{
		Path:       loc.path,
		ImportPath: loc.importPath,
		Module:     loc.module,
		File:       file,
		Lines:      strings.Split(text, "\n"),
	}, nil
}
