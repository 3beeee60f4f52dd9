// Markdown: the text of posts as HTML.

package main

import (
	"bytes"
	"context"
	"html/template"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"

	"github.com/gorgon-go/gorgon"
)

// dialect leaves out HTML that stands in a post; goldmark's html.WithUnsafe
// lets it through.
var dialect = goldmark.New(
	goldmark.WithExtensions(extension.GFM, extension.Typographer),
	goldmark.WithParserOptions(parser.WithAutoHeadingID()),
)

// markdown is a text as HTML. Links such as [that](/posts/that) get the base
// path that the blog is served below.
func markdown(ctx context.Context, s string) (template.HTML, error) {
	source := []byte(s)
	document := dialect.Parser().Parse(text.NewReader(source))
	err := ast.Walk(document, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		switch n := n.(type) {
		case *ast.Link:
			if entering {
				n.Destination = []byte(gorgon.URL(ctx, string(n.Destination)))
			}
		case *ast.Image:
			if entering {
				n.Destination = []byte(gorgon.URL(ctx, string(n.Destination)))
			}
		}
		return ast.WalkContinue, nil
	})
	if err != nil {
		return "", err
	}
	var b bytes.Buffer
	err = dialect.Renderer().Render(&b, source, document)
	return template.HTML(b.String()), err
}
