//go:build unix

package pgdbtest

import (
	"os"
	"syscall"
)

// nobody is the user that PostgreSQL runs as where the tests run as root, whom
// it refuses.
const nobody = 65534

// unprivileged is what programs are started with that work in a folder.
func unprivileged(folder string) (*syscall.SysProcAttr, error) {
	if os.Getuid() != 0 {
		return &syscall.SysProcAttr{Setpgid: true}, nil
	}
	err := os.Chown(folder, nobody, nobody)
	return &syscall.SysProcAttr{Setpgid: true, Credential: &syscall.Credential{Uid: nobody, Gid: nobody, NoSetGroups: true}}, err
}
