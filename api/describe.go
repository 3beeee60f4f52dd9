// What operations say to package describe, and to the program of their app.

package api

import (
	"slices"
	"strings"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/describe"
	"github.com/gorgon-go/gorgon/shape"
	"github.com/gorgon-go/gorgon/wire"
)

// Operation describes the operation. Its path has no prefixes of groups.
func (o *Operation) Operation() describe.Operation {
	d := describe.Operation{
		Name: o.Name, Method: o.Method, Path: o.Path, Summary: o.Summary, Deprecated: o.Deprecated, In: o.In,
		Stream: o.Kind == Events, Stored: o.Kind == Reading, Located: o.redirects,
	}
	own := func(p shape.Parameter) bool { return p.In == "header" && strings.EqualFold(p.Name, wire.HeaderKey) }
	if o.once != nil && o.In != nil && !slices.ContainsFunc(o.In.Parameters(), own) {
		d.Key = wire.HeaderKey
	}
	if !o.Empty() {
		d.Out = o.Out
	}
	return d
}

// OpenAPI describes the app that has the operation. The app's program prints it
// for the tool, and need not link package describe if there are no operations.
func (o *Operation) OpenAPI(app gorgon.App, below ...string) ([]byte, error) {
	return describe.OpenAPI(app, below...)
}
