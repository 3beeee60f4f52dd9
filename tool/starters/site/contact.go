// The contact form: an endpoint, and the pages around it.

package main

import (
	"context"
	"log/slog"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/api"
)

// A letter is what visitors write. The tags say what is accepted; the form
// shows what is wrong at each field.
type letter struct {
	Name  string `json:"name" check:"min=1,max=80"`
	Email string `json:"email" check:"email,max=120"`
	Text  string `json:"text" check:"min=10,max=4000"`
}

var send = api.Endpoint[letter, api.None]{
	Path: "POST /contact", Name: "sendLetter",
	Handle: func(ctx context.Context, in letter) (api.None, error) {
		// Put your mail or your database in the place of the log.
		slog.InfoContext(ctx, "a letter", "name", in.Name, "email", in.Email, "text", in.Text)
		return api.None{}, nil
	},
	Then: func(letter, api.None) string { return "/contact/thanks" },
}

var contact = gorgon.Group{Parts: []gorgon.Part{
	send,
	page("/contact", "contact.html", gorgon.Head{Title: "Contact", Description: "How to reach us."}),
	page("/contact/thanks", "thanks.html", gorgon.Head{Title: "Thank you", Robots: "noindex"}),
}}
