//go:build !unix

package pgdbtest

import (
	"syscall"
)

// unprivileged says that no server is started on this system.
func unprivileged(string) (*syscall.SysProcAttr, error) { return nil, errMissing }
