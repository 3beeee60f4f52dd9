//go:build unix

// The target, imitated: processes of a user without rights, behind a balancer
// that stops them while nothing is asked of them.

package rehearse

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/gorgon-go/gorgon/pack"
	"github.com/gorgon-go/gorgon/plan"
	"github.com/gorgon-go/gorgon/wire"
)

// unprivileged is a user who owns nothing.
const unprivileged = 65534

// A sandbox imitates the target.
type sandbox struct {
	*rehearsal
	root      string // a copy of the package that nothing can be written to
	inside    bool   // the instances see the files of the image alone
	scratch   string // of the store, and of the app's files
	store     string
	files     string              // FILES_URL; "" for none
	database  string              // DATABASE_URL, of a file in scratch; "" for none
	user      *syscall.Credential // nil: the one who rehearses
	imposed   []string
	balancer  *httptest.Server
	instances []*instance
	next      atomic.Uint64
}

// An instance is one running program.
type instance struct {
	command *exec.Cmd
	proxy   *httputil.ReverseProxy
	log     instanceLog
	drained chan struct{} // closed once all it said is in log
	ended   chan error

	mu    sync.Mutex
	under int // requests
}

// An instanceLog is the output of an instance.
type instanceLog struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *instanceLog) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(p)
}

func (j *instanceLog) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

// failedToMake says whether the log of an instance says that a page could not
// be made: then it is the app's loader that has nothing newer.
func (h *sandbox) failedToMake(page string) bool {
	for _, t := range h.instances {
		for line := range strings.Lines(t.log.String()) {
			if e := wire.ParseEvent(line); e.Name == wire.EventPageFailed && slices.Contains(e.Pages, page) {
				return true
			}
		}
	}
	return false
}

// newSandbox lays out a package, over the store, the database and the files of
// another sandbox if one is given.
func newSandbox(r *rehearsal, beside *sandbox) (*sandbox, error) {
	h := &sandbox{rehearsal: r}
	var err error
	if h.root, err = os.MkdirTemp("", "rehearse-"); err != nil {
		return nil, fmt.Errorf("rehearse: %w", err)
	}
	if beside != nil {
		h.store, h.files, h.database = beside.store, beside.files, beside.database
		if err := h.prepareHere(); err != nil {
			return nil, errors.Join(fmt.Errorf("rehearse: %w", err), h.close())
		}
		return h, nil
	}
	if h.scratch, err = os.MkdirTemp("", "rehearse-store-"); err != nil {
		return nil, errors.Join(fmt.Errorf("rehearse: %w", err), h.close())
	}
	if err := h.prepare(); err != nil {
		return nil, errors.Join(fmt.Errorf("rehearse: %w", err), h.close())
	}
	return h, nil
}

// prepare creates the files that the instances see.
func (h *sandbox) prepare() error {
	h.store = "none"
	if err := h.chooseRoot(); err != nil {
		return err
	}
	switch s := h.Outcome.Setting; {
	case h.Store != "":
		h.store = h.Store
	case s.Store == "none" || s.Store == "mem":
	case slices.Contains(h.manifest.Stores, "disk"):
		h.store = "disk:" + filepath.Join(h.scratch, "store")
		if h.inside {
			h.store = "disk:" + imageData + "/store"
		}
		if s.Store != "disk" {
			h.imposed = append(h.imposed, "a disk store in place of "+s.Store+" (--rehearse-store names a real one)")
		}
	}
	h.report.StoreUsed = h.store
	switch {
	case slices.ContainsFunc(h.Environment, func(v string) bool { return strings.HasPrefix(v, "FILES_URL=") }):
	case slices.Contains(h.Files, "disk"):
		h.files = "disk:" + filepath.Join(h.scratch, "files")
		if h.inside {
			h.files = "disk:" + imageData + "/files"
		}
		h.imposed = append(h.imposed, "the app's files in a temporary folder")
	case slices.Contains(h.Files, "mem"):
		h.files = "mem:"
		h.imposed = append(h.imposed, "the app's files in memory")
	}
	h.placeDatabase()
	return nil
}

