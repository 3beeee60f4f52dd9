// Queries that read one row by its key.

package pgdb

import (
	"reflect"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
)

// byKey says by which parameter a query finds its rows, if it is one select
// from one table and its where clause begins with key = $n and only narrows
// that. It is right if the text reads one table and calls no function that
// reads: the analysis says that. table is the table's name in the text.
func byKey(sql, key string) (n int, table string, ok bool) {
	list, ok := tokens(sql)
	if !ok || strings.Contains(sql, `\`) {
		return 0, "", false
	}
	for len(list) > 0 && list[len(list)-1].sign(";") {
		list = list[:len(list)-1]
	}
	if len(list) == 0 || !list[0].is("select") {
		return 0, "", false
	}
	from, where := -1, -1
	depth := 0
	for i, t := range list {
		switch {
		case t.sign("("), t.sign("["):
			depth++
		case t.sign(")"), t.sign("]"):
			depth--
		case t.sign(";"):
			return 0, "", false
		case t.kind != word:
		case t.text == "select" && i > 0, t.text == "table", t.text == "values", t.text == "join", t.text == "with",
			t.text == "union", t.text == "intersect", t.text == "except", t.text == "into", t.text == "window", t.text == "tablesample":
			return 0, "", false
		case depth > 0:
		case t.text == "from":
			if from >= 0 {
				return 0, "", false
			}
			from = i
		case t.text == "where":
			if where >= 0 || from < 0 {
				return 0, "", false
			}
			where = i
		case t.text == "or":
			return 0, "", false
		}
	}
	if depth != 0 || where < 0 {
		return 0, "", false
	}
	table, alias, ok := single(list[from+1 : where])
	if !ok {
		return 0, "", false
	}
	n, ok = equal(list[where+1:], alias, key)
	return n, table, ok
}

// single reads a from clause that is one name: "products", "public.products p".
func single(list []token) (table, alias string, ok bool) {
	if len(list) > 0 && list[0].is("only") {
		list = list[1:]
	}
	if len(list) == 0 || !list[0].name() {
		return "", "", false
	}
	table, list = list[0].text, list[1:]
	if len(list) > 1 && list[0].sign(".") && list[1].name() {
		table, list = list[1].text, list[2:]
	}
	alias = table
	if len(list) > 1 && list[0].is("as") {
		list = list[1:]
	}
	if len(list) > 0 && list[0].name() {
		alias, list = list[0].text, list[1:]
	}
	return table, alias, len(list) == 0
}

// equal reads the beginning of a where clause.
func equal(list []token, alias, key string) (n int, ok bool) {
	if len(list) > 2 && list[0].name() && list[0].text == alias && list[1].sign(".") {
		list = list[2:]
	}
	if len(list) < 3 || !list[0].name() || list[0].text != key || !list[1].sign("=") || list[2].kind != param {
		return 0, false
	}
	n, err := strconv.Atoi(list[2].text)
	if err != nil || n < 1 {
		return 0, false
	}
	if len(list) == 3 {
		return n, true
	}
	for _, after := range []string{"and", "limit", "for", "order", "offset", "fetch"} {
		if list[3].is(after) {
			return n, true
		}
	}
	return 0, false
}

// A keyKind is how keys of a type are written.
type keyKind byte

const (
	noKey keyKind = iota
	integer
	textual
	uuid
)

// keyKindOf is the kind of a type of the server.
func keyKindOf(oid uint32) keyKind {
	switch oid {
	case pgtype.Int2OID, pgtype.Int4OID, pgtype.Int8OID:
		return integer
	case pgtype.TextOID, pgtype.VarcharOID:
		return textual
	case pgtype.UUIDOID:
		return uuid
	}
	return noKey
}

// keyText is an argument as the server writes it in the text of a key.
func keyText(types *pgtype.Map, oid uint32, arg any) (key string, ok bool) {
	v := reflect.ValueOf(arg)
	for v.Kind() == reflect.Pointer && !v.IsNil() {
		v = v.Elem()
	}
	if v.Kind() == reflect.Float32 || v.Kind() == reflect.Float64 {
		return "", false
	}
	raw, err := types.Encode(oid, pgx.TextFormatCode, arg, nil)
	if err != nil || raw == nil {
		return "", false
	}
	key = string(raw)
	switch keyKindOf(oid) {
	case integer:
		n, err := strconv.ParseInt(strings.TrimSpace(key), 10, 64)
		return strconv.FormatInt(n, 10), err == nil
	case uuid:
		return canonical(key)
	case textual:
		return key, true
	}
	return "", false
}

// canonical is a UUID in the form in which the server writes it.
func canonical(s string) (string, bool) {
	s = strings.ToLower(strings.ReplaceAll(strings.TrimSuffix(strings.TrimPrefix(s, "{"), "}"), "-", ""))
	if len(s) != 32 || strings.Trim(s, "0123456789abcdef") != "" {
		return "", false
	}
	return s[:8] + "-" + s[8:12] + "-" + s[12:16] + "-" + s[16:20] + "-" + s[20:], true
}
