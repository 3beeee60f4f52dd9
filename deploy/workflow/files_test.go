// The workflows as they are written.

//go:build unix

package workflow_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/gorgon-go/gorgon/deploy/workflow"
	"github.com/gorgon-go/gorgon/pack"
)

func TestWorkflowsFiles(t *testing.T) {
	for _, target := range targets {
		files, err := workflow.Files(t.Context(), stack(t, target, "shop"))
		check(t, err)
		for _, f := range files {
			golden := filepath.Join("testdata/files", target, path.Base(f.Name))
			if os.Getenv("UPDATE_GOLDEN") != "" {
				check(t, os.MkdirAll(filepath.Dir(golden), 0o755))
				check(t, os.WriteFile(golden, f.Data, 0o644))
			}
			want, err := os.ReadFile(golden)
			check(t, err)
			if diff := cmp.Diff(string(want), string(f.Data)); diff != "" {
				t.Errorf("%s, %s differs (-golden +written), UPDATE_GOLDEN=1 writes it:\n%s", target, f.Name, diff)
			}
		}
	}
}

// TestWorkflowsFolder: an app in a folder of its repository, which pins the tool in
// a module of its own.
func TestWorkflowsFolder(t *testing.T) {
	k := stack(t, "gcp", "shop")
	k.Site.Module, k.Site.Main, k.Site.Infra = "apps/shop", "apps/shop/cmd/shop", "apps/shop/infra/gcp"
	files := rendered(t, k)
	files["apps/shop/go.mod"], files["apps/shop/tools/go.mod"] = "module shop\n", "module tools\n"
	i := slices.IndexFunc(scenarios, func(s scenario) bool { return s.name == "a commit is deployed" })
	s := scenarios[i]
	o := s.perform(t, "gcp", files)
	for _, f := range s.faultsOf(o, "") {
		t.Error(f)
	}
	for _, want := range []string{
		"go tool -modfile=tools/go.mod gorgon deploy ./cmd/shop --to gcp --arch amd64 --store postgres://app:***@db.internal/app --replicas 3",
		"uses actions/upload-artifact apps/shop/pkg/gcp/layout",
	} {
		if !slices.Contains(o.calls, want) {
			t.Errorf("it does not call %q", want)
		}
	}
	if t.Failed() {
		t.Logf("%s\n%s", o.list(), o.said)
	}
}

// TestWorkflowsDatabase: an app with rows of its own is tested and built with a
// database that has been migrated.
func TestWorkflowsDatabase(t *testing.T) {
	k := stack(t, "gcp", "shop")
	k.Rows, k.Site.Main = true, "cmd/shop"
	var deploys struct {
		Jobs map[string]struct {
			Steps []struct{ Name, Run string }
		}
	}
	check(t, yaml.Unmarshal([]byte(rendered(t, k)[".github/workflows/deploy.yml"]), &deploys))
	steps := deploys.Jobs["build"].Steps
	at := func(name string) int {
		return slices.IndexFunc(steps, func(s struct{ Name, Run string }) bool { return s.Name == name })
	}
	if d := at("Database"); d < 0 || d > at("Test") || at("Test") > at("Build") {
		t.Fatalf("the steps are %+v", steps)
	}

	// The shell of both, with stand-ins that note their arguments.
	bin, env := t.TempDir(), filepath.Join(t.TempDir(), "env")
	for _, name := range []string{"sudo", "go", "jq"} {
		check(t, os.WriteFile(filepath.Join(bin, name), []byte("#!/bin/sh\necho \""+name+" $*\" >> \"$CALLS\"\n"), 0o755))
	}
	calls := filepath.Join(t.TempDir(), "calls")
	for _, name := range []string{"Database", "Build"} {
		c := exec.Command("bash", "-eo", "pipefail", "-c", steps[at(name)].Run)
		c.Dir = t.TempDir()
		c.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"), "CALLS="+calls, "GITHUB_ENV="+env, "GITHUB_OUTPUT="+filepath.Join(c.Dir, "output"))
		if out, err := c.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v: %s", name, err, out)
		}
	}
	said, err := os.ReadFile(calls)
	check(t, err)
	lines := strings.Split(strings.TrimSpace(string(said)), "\n")
	for i, want := range []string{"sudo systemctl start postgresql.service", "sudo -u postgres psql ", "go run ./cmd/shop migrate --store none", "go tool gorgon deploy ./cmd/shop "} {
		if i >= len(lines) || !strings.HasPrefix(lines[i], want) {
			t.Errorf("call %d is not %q: %q", i+1, want, lines)
		}
	}
	if set, err := os.ReadFile(env); err != nil || !strings.HasPrefix(string(set), "DATABASE_URL=postgres://") {
		t.Errorf("the environment is %q, %v", set, err)
	}
}

