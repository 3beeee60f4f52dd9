// Both: built, with the state of the request merged in.

package main

import (
	"context"
	"net/http"
	"time"

	"github.com/gorgon-go/gorgon"
)

type bothState struct {
	Place
	Made, At time.Time
}

var both = exhibit{"both", "/both", []gorgon.Part{
	gorgon.Page[bothState]{
		Path: "/both",
		Load: func(_ context.Context, in gorgon.Input) (bothState, error) {
			return bothState{Place: placeOf(in), Made: time.Now().UTC()}, nil
		},
		LoadRequest: func(context.Context, gorgon.Input, *http.Request) (bothState, error) {
			return bothState{At: time.Now().UTC()}, nil
		},
		Merge: func(_ context.Context, _ gorgon.Input, built, requested bothState) (bothState, error) {
			built.At = requested.At
			return built, nil
		},
		HeadFor: head[bothState]("both"),
		View: func(s bothState) gorgon.Component {
			return show(s, "both", markup(`<p class="big" id="made">{}</p><p class="big" id="asked">{}</p>`, t("made", "at", s.Made), t("both.asked", "at", s.At)))
		},
	},
}}
