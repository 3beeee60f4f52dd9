// A stand: a program with its folders, for running commands and servers.

package e2e_test

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/e2e/internal/site"
)

// patience is how long a test waits for what is to happen soon.
const patience = 40 * time.Second

type stand struct {
	t       *testing.T
	program program
	env     []string
	dist    string
	store   string // as --store takes it
	levers  site.Levers
}

func newStand(t *testing.T, p program) *stand {
	t.Helper()
	dir := t.TempDir()
	s := &stand{t: t, program: p, dist: dir + "/dist", store: "disk:" + dir + "/store", levers: site.Levers(t.TempDir())}
	s.set(site.Data, "first")
	return s
}

func (s *stand) set(lever, value string) {
	s.t.Helper()
	if err := s.levers.Set(lever, value); err != nil {
		s.t.Fatal(err)
	}
}

func (s *stand) clear(lever string) {
	s.t.Helper()
	if err := s.levers.Clear(lever); err != nil {
		s.t.Fatal(err)
	}
}

// makings counts how often the generator of a path was called so far.
func (s *stand) makings(path string) int {
	s.t.Helper()
	all, err := s.levers.Makings()
	if err != nil {
		s.t.Fatal(err)
	}
	n := 0
	for _, made := range all {
		if made == path {
			n++
		}
	}
	return n
}

func (s *stand) command(ctx context.Context, args ...string) *exec.Cmd {
	c := exec.CommandContext(ctx, s.program.path, args...)
	c.Env = append(os.Environ(), site.EnvLevers+"="+string(s.levers))
	c.Env = append(append(c.Env, s.program.env...), s.env...)
	return c
}

// run runs one command, which is to succeed, and returns what it printed.
func (s *stand) run(args ...string) string {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 2*time.Minute)
	defer cancel()
	c := s.command(ctx, args...)
	var stderr bytes.Buffer
	c.Stderr = &stderr
	out, err := c.Output()
	if err != nil {
		s.t.Fatalf("%s: %v\n%s", strings.Join(args, " "), err, &stderr)
	}
	return string(out)
}

// build builds the seed.
func (s *stand) build() {
	s.t.Helper()
	s.run("build", "--out", s.dist, "--compress", "fast")
}

// purge purges from a process of its own, as an operator does.
func (s *stand) purge(args ...string) {
	s.t.Helper()
	s.run(append([]string{"purge", "--dist", s.dist, "--store", s.store}, args...)...)
}

// until waits for something to come true.
func until(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !holds(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited %v in vain: %s", patience, what)
		}
	}
}
