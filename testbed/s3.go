//go:build unix

package testbed

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
)

// The keys of the S3 service's only account.
const (
	S3Key    = "gorgon-test-key"
	S3Secret = "gorgon-test-secret"
)

// S3 starts a versitygw on a folder, with one empty bucket, "pages". Its URL is
// s3://pages/site?endpoint=http://…; the keys are given by the environment
// variables AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.
func S3() (*Server, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return nil, err
	}
	program, err := find("versitygw", filepath.Join(cache, "gorgon-testbed"))
	if err != nil {
		return nil, err
	}
	dir, err := folder()
	if err != nil {
		return nil, err
	}
	// If the caller is root, its own folders may be closed to the user nobody.
	own := filepath.Join(dir, "versitygw")
	if err := copyProgram(program, own); err != nil {
		return nil, err
	}
	addr, err := FreeAddr()
	if err != nil {
		return nil, err
	}
	bucket := filepath.Join(dir, "data", "pages")
	if err := os.MkdirAll(bucket, 0o777); err != nil {
		return nil, err
	}
	if os.Getuid() == 0 {
		for _, d := range []string{filepath.Dir(bucket), bucket} {
			if err := os.Chown(d, unprivileged, unprivileged); err != nil {
				return nil, err
			}
		}
	}
	s := &Server{URL: "s3://pages/site?endpoint=http://" + addr, Addr: addr, dir: dir, signal: syscall.SIGTERM}
	s.start = func() *exec.Cmd {
		cmd := exec.Command(own, "--port", addr, "--access", S3Key, "--secret", S3Secret, "--quiet", "posix", filepath.Dir(bucket))
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "HOME="+dir)
		return cmd
	}
	s.ready = func() error { return answers(addr) }
	if err := s.Start(); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

func copyProgram(from, to string) error {
	if os.Link(from, to) == nil {
		return nil
	}
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, data, 0o755)
}
