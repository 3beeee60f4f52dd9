//go:build unix

// Standby servers, and backups.

package testbed

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// A Standby is a server that follows another asynchronously.
type Standby struct {
	*Server
	Link *Proxy // the link to the primary: if it is held up, the standby misses data

	promote func() error
}

// Promote makes the standby a primary, and waits until it is one.
func (s *Standby) Promote() error { return s.promote() }

// Close ends the standby and its link.
func (s *Standby) Close() {
	s.Link.Close()
	s.Server.Close()
}

// Backup copies the data of a PostgreSQL, a Redis or an S3 service. The
// function it returns restores it, once, while the server has clients; a Redis
// is restarted.
func Backup(s *Server) (restore func() error, err error) {
	switch scheme, _, _ := strings.Cut(s.URL, ":"); scheme {
	case "postgres":
		dump, err := Dump(s)
		return func() error { return Restore(s, dump) }, err
	case "redis":
		return backupRedis(s)
	case "s3":
		return backupFolder(s, filepath.Join(s.dir, "data", "pages"))
	default:
		return nil, fmt.Errorf("there are no backups of %s", scheme)
	}
}

func backupRedis(s *Server) (restore func() error, err error) {
	if _, err := RedisDo(s.Addr, "SAVE"); err != nil {
		return nil, err
	}
	file := filepath.Join(s.dir, "dump.rdb")
	data, err := os.ReadFile(file)
	return func() error {
		s.Kill()
		if err := os.WriteFile(file, data, 0o644); err != nil {
			return err
		}
		return s.Start()
	}, err
}

// backupFolder copies a folder with the attributes of its files.
func backupFolder(s *Server, dir string) (restore func() error, err error) {
	saved := filepath.Join(s.dir, "saved")
	if out, err := exec.Command("cp", "-a", dir, saved).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("cp: %w\n%s", err, out)
	}
	return func() error { // others write there all the time
		return errors.Join(os.Rename(dir, filepath.Join(s.dir, "lost")), os.Rename(saved, dir))
	}, nil
}
