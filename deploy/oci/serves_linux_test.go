// An image whose files are unpacked and whose program is started among them.

package oci_test

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/tarball"

	"github.com/gorgon-go/gorgon/deploy/oci"
	"github.com/gorgon-go/gorgon/pack"
	"github.com/gorgon-go/gorgon/testbed"
)

// built is a package of the app in testdata/site.
func built(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	program := filepath.Join(folder, "site")
	build := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", program, "./testdata/site")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	for _, cmd := range []*exec.Cmd{build, exec.CommandContext(t.Context(), program, "build", "--out", folder)} {
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", cmd, err, out)
		}
	}
	m := about()
	m.App, m.Program, m.Seed, m.Arch = "site", "site", "site.seed", arch(t, program)
	for _, name := range []string{"site", "site.seed"} {
		data, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			t.Fatal(err)
		}
		m.Files = append(m.Files, described(name, data))
	}
	data, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(folder, pack.ManifestName), data)
	put(t, filepath.Join(folder, pack.SumsName), nil)
	return folder
}

// arch is what a program was built for, as it says itself.
func arch(t *testing.T, program string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "version", "-m", program).Output()
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(out), "GOARCH=")
	return strings.Fields(rest)[0]
}

// unpack writes the layers of an image as a container's root.
func unpack(t *testing.T, image v1.Image) string {
	t.Helper()
	folder := t.TempDir()
	layers, err := image.Layers()
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range layers {
		plain, err := l.Uncompressed()
		if err != nil {
			t.Fatal(err)
		}
		defer plain.Close()
		for r := tar.NewReader(plain); ; {
			h, err := r.Next()
			if errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatal(err)
			}
			name := filepath.Join(folder, h.Name)
			if h.Typeflag == tar.TypeDir {
				if err = os.Mkdir(name, 0o755); errors.Is(err, fs.ErrExist) {
					err = nil
				}
			} else {
				var data []byte
				if data, err = io.ReadAll(r); err == nil {
					err = os.WriteFile(name, data, 0o600)
				}
			}
			if err == nil && os.Getuid() == 0 {
				err = os.Chown(name, h.Uid, h.Gid)
			}
			if err == nil {
				err = os.Chmod(name, h.FileInfo().Mode())
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	return folder
}

// What a process of this test is told to take as its root, and to be.
const (
	rootIn = "GORGON_TEST_ROOT"
	asUser = "GORGON_TEST_USER"
)

func TestMain(m *testing.M) {
	if root := os.Getenv(rootIn); root != "" {
		fmt.Fprintln(os.Stderr, enter(root))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// contain makes a command run as in a container: in namespaces of its own, by
// way of this program, which calls enter.
func contain(cmd *exec.Cmd, root string) {
	cmd.Path, cmd.Err = "/proc/self/exe", nil
	cmd.Env = append(cmd.Env, rootIn+"="+root)
	if os.Getuid() == 0 {
		cmd.Env = append(cmd.Env, asUser+"=65532")
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS, Pdeathsig: syscall.SIGKILL}
	if uid := os.Getuid(); uid != 0 {
		cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: uid, Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}
	}
}

// enter makes a folder the root of this process, read-only and with /proc as
// every container has it, and becomes the program of the image. Where only one
// user is mapped, it stays that one.
func enter(root string) error {
	mount := func(from, to, kind string, flags uintptr) error {
		if err := syscall.Mount(from, to, kind, flags, ""); err != nil {
			return fmt.Errorf("mount %s at %s: %w", from, to, err)
		}
		return nil
	}
	proc := filepath.Join(root, "proc")
	for _, step := range []func() error{
		func() error { return mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE) },
		func() error { return os.Mkdir(proc, 0o755) },
		func() error { return mount(root, root, "", syscall.MS_BIND|syscall.MS_REC) },
		func() error { return mount("/proc", proc, "", syscall.MS_BIND|syscall.MS_REC) },
		func() error { return mount("", root, "", syscall.MS_BIND|syscall.MS_REMOUNT|syscall.MS_RDONLY) },
		func() error { return syscall.Chroot(root) },
		func() error { return os.Chdir("/") },
	} {
		if err := step(); err != nil {
			return err
		}
	}
	if err := os.WriteFile("/app/new", nil, 0o600); !errors.Is(err, syscall.EROFS) {
		return fmt.Errorf("the root is not read-only: %v", err)
	}
	if os.Getenv(asUser) != "" {
		if err := errors.Join(syscall.Setgroups(nil), syscall.Setgid(65532), syscall.Setuid(65532)); err != nil {
			return err
		}
	}
	if err := os.Unsetenv(rootIn); err != nil {
		return err
	}
	return syscall.Exec(os.Args[0], os.Args, os.Environ())
}

func TestItServes(t *testing.T) {
	folder, _ := write(t, oci.Image{Packages: []string{built(t)}})
	image, err := tarball.ImageFromPath(filepath.Join(folder, oci.ArchiveName), nil)
	if err != nil {
		t.Fatal(err)
	}
	file, err := image.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	addr := free(t)
	_, port, _ := net.SplitHostPort(addr)
	c := file.Config
	args := append(c.Entrypoint, c.Cmd...)
	cmd := exec.CommandContext(t.Context(), args[0], args[1:]...)
	cmd.Env = append(c.Env, "GORGON_HOST=127.0.0.1", "GORGON_PORT="+port)
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	contain(cmd, unpack(t, image))
	if err := cmd.Start(); errors.Is(err, syscall.EPERM) {
		t.Skipf("this user may not make namespaces: %v: run it as root, or allow user namespaces", err)
	} else if err != nil {
		t.Fatal(err)
	}
	exited := make(chan error, 1)
	go func() { exited <- cmd.Wait() }()
	var page string
	for deadline := time.Now().Add(30 * time.Second); page == ""; {
		r, err := http.Get("http://" + addr + "/")
		if err == nil {
			data, _ := io.ReadAll(r.Body)
			page = string(data)
			r.Body.Close()
			break
		}
		select {
		case err := <-exited:
			t.Fatalf("it ended: %v\n%s", err, &said)
		case <-time.After(10 * time.Millisecond):
			if time.Now().After(deadline) {
				t.Fatalf("it does not answer: %v", err)
			}
		}
	}
	if !strings.Contains(page, "Hello from the image") {
		t.Errorf("the page is %q", page)
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", cmd.Process.Pid))
	if err != nil {
		t.Error(err)
	}
	if os.Getuid() == 0 && !strings.Contains(string(status), "\nUid:\t65532\t65532\t65532\t65532\n") {
		t.Errorf("it runs as another user than 65532:\n%s", status)
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := <-exited; err != nil {
		t.Errorf("it ended with %v, want exit code 0\n%s", err, &said)
	}
	if strings.Contains(said.String(), "building") {
		t.Errorf("it did not find its seed:\n%s", &said)
	}
}

// free is an address of the loopback that is free now.
func free(t *testing.T) string {
	t.Helper()
	addr, err := testbed.FreeAddr()
	if err != nil {
		t.Fatal(err)
	}
	return addr
}
