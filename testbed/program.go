// Programs that tests run.

package testbed

import (
	"os/exec"
	"testing"
)

// Program finds a program for a test, and skips the test with the reason if it
// is not installed.
func Program(t testing.TB, name string) string {
	t.Helper()
	for _, place := range [...]string{name, "/usr/sbin/" + name} {
		if path, err := exec.LookPath(place); err == nil {
			return path
		}
	}
	t.Skipf("%s: %v", name, ErrMissing)
	return ""
}
