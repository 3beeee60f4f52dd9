// Whether the race detector runs: it does not.

//go:build !race

package drain_test

const raceEnabled = false
