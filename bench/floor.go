// The floor of hits and starts: a server that holds the bytes of one page.

package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// A sample is an answer that Gorgon sends, of which the floor makes its own.
type sample struct{ head, body []byte }

// startBare starts the floor with the bytes that a server of Gorgon gives
// for a path. Flags of the floor may follow.
func (b *bench) startBare(gorgon *child, path string, flags ...string) (*child, sample, error) {
	c, err := newCrowd(gorgon.addr, path, "", 1)
	if err != nil {
		return nil, sample{}, err
	}
	defer c.close()
	head, body, err := c.once()
	if err != nil {
		return nil, sample{}, err
	}
	program, err := b.bareProgram()
	if err != nil {
		return nil, sample{}, err
	}
	file := filepath.Join(b.folder, "page.html")
	if err := os.WriteFile(file, body, 0o600); err != nil {
		return nil, sample{}, err
	}
	server, err := startChild(program, append(flags, file)...)
	return server, sample{head, body}, err
}

// headers are names and values of the headers that the floor does not send
// of itself.
func (a sample) headers() []string {
	var list []string
	for line := range strings.SplitSeq(string(a.head), "\r\n") {
		name, value, ok := strings.Cut(line, ": ")
		if ok && !slices.Contains([]string{"Content-Type", "Content-Length", "Date"}, name) {
			list = append(list, name, value)
		}
	}
	return list
}

// sameBytes checks that a crowd is answered with the page, ready compressed
// where it asks for that.
func sameBytes(c *crowd, html []byte, encoding string) error {
	head, body, err := c.once()
	switch {
	case err != nil:
		return err
	case encoding == "" && !bytes.Equal(body, html):
		return errors.New("the two servers send different bytes")
	case encoding != "" && !bytes.Contains(head, []byte("\r\nContent-Encoding: "+encoding)):
		return fmt.Errorf("the answer is not in %s: %q", encoding, head)
	}
	return nil
}

// bareProgram is the floor's server, compiled at its first use.
func (b *bench) bareProgram() (string, error) {
	if b.bare != "" {
		return b.bare, nil
	}
	program := filepath.Join(b.folder, "bare")
	if runtime.GOOS == "windows" {
		program += ".exe"
	}
	out, err := exec.Command("go", "build", "-o", program, "github.com/gorgon-go/gorgon/bench/bare").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("go build bench/bare (run this in the module's folder): %w\n%s", err, out)
	}
	b.bare = program
	return program, nil
}
