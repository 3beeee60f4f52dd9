//go:build unix

// Processes of our own that are found, started, stopped and never left running.

// Package testbed starts the real servers that stores are tested and measured
// against: PostgreSQL, Redis and an S3 service; and for the server's
// certificates an ACME authority. Each is private: it listens on
// a free port of the loopback, keeps its data in a folder of its own, runs as
// an unprivileged user where the caller is root, and ends with the caller.
//
// What it needs is installed by scripts/servers. Where something is missing,
// a test that asks for it is skipped with the reason.
package testbed

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
	"time"
)

// ErrMissing says that a program is not installed here.
var ErrMissing = errors.New("not installed: run scripts/servers")

// A Server is one process. Its address stays the same when it is stopped and
// started again, and so does its data, unless Wipe is called in between.
type Server struct {
	URL  string // for opening a store
	Addr string // host:port

	Roots string // file of the certificate authorities for its certificate, if it uses TLS

	dir    string
	start  func() *exec.Cmd
	ready  func() error
	signal syscall.Signal // the signal that ends it in order

	mu     sync.Mutex
	cmd    *exec.Cmd
	output *os.File
	exited chan struct{}
}

// Start starts the server if it is not running, and waits until it answers.
func (s *Server) Start() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cmd != nil {
		return nil
	}
	output, err := os.OpenFile(filepath.Join(s.dir, "output"), os.O_CREATE|os.O_APPEND|os.O_RDWR, 0o666)
	if err != nil {
		return err
	}
	cmd := s.start()
	cmd.Stdout, cmd.Stderr = output, output
	asUnprivileged(cmd)
	exited, err := launch(cmd)
	if err != nil {
		return errors.Join(err, output.Close())
	}
	s.cmd, s.output, s.exited = cmd, output, exited
	deadline := time.Now().Add(30 * time.Second)
	for err = s.ready(); err != nil; err = s.ready() {
		select {
		case <-s.exited:
			err = fmt.Errorf("it ended: %w", err)
		case <-time.After(10 * time.Millisecond):
			if time.Now().Before(deadline) {
				continue
			}
		}
		said, _ := os.ReadFile(output.Name())
		s.end(syscall.SIGKILL)
		return fmt.Errorf("start %s: %w\n%s", filepath.Base(cmd.Path), err, said)
	}
	return nil
}

// launch starts a process; the channel is closed when it has ended. Linux ends
// it with the thread that started it, and a test may end a thread: so that one is
// the process's own.
func launch(cmd *exec.Cmd) (exited chan struct{}, err error) {
	exited = make(chan struct{})
	began := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		began <- err
		if err == nil {
			_ = cmd.Wait()
			close(exited)
		}
	}()
	return exited, <-began
}

// Stop ends the server in order and waits for it.
func (s *Server) Stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.end(s.signal)
}

// Kill ends the server at once, as a power failure would.
func (s *Server) Kill() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.end(syscall.SIGKILL)
}

// Pause makes the server hang: its connections stay open and it does not
// answer. A server that has ended stays as it is.
func (s *Server) Pause() { s.change(Freeze) }

// Resume ends a Pause.
func (s *Server) Resume() { s.change(Thaw) }

func (s *Server) change(to func(pid int) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cmd == nil {
		return
	}
	if err := to(s.cmd.Process.Pid); err != nil && !errors.Is(err, os.ErrProcessDone) {
		panic(err) // a test would go on as if it had been done
	}
}

func (s *Server) end(signal syscall.Signal) {
	if s.cmd == nil {
		return
	}
	pid := s.cmd.Process.Pid
	_ = Thaw(pid) // it has ended
	left := children(pid)
	_ = syscall.Kill(pid, signal)
	select {
	case <-s.exited:
	case <-time.After(10 * time.Second):
	}
	_ = syscall.Kill(-pid, syscall.SIGKILL)
	<-s.exited
	// Its children end by themselves, unless it was killed.
	for _, child := range left {
		for signal == syscall.SIGKILL && syscall.Kill(child, syscall.SIGKILL) == nil {
			time.Sleep(time.Millisecond)
		}
	}
	s.output.Close()
	s.cmd = nil
}

// Close ends the server and removes its data.
func (s *Server) Close() {
	s.Kill()
	_ = os.RemoveAll(s.dir)
}

// asUnprivileged makes a command run as the user nobody if the caller is root,
// in a process group of its own, and end when the caller does.
func asUnprivileged(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	endWithParent(cmd.SysProcAttr)
	if os.Getuid() == 0 {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: unprivileged, Gid: unprivileged, NoSetGroups: true}
	}
}

// unprivileged is the id of the user nobody on Debian, and of its group.
const unprivileged = 65534

// folder makes a folder that the unprivileged user owns.
func folder() (string, error) {
	dir, err := os.MkdirTemp("", "gorgon-testbed-")
	if err == nil && os.Getuid() == 0 {
		err = os.Chown(dir, unprivileged, unprivileged)
	}
	return dir, err
}

// find looks for a program on the PATH and in further folders, which may be
// patterns; the last match counts.
func find(name string, folders ...string) (string, error) {
	for _, f := range folders {
		if found, _ := filepath.Glob(filepath.Join(f, name)); len(found) > 0 {
			return found[len(found)-1], nil
		}
	}
	if path, err := exec.LookPath(name); err == nil {
		return path, nil
	}
	return "", fmt.Errorf("%s: %w", name, ErrMissing)
}

// answers says whether a server listens at an address.
func answers(addr string) error {
	c, err := net.DialTimeout("tcp", addr, time.Second)
	if err != nil {
		return err
	}
	return c.Close()
}
