package roomdb

import "github.com/gorgon-go/gorgon/database"

// Statements are the statements of a store, by their names, with arguments.
func Statements(db *database.DB) map[string][]any {
	postgres := db.Dialect().Name() == database.PostgreSQL
	t := textsOf(db, postgres)
	bytes := []byte("a")
	list := map[string][]any{
		"beat":      {t.beat, bytes, bytes, bytes, 1},
		"leave":     {t.leave, bytes},
		"seat":      {t.seat, bytes, bytes},
		"take":      {t.take, 1, 1, 1, 1, bytes, 1, 1},
		"release":   {t.release, bytes, 1},
		"move":      {t.move, bytes, 1, 1, bytes, 1, 1, 1},
		"read":      {t.read, bytes, 1, 1},
		"positions": {t.positions, `["61"]`},
		"passed":    {t.passed, bytes, 1},
		"trim":      {t.trim, 1, 1},
		"idle":      {t.idle, bytes, bytes, 1, 1},
	}
	ids := any(`[1]`)
	if postgres {
		ids = []int64{1}
		list["positions"][1] = [][]byte{bytes}
		list["append"] = []any{t.append, bytes, 1, 1, bytes, 1, 1, 1, [][]byte{bytes}, []int64{1}}
	}
	list["remove entries"], list["remove snapshots"], list["remove rooms"] = []any{t.remove[0], ids}, []any{t.remove[1], ids}, []any{t.remove[2], ids}
	return list
}
