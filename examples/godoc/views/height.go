// Height: how tall the parts of a page will be. Browsers lay out what comes into
// view, and need a height for the rest: without one that is about right, the
// scrollbar jumps, and a page that is gone back to is elsewhere (see app.css).

package views

import (
	"html"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/a-h/templ"

	"github.com/gorgon-go/gorgon/examples/godoc/library"
)

// A height is in rows of text, 25.6 pixels each: those of code and headings,
// and those of text, which are more where the column is narrow.
type height struct{ fixed, text float64 }

var (
	headingHeight = height{fixed: 2.4} // of a symbol, with the space above
	exampleHeight = height{fixed: 2.2} // closed
)

func (h height) plus(other height) height { return height{h.fixed + other.fixed, h.text + other.text} }

func (h height) times(n int) height { return height{h.fixed * float64(n), h.text * float64(n)} }

// attributes are what the style sheet reads.
func (h height) attributes() templ.Attributes {
	a := templ.Attributes{"data-rows": strconv.Itoa(int(math.Round(h.fixed)))}
	if text := int(math.Round(h.text)); text > 0 {
		a["data-text"] = strconv.Itoa(text)
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
	return height{fixed: 1.7 + 0.82*float64(1+strings.Count(code, "\n"))} // and its frame
}

// docHeight reads the HTML that go/doc makes: paragraphs, headings, lists, code.
func docHeight(doc string) (h height) {
	for {
		_, rest, found := strings.Cut(doc, "<")
		if !found {
			return h
		}
		tag, rest, _ := strings.Cut(rest, ">")
		name, _, _ := strings.Cut(tag, " ")
		inner, after, _ := strings.Cut(rest, "</"+name+">")
		switch name {
		case "pre":
			h = h.plus(codeHeight(strings.TrimSuffix(inner, "\n")))
		case "p", "h3", "h4":
			h = h.plus(height{fixed: 0.63, text: textRows(inner)})
		case "li":
			if strings.Contains(inner, "<p>") {
				after = rest // its paragraphs count
			} else {
				h.text += textRows(inner)
			}
		default:
			after = rest
		}
		doc = after
	}
}

// textRows is the number of rows of some HTML in a column of 46rem.
func textRows(text string) float64 {
	letters := 0
	for text != "" {
		read, rest, _ := strings.Cut(text, "<")
		letters += utf8.RuneCountInString(html.UnescapeString(read))
		_, text, _ = strings.Cut(rest, ">")
	}
	return math.Ceil(float64(letters) / 92)
}
