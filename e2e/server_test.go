// A running server: its process, its log and its address.

package e2e_test

import (
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/gorgon-go/gorgon/e2e/internal/site"
)

type server struct {
	t     *testing.T
	cmd   *exec.Cmd
	url   string // with base path, without a slash at its end
	log   string // the file of what it said
	leash io.Closer
	ended chan struct{}
	once  sync.Once
}

var serving = regexp.MustCompile(`(?m)^serving \S+ at (http://\S+)/ `)

// serve starts a server on a free port and waits until it serves. The server
// ends with the test.
func (s *stand) serve(args ...string) *server {
	t := s.t
	t.Helper()
	log, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	// Not the test's context: that ends before cleaning up, and would kill
	// the server before it is asked to stop.
	cmd := s.command(context.Background(), append([]string{"serve", "--addr", "127.0.0.1:0", "--dist", s.dist, "--store", s.store, "--compress", "fast"}, args...)...)
	cmd.Env = append(cmd.Env, site.EnvLeash+"=1", "GORGON_LOG=text")
	cmd.Stderr = log
	leash, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	v := &server{t: t, cmd: cmd, log: log.Name(), leash: leash, ended: make(chan struct{})}
	go func() {
		_ = cmd.Wait() // how it ended is in ProcessState
		close(v.ended)
	}()
	t.Cleanup(v.end)
	until(t, "the server serves", func() bool {
		select {
		case <-v.ended:
			t.Fatalf("the server ended: %v\n%s", cmd.ProcessState, v.said())
		default:
		}
		m := serving.FindStringSubmatch(v.said())
		if m != nil {
			v.url = m[1]
		}
		return m != nil
	})
	return v
}

// said returns the output of the server so far.
func (v *server) said() string {
	b, err := os.ReadFile(v.log)
	if err != nil {
		v.t.Fatal(err)
	}
	return string(b)
}

// warnings are the lines of its log at that level.
func (v *server) warnings() []string {
	var lines []string
	for line := range strings.Lines(v.said()) {
		if strings.Contains(line, "level=WARN") {
			lines = append(lines, line)
		}
	}
	return lines
}

func (v *server) signal(sig os.Signal) {
	v.t.Helper()
	if err := v.cmd.Process.Signal(sig); err != nil {
		v.t.Fatal(err)
	}
}

// kill ends the server without warning.
func (v *server) kill() {
	v.t.Helper()
	v.signal(syscall.SIGKILL)
	<-v.ended
}

// stop asks the server to end and expects a clean exit.
func (v *server) stop() {
	v.t.Helper()
	v.signal(syscall.SIGTERM)
	<-v.ended
	if code := v.cmd.ProcessState.ExitCode(); code != 0 {
		v.t.Errorf("the server ended with %d", code)
	}
}

// end makes sure that the process is gone, and checks for anything that must
// not happen in any test.
func (v *server) end() {
	v.once.Do(func() {
		_ = v.cmd.Process.Kill() // it may have ended
		<-v.ended
		_ = v.leash.Close()
		for _, word := range []string{"panic", "DATA RACE", "fatal error", "SIGSEGV", "SIGBUS"} {
			if strings.Contains(v.said(), word) {
				v.t.Errorf("the server said %q", word)
			}
		}
		if v.t.Failed() {
			v.t.Logf("the server's log:\n%s", v.said())
		}
	})
}
