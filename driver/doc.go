// Package driver holds what stores with a server of their own have in common:
// when a call may begin and when the store is closed ([Life]), and how a waiter
// learns of purges from hints that may be lost ([Hints]).
//
// A driver embeds neither: it has a *Life and a Hints as fields, and its methods
// begin with Life.Begin.
package driver
