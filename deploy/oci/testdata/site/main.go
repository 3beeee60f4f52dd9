// A site of one page, to be put into an image and served from there.
package main

import (
	"context"
	"io"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/command"
)

type greeting struct{ Text string }

func main() {
	command.Main(gorgon.App{
		Name: "site",
		Parts: []gorgon.Part{gorgon.Page[greeting]{
			Path: "/",
			Load: func(context.Context, gorgon.Input) (greeting, error) {
				return greeting{"Hello from the image"}, nil
			},
			View: func(g greeting) gorgon.Component { return text(g.Text) },
		}},
	}, command.Config{})
}

type text string

func (t text) Render(_ context.Context, w io.Writer) error {
	_, err := io.WriteString(w, "<!doctype html><title>site</title><p>"+string(t)+"</p>")
	return err
}
