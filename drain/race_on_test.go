// Whether the race detector runs: it does.

//go:build race

package drain_test

const raceEnabled = true
