// Module: names within a module.

package views

import "strings"

// modulePackageName is a package's path within its module; the package in the
// module's own directory is called by the last part of the module's path.
func modulePackageName(path, mod string) string {
	if rest := strings.TrimPrefix(path, mod+"/"); rest != path {
		return rest
	}
	modPath, _, _ := strings.Cut(mod, "@")
	return modPath
}

// modulePackageLink leads to the page of a package; the module's own page shows
// the package in its directory.
func modulePackageLink(path, mod string) string {
	if path == mod {
		return "/mod/" + mod + "#pkg-overview"
	}
	return "/mod/" + path
}
