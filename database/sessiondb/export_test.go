package sessiondb

import "github.com/gorgon-go/gorgon/database"

// Statements are the statements of a store, by their names, with arguments.
func Statements(db *database.DB) map[string][]any {
	t := textsOf(db, db.Dialect().Name() == database.PostgreSQL)
	id := make([]byte, 32)
	spend := []any{t.spend, "key", 1, 1}
	if db.Dialect().Name() == database.SQLite {
		spend = append(spend, 1)
	}
	return map[string][]any{
		"get":     {t.get, id, "session"},
		"take":    {t.take, id, "session"},
		"list":    {t.list, "7", "session"},
		"replace": {t.replace, id, "session", "7", id, 1, 1, 1, id},
		"touch":   {t.touch, id, "session", 1, 1},
		"revoke":  {t.revoke, "7", "session", ""},
		"expire":  {t.expire, 1},
		"spend":   spend,
		"wait":    {t.wait, "key"},
		"forget":  {t.forget, 1},
	}
}
