//go:build unix

package testbed

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

// PgBouncer starts a PgBouncer in front of a PostgreSQL of [Postgres]. It pools
// transactions and does not support prepared statements. Its URL is like that
// of the PostgreSQL; it ends before that.
func PgBouncer(postgres *Server) (*Server, error) {
	program, err := find("pgbouncer", "/usr/sbin")
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
	toHost, toPort, _ := net.SplitHostPort(postgres.Addr)
	config := filepath.Join(dir, "pgbouncer.ini")
	text := fmt.Sprintf(`[databases]
gorgon = host=%s port=%s user=gorgon
[pgbouncer]
listen_addr = %s
listen_port = %s
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 6
`, toHost, toPort, host, port)
	if err := os.WriteFile(config, []byte(text), 0o644); err != nil {
		return nil, err
	}
	s := &Server{URL: strings.Replace(postgres.URL, postgres.Addr, addr, 1), Addr: addr, dir: dir, signal: syscall.SIGTERM}
	s.start = func() *exec.Cmd {
		cmd := exec.Command(program, config)
		cmd.Dir = dir
		return cmd
	}
	s.ready = func() error { return answers(addr) }
	if err := s.Start(); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}