// placeDatabase puts the database of an app that has it in a file into a temporary
// folder.
func (h *sandbox) placeDatabase() {
	file := func(p plan.Part) bool {
		return p.Name == plan.DatabasePart && slices.ContainsFunc(p.Needs, func(n plan.Need) bool { return n.Kind == plan.File })
	}
	if slices.ContainsFunc(h.Environment, isDatabase) || !slices.ContainsFunc(h.manifest.Parts, file) {
		return
	}
	h.database = "sqlite:" + filepath.Join(h.scratch, "app.db")
	if h.inside {
		h.database = "sqlite:" + imageData + "/app.db"
	}
	h.imposed = append(h.imposed, "the app's database in a temporary folder")
}

// chooseRoot makes the files of the image the instances' root, or has them run
// among those of this machine.
func (h *sandbox) chooseRoot() error {
	files := "the files of this machine"
	if h.Root != "" {
		var err error
		if h.inside, err = h.enter(); h.inside || err != nil {
			return err
		}
		files += ", since only root may change to those of the image"
	}
	h.imposed = append(h.imposed, files)
	return h.prepareHere()
}

// prepareHere copies the package and takes the right to write away.
func (h *sandbox) prepareHere() error {
	files := []string{h.manifest.Program, pack.ManifestName}
	if h.manifest.Seed != "" {
		files = append(files, h.manifest.Seed)
	}
	for _, name := range files {
		data, err := os.ReadFile(filepath.Join(h.Folder, name))
		if err != nil {
			return err
		}
		mode := fs.FileMode(0o444)
		if name == h.manifest.Program {
			mode = 0o555
		}
		if err := os.WriteFile(filepath.Join(h.root, name), data, mode); err != nil {
			return err
		}
	}
	if err := os.Chmod(h.root, 0o555); err != nil {
		return err
	}
	h.imposed = append(h.imposed, "a root that cannot be written to")
	if os.Getuid() == 0 {
		h.user = &syscall.Credential{Uid: unprivileged, Gid: unprivileged}
		h.imposed = append(h.imposed, "a user who owns nothing")
		if h.scratch != "" {
			if err := os.Chown(h.scratch, unprivileged, unprivileged); err != nil {
				return err
			}
		}
	}
	return nil
}

// imageUser is who the program of an image runs as, and imageData the folder
// that is theirs.
const (
	imageUser = 65532
	imageData = "/data"
)

// enter prepares the files of the image as the root of the instances, and says
// whether they can be started in it.
func (h *sandbox) enter() (bool, error) {
	if os.Getuid() != 0 {
		return false, nil
	}
	// What everything that runs containers puts there.
	for _, name := range []string{"/etc/hosts", "/etc/resolv.conf"} {
		if data, err := os.ReadFile(name); err == nil {
			if err := os.WriteFile(filepath.Join(h.Root, name), data, 0o644); err != nil {
				return false, err
			}
		}
	}
	// A program finds its package by this link. Where mounts are allowed, the
	// real folders take the place of these.
	for _, folder := range []string{"proc/self", "dev"} {
		if err := os.MkdirAll(filepath.Join(h.Root, folder), 0o755); err != nil {
			return false, err
		}
	}
	if err := os.Symlink(h.Program, filepath.Join(h.Root, "proc/self/exe")); err != nil {
		return false, err
	}
	// The folder above may be closed to others; the root itself may not.
	if err := os.Chmod(h.Root, 0o755); err != nil {
		return false, err
	}
	h.inside, h.user = true, &syscall.Credential{Uid: imageUser, Gid: imageUser}
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	probe := h.program(ctx, "parts")
	err := h.launch(probe)
	if errors.Is(err, syscall.EPERM) {
		h.inside, h.user = false, nil
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("the program cannot be started in the files of the image: %w", err)
	}
	_ = probe.Wait() // what fails is found when it is to serve
	h.imposed = append(h.imposed, "the files of the image alone", "a root that cannot be written to", "a user who owns nothing")
	return true, nil
}

