// What a statement may do, by its words.

package pgdb

import (
	"slices"
	"strings"
)

// A sort is what is known of a statement without asking the server.
type sort struct {
	reads   bool     // it may read tables, and its text can be analysed
	silent  bool     // it reads nothing: begin, set, …
	writes  bool     // it may write, apart from what functions do
	end     bool     // it may end a transaction
	many    bool     // it is several statements
	session bool     // it may change what names mean on its connection
	local   bool     // it changes that until its transaction ends, only
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

// maxSorted is how long a statement may be, in bytes, to be read to its end.
const maxSorted = 64 << 10

// sortOf sorts a statement.
func sortOf(sql string) sort {
	list, ok := tokens(sql[:min(len(sql), maxSorted)])
	if !ok || len(sql) > maxSorted {
		return sort{reads: slices.Contains(queryWords, first(list)), writes: true, end: true, many: true, session: setsNames(sql)}
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
		case t.is("temp"), t.is("temporary"), t.is("pg_temp"):
			s.session = s.session || i > 0 && (list[i-1].is("into") || list[i-1].is("create") || list[i-1].is("replace") || list[i-1].is("local"))
		case t.is("set_config"):
			s.session = s.session || setsNames(sql) || i+2 < len(list) && list[i+2].kind != text
		}
		if t.name() && i+1 < len(list) && list[i+1].sign("(") && !(t.kind == word && slices.Contains(notCalls, t.text)) {
			s.calls = append(s.calls, t.text)
		} else if t.name() && i > 0 && list[i-1].sign(".") {
			s.dotted = append(s.dotted, t.text)
		}
	}
	if begin == "set" || begin == "reset" {
		s.session = s.session || setsNames(sql) || len(list) == 2 && list[1].is("all")
		s.local = len(list) > 1 && list[1].is("local") && !s.many
	} else if s.many {
		s.session = s.session || setsNames(sql)
	}
	return s
}

// setsNames says whether a statement that sets something may set what changes
// the meaning of names.
func setsNames(sql string) bool {
	sql = lower(sql)
	for _, name := range []string{"search_path", "role", "authorization"} {
		if strings.Contains(sql, name) {
			return true
		}
	}
	return false
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
