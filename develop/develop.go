// Package develop runs an app while it is being written: it watches the
// source, builds and restarts the app behind a port that is never lost, and
// tells browsers to show what changed.
package develop

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// A Server develops one app. Dir is needed.
type Server struct {
	Dir     string              // the module's folder, which is watched
	Package string              // that is built, as the go command names it from Dir. Default: "."
	Addr    string              // where browsers come. Default: 127.0.0.1:8080
	Templ   []string            // the command that generates from templates. Default: go tool templ where go.mod has it, else templ
	Wait    time.Duration       // how long a request waits for a build. Default: 30 s
	Log     io.Writer           // default: nothing is told
	Started func(addr net.Addr) // is told where it listens. Default: nobody is

	mu       sync.Mutex
	settled  chan struct{} // closed while there is an app or a fault to show
	target   *url.URL      // of the app
	fault    *Fault
	app      *process
	browsers map[chan event]bool
	binary   string
}

// startTimeout bounds the time from an app's start to its first answer.
const startTimeout = 30 * time.Second

// Run serves until ctx ends, and ends the app's process before it returns.
func (s *Server) Run(ctx context.Context) error {
	if s.Package == "" {
		s.Package = "."
	}
	if s.Addr == "" {
		s.Addr = "127.0.0.1:8080"
	}
	if s.Wait <= 0 {
		s.Wait = 30 * time.Second
	}
	if s.Log == nil {
		s.Log = io.Discard
	}
	s.settled, s.browsers = make(chan struct{}), map[chan event]bool{}
	folder, err := os.MkdirTemp("", "gorgon-dev-")
	if err != nil {
		return fmt.Errorf("dev: %w: set TMPDIR to a folder that is writable", err)
	}
	defer os.RemoveAll(folder)
	s.binary = filepath.Join(folder, "app")
	w, err := watch(s.Dir)
	if err != nil {
		return err
	}
	defer w.Close()
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", s.Addr)
	if err != nil {
		return fmt.Errorf("listen at %s: %w: choose another address with --addr, or stop what listens there", s.Addr, err)
	}
	server := &http.Server{Handler: s, ReadHeaderTimeout: time.Minute, BaseContext: func(net.Listener) context.Context { return ctx }}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	defer server.Close()
	if s.Started != nil {
		s.Started(listener.Addr())
	}
	defer func() { s.app.stop() }()
	s.renew(ctx, nil)
	for {
		changed, err := w.next(ctx, failed)
		if err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
		s.renew(ctx, changed)
	}
}

// renew brings the app up to date with the files that changed.
func (s *Server) renew(ctx context.Context, changed []string) {
	began := time.Now()
	s.mu.Lock()
	select {
	case <-s.settled:
		s.settled = make(chan struct{})
	default:
	}
	s.mu.Unlock()
	target, err := s.make(ctx, changed)
	if ctx.Err() != nil {
		return
	}
	say := event{name: "reload"}
	var fault *Fault
	switch {
	case err != nil:
		fault = faultOf(s.Dir, err)
		say = event{"fault", fault}
		fmt.Fprintln(s.Log, fault.Text)
	case len(changed) > 0 && styles(changed):
		say.name = "css"
	}
	if err == nil {
		fmt.Fprintf(s.Log, "ready in %s\n", time.Since(began).Round(time.Millisecond))
	}
	s.settle(target, fault, say)
}

func (s *Server) settle(target *url.URL, fault *Fault, say event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.target, s.fault = target, fault
	select {
	case <-s.settled:
	default:
		close(s.settled)
	}
	for b := range s.browsers {
		select {
		case b <- say:
		default: // it has one to read, after which it asks again
		}
	}
}

// styles says whether style sheets alone changed, which need no reload.
func styles(changed []string) bool {
	for _, name := range changed {
		if filepath.Ext(name) != ".css" {
			return false
		}
	}
	return true
}

// make generates, builds and starts.
func (s *Server) make(ctx context.Context, changed []string) (*url.URL, error) {
	for _, name := range changed {
		if _, err := os.Stat(name); err != nil || filepath.Ext(name) != ".templ" {
			continue
		}
		command := append(s.templ(), "generate", "-f", name)
		if out, err := s.command(ctx, command).CombinedOutput(); err != nil {
			return nil, fmt.Errorf("%s: %w\n%s", strings.Join(command, " "), err, out)
		}
	}
	// Without its symbols a program is linked in about half the time.
	build := s.command(ctx, []string{"go", "build", "-ldflags=-s -w", "-o", s.binary + ".new", s.Package})
	if out, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%s", bytes.TrimSpace(out))
	}
	s.app.stop()
	if err := os.Rename(s.binary+".new", s.binary); err != nil {
		return nil, err
	}
	return s.start(ctx)
}

func (s *Server) command(ctx context.Context, line []string) *exec.Cmd {
	c := exec.CommandContext(ctx, line[0], line[1:]...)
	c.Dir = s.Dir
	return c
}

// templ is the generator: the version that the app's go.mod names wins.
func (s *Server) templ() []string {
	if len(s.Templ) > 0 {
		return append([]string(nil), s.Templ...)
	}
	if mod, err := os.ReadFile(filepath.Join(s.Dir, "go.mod")); err == nil && bytes.Contains(mod, []byte("github.com/a-h/templ/cmd/templ")) {
		return []string{"go", "tool", "templ"}
	}
	return []string{"templ"}
}

// start runs the app at a port of its own, and waits until it answers.
func (s *Server) start(ctx context.Context) (*url.URL, error) {
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	host, port, _ := net.SplitHostPort(free.Addr().String())
	free.Close()
	app, err := launch(s.binary, s.Dir, s.Log, "GORGON_DEV=1", "GORGON_STORE="+cmp.Or(os.Getenv("GORGON_STORE"), "none"), "GORGON_HOST="+host, "GORGON_PORT="+port)
	if err != nil {
		return nil, err
	}
	s.app = app
	at := &url.URL{Scheme: "http", Host: net.JoinHostPort(host, port)}
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-app.done:
			return nil, errors.New(app.last())
		case <-ctx.Done():
			app.stop()
			return nil, fmt.Errorf("the app did not answer within %s: look at what it prints", startTimeout)
		case <-tick.C:
		}
		if c, err := net.DialTimeout("tcp", at.Host, time.Second); err == nil {
			c.Close()
			go s.mourn(app)
			return at, nil
		}
	}
}

// mourn shows why an app ended that nobody stopped.
func (s *Server) mourn(app *process) {
	<-app.done
	if app.stopped.Load() {
		return
	}
	fault := faultOf(s.Dir, errors.New(app.last()))
	fmt.Fprintln(s.Log, "the app ended; it starts again after the next save")
	s.settle(nil, fault, event{"fault", fault})
}
