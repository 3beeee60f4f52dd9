// Loading: while a page is waited for, <html> has the attribute
// data-gorgon-loading, of which app.css makes a bar.

package main

import (
	"context"
	"net/http"
	"time"

	"github.com/gorgon-go/gorgon"
)

var loading = exhibit{"loading", "/loading", []gorgon.Route{
	gorgon.Page[Place]{
		Path:       "/loading",
		BuildState: here,
		Head:       head[Place]("loading"),
		View: func(s Place) gorgon.Component {
			return show(s, "loading", markup(`<p><a id="slow" data-gorgon-prefetch="none" href="{}">{}</a></p>`, url("/loading/slow"), t("loading.go")))
		},
	},
	gorgon.Page[Place]{
		Path: "/loading/slow",
		RequestState: func(ctx context.Context, in gorgon.Input, _ *http.Request) (Place, error) {
			select {
			case <-time.After(1500 * time.Millisecond):
				return placeOf(in), nil
			case <-ctx.Done():
				return Place{}, ctx.Err()
			}
		},
		Head: head[Place]("loading"),
		View: func(s Place) gorgon.Component {
			return show(s, "loading", markup(`<p class="big" id="there">{}</p><p><a href="{}">{}</a></p>`, t("loading.there"), url("/loading"), t("loading.again")))
		},
	},
}}
