//go:build unix

package pgdbtest

import (
	"os"
	"syscall"
)

// other is the user that PostgreSQL runs as where the tests run as root, whom it
// refuses.
const other = 65534

// unprivileged is what programs are started with that work in a folder.
func unprivileged(folder string) (*syscall.SysProcAttr, error) {
	if os.Getuid() != 0 {
		return &syscall.SysProcAttr{Setpgid: true}, nil
	}
	err := os.Chown(folder, other, other)
	return &syscall.SysProcAttr{Setpgid: true, Credential: &syscall.Credential{Uid: other, Gid: other, NoSetGroups: true}}, err
}
