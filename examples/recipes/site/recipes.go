// Recipes: the list, the detail, the search, and what heads say about them.

package site

import (
	"context"
	"net/http"
	"strings"

	"github.com/gorgon-go/gorgon"
)

// home is the state of the first page.
type home struct {
	Dishes []dish
	Posts  []post
}

func (s *site) latest(ctx context.Context, in gorgon.Input) ([]dish, error) {
	return s.book.all(ctx, in.Locale, published)
}

func (s *site) home(ctx context.Context, in gorgon.Input) (home, error) {
	dishes, err := s.latest(ctx, in)
	posts := s.posts[in.Locale]
	return home{dishes, posts[:min(2, len(posts))]}, err
}

func (s *site) recipePaths(ctx context.Context, in gorgon.Input) (paths []string, err error) {
	dishes, err := s.latest(ctx, in)
	for _, d := range dishes {
		paths = append(paths, "/recipes/"+d.ID)
	}
	return paths, err
}

func (s *site) recipe(ctx context.Context, in gorgon.Input) (dish, error) {
	return s.visible(ctx, in.PathValue("id"), in.Locale)
}

// visible is a recipe that visitors see.
func (s *site) visible(ctx context.Context, id, locale string) (dish, error) {
	d, err := s.book.one(ctx, id, locale)
	if err == nil && !d.Published {
		err = gorgon.NotFound()
	}
	return d, err
}

type query struct {
	Text string `query:"q" check:"max=100"`
}

// found is the state of the search page.
type found struct {
	Query  string
	Dishes []dish
}

func (s *site) search(ctx context.Context, in query) ([]dish, error) {
	words := strings.Fields(strings.ToLower(in.Text))
	return s.book.all(ctx, gorgon.LocaleOf(ctx), func(d dish) bool {
		text := strings.ToLower(d.Title + " " + d.Summary + " " + d.Ingredients + " " + strings.Join(d.Tags, " "))
		all := len(words) > 0 && d.Published
		for _, word := range words {
			all = all && strings.Contains(text, word)
		}
		return all
	})
}

func (s *site) searchPage(ctx context.Context, _ gorgon.Input, r *http.Request) (found, error) {
	text := strings.TrimSpace(r.URL.Query().Get("q"))
	dishes, err := s.search(ctx, query{text[:min(len(text), 100)]})
	return found{text, dishes}, err
}

// titled is the head of a page whose title is a message. Without a canonical
// path it is not for search engines.
func titled[S any](key, canonical string) func(context.Context, gorgon.Input, S) (gorgon.Head, error) {
	return func(ctx context.Context, _ gorgon.Input, _ S) (gorgon.Head, error) {
		title, err := t(ctx, key+".title")
		if err != nil {
			return gorgon.Head{}, err
		}
		about, err := t(ctx, key+".about")
		h := gorgon.Head{Title: title + " · " + name, Description: about, Canonical: canonical}
		if canonical == "" {
			h.Robots = "noindex"
		}
		return h, err
	}
}

func recipeHead(_ context.Context, in gorgon.Input, d dish) (gorgon.Head, error) {
	return gorgon.Head{Title: d.Title + " · " + name, Description: d.Summary, Canonical: in.Path, Modified: d.Changed, Extra: recipeMeta(d)}, nil
}

func postHead(_ context.Context, in gorgon.Input, p post) (gorgon.Head, error) {
	return gorgon.Head{Title: p.Title + " · " + name, Description: p.Summary, Canonical: in.Path, Modified: p.Date, Extra: openGraph(p.Title, p.Summary, in.Path, "")}, nil
}
