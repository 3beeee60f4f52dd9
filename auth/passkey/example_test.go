package passkey_test

import (
	"context"
	"fmt"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/api"
	"github.com/gorgon-go/gorgon/auth"
	"github.com/gorgon-go/gorgon/auth/passkey"
	"github.com/gorgon-go/gorgon/mem"
)

// The endpoints of a part with passkeys. Browsers call them by the script.
func ExamplePasskeys() {
	people := auth.New(auth.Options{Store: mem.NewSessions()})
	keys := passkey.Passkeys{
		Auth: people, Name: "The Club",
		User: func(_ context.Context, user string) (name, displayName string, err error) {
			return user + "@club.example", "Member " + user, nil
		},
	}
	app := gorgon.App{Name: "club", Origin: "https://club.example", Parts: []gorgon.Part{keys}}
	if err := app.Validate(); err != nil {
		fmt.Println(err)
	}
	for _, h := range app.Handlers() {
		if _, ok := h.Handler.(*api.Operation); ok {
			fmt.Println(h.Pattern)
		}
	}
	// Output:
	// POST /passkeys/ask
	// POST /passkeys/sign-in
	// POST /passkeys/new
	// POST /passkeys/add
}
