// What holds for every workflow and every release.sh, whatever happens.

//go:build unix

package workflow_test

import (
	"fmt"
	"maps"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

var (
	pinned   = regexp.MustCompile(`^[\w.-]+/[\w.-]+@[0-9a-f]{40}$`)
	labelled = regexp.MustCompile(`@[0-9a-f]{40} # v\d+\.\d+\.\d+\n`)
)

// rules are the faults of some files.
func rules(files map[string]string) []string {
	var wrong []string
	add := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	groups := map[string]string{}
	environments := map[string][]string{}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		text := files[name]
		if path.Ext(name) != ".yml" {
			continue
		}
		var d document
		if err := yaml.Unmarshal([]byte(text), &d); err != nil {
			add("%s: %v", name, err)
			continue
		}
		if d.Permissions == nil || len(*d.Permissions) > 0 {
			add("%s: without permissions: {} at the top, a job without its own has those of the repository's settings", name)
		}
		for _, word := range []string{"secrets.", "pull_request_target", "-auto-approve", "terraform destroy", "--password ", ":latest"} {
			if strings.Contains(text, word) {
				add("%s: it has %q", name, word)
			}
		}
		if n := strings.Count(text, "- uses: ") + strings.Count(text, "\n        uses: "); n != len(labelled.FindAllString(text, -1)) {
			add("%s: of %d actions, some are without their version beside the commit", name, n)
		}
		for id, j := range d.Jobs {
			at := name + ": " + id
			switch {
			case j.Permissions == nil:
				add("%s: it has no permissions of its own", at)
				continue
			case j.Uses == "" && j.Timeout == 0:
				add("%s: it has no time limit: six hours are GitHub's", at)
			case j.Uses != "" && !strings.HasPrefix(j.Uses, "./.github/workflows/"):
				add("%s: it calls %s", at, j.Uses)
			case strings.Contains(j.RunsOn, "latest"):
				add("%s: %s changes by itself", at, j.RunsOn)
			}
			for what, how := range *j.Permissions {
				switch {
				case what == "contents" && how == "read":
				case what == "id-token" && how == "write" && (j.Environment != "" || j.Uses != ""):
				case what == "pull-requests" && how == "write" && strings.HasSuffix(j.Environment, "-plan', matrix.environment) }}"):
				default:
					add("%s: permission %s: %s", at, what, how)
				}
			}
			plans := strings.Contains(j.Environment, "-plan")
			if j.Environment != "" && !plans {
				environments[name] = append(environments[name], slices.Collect(maps.Keys(j.Env))...)
				groups[at] = regexp.MustCompile(`(inputs|matrix)\.`).ReplaceAllString(j.Concurrency.Group, "")
				if j.Concurrency.Group == "" || j.Concurrency.Cancel {
					add("%s: two could change an environment at once, or one be cancelled by the next", at)
				}
			}
			for _, s := range j.Steps {
				if s.Uses != "" && !pinned.MatchString(s.Uses) {
					add("%s: %s is not pinned by its commit", at, s.Uses)
				}
				if strings.HasPrefix(s.Uses, "actions/checkout@") && s.With["persist-credentials"] != "false" {
					add("%s: the token of the checkout stays in its folder", at)
				}
				if strings.Contains(s.Run, "${{") {
					add("%s: %q: an expression in a script can be a script", at, s.Name)
				}
				if plans && strings.Contains(s.Run, "terraform apply") {
					add("%s: who plans does not apply", at)
				}
				for _, v := range s.With {
					if apply := strings.Contains(v, "APPLY_"); apply != (id == "apply") && strings.Contains(v, "vars.") && !strings.Contains(v, "PROVIDER") && !strings.Contains(v, "REGION") && !(id == "apply" && strings.Contains(v, "DEPLOY_")) {
						add("%s: it is %s", at, v)
					}
				}
			}
		}
	}
	if len(slices.Compact(slices.Sorted(maps.Values(groups)))) != 1 || len(groups) != 2 {
		add("releases and changes of the infrastructure share one group: %v", groups)
	}
	for name, text := range files {
		if path.Base(name) != "release.sh" {
			continue
		}
		// Within "names=( )" are the variables that the script wants.
		_, rest, _ := strings.Cut(text, "\nnames=(")
		names, _, _ := strings.Cut(rest, ")")
		want := slices.Sorted(slices.Values(append(strings.Fields(names), "WATCH", "MAX_ERRORS")))
		for workflow, got := range environments {
			got = slices.Sorted(slices.Values(slices.DeleteFunc(got, func(s string) bool { return s == "DIGEST" || s == "ENVIRONMENT" })))
			if !slices.Equal(got, want) {
				add("%s sets %v, and %s reads %v", workflow, got, name, want)
			}
		}
		if !strings.HasPrefix(text, "#!/usr/bin/env bash\n") || !strings.Contains(text, "\nset -euo pipefail\n") {
			add("%s: it goes on after what fails", name)
		}
		if strings.Contains(text, "set -x") || strings.Contains(text, "--password=") {
			add("%s: it shows what is secret", name)
		}
	}
	return wrong
}