// TestWorkflowsFlags: what a deploy was told is told again, whatever it is.
func TestWorkflowsFlags(t *testing.T) {
	k := stack(t, "aws", "shop")
	k.Site.Store, k.Site.Package.Base = "s3://bucket/$(date)'; \"`x` #{{.}} ${{ secrets.X }}", "/shop"
	k.Site.Package.Deployed = &pack.Deployed{Accepted: []string{"dirty", "local-modules"}}
	k.Site.Outcome.Setting.AlwaysOn = true
	for _, c := range []struct{ module, main, want string }{
		{".", ".", "deploy . --to aws"},
		{"", "", "deploy . --to aws"},
		{".", "cmd/shop", "deploy ./cmd/shop --to aws"},
		{"apps/shop", "apps/shop", "deploy . --to aws"},
		{"apps/shop/", "apps/shop/cmd/a b", "deploy './cmd/a b' --to aws"},
	} {
		k.Site.Module, k.Site.Main = c.module, c.main
		files, err := workflow.Files(t.Context(), k)
		if err == nil {
			t.Fatalf("a store with an expression of GitHub's is written: %s", files[0].Data)
		}
		k := k
		k.Site.Store = "s3://bucket/$(date)'; \"`x` #{{.}}"
		files, err = workflow.Files(t.Context(), k)
		check(t, err)
		var d document
		check(t, yaml.Unmarshal(files[0].Data, &d))
		var build string
		for _, s := range d.Jobs["build"].Steps {
			if s.Name == "Build" {
				build = s.Run
			}
		}
		want := c.want + ` --arch amd64 --store 's3://bucket/$(date)'\''; "` + "`x`" + ` #{{.}}' --base /shop --replicas 3 --always-on --accept dirty --accept local-modules` + "\n"
		if !strings.Contains(build, want) {
			t.Errorf("%+v: want %q in\n%s", c, want, build)
		}
	}
}

func TestWorkflowsRefuse(t *testing.T) {
	k := stack(t, "gcp", "leaflet")
	k.Site.Outcome.Target.Name = "moon"
	if _, err := workflow.Files(t.Context(), k); err == nil || !strings.Contains(err.Error(), "moon") {
		t.Errorf("a target without workflows: %v", err)
	}
	for _, folder := range []string{"", "infra/$(x)", "a b", "../up", "/root"} {
		k := stack(t, "gcp", "leaflet")
		k.Site.Infra = folder
		if _, err := workflow.Files(t.Context(), k); err == nil {
			t.Errorf("the folder %q is taken", folder)
		}
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if _, err := workflow.Files(ctx, stack(t, "gcp", "leaflet")); !errors.Is(err, context.Canceled) {
		t.Errorf("it goes on after the end: %v", err)
	}
}

// TestWorkflowsLess: an app without a database and without work on schedule has a
// release without a migration.
func TestWorkflowsLess(t *testing.T) {
	for _, target := range targets {
		files := rendered(t, stack(t, target, "leaflet"))
		for _, name := range []string{"success", "not ready at 50 %", "back to what was before"} {
			t.Run(target+"/"+name, func(t *testing.T) {
				t.Parallel()
				s := scenarios[slices.IndexFunc(scenarios, func(s scenario) bool { return s.name == name })]
				change := s.change
				s.change = func(w *world) {
					if w.Jobs = nil; change != nil {
						change(w)
					}
				}
				s.says, s.never = "", "jobs|run-task|Migrations"
				o := s.perform(t, target, files)
				for _, f := range s.faultsOf(o, "") {
					t.Error(f)
				}
				if strings.Contains(o.said, "igrat") {
					t.Errorf("it talks of migrations: %s", o.said)
				}
			})
		}
	}
}
