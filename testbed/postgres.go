//go:build unix

package testbed

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
)

// Postgres starts a PostgreSQL with one empty database, "gorgon", whose user of
// the same name has all rights and needs no password. Its URL is
// postgres://gorgon@…/gorgon. It does not sync its log.
func Postgres() (*Server, error) { return startPostgres("off") }

// PostgresSynced is a PostgreSQL that syncs its log to the disk, as in
// production.
func PostgresSynced() (*Server, error) { return startPostgres("on") }

func startPostgres(sync string) (*Server, error) {
	bin, err := postgresPrograms()
	if err != nil {
		return nil, err
	}
	s, err := newPostgres(bin, sync)
	if err != nil {
		return nil, err
	}
	if _, err := s.run("initdb", "-D", s.data(), "-A", "trust", "-U", "gorgon", "-E", "UTF8", "--locale=C", "--no-sync", "--no-instructions"); err != nil {
		s.Close()
		return nil, err
	}
	if err := s.Start(); err != nil {
		s.Close()
		return nil, err
	}
	if _, err := s.client("createdb", "gorgon"); err != nil {
		s.Close()
		return nil, err
	}
	return s.Server, nil
}

// PostgresStandby starts a standby of a PostgreSQL of [Postgres].
func PostgresStandby(primary *Server) (*Standby, error) {
	bin, err := postgresPrograms()
	if err != nil {
		return nil, err
	}
	link, err := NewProxy(primary.Addr)
	if err != nil {
		return nil, err
	}
	s, err := newPostgres(bin, "off")
	if err != nil {
		link.Close()
		return nil, err
	}
	host, port, _ := net.SplitHostPort(link.Addr)
	standby := &Standby{Server: s.Server, Link: link, promote: func() error {
		_, err := s.run("pg_ctl", "promote", "-D", s.data(), "-w")
		return err
	}}
	if _, err = s.run("pg_basebackup", "-h", host, "-p", port, "-U", "gorgon", "-D", s.data(), "-R", "--no-sync", "-c", "fast"); err == nil {
		err = s.Start()
	}
	if err != nil {
		standby.Close()
		return nil, err
	}
	return standby, nil
}

// Dump returns the output of pg_dump for the database of a PostgreSQL, with
// further arguments.
func Dump(s *Server, args ...string) ([]byte, error) {
	p, err := postgresOf(s)
	if err != nil {
		return nil, err
	}
	return p.client("pg_dump", append(args, "--format=plain", "--clean", "--if-exists", "gorgon")...)
}

// Restore restores a dump, in one transaction, while others use the database.
func Restore(s *Server, dump []byte) error {
	p, err := postgresOf(s)
	if err != nil {
		return err
	}
	file := filepath.Join(s.dir, "dump.sql")
	if err := os.WriteFile(file, dump, 0o644); err != nil {
		return err
	}
	// Where the server ends it as the victim of a deadlock with those who use the
	// database, an operator does it again.
	for range 10 {
		_, err = p.client("psql", "-q", "-X", "-v", "ON_ERROR_STOP=1", "--single-transaction", "-f", file, "gorgon")
		if err == nil || !strings.Contains(err.Error(), "deadlock detected") {
			break
		}
	}
	return err
}

// postgres is a Server that runs PostgreSQL.
type postgres struct {
	*Server
	bin string // the folder of its programs
}

func postgresOf(s *Server) (postgres, error) {
	bin, err := postgresPrograms()
	return postgres{s, bin}, err
}

// postgresPrograms finds the folder of PostgreSQL's programs.
func postgresPrograms() (string, error) {
	initdb, err := find("initdb", "/usr/lib/postgresql/*/bin")
	return filepath.Dir(initdb), err
}

func newPostgres(bin, sync string) (postgres, error) {
	dir, err := folder()
	if err != nil {
		return postgres{}, err
	}
	addr, err := FreeAddr()
	if err != nil {
		return postgres{}, err
	}
	host, port, _ := net.SplitHostPort(addr)
	s := postgres{&Server{URL: "postgres://gorgon@" + addr + "/gorgon?sslmode=disable", Addr: addr, dir: dir, signal: syscall.SIGINT}, bin}
	s.start = func() *exec.Cmd {
		cmd := exec.Command(filepath.Join(bin, "postgres"), "-D", s.data(), "-h", host, "-p", port,
			"-c", "unix_socket_directories=", "-c", "fsync="+sync, "-c", "full_page_writes="+sync, "-c", "max_connections=200")
		cmd.Dir = dir
		return cmd
	}
	s.ready = func() error {
		_, err := s.run("pg_isready", "-q", "-h", host, "-p", port, "-t", "1")
		return err
	}
	return s, nil
}

func (s postgres) data() string { return filepath.Join(s.dir, "data") }

// client runs a program that connects to the server.
func (s postgres) client(name string, args ...string) ([]byte, error) {
	host, port, _ := net.SplitHostPort(s.Addr)
	return s.run(name, append([]string{"-h", host, "-p", port, "-U", "gorgon"}, args...)...)
}

// run runs a program of PostgreSQL and returns what it printed.
func (s postgres) run(name string, args ...string) ([]byte, error) {
	cmd := exec.Command(filepath.Join(s.bin, name), args...)
	cmd.Dir = s.dir
	cmd.Env = append(os.Environ(), "HOME="+s.dir)
	asUnprivileged(cmd)
	// Files and not pipes: the server inherits the output of pg_ctl.
	out, err := os.CreateTemp(s.dir, name)
	if err != nil {
		return nil, err
	}
	defer os.Remove(out.Name())
	defer out.Close()
	said, err := os.CreateTemp(s.dir, name)
	if err != nil {
		return nil, err
	}
	defer os.Remove(said.Name())
	defer said.Close()
	cmd.Stdout, cmd.Stderr = out, said
	runtime.LockOSThread() // see launch
	err = cmd.Run()
	runtime.UnlockOSThread()
	printed, _ := os.ReadFile(out.Name())
	if err != nil {
		text, _ := os.ReadFile(said.Name())
		return nil, fmt.Errorf("%s: %w\n%s%s", name, err, printed, text)
	}
	return printed, nil
}
