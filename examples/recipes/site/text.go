// What views call: links, and messages.

package site

import (
	"context"

	"github.com/a-h/templ"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/api"
	"github.com/gorgon-go/gorgon/i18n"
)

func link(ctx context.Context, reference string) string      { return gorgon.URL(ctx, reference) }
func page(ctx context.Context, path string) string           { return gorgon.PathURL(ctx, path) }
func asset(ctx context.Context, name string) (string, error) { return gorgon.Asset(ctx, name) }

// t is a message in the language of the page; pairs are names and values.
func t(ctx context.Context, key string, pairs ...any) (string, error) {
	args := i18n.Args{}
	for i := 0; i < len(pairs); i += 2 {
		args[pairs[i].(string)] = pairs[i+1]
	}
	return messages.Text(ctx, key, args)
}

// optional are the attributes of a field in a row that may stay empty.
func optional(f *api.Field) templ.Attributes {
	a := templ.Attributes(f.Input())
	delete(a, "required")
	return a
}