func TestWorkflowsRules(t *testing.T) {
	for _, target := range targets {
		for _, site := range []string{"shop", "leaflet", "7-seas"} {
			for _, f := range rules(rendered(t, stack(t, target, site))) {
				t.Errorf("%s, %s: %s", target, site, f)
			}
		}
	}
}

// TestWorkflowsCommon: what the three scripts share is the same in each.
func TestWorkflowsCommon(t *testing.T) {
	var first string
	for _, target := range targets {
		data, err := os.ReadFile("../" + target + "/files/release.sh")
		check(t, err)
		_, rest, begins := strings.Cut(string(data), "\n# --- What the targets share\n")
		common, _, ends := strings.Cut(rest, "\n# --- ")
		_, command, last := strings.Cut(string(data), "\n# --- The command\n")
		if !begins || !ends || !last {
			t.Fatalf("%s: its parts are not marked", target)
		}
		if first == "" {
			first = common + command
		}
		if common+command != first {
			t.Errorf("%s differs from %s in what they share", target, targets[0])
		}
	}
	if strings.Contains(first, "{{") {
		t.Error("what they share depends on the app")
	}
}

// TestWorkflowsOutputs: what scripts and workflows read, Terraform puts out.
func TestWorkflowsOutputs(t *testing.T) {
	read := regexp.MustCompile(`vars\.(\w+)`)
	for _, target := range targets {
		outputs, err := os.ReadFile("../" + target + "/files/outputs.tf")
		check(t, err)
		names := map[string]bool{}
		for name, text := range rendered(t, stack(t, target, "shop")) {
			if path.Base(name) == "release.sh" {
				_, rest, _ := strings.Cut(text, "\nnames=(")
				list, _, _ := strings.Cut(rest, ")")
				for _, n := range strings.Fields(list) {
					names[n] = true
				}
			}
			for _, m := range read.FindAllStringSubmatch(text, -1) {
				names[m[1]] = true
			}
		}
		// These are people's, where the defaults do not do.
		for _, own := range []string{"WATCH", "MAX_ERRORS", "APPLY_FROM_GITHUB"} {
			if !names[own] {
				t.Errorf("%s: no workflow reads %s", target, own)
			}
			delete(names, own)
		}
		if len(names) < 8 {
			t.Fatalf("%s: only %d names", target, len(names))
		}
		for name := range names {
			said := regexp.MustCompile(`\b` + name + ` *=`).Match(outputs)
			if role, is := strings.CutSuffix(name, "_ROLE"); is {
				said = role != "" && strings.Contains(string(outputs), `"${upper(role)}_ROLE"`)
			}
			if !said {
				t.Errorf("%s: release.sh or a workflow reads %s, and outputs.tf has no such key", target, name)
			}
		}
	}
}
