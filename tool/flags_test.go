//go:build unix

// The effects of the flags of plan, deploy, generate and config.

package tool

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/spf13/cobra"

	"github.com/gorgon-go/gorgon/deploy"
	"github.com/gorgon-go/gorgon/plan"
)

// deployed is an app in a repository of its own, whose page notes whether
// another was made at the same time.
const shop = `package main

import (
	"context"
	"os"
	"strings"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/command"
	"github.com/gorgon-go/gorgon/disk"
	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/postgres"
)

func main() {
	if os.Getenv("REFUSE") != "" {
		os.Exit(1)
	}
	load := func(ctx context.Context, in gorgon.Input) (string, error) {
		if notes := os.Getenv("NOTES"); notes != "" {
			if os.Mkdir(notes+"/one", 0o755) != nil {
				_ = os.Mkdir(notes+"/several", 0o755)
			}
			defer os.Remove(notes + "/one")
		}
		select {
		case <-time.After(100 * time.Millisecond):
			return strings.Repeat(in.Path+" ", 500), nil
		case <-ctx.Done():
			return "", ctx.Err()
		}
	}
	command.Main(gorgon.App{Name: "shop", Parts: []gorgon.Part{
		gorgon.Page[string]{Path: "/{id}", Load: load, RevalidateAfter: time.Hour,
			Paths: func(context.Context, gorgon.Input) ([]string, error) { return []string{"/a", "/b", "/c", "/d", "/e", "/f"}, nil },
			View:       func(s string) gorgon.Component { return gorgon.Text(s) }},
	}}, command.Config{Stores: []pages.Driver{disk.Driver(), postgres.Driver()}})
}
`

// A sample is the app, in a repository that all checks use.
type sample struct {
	dir string
	err error
}

func TestMain(m *testing.M) {
	code := m.Run()
	if sampled {
		_ = os.RemoveAll(newSample().dir)
	}
	for _, d := range deployments {
		_ = os.RemoveAll(filepath.Dir(d.out))
	}
	os.Exit(code)
}

// sampled says that there is a sample to remove.
var sampled bool

var newSample = sync.OnceValue(func() (p sample) {
	fail := func(err error) sample { return sample{err: err} }
	here, err := filepath.Abs(root)
	if err != nil {
		return fail(err)
	}
	if p.dir, err = os.MkdirTemp("", "gorgon-tool-"); err != nil {
		return fail(err)
	}
	sampled = true
	for _, name := range []string{"go.mod", "go.sum"} {
		data, err := os.ReadFile(filepath.Join(here, name))
		if err != nil {
			return fail(err)
		}
		if name == "go.mod" {
			data = bytes.Replace(data, []byte("module github.com/gorgon-go/gorgon"), []byte("module example.com/shop"), 1)
			data = append(data, "\nrequire github.com/gorgon-go/gorgon v0.0.0\nreplace github.com/gorgon-go/gorgon => "+here+"\n"...)
		}
		p.err = errors.Join(p.err, os.WriteFile(filepath.Join(p.dir, name), data, 0o644))
	}
	p.err = errors.Join(p.err, os.WriteFile(filepath.Join(p.dir, "main.go"), []byte(shop), 0o644),
		os.Mkdir(filepath.Join(p.dir, "orders"), 0o755), os.WriteFile(filepath.Join(p.dir, "orders", "main.go"), []byte(orders), 0o644),
		os.WriteFile(filepath.Join(p.dir, ".gitignore"), []byte("/shop\n/dist/\n/out*/\n/notes*/\n/terraform/\n/.github/\n"), 0o644))
	for _, args := range [][]string{{"git", "init", "-q"}, {"git", "add", "-A"}, {"git", "-c", "user.name=x", "-c", "user.email=x@example.com", "commit", "-qm", "first"}} {
		c := exec.Command(args[0], args[1:]...)
		c.Dir = p.dir
		if out, err := c.CombinedOutput(); err != nil {
			p.err = errors.Join(p.err, errors.New(args[0]+": "+string(out)), err)
		}
	}
	return p
})

// A deployed is one run of deploy; those with the same arguments are run once.
type deployed struct {
	out  string
	code int
	said string
}

var deployments = map[string]deployed{}

// root is where the repository is, before tests change to other folders.
var root = func() string {
	dir, err := filepath.Abs("..")
	if err != nil {
		panic(err)
	}
	return dir
}()

