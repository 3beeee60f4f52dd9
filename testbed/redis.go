//go:build unix

package testbed

import (
	"fmt"
	"net"
	"os/exec"
	"strings"
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

// RedisReplica starts a replica of a Redis.
func RedisReplica(primary *Server) (*Standby, error) {
	link, err := NewProxy(primary.Addr)
	if err != nil {
		return nil, err
	}
	host, port, _ := net.SplitHostPort(link.Addr)
	s, err := Redis("--replicaof", host+" "+port, "--repl-diskless-sync-delay", "0")
	if err != nil {
		link.Close()
		return nil, err
	}
	standby := &Standby{Server: s, Link: link, promote: func() error {
		_, err := RedisDo(s.Addr, "REPLICAOF", "NO", "ONE")
		return err
	}}
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		info, err := RedisDo(s.Addr, "INFO", "replication")
		if err == nil && strings.Contains(info, "master_link_status:up") {
			return standby, nil
		}
		if time.Now().After(end) {
			standby.Close()
			return nil, fmt.Errorf("the replica does not follow: %v\n%s", err, info)
		}
	}
}

// RedisDo sends one command to a Redis, and returns the answer unparsed.
func RedisDo(addr string, command ...string) (string, error) {
	c, err := net.DialTimeout("tcp", addr, time.Second)
	if err != nil {
		return "", err
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := fmt.Fprintf(c, "%s\r\n", strings.Join(command, " ")); err != nil {
		return "", err
	}
	answer := make([]byte, 64<<10)
	n, err := c.Read(answer)
	if err == nil && answer[0] == '-' {
		err = fmt.Errorf("redis %s: %s", command[0], answer[1:n])
	}
	return string(answer[:n]), err
}

// ping says whether a Redis accepts commands, or asks for a password, which
// shows the same.
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
