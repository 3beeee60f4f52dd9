// Whether the race detector runs: it does.

//go:build race && unix

package workflow_test

const raceEnabled = true
