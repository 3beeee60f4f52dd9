// Queries that read a single row.

package litedb

import (
	"database/sql/driver"
	"math"
	"strconv"
)

// A lookup is what a query reads by the equality of a column and a parameter.
type lookup struct {
	table, column string // in lower case
	name          string // of the parameter, without its sign
	number        int    // of the argument, if the parameter has no name
}

// elsewhere are the words of a query that may read more than the rows of its
// where clause.
var elsewhere = map[string]bool{
	"select": true, "union": true, "except": true, "intersect": true, "values": true,
	"with": true, "join": true, "returning": true,
}

// after are the words that may follow the equality.
var after = map[string]bool{"and": true, "limit": true, "order": true, "group": true}

// lookupOf recognizes
//
//	select … from TABLE [as] [ALIAS] where [ALIAS.]COLUMN = PARAMETER [and …] [group by …] [order by …] [limit …]
//
// Every row that such a query reads has that value in the column. It returns nil
// for any other query, and for many of which the same could be said.
func lookupOf(text string) *lookup {
	list, ok := tokens(text)
	if !ok || len(list) == 0 || !list[0].is(word, "select") {
		return nil
	}
	if list[len(list)-1].is(mark, ";") {
		list = list[:len(list)-1]
	}
	from, depth := 0, 0
	for i, t := range list {
		switch {
		case t.is(mark, "("):
			depth++
		case t.is(mark, ")"):
			depth--
		case t.is(mark, ";"), i > 0 && t.kind == word && elsewhere[t.text]:
			return nil
		case from == 0 && depth == 0 && t.is(word, "from"):
			from = i
		case from > 0 && depth == 0 && t.is(word, "or"):
			return nil
		}
	}
	if from == 0 {
		return nil
	}
	p := phrase{list[from+1:]}
	l, called, ok := p.source()
	if !ok || !p.skip(word, "where") || !p.column(l, called) {
		return nil
	}
	if !p.skip(mark, "=") {
		return nil
	}
	p.skip(mark, "=")
	at := len(list) - len(p.rest)
	if len(p.rest) == 0 || p.rest[0].kind != parameter || !l.counts(list[:at+1]) {
		return nil
	}
	if p.rest = p.rest[1:]; len(p.rest) > 0 && !(p.rest[0].kind == word && after[p.rest[0].text]) {
		return nil
	}
	return l
}

// A phrase is what is still to be read of a query.
type phrase struct{ rest []token }

func (p *phrase) skip(kind byte, text string) bool {
	if len(p.rest) == 0 || !p.rest[0].is(kind, text) {
		return false
	}
	p.rest = p.rest[1:]
	return true
}

func (p *phrase) name() (string, bool) {
	if len(p.rest) == 0 || !p.rest[0].isName() {
		return "", false
	}
	name := fold(p.rest[0].text)
	p.rest = p.rest[1:]
	return name, true
}

// source reads the table and what it is called.
func (p *phrase) source() (l *lookup, called string, ok bool) {
	table, ok := p.name()
	if p.skip(mark, ".") {
		if table != "main" {
			return nil, "", false
		}
		table, ok = p.name()
	}
	if !ok {
		return nil, "", false
	}
	called = table
	if p.skip(word, "as") || len(p.rest) > 0 && !p.rest[0].is(word, "where") {
		if called, ok = p.name(); !ok {
			return nil, "", false
		}
	}
	return &lookup{table: table}, called, true
}

// column reads the column, of the table that is called so.
func (p *phrase) column(l *lookup, called string) (ok bool) {
	if l.column, ok = p.name(); ok && p.skip(mark, ".") {
		if l.column != called {
			return false
		}
		l.column, ok = p.name()
	}
	return ok
}

// counts finds out which parameter the last token is, as SQLite numbers them.
func (l *lookup) counts(list []token) bool {
	highest := 0
	names := map[string]int{}
	for _, t := range list {
		if t.kind != parameter {
			continue
		}
		rest := t.text[1:]
		switch n, err := strconv.Atoi(rest); {
		case t.text == "?":
			highest++
			l.name, l.number = "", highest
		case t.text[0] == '?':
			if err != nil || n < 1 {
				return false
			}
			l.name, l.number, highest = "", n, max(highest, n)
		default:
			if names[t.text] == 0 {
				highest++
				names[t.text] = highest
			}
			if l.name, l.number = rest, 0; t.text[0] == '$' && err == nil {
				l.name, l.number = "", n // the driver takes $2 as the second argument
			}
		}
	}
	return true
}

// argument finds the parameter's value among the arguments, as the driver does.
func (l *lookup) argument(args []driver.NamedValue) (driver.Value, bool) {
	for _, a := range args {
		if l.name != "" && a.Name == l.name || l.name == "" && a.Ordinal == l.number {
			return a.Value, true
		}
	}
	return nil, false
}

// keyOf is the text that the triggers write for the rows whose key column equals
// a value. It is not ok if rows with several texts may equal it.
func (k kind) keyOf(value driver.Value) (key string, ok bool) {
	switch v := value.(type) {
	case int64:
		// The lowest integer equals a float that SQLite keeps as such.
		return strconv.FormatInt(v, 10), k == integer && v != math.MinInt64
	case string:
		// SQLite compares a column that is neither integer nor text with a
		// string that looks like a number as numbers. A UUID does not.
		return v, k == textual || k == uuid && isUUID(v)
	}
	return "", false
}

func isUUID(v string) bool {
	return len(v) == 36 && v[8] == '-' && v[13] == '-' && v[18] == '-' && v[23] == '-'
}
