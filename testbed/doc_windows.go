// Package testbed starts the real servers that stores are tested against. It
// needs a Unix.
package testbed
