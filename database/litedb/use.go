// What a statement does with the database, as SQLite says when it compiles it.

package litedb

import (
	"slices"
	"strings"

	"modernc.org/sqlite"
)

// A source is a name that a statement reads from. The database is "main",
// "temp", that of an attached file, or "" where the statement does not say.
type source struct{ database, name string }

// A use is what a statement does. SQLite asks its authorizer for each table and
// column that a statement uses, before it leaves out any of it: also for those
// within views, sub-selects and triggers.
type use struct {
	sources []source // without repetitions
	writes  bool
	turns   string // "begin" or "end" if it is about a transaction, by its last word
	passing bool   // it is not kept compiled
	asked   int    // how often SQLite asked
}

func (u *use) read(database, name string) {
	if s := (source{fold(database), fold(name)}); !slices.Contains(u.sources, s) {
		u.sources = append(u.sources, s)
	}
}

// authorize is the authorizer of a connection. It allows everything.
func (c *conn) authorize(action sqlite.AuthorizerActionCode, first, _, database, _ string) sqlite.AuthorizerReturnCode {
	u := c.seeing
	if u == nil {
		return sqlite.AuthorizerOK
	}
	u.asked++
	switch action {
	case sqlite.AuthSelect, sqlite.AuthFunction, sqlite.AuthRecursive:
	case sqlite.AuthRead:
		u.read(database, first)
	case sqlite.AuthInsert, sqlite.AuthUpdate, sqlite.AuthDelete:
		u.writes = true
	case sqlite.AuthTransaction:
		u.passing = true
		if u.turns = "end"; strings.EqualFold(first, "begin") {
			u.turns = "begin"
		}
	case sqlite.AuthSavepoint:
		u.passing = true
		if strings.EqualFold(first, "begin") {
			u.turns = "begin"
		}
	case sqlite.AuthPragma, sqlite.AuthAttach, sqlite.AuthDetach:
		u.passing = true
	default: // it changes the schema
		u.passing, u.writes = true, true
	}
	return sqlite.AuthorizerOK
}
