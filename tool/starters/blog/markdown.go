// Markdown: the text of posts as HTML.

package main

import (
	"bytes"
	"html/template"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
)

// dialect leaves out HTML that stands in a post; goldmark's html.WithUnsafe
// lets it through.
var dialect = goldmark.New(
	goldmark.WithExtensions(extension.GFM, extension.Typographer),
	goldmark.WithParserOptions(parser.WithAutoHeadingID()),
)

// markdown is a text as HTML. Its links and images, such as [that](/posts/that),
// become what link returns for them.
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
