// Path patterns: those of net/http.ServeMux, without method and host.

package paths

import (
	"fmt"
	"strings"
	"unicode"
)

// A Pattern is a parsed path pattern.
type Pattern struct {
	text     string
	segments []segment
	slash    bool // the path ends in a slash: "/" and "/docs/"
}

type segment struct {
	text string // the literal, or the wildcard's name
	kind segmentKind
}

type segmentKind uint8

const (
	literal segmentKind = iota
	single              // {name}
	rest                // {name...}
)

// ParsePattern reads a pattern such as "/products/{id}" or "/pkg/{path...}".
// Literals are written decoded.
func ParsePattern(text string) (*Pattern, error) {
	fault := func(format string, args ...any) (*Pattern, error) {
		return nil, fmt.Errorf(format, args...)
	}
	if text == "" || text[0] != '/' {
		return fault("a pattern starts with a slash; methods and hosts have no place in it")
	}
	p := &Pattern{text: text}
	body := text[1:]
	if b, ok := strings.CutSuffix(body, "{$}"); ok {
		if b != "" && !strings.HasSuffix(b, "/") {
			return fault("{$} must follow a slash")
		}
		body = b
	}
	if body == "" || strings.HasSuffix(body, "/") {
		p.slash = true
		body = strings.TrimSuffix(body, "/")
		if body == "" {
			return p, nil
		}
	}
	names := map[string]bool{}
	for i, parts := 0, strings.Split(body, "/"); i < len(parts); i++ {
		part := parts[i]
		if !strings.ContainsAny(part, "{}") {
			if strings.Contains(part, "%") {
				return fault("segment %q: write literals decoded, without %%", part)
			}
			if err := Check("/" + part); err != nil || part == "" {
				return fault("segment %q can be in no path that is served", part)
			}
			p.segments = append(p.segments, segment{text: part})
			continue
		}
		if part[0] != '{' || part[len(part)-1] != '}' {
			return fault("segment %q: a wildcard is a whole segment", part)
		}
		s := segment{text: part[1 : len(part)-1], kind: single}
		if name, ok := strings.CutSuffix(s.text, "..."); ok {
			if i < len(parts)-1 || p.slash {
				return fault("wildcard %s must be last", part)
			}
			s = segment{text: name, kind: rest}
		}
		if !isIdentifier(s.text) {
			return fault("wildcard %s: %q is not a Go identifier", part, s.text)
		}
		if names[s.text] {
			return fault("wildcard name %q stands twice", s.text)
		}
		names[s.text] = true
		p.segments = append(p.segments, s)
	}
	return p, nil
}

func isIdentifier(s string) bool {
	for i, r := range s {
		if r != '_' && !unicode.IsLetter(r) && (i == 0 || !unicode.IsDigit(r)) {
			return false
		}
	}
	return s != ""
}

// String is the pattern as it was written.
func (p *Pattern) String() string { return p.text }

// Wildcards are the names of the pattern's wildcards, in order.
func (p *Pattern) Wildcards() []string {
	var names []string
	for _, s := range p.segments {
		if s.kind != literal {
			names = append(names, s.text)
		}
	}
	return names
}

// Path fills the wildcards in with decoded values, in order.
func (p *Pattern) Path(values ...string) (string, error) {
	var b strings.Builder
	for _, s := range p.segments {
		b.WriteByte('/')
		if s.kind == literal {
			b.WriteString(s.text)
			continue
		}
		if len(values) == 0 {
			return "", fmt.Errorf("%s: no value for %s", p.text, s.text)
		}
		b.WriteString(values[0])
		values = values[1:]
	}
	if p.slash {
		b.WriteByte('/')
	}
	if len(values) > 0 {
		return "", fmt.Errorf("%s: %d values too many", p.text, len(values))
	}
	return b.String(), nil
}

// Value is the value of a wildcard in a path that matches the pattern; "" for a
// name that the pattern does not have.
func (p *Pattern) Value(path, name string) string {
	for _, s := range p.segments {
		path = path[min(1, len(path)):]
		if s.kind == rest {
			if s.text == name {
				return path
			}
			return ""
		}
		end := strings.IndexByte(path, '/')
		if end < 0 {
			end = len(path)
		}
		if s.kind == single && s.text == name {
			return path[:end]
		}
		path = path[end:]
	}
	return ""
}

// servemux is the pattern as ServeMux writes it, to ask ServeMux about conflicts.
func (p *Pattern) servemux() string {
	text := strings.ReplaceAll(p.text, " ", "%20") // what stands before a space would be a method
	if p.slash {
		return strings.TrimSuffix(text, "{$}") + "{$}"
	}
	return text
}

// First is the pattern's first segment where that is a literal; "" where it is
// a wildcard or the pattern is "/".
func (p *Pattern) First() string {
	if len(p.segments) == 0 || p.segments[0].kind != literal {
		return ""
	}
	return p.segments[0].text
}

// rest says whether the pattern ends in a wildcard for everything below.
func (p *Pattern) rest() bool {
	return len(p.segments) > 0 && p.segments[len(p.segments)-1].kind == rest
}
