// Plain text from a view.

package mail

import (
	"context"
	"strconv"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"github.com/gorgon-go/gorgon"
)

// TextOf is a view as plain text, as a message has it that has no Text: blocks
// are paragraphs, links are "text (URL)", images are their alternative texts,
// items of lists begin with "- " or their number. Elements with the attribute
// hidden are left out.
func TextOf(ctx context.Context, view gorgon.Component) (string, error) {
	text, err := render(ctx, view)
	if err != nil {
		return "", err
	}
	if text, err = absolute(ctx, text); err != nil {
		return "", err
	}
	return plain(text)
}

func plain(view string) (string, error) {
	root, err := html.Parse(strings.NewReader(view))
	if err != nil {
		return "", &gorgon.Error{Op: "read a mail's view", Err: err}
	}
	var w writer
	w.node(root)
	return strings.TrimSpace(w.out.String()) + "\n", nil
}

// A writer writes text without spaces at the ends of lines, and with one empty
// line between paragraphs at most.
type writer struct {
	out    strings.Builder
	lines  int    // ends of lines that are due before the next text
	space  bool   // a space is due
	pre    int    // elements around that keep white space
	prefix string // what begins each line: items of lists
	mark   string // what begins the next line in place of the end of prefix
}

// block begins a line, with n-1 empty lines before it.
func (w *writer) block(n int) { w.lines, w.space = max(w.lines, n), false }

// word writes a text that has no white space at its ends.
func (w *writer) word(text string) {
	switch {
	case w.lines > 0 || w.out.Len() == 0:
		if w.out.Len() > 0 {
			w.out.WriteString(strings.Repeat("\n", w.lines))
		}
		w.out.WriteString(strings.TrimSuffix(w.prefix, strings.Repeat(" ", len(w.mark))) + w.mark)
		w.mark = ""
	case w.space:
		w.out.WriteByte(' ')
	}
	w.out.WriteString(text)
	w.lines, w.space = 0, false
}

const white = " \t\n\r\f"

func (w *writer) text(text string) {
	if w.pre > 0 {
		for i, line := range strings.Split(text, "\n") {
			if i > 0 {
				w.lines++
			}
			kept := strings.TrimRight(line, white)
			if kept != "" {
				w.word(kept)
			}
			w.space = w.space || len(kept) < len(line)
		}
		return
	}
	for len(text) > 0 {
		rest := strings.TrimLeft(text, white)
		w.space = w.space || len(rest) < len(text)
		end := strings.IndexAny(rest, white)
		if end < 0 {
			end = len(rest)
		}
		if end > 0 {
			w.word(rest[:end])
		}
		text = rest[end:]
	}
}

func (w *writer) children(n *html.Node) {
	for c := range n.ChildNodes() {
		w.node(c)
	}
}

// breaks are the elements that stand in lines of their own: 1, or with an empty
// line around: 2.
var breaks = map[atom.Atom]int{
	atom.P: 2, atom.H1: 2, atom.H2: 2, atom.H3: 2, atom.H4: 2, atom.H5: 2, atom.H6: 2, atom.Ul: 2, atom.Ol: 2, atom.Dl: 2, atom.Table: 2, atom.Blockquote: 2, atom.Pre: 2, atom.Hr: 2,
	atom.Div: 1, atom.Section: 1, atom.Article: 1, atom.Header: 1, atom.Footer: 1, atom.Main: 1, atom.Nav: 1, atom.Address: 1, atom.Figure: 1, atom.Figcaption: 1, atom.Center: 1,
	atom.Li: 1, atom.Dt: 1, atom.Dd: 1, atom.Tr: 1, atom.Form: 1,
}

func (w *writer) node(n *html.Node) {
	switch n.Type {
	case html.TextNode:
		w.text(n.Data)
		return
	case html.ElementNode, html.DocumentNode:
	default:
		return
	}
	if _, hidden := attribute(n, "hidden"); hidden {
		return
	}
	around := breaks[n.DataAtom]
	if around == 2 && w.prefix != "" {
		around = 1 // lists in lists are close
	}
	if around > 0 {
		w.block(around)
	}
	w.inline(n)
	if around > 0 {
		w.block(around)
	}
}

func (w *writer) inline(n *html.Node) {
	switch n.DataAtom {
	case atom.Head, atom.Script, atom.Style, atom.Title, atom.Template, atom.Noscript, atom.Svg, atom.Select, atom.Textarea:
	case atom.Br:
		w.lines, w.space = w.lines+1, false
	case atom.Hr:
		w.word("---")
	case atom.Img:
		if alt, _ := attribute(n, "alt"); strings.TrimSpace(alt) != "" {
			w.text(alt)
		}
	case atom.A:
		w.link(n)
	case atom.Li:
		w.item(n)
	case atom.Pre:
		w.pre++
		w.children(n)
		w.pre--
	case atom.Td, atom.Th:
		w.space = true
		w.children(n)
		w.space = true
	default:
		w.children(n)
	}
}

// link writes the text of a link, and where it leads if that says more.
func (w *writer) link(n *html.Node) {
	before := w.out.Len()
	w.children(n)
	to, _ := attribute(n, "href")
	to = strings.TrimSpace(to)
	shown, text := strings.TrimPrefix(to, "mailto:"), content(n)
	switch {
	case to == "" || strings.HasPrefix(to, "#") || text == shown || text == strings.TrimPrefix(to, "tel:"):
	case w.out.Len() == before:
		w.word(shown)
	default:
		w.space = true
		w.word("(" + shown + ")")
	}
}

// content is the text in an element, on one line.
func content(n *html.Node) string {
	var all strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			all.WriteString(d.Data)
		}
	}
	return strings.Join(strings.Fields(all.String()), " ")
}

// item writes an item of a list, whose further lines are indented.
func (w *writer) item(n *html.Node) {
	mark := "- "
	if n.Parent != nil && n.Parent.DataAtom == atom.Ol {
		count := 1
		for s := n.PrevSibling; s != nil; s = s.PrevSibling {
			if s.DataAtom == atom.Li {
				count++
			}
		}
		mark = strconv.Itoa(count) + ". "
	}
	outer := w.prefix
	w.prefix, w.mark = outer+strings.Repeat(" ", len(mark)), mark
	w.children(n)
	w.prefix, w.mark = outer, ""
}

func attribute(n *html.Node, name string) (string, bool) {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val, true
		}
	}
	return "", false
}
