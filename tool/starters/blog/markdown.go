// Markdown: the text of posts as HTML.

package main

import (
	"bytes"
	"fmt"
	"html/template"

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
// become what link returns for them. HTML is refused, but for comments: to let it
// through, remove the check and give dialect goldmark's html.WithUnsafe.
func markdown(s string, link func(reference string) (string, error)) (template.HTML, error) {
	source := []byte(s)
	document := dialect.Parser().Parse(text.NewReader(source))
	err := ast.Walk(document, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		var to *[]byte
		switch n := n.(type) {
		case *ast.Link:
			to = &n.Destination
		case *ast.Image:
			to = &n.Destination
		case *ast.HTMLBlock:
			return ast.WalkContinue, refuse(n.Lines().Value(source))
		case *ast.RawHTML:
			return ast.WalkContinue, refuse(n.Segments.Value(source))
		}
		if to == nil || !entering || !bytes.HasPrefix(*to, []byte("/")) {
			return ast.WalkContinue, nil // a link to another site, or within the page
		}
		url, err := link(string(*to))
		*to = []byte(url)
		return ast.WalkContinue, err
	})
	if err != nil {
		return "", err
	}
	var b bytes.Buffer
	err = dialect.Renderer().Render(&b, source, document)
	return template.HTML(b.String()), err
}

// refuse is an error for HTML that is not a comment.
func refuse(html []byte) error {
	if html = bytes.TrimSpace(html); bytes.HasPrefix(html, []byte("<!--")) {
		return nil
	}
	return fmt.Errorf("the post holds HTML, which would be left out: %.40q: write it in Markdown, or see markdown.go", html)
}
