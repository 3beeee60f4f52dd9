// Stand-ins for the programs that scripts call: gcloud, aws, terraform and others.
// Each is this test's own binary under another name. It notes the call, refuses
// what the program does not know, fails where the scenario says so, and otherwise
// does what the program would do to a small world in a file.

//go:build unix

package workflow_test

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// stubs are the programs, and what each does once its call was found to be right.
var stubs = map[string]func(c *call){
	"gcloud": gcloud, "aws": aws, "curl": curl, "skopeo": skopeo, "terraform": terraformCLI, "gh": gh, "go": goTool, "date": date, "sleep": func(*call) {},
}

func TestMain(m *testing.M) {
	if stub := stubs[filepath.Base(os.Args[0])]; stub != nil {
		os.Exit(pretend(filepath.Base(os.Args[0]), os.Args[1:], stub))
	}
	code := m.Run()
	if made != "" {
		_ = os.RemoveAll(made)
	}
	os.Exit(code)
}

// made is the folder of a program that was made for the tests; "" for none.
var made string

// standIn is the program that acts for all commands: this one, which is slow to start
// where the race detector runs, so that there it is one without.
var standIn = sync.OnceValues(func() (string, error) {
	if !raceEnabled {
		return os.Executable()
	}
	var err error
	if made, err = os.MkdirTemp("", "gorgon-workflow-"); err != nil {
		return "", err
	}
	at := filepath.Join(made, "stand-in")
	if out, err := exec.Command("go", "test", "-race=false", "-c", "-o", at, ".").CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return at, nil
})

// A tool is what is known of a program, as its reference has it.
type tool struct {
	Flags    map[string]value
	Commands map[string]struct {
		Words    [2]int // how many words follow, at least and at most; -1 for any number
		Flags    map[string]value
		Required []string
	}
}

// A value is what a flag takes: 0 nothing, 1 a value, 2 one or more values, or one
// of some.
type value struct {
	number int
	oneOf  []string
}

func (v *value) UnmarshalJSON(data []byte) error {
	if json.Unmarshal(data, &v.oneOf) == nil {
		v.number = 1
		return nil
	}
	return json.Unmarshal(data, &v.number)
}

// A call is one of a program's commands, taken apart.
type call struct {
	line    string
	command string
	flags   map[string][]string
	words   []string
	world   *world
	code    int
}

func (c *call) flag(name string) string {
	if v := c.flags[name]; len(v) > 0 {
		return v[len(v)-1]
	}
	return ""
}

func (c *call) has(name string) bool { _, has := c.flags[name]; return has }

// fail is what the program says and how it ends.
func (c *call) fail(format string, args ...any) {
	fmt.Fprintf(os.Stderr, format+"\n", args...)
	c.code = 1
}

// take takes a call apart as the program does, and reports what it would refuse.
func (t tool) take(program string, args []string) (*call, string) {
	c := &call{line: strings.Join(append([]string{program}, args...), " "), flags: map[string][]string{}}
	rest := args
	known := func(flag string) (value, bool) {
		v, ok := t.Commands[c.command].Flags[flag]
		if !ok {
			v, ok = t.Flags[flag]
		}
		return v, ok
	}
	// Flags that stand before the command: terraform -chdir=X output.
	for len(rest) > 0 && len(t.Flags) > 0 && strings.HasPrefix(rest[0], "-") {
		name, v, with := strings.Cut(rest[0], "=")
		if _, ok := t.Flags[name]; !ok || !with {
			break
		}
		c.flags[name], rest = append(c.flags[name], v), rest[1:]
	}
	best := -1
	for name := range t.Commands {
		words := strings.Fields(name)
		if len(words) > best && len(rest) >= len(words) && slices.Equal(rest[:len(words)], words) {
			c.command, best = name, len(words)
		}
	}
	if best < 0 {
		return c, "unknown command"
	}
	rest = rest[best:]
	for len(rest) > 0 {
		word := rest[0]
		rest = rest[1:]
		if !strings.HasPrefix(word, "-") || word == "-" {
			c.words = append(c.words, word)
			continue
		}
		name, v, with := strings.Cut(word, "=")
		takes, ok := known(name)
		switch {
		case !ok:
			return c, "unknown flag " + name
		case takes.number == 0 && with && program != "terraform":
			return c, "a value for " + name
		case takes.number == 0:
			c.flags[name] = append(c.flags[name], v)
			continue
		case !with && program == "terraform":
			return c, "no value for " + name
		case !with && len(rest) == 0:
			return c, "no value for " + name
		case !with:
			if v, rest = rest[0], rest[1:]; strings.HasPrefix(v, "--") {
				return c, "no value for " + name
			}
		}
		if v == "" {
			return c, "an empty value for " + name
		}
		if takes.oneOf != nil && !slices.Contains(takes.oneOf, v) {
			return c, "the value " + v + " for " + name
		}
		c.flags[name] = append(c.flags[name], v)
		for takes.number == 2 && len(rest) > 0 && !strings.HasPrefix(rest[0], "--") {
			c.flags[name], rest = append(c.flags[name], rest[0]), rest[1:]
		}
	}
	spec := t.Commands[c.command]
	if n := len(c.words); n < spec.Words[0] || spec.Words[1] >= 0 && n > spec.Words[1] {
		return c, fmt.Sprintf("%d words", n)
	}
	if slices.Contains(c.words, "") {
		return c, "an empty word"
	}
	for _, name := range spec.Required {
		if !c.has(name) && !c.has("--cli-input-json") {
			return c, "no " + name
		}
	}
	return c, ""
}

