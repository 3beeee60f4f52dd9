//go:build unix

// A reader's machine: files, a shell, a server and a browser.

package tutorial

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/gorgon-go/gorgon/testbed"
)

// A Browser shows pages.
type Browser interface {
	// Open loads a page.
	Open(url string) error

	// Shows waits until the page shows a text or, if not shown, does not show it.
	// It fails if another document was loaded since Open.
	Shows(text string, shown bool) error
}

// A Machine is that of a reader. Dir, Env and Browser are needed.
type Machine struct {
	Dir      string   // where the reader begins
	Env      []string // of all commands
	Browser  Browser
	Patience time.Duration // how long one action may take

	// Did is called after each action. Default: nothing.
	Did func(a Action, printed string, took time.Duration)

	addr    string // where servers listen, in place of 127.0.0.1:8080
	shell   *process
	server  *process
	writing bool // files were written that the server may have to notice
}

// A process is one that was started, and all that it has printed.
type process struct {
	command *exec.Cmd
	in      io.WriteCloser
	line    string

	mu      sync.Mutex
	printed bytes.Buffer
	more    chan struct{} // is closed when something is printed, or it ends
	ended   bool
	err     error
}

func (p *process) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.printed.Write(b)
	p.news()
	return len(b), nil
}

func (p *process) news() {
	close(p.more)
	p.more = make(chan struct{})
}

// begin starts a program in a group of processes of its own, as shells do.
func begin(c *exec.Cmd) (*process, error) {
	p := &process{command: c, more: make(chan struct{})}
	c.Stdout, c.Stderr, c.SysProcAttr = p, p, &syscall.SysProcAttr{Setpgid: true}
	c.WaitDelay = time.Second
	if err := c.Start(); err != nil {
		return nil, err
	}
	go func() {
		err := c.Wait()
		p.mu.Lock()
		defer p.mu.Unlock()
		p.ended, p.err = true, err
		p.news()
	}()
	return p, nil
}

// signal sends a signal to the process and all that it has started.
func (p *process) signal(s syscall.Signal) { _ = syscall.Kill(-p.command.Process.Pid, s) }

// until waits until what was printed after a place is as a function wants it, and
// returns it. It fails where the process has ended, or patience has.
func (p *process) until(from int, patience time.Duration, ok func(printed string, ended bool) bool) (string, error) {
	timeout := time.After(patience)
	for {
		p.mu.Lock()
		printed, ended, more := string(p.printed.Bytes()[from:]), p.ended, p.more
		p.mu.Unlock()
		if ok(printed, ended) {
			return printed, nil
		}
		if ended {
			return printed, fmt.Errorf("it has ended: %w", errors.Join(p.err, errors.New("it printed\n"+printed)))
		}
		select {
		case <-more:
		case <-timeout:
			return printed, fmt.Errorf("nothing more after %s; it printed\n%s", patience, printed)
		}
	}
}

func (p *process) length() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.printed.Len()
}

// Prepare starts the shell. Servers will listen at an address of the loopback,
// and curl asks them there for what is at localhost:8080.
func (m *Machine) Prepare(addr string) error {
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		return err
	}
	m.addr = addr
	rc := fmt.Sprintf("connect-to = \"localhost:8080:%s\"\nmax-time = 60\n", addr)
	if err := os.WriteFile(filepath.Join(m.Dir, ".curlrc"), []byte(rc), 0o600); err != nil {
		return err
	}
	m.Env = append(m.Env, "CURL_HOME="+m.Dir, "GORGON_PORT="+port)
	c := exec.Command("bash", "--norc")
	c.Dir, c.Env = m.Dir, m.Env
	in, err := c.StdinPipe()
	if err != nil {
		return err
	}
	if m.shell, err = begin(c); err == nil {
		m.shell.in = in
	}
	return err
}

// Close ends what is running.
func (m *Machine) Close() {
	for _, p := range []*process{m.server, m.shell} {
		if p == nil {
			continue
		}
		p.signal(syscall.SIGCONT)
		p.signal(syscall.SIGKILL)
		_, _ = p.until(0, m.Patience, func(_ string, ended bool) bool { return ended })
	}
}

// Do does all, and fails where something is not as the text says.
func (m *Machine) Do(all []Action) error {
	for i, a := range all {
		began := time.Now()
		printed, err := m.do(a, i+1 == len(all) || all[i+1].Kind != Write && all[i+1].Kind != Change)
		if err != nil {
			return fmt.Errorf("line %d, %s %s%s: %w", a.Line, a.Kind, a.File, firstLine(a), err)
		}
		if m.Did != nil {
			m.Did(a, printed, time.Since(began))
		}
	}
	return nil
}

