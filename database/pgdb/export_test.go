// What tests see of the package.

package pgdb

// ByKey is what the text of a query says about its key.
func ByKey(sql, key string) bool {
	_, _, ok := byKey(sql, key)
	return ok
}

// Sort reads a statement to its end.
func Sort(sql string) { sortOf(sql) }
