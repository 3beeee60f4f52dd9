// Markdown: the text of posts as HTML.

package main

import (
	"bytes"
	"fmt"
	"html"
	"html/template"
	"regexp"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
)

// dialect is that of GitHub, with footnotes. Columns are aligned by attributes,
// since the policy of the pages forbids styles in HTML.
var dialect = goldmark.New(
	goldmark.WithExtensions(
		extension.NewTable(extension.WithTableCellAlignMethod(extension.TableCellAlignAttribute)),
		extension.Strikethrough, extension.Linkify, extension.TaskList, extension.Footnote, extension.Typographer,
	),
	goldmark.WithParserOptions(parser.WithAutoHeadingID()),
)

// markdown is a text as HTML. Its links and images, such as [that](/posts/that),
// become what link returns for them. Comments are left out, and other HTML is refused:
// to let it through, remove the check and give dialect goldmark's html.WithUnsafe.
func markdown(s string, link func(reference string) (string, error)) (template.HTML, error) {
	source := []byte(s)
	document := dialect.Parser().Parse(text.NewReader(source))
	var comments []ast.Node
	err := ast.Walk(document, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		var to *[]byte
		switch n := n.(type) {
		case *ast.Link:
			to = &n.Destination
		case *ast.Image:
			to = &n.Destination
		case *ast.HTMLBlock:
			comments = append(comments, n)
			html := string(n.Lines().Value(source))
			if n.HasClosure() {
				html += string(n.ClosureLine.Value(source))
			}
			return ast.WalkContinue, refuse(html)
		case *ast.RawHTML:
			comments = append(comments, n)
			return ast.WalkContinue, refuse(string(n.Segments.Value(source)))
		}
		if to == nil || !bytes.HasPrefix(*to, []byte("/")) {
			return ast.WalkContinue, nil // a link to another site, or within the page
		}
		url, err := link(string(*to))
		*to = []byte(url)
		return ast.WalkContinue, err
	})
	if err != nil {
		return "", err
	}
	for _, n := range comments {
		n.Parent().RemoveChild(n.Parent(), n)
	}
	var b bytes.Buffer
	err = dialect.Renderer().Render(&b, source, document)
	return template.HTML(b.String()), err
}

var comment = regexp.MustCompile(`(?s)<!--.*?-->`)

// refuse is an error for HTML that is not a comment.
func refuse(html string) error {
	if strings.TrimSpace(comment.ReplaceAllString(html, "")) == "" {
		return nil
	}
	return fmt.Errorf("the post holds HTML, which would be left out: %.40q: write it in Markdown, or see markdown.go", strings.TrimSpace(html))
}

var (
	definition = regexp.MustCompile(`(?m)^\[[^^\]].*\]:.*$`) // [that]: /posts/that
	markup     = regexp.MustCompile(`<[^>]*>|\[\^[^\]]*\]`)  // elements, and marks of footnotes
)

// summary is what stands before <!--more-->, as text; "" where there is none.
func summary(s string) (string, error) {
	before, after, ok := strings.Cut(s, "<!--more-->")
	if !ok {
		return "", nil
	}
	links := strings.Join(definition.FindAllString(after, -1), "\n")
	h, err := markdown(before+"\n\n"+links, func(reference string) (string, error) { return reference, nil })
	return strings.Join(strings.Fields(html.UnescapeString(markup.ReplaceAllString(string(h), ""))), " "), err
}
