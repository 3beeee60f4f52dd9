// Package migration reads the files of a database's migrations: their names and
// numbers, what they declare, their statements, and what in them is dangerous
// for a database in use. Package database applies them, and the gorgon tool
// checks them.
//
// A file has the format of goose: "-- +goose Up" and "-- +goose Down" begin its
// two directions, "-- +goose StatementBegin" and "-- +goose StatementEnd" are
// around text that is one statement. A file without them is all Up. Statements
// end with a semicolon; those in strings, comments, dollar quotes, parentheses
// and in the bodies of triggers and functions do not end one.
//
// Comment lines at the top of a file declare what it is:
//
//	-- gorgon: expand
//	-- gorgon: contract products.subtitle
//	-- gorgon: no transaction
//	-- gorgon: allow index-locks
package migration