// said runs a command of the tool in the project's folder.
func said(t *testing.T, args ...string) (code int, said string) {
	t.Helper()
	if testing.Short() {
		t.Skip("it compiles a program")
	}
	p := newSample()
	if p.err != nil {
		t.Fatal(p.err)
	}
	t.Chdir(p.dir)
	if flags := os.Getenv("GOFLAGS"); !strings.Contains(flags, "-ldflags") {
		t.Setenv("GOFLAGS", strings.TrimSpace(flags+" -ldflags=-w")) // no debugger reads the programs
	}
	var out bytes.Buffer
	code = Run(t.Context(), Config{}, args, &out, &out)
	return code, out.String()
}

// deployOnce deploys the project, and returns the folder, the exit code and what was said.
func deployOnce(t *testing.T, args ...string) (out string, code int, text string) {
	t.Helper()
	name := strings.Join(args, " ")
	if d, done := deployments[name]; done {
		return d.out, d.code, d.said
	}
	dir, err := os.MkdirTemp("", "gorgon-out-")
	if err != nil {
		t.Fatal(err)
	}
	out = filepath.Join(dir, "pkg")
	t.Setenv("NOTES", dir)
	code, text = said(t, append([]string{"deploy", "--out", out}, args...)...)
	deployments[name] = deployed{out, code, text}
	return out, code, text
}

// Every flag of plan, deploy, generate and config has an effect. One that is added has to be
// added here.
func TestEveryFlagHasAnEffect(t *testing.T) {
	checks := checksOfDeploy()
	maps.Copy(checks, checksOfPlan())
	maps.Copy(checks, checksOfGenerate())
	maps.Copy(checks, checksOfConfig())
	tool := &tool{}
	var wanted []string
	for _, c := range []*cobra.Command{tool.planCommand(), tool.deployCommand(), tool.generateCommand(), tool.configCommand()} {
		for _, flag := range regexp.MustCompile(`(?m)^ +--([\w-]+)`).FindAllStringSubmatch(c.LocalFlags().FlagUsages(), -1) {
			wanted = append(wanted, c.Name()+" --"+flag[1])
		}
	}
	for name := range checks {
		if !slices.Contains(wanted, name) {
			t.Errorf("there is a check of %s, which the tool does not have", name)
		}
	}
	for _, name := range wanted {
		if checks[name] == nil {
			t.Errorf("%s has no check: show its effect", name)
			continue
		}
		t.Run(strings.ReplaceAll(name, " ", ""), checks[name])
	}
}

func checksOfConfig() map[string]func(*testing.T) {
	return map[string]func(*testing.T){
		"config --print": func(t *testing.T) {
			t.Setenv("GORGON_ROLE", "serve")
			if code, text := said(t, "config"); code != 0 || strings.Contains(text, "GORGON_ROLE") {
				t.Errorf("without it: %d: %s", code, text)
			}
			if code, text := said(t, "config", "--print"); code != 0 || !strings.Contains(text, "GORGON_ROLE  serve  environment") {
				t.Errorf("%d: %s", code, text)
			}
		},
		"config --json": func(t *testing.T) {
			if code, text := said(t, "config", ".", "--json"); code != 0 || text != "[]\n" {
				t.Errorf("%d: %s", code, text)
			}
		},
	}
}

func checksOfPlan() map[string]func(*testing.T) {
	says := func(t *testing.T, want int, part string, args ...string) string {
		t.Helper()
		code, text := said(t, append([]string{"plan"}, args...)...)
		if code != want || !strings.Contains(text, part) {
			t.Errorf("plan %q: exit code %d, want %d and %q: %s", args, code, want, part, text)
		}
		return text
	}
	return map[string]func(*testing.T){
		"plan --replicas": func(t *testing.T) {
			says(t, 3, "[shared-store]", "--to", "kubernetes", "--replicas", "2", "--store", "disk:/data")
		},
		"plan --always-on": func(t *testing.T) {
			says(t, 0, "role serve", "--to", "cloudrun", "--always-on")
			says(t, 0, "role web", "--to", "cloudrun")
		},
		"plan --read-only": func(t *testing.T) { says(t, 0, "a restart loses them", "--to", "oci", "--read-only") },
		"plan --to": func(t *testing.T) {
			if text := says(t, 0, "oci", "--to", "oci"); strings.Contains(text, "kubernetes") {
				t.Errorf("of another place: %s", text)
			}
		},
		"plan --store": func(t *testing.T) { says(t, 0, "store postgres", "--to", "oci", "--store", "postgres:") },
		"plan --json": func(t *testing.T) {
			if text := says(t, 0, `"app": "shop"`, "--to", "oci", "--json"); !json.Valid([]byte(text)) {
				t.Error(text)
			}
		},
		"plan --prices": func(t *testing.T) {
			prices := `{"date": "2001-01-01", "currency": "EUR", "targets": {"systemd": {"title": "My machine", "setups": {"minimal": {"for": "Me.", "items": [{"what": "it", "price": 1.5, "amount": 3, "free": 1}]}}}}}`
			own := filepath.Join(t.TempDir(), "own.json")
			if err := os.WriteFile(own, []byte(prices), 0o644); err != nil {
				t.Fatal(err)
			}
			says(t, 0, "My machine, minimal: 3.00 EUR", "--to", "systemd", "--prices", own)
		},
	}
}