func firstLine(a Action) string {
	if a.File != "" {
		return ""
	}
	return a.Text
}

// do does one action. The last one of a row of files has the server notice them.
func (m *Machine) do(a Action, last bool) (printed string, err error) {
	switch a.Kind {
	case Write, Change:
		return "", m.write(a, last)
	case Run:
		printed, err = m.run(a.Text)
		if err == nil && !Matches(a.Printed, printed) {
			err = fmt.Errorf("it printed\n%s\nand not\n%s", printed, a.Printed)
		}
	case Start:
		printed, err = m.start(a)
	case Stop:
		err = m.stop()
	case Open:
		err = m.Browser.Open(strings.Replace(a.Text, "localhost:8080", m.addr, 1))
	case Shows, Hides:
		err = m.Browser.Shows(a.Text, a.Kind == Shows)
	default:
		err = fmt.Errorf("what to do is not known")
	}
	return printed, err
}

// write writes a file. A server that watches the folder is stopped from the first
// file of a row to the last, so that it sees all of them at once, and is then
// waited for.
func (m *Machine) write(a Action, last bool) error {
	watches := m.server != nil && strings.HasPrefix(m.server.line, "gorgon dev")
	if watches && !m.writing {
		if err := testbed.Freeze(m.server.command.Process.Pid); err != nil {
			return err
		}
		m.writing = true
	}
	folder, err := m.folder()
	if err != nil {
		return err
	}
	name := filepath.Join(folder, filepath.FromSlash(a.File))
	text := a.Text
	if a.Kind == Change {
		before, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		if text, err = Apply(string(before), a.Text); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil || !m.writing || !last {
		return err
	}
	from := m.server.length()
	m.writing = false
	if err := testbed.Thaw(m.server.command.Process.Pid); err != nil {
		return err
	}
	_, err = m.server.until(from, m.Patience, func(printed string, _ bool) bool { return settled.MatchString(printed) })
	return err
}

// settled is what gorgon dev prints when it shows what was saved.
var settled = regexp.MustCompile(`(?m)^(built and started|started again|shown) in `)

// mark ends what a command has printed.
const mark = "\x1e"

var status = regexp.MustCompile(mark + `(\d+)\n\z`)

// run runs a command in the shell, and returns what it prints.
func (m *Machine) run(command string) (string, error) {
	from := m.shell.length()
	if _, err := fmt.Fprintf(m.shell.in, "{ %s\n} </dev/null; printf '\\036%%d\\n' $?\n", command); err != nil {
		return "", err
	}
	printed, err := m.shell.until(from, m.Patience, func(printed string, _ bool) bool { return status.MatchString(printed) })
	if err != nil {
		return "", err
	}
	at := status.FindStringSubmatchIndex(printed)
	code, err := strconv.Atoi(printed[at[2]:at[3]])
	if printed = m.asWritten(printed[:at[0]]); err == nil && code != 0 {
		err = fmt.Errorf("exit code %d; it printed\n%s", code, printed)
	}
	return printed, err
}

// folder is where the shell is.
func (m *Machine) folder() (string, error) {
	printed, err := m.run("pwd")
	return strings.TrimSuffix(printed, "\n"), err
}

// asWritten has the address that the text has.
func (m *Machine) asWritten(printed string) string {
	return strings.ReplaceAll(printed, m.addr, "127.0.0.1:8080")
}

// start starts a server where the shell is, and waits until it is ready.
func (m *Machine) start(a Action) (string, error) {
	folder, err := m.folder()
	if err != nil {
		return "", err
	}
	env, err := m.run("env -0 | tr '\\0\\n' '\\n '")
	if err != nil {
		return "", err
	}
	c := exec.Command("bash", "--norc", "-c", "exec "+a.Text)
	c.Dir, c.Env = folder, strings.Split(strings.TrimSuffix(env, "\n"), "\n")
	if m.server, err = begin(c); err != nil {
		return "", err
	}
	m.server.line = a.Text
	ready := beginning(a.Printed)
	printed, err := m.server.until(0, m.Patience, func(printed string, _ bool) bool {
		return ready.MatchString(trimmed(m.asWritten(printed)))
	})
	return printed, err
}

// stop interrupts the server as Ctrl-C does.
func (m *Machine) stop() error {
	p := m.server
	p.signal(syscall.SIGINT)
	if _, err := p.until(0, m.Patience, func(_ string, ended bool) bool { return ended }); err != nil {
		return err
	}
	m.server = nil
	return p.err
}
