// Mounts that no other process sees.

package e2e_test

import (
	"errors"
	"os"
	"os/exec"
	"regexp"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// namespaceVariable marks the run of a test within its own namespace.
const namespaceVariable = "GORGON_E2E_NAMESPACE"

var skipped = regexp.MustCompile(`(?m)^--- SKIP`)

// mayMount arranges that the test can mount, by running it again in a mount
// namespace of its own, with which its mounts go away whatever happens. It
// says whether this is that run.
func mayMount(t *testing.T) bool {
	t.Helper()
	if os.Getenv(namespaceVariable) != "" {
		return true
	}
	var err error
	for _, attributes := range []*syscall.SysProcAttr{
		{Unshareflags: syscall.CLONE_NEWNS}, // which makes mounts private
		{
			Unshareflags: syscall.CLONE_NEWNS, Cloneflags: syscall.CLONE_NEWUSER,
			UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
			GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
		},
	} {
		c := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
		c.Env = append(os.Environ(), namespaceVariable+"=1")
		c.SysProcAttr = attributes
		var out []byte
		out, err = c.CombinedOutput()
		if exit := new(exec.ExitError); errors.As(err, &exit) {
			t.Errorf("in its own namespace: %v\n%s", err, out)
			return false
		}
		if err == nil {
			if skipped.Match(out) {
				t.Skipf("%s", out)
			}
			t.Logf("in its own namespace:\n%s", out)
			return false
		}
	}
	t.Skipf("neither root nor allowed to make a user namespace: %v", err)
	return false
}

func mount(t *testing.T, source, dir, kind string, flags uintptr, data string) {
	t.Helper()
	if err := unix.Mount(source, dir, kind, flags, data); err != nil {
		t.Skipf("cannot mount %s: %v", kind, err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
}

// readOnly is a view of a folder that cannot be written to, by anybody.
func readOnly(t *testing.T, dir string) (view string) {
	t.Helper()
	view = t.TempDir()
	mount(t, dir, view, "", unix.MS_BIND, "")
	if err := unix.Mount("", view, "", unix.MS_REMOUNT|unix.MS_BIND|unix.MS_RDONLY, ""); err != nil {
		t.Skipf("cannot mount read-only: %v", err)
	}
	return view
}
