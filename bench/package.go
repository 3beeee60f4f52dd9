// Package: how long deploy takes, what a package weighs, and how soon it
// answers.

package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/gorgon-go/gorgon/seed"
	"github.com/gorgon-go/gorgon/wire"
)

const mega = 1 << 20

func (b *bench) packages() error {
	folder, err := os.MkdirTemp(b.folder, "package")
	if err != nil {
		return err
	}
	pkg := filepath.Join(folder, "pkg")
	deploy := func() error {
		c := exec.Command("go", "run", "./cmd/gorgon", "deploy", "./examples/godoc", "--to", "oci", "--out", pkg, "--accept", "dirty", "--accept", "unversioned")
		if out, err := c.CombinedOutput(); err != nil {
			return fmt.Errorf("deploy: %w\n%s", err, out)
		}
		return nil
	}
	if err := deploy(); err != nil { // which fills the caches of the go command
		return err
	}
	start := time.Now()
	if err := deploy(); err != nil {
		return err
	}
	b.add(newRow("package", "deploy of examples/godoc with its image", "s", time.Since(start).Seconds()).goal("≤", 60))
	if err := b.weigh(pkg); err != nil {
		return err
	}
	return b.startPackage(filepath.Join(pkg, "godoc"))
}

// weigh compares a package with what it cannot do without.
func (b *bench) weigh(pkg string) error {
	var whole, program int64
	for _, name := range []string{"godoc", "godoc.seed", "manifest.json", "sbom.spdx.json", "SHA256SUMS"} {
		info, err := os.Stat(filepath.Join(pkg, name))
		if err != nil {
			return err
		}
		whole += info.Size()
		if name == "godoc" {
			program = info.Size()
		}
	}
	s, err := seed.Open(filepath.Join(pkg, "godoc.seed"))
	if err != nil {
		return err
	}
	defer s.Close()
	var variants, html int64
	for e, err := range s.Entries() {
		if err != nil {
			return err
		}
		html += int64(len(e.HTML))
		gz, br, zs := e.Codings()
		variants += int64(len(gz) + len(br) + len(zs))
	}
	for f, err := range s.Files() {
		if err != nil {
			return err
		}
		html += int64(len(f.Data))
		variants += int64(len(f.Gzip) + len(f.Brotli) + len(f.Zstd))
	}
	beside := func(what string, bytes int64, floor int64) row {
		return newRow("package", what, "MB", float64(bytes)/mega).
			beside(float64(floor)/mega, over([]float64{float64(bytes)}, []float64{float64(floor)}))
	}
	b.add(beside("program, seed, manifest and bill, beside program and compressed pages", whole, program+variants).ratioGoal("≤", 1.3))
	b.add(beside("the same, beside program and pages, plain and compressed", whole, program+variants+html))

	image, err := os.Stat(filepath.Join(pkg, "oci", "image.tar"))
	if err != nil {
		return err
	}
	base, err := os.Stat(filepath.Join(pkg, "oci", "base.tar.gz"))
	if err != nil {
		return err
	}
	b.add(newRow("package", "image, to pull", "MB", float64(image.Size())/mega))
	b.add(newRow("package", "what the image adds to the package's own files", "MB", float64(base.Size())/mega).goal("≤", 1))
	return nil
}

// startPackage starts a package over and over, beside the floor.
func (b *bench) startPackage(program string) error {
	s := &starter{path: "/pkg/net/http", start: func() (*child, error) { return startProgram(program) }}
	if err := s.once(); err != nil {
		return err
	}
	s.took, s.rss = nil, nil
	for range max(10, b.times(24)) {
		if err := s.once(); err != nil {
			return err
		}
	}
	b.add(newRow("package", "exec to first byte, examples/godoc", "ms", medianOf(s.took)).goal("≤", 25))
	if len(s.rss) > 0 {
		b.add(newRow("package", "resident after it", "MB", medianOf(s.rss)).goal("≤", 40))
	}
	return nil
}

// startProgram starts a program as an operator does.
func startProgram(program string) (*child, error) {
	c := exec.Command(program)
	c.Dir = "/"
	c.Env = append(os.Environ(), "GORGON_STANDALONE=true", "GORGON_PORT=0", "GORGON_STORE=none", wire.ReadyVariable+"="+wire.ReadyJSON)
	out, err := c.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := c.Start(); err != nil {
		return nil, err
	}
	lines := bufio.NewReader(out)
	for {
		line, err := lines.ReadString('\n')
		if ready, ok := wire.ParseReady(line); ok {
			at, err := url.Parse(ready.URL)
			if err != nil {
				return nil, err
			}
			go func() { _, _ = io.Copy(io.Discard, lines) }()
			return &child{cmd: c, addr: at.Host, stdin: terminator{c.Process}}, nil
		}
		if err != nil {
			_ = c.Process.Kill()
			return nil, errors.Join(fmt.Errorf("%s: %w: %s", program, err, line), c.Wait())
		}
	}
}

// A terminator tells a process to end.
type terminator struct{ process *os.Process }

func (t terminator) Close() error {
	err := t.process.Signal(syscall.SIGTERM)
	if errors.Is(err, os.ErrProcessDone) || errors.Is(err, fs.ErrClosed) {
		return nil
	}
	return err
}
