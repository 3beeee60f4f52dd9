// The words of a statement: as much of SQL's grammar as noting needs.

package pgdb

import (
	"strings"
	"unicode/utf8"
)

// A kind is what a token is.
type kind byte

const (
	word   kind = iota // a key word or name, in lower case
	quoted             // a name in double quotes, without them
	param              // $1: the text is the number
	text               // a string; the token's text is empty
	number             // a number; the token's text is empty
	other              // one character
)

type token struct {
	kind kind
	text string
}

// is says whether a token is a key word.
func (t token) is(word_ string) bool { return t.kind == word && t.text == word_ }

// name says whether a token may be a name.
func (t token) name() bool { return t.kind == word || t.kind == quoted }

// sign says whether a token is a character.
func (t token) sign(c string) bool { return t.kind == other && t.text == c }

// tokens splits a statement. Comments are left out. ok is false if a string or
// a comment does not end. Strings are read with standard_conforming_strings on;
// texts with backslashes may mean something else to a server without.
func tokens(sql string) (list []token, ok bool) {
	for i := 0; i < len(sql); {
		c, rest := sql[i], sql[i:]
		switch {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v':
			i++
		case strings.HasPrefix(rest, "--"):
			end := strings.IndexAny(rest, "\r\n")
			if end < 0 {
				return list, true
			}
			i += end
		case strings.HasPrefix(rest, "/*"):
			n := comment(rest)
			if n == 0 {
				return list, false
			}
			i += n
		case c == '\'':
			n := literal(rest)
			if n == 0 {
				return list, false
			}
			list = append(list, token{text, ""})
			i += n
		case (c == 'e' || c == 'E') && strings.HasPrefix(rest[1:], "'"):
			n := escaped(rest[1:])
			if n == 0 {
				return list, false
			}
			list = append(list, token{text, ""})
			i += 1 + n
		case (c == 'u' || c == 'U') && strings.HasPrefix(rest[1:], "&"): // of characters by number
			return list, false
		case c == '"':
			n := closing(rest, '"')
			if n == 0 {
				return list, false
			}
			list = append(list, token{quoted, strings.ReplaceAll(rest[1:n-1], `""`, `"`)})
			i += n
		case c == '$':
			n, t := dollar(rest)
			if n == 0 {
				return list, false
			}
			list = append(list, t)
			i += n
		case begins(c):
			n := 1
			for n < len(rest) && (begins(rest[n]) || digit(rest[n]) || rest[n] == '$') {
				n++
			}
			list = append(list, token{word, lower(rest[:n])})
			i += n
		case digit(c) || c == '.' && len(rest) > 1 && digit(rest[1]):
			n := 1
			for n < len(rest) && (digit(rest[n]) || rest[n] == '.' || rest[n] == '_' || begins(rest[n])) {
				n++
			}
			list = append(list, token{number, ""})
			i += n
		default:
			list = append(list, token{other, rest[:1]})
			i++
		}
	}
	return list, true
}

func digit(c byte) bool { return c >= '0' && c <= '9' }

// begins says whether a name may begin with a byte.
func begins(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c >= utf8.RuneSelf
}

// lower is a name as the server reads it, if it is ASCII.
func lower(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}

// comment is the length of a comment, which may contain others; 0 if it does
// not end.
func comment(s string) int {
	depth := 0
	for i := 0; i+1 < len(s); {
		switch s[i : i+2] {
		case "/*":
			depth++
			i += 2
		case "*/":
			depth--
			i += 2
			if depth == 0 {
				return i
			}
		default:
			i++
		}
	}
	return 0
}

func literal(s string) int { return closing(s, '\'') }

// closing is the length of what is between two quotes; two in a row are one
// within.
func closing(s string, quote byte) int {
	for i := 1; i < len(s); i++ {
		if s[i] != quote {
			continue
		}
		if i+1 < len(s) && s[i+1] == quote {
			i++
			continue
		}
		return i + 1
	}
	return 0
}

// escaped is the length of a string in which backslashes escape.
func escaped(s string) int {
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '\\':
			i++
		case s[i] == '\'' && i+1 < len(s) && s[i+1] == '\'':
			i++
		case s[i] == '\'':
			return i + 1
		}
	}
	return 0
}

// dollar reads what begins with a dollar: a parameter or a string.
func dollar(s string) (int, token) {
	n := 1
	for n < len(s) && digit(s[n]) {
		n++
	}
	if n > 1 {
		return n, token{param, s[1:n]}
	}
	for n < len(s) && (begins(s[n]) || digit(s[n])) {
		n++
	}
	if n == len(s) || s[n] != '$' {
		return 0, token{}
	}
	mark := s[:n+1]
	end := strings.Index(s[len(mark):], mark)
	if end < 0 {
		return 0, token{}
	}
	return len(mark)*2 + end, token{text, ""}
}
