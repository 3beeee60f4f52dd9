// Highlight: Go source becomes HTML with class-marked tokens, never a span
// across two lines, so that it can be cut into lines.

package library

import (
	"go/scanner"
	"go/token"
	"html"
	"strings"
)

// A mark is what becomes of one identifier: a link, an anchor, or nothing.
type mark struct {
	href string
	id   string
}

// highlight escapes src and wraps its tokens: class k for keywords, c comments,
// s strings and runes, n numbers, b predeclared names. marks, when given, holds one mark for each identifier in order;
// when their number does not fit, none is used.
func highlight(src string, marks []mark) string {
	src = strings.ReplaceAll(src, "\r", "") // the scanner drops them from comments, and offsets must agree
	var b strings.Builder
	b.Grow(len(src) * 2)
	fset := token.NewFileSet()
	file := fset.AddFile("", fset.Base(), len(src))
	var s scanner.Scanner
	s.Init(file, []byte(src), func(token.Position, string) {}, scanner.ScanComments)

	last, idents := 0, 0
	afterDot := false
	for {
		pos, tok, lit := s.Scan()
		if tok == token.EOF {
			break
		}
		if tok == token.SEMICOLON && lit != ";" {
			continue // inserted, not written
		}
		start := file.Offset(pos)
		end := start + len(lit)
		if lit == "" {
			end = start + len(tok.String())
		}
		if start < last || end > len(src) {
			continue
		}
		b.WriteString(html.EscapeString(src[last:start]))
		text := src[start:end]
		last = end
		switch {
		case tok == token.IDENT:
			var m mark
			if idents < len(marks) {
				m = marks[idents]
			}
			idents++
			writeIdent(&b, text, m, !afterDot && predeclared(text))
		case tok == token.COMMENT:
			writeSpan(&b, "c", text)
		case tok == token.STRING || tok == token.CHAR:
			writeSpan(&b, "s", text)
		case tok == token.INT || tok == token.FLOAT || tok == token.IMAG:
			writeSpan(&b, "n", text)
		case tok.IsKeyword():
			writeSpan(&b, "k", text)
		default:
			b.WriteString(html.EscapeString(text))
		}
		afterDot = tok == token.PERIOD
	}
	b.WriteString(html.EscapeString(src[last:]))
	if marks != nil && idents != len(marks) {
		return highlight(src, nil)
	}
	return b.String()
}

// writeSpan wraps text in a span of the class, one for each line.
func writeSpan(b *strings.Builder, class, text string) {
	for i, line := range strings.Split(text, "\n") {
		if i > 0 {
			b.WriteByte('\n')
		}
		if line == "" {
			continue
		}
		b.WriteString(`<span class="` + class + `">`)
		b.WriteString(html.EscapeString(line))
		b.WriteString("</span>")
	}
}

func writeIdent(b *strings.Builder, name string, m mark, predeclared bool) {
	switch {
	case m.href != "":
		b.WriteString(`<a href="` + html.EscapeString(m.href) + `">` + html.EscapeString(name) + "</a>")
	case m.id != "":
		b.WriteString(`<span id="` + html.EscapeString(m.id) + `">` + html.EscapeString(name) + "</span>")
	case predeclared:
		writeSpan(b, "b", name)
	default:
		b.WriteString(html.EscapeString(name))
	}
}

// predeclared reports whether name belongs to the universe scope.
func predeclared(name string) bool {
	switch name {
	case "any", "bool", "byte", "comparable", "complex64", "complex128", "error",
		"float32", "float64", "int", "int8", "int16", "int32", "int64", "rune",
		"string", "uint", "uint8", "uint16", "uint32", "uint64", "uintptr",
		"true", "false", "iota", "nil",
		"append", "cap", "clear", "close", "complex", "copy", "delete", "imag",
		"len", "make", "max", "min", "new", "panic", "print", "println", "real", "recover":
		return true
	}
	return false
}
