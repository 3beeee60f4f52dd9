// A root module, opened and run: the steps, and what they find.

package terraformtest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/deploy"
	"github.com/gorgon-go/gorgon/deploy/terraform"
)

// A Root is a root module: the files of a folder.
type Root struct {
	Files []deploy.File // as [deploy.Target].Own returns them
	Dir   string        // the folder of the module among them: "infra/gcp"

	// Stack is what the site consists of, for rules that hold for some needs alone.
	Stack terraform.Stack
}

// With is what a module is run with.
type With struct {
	VarFiles []string          // by their names in the module's folder: "environments/staging.tfvars"
	Set      map[string]string // variables by name: a text as it is, what is not a text as HCL

	// State is that of an earlier run, which the module continues. nil: none.
	State []byte
}

// A Step is one thing that is done with a module.
type Step string

// The steps, in their order.
const (
	Format   Step = "fmt"      // the files are as terraform fmt writes them
	Init     Step = "init"     // providers of the versions are there
	Validate Step = "validate" // the schemas are kept
	Planned  Step = "plan"
	Applied  Step = "apply"
	Again    Step = "again"   // a second plan has no changes
	Secrets  Step = "secrets" // neither plan nor state holds a generated secret
	Tested   Step = "test"    // the module's own tests pass
)

// A StepError is that a step failed.
type StepError struct {
	Step   Step
	Output string // what terraform says
}

func (e *StepError) Error() string { return string(e.Step) + " fails:\n" + e.Output }

// A Result is what came of running a module.
type Result struct {
	Plan  *Plan             // the first, before it was applied
	State []byte            // after it was applied, as terraform keeps it
	Files map[string]string // of the module, by name in its folder
	Stack terraform.Stack
	With  With
	Times map[Step]time.Duration
}

// A Module is a root module in a folder of its own, with its providers.
type Module struct {
	stack terraform.Stack
	tool  tool
	dir   string
	files map[string]string
	times map[Step]time.Duration
}

// backend keeps the state in the module's folder, whichever it declares.
const (
	backendFile = "zz_terraformtest_override.tf"
	backend     = "terraform {\n  backend \"local\" {\n    path = \"state\"\n  }\n}\n"
)

// Open writes a root module into a folder of the test, and checks its format,
// initializes and validates it.
func Open(t *testing.T, r Root) *Module {
	t.Helper()
	p := need(t)
	m, err := open(t.Context(), p, t.TempDir(), r.module())
	if err != nil {
		t.Fatal(err)
	}
	m.stack = r.Stack
	return m
}

// Run opens a root module and runs it, its tests included.
func Run(t *testing.T, r Root, with With) *Result {
	t.Helper()
	m := Open(t, r)
	result := m.Run(t, with)
	m.Test(t)
	return result
}

// module are the files of the module's folder.
func (r Root) module() map[string]string {
	files := map[string]string{}
	for _, f := range r.Files {
		if r.Dir == "" || r.Dir == "." {
			files[f.Name] = string(f.Data)
		} else if name, is := strings.CutPrefix(f.Name, path.Clean(r.Dir)+"/"); is {
			files[name] = string(f.Data)
		}
	}
	return files
}

func open(ctx context.Context, p tool, dir string, files map[string]string) (*Module, error) {
	if len(files) == 0 {
		return nil, errors.New("no file is in the module's folder")
	}
	m := &Module{tool: p, dir: dir, files: files, times: map[Step]time.Duration{}}
	if err := write(dir, files); err != nil {
		return nil, err
	}
	if _, err := m.step(ctx, Format, dir, "fmt", "-check", "-diff", "-recursive", "-no-color"); err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(dir, backendFile), []byte(backend), 0o644); err != nil {
		return nil, err
	}
	if _, err := m.step(ctx, Init, dir, "init", "-input=false", "-no-color"); err != nil {
		return nil, err
	}
	if _, err := m.step(ctx, Validate, dir, "validate", "-no-color"); err != nil {
		return nil, err
	}
	return m, nil
}

