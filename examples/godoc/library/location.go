// Location: from the path in an address to a directory, refusing all else.

package library

import (
	"os"
	"path"
	"path/filepath"
	"strings"

	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"
)

// A location is a directory that may hold a package, and its names.
type location struct {
	dir        string
	path       string // as in addresses: "net/http", "golang.org/x/mod@v0.42.0/semver"
	importPath string // as in import declarations: "golang.org/x/mod/semver"
	module     string // "golang.org/x/mod@v0.42.0"; empty for GOROOT
}

// maxPath bounds the names that are looked at; the longest import paths in use
// are near 150 bytes.
const maxPath = 300

// std finds a package or command of GOROOT.
func (l *Library) std(importPath string) (location, error) {
	if !publicPath(importPath) {
		return location{}, notFound("package", importPath)
	}
	if rest, ok := strings.CutPrefix(importPath, "cmd/"); (ok && strings.Contains(rest, "/")) || importPath == "cmd" {
		return location{}, notFound("package", importPath)
	}
	loc := location{
		dir:        filepath.Join(l.goroot, "src", filepath.FromSlash(importPath)),
		path:       importPath,
		importPath: importPath,
	}
	if !isDir(loc.dir) {
		return location{}, notFound("package", importPath)
	}
	return loc, nil
}

// inModule finds a package of the module cache by "module@version/sub/dir".
func (l *Library) inModule(name string) (location, error) {
	modPath, rest, ok := strings.Cut(name, "@")
	if !ok || len(name) > maxPath || l.modcache == "" {
		return location{}, notFound("module package", name)
	}
	version, sub, hasSub := strings.Cut(rest, "/")
	if hasSub && !publicPath(sub) {
		return location{}, notFound("module package", name)
	}
	dir, err := l.moduleDir(modPath, version)
	if err != nil {
		return location{}, err
	}
	loc := location{
		dir:        filepath.Join(dir, filepath.FromSlash(sub)),
		path:       name,
		importPath: path.Join(modPath, sub),
		module:     modPath + "@" + version,
	}
	if !isDir(loc.dir) {
		return location{}, notFound("module package", name)
	}
	return loc, nil
}

// HasPackage reports whether a module, named as for [Library.ModulePackage],
// has a package there. It reads little.
func (l *Library) HasPackage(name string) bool {
	loc, err := l.inModule(name)
	return err == nil && glance(loc.dir).Name != ""
}

// HasModule reports whether a module version, named like
// "golang.org/x/mod@v0.42.0", is in the module cache.
func (l *Library) HasModule(mod string) bool {
	modPath, version, _ := strings.Cut(mod, "@")
	_, err := l.moduleDir(modPath, version)
	return err == nil
}

// PageOf is the path of the page about a package or module that is named as in
// an import declaration: of the newest version on this machine. It is empty
// when there is none.
func (l *Library) PageOf(importPath string) string { return l.pageOf(location{}, importPath) }

// moduleDir finds the directory of an extracted module version.
func (l *Library) moduleDir(modPath, version string) (string, error) {
	name := modPath + "@" + version
	if l.modcache == "" || len(name) > maxPath || !semver.IsValid(version) {
		return "", notFound("module", name)
	}
	escPath, err := module.EscapePath(modPath)
	if err != nil {
		return "", notFound("module", name)
	}
	escVersion, err := module.EscapeVersion(version)
	if err != nil {
		return "", notFound("module", name)
	}
	dir := filepath.Join(l.modcache, filepath.FromSlash(escPath)+"@"+escVersion)
	if !isDir(dir) {
		return "", notFound("module", name)
	}
	return dir, nil
}

// publicPath reports whether p is an import path others may import: well
// formed, and with no element that hides a directory from importers.
func publicPath(p string) bool {
	if len(p) > maxPath || module.CheckImportPath(p) != nil {
		return false
	}
	for elem := range strings.SplitSeq(p, "/") {
		if hiddenDir(elem) {
			return false
		}
	}
	return true
}

// hiddenDir reports whether packages under a directory of this name are kept
// from importers or ignored by the go command.
func hiddenDir(name string) bool {
	return name == "internal" || name == "vendor" || name == "testdata" ||
		strings.HasPrefix(name, "_") || strings.HasPrefix(name, ".")
}

func isDir(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.IsDir()
}
