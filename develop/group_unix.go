//go:build unix && !linux

// Processes on other systems like Unix.

package develop

import (
	"os/exec"
	"syscall"
)

const executable = ""

// alone gives a process a group of its own, which a terminal's interrupt does
// not reach.
func alone(c *exec.Cmd) { c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// end ends a process with all that it started.
func end(c *exec.Cmd) { _ = syscall.Kill(-c.Process.Pid, syscall.SIGKILL) }
