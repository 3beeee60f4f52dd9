package api_test

import (
	"context"
	"fmt"
	"io"
	"testing"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/api"
	"github.com/gorgon-go/gorgon/gorgontest"
)

// A checkbox has only attributes that checkboxes may have.
func TestChoice(t *testing.T) {
	type input struct {
		Tags []string `json:"tags" check:"each.min=1,each.max=9"`
	}
	e := api.Endpoint[input, api.None]{Path: "POST /tags", Handle: func(context.Context, input) (api.None, error) { return api.None{}, nil }}
	var choice map[string]any
	site := gorgontest.Open(t, gorgon.App{Name: "choice", Parts: []gorgon.Part{e, gorgon.Page[int]{Path: "/", View: func(int) gorgon.Component {
		return gorgon.ComponentFunc(func(ctx context.Context, _ io.Writer) error {
			choice = e.FormWith(ctx, input{Tags: []string{"sweet"}}).Field("tags").Choice("sweet")
			return nil
		})
	}}}})
	site.Get("/")
	if want := "map[checked:true id:postTags-tags-sweet name:tags type:checkbox value:sweet]"; fmt.Sprint(choice) != want {
		t.Errorf("got %v, want %s", choice, want)
	}
}
