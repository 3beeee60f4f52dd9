//go:build unix

package testbed

import (
	"fmt"
	"net"
	"os/exec"
	"syscall"
	"time"
)

// Redis starts a Redis that keeps everything in memory; further arguments are
// options of redis-server. Its URL is redis://….
func Redis(args ...string) (*Server, error) {
	program, err := find("redis-server")
	if err != nil {
		return nil, err
	}
	dir, err := folder()
	if err != nil {
		return nil, err
	}
	addr, err := FreeAddr()
	if err != nil {
		return nil, err
	}
	host, port, _ := net.SplitHostPort(addr)
	s := &Server{URL: "redis://" + addr, Addr: addr, dir: dir, signal: syscall.SIGTERM}
	s.start = func() *exec.Cmd {
		cmd := exec.Command(program, append([]string{"--port", port, "--bind", host, "--save", "", "--appendonly", "no", "--dir", dir}, args...)...)
		cmd.Dir = dir
		return cmd
	}
	s.ready = func() error { return ping(addr) }
	if err := s.Start(); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// ping says whether a Redis takes commands, or asks for a password, which
// shows as much.
func ping(addr string) error {
	c, err := net.DialTimeout("tcp", addr, time.Second)
	if err != nil {
		return err
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(time.Second))
	if _, err := c.Write([]byte("PING\r\n")); err != nil {
		return err
	}
	answer := make([]byte, 64)
	n, err := c.Read(answer)
	if err != nil {
		return err
	}
	if s := string(answer[:n]); s != "+PONG\r\n" && s[:min(n, 7)] != "-NOAUTH" {
		return fmt.Errorf("it says %q", s)
	}
	return nil
}
