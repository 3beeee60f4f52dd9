// The book: every recipe, in the database.

package site

import (
	"context"
	"database/sql"
	"embed"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/database"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Data are the options of the database: what it has, and that commits which
// change the table make out of date what was read of it.
var Data = database.Options{Migrations: migrations, Tables: []database.Table{{Name: "recipes"}}}

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

// A dish is a recipe in one language.
type dish struct {
	ID        string    `json:"id"`
	Picture   string    `json:"picture,omitempty"` // the name of an asset
	Published bool      `json:"published"`
	Changed   time.Time `json:"changed"`
	draft
}

func published(d dish) bool { return d.Published }

// A book reads with the context of the loader that asks: so the page depends on
// what was read, and nothing has to be purged by hand.
type book struct{ db *database.DB }

const selectRecipes = "select id, picture, published, changed, texts from recipes"

// scan reads a row in a language, or in one that the recipe was written in.
func scan(row interface{ Scan(...any) error }, locale string) (d dish, err error) {
	var data []byte
	if err := row.Scan(&d.ID, &d.Picture, &d.Published, &d.Changed, &data); err != nil {
		return d, err
	}
	var texts map[string]draft
	if err := json.Unmarshal(data, &texts); err != nil {
		return d, err
	}
	if _, ok := texts[locale]; !ok {
		locale = slices.Min(slices.Collect(maps.Keys(texts)))
	}
	d.draft = texts[locale]
	return d, nil
}

// all are the recipes that pass, in a language, the newest first. It reads the
// table: a change of any recipe concerns it.
func (b book) all(ctx context.Context, locale string, pass func(dish) bool) ([]dish, error) {
	rows, err := b.db.SQL().QueryContext(ctx, selectRecipes+" order by changed desc, id")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	list := []dish{}
	for rows.Next() {
		d, err := scan(rows, locale)
		if err != nil {
			return nil, err
		}
		if pass(d) {
			list = append(list, d)
		}
	}
	return list, rows.Err()
}

// one reads a recipe by its key: a change of another one does not concern it.
func (b book) one(ctx context.Context, id, locale string) (dish, error) {
	d, err := scan(b.db.SQL().QueryRowContext(ctx, selectRecipes+" where id = ?", id), locale)
	if errors.Is(err, sql.ErrNoRows) {
		err = gorgon.NotFound()
	}
	return d, err
}

// add writes a new recipe, which waits to be published. It reports whether the
// id was free.
func (b book) add(ctx context.Context, id, locale string, d draft) (bool, error) {
	return b.write(ctx, "insert into recipes (changed, texts, id, published) values (?, json_object(?, json(?)), ?, false) on conflict do nothing", locale, d, id)
}

// edit writes a recipe that exists, which everyone sees then. It reports whether
// there is one.
func (b book) edit(ctx context.Context, id, locale string, d draft) (bool, error) {
	return b.write(ctx, "update recipes set changed = ?, texts = json_set(texts, '$.' || ?, json(?)), published = true where id = ?", locale, d, id)
}

// write runs a statement, and reports whether it changed a row. Two writers do
// not overwrite each other's languages: each changes its own in the row.
func (b book) write(ctx context.Context, statement, locale string, d draft, id string) (bool, error) {
	text, err := json.Marshal(d)
	if err != nil {
		return false, err
	}
	result, err := b.db.SQL().ExecContext(ctx, statement, time.Now().UTC().Truncate(time.Second), locale, string(text), id)
	if err != nil {
		return false, err
	}
	n, err := result.RowsAffected()
	return n == 1, err
}
