// Processes on Windows.

package develop

import (
	"os/exec"
	"syscall"
)

const executable = ".exe"

// alone gives a process a group of its own, which a console's interrupt does
// not reach.
func alone(c *exec.Cmd) {
	c.SysProcAttr = &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP}
}

// end ends a process.
func end(c *exec.Cmd) { _ = c.Process.Kill() }
