package oidc_test

import (
	"context"
	"fmt"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/auth"
	"github.com/gorgon-go/gorgon/auth/oidc"
	"github.com/gorgon-go/gorgon/mem"
)

// Nothing is asked of a provider until a visitor signs in.
func ExampleProvider() {
	people := auth.New(auth.Options{Store: mem.NewSessions()})
	users := map[string]string{} // by issuer and subject
	app := gorgon.App{
		Name: "club", Origin: "https://club.example",
		Parts: []gorgon.Part{
			oidc.Provider{
				Auth: people, Issuer: "https://accounts.google.com", Path: "/sign-in/google",
				ClientID: "123.apps.googleusercontent.com", ClientSecret: "…",
				Found: func(_ context.Context, who oidc.Identity) (string, error) {
					key := who.Issuer + " " + who.Subject
					if users[key] == "" {
						users[key] = fmt.Sprint("user ", len(users)+1)
					}
					return users[key], nil
				},
			},
			gorgon.Page[string]{Path: "/sign-in", View: func(string) gorgon.Component {
				return gorgon.HTML(`<a href="/sign-in/google">Sign in with Google</a>`)
			}},
		},
	}
	fmt.Println(app.Validate())
	// Output: <nil>
}
