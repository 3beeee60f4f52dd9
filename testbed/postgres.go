//go:build unix

package testbed

import (
	"fmt"
	"net"
	"os/exec"
	"path/filepath"
	"syscall"
)

// Postgres starts a PostgreSQL with one empty database, "gorgon", whose user
// of the same name may do everything and needs no password. Its URL is
// postgres://gorgon@…/gorgon.
func Postgres() (*Server, error) {
	initdb, err := find("initdb", "/usr/lib/postgresql/*/bin")
	if err != nil {
		return nil, err
	}
	bin := filepath.Dir(initdb)
	dir, err := folder()
	if err != nil {
		return nil, err
	}
	addr, err := FreeAddr()
	if err != nil {
		return nil, err
	}
	data := filepath.Join(dir, "data")
	run := func(name string, args ...string) error {
		cmd := exec.Command(filepath.Join(bin, name), args...)
		cmd.Dir = dir
		asUnprivileged(cmd)
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w\n%s", name, err, out)
		}
		return nil
	}
	if err := run("initdb", "-D", data, "-A", "trust", "-U", "gorgon", "-E", "UTF8", "--locale=C", "--no-sync", "--no-instructions"); err != nil {
		return nil, err
	}
	host, port, _ := net.SplitHostPort(addr)
	s := &Server{URL: "postgres://gorgon@" + addr + "/gorgon?sslmode=disable", Addr: addr, dir: dir, signal: syscall.SIGINT}
	s.start = func() *exec.Cmd {
		cmd := exec.Command(filepath.Join(bin, "postgres"), "-D", data, "-h", host, "-p", port,
			"-c", "unix_socket_directories=", "-c", "fsync=off", "-c", "full_page_writes=off", "-c", "max_connections=200")
		cmd.Dir = dir
		return cmd
	}
	s.ready = func() error { return run("pg_isready", "-q", "-h", host, "-p", port, "-t", "1") }
	if err := s.Start(); err != nil {
		s.Close()
		return nil, err
	}
	if err := run("createdb", "-h", host, "-p", port, "-U", "gorgon", "gorgon"); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}
