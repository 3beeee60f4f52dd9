// The shopping list: the ids of recipes in a cookie of the visitor's, and a
// fragment that shows what they need.

package site

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/api"
)

const listCookie = "recipes_list"

type item struct {
	ID string `path:"id"`
}

func (s *site) defineList() {
	s.list = gorgon.Fragment[struct{}, []dish]{Name: "list", View: gorgon.View(s.shoppingList),
		LoadRequest: func(ctx context.Context, in gorgon.Input, _ struct{}, r *http.Request) ([]dish, error) {
			return s.listed(ctx, r, in.Locale)
		}}
	then := func(item, api.None) string { return "/list" }
	s.put = api.Endpoint[item, api.None]{Path: "POST /list/{id}", Name: "putOnList", Handle: s.relist(true), Then: then}
	s.drop = api.Endpoint[item, api.None]{Path: "POST /list/{id}/drop", Name: "dropFromList", Handle: s.relist(false), Then: then}
}

// relist puts a recipe on the list of the visitor, or takes it off.
func (s *site) relist(keep bool) func(context.Context, item) (api.None, error) {
	return func(ctx context.Context, in item) (none api.None, _ error) {
		if _, err := s.visible(ctx, in.ID, ""); err != nil {
			return none, err
		}
		dishes, err := s.listed(ctx, api.Request(ctx), "")
		if err != nil {
			return none, err
		}
		var ids []string
		for _, d := range dishes {
			if d.ID != in.ID {
				ids = append(ids, d.ID)
			}
		}
		if keep {
			ids = append(ids, in.ID)
		}
		setCookie(ctx, listCookie, strings.Join(ids[max(0, len(ids)-20):], "."), 30*24*time.Hour)
		return none, nil
	}
}

// listed are the recipes on the list of a visitor.
func (s *site) listed(ctx context.Context, r *http.Request, locale string) ([]dish, error) {
	c, err := r.Cookie(listCookie)
	if err != nil {
		return nil, nil // nothing is on it yet
	}
	ids := strings.Split(c.Value, ".") // others than ours mean nothing
	return s.book.all(ctx, locale, func(d dish) bool { return d.Published && slices.Contains(ids, d.ID) })
}
