// Codes of errors, of both dialects.

package apart

import (
	"errors"
	"strings"
)

// IsTaken says that an error is that of a key that is taken.
func IsTaken(err error) bool {
	const primaryKey, unique = 1555, 2067
	code := sqliteCode(err)
	return sqlState(err) == "23505" || code == primaryKey || code == unique
}

// IsMissing says that an error is that of a table, column or schema that is
// missing.
func IsMissing(err error) bool {
	switch sqlState(err) {
	case "42P01", "3F000", "42703":
		return true
	}
	const other = 1
	return sqliteCode(err) == other && (strings.Contains(err.Error(), "no such table") || strings.Contains(err.Error(), "no such column") ||
		strings.Contains(err.Error(), "has no column"))
}

// isForbidden says that the role has not the rights for a statement.
func isForbidden(err error) bool { return sqlState(err) == "42501" }

// sqlState is the SQLSTATE of an error of PostgreSQL.
func sqlState(err error) string {
	if e, ok := errors.AsType[interface {
		error
		SQLState() string
	}](err); ok {
		return e.SQLState()
	}
	return ""
}

// sqliteCode is the code of an error of SQLite.
func sqliteCode(err error) int {
	if e, ok := errors.AsType[interface {
		error
		Code() int
	}](err); ok {
		return e.Code()
	}
	return 0
}
