// Views: templates, their languages, and the layout around them.

package main

import (
	"context"
	"html/template"
	"net/http"
	"strings"

	translators "github.com/go-playground/locales"
	"github.com/go-playground/locales/ar"
	"github.com/go-playground/locales/de"
	"github.com/go-playground/locales/en"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/api"
	"github.com/gorgon-go/gorgon/auth/passkey"
	"github.com/gorgon-go/gorgon/i18n"
	"github.com/gorgon-go/gorgon/templates"
)

var locales = gorgon.Locales{
	Tags:  []string{"en", "de", "ar"},
	Names: map[string]string{"en": "English", "de": "Deutsch", "ar": "العربية"},
}

// messages are the texts in messages/. One that a language lacks fails the build.
var messages = i18n.Must(i18n.Catalog{
	Files:   below("messages"),
	Locales: locales.Tags,
	Formats: []translators.Translator{en.New(), de.New(), ar.New()},
}.Load())

// views are what the templates in views/ can be used for. They can call
// {{t "home.title"}} for a text, {{url "/account"}} for a link, {{asset
// "app.css"}}, {{render .Main}} for what is a component already, and the forms
// below. {{control $form "email" "fields.email" "username"}} is a field with its
// label, for the template "field".
var views = &templates.Set{
	Files:    files,
	Patterns: []string{"views/*.html"},
	Funcs: func(ctx context.Context) template.FuncMap {
		var c *club
		funcs := template.FuncMap{
			"signUp":         func() *api.Form { return c.signUp().Form(ctx) },
			"confirm":        func() *api.Form { return c.confirm().Form(ctx) },
			"signIn":         func(d door) *api.Form { return c.signIn().FormWith(ctx, signInInput{Email: d.Email, Next: d.Next}) },
			"signOut":        func() *api.Form { return c.signOut().Form(ctx) },
			"forgot":         func() *api.Form { return c.forgot().Form(ctx) },
			"reset":          func() *api.Form { return c.reset().Form(ctx) },
			"rename":         func(name string) *api.Form { return c.rename().FormWith(ctx, nameInput{name}) },
			"changeEmail":    func() *api.Form { return c.changeEmail().Form(ctx) },
			"confirmEmail":   func() *api.Form { return c.confirmEmail().Form(ctx) },
			"changePassword": func() *api.Form { return c.changePassword().Form(ctx) },
			"endSession":     func() *api.Form { return c.endSession().Form(ctx) },
			"endOthers":      func() *api.Form { return c.endOthers().Form(ctx) },
			"makeToken":      func() *api.Form { return c.makeToken().FormWith(ctx, tokenInput{Days: 90}) },
			"endToken":       func() *api.Form { return c.endToken().Form(ctx) },
			"deleteAccount":  func() *api.Form { return c.deleteAccount().Form(ctx) },
			"endPasskey":     func() *api.Form { return c.endPasskey().Form(ctx) },
			"passkeys":       passkey.Passkeys{}.Script,

			"control": newControl,
			"join":    strings.Join,
		}
		for name, f := range messages.Funcs(ctx) {
			funcs[name] = f
		}
		return funcs
	},
}

func view(name string, data any) gorgon.Component { return views.View(name, data) }

// A control is a field of a form with the messages around it, and what the
// browser may fill in.
type control struct {
	*api.Field
	Attributes  map[string]any
	Label, Hint string // "" for none
}

func newControl(form *api.Form, name, label, autocomplete string, hint ...string) control {
	c := control{Field: form.Field(name), Label: label}
	c.Attributes = c.Input()
	c.Attributes["autocomplete"] = autocomplete
	if len(hint) > 0 {
		c.Hint = hint[0]
		described, _ := c.Attributes["aria-describedby"].(string)
		c.Attributes["aria-describedby"] = strings.TrimSpace(described + " " + c.ID + "-hint")
	}
	return c
}

// layout is the document around every page. Its menu, which marks the page, and
// the links to other languages are regions: with App.Navigation the rest of the
// layout stays when links are followed.
func layout(d gorgon.Document) gorgon.Component {
	var c *club
	who := c.whoIsHere().Defer(struct{}{})
	if d.Status == http.StatusForbidden {
		who = view("refused.html", nil) // a deferred fragment is guarded as its page is
	}
	return view("layout.html", struct {
		gorgon.Document
		Menu, Languages, Who gorgon.Component
	}{
		d,
		gorgon.Region{Name: "menu", Content: view("menu.html", d)},
		gorgon.Region{Name: "languages", Content: gorgon.LocaleLinks{Path: d.Path}},
		who,
	})
}

// failure is the page for every status from 400 on.
func failure(f gorgon.Failure) gorgon.Component { return view("error.html", f) }