// A fault is what goes wrong: calls that match, from the nth on, as often as it says.
type fault struct {
	Match  string
	From   int // 0 for the first
	Times  int // 0 for all that follow
	Code   int
	Answer string         // on standard output, in place of the usual
	Body   string         // of a response
	Signal syscall.Signal // to the process that called
	Step   bool           // the signal is to the step's own process, as GitHub sends it
}

func (f fault) meets(line string, seen map[string]int) bool {
	if !regexp.MustCompile(f.Match).MatchString(line) {
		return false
	}
	key := fmt.Sprintf("%s/%d/%d", f.Match, f.From, f.Signal)
	seen[key]++
	from := max(f.From, 1)
	return seen[key] >= from && (f.Times == 0 || seen[key] < from+f.Times)
}

// pretend is the main function of a stand-in.
func pretend(program string, args []string, stub func(*call)) int {
	// The folder of the scenario is where the stand-ins are: PATH begins with it.
	folder := os.Getenv("STUBS")
	line := clean(strings.Join(append([]string{program}, args...), " "))
	note := func(text string) {
		if program == "date" { // it changes nothing, and there are many
			return
		}
		f, err := os.OpenFile(filepath.Join(folder, "calls"), os.O_APPEND|os.O_WRONLY|os.O_CREATE, 0o644)
		if err == nil {
			_, _ = fmt.Fprintln(f, text)
			_ = f.Close()
		}
	}
	var tools map[string]tool
	if err := read(filepath.Join(folder, "commands.json"), &tools); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 70
	}
	c, why := tools[program].take(program, args)
	if program == "date" {
		c, why = &call{line: line, words: args}, ""
	}
	note(line)
	if why != "" {
		note("REFUSED " + why)
		fmt.Fprintf(os.Stderr, "%s: %s\n", program, why)
		return 2
	}
	// What comes by standard input is from another stand-in, which wants the world
	// first.
	if c.flag("--header") == "@-" || c.has("--password-stdin") {
		_, _ = io.Copy(io.Discard, os.Stdin)
	}
	at := os.Getenv("WORLD")
	if lock, err := os.OpenFile(at, os.O_RDWR, 0); err == nil {
		defer lock.Close()
		_ = syscall.Flock(int(lock.Fd()), syscall.LOCK_EX)
	}
	c.world = &world{}
	if err := read(at, c.world); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 70
	}
	c.line = line
	if c.world.Seen == nil {
		c.world.Seen = map[string]int{}
	}
	var hit *fault
	for _, f := range c.world.Faults {
		if f.meets(line, c.world.Seen) {
			hit = &f
			break
		}
	}
	switch {
	case hit == nil:
		stub(c)
	case hit.Signal != 0:
		note("SIGNAL " + hit.Signal.String())
	default:
		c.code = hit.Code
		fmt.Print(hit.Answer)
		if out := c.flag("--output"); program == "curl" && out != "" {
			_ = os.WriteFile(out, []byte(hit.Body), 0o644)
		}
		if hit.Code != 0 {
			fmt.Fprintf(os.Stderr, "%s: it fails\n", program)
		}
	}
	data, err := json.Marshal(c.world)
	if err == nil {
		err = os.WriteFile(at, data, 0o644)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 70
	}
	if hit != nil && hit.Signal != 0 {
		to := os.Getppid()
		if hit.Step {
			_, _ = fmt.Sscan(os.Getenv("STEP"), &to)
		}
		_ = syscall.Kill(to, hit.Signal)
		time.Sleep(20 * time.Millisecond) // it is dead or in its trap before this ends
	}
	return c.code
}

// clean takes out what differs from run to run.
func clean(line string) string {
	if temp := os.Getenv("TMPDIR"); temp != "" {
		line = regexp.MustCompile(regexp.QuoteMeta(temp)+`/tmp\.[A-Za-z0-9]+`).ReplaceAllString(line, "TEMP")
		line = strings.ReplaceAll(line, filepath.Dir(temp), "")
	}
	return line
}

func read(name string, to any) error {
	data, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, to); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}
