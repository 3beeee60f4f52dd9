// Views: templates, their languages, and the layout around them.

package main

import (
	"context"
	"html/template"
	"net/http"

	translators "github.com/go-playground/locales"
	"github.com/go-playground/locales/ar"
	"github.com/go-playground/locales/de"
	"github.com/go-playground/locales/en"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/api"
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
// {{t "home.title"}} for a text, {{money .Price}}, {{url "/search?q=1"}} for a
// link, {{page .Path}} where the path comes from data, {{asset "app.css"}},
// {{render .Main}} for what is a component already, and the forms below.
var views = &templates.Set{
	Files:    files,
	Patterns: []string{"views/*.html"},
	Funcs: func(ctx context.Context) template.FuncMap {
		funcs := texts(ctx)
		funcs["cart"] = func() *api.Form { return shop{}.changeCart().Form(ctx) }
		funcs["place"] = func(c cart) *api.Form { return shop{}.placeOrder().FormWith(ctx, newOrder{Total: c.Total}) }
		funcs["send"] = func() *api.Form { return shop{}.sendOrder().Form(ctx) }
		funcs["price"] = func() *api.Form { return shop{}.changePrice().Form(ctx) }
		funcs["restock"] = func() *api.Form { return shop{}.restock().Form(ctx) }
		funcs["changePicture"] = func() *api.Form { return shop{}.changePicture().Form(ctx) }
		funcs["drawn"] = drawn
		funcs["srcset"] = func(s string) template.Srcset { return template.Srcset(s) }
		funcs["askLink"] = func(next string) *api.Form { return shop{}.askLink().FormWith(ctx, askedLink{Next: next}) }
		funcs["signIn"] = func() *api.Form { return shop{}.signIn().Form(ctx) }
		funcs["signOut"] = func() *api.Form { return shop{}.signOut().Form(ctx) }
		return funcs
	},
}

// texts are what templates of pages and mails have in common.
func texts(ctx context.Context) template.FuncMap {
	funcs := template.FuncMap(messages.Funcs(ctx))
	funcs["money"] = func(c cents) (string, error) { return messages.Currency(ctx, c.Euros(), "EUR") }
	funcs["euros"] = cents.Euros
	return funcs
}

func view(name string, data any) gorgon.Component { return views.View(name, data) }

// layout is the document around every page. Its menu, which marks the page, and
// the links to other languages are regions: with App.Navigation the rest of the
// layout stays when links are followed.
func layout(d gorgon.Document) gorgon.Component {
	who := shop{}.whoIsHere().Defer(struct{}{})
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
