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

func (s *site) latest(_ context.Context, in gorgon.Input) ([]dish, error) {
	return s.book.all(in.Locale, published), nil
}

func (s *site) home(_ context.Context, in gorgon.Input) (home, error) {
	posts := s.posts[in.Locale]
	return home{s.book.all(in.Locale, published), posts[:min(2, len(posts))]}, nil
}

func (s *site) recipePaths(_ context.Context, in gorgon.Input) (paths []string, err error) {
	for _, d := range s.book.all(in.Locale, published) {
		paths = append(paths, "/recipes/"+d.ID)
	}
	return paths, nil
}

func (s *site) recipe(_ context.Context, in gorgon.Input) (dish, error) {
	d, ok := s.book.one(in.PathValue("id"), in.Locale)
	if !ok || !d.Published {
		return dish{}, gorgon.NotFound()
	}
	return d, nil
}

// What lists recipes has the tag "recipes", and what shows one that of tagOf.
func tagOf(id string) string           { return "recipe-" + id }
func recipeTags(d dish) []string       { return []string{tagOf(d.ID)} }
func listTags[S any](state S) []string { return []string{"recipes"} }

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
	return s.book.all(gorgon.LocaleOf(ctx), func(d dish) bool {
		text := strings.ToLower(d.Title + " " + d.Summary + " " + d.Ingredients + " " + strings.Join(d.Tags, " "))
		all := len(words) > 0 && d.Published
		for _, word := range words {
			all = all && strings.Contains(text, word)
		}
		return all
	}), nil
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
