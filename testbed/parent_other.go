//go:build unix && !linux

package testbed

import "syscall"

func endWithParent(*syscall.SysProcAttr) {}
