// What a statement may do, by its words.

package pgdb

import "slices"

// A sort is what is known of a statement without asking the server.
type sort struct {
	reads   bool     // it may read tables, and its text can be analysed
	silent  bool     // it reads nothing: begin, set, …
	writes  bool     // it may write, apart from what functions do
	end     bool     // it may end a transaction
	many    bool     // it is several statements
	session bool     // it may change what names mean on its connection
	calls   []string // the names of all functions that it may call
	dotted  []string // names that follow a dot: functions may be called so, too
}

// silentWords begin statements that read no table and change nothing.
var silentWords = []string{
	"begin", "start", "commit", "end", "rollback", "abort", "savepoint", "release", "set", "reset", "show", "discard",
	"deallocate", "listen", "unlisten", "notify", "close", "lock", "checkpoint", "load",
}

// queryWords begin statements whose texts the server can analyse.
var queryWords = []string{"select", "with", "values", "table", "insert", "update", "delete", "merge"}

// notCalls are words that may be before a parenthesis.
var notCalls = []string{
	"select", "from", "where", "and", "or", "not", "in", "exists", "any", "all", "some", "values", "as", "on", "using", "by", "over",
	"filter", "case", "when", "then", "else", "union", "except", "intersect", "join", "lateral", "limit", "offset", "having", "returning",
	"set", "into", "array", "row", "interval", "between", "like", "ilike", "is", "distinct", "materialized", "conflict", "group",
	"count", "sum", "min", "max", "avg", "coalesce", "nullif", "greatest", "least", "lower", "upper", "now", "cast", "extract",
}

// sortOf sorts a statement.
func sortOf(sql string) sort {
	list, ok := tokens(sql)
	if !ok {
		return sort{writes: true, end: true, many: true, session: true, reads: first(list) != "" && slices.Contains(queryWords, first(list))}
	}
	for len(list) > 0 && list[len(list)-1].sign(";") {
		list = list[:len(list)-1]
	}
	if len(list) == 0 {
		return sort{silent: true}
	}
	begin := first(list)
	s := sort{silent: slices.Contains(silentWords, begin), reads: slices.Contains(queryWords, begin)}
	s.end = begin == "commit" || begin == "end" || begin == "prepare"
	s.writes = !s.silent && !slices.Contains([]string{"select", "with", "values", "table", "explain", "fetch", "move", "declare", "prepare"}, begin)
	if begin == "commit" && len(list) > 1 && list[1].is("prepared") {
		s.writes = true
	}
	for i, t := range list {
		switch {
		case t.sign(";"):
			s.many, s.silent, s.end = true, false, true
		case t.is("insert"), t.is("delete"), t.is("merge"), t.is("truncate"), t.is("call"), t.is("analyze") && begin == "explain", t.is("into"):
			s.writes = true
		case t.is("update"):
			// "for update" and "for no key update" lock.
			s.writes = s.writes || i == 0 || !list[i-1].is("for") && !list[i-1].is("key")
		case t.is("search_path"), t.is("set_config"), t.is("temp"), t.is("temporary"), t.is("pg_temp"), t.is("role"), t.is("authorization"):
			s.session = true
		}
		if t.name() && i+1 < len(list) && list[i+1].sign("(") && !(t.kind == word && slices.Contains(notCalls, t.text)) {
			s.calls = append(s.calls, t.text)
		} else if t.name() && i > 0 && list[i-1].sign(".") {
			s.dotted = append(s.dotted, t.text)
		}
	}
	if s.session { // a column called "role" in a query is harmless
		s.session = slices.Contains([]string{"set", "create", "reset"}, begin) || s.many || slices.Contains(s.calls, "set_config") || slices.ContainsFunc(list, func(t token) bool { return t.is("into") })
	}
	return s
}

// first is the word that a statement begins with, after parentheses.
func first(list []token) string {
	for _, t := range list {
		if t.sign("(") {
			continue
		}
		if t.kind == word {
			return t.text
		}
		break
	}
	return ""
}
