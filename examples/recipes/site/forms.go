// Forms: a recipe that a visitor sends in, and one that the cook edits.

package site

import (
	"context"
	"net/http"
	"strings"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/api"
)

// An edit is a draft for a recipe that exists.
type edit struct {
	ID string `path:"id"`
	draft
}

func (s *site) defineForms() {
	s.send = api.Endpoint[draft, api.None]{Path: "POST /send", Name: "sendRecipe", Summary: "Send in a recipe",
		Handle: func(ctx context.Context, in draft) (none api.None, _ error) {
			free, err := s.book.add(ctx, slug(in.Title), gorgon.LocaleOf(ctx), in)
			if err == nil && !free {
				err = refuse(ctx, "/title", "faults.taken")
			}
			return none, err
		},
		Then: func(draft, api.None) string { return "/sent" }}
	s.save = api.Endpoint[edit, api.None]{Path: "POST /kitchen/{id}", Name: "saveRecipe", Summary: "Change a recipe, and publish it",
		Handle: func(ctx context.Context, in edit) (none api.None, _ error) {
			// The commit purges the recipe and all that lists recipes, and the
			// cook's next request sees it.
			found, err := s.book.edit(ctx, in.ID, gorgon.LocaleOf(ctx), in.draft)
			if err == nil && !found {
				err = gorgon.NotFound()
			}
			return none, err
		},
		Then: func(in edit, _ api.None) string { return gorgon.EscapePath("/recipes/" + in.ID) }}
}

// refuse refuses a field, in the language of the request.
func refuse(ctx context.Context, pointer, key string) error {
	text, err := t(ctx, key)
	if err != nil {
		return err
	}
	return gorgon.Refuse(pointer, text)
}

// slug makes an id of a title.
func slug(title string) string {
	title = strings.NewReplacer("ä", "ae", "ö", "oe", "ü", "ue", "ß", "ss").Replace(strings.ToLower(title))
	words := strings.FieldsFunc(title, func(r rune) bool { return !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9') })
	return strings.Join(append([]string{"r"}, words...), "-")
}

// kitchen lists every recipe, those first that wait to be published.
func (s *site) kitchen(ctx context.Context, in gorgon.Input, _ *http.Request) ([]dish, error) {
	waiting, err := s.book.all(ctx, in.Locale, func(d dish) bool { return !d.Published })
	if err != nil {
		return nil, err
	}
	others, err := s.book.all(ctx, in.Locale, published)
	return append(waiting, others...), err
}

// any loads a recipe for the cook, published or not.
func (s *site) any(ctx context.Context, in gorgon.Input, _ *http.Request) (dish, error) {
	return s.book.one(ctx, in.PathValue("id"), in.Locale)
}
