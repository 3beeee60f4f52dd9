package testbed

import "syscall"

// endWithParent makes a process end when the one that started it does, also
// when that one is killed.
func endWithParent(attr *syscall.SysProcAttr) { attr.Pdeathsig = syscall.SIGKILL }
