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
	"maps"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// A Server develops one app. Dir is needed.
type Server struct {
	Dir     string              // the module's folder, which is watched
	Also    []string            // folders of further modules, which are watched too. Default: none
	Package string              // that is built, as the go command names it from Dir. Default: "."
	Addr    string              // where browsers come. Default: 127.0.0.1:8080
	Templ   []string            // the command that generates from templates. Default: go tool templ where go.mod has it, else templ
	Wait    time.Duration       // how long a request waits for a build. Default: 30 s
	Log     io.Writer           // optional
	Started func(addr net.Addr) // called with the address it listens at; optional

	mu       sync.Mutex
	settled  chan struct{} // closed while there is an app or a fault to show
	changed  chan struct{} // closed when the version is another
	version  int64         // of what is shown
	kind     string        // how it became so: reload, css or fault
	target   *url.URL      // of the app
	fault    *Fault
	streams  map[*http.Request]context.CancelFunc // that do not end by themselves
	requests []request                            // the last ones

	// Of the goroutine that makes.
	binary    string
	scratch   string // folder of the go command, which leaves its files where it is ended
	report    string // file in which the app lists what it reads from disk
	watcher   *watcher
	templates *templGenerator
	app       *process
	folders   []string        // whose files the app reads from disk
	broken    map[string]bool // templates that nothing could be generated from
	unbuilt   bool            // what is on disk was not built yet
	runs      int             // of the app
	embedded  []string        // patterns of files that are part of the program; nil for unknown
	read      []string        // files and folders that are embedded, and that the app reads from disk
	later     []string        // files that changed during a build, and can wait for its end
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
	dir, err := filepath.Abs(s.Dir)
	if err != nil {
		return fmt.Errorf("dev: %w", err)
	}
	s.Dir = dir
	s.settled, s.changed, s.broken, s.unbuilt = make(chan struct{}), make(chan struct{}), map[string]bool{}, true
	s.version = time.Now().UnixMilli() // pages of an earlier run are old
	s.streams = map[*http.Request]context.CancelFunc{}
	folder, err := os.MkdirTemp(os.Getenv("GOTMPDIR"), "gorgon-dev-")
	if err != nil {
		return fmt.Errorf("dev: %w: set TMPDIR to a folder that is writable", err)
	}
	defer os.RemoveAll(folder)
	s.binary, s.scratch, s.report = filepath.Join(folder, "app"+executable), filepath.Join(folder, "go"), filepath.Join(folder, "files")
	w, err := watch(s.Dir)
	if err != nil {
		return err
	}
	defer w.Close()
	s.watcher = w
	w.includeFile(s.dotenv())
	for _, folder := range s.Also {
		if err := w.include(folder); err != nil {
			return fmt.Errorf("watch %s: %w", folder, err)
		}
	}
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
	defer s.stop()
	fmt.Fprintln(s.Log, "compiling; the first time takes a while")
	s.templates = newTemplGenerator(ctx, s.Dir, s.Templ, folder)
	var changed []string
	for {
		s.renew(ctx, changed)
		if changed, s.later = s.later, nil; len(changed) > 0 {
			continue
		}
		if changed, err = w.next(ctx, failed); err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
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
	target := s.target
	s.mu.Unlock()
	how, target, err := s.make(ctx, target, changed)
	if ctx.Err() != nil {
		return
	}
	if err != nil {
		fault := s.faultOf(err.Error())
		if _, printed := errors.AsType[*endedError](err); printed {
			fmt.Fprintln(s.Log, sayEnded)
		} else {
			fmt.Fprintln(s.Log, fault.Text)
		}
		s.settle(target, fault, "fault")
		return
	}
	if s.app.ended() { // as soon as it had started
		return // exited says so
	}
	fmt.Fprintf(s.Log, "%s in %s\n", how, time.Since(began).Round(time.Millisecond))
	kind := "reload"
	if len(changed) > 0 && !slices.ContainsFunc(changed, func(name string) bool { return filepath.Ext(name) != ".css" }) {
		kind = "css" // which needs no reload
	}
	s.settle(target, nil, kind)
}

func (s *Server) settle(target *url.URL, fault *Fault, kind string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.target, s.fault, s.kind = target, fault, kind
	s.version++
	close(s.changed)
	s.changed = make(chan struct{})
	select {
	case <-s.settled:
	default:
		close(s.settled)
	}
}

// make does as little as shows what changed: it asks the app at target to
// reload, or restarts it, or generates, builds and starts another.
func (s *Server) make(ctx context.Context, target *url.URL, changed []string) (how string, _ *url.URL, err error) {
	for _, name := range changed {
		if filepath.Ext(name) == ".templ" {
			s.broken[name] = true
		}
	}
	var generated []string
	for _, name := range slices.Sorted(maps.Keys(s.broken)) {
		if _, err := os.Stat(name); err == nil {
			out, err := s.templates.generate(ctx, name)
			if err != nil {
				return "", target, err
			}
			s.watcher.know(out)
			generated = append(generated, out)
		} else {
			s.unbuilt = true
		}
	}
	clear(s.broken)
	assets, read, code := false, false, s.unbuilt || target == nil || s.app.ended()
	for _, name := range changed {
		switch {
		case filepath.Ext(name) == ".templ":
		case filepath.Ext(name) != ".go" && slices.ContainsFunc(s.folders, func(f string) bool { return strings.HasPrefix(name, f+string(filepath.Separator)) }):
			assets = true
		case !s.compiled(name):
			read = true
		default:
			code = true
		}
	}
	if !code && read && s.templates.textOnly(generated) {
		if err := s.templates.publish(ctx, generated); err != nil {
			return "", target, err
		}
		if _, err := readDotenv(s.dotenv()); err != nil {
			return "", target, err // what runs goes on
		}
		s.stop()
		if target, err = s.start(ctx); err != nil {
			return "", nil, err
		}
		return "started again", target, nil
	}
	if !code && s.templates.textOnly(generated) {
		if err := s.templates.publish(ctx, generated); err != nil {
			return "", target, err
		}
		if _, err := s.ask(ctx, target, assets); err != nil {
			return "", target, err
		}
		return "shown", target, nil
	}
	s.unbuilt = true
	newer, err := s.build(ctx, changed)
	if err != nil {
		return "", target, err
	}
	if len(newer) > 0 {
		return s.make(ctx, target, append(changed, newer...))
	}
	s.stop()
	if err := os.Rename(s.binary+".new", s.binary); err != nil {
		return "", nil, err
	}
	s.learnEmbedded(ctx)
	if target, err = s.start(ctx); err != nil {
		return "", nil, err
	}
	s.unbuilt = false
	return "built and started", target, nil
}

// buildFlags leave out what takes long, to optimize packages that the next save
// changes again, and set the build tag by which an app can tell. They would
// replace those of the environment, so they come with them or give way.
func buildFlags() []string {
	tags, compiler := "gorgon_dev", []string{"-gcflags=./...=-N -l"}
	for flag := range strings.FieldsSeq(os.Getenv("GOFLAGS")) {
		flag = strings.TrimLeft(flag, "-")
		if more, ok := strings.CutPrefix(flag, "tags="); ok {
			tags += "," + more
		}
		if strings.HasPrefix(flag, "gcflags=") {
			compiler = nil
		}
	}
	return append(compiler, "-tags="+tags)
}

// build builds the app, unless code is saved meanwhile: it then gives up, and
// returns the files that changed.
func (s *Server) build(ctx context.Context, changed []string) (newer []string, _ error) {
	if err := s.templates.building(ctx, s.Package, buildFlags(), slices.Collect(maps.Keys(s.watcher.known)), changed); err != nil {
		return nil, err
	}
	line := append([]string{"go", "build"}, buildFlags()...)
	line = append(line, "-trimpath=false", // so that files are named with their folders
		"-ldflags=-s -w", "-o", s.binary+".new", s.Package)
	if err := errors.Join(os.RemoveAll(s.scratch), os.Mkdir(s.scratch, 0o700)); err != nil {
		return nil, err
	}
	ctx, giveUp := context.WithCancel(ctx)
	defer giveUp()
	watching, ended := context.WithCancel(context.Background())
	var out []byte
	var err error
	go func() {
		defer ended()
		out, err = run(ctx, s.Dir, []string{"GOTMPDIR=" + s.scratch}, line...)
	}()
	for {
		changed, fault := s.watcher.next(watching, nil)
		if slices.ContainsFunc(changed, isCode) {
			giveUp()
			<-watching.Done()
			return changed, nil
		}
		s.later = append(s.later, changed...)
		if fault == nil {
			continue
		}
		if watching.Err() == nil {
			giveUp()
			<-watching.Done()
			return nil, fault
		}
		break
	}
	if err == nil {
		return nil, nil
	}
	if text := bytes.TrimSpace(out); len(text) > 0 {
		return nil, errors.New(string(text))
	}
	return nil, fmt.Errorf("go build: %w", err)
}

// isCode says whether a file is one that people write and the compiler reads,
// or that code is generated from. What else may change by itself, without end.
func isCode(name string) bool {
	return slices.Contains([]string{".go", ".templ", ".mod"}, filepath.Ext(name))
}

// run runs a command, with variables beside those of the environment, and
// returns all that it says.
func run(ctx context.Context, dir string, env []string, line ...string) ([]byte, error) {
	c := exec.CommandContext(ctx, line[0], line[1:]...)
	c.Dir, c.Env = dir, append(os.Environ(), env...)
	alone(c)
	c.Cancel = func() error { end(c); return nil }
	c.WaitDelay = stopTimeout
	// Linux ends a process with the thread that started it.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	return c.CombinedOutput()
}

// stop ends the app. Streams that browsers hold open do not keep it.
func (s *Server) stop() {
	s.mu.Lock()
	for _, cancel := range s.streams {
		cancel()
	}
	s.mu.Unlock()
	s.app.stop()
}

// start runs the app at a port of its own, and waits until it says of which
// build it is.
func (s *Server) start(ctx context.Context) (*url.URL, error) {
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	host, port, _ := net.SplitHostPort(free.Addr().String())
	free.Close()
	env, err := withNames(readDotenv(s.dotenv()))
	if err != nil {
		return nil, err
	}
	if err := os.RemoveAll(s.report); err != nil {
		return nil, err
	}
	env = append(env, "GORGON_DEV=1", "GORGON_DEV_FILES="+s.report, "GORGON_STORE="+cmp.Or(os.Getenv("GORGON_STORE"), "none"), "GORGON_HOST="+host, "GORGON_PORT="+port, "GORGON_DRAIN=0s", "GORGON_DEV_RUN="+strconv.Itoa(s.runs))
	s.runs++
	if s.templates.texts != "" {
		env = append(env, "TEMPL_DEV_MODE=true", "TEMPL_DEV_MODE_ROOT="+s.templates.texts)
	}
	app, err := launch(s.binary, s.Dir, s.Log, env...)
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
			return nil, &endedError{app.last()}
		case <-ctx.Done():
			app.stop()
			return nil, fmt.Errorf("the app did not answer at /livez with its build within %s: let its main function call command.Main, and look at what it prints", startTimeout)
		case <-tick.C:
		}
		if !lives(ctx, at) {
			continue
		}
		state, err := s.state(ctx, at)
		if err != nil {
			app.stop()
			return nil, err
		}
		s.mu.Lock()
		s.folders = state.Folders
		s.mu.Unlock()
		list, _ := os.ReadFile(s.report) // missing if the app reads nothing so
		s.read = strings.Split(strings.TrimSpace(string(list)), "\n")
		for _, folder := range s.folders {
			if err := s.watcher.include(folder); err != nil {
				app.stop()
				return nil, err
			}
		}
		go s.exited(app)
		return at, nil
	}
}

// sayEnded is what follows the last words of an app.
const sayEnded = "the app ended; it starts again after the next save"

// An endedError is that of an app which ended while it started. What it printed is
// in the log already.
type endedError struct{ printed string }

func (e *endedError) Error() string { return e.printed }

// exited shows why an app ended that was not stopped.
func (s *Server) exited(app *process) {
	<-app.done
	if app.stopped.Load() {
		return
	}
	fmt.Fprintln(s.Log, sayEnded)
	s.settle(nil, s.faultOf(app.last()), "fault")
}