const accepted = "--accept=default-errors"

func checksOfDeploy() map[string]func(*testing.T) {
	// deploys wants a code and a part of what is said, and returns the folder.
	deploys := func(t *testing.T, want int, part string, args ...string) string {
		t.Helper()
		out, code, text := deployOnce(t, args...)
		if code != want || !strings.Contains(text, part) {
			t.Fatalf("%q: exit code %d, want %d and %q: %s", args, code, want, part, text)
		}
		return out
	}
	refuses := func(part string, args ...string) func(*testing.T) {
		return func(t *testing.T) { deploys(t, 2, part, args...) }
	}
	has := func(t *testing.T, part string, name ...string) {
		t.Helper()
		if text, err := os.ReadFile(filepath.Join(name...)); err != nil || !strings.Contains(string(text), part) {
			t.Errorf("%v has no %q (%v): %.2000s", name, part, err, text)
		}
	}
	plain := []string{accepted, "--jobs=1", "--compress=none", "--base=/docs/", "--data-time=2026-01-31T12:00:00Z", "--json"}
	systemd := []string{accepted, "--jobs=4", "--compress=best", "--to=systemd", "--read-only"}
	kubernetes := []string{accepted, "--to=kubernetes", "--store=postgres://db/x", "--image=registry.example/shop:v1", "--replicas=3"}
	cloudrun := []string{accepted, "--to=cloudrun", "--region=us-east5", "--always-on", "--infra=terraform"}
	rehearsed := []string{accepted, "--rehearse", "--rehearse-store=none"}
	seedSize := func(t *testing.T, args []string) int64 {
		seeds, err := filepath.Glob(deploys(t, 0, "", args...) + "/*.seed")
		if err != nil || len(seeds) != 1 {
			t.Fatal(seeds, err)
		}
		info, err := os.Stat(seeds[0])
		if err != nil {
			t.Fatal(err)
		}
		return info.Size()
	}
	several := func(t *testing.T, args []string) bool {
		_, err := os.Stat(filepath.Join(filepath.Dir(deploys(t, 0, "", args...)), "several"))
		return err == nil
	}
	return map[string]func(*testing.T){
		"deploy --accept": func(t *testing.T) {
			deploys(t, 3, "[default-errors]")
			deploys(t, 0, "", plain...)
		},
		"deploy --out":  func(t *testing.T) { has(t, `"app": "shop"`, deploys(t, 0, "", plain...), "manifest.json") },
		"deploy --base": func(t *testing.T) { has(t, `"base": "/docs"`, deploys(t, 0, "", plain...), "manifest.json") },
		"deploy --data-time": func(t *testing.T) {
			has(t, `"data": "2026-01-31T12:00:00Z"`, deploys(t, 0, "", plain...), "manifest.json")
		},
		"deploy --json": func(t *testing.T) {
			_, code, text := deployOnce(t, plain...)
			if i := strings.Index(text, "{\n"); code != 0 || i < 0 || !json.Valid([]byte(text[i:])) {
				t.Errorf("%d: %s", code, text)
			}
			deploys(t, 0, "packed shop", systemd...)
		},
		"deploy --jobs": func(t *testing.T) {
			if one, four := several(t, plain), several(t, systemd); one || !four {
				t.Errorf("pages at the same time: %t with 1 job, %t with 4", one, four)
			}
		},
		"deploy --timeout": func(t *testing.T) { deploys(t, 1, "longer than 20ms", accepted, "--timeout", "20ms") },
		"deploy --compress": func(t *testing.T) {
			if none, best := seedSize(t, plain), seedSize(t, systemd); none <= best { // a page is stored once, as Brotli
				t.Errorf("the seed has %d bytes with none, %d with best", none, best)
			}
		},
		"deploy --single": func(t *testing.T) {
			out := deploys(t, 0, "", accepted, "--single")
			if seeds, _ := filepath.Glob(out + "/*.seed"); len(seeds) != 0 {
				t.Errorf("a seed beside the program: %s", seeds)
			}
		},
		"deploy --os":   refuses("--os plan9: oci runs linux", accepted, "--to", "oci", "--os", "plan9"),
		"deploy --arch": refuses("several make an image", accepted, "--arch", "amd64,arm64"),
		"deploy --to": func(t *testing.T) {
			deploys(t, 2, "there is no such target", accepted, "--to", "nowhere")
			has(t, "[Service]", deploys(t, 0, "what to do next", systemd...), "systemd", "shop.service")
		},
		"deploy --image": func(t *testing.T) {
			has(t, "registry.example/shop:v1", deploys(t, 0, "", kubernetes...), "kubernetes", "deployment.yaml")
		},
		"deploy --replicas": func(t *testing.T) {
			has(t, "minReplicas: 3", deploys(t, 0, "", kubernetes...), "kubernetes", "hpa.yaml")
		},
		"deploy --store": func(t *testing.T) {
			deploys(t, 3, "[shared-store]", accepted, "--to", "kubernetes", "--replicas", "2", "--store", "disk:/data")
		},
		"deploy --read-only": func(t *testing.T) { deploys(t, 0, "a restart loses them", systemd...) },
		"deploy --region": func(t *testing.T) {
			has(t, "--region=us-east5", deploys(t, 0, "", cloudrun...), "cloudrun", "README.deploy.md")
		},
		"deploy --always-on": func(t *testing.T) {
			has(t, "cpu_idle = false", deploys(t, 0, "", cloudrun...), "cloudrun", "README.deploy.md")
		},
		"deploy --infra": func(t *testing.T) {
			deploys(t, 0, "", cloudrun...)
			has(t, "google_cloud_run_v2_service", newSample().dir, "terraform", "compute.tf")
			has(t, "terraform/release.sh", newSample().dir, ".github", "workflows", "release.yml")
			refuses("writes no files into the repository", accepted, "--infra=terraform")(t)
			refuses("it belongs into the app's repository", accepted, "--to=cloudrun", "--infra=..")(t)
		},
		"deploy --diff": func(t *testing.T) {
			deploys(t, 0, "+++ b/elsewhere/compute.tf", accepted, "--to=cloudrun", "--infra=elsewhere", "--diff")
			if _, err := os.Stat(filepath.Join(newSample().dir, "elsewhere")); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("it was written: %v", err)
			}
			refuses("writes no files into the repository", accepted, "--to=systemd", "--diff")(t)
		},
		"deploy --rehearse": func(t *testing.T) { deploys(t, 0, "rehearsed", rehearsed...) },
		"deploy --rehearse-from": func(t *testing.T) {
			refuses("give --rehearse as well", accepted, "--rehearse-from=.")(t)
			refuses("there is no package", accepted, "--rehearse", "--rehearse-from=.")(t)
		},
		"deploy --rehearse-store": func(t *testing.T) { deploys(t, 0, "store none", rehearsed...) },
		"deploy --rehearse-env":   func(t *testing.T) { deploys(t, 1, "rehears", accepted, "--rehearse", "--rehearse-env", "REFUSE=1") },
	}
}

// A target that is handed to the tool is one like Gorgon's.
func TestTargetOfOnesOwn(t *testing.T) {
	if testing.Short() {
		t.Skip("it compiles a program")
	}
	p := newSample()
	if p.err != nil {
		t.Fatal(p.err)
	}
	t.Chdir(p.dir)
	attic := deploy.Target{
		Target: plan.Target{Name: "attic", Title: "the machine in the attic", Offers: plan.Offers{Process: true, Disk: plan.KeptFiles}},
		Write: func(_ context.Context, s deploy.Site, folder string) error {
			return deploy.WriteFiles(folder, deploy.File{Name: "push.sh", Data: []byte("push " + s.Package.App)})
		},
	}
	var log bytes.Buffer
	out := filepath.Join(t.TempDir(), "pkg")
	if code := Run(t.Context(), Config{Targets: []deploy.Target{attic}}, []string{"deploy", "--to", "attic", accepted, "--out", out}, &log, &log); code != 0 {
		t.Fatalf("exit code %d: %s", code, log.String())
	}
	if text, err := os.ReadFile(filepath.Join(out, "attic", "push.sh")); string(text) != "push shop" {
		t.Errorf("%q, %v", text, err)
	}
}
