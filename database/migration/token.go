// The words of SQL.

package migration

import (
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A token is a word, a quoted name, a string, a comment or one sign.
type token struct {
	kind tokenKind
	text string // as it stands; of a word in lower case, of a name what is in quotes
	at   int    // where it begins, and ends
	end  int
}

type tokenKind int

const (
	word tokenKind = iota
	name
	literal
	comment // to the end of its line, without that; or between /* and */
	sign
)

// is says whether a token is one of some words or signs.
func (t token) is(texts ...string) bool {
	if t.kind != word && t.kind != sign {
		return false
	}
	for _, text := range texts {
		if t.text == text {
			return true
		}
	}
	return false
}

// A scanner takes a text apart.
type scanner struct {
	text    string
	at      int
	dialect string
}

var (
	errString  = errors.New("a string or quoted name that begins here does not end")
	errComment = errors.New("a comment that begins here does not end")
)

// next is the next token; false at the end. An error is at the position of the
// token.
func (s *scanner) next() (t token, ok bool, err error) {
	for s.at < len(s.text) {
		c, n := utf8.DecodeRuneInString(s.text[s.at:])
		if !unicode.IsSpace(c) {
			break
		}
		s.at += n
	}
	if s.at >= len(s.text) {
		return token{at: s.at, end: s.at}, false, nil
	}
	t.at = s.at
	rest := s.text[s.at:]
	switch c := rest[0]; {
	case strings.HasPrefix(rest, "--"):
		t.kind, s.at = comment, s.at+len(rest)
		if end := strings.IndexByte(rest, '\n'); end >= 0 {
			s.at = t.at + end
		}
	case strings.HasPrefix(rest, "/*"):
		t.kind = comment
		err = s.skipComment()
	case c == '\'':
		t.kind = literal
		err = s.skipQuoted('\'', false)
	case c == '"', s.dialect == SQLite && c == '`':
		t.kind = name
		err = s.skipQuoted(c, false)
	case s.dialect == SQLite && c == '[':
		t.kind = name
		err = s.skipQuoted(']', false)
	case s.dialect == PostgreSQL && c == '$' && dollarTag(rest) != "":
		t.kind = literal
		tag := dollarTag(rest)
		end := strings.Index(rest[len(tag):], tag)
		if end < 0 {
			err = errString
		}
		s.at += end + 2*len(tag)
	case isWord(c):
		t.kind = word
		for s.at < len(s.text) && (isWord(s.text[s.at]) || s.text[s.at] == '$') {
			s.at++
		}
		prefix := strings.ToLower(s.text[t.at:s.at])
		if quote := s.at < len(s.text) && s.text[s.at] == '\''; quote && (prefix == "e" || prefix == "x" || prefix == "b" || prefix == "n") {
			t.kind = literal
			err = s.skipQuoted('\'', prefix == "e" && s.dialect == PostgreSQL)
		}
	default:
		t.kind = sign
		_, n := utf8.DecodeRuneInString(rest)
		s.at += n
	}
	if err != nil {
		return t, false, err
	}
	t.end = s.at
	switch t.text = s.text[t.at:t.end]; t.kind {
	case word:
		t.text = strings.ToLower(t.text)
	case name:
		quote := t.text[len(t.text)-1:]
		t.text = strings.ReplaceAll(t.text[1:len(t.text)-1], quote+quote, quote)
	}
	return t, true, nil
}

// skipQuoted moves from an opening quote, at at, to after the closing one. A
// quote that is doubled is part of the text; so is, with escapes, one after a
// backslash.
func (s *scanner) skipQuoted(quote byte, escapes bool) error {
	for i := s.at + 1; i < len(s.text); i++ {
		switch {
		case escapes && s.text[i] == '\\':
			i++
		case s.text[i] != quote:
		case quote != ']' && i+1 < len(s.text) && s.text[i+1] == quote:
			i++
		default:
			s.at = i + 1
			return nil
		}
	}
	return errString
}

// skipComment moves to after a comment, in which PostgreSQL has others.
func (s *scanner) skipComment() error {
	depth := 0
	for i := s.at; i < len(s.text); i++ {
		switch rest := s.text[i:]; {
		case strings.HasPrefix(rest, "/*") && (depth == 0 || s.dialect == PostgreSQL):
			depth++
			i++
		case strings.HasPrefix(rest, "*/"):
			i++
			if depth--; depth == 0 {
				s.at = i + 1
				return nil
			}
		}
	}
	return errComment
}

// dollarTag is the tag that a text begins with: $$ or $body$; "" for none.
func dollarTag(text string) string {
	end := strings.IndexByte(text[1:], '$')
	if end < 0 {
		return ""
	}
	tag := text[1 : 1+end]
	for i := range len(tag) {
		if !isWord(tag[i]) || i == 0 && tag[i] >= '0' && tag[i] <= '9' {
			return ""
		}
	}
	return text[:end+2]
}

// isWord says whether a byte is one of a word. Those of other scripts are.
func isWord(c byte) bool {
	return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c >= utf8.RuneSelf
}
