// Height: how tall the parts of a page will be. Browsers lay out what comes into
// view, and need a height for the rest: without one that is about right, the
// scrollbar jumps, and a page that is gone back to is elsewhere (see app.css).

package views

import (
	"html"
	"math"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/a-h/templ"

	"github.com/gorgon-go/gorgon/examples/godoc/library"
)

// A height is in rows of text, 25.6 pixels each: those of code and headings,
// those of text, which are more where the column is narrow, and those that long
// lines of code add there.
type height struct{ fixed, text, wrapped float64 }

var (
	headingHeight = height{fixed: 2.4} // of a symbol, with the space above
	exampleHeight = height{fixed: 2.2} // closed
)

func (h height) plus(other height) height {
	return height{h.fixed + other.fixed, h.text + other.text, h.wrapped + other.wrapped}
}

func (h height) times(n int) height {
	return height{h.fixed * float64(n), h.text * float64(n), h.wrapped * float64(n)}
}

// attributes are what the style sheet reads.
func (h height) attributes() templ.Attributes {
	a := templ.Attributes{}
	for name, rows := range map[string]float64{"data-rows": h.fixed, "data-text": h.text, "data-wrapped": h.wrapped} {
		if n := int(math.Round(rows)); n > 0 {
			a[name] = strconv.Itoa(n)
		}
	}
	return a
}

func funcHeight(f library.Func) height {
	return headingHeight.plus(codeHeight(f.Decl)).plus(docHeight(f.Doc)).plus(exampleHeight.times(len(f.Examples)))
}

func valueHeight(v library.Value) height {
	return codeHeight(v.Decl).plus(docHeight(v.Doc)).plus(height{fixed: 0.3})
}

func typeHeight(t library.Type) height {
	return headingHeight.plus(codeHeight(t.Decl)).plus(docHeight(t.Doc)).plus(exampleHeight.times(len(t.Examples)))
}

func codeHeight(code string) height {
	h := height{fixed: 1.7} // its frame
	for line := range strings.Lines(code) {
		h.fixed += 0.82
		h.wrapped += 0.78 * float64((max(letters(line)+3*strings.Count(line, "\t"), 1)-1)/43)
	}
	return h
}

// block is a tag of the HTML that go/doc makes, outside of a line of text. It
// closes lists and code, and neither paragraphs nor items.
var block = regexp.MustCompile(`</?(p|pre|h[34]|[uo]l|li)\b[^>]*>`)

// docHeight reads the HTML that go/doc makes: paragraphs, headings, lists, code.
func docHeight(doc string) (h height) {
	tags := block.FindAllStringSubmatchIndex(doc, -1)
	for i, t := range tags {
		end := len(doc)
		if i+1 < len(tags) {
			end = tags[i+1][0]
		}
		inner := strings.TrimSuffix(doc[t[1]:end], "\n")
		if doc[t[0]+1] == '/' {
			continue
		}
		switch doc[t[2]:t[3]] {
		case "pre":
			h = h.plus(codeHeight(inner))
		case "p":
			h = h.plus(height{fixed: 0.63, text: textRows(inner)})
		case "h3", "h4":
			h.fixed += 1.6
		case "ul", "ol":
			h.fixed += 0.63
		case "li":
			h.text += textRows(inner) // none if it has paragraphs
		}
	}
	return h
}

// textRows is the number of rows of some HTML in a column of 46rem.
func textRows(text string) float64 { return math.Ceil(float64(letters(text)) / 92) }

// letters is the number of characters that are read of some HTML.
func letters(text string) int {
	n := 0
	for text != "" {
		read, rest, _ := strings.Cut(text, "<")
		n += utf8.RuneCountInString(html.UnescapeString(read))
		_, text, _ = strings.Cut(rest, ">")
	}
	return n
}
