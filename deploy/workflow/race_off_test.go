// Whether the race detector runs: it does not.

//go:build !race && unix

package workflow_test

const raceEnabled = false
