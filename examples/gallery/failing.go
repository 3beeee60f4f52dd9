// Failing: a fragment that cannot be made, in a page that still works.

package main

import (
	"context"
	"errors"
	"net/http"

	"github.com/gorgon-go/gorgon"
)

var broken = gorgon.Fragment[struct{}, Place]{
	Name: "broken",
	LoadRequest: func(context.Context, gorgon.Input, struct{}, *http.Request) (Place, error) {
		return Place{}, errors.New("the cause that only the log knows")
	},
	View:     func(Place) gorgon.Component { return gorgon.Text("") },
	Fallback: func(struct{}) gorgon.Component { return t("failing.fallback") },
}

var failing = exhibit{"failing", "/failing", []gorgon.Part{
	gorgon.Page[Place]{
		Path:             "/failing",
		Load:             here,
		AllowRequestTime: true,
		HeadFor:          head[Place]("failing"),
		View: func(s Place) gorgon.Component {
			return show(s, "failing", broken.Use(struct{}{}), // its error view, in its place
				markup(`<p>{}</p>`, broken.Defer(struct{}{})), // its fallback stays, and a popup reports it
				markup(`<p>{}</p>`, t("failing.alive")))
		},
	},
}}
