// What rooms say to package describe, and to the program of their app.

package rooms

import (
	"net/http"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/describe"
)

// Operation describes the room. Its path has no prefixes of groups.
func (d *Definition) Operation() describe.Operation {
	return describe.Operation{
		Name: d.Name, Method: http.MethodGet, Path: d.Path, Summary: d.Summary,
		Room: true, State: d.States, In: d.Ops, Out: d.Outs, Guarded: d.Enter != nil,
	}
}

// OpenAPI describes the app that has the room, for its program.
func (d *Definition) OpenAPI(app gorgon.App, below ...string) ([]byte, error) {
	return describe.OpenAPI(app, below...)
}
