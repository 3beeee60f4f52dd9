// Examples for the package's documentation.

package command_test

import (
	"context"
	"os"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/command"
)

// A program of an app. Its main function is one call of Main, which runs the
// command line of the process; Run runs another one.
func ExampleRun() {
	app := gorgon.App{Name: "shop", Parts: []gorgon.Part{
		gorgon.Page[struct{}]{Path: "/", View: func(struct{}) gorgon.Component { return gorgon.Text("Home") }},
	}}
	command.Run(context.Background(), app, command.Config{}, []string{"routes"}, os.Stdout, os.Stderr)
	// Output: /  built
}
