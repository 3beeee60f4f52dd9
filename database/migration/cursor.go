// Going through the tokens of a statement.

package migration

import (
	"slices"
	"strings"
)

// A cursor is what of a statement has not been read yet.
type cursor struct{ left []token }

// take takes words, if they come next.
func (c *cursor) take(words ...string) bool {
	if len(c.left) < len(words) {
		return false
	}
	for i, w := range words {
		if !c.left[i].is(w) {
			return false
		}
	}
	c.left = c.left[len(words):]
	return true
}

// next says whether one of some words comes next.
func (c cursor) next(words ...string) bool { return len(c.left) > 0 && c.left[0].is(words...) }

// has says whether words come one after the other in what is left.
func (c cursor) has(words ...string) bool {
	for len(c.left) > 0 {
		if c.take(words...) {
			return true
		}
		c.left = c.left[1:]
	}
	return false
}

// name takes a name, with its schema: "products", "shop.products". It is "" if
// none comes next.
func (c *cursor) name() string {
	var parts []string
	for len(c.left) > 0 && (c.left[0].kind == word || c.left[0].kind == name) {
		parts = append(parts, c.left[0].text)
		c.left = c.left[1:]
		if !c.take(".") {
			break
		}
	}
	return plain(parts)
}

// plain is a name in the form that names are compared in.
func plain(parts []string) string {
	var all []string
	for _, p := range parts {
		all = append(all, strings.ToLower(strings.Trim(p, "\"`[]")))
	}
	if len(all) > 1 && (all[0] == "public" || all[0] == "main") {
		all = all[1:]
	}
	return strings.Join(all, ".")
}

// list takes what is left apart at the commas that are in no parentheses.
func (c cursor) list() (items []cursor) {
	depth, from := 0, 0
	for i, t := range c.left {
		switch {
		case t.is("("):
			depth++
		case t.is(")"):
			depth--
		case t.is(",") && depth == 0:
			items = append(items, cursor{c.left[from:i]})
			from = i + 1
		}
	}
	return append(items, cursor{c.left[from:]})
}

// covers says whether a table, or a column with its table, is among names.
func covers(names []string, what string) bool {
	return slices.ContainsFunc(names, func(n string) bool { return what == n || strings.HasPrefix(what, n+".") })
}