// environment is what an instance sees, and nothing else of this machine's.
func (h *sandbox) environment() []string {
	env := []string{"PATH=/usr/bin:/bin", "HOME=/", "GORGON_HOST=127.0.0.1", "GORGON_PORT=0", "GORGON_STANDALONE=true",
		"GORGON_STORE=" + h.store, "GORGON_BASE_PATH=" + h.manifest.Base, "GORGON_ROLE=" + h.Outcome.Role}
	if h.Outcome.Role == "web" {
		env = append(env, "GORGON_WORK_AFTER="+plan.WorkAfter)
	}
	if h.files != "" {
		env = append(env, "FILES_URL="+h.files)
	}
	if h.database != "" {
		env = append(env, "DATABASE_URL="+h.database)
	}
	env = append(env, h.Environment...)
	// What an instance says is read here.
	return append(env, wire.ReadyVariable+"="+wire.ReadyJSON, "GORGON_LOG=json")
}

func (h *sandbox) program(ctx context.Context, args ...string) *exec.Cmd {
	c := exec.CommandContext(ctx, filepath.Join(h.root, h.manifest.Program), args...)
	c.Dir, c.Env = "/", h.environment()
	c.SysProcAttr = &syscall.SysProcAttr{Credential: h.user}
	if h.inside {
		c.Path, c.Args[0], c.Err = h.Program, h.Program, nil
		c.SysProcAttr.Chroot = h.Root
	}
	return c
}

// launch starts a command of the program.
func (h *sandbox) launch(c *exec.Cmd) error {
	if h.inside {
		return launchInside(c, h.Root)
	}
	return c.Start()
}

// open starts the instances and the balancer, and returns its URL.
func (h *sandbox) open(ctx context.Context) (string, error) {
	n := h.count()
	if n > 1 {
		h.imposed = append(h.imposed, fmt.Sprintf("%d instances", n))
	}
	if h.frozen() {
		h.imposed = append(h.imposed, "instances stopped between requests")
	}
	for range n {
		t, err := h.start(ctx)
		if err != nil {
			return "", err
		}
		h.instances = append(h.instances, t)
		if err := h.started(ctx, t); err != nil {
			return "", err
		}
		h.settle(t) // with nothing asked of it, it stands still
	}
	h.Tell(fmt.Sprintf("started %s with %s", h.manifest.Program, strings.Join(h.imposed, ", ")))
	h.balancer = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		t := h.instances[h.next.Add(1)%uint64(len(h.instances))]
		h.wake(t)
		defer h.settle(t)
		pass(t, w, r)
	}))
	return h.balancer.URL, nil
}

// pass sends a request on once it is read to its end. An instance may answer before
// it has read all of it; net/http closes a body then that is still read, and the proxy
// the connection.
func pass(t *instance, w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	r = r.Clone(r.Context())
	r.Body, r.ContentLength, r.TransferEncoding = io.NopCloser(bytes.NewReader(body)), int64(len(body)), nil
	if len(body) == 0 {
		r.Body = http.NoBody
	}
	t.proxy.ServeHTTP(w, r)
}

func (h *sandbox) frozen() bool { return h.Outcome.Target.Offers.Stands(h.Outcome.Setting) }

// wake lets an instance run while something is asked of it.
func (h *sandbox) wake(t *instance) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.under++; t.under == 1 && h.frozen() {
		_ = t.command.Process.Signal(syscall.SIGCONT)
	}
}

// settle stops an instance of which nothing is asked.
func (h *sandbox) settle(t *instance) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.under > 0 {
		t.under--
	}
	if t.under == 0 && h.frozen() {
		_ = t.command.Process.Signal(syscall.SIGSTOP)
	}
}

// startTimeout is how long an instance may take until it listens.
const startTimeout = 30 * time.Second

