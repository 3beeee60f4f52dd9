// The parts around every page: the document, the frame of an exhibit, and its code.

package main

import (
	"context"
	"fmt"
	"go/scanner"
	"go/token"
	"html"
	"io"
	"strings"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/i18n"
)

// A Place is the part of every state that identifies its page.
type Place struct{ Path, Locale string }

func (p Place) place() Place { return p }

func placeOf(in gorgon.Input) Place { return Place{in.Path, in.Locale} }

// here makes the state of a page without further state.
func here(_ context.Context, in gorgon.Input) (Place, error) { return placeOf(in), nil }

// head gives a page the title and description of its exhibit, in its language.
func head[S any](name string) func(context.Context, gorgon.Input, S) (gorgon.Head, error) {
	return func(ctx context.Context, _ gorgon.Input, _ S) (gorgon.Head, error) {
		title, err := messages.Text(ctx, name+".title", nil)
		if err != nil {
			return gorgon.Head{}, err
		}
		about, err := messages.Text(ctx, name+".about", nil)
		return gorgon.Head{Title: title + " · Gorgon", Description: about}, err
	}
}

// t is a message in the language of the page.
func t(key string, pairs ...any) gorgon.Component {
	args := i18n.Args{}
	for i := 0; i < len(pairs); i += 2 {
		args[pairs[i].(string)] = pairs[i+1]
	}
	return messages.T(key, args)
}

// url writes the address of a page in the language of the page it stands in.
func url(path string) gorgon.Component {
	return gorgon.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		return gorgon.Text(gorgon.URL(ctx, path)).Render(ctx, w)
	})
}

// asset writes the address of an asset.
func asset(name string) gorgon.Component {
	return gorgon.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		at, err := gorgon.Asset(ctx, name)
		if err != nil {
			return err
		}
		return gorgon.Text(at).Render(ctx, w)
	})
}

// markup is trusted HTML in which each {} is filled with the next of the parts.
func markup(text string, parts ...gorgon.Component) gorgon.Component {
	return gorgon.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		pieces := strings.Split(text, "{}")
		if len(pieces) != len(parts)+1 {
			return fmt.Errorf("%d parts for %q", len(parts), text)
		}
		for i, piece := range pieces {
			if _, err := io.WriteString(w, piece); err != nil {
				return err
			}
			if i < len(parts) {
				if err := parts[i].Render(ctx, w); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// all is one component after another.
func all(parts ...gorgon.Component) gorgon.Component {
	return markup(strings.Repeat("{}", len(parts)), parts...)
}

func layout(d gorgon.Document) gorgon.Component {
	return markup(`<!doctype html>
<html lang="`+d.Locale+`" dir="`+d.Dir+`">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="{}"><link rel="stylesheet" href="{}"><script type="module" src="{}"></script>{}</head>
<body>
<a class="skip" href="#main">{}</a>
<header><a href="{}"><strong>Gorgon</strong> {}</a>{}</header>
<main id="main">{}</main>
<footer><p>{}</p></footer>
<div id="popup" role="alert" hidden>{}<button>{}</button></div>
</body>
</html>`, asset("stone.svg"), asset("app.css"), asset("popup.ts"), d.Head, t("skip"), url("/"), t("gallery"), otherLanguages(d.Path), d.Main, t("foot"),
		failure(gorgon.Failure{Status: 500, Locale: d.Locale, Position: gorgon.InPopup}), t("close"))
}

// show frames an exhibit: what it is, the thing itself, and its code.
func show(s interface{ place() Place }, name string, parts ...gorgon.Component) gorgon.Component {
	return markup(`<article>
<h1>{}</h1>
<p class="about">{}</p>
<div class="columns"><div class="thing">{}</div>
<section class="code" aria-label="`+name+`.go" lang="en" dir="ltr"><h2>`+name+`.go</h2><pre tabindex="0">{}</pre></section></div>
</article>`, t(name+".title"), t(name+".about"), all(parts...), code(name+".go"))
}

// code is a file of this program, in the colours of its tokens.
func code(name string) gorgon.Component {
	source, err := embedded.ReadFile(name)
	if err != nil {
		return gorgon.ComponentFunc(func(context.Context, io.Writer) error { return err })
	}
	var b strings.Builder
	var s scanner.Scanner
	file := token.NewFileSet().AddFile(name, -1, len(source))
	s.Init(file, source, nil, scanner.ScanComments)
	done := 0
	for {
		pos, kind, text := s.Scan()
		if kind == token.EOF {
			break
		}
		class := ""
		switch {
		case kind == token.COMMENT:
			class = "i"
		case kind == token.STRING || kind == token.CHAR:
			class = "b"
		case kind.IsKeyword():
			class = "u"
		}
		if class == "" || text == "\n" {
			continue
		}
		at := file.Offset(pos)
		b.WriteString(html.EscapeString(string(source[done:at])))
		b.WriteString("<" + class + ">" + html.EscapeString(text) + "</" + class + ">")
		done = at + len(text)
	}
	b.WriteString(html.EscapeString(strings.TrimRight(string(source[done:]), "\n")))
	return gorgon.HTML(b.String())
}
