// The app's process.

package develop

import (
	"io"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// A process is one run of the app. A nil one has ended.
type process struct {
	cmd     *exec.Cmd
	done    chan struct{}
	stopped atomic.Bool // by us
	mu      sync.Mutex
	tail    []byte // of what it wrote
}

const tailBytes = 16 << 10

// stopTimeout is how long an app may take to end in good order.
const stopTimeout = 2 * time.Second

func launch(binary, dir string, log io.Writer, env ...string) (*process, error) {
	p := &process{cmd: exec.Command(binary), done: make(chan struct{})}
	p.cmd.Dir, p.cmd.Env = dir, append(os.Environ(), env...)
	out := io.MultiWriter(log, p)
	p.cmd.Stdout, p.cmd.Stderr = out, out
	// What it started may hold its output open.
	p.cmd.WaitDelay = stopTimeout
	alone(p.cmd)
	began := make(chan error, 1)
	go func() {
		// Linux ends a process with the thread that started it.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := p.cmd.Start()
		began <- err
		if err == nil {
			_ = p.cmd.Wait()
			end(p.cmd) // and what it left behind
			close(p.done)
		}
	}()
	return p, <-began
}

// Write keeps the end of what the app prints, where a panic says why.
func (p *process) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tail = append(p.tail, b...)
	if over := len(p.tail) - tailBytes; over > 0 {
		p.tail = append(p.tail[:0], p.tail[over:]...)
	}
	return len(b), nil
}

func (p *process) last() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.tail) == 0 {
		return "the app ended and said nothing: " + p.cmd.ProcessState.String()
	}
	return string(p.tail)
}

func (p *process) ended() bool {
	if p == nil {
		return true
	}
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// stop ends the app and waits until it has.
func (p *process) stop() {
	if p.ended() {
		return
	}
	p.stopped.Store(true)
	if p.cmd.Process.Signal(os.Interrupt) != nil {
		end(p.cmd)
	}
	select {
	case <-p.done:
	case <-time.After(stopTimeout):
		end(p.cmd)
		<-p.done
	}
}
