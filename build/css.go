// Style sheets: what they refer to, by the name it is served under.

package build

import (
	"fmt"
	"net/url"
	"path"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/gorgon-go/gorgon"
)

// styleSheet says whether an asset is one.
func styleSheet(name string) bool { return strings.EqualFold(path.Ext(name), ".css") }

// linkCSS rewrites the references of a style sheet to other assets, which are
// served under names that nobody can write down: url(…), and @import with a
// string. servedAt is asked for the path that an asset is served at. What is
// written stays relative, so that it holds below every base path.
func linkCSS(name, css string, servedAt func(asset string) (string, error)) (string, []error) {
	var b strings.Builder
	var faults []error
	kept := 0 // what of css is in b
	scanCSS(css, func(start, end int) {
		reference := unescapeCSS(css[start:end])
		to, ok, err := resolve(name, reference, servedAt)
		if err != nil {
			faults = append(faults, fmt.Errorf("%s refers to %s: %w", name, reference, err))
		}
		if ok {
			b.WriteString(css[kept:start] + to)
			kept = end
		}
	})
	if kept == 0 {
		return css, faults
	}
	b.WriteString(css[kept:])
	return b.String(), faults
}

// resolve finds what a reference in an asset becomes; not ok where it names
// no asset: an address with a host or a scheme, a path from the root, a
// fragment.
func resolve(name, reference string, servedAt func(string) (string, error)) (to string, ok bool, err error) {
	file, rest := reference, ""
	if i := strings.IndexAny(reference, "?#"); i >= 0 {
		file, rest = reference[:i], reference[i:]
	}
	if file == "" || file[0] == '/' || hasScheme(file) {
		return "", false, nil
	}
	decoded, err := url.PathUnescape(file)
	if err != nil {
		return "", false, fmt.Errorf("it is not percent-encoded as URLs are: correct it")
	}
	asset := path.Join(path.Dir(name), decoded)
	served, err := servedAt(asset)
	if err != nil {
		return "", false, err
	}
	return gorgon.EscapePath(relative(path.Dir(name), strings.TrimPrefix(served, assetFolder))) + escapeCSS(rest), true, nil
}

// relative is the way from a folder to a file, both below the same root.
func relative(folder, file string) string {
	up := ""
	for ; folder != "."; folder = path.Dir(folder) {
		if rest, below := strings.CutPrefix(file, folder+"/"); below {
			file = rest
			break
		}
		up += "../"
	}
	if first, _, _ := strings.Cut(file, "/"); up == "" && strings.Contains(first, ":") {
		up = "./" // or it would be a scheme
	}
	return up + file
}

func hasScheme(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z':
		case i > 0 && ('0' <= c && c <= '9' || c == '+' || c == '-' || c == '.'):
		default:
			return i > 0 && c == ':'
		}
	}
	return false
}

// scanCSS calls found with where each reference starts and ends, without
// quotes. It knows as much of CSS as is needed not to look into comments and
// strings, and not to take my-url( for url(.
func scanCSS(css string, found func(start, end int)) {
	importing := false // between @import and what it imports
	for i := 0; i < len(css); {
		switch c := css[i]; {
		case strings.HasPrefix(css[i:], "/*"):
			i = skipComment(css, i)
			continue // an @import goes on behind it
		case c == '"' || c == '\'':
			end := endOfString(css, i)
			if importing && end > i+1 && css[end-1] == c {
				found(i+1, end-1)
			}
			i = end
		case c == '@' || nameByte(c):
			end := endOfName(css, i+1)
			name := css[i:end]
			if strings.EqualFold(name, "url") && end < len(css) && css[end] == '(' {
				i = scanURL(css, end+1, found)
				break
			}
			importing = strings.EqualFold(name, "@import")
			i = end
			continue
		case space(c):
			i++
			continue
		default:
			i++
		}
		importing = false
	}
}

// scanURL reads what stands in url( ), from behind the parenthesis, and
// returns where it ends.
func scanURL(css string, i int, found func(start, end int)) int {
	for i < len(css) && space(css[i]) {
		i++
	}
	if i < len(css) && (css[i] == '"' || css[i] == '\'') {
		end := endOfString(css, i)
		if end > i+1 && css[end-1] == css[i] {
			found(i+1, end-1)
		}
		return end
	}
	start := i
	for ; i < len(css) && css[i] != ')'; i++ {
		if css[i] == '\\' {
			i++
		}
	}
	if i >= len(css) { // it never ends
		return len(css)
	}
	end := i
	for end > start && space(css[end-1]) {
		end--
	}
	found(start, end)
	return i + 1
}

func skipComment(css string, i int) int {
	if n := strings.Index(css[i+2:], "*/"); n >= 0 {
		return i + 2 + n + 2
	}
	return len(css)
}

// endOfString is behind the closing quote of the string that starts at i, or
// at the end of a line that comes first.
func endOfString(css string, i int) int {
	for quote, j := css[i], i+1; j < len(css); j++ {
		switch css[j] {
		case quote:
			return j + 1
		case '\n':
			return j
		case '\\':
			j++
		}
	}
	return len(css)
}

func endOfName(css string, i int) int {
	for i < len(css) && nameByte(css[i]) {
		if css[i] == '\\' {
			i++
		}
		i++
	}
	return min(i, len(css))
}

func nameByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '_' || c == '\\' || c >= utf8.RuneSelf
}

func space(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' }

// unescapeCSS reads the escapes of CSS: \20 is a space, \) a parenthesis.
func unescapeCSS(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			b.WriteByte(s[i])
			continue
		}
		digits := 0
		for digits < 6 && i+1+digits < len(s) && strings.IndexByte("0123456789abcdefABCDEF", s[i+1+digits]) >= 0 {
			digits++
		}
		if digits == 0 {
			i++
			if s[i] != '\n' { // an escaped end of line is nothing
				b.WriteByte(s[i])
			}
			continue
		}
		r, _ := strconv.ParseUint(s[i+1:i+1+digits], 16, 32)
		b.WriteRune(rune(r))
		i += digits
		if i+1 < len(s) && space(s[i+1]) {
			i++
		}
	}
	return b.String()
}

// escapeCSS writes text so that it is the same in quotes of both kinds and in
// url( ) without any.
func escapeCSS(s string) string {
	var b strings.Builder
	for _, r := range s {
		if r <= ' ' || strings.ContainsRune(`"'()\`, r) {
			fmt.Fprintf(&b, `\%x `, r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}
