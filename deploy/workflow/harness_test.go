// Runs workflows: each step's shell as GitHub runs it, over stand-ins for every
// program that could reach a cloud.

//go:build unix

package workflow_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"
)

// A document is a workflow, as far as it is run or checked.
type document struct {
	Name        string
	On          yaml.Node
	Permissions *map[string]string
	Jobs        map[string]job
}

type job struct {
	If          string
	Needs       oneOrMore
	RunsOn      string `yaml:"runs-on"`
	Timeout     int    `yaml:"timeout-minutes"`
	Environment string
	Uses        string
	With        map[string]string
	Permissions *map[string]string
	Outputs     map[string]string
	Env         map[string]string
	Concurrency struct {
		Group  string
		Cancel bool `yaml:"cancel-in-progress"`
	}
	Strategy struct {
		Parallel int `yaml:"max-parallel"`
		Matrix   map[string][]string
	}
	Defaults struct {
		Run struct {
			Folder string `yaml:"working-directory"`
		}
	}
	Steps []step
}

type step struct {
	ID, Name, If, Uses, Run string
	With, Env               map[string]string
}

type oneOrMore []string

func (o *oneOrMore) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		*o = []string{n.Value}
		return nil
	}
	return n.Decode((*[]string)(o))
}

// A bench is one scenario's repository, with the worlds of its environments.
type bench struct {
	t      *testing.T
	folder string // of everything
	files  map[string]string
	none   world    // of jobs without an environment
	wrong  []string // what GitHub would not take
	said   bytes.Buffer
}

// programs are those that steps may use beside the stand-ins: nothing else of this
// machine is in their PATH.
var programs = []string{"bash", "jq", "cat", "head", "tail", "sed", "grep", "mktemp", "rm", "wc", "dirname"}

// open makes a bench of files, by their names from the repository's root, and worlds
// by their environments' names.
func open(t *testing.T, files map[string]string, worlds map[string]*world) *bench {
	t.Helper()
	b := &bench{t: t, folder: t.TempDir(), files: files}
	for _, folder := range []string{"bin", "tmp", "home", "artifacts", "runner"} {
		check(t, os.Mkdir(filepath.Join(b.folder, folder), 0o755))
	}
	for name, text := range files {
		at := filepath.Join(b.folder, "repository", filepath.FromSlash(name))
		check(t, os.MkdirAll(filepath.Dir(at), 0o755))
		check(t, os.WriteFile(at, []byte(text), 0o755))
	}
	self, err := standIn()
	check(t, err)
	for name := range stubs {
		check(t, os.Symlink(self, filepath.Join(b.folder, "bin", name)))
	}
	for _, name := range programs {
		at, err := exec.LookPath(name)
		if err != nil {
			missing(t, name)
		}
		check(t, os.Symlink(at, filepath.Join(b.folder, "bin", name)))
	}
	data, err := os.ReadFile("testdata/commands.json")
	check(t, err)
	check(t, os.WriteFile(filepath.Join(b.folder, "commands.json"), data, 0o644))
	for name, w := range worlds {
		b.save(name, w)
	}
	return b
}

// missing skips a test that wants a program, and says so; where tests must be
// complete, it fails.
func missing(t *testing.T, name string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatalf("%s is not installed, and CI runs all tests: scripts/servers installs it", name)
	}
	t.Skipf("SKIPPED: %s is not installed (scripts/servers installs it)", name)
}

