// Examples for the package's documentation.

package i18n_test

import (
	"context"
	"fmt"
	"os"
	"testing/fstest"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/i18n"
	"github.com/gorgon-go/gorgon/viewctx"
)

// messages are usually embedded: one file for each locale.
var messages = i18n.Must(i18n.Catalog{Files: fstest.MapFS{
	"en.json": {Data: []byte(`{"hello": "Hello, {name}!", "cart": "{n, plural, one {# item} other {# items}}"}`)},
	"de.json": {Data: []byte(`{"hello": "Hallo, {name}!", "cart": "{n, plural, one {# Artikel} other {# Artikel}}"}`)},
}}.Load())

func ExampleMessages_In() {
	fmt.Println(messages.In("en", "cart", i18n.Args{"n": 1}))
	fmt.Println(messages.In("en", "cart", i18n.Args{"n": 3}))
	// Output:
	// 1 item <nil>
	// 3 items <nil>
}

// A view shows a message in the locale of its page.
func ExampleMessages_T() {
	ctx := viewctx.WithSite(context.Background(), &viewctx.Site{Locale: "de", Locales: []string{"en", "de"}})
	_ = messages.T("hello", i18n.Args{"name": "Ada"}).Render(ctx, os.Stdout)
	// Output: Hallo, Ada!
}

// What a form says about its fields is in the language of the page. This is the
// app's gorgon.App.FieldDetail.
func ExampleMessages_FieldDetail() {
	messages := i18n.Must(i18n.Catalog{Files: fstest.MapFS{
		"de.json": {Data: []byte(`{"field.required": "Bitte ausfüllen.", "field.minLength": "Mindestens {limit, plural, one {ein Zeichen} other {# Zeichen}}."}`)},
	}}.Load())
	ctx := viewctx.WithSite(context.Background(), &viewctx.Site{Locale: "de", Locales: []string{"de"}})
	fmt.Println(messages.FieldDetail(ctx, gorgon.Field{Detail: "is required", Code: "required"}))
	fmt.Println(messages.FieldDetail(ctx, gorgon.Field{Detail: "must have at least 3 characters", Code: "minLength", Limit: "3"}))
	fmt.Println(messages.FieldDetail(ctx, gorgon.Field{Detail: "a recipe of this name exists"}))
	// Output:
	// Bitte ausfüllen.
	// Mindestens 3 Zeichen.
	// a recipe of this name exists
}

// A message that a locale lacks is a fault, found when the catalog is loaded.
func ExampleCatalog_Load() {
	_, err := i18n.Catalog{Files: fstest.MapFS{
		"en.json": {Data: []byte(`{"hello": "Hello"}`)},
		"de.json": {Data: []byte(`{}`)},
	}}.Load()
	fmt.Println(err)
	// Output: i18n: de.json: hello is missing, which is at en.json:1: translate it, or set Fallback
}