func write(dir string, files map[string]string) error {
	for name, text := range files {
		at := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(at, []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// step runs terraform, and counts its time.
func (m *Module) step(ctx context.Context, s Step, dir string, args ...string) ([]byte, error) {
	began := time.Now()
	stdout, stderr, err := m.tool.run(ctx, dir, args...)
	m.times[s] += time.Since(began)
	if err != nil {
		return stdout, &StepError{s, said(err, stdout, stderr)}
	}
	return stdout, nil
}

// said is what terraform says of an error: without the plan in front of it.
func said(err error, stdout, stderr []byte) string {
	text := strings.TrimSpace(string(stderr))
	if text == "" {
		text = strings.TrimSpace(string(stdout))
	}
	return fmt.Sprintf("%s\n(%v)", text, err)
}

// Run plans and applies the module with some variables, plans it again, and
// searches plan and state for generated secrets. Runs of one module may be parallel.
func (m *Module) Run(t *testing.T, with With) *Result {
	t.Helper()
	r, err := m.try(t.Context(), t.TempDir(), with, Secrets)
	if err != nil {
		t.Fatalf("%v\nwith %v, %v", err, with.VarFiles, with.Set)
	}
	return r
}

// Plan plans the module with some variables, and does not apply it.
func (m *Module) Plan(t *testing.T, with With) *Result {
	t.Helper()
	r, err := m.try(t.Context(), t.TempDir(), with, Planned)
	if err != nil {
		t.Fatalf("%v\nwith %v, %v", err, with.VarFiles, with.Set)
	}
	return r
}

// Test runs the module's own tests, and fails if it has none.
func (m *Module) Test(t *testing.T) {
	t.Helper()
	if err := m.test(t.Context(), m.dir); err != nil {
		t.Fatal(err)
	}
}

func (m *Module) test(ctx context.Context, dir string) error {
	if !slices.ContainsFunc(slices.Collect(maps.Keys(m.files)), func(name string) bool { return strings.HasSuffix(name, ".tftest.hcl") }) {
		return &StepError{Tested, "the module has no tests/*.tftest.hcl"}
	}
	began := time.Now()
	stdout, stderr, err := m.tool.run(ctx, dir, "test", "-no-color")
	m.times[Tested] += time.Since(began)
	if err != nil {
		return &StepError{Tested, string(stdout) + said(err, nil, stderr)}
	}
	return nil
}

// try runs the module in a folder of its own until a step.
func (m *Module) try(ctx context.Context, dir string, with With, last Step) (*Result, error) {
	one := &Module{tool: m.tool, files: m.files, times: maps.Clone(m.times)}
	r := &Result{Files: m.files, Stack: m.stack, With: with, Times: one.times}
	if err := m.copy(dir); err != nil {
		return r, err
	}
	state := filepath.Join(dir, "state")
	if with.State != nil {
		if err := os.WriteFile(state, with.State, 0o644); err != nil {
			return r, err
		}
	}
	args := []string{"plan", "-input=false", "-lock=false", "-no-color"}
	for _, name := range with.VarFiles {
		args = append(args, "-var-file="+name)
	}
	for _, name := range slices.Sorted(maps.Keys(with.Set)) {
		args = append(args, "-var="+name+"="+with.Set[name])
	}
	printed, err := one.step(ctx, Planned, dir, append(args, "-out=first")...)
	if err != nil {
		return r, err
	}
	data, err := one.step(ctx, Planned, dir, "show", "-json", "first")
	if err != nil {
		return r, err
	}
	if r.Plan, err = parse(data); err != nil || last == Planned {
		return r, err
	}
	if _, err := one.step(ctx, Applied, dir, "apply", "-input=false", "-lock=false", "-no-color", "first"); err != nil {
		return r, err
	}
	if r.State, err = os.ReadFile(state); err != nil || last == Applied {
		return r, err
	}
	began := time.Now()
	stdout, stderr, err := one.tool.run(ctx, dir, append(args, "-detailed-exitcode")...)
	one.times[Again] += time.Since(began)
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) && exit.ExitCode() == 2 {
		return r, &StepError{Again, "the second plan has changes:\n" + string(stdout)}
	} else if err != nil {
		return r, &StepError{Again, said(err, stdout, stderr)}
	}
	for where, text := range map[string][]byte{"the printed plan": printed, "the plan": data, "the state": r.State} {
		if secret := held(text); secret != "" {
			return r, &StepError{Secrets, where + " holds " + secret}
		}
	}
	return r, nil
}

// copy gives another folder the module's files, and the providers of its own.
func (m *Module) copy(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if err := write(dir, m.files); err != nil {
		return err
	}
	return errors.Join(
		os.WriteFile(filepath.Join(dir, backendFile), []byte(backend), 0o644),
		os.Symlink(filepath.Join(m.dir, ".terraform"), filepath.Join(dir, ".terraform")),
		os.Symlink(filepath.Join(m.dir, ".terraform.lock.hcl"), filepath.Join(dir, ".terraform.lock.hcl")),
	)
}

// validate validates the module in another folder.
func (m *Module) validate(ctx context.Context, dir string) error {
	if err := m.copy(dir); err != nil {
		return err
	}
	_, err := m.step(ctx, Validate, dir, "validate", "-no-color")
	return err
}

// secretMark is in each value that an ephemeral resource makes.
const secretMark = "generated-secret-"

// held says which secret a text holds: a value of an ephemeral resource, or that of
// a resource which keeps what it generates. "": none.
func held(text []byte) string {
	if at := bytes.Index(text, []byte(secretMark)); at >= 0 {
		return fmt.Sprintf("a value that is to be ephemeral: %.60q", text[max(0, at-30):])
	}
	var state struct {
		Resources []struct{ Mode, Type, Name string }
	}
	if json.Unmarshal(text, &state) != nil {
		return ""
	}
	for _, r := range state.Resources {
		if r.Mode == "managed" && slices.Contains(keepers, r.Type) {
			return fmt.Sprintf("what %s.%s generates: use an ephemeral resource, and arguments that are only written", r.Type, r.Name)
		}
	}
	return ""
}

// keepers are resources whose secret is in the state.
var keepers = []string{"random_password", "random_string", "random_bytes", "tls_private_key", "google_service_account_key", "google_storage_hmac_key", "aws_iam_access_key"}
