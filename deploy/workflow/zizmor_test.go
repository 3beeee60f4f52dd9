// What reads workflows for what an attacker could do with them.

//go:build unix

package workflow_test

import (
	"os/exec"
	"strings"
	"testing"
)

// TestWorkflowsZizmor lets zizmor audit the workflows: nothing of medium or high
// severity is in them, and it sees that which is put in.
func TestWorkflowsZizmor(t *testing.T) {
	zizmor := program(t, "zizmor")
	audit := func(files map[string]string) (string, error) {
		c := exec.CommandContext(t.Context(), zizmor, "--offline", "--no-progress", "--color=never", "--min-severity=medium", ".github/workflows")
		c.Dir = written(t, files)
		out, err := c.CombinedOutput()
		return string(out), err
	}
	for _, target := range targets {
		files := rendered(t, stack(t, target, "shop"))
		if out, err := audit(files); err != nil {
			t.Errorf("%s: %v\n%s", target, err, out)
		}
		// Text from outside becomes a command, and an action is whatever its tag
		// names tomorrow.
		planted := 0
		for name, text := range files {
			if strings.HasSuffix(name, ".yml") && strings.Contains(text, "\n      - uses: actions/checkout@") {
				files[name] = strings.Replace(text, "\n      - uses: actions/checkout@", "\n      - run: echo ${{ github.event.pull_request.title }}\n      - uses: actions/setup-go@v6\n      - uses: actions/checkout@", 1)
				planted++
			}
		}
		if planted == 0 {
			t.Fatalf("%s: no workflow has a step that a fault can be put before", target)
		}
		out, err := audit(files)
		if err == nil || !strings.Contains(out, "template-injection") || !strings.Contains(out, "unpinned-uses") {
			t.Errorf("%s: it does not see what was put in: %v\n%s", target, err, out)
		}
	}
}