// start starts an instance and waits until it listens.
func (h *sandbox) start(ctx context.Context) (*instance, error) {
	t := &instance{command: h.program(context.WithoutCancel(ctx), "serve"), ended: make(chan error, 1), drained: make(chan struct{})}
	out, err := t.command.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := h.launch(t.command); err != nil {
		return nil, fmt.Errorf("the program cannot be started: %w", err)
	}
	at := make(chan string, 1)
	go func() {
		defer close(t.drained)
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			fmt.Fprintln(&t.log, lines.Text())
			if ready, ok := wire.ParseReady(lines.Text()); ok {
				select {
				case at <- ready.URL:
				default:
				}
			}
		}
		_, _ = io.Copy(&t.log, out) // a line that was too long
	}()
	go func() {
		<-t.drained // Wait closes the pipe
		t.ended <- t.command.Wait()
	}()
	timer := time.NewTimer(startTimeout)
	defer timer.Stop()
	select {
	case base := <-at:
		u, err := url.Parse(base)
		if err != nil {
			return nil, err
		}
		u.Path = "" // the paths that are asked for have the base path
		t.proxy = httputil.NewSingleHostReverseProxy(u)
		t.proxy.FlushInterval = -1
		t.proxy.ErrorLog = log.New(io.Discard, "", 0) // what fails is in the answers
		return t, nil
	case err := <-t.ended:
		return nil, fmt.Errorf("the program ends at once: %w\n%s", cause(err), tail(t.log.String()))
	case <-timer.C:
		err = fmt.Errorf("the program does not listen after %s", startTimeout)
	case <-ctx.Done():
		err = ctx.Err()
	}
	return nil, errors.Join(err, t.command.Process.Kill())
}

// started waits until an instance says that it has started. Until then every
// place lets it run.
func (h *sandbox) started(ctx context.Context, t *instance) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	for {
		w := httptest.NewRecorder()
		t.proxy.ServeHTTP(w, httptest.NewRequestWithContext(ctx, http.MethodGet, wire.Started, nil))
		if w.Code == http.StatusOK {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the program has not started after %s: %s answers %d: %s", startTimeout, wire.Started, w.Code, tail(w.Body.String()))
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func cause(err error) error {
	if err == nil {
		return errors.New("without an error")
	}
	return err
}

// tail is the end of what a program said.
func tail(text string) string {
	const most = 2000
	if len(text) > most {
		return "…" + text[len(text)-most:]
	}
	return strings.TrimSpace(text)
}

// purge declares everything out of date, as an operator does.
func (h *sandbox) purge(ctx context.Context) error {
	// Those who acknowledge purges cannot while they are stopped: they are let
	// run, as they are while there are requests.
	for _, t := range h.instances {
		h.wake(t)
		defer h.settle(t)
	}
	_, err := h.command(ctx, "purge", "--all", "--store", h.store)
	return err
}

// command runs a command of the program to its end, and returns what it prints.
func (h *sandbox) command(ctx context.Context, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	c := h.program(ctx, args...)
	var out, log bytes.Buffer
	c.Stdout, c.Stderr = &out, &log
	err := h.launch(c)
	if err == nil {
		err = c.Wait()
	}
	if err != nil {
		return out.String(), fmt.Errorf("%s fails: %w: %s", args[0], err, tail(out.String()+log.String()))
	}
	return out.String(), nil
}

// stopTimeout is how long an instance may take to end.
const stopTimeout = 30 * time.Second

// stop asks the instances to end, as the place does, and says how long the
// slowest took.
func (h *sandbox) stop(ctx context.Context) (time.Duration, error) {
	var faults []error
	start := time.Now()
	for _, t := range h.instances {
		h.wake(t) // for good: an answer may be settled only after its client has it
		_ = t.command.Process.Signal(syscall.SIGTERM)
	}
	for n, t := range h.instances {
		timer := time.NewTimer(stopTimeout)
		select {
		case err := <-t.ended:
			if err != nil {
				faults = append(faults, fmt.Errorf("instance %d, told to end: %w\n%s", n+1, err, tail(t.log.String())))
			}
			t.ended <- nil
		case <-timer.C:
			faults = append(faults, fmt.Errorf("instance %d does not end after %s", n+1, stopTimeout))
		case <-ctx.Done():
			faults = append(faults, ctx.Err())
		}
		timer.Stop()
	}
	return time.Since(start), errors.Join(faults...)
}

// close ends what still runs and removes what was made.
func (h *sandbox) close() error {
	if h.balancer != nil {
		h.balancer.Close()
	}
	for _, t := range h.instances {
		select {
		case <-t.ended:
		default:
			_ = t.command.Process.Kill()
			<-t.ended
		}
	}
	var faults []error
	if h.root != "" {
		faults = append(faults, os.Chmod(h.root, 0o755), os.RemoveAll(h.root))
	}
	if h.scratch != "" {
		faults = append(faults, os.RemoveAll(h.scratch))
	}
	return errors.Join(faults...)
}
