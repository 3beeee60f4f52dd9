package rehearse

import (
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
)

// launchInside starts a command whose root is a folder, with /proc and /dev as
// every container has them, as far as this process may mount. The mounts are
// seen by the command alone and end with it.
func launchInside(c *exec.Cmd, root string) error {
	started := make(chan error)
	go func() {
		// Not unlocked: the thread has mounts of its own, and ends here.
		runtime.LockOSThread()
		if syscall.Unshare(syscall.CLONE_FS|syscall.CLONE_NEWNS) == nil && syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, "") == nil {
			for _, folder := range []string{"/proc", "/dev"} {
				_ = syscall.Mount(folder, filepath.Join(root, folder), "", syscall.MS_BIND|syscall.MS_REC, "")
			}
		}
		started <- c.Start()
	}()
	return <-started
}