func (b *bench) refuse(format string, args ...any) {
	b.wrong = append(b.wrong, fmt.Sprintf(format, args...))
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (b *bench) save(name string, w *world) {
	data, err := json.Marshal(w)
	check(b.t, err)
	check(b.t, os.WriteFile(filepath.Join(b.folder, name+".json"), data, 0o644))
}

func (b *bench) world(name string) *world {
	b.t.Helper()
	w := &world{}
	check(b.t, read(filepath.Join(b.folder, name+".json"), w))
	return w
}

// calls are those of all programs so far, a line each.
func (b *bench) calls() []string {
	data, err := os.ReadFile(filepath.Join(b.folder, "calls"))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	check(b.t, err)
	return strings.Split(strings.TrimSuffix(string(data), "\n"), "\n")
}

func (b *bench) note(format string, args ...any) {
	f, err := os.OpenFile(filepath.Join(b.folder, "calls"), os.O_APPEND|os.O_WRONLY|os.O_CREATE, 0o644)
	check(b.t, err)
	_, err = fmt.Fprintf(f, format+"\n", args...)
	check(b.t, errors.Join(err, f.Close()))
}

// shell runs a script as a step does, and returns its exit code, or that of the
// signal that ended it.
func (b *bench) shell(script, folder, environment string, env map[string]string) int {
	ctx, stop := context.WithTimeout(context.Background(), time.Minute)
	defer stop()
	file := filepath.Join(b.folder, "step.sh")
	check(b.t, os.WriteFile(file, []byte("export STEP=$$\n"+script), 0o644))
	c := exec.CommandContext(ctx, filepath.Join(b.folder, "bin", "bash"), "--noprofile", "--norc", "-eo", "pipefail", file)
	c.Dir = filepath.Join(b.folder, "repository", folder)
	all := map[string]string{
		"PATH": filepath.Join(b.folder, "bin"), "HOME": filepath.Join(b.folder, "home"), "TMPDIR": filepath.Join(b.folder, "tmp"), "STUBS": b.folder,
		"WORLD": filepath.Join(b.folder, environment+".json"), "POLL": "30", "WATCH": "30", "PATIENCE": "60",
		"GITHUB_OUTPUT": filepath.Join(b.folder, "output"), "GITHUB_STEP_SUMMARY": filepath.Join(b.folder, "summary"),
		"GITHUB_REPOSITORY": "owner/shop", "RUNNER_TEMP": filepath.Join(b.folder, "runner"),
	}
	maps.Copy(all, env)
	for name, v := range all {
		c.Env = append(c.Env, name+"="+v)
	}
	c.Stdout, c.Stderr = &b.said, &b.said
	c.WaitDelay = 5 * time.Second
	err := c.Run()
	if ctx.Err() != nil {
		b.refuse("a step took longer than a minute:\n%s", script)
	}
	if err != nil && c.ProcessState == nil {
		b.t.Fatal(err)
	}
	return c.ProcessState.ExitCode()
}

// A run is one of a workflow: what expressions stand for, and the outcome.
type run struct {
	b      *bench
	values map[string]string // of expressions
	vars   map[string]string // of every environment
}

var expression = regexp.MustCompile(`\$\{\{\s*(.*?)\s*\}\}`)

// fill puts values in for expressions. One without a value fails the test.
func (r run) fill(text string) string {
	return expression.ReplaceAllStringFunc(text, func(m string) string {
		name := expression.FindStringSubmatch(m)[1]
		if v, known := r.values[name]; known {
			return v
		}
		if v, is := strings.CutPrefix(name, "vars."); is {
			return r.vars[v] // one that is not set is empty at GitHub
		}
		if m := regexp.MustCompile(`^format\('(.*)\{0\}(.*)', (.*)\)$`).FindStringSubmatch(name); m != nil {
			return m[1] + r.values[m[3]] + m[2]
		}
		r.b.refuse("no value for ${{ %s }}", name)
		return ""
	})
}

// holds evaluates a condition: comparisons with == and !=, joined by && and ||.
func (r run) holds(text string) bool {
	for part := range strings.SplitSeq(text, "||") {
		if !slices.ContainsFunc(strings.Split(part, "&&"), func(s string) bool { return !r.one(strings.Trim(s, " ()")) }) {
			return true
		}
	}
	return false
}

func (r run) one(text string) bool {
	if text == "cancelled" {
		return false
	}
	left, right, equal := strings.Cut(text, " == ")
	if !equal {
		if left, right, unequal := strings.Cut(text, " != "); unequal {
			return !r.one(left + " == " + right)
		}
		r.b.refuse("condition %q: the harness has no such form", text)
		return false
	}
	side := func(s string) string {
		if q, is := strings.CutPrefix(s, "'"); is {
			return strings.TrimSuffix(q, "'")
		}
		return r.fill("${{ " + s + " }}")
	}
	return side(left) == side(right)
}

// workflow runs one file's jobs in order, and reports whether all were green.
func (r run) workflow(name string) bool {
	var d document
	if err := yaml.Unmarshal([]byte(r.b.files[".github/workflows/"+name]), &d); err != nil {
		r.b.refuse("%s: %v", name, err)
		return false
	}
	result := map[string]string{}
	for len(result) < len(d.Jobs) {
		var next string
		for _, id := range slices.Sorted(maps.Keys(d.Jobs)) {
			ready := !slices.ContainsFunc(d.Jobs[id].Needs, func(n string) bool { return result[n] == "" })
			if result[id] == "" && ready {
				next = id
				break
			}
		}
		if next == "" {
			r.b.refuse("%s: its jobs need each other", name)
			return false
		}
		j := d.Jobs[next]
		switch {
		case slices.ContainsFunc(j.Needs, func(n string) bool { return result[n] != "success" }), j.If != "" && !r.conditionOf(j):
			result[next] = "skipped"
		default:
			result[next] = "success"
			if !r.job(next, j) {
				result[next] = "failure"
			}
		}
	}
	return !slices.Contains(slices.Collect(maps.Values(result)), "failure")
}

// conditionOf is whether a job runs. What the conditions of these workflows say is
// held against the same sentence in Go, since GitHub's language has parentheses.
func (r run) conditionOf(j job) bool {
	const apply = "vars.APPLY_FROM_GITHUB == 'true' && github.ref == 'refs/heads/main' && (github.event_name == 'push' || github.event_name == 'workflow_dispatch')"
	if j.If == apply {
		event := r.values["github.event_name"]
		return r.vars["APPLY_FROM_GITHUB"] == "true" && r.values["github.ref"] == "refs/heads/main" && (event == "push" || event == "workflow_dispatch")
	}
	return r.holds(j.If)
}

// job runs one job, once for each environment of its matrix.
func (r run) job(id string, j job) bool {
	environments := j.Strategy.Matrix["environment"]
	if environments == nil {
		return r.once(id, j)
	}
	for _, environment := range environments {
		r.values["matrix.environment"] = environment
		if !r.once(id, j) {
			return false
		}
	}
	return true
}

func (r run) once(id string, j job) bool {
	if j.Uses != "" {
		inner := run{b: r.b, vars: r.vars, values: map[string]string{}}
		for name, v := range j.With {
			inner.values["inputs."+name] = r.fill(v)
		}
		return inner.workflow(filepath.Base(j.Uses))
	}
	environment := r.fill(j.Environment)
	r.b.note("== %s %s", id, environment)
	world := strings.TrimSuffix(environment, "-plan")
	if world == "" {
		world = "none"
		r.b.save(world, &r.b.none)
	}
	env := map[string]string{}
	for name, v := range j.Env {
		env[name] = r.fill(v)
	}
	green, cancelled := true, false
	for _, s := range j.Steps {
		switch condition := s.If; {
		case condition == "cancelled()":
			if !cancelled {
				continue
			}
		case !green:
			continue
		case condition != "" && !r.holds(condition):
			continue
		}
		if s.Uses != "" {
			if !r.action(s) {
				green = false
			}
			continue
		}
		own := maps.Clone(env)
		for name, v := range s.Env {
			own[name] = r.fill(v)
		}
		check(r.b.t, os.WriteFile(filepath.Join(r.b.folder, "output"), nil, 0o644))
		if strings.Contains(s.Run, "${{") {
			r.b.refuse("step %q: an expression in a script can be a script", s.Name)
		}
		before := len(r.b.calls())
		code := r.b.shell(s.Run, j.Defaults.Run.Folder, world, own)
		if code != 0 {
			green = false
		}
		if slices.ContainsFunc(r.b.calls()[before:], func(c string) bool { return strings.HasPrefix(c, "SIGNAL") }) {
			cancelled, green = true, false
		}
		data, err := os.ReadFile(filepath.Join(r.b.folder, "output"))
		check(r.b.t, err)
		for line := range strings.Lines(string(data)) {
			key, v, _ := strings.Cut(strings.TrimSpace(line), "=")
			r.values["steps."+s.ID+".outputs."+key] = v
		}
	}
	if !green {
		return false
	}
	for name, v := range j.Outputs {
		r.values["needs."+id+".outputs."+name] = r.fill(v)
	}
	return true
}

// action does what an action does here: of some it is noted that they ran.
func (r run) action(s step) bool {
	name, _, _ := strings.Cut(s.Uses, "@")
	with := map[string]string{}
	for key, v := range s.With {
		with[key] = r.fill(v)
	}
	artifact := filepath.Join(r.b.folder, "artifacts", with["name"])
	place := filepath.Join(r.b.folder, "repository", with["path"])
	switch name {
	case "actions/upload-artifact":
		r.b.note("uses %s %s", name, with["path"])
		if err := os.CopyFS(artifact, os.DirFS(place)); err != nil {
			fmt.Fprintln(&r.b.said, err)
			return false
		}
	case "actions/download-artifact":
		r.b.note("uses %s %s", name, with["name"])
		_ = os.RemoveAll(place) // each job has a machine of its own
		if err := os.CopyFS(place, os.DirFS(artifact)); err != nil {
			fmt.Fprintln(&r.b.said, err)
			return false
		}
	case "google-github-actions/auth":
		r.b.note("uses %s as %s", name, with["service_account"])
		return with["service_account"] != "" && with["workload_identity_provider"] != ""
	case "aws-actions/configure-aws-credentials":
		r.b.note("uses %s as %s", name, with["role-to-assume"])
		return with["role-to-assume"] != "" && with["aws-region"] != ""
	}
	return true
}
