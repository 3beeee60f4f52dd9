// Whether the race detector runs: it does not.

//go:build !race

package cache_test

const raceEnabled = false
