// Whether the race detector runs: it does.

//go:build race

package cache_test

const raceEnabled = true
