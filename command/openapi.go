// openapi: what the app's endpoints are, for the tool that makes clients.

package command

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/cli"
)

// A describer can describe the app that it is a part of. Whatever describes is
// linked by the parts of an app that have it, and not by each program.
type describer interface {
	OpenAPI(app gorgon.App, below ...string) ([]byte, error)
}

// openapiCommand prints the description. Like parts, it reads and writes
// nothing else.
func openapiCommand(p *program) *cobra.Command {
	var below []string
	c := &cobra.Command{
		Use:    "openapi",
		Short:  "Print the OpenAPI description of the app's endpoints",
		Args:   noArguments,
		Hidden: true,
		RunE:   func(*cobra.Command, []string) error { return cli.Fail(p.openapi(below)) },
	}
	c.Flags().StringArrayVar(&below, "below", nil, "describe what is at or below this path (repeatable); default: all")
	return c
}

func (p *program) openapi(below []string) error {
	if err := p.app.Validate(); err != nil {
		return err
	}
	d := describerOf(p.app)
	if d == nil {
		return errors.New("the app has no endpoints to describe: add one of package github.com/gorgon-go/gorgon/api to App.Parts")
	}
	text, err := d.OpenAPI(p.app, below...)
	if err == nil {
		_, err = p.out.Write(text)
	}
	return err
}

// describerOf finds a part that describes the app; nil for none.
func describerOf(app gorgon.App) describer {
	for _, h := range app.Handlers() {
		if d, ok := h.Handler.(describer); ok {
			return d
		}
	}
	for _, p := range app.Definitions() {
		if d, ok := p.About.(describer); ok {
			return d
		}
	}
	return nil
}
