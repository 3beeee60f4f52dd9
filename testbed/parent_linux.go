package testbed

import "syscall"

// endWithParent makes a process end when its parent does, even if the parent is
// killed.
func endWithParent(attr *syscall.SysProcAttr) { attr.Pdeathsig = syscall.SIGKILL }
