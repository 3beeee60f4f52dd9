// Package roomstest tests stores against the contract of package rooms, and has a
// store that fails on demand: [Faults].
package roomstest
