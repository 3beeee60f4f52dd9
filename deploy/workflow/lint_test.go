// Programs that know workflows and shells better than any rule here.

//go:build unix

package workflow_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// program is where one is: on this machine, or where scripts/servers puts it.
func program(t *testing.T, name string) string {
	t.Helper()
	if at, err := exec.LookPath(name); err == nil {
		return at
	}
	cache, err := os.UserCacheDir()
	check(t, err)
	at := filepath.Join(cache, "gorgon-testbed", name)
	if _, err := os.Stat(at); err != nil {
		missing(t, name)
	}
	return at
}

// written writes files into a folder that looks like a repository.
func written(t *testing.T, files map[string]string) string {
	t.Helper()
	folder := t.TempDir()
	check(t, os.Mkdir(filepath.Join(folder, ".git"), 0o755))
	for name, text := range files {
		at := filepath.Join(folder, filepath.FromSlash(name))
		check(t, os.MkdirAll(filepath.Dir(at), 0o755))
		check(t, os.WriteFile(at, []byte(text), 0o755))
	}
	return folder
}

func TestWorkflowsActionlint(t *testing.T) {
	actionlint, shellcheck := program(t, "actionlint"), program(t, "shellcheck")
	for _, target := range targets {
		for _, site := range []string{"shop", "leaflet", "7-seas"} {
			c := exec.CommandContext(t.Context(), actionlint, "-no-color", "-shellcheck", shellcheck, "-pyflakes=")
			k := stack(t, target, site)
			k.Rows = k.Database
			c.Dir = written(t, rendered(t, k))
			if out, err := c.CombinedOutput(); err != nil {
				t.Errorf("%s, %s: %v\n%s", target, site, err, out)
			}
		}
	}
	// And it can fail.
	files := rendered(t, stack(t, "gcp", "shop"))
	for name, text := range files {
		files[name] = strings.Replace(text, "inputs.digest }}", "inputs.digests }}", 1)
	}
	c := exec.CommandContext(t.Context(), actionlint, "-no-color")
	c.Dir = written(t, files)
	if out, err := c.CombinedOutput(); err == nil || !strings.Contains(string(out), "digests") {
		t.Errorf("it does not find an input that is not there: %v\n%s", err, out)
	}
}

func TestWorkflowsShellcheck(t *testing.T) {
	shellcheck := program(t, "shellcheck")
	for _, target := range targets {
		for _, site := range []string{"shop", "leaflet"} {
			folder := written(t, rendered(t, stack(t, target, site)))
			c := exec.CommandContext(t.Context(), shellcheck, "--color=never", "--severity=style", "infra/"+target+"/release.sh")
			c.Dir = folder
			if out, err := c.CombinedOutput(); err != nil {
				t.Errorf("%s, %s: %v\n%s", target, site, err, out)
			}
		}
	}
}
