// Processes on Linux.

package develop

import (
	"os/exec"
	"syscall"
)

const executable = ""

// alone gives a process a group of its own, which a terminal's interrupt does
// not reach, and ends it with the tool, also where that is killed.
func alone(c *exec.Cmd) {
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// end ends a process with all that it started.
func end(c *exec.Cmd) { _ = syscall.Kill(-c.Process.Pid, syscall.SIGKILL) }
