// The URLs of a site's pages, files and redirects.

package viewctx

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/gorgon-go/gorgon/paths"
)

// PathURL is a decoded path in a locale, as URLs write it.
func (s *Site) PathURL(locale, path string) string {
	if s.File != nil && s.Prefixes().Prefix(locale) != "" && s.File(path) {
		return s.FileURL(path)
	}
	return s.Prefixes().URL(s.Base, locale, path)
}

// FileURL is the decoded path of a file, as URLs write it: no locale stands in it.
func (s *Site) FileURL(path string) string { return paths.Prefixes{}.URL(s.Base, "", path) }

// ReferenceURL is a reference, such as "/search?q=1", in a locale, as URLs write
// it. What does not start with exactly one slash is returned unchanged.
func (s *Site) ReferenceURL(locale, reference string) string {
	if !strings.HasPrefix(reference, "/") || strings.HasPrefix(reference, "//") {
		return reference
	}
	path, rest := paths.SplitReference(reference)
	prefix := s.Prefixes().Prefix(locale)
	if prefix != "" && s.File != nil {
		if decoded, err := paths.Parse(path); err == nil && s.File(decoded) {
			prefix = ""
		}
	}
	if path == "/" && prefix != "" {
		path = ""
	}
	return paths.Escape(s.Base) + prefix + paths.EscapeReference(path) + rest
}

// Location is what a redirect to a reference or an absolute URL puts into its
// header, in ASCII: for a path of the app with base path and locale. What a
// browser could take for another host than it says is refused.
func (s *Site) Location(locale, to string) (string, error) {
	fault := func(text string) (string, error) { return "", errors.New("the redirect's location " + text) }
	if strings.ContainsFunc(to, func(c rune) bool { return c < ' ' || c == '\\' || c == 0x7f }) {
		return fault("holds a control character or a backslash")
	}
	path, rest := paths.SplitReference(to)
	if scheme, after, _ := strings.Cut(path, "://"); scheme == "https" || scheme == "http" {
		if !IsAbsolute(to) {
			return fault("is not a valid URL")
		}
		host := after
		if i := strings.IndexByte(after, '/'); i >= 0 {
			host = after[:i]
		}
		if strings.ContainsFunc(host, func(c rune) bool { return c >= 0x7f }) {
			return fault("has a host that is not ASCII: write the host in its xn-- form")
		}
		return scheme + "://" + host + paths.EscapeReference(after[len(host):]) + rest, nil
	}
	decoded, err := paths.Parse(path)
	if err != nil {
		return "", fmt.Errorf("the redirect's location is neither an absolute path of this app, such as \"/a?b=c\", nor an absolute http or https URL: %w", err)
	}
	return s.PathURL(locale, decoded) + rest, nil
}

// IsAbsolute says whether every reader takes a text for the same absolute URL
// of the web.
func IsAbsolute(text string) bool {
	if !strings.HasPrefix(text, "https://") && !strings.HasPrefix(text, "http://") {
		return false
	}
	u, err := url.Parse(text)
	return err == nil && u.Host != "" && !strings.ContainsFunc(text, func(c rune) bool { return c <= ' ' || c == '\\' || c == 0x7f })
}
