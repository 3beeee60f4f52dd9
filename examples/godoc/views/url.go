// URL: the addresses of the site's pages, as paths from its root.

package views

import (
	"context"
	"strconv"
	"strings"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/examples/godoc/library"
)

// link is what a reference to a page of this site is in a view, wherever the
// site lives.
func link(ctx context.Context, reference string) string { return gorgon.URL(ctx, reference) }

// asset is the address of a file of the assets directory.
func asset(ctx context.Context, name string) (string, error) { return gorgon.Asset(ctx, name) }

// packagePath is the page of a package, in a module or not.
func packagePath(path, module string) string {
	if module != "" {
		return "/mod/" + path
	}
	return "/pkg/" + path
}

// sourcePath is a reference to a line of a source file; line 0 is the file.
func sourcePath(path, module, file string, line int) string {
	p := "/src/" + path + "/" + file
	if module != "" {
		p = "/msrc/" + path + "/" + file
	}
	if p = gorgon.EscapePath(p); line > 0 {
		p += "#L" + strconv.Itoa(line)
	}
	return p
}

// symbolPath is the page of a symbol of the Go installation.
func symbolPath(path, name string) string { return "/sym/" + path + "." + name }

// ResultPath is where a search result leads.
func ResultPath(r library.Result) string {
	switch {
	case r.Module != "":
		modPath, _, _ := strings.Cut(r.Module, "@")
		path := "/mod/" + r.Module + strings.TrimPrefix(r.Path, modPath)
		if r.Name != "" {
			path += "#" + r.Name
		}
		return path
	case r.Name == "":
		return "/pkg/" + r.Path
	}
	return symbolPath(r.Path, r.Name)
}

// versionOf is the version of a module, named like "golang.org/x/mod@v0.42.0".
func versionOf(module string) string {
	_, version, _ := strings.Cut(module, "@")
	return version
}
