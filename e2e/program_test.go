// Programs: the test binary, and programs that are built for a test.

package e2e_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// A program is something that can be run.
type program struct {
	path string
	env  []string
}

// self is the test binary as the program, race detector and all.
func self(t *testing.T) program {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return program{path, []string{programVariable + "=1"}}
}

// Programs are built once, when the first test needs them, into a directory
// that goes away with the tests.
var (
	built = sync.OnceValues(func() (string, error) { return os.MkdirTemp("", "gorgon-e2e-") })
	next  = sync.OnceValues(func() (string, error) {
		return goBuild("next", "./testdata/app", "-X main.version=2")
	})
	third = sync.OnceValues(func() (string, error) {
		return goBuild("third", "./testdata/app", "-X main.version=3")
	})
	ferryProgram = sync.OnceValues(func() (string, error) {
		return goBuild("ferry", "./testdata/ferry", "-X main.version=1")
	})
	ferryNext = sync.OnceValues(func() (string, error) {
		return goBuild("ferry-next", "./testdata/ferry", "-X main.version=2")
	})
	gorgonTool = sync.OnceValues(func() (string, error) { return goBuild("gorgon", "../cmd/gorgon", "") })

	godoc         = sync.OnceValues(func() (string, error) { return goBuild("godoc", "../examples/godoc", "") })
	canvasProgram = sync.OnceValues(func() (string, error) { return goBuild("canvas", "../examples/canvas", "") })

	removal []string
	mu      sync.Mutex
)

func goBuild(name, of, ldflags string) (string, error) {
	dir, err := built()
	if err != nil {
		return "", err
	}
	mu.Lock()
	removal = append(removal, dir)
	mu.Unlock()
	path := filepath.Join(dir, name)
	out, err := exec.Command("go", "build", "-ldflags", ldflags, "-o", path, of).CombinedOutput()
	if err != nil {
		err = fmt.Errorf("go build %s: %w\n%s", of, err, out)
	}
	return path, err
}

func removeBuilt() error {
	var errs []error
	for _, dir := range removal {
		errs = append(errs, os.RemoveAll(dir))
	}
	return errors.Join(errs...)
}

// release builds a program, or takes it as it was built for another test.
func release(t *testing.T, build func() (string, error)) program {
	t.Helper()
	path, err := build()
	if err != nil {
		t.Fatal(err)
	}
	return program{path: path}
}

// read reads a file.
func read(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
