// Package scores is the app of the end-to-end tests of live parts. It has numbers,
// which every change raises, and shows them by live fragments and by a live page.
package scores

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/api"
	"github.com/gorgon-go/gorgon/database"
)

// Rows is how many numbers pages show.
const Rows = 4

// brief is the time that a loader has.
const brief = 2 * time.Second

// A scores is the app over its database.
type scores struct {
	db    *database.DB
	flaw  string
	loads atomic.Int64
	old   lagging
}

// A Number is a row.
type Number struct{ ID, Value int64 }

// of names a row in a path.
type of struct {
	ID int64 `path:"id"`
}

// Changed is the new number.
type Changed struct {
	Number int64 `json:"number"`
}

// Change raises a number.
const Change = "update numbers set number = number + 1 where id = $1 returning number"

// App is the app.
func (s *scores) App() gorgon.App {
	part := gorgon.Fragment[int64, []Number]{
		Name: "number", Live: true, Timeout: brief, View: s.view,
		Load: func(ctx context.Context, _ gorgon.Input, id int64) ([]Number, error) { return s.read(ctx, id) },
	}
	parts := func(int) gorgon.Component {
		return gorgon.ComponentFunc(func(ctx context.Context, w io.Writer) error {
			for id := range int64(Rows) {
				if err := part.Use(id+1).Render(ctx, w); err != nil {
					return err
				}
			}
			return nil
		})
	}
	one := func(int) gorgon.Component {
		return gorgon.ComponentFunc(func(ctx context.Context, w io.Writer) error { return part.Use(1).Render(ctx, w) })
	}
	return gorgon.App{
		Name: "scores", Navigation: &gorgon.Navigation{},
		Parts: []gorgon.Part{
			part,
			gorgon.Page[int]{Path: "/", View: parts},
			gorgon.Page[int]{Path: "/one", View: one},
			gorgon.Page[[]Number]{
				Path: "/whole", Live: true, Timeout: brief, View: s.view,
				Load: func(ctx context.Context, _ gorgon.Input) ([]Number, error) { return s.read(ctx, 0) },
			},
			gorgon.Page[int]{Path: "/still", View: func(int) gorgon.Component { return gorgon.HTML("<p>still</p>") }},
			api.Endpoint[of, Changed]{Path: "POST /numbers/{id}", Handle: s.change},
			gorgon.Handler{Pattern: "GET /loads", Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				_, _ = io.WriteString(w, strconv.FormatInt(s.loads.Load(), 10))
			})},
			gorgon.Handler{Pattern: "GET /memory", Handler: http.HandlerFunc(memory)},
		},
	}
}

// read reads a number, or all of them.
func (s *scores) read(ctx context.Context, id int64) ([]Number, error) {
	s.loads.Add(1)
	query, args := "select id, number from numbers order by id", []any(nil)
	if id != 0 {
		query, args = "select id, number from numbers where id = $1", []any{id}
	}
	rows, err := s.db.SQL().QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []Number
	for rows.Next() {
		var n Number
		if err := rows.Scan(&n.ID, &n.Value); err != nil {
			return nil, err
		}
		if n.ID <= Rows {
			list = append(list, n)
		}
	}
	if s.flaw == Lagging {
		list = s.old.replace(list)
	}
	return list, rows.Err()
}

func (s *scores) change(ctx context.Context, in of) (out Changed, err error) {
	err = s.db.SQL().QueryRowContext(ctx, Change, in.ID).Scan(&out.Number)
	return out, err
}

func (s *scores) view(list []Number) gorgon.Component {
	return gorgon.ComponentFunc(func(_ context.Context, w io.Writer) error {
		for _, n := range list {
			text := ""
			if s.flaw == Restless {
				text = strconv.FormatInt(time.Now().UnixNano(), 10)
			}
			if _, err := fmt.Fprintf(w, "<i id=n%d title='%s'>%d</i>", n.ID, text, n.Value); err != nil {
				return err
			}
		}
		return nil
	})
}

var shown = regexp.MustCompile(`<i id=n(\d+) title='\d*'>(\d+)</i>`)

// Read reads back what HTML shows.
func Read(html string) map[int64]int64 {
	all := map[int64]int64{}
	for _, m := range shown.FindAllStringSubmatch(html, -1) {
		id, _ := strconv.ParseInt(m[1], 10, 64)
		all[id], _ = strconv.ParseInt(m[2], 10, 64)
	}
	return all
}
