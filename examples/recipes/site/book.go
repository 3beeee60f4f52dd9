// The book: every recipe, in memory.

package site

import (
	"cmp"
	_ "embed"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

//go:embed data/recipes.json
var embedded []byte

type level string

func (level) Values() []level { return []level{"easy", "medium", "hard"} }

// A draft is what a recipe says in one language, and the input of the forms.
type draft struct {
	Title       string   `json:"title" check:"min=3,max=80"`
	Summary     string   `json:"summary" check:"min=10,max=200"`
	Servings    int      `json:"servings" check:"min=1,max=24"`
	Level       level    `json:"level"`
	Tags        []string `json:"tags,omitempty" check:"max=4,each.max=20"`
	Ingredients string   `json:"ingredients" check:"min=3,max=2000"` // one on each line
	Steps       []step   `json:"steps" check:"min=1,max=20"`
}

type step struct {
	Text    string `json:"text" check:"min=1,max=500"`
	Minutes int    `json:"minutes,omitzero" check:"min=0,max=600"`
}

// A recipe has a draft for each language that it was written in.
type recipe struct {
	ID        string           `json:"id"`
	Picture   string           `json:"picture"` // the name of an asset; "" for none
	Published bool             `json:"published"`
	Changed   time.Time        `json:"changed"`
	Texts     map[string]draft `json:"texts"`
}

// A dish is a recipe in one language.
type dish struct {
	ID        string    `json:"id"`
	Picture   string    `json:"picture,omitempty"`
	Published bool      `json:"published"`
	Changed   time.Time `json:"changed"`
	draft
}

// in is the recipe in a language, or in one that it was written in.
func (r recipe) in(locale string) dish {
	if _, ok := r.Texts[locale]; !ok {
		locale = slices.Sorted(maps.Keys(r.Texts))[0]
	}
	return dish{r.ID, r.Picture, r.Published, r.Changed, r.Texts[locale]}
}

func published(d dish) bool { return d.Published }

// A book is safe for concurrent use.
type book struct {
	mu      sync.RWMutex
	recipes map[string]recipe
}

func openBook() *book {
	b := &book{}
	if err := json.Unmarshal(embedded, &b.recipes); err != nil {
		panic(err) // the file is part of the program
	}
	return b
}

// all are the recipes that pass, in a language, the newest first.
func (b *book) all(locale string, pass func(dish) bool) []dish {
	b.mu.RLock()
	defer b.mu.RUnlock()
	list := []dish{}
	for _, r := range b.recipes {
		if d := r.in(locale); pass(d) {
			list = append(list, d)
		}
	}
	slices.SortFunc(list, func(x, y dish) int { return cmp.Or(y.Changed.Compare(x.Changed), strings.Compare(x.ID, y.ID)) })
	return list
}

func (b *book) one(id, locale string) (d dish, ok bool) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	r, ok := b.recipes[id]
	if ok {
		d = r.in(locale)
	}
	return d, ok
}

// write writes a recipe in a language: a new one, which waits to be published,
// or one that exists, which everyone sees then. It reports whether it could.
func (b *book) write(id, locale string, d draft, exists bool) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	r, ok := b.recipes[id]
	if ok != exists {
		return false
	}
	texts := map[string]draft{locale: d}
	for other, text := range r.Texts {
		if other != locale {
			texts[other] = text // a map that a page reads is never changed
		}
	}
	b.recipes[id] = recipe{id, r.Picture, exists, time.Now().UTC().Truncate(time.Second), texts}
	return true
}
