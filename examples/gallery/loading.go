// Loading: while the next page loads, <html> has the attribute
// data-gorgon-loading, from which app.css makes a bar.

package main

import (
	"context"
	"net/http"
	"time"

	"github.com/gorgon-go/gorgon"
)

var loading = exhibit{"loading", "/loading", []gorgon.Part{
	gorgon.Page[Place]{
		Path:    "/loading",
		Load:    here,
		HeadFor: head[Place]("loading"),
		View: func(s Place) gorgon.Component {
			return show(s, "loading", markup(`<p><a id="slow" data-gorgon-prefetch="none" href="{}">{}</a></p>`, url("/loading/slow"), t("loading.go")))
		},
	},
	gorgon.Page[Place]{
		Path: "/loading/slow",
		LoadRequest: func(ctx context.Context, in gorgon.Input, _ *http.Request) (Place, error) {
			select {
			case <-time.After(1500 * time.Millisecond):
				return placeOf(in), nil
			case <-ctx.Done():
				return Place{}, ctx.Err()
			}
		},
		HeadFor: head[Place]("loading"),
		View: func(s Place) gorgon.Component {
			return show(s, "loading", markup(`<p class="big" id="there">{}</p><p><a href="{}">{}</a></p>`, t("loading.there"), url("/loading"), t("loading.again")))
		},
	},
}}
