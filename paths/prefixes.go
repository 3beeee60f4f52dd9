// How locales stand in paths.

package paths

import (
	"slices"
	"strings"
)

// Prefixes are the rule by which an app's locales stand in its paths. It is
// the only one: the server, the build, exports and views all ask it.
type Prefixes struct {
	Locales []string // the first is the default one
	All     bool     // the first has a prefix too
}

// Path puts the prefix of locale before a decoded path. A locale that is not
// among them has none.
func (p Prefixes) Path(locale, path string) string {
	prefix := p.Prefix(locale)
	if path == "/" && prefix != "" {
		return prefix
	}
	return prefix + path
}

// Split takes the prefix of a locale off a decoded path. A path that has none
// is in the first locale, and prefixed says whether it may be: it is false
// where every locale has a prefix and the path has not. The home page of a
// locale is its prefix alone, so that every page has one URL; with a
// slash after it, it is not a page, and then the rest is "".
func (p Prefixes) Split(path string) (rest, locale string, prefixed bool) {
	if len(p.Locales) == 0 {
		return path, "", true
	}
	if len(p.Locales) == 1 && !p.All || path == "" {
		return path, p.Locales[0], !p.All
	}
	first, rest := path[1:], ""
	if i := strings.IndexByte(first, '/'); i >= 0 {
		first, rest = first[:i], first[i:]
	}
	if i := slices.Index(p.Locales, first); i < 0 || i == 0 && !p.All {
		return path, p.Locales[0], !p.All
	}
	switch rest {
	case "":
		return "/", first, true
	case "/":
		return "", first, true
	}
	return rest, first, true
}

// Prefix is what stands before a path in a locale: "" or "/de".
func (p Prefixes) Prefix(locale string) string {
	if i := slices.Index(p.Locales, locale); i < 0 || i == 0 && !p.All {
		return ""
	}
	return "/" + locale
}

// URL is a decoded path as URLs write it, with a base path and the prefix of a
// locale. It is the one place where a path becomes a URL.
func (p Prefixes) URL(base, locale, path string) string {
	path = base + p.Path(locale, path)
	switch {
	case !strings.HasPrefix(path, "/"):
		path = "/" + path
	case strings.HasPrefix(path, "//"):
		// It would name a host. No page has such a path, and no path has an
		// encoded slash, so this is answered as not found.
		return "/%2F" + Escape(path[2:])
	}
	return Escape(path)
}
