// Request time: made for every request, with access to all of it.

package main

import (
	"context"
	"html"
	"net/http"
	"time"

	"github.com/gorgon-go/gorgon"
)

type requestState struct {
	Place
	Name string
	At   time.Time
}

var request = exhibit{"request", "/request", []gorgon.Part{
	gorgon.Page[requestState]{
		Path: "/request",
		LoadRequest: func(_ context.Context, in gorgon.Input, r *http.Request) (requestState, error) {
			return requestState{placeOf(in), r.FormValue("name"), time.Now().UTC()}, nil
		},
		HeadFor: head[requestState]("request"),
		View: func(s requestState) gorgon.Component {
			greeting := t("request.stranger")
			if s.Name != "" {
				greeting = t("request.hello", "name", s.Name)
			}
			return show(s, "request",
				markup(`<p class="big" id="greeting">{}</p><p>{}</p>`, greeting, t("made", "at", s.At)),
				markup(`<form action="{}"><label>{} <input name="name" autocomplete="off" value="`+html.EscapeString(s.Name)+`"></label> <button>{}</button></form>`,
					url("/request"), t("request.name"), t("request.ask")))
		},
	},
}}
