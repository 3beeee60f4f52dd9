//go:build unix

// The place, imitated: processes of a user without rights, behind a balancer
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
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/gorgon-go/gorgon/pack"
)

// nobody is who owns nothing.
const nobody = 65534

// A house is the place.
type house struct {
	*rehearsal
	root     string // a copy of the package that nothing can be written to
	scratch  string // of the store
	store    string
	user     *syscall.Credential // nil: the one who rehearses
	imposed  []string
	balancer *httptest.Server
	tenants  []*tenant
	next     atomic.Uint64
}

// A tenant is one instance.
type tenant struct {
	command *exec.Cmd
	proxy   *httputil.ReverseProxy
	log     journal
	drained chan struct{} // closed once all it said is in log
	ended   chan error

	mu    sync.Mutex
	under int // requests
}

// A journal is what an instance said.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

// failedToMake says whether an instance said that the page at a path could not
// be made: then it is the app's generator that has nothing newer.
func (h *house) failedToMake(path string) bool {
	for _, t := range h.tenants {
		for line := range strings.Lines(t.log.String()) {
			if strings.Contains(line, "could not be made") && strings.Contains(line, path) {
				return true
			}
		}
	}
	return false
}

func newHouse(r *rehearsal) (*house, error) {
	h := &house{rehearsal: r}
	var err error
	if h.root, err = os.MkdirTemp("", "rehearse-"); err != nil {
		return nil, fmt.Errorf("rehearse: %w", err)
	}
	if h.scratch, err = os.MkdirTemp("", "rehearse-store-"); err != nil {
		return nil, errors.Join(fmt.Errorf("rehearse: %w", err), h.close())
	}
	if err := h.furnish(); err != nil {
		return nil, errors.Join(fmt.Errorf("rehearse: %w", err), h.close())
	}
	return h, nil
}

// furnish copies the package and takes the right to write away.
func (h *house) furnish() error {
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
		h.user = &syscall.Credential{Uid: nobody, Gid: nobody}
		h.imposed = append(h.imposed, "a user who owns nothing")
		if err := os.Chown(h.scratch, nobody, nobody); err != nil {
			return err
		}
	}
	h.store = "none"
	switch s := h.Outcome.Setting; {
	case h.Store != "":
		h.store = h.Store
	case s.Store == "none" || s.Store == "mem":
	case slices.Contains(h.manifest.Stores, "disk"):
		h.store = "disk:" + filepath.Join(h.scratch, "store")
		if s.Store != "disk" {
			h.imposed = append(h.imposed, "a disk store in place of "+s.Store+" (--rehearse-store names a real one)")
		}
	}
	h.report.StoreUsed = h.store
	return nil
}

// environment is what an instance sees, and nothing else of this machine's.
func (h *house) environment() []string {
	env := []string{"PATH=/usr/bin:/bin", "HOME=/", "GORGON_HOST=127.0.0.1", "GORGON_PORT=0", "GORGON_STANDALONE=true",
		"GORGON_STORE=" + h.store, "GORGON_BASE_PATH=" + h.manifest.Base, "GORGON_ROLE=" + h.Outcome.Role}
	return append(env, h.Environment...)
}

func (h *house) program(ctx context.Context, args ...string) *exec.Cmd {
	c := exec.CommandContext(ctx, filepath.Join(h.root, h.manifest.Program), args...)
	c.Dir, c.Env = "/", h.environment()
	c.SysProcAttr = &syscall.SysProcAttr{Credential: h.user}
	return c
}

// open starts the instances and the balancer, and returns its URL.
func (h *house) open(ctx context.Context) (string, error) {
	n := h.instances()
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
		h.tenants = append(h.tenants, t)
		if err := h.started(ctx, t); err != nil {
			return "", err
		}
		h.settle(t) // with nothing asked of it, it stands still
	}
	h.Tell(fmt.Sprintf("started %s with %s", h.manifest.Program, strings.Join(h.imposed, ", ")))
	h.balancer = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		t := h.tenants[h.next.Add(1)%uint64(len(h.tenants))]
		h.wake(t)
		defer h.settle(t)
		t.proxy.ServeHTTP(w, r)
	}))
	return h.balancer.URL, nil
}

func (h *house) frozen() bool { return h.Outcome.Place.Offers.Stands(h.Outcome.Setting) }

// wake lets an instance run while something is asked of it.
func (h *house) wake(t *tenant) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.under++; t.under == 1 && h.frozen() {
		_ = t.command.Process.Signal(syscall.SIGCONT)
	}
}

// settle stops an instance of which nothing is asked.
func (h *house) settle(t *tenant) {
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

var listening = regexp.MustCompile(`serving .* at (http://[^/ ]+)`)

// start starts an instance and waits until it listens.
func (h *house) start(ctx context.Context) (*tenant, error) {
	t := &tenant{command: h.program(context.WithoutCancel(ctx), "serve"), ended: make(chan error, 1), drained: make(chan struct{})}
	out, err := t.command.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := t.command.Start(); err != nil {
		return nil, fmt.Errorf("the program cannot be started: %w", err)
	}
	at := make(chan string, 1)
	go func() {
		defer close(t.drained)
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			fmt.Fprintln(&t.log, lines.Text())
			if m := listening.FindStringSubmatch(lines.Text()); m != nil {
				select {
				case at <- m[1]:
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
		t.proxy = httputil.NewSingleHostReverseProxy(u)
		t.proxy.FlushInterval = -1
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
func (h *house) started(ctx context.Context, t *tenant) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	for {
		w := httptest.NewRecorder()
		t.proxy.ServeHTTP(w, httptest.NewRequestWithContext(ctx, http.MethodGet, "/startupz", nil))
		if w.Code == http.StatusOK {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the program has not started after %s: /startupz answers %d: %s", startTimeout, w.Code, tail(w.Body.String()))
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
func (h *house) purge(ctx context.Context) error {
	// Those who acknowledge purges cannot while they are stopped: they are let
	// run, as they are where somebody visits.
	for _, t := range h.tenants {
		h.wake(t)
		defer h.settle(t)
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	c := h.program(ctx, "purge", "--all", "--store", h.store)
	if out, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("purge fails: %w: %s", err, tail(string(out)))
	}
	return nil
}

// stopTimeout is how long an instance may take to end.
const stopTimeout = 30 * time.Second

// stop asks the instances to end, as the place does, and says how long the
// slowest took.
func (h *house) stop(ctx context.Context) (time.Duration, error) {
	var faults []error
	start := time.Now()
	for _, t := range h.tenants {
		h.wake(t) // for good: an answer may be settled only after its client has it
		_ = t.command.Process.Signal(syscall.SIGTERM)
	}
	for n, t := range h.tenants {
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
func (h *house) close() error {
	if h.balancer != nil {
		h.balancer.Close()
	}
	for _, t := range h.tenants {
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
