//go:build unix

package testbed_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/testbed"
)

// busy names a variable: with it, the test's program writes to the file that it
// names, in many threads, until it is ended.
const busy = "TESTBED_BUSY"

func TestMain(m *testing.M) {
	if name := os.Getenv(busy); name != "" {
		work(name)
	}
	os.Exit(m.Run())
}

// work writes to a file without end.
func work(name string) {
	f, err := os.OpenFile(name, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		panic(err)
	}
	for range 8 {
		go func() {
			for {
				if _, err := f.Write([]byte{1}); err != nil {
					panic(err)
				}
			}
		}()
	}
	select {}
}

// From the moment at which Freeze returns, no thread of the process does
// anything.
func TestAFrozenProcessDoesNothing(t *testing.T) {
	f, err := os.Create(filepath.Join(t.TempDir(), "written"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	size := func() int64 {
		info, err := f.Stat()
		if err != nil {
			t.Fatal(err)
		}
		return info.Size()
	}

	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), program)
	c.Env = append(os.Environ(), busy+"="+f.Name(), "GOMAXPROCS=8")
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Process.Kill(); _ = c.Wait() }()

	for range 100 {
		before := size()
		if err := testbed.Thaw(c.Process.Pid); err != nil {
			t.Fatal(err)
		}
		for size() == before {
			time.Sleep(time.Millisecond)
		}
		if err := testbed.Freeze(c.Process.Pid); err != nil {
			t.Fatal(err)
		}
		frozen := size()
		time.Sleep(2 * time.Millisecond)
		if n := size() - frozen; n > 0 {
			t.Fatalf("a frozen process wrote %d times", n)
		}
	}
}

// What has ended cannot be frozen.
func TestFreezeOfWhatHasEnded(t *testing.T) {
	c := exec.Command("true")
	if err := c.Run(); err != nil {
		t.Fatal(err)
	}
	for name, call := range map[string]func(int) error{"Freeze": testbed.Freeze, "Thaw": testbed.Thaw} {
		if err := call(c.Process.Pid); !errors.Is(err, os.ErrProcessDone) {
			t.Errorf("%s gave %v", name, err)
		}
	}
}
