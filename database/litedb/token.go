// The tokens of a SQL text.

package litedb

import "strings"

// A token is a piece of a text.
type token struct {
	kind byte   // one of those below
	text string // a word in lower case, the content of a quoted name, a parameter as it is
}

const (
	word      = 'w' // a keyword, or a name without quotes
	quoted    = 'q' // a name in quotes
	parameter = 'p'
	literal   = 'l' // a number or string
	mark      = 'm' // any other character
)

func (t token) is(kind byte, text string) bool { return t.kind == kind && t.text == text }

// isName says whether the token can be the name of a table or column.
func (t token) isName() bool { return t.kind == word || t.kind == quoted }

// tokens splits a text. It is not ok if the text ends within a quote or a
// comment.
func tokens(text string) (list []token, ok bool) {
	for i := 0; i < len(text); {
		rest := text[i:]
		switch c := rest[0]; {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f':
			i++
		case strings.HasPrefix(rest, "--"):
			end := strings.IndexByte(rest, '\n')
			if end < 0 {
				return list, true
			}
			i += end + 1
		case strings.HasPrefix(rest, "/*"):
			end := strings.Index(rest[2:], "*/")
			if end < 0 {
				return nil, false
			}
			i += 2 + end + 2
		case c == '\'' || c == '"' || c == '`' || c == '[':
			content, size := unquote(rest)
			if size == 0 {
				return nil, false
			}
			t := token{quoted, content}
			if c == '\'' {
				t.kind = literal
			}
			list, i = append(list, t), i+size
		case c == '?' || (c == ':' || c == '@' || c == '$') && len(rest) > 1 && inName(rest[1]):
			size := 1 + span(rest[1:], inName)
			list, i = append(list, token{parameter, rest[:size]}), i+size
		case c >= '0' && c <= '9':
			size := span(rest, func(c byte) bool { return inName(c) || c == '.' })
			list, i = append(list, token{literal, rest[:size]}), i+size
		case inName(c):
			size := span(rest, inName)
			list, i = append(list, token{word, fold(rest[:size])}), i+size
		default:
			list, i = append(list, token{mark, rest[:1]}), i+1
		}
	}
	return list, true
}

// unquote reads what is in quotes at the beginning of a text. The size is 0 if
// the quotes do not end.
func unquote(text string) (content string, size int) {
	end := text[0]
	if end == '[' {
		at := strings.IndexByte(text, ']')
		if at < 0 {
			return "", 0
		}
		return text[1:at], at + 1
	}
	var b strings.Builder
	for i := 1; i < len(text); i++ {
		switch {
		case text[i] != end:
			b.WriteByte(text[i])
		case i+1 < len(text) && text[i+1] == end:
			b.WriteByte(end)
			i++
		default:
			return b.String(), i + 1
		}
	}
	return "", 0
}

// fold is a name in lower case, as SQLite compares names: letters beyond ASCII
// stay as they are.
func fold(name string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, name)
}

func span(text string, in func(byte) bool) int {
	n := 0
	for n < len(text) && in(text[n]) {
		n++
	}
	return n
}

func inName(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '$' || c >= 0x80
}

// isScript says whether a text has several statements.
func isScript(text string) bool {
	if !strings.Contains(text, ";") {
		return false
	}
	list, ok := tokens(text)
	for len(list) > 0 && list[len(list)-1].is(mark, ";") {
		list = list[:len(list)-1]
	}
	for _, t := range list {
		if t.is(mark, ";") {
			return true
		}
	}
	return !ok
}
