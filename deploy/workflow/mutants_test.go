// Faults that are put into the scripts and workflows, each of which has to be found:
// by a scenario, which then ends otherwise than it must, or by a rule.

//go:build unix

package workflow_test

import (
	"maps"
	"path"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
)

// A mutant is one fault in one file.
type mutant struct {
	name     string
	file     string // the end of its name
	old, new string
	by       string // the scenario that finds it, "" for the rules
	only     string // the targets that have it, if not all: of what they share, one is enough
}

var mutants = []mutant{
	{"no migration", "release.sh", "\n\tmigrate \"$image\"\n", "\n", "the migration fails", ""},
	{"a migration that is not waited for", "release.sh", " --wait --quiet", " --quiet", "success", "gcp cloudrun"},
	{"a migration whose exit code is not read", "release.sh", ".exitCode == 0'", ".exitCode >= 0'", "the migration fails", "aws"},
	{"no way back", "release.sh", `bash "$folder/${BASH_SOURCE[0]##*/}" abort || `, "true || ", "not ready at 50 %", ""},
	{"no way back from a signal", "release.sh", "trap leave EXIT\n", "", "cancelled by hand", "cloudrun"},
	{"a roll-out begins over one that has not ended", "release.sh", "roll() {", "roll() {\n\tabort() { :; }", "killed by hand, and the next fails", "aws cloudrun"},
	{"a roll-out begins over one that has not ended", "release.sh", "roll() {", "roll() {\n\tabort() { :; }", "killed by hand, and released again", "gcp"},
	{"a signal that does not reach the script", "release.yml", "run: exec ", "run: ", "cancelled at GitHub", "cloudrun"},
	{"a script that finds itself by PATH", "release.sh", `bash "$folder/${BASH_SOURCE[0]##*/}" abort`, `"${BASH_SOURCE[0]}" abort`, "cancelled by hand", "cloudrun"},
	{"a time that is not a number", "release.sh", "[[ ${!name} =~ ^[0-9]+$ ]] ||", "true ||", "nonsense for settings", "aws"},
	{"back to the tag in place of the revision before", "release.sh", `--to-revisions "$old=100"`, `--to-revisions "before=100"`, "too many errors", "cloudrun"},
	{"a tag in place of a digest", "release.sh", `^[^@]+@sha256:[0-9a-f]{64}$`, `^[^@]+`, "a tag is refused", "gcp"},
	{"an image of any registry", "release.sh", `[ "${name%@*}" = "$REPOSITORY" ] || die`, `true || die`, "an image of elsewhere is refused", "aws"},
	{"a misspelt flag of gcloud", "release.sh", "--no-traffic", "--no-trafic", "success", "cloudrun"},
	{"a misspelt flag of gcloud", "release.sh", "--version-target-reached", "--version-target-reach", "success", "gcp"},
	{"a misspelt flag of aws", "release.sh", "--services \"$SERVICE\"", "--service \"$SERVICE\"", "success", "aws"},
	{"a command that is not there", "release.sh", "gcloud run services update-traffic", "gcloud run service update-traffic", "success", "cloudrun"},
	{"a variable that is not set", "release.sh", "--region \"$REGION\"", "--region \"$REGON\"", "success", ""},
	{"errors are not looked at", "release.sh", "\t\tjudge \"$since\"\n", "", "too many errors", "aws gcp"},
	{"every rate of errors is fine", "release.sh", "-gt $((all * MAX_ERRORS))", "-gt $((all * 100))", "too many errors", "cloudrun"},
	{"no metrics count as no errors", "release.sh", "counts=$(requests \"$1\")", "counts=$(requests \"$1\") || counts='0 0'", "metrics cannot be read", "gcp"},
	{"readiness is not looked at", "release.sh", "2?? | 3?? | 401 | 403) ;;", "*) ;;\n\t\tx)", "not ready at 50 %", "cloudrun"},
	{"the first visitors come before a probe", "release.sh", "\t\tprobe \"$url\" \"${pages[@]}\"\n", "", "ready nowhere but at its own address", "cloudrun"},
	{"the version is reached, and so ready", "release.sh", `[ "$all" -eq 0 ] || [ "$healthy" -lt "$all" ] || return 0`, "return 0", "the new version does not start", "gcp"},
	{"ECS's own way back counts as success", "release.sh", "FAILED | gone) die", "FAILED | gone) return ;;\n\t\tx) die", "the new version does not start", "aws"},
	{"the schedule runs what failed", "release.sh", "\taws ecs deregister-task-definition", "\t: aws ecs deregister-task-definition", "too many errors", "aws"},
	{"the schedule keeps the old image", "release.sh", "\n\tfinish \"$image\"\n", "\n", "success", "gcp cloudrun"},
	{"a revision with a name of its own", "release.sh", "--no-traffic --quiet", "--no-traffic --tag next --quiet", "success", "cloudrun"},
	{"the machines of before the first release go on", "release.sh", "\t\tscale off #", "\t\t: #", "the first version does not start", "gcp"},

	{"staging is not waited for", "deploy.yml", "needs: [build, staging]", "needs: build", "staging stops it", "cloudrun"},
	{"no tests", "deploy.yml", "go test ./...", "true", "tests stop it", "gcp"},
	{"a tag in place of the digest", "deploy.yml", "digest: ${{ needs.build.outputs.digest }}", "digest: ${{ github.ref }}", "a commit is deployed", "gcp"},
	{"production gets another image", "deploy.yml", "echo \"digest=$digest\"", "echo \"digest=${digest%?}0\"", "a commit is deployed", "gcp"},
	{"other bytes than were built", "release.yml", `[ "$digest" = "$DIGEST" ]`, "true", "the artifact has other bytes", "gcp"},
	{"what is killed stays as it is", "release.yml", "if: cancelled()\n        run: ./infra/", "if: cancelled()\n        run: true ./infra/", "killed, and the workflow goes back", ""},
	{"going back rolls out", "release.yml", " back \"$DIGEST\"", " roll \"$DIGEST\"", "back to an earlier digest", "cloudrun"},
	{"the data goes", "infrastructure.yml", "exit 1\n", "true\n", "a merge that would lose data", "aws"},
	{"drift is fine", "infrastructure.yml", "exit \"$code\"", "true", "drift", "gcp"},
	{"a pull request applies", "infrastructure.yml", "terraform show -no-color", "terraform apply -input=false \"$RUNNER_TEMP/plan\"\n          terraform show -no-color", "a pull request plans", "gcp"},
	{"a comment for each push", "infrastructure.yml", "if [ -n \"$earlier\" ]", "if false", "a pull request plans", "gcp"},

	{"an action by its tag", "release.yml", "@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1", "@v7", "", ""},
	{"all permissions", "deploy.yml", "permissions: {}", "permissions: write-all", "", ""},
	{"the repository's permissions", "release.yml", "permissions: {}\n", "", "", ""},
	{"a build that can prove who it is", "deploy.yml", "    permissions:\n      contents: read\n    outputs", "    permissions:\n      contents: read\n      id-token: write\n    outputs", "", ""},
	{"a build that writes to the repository", "deploy.yml", "contents: read", "contents: write", "", ""},
	{"a static key", "release.yml", "${{ vars.REPOSITORY }}", "${{ secrets.REPOSITORY }}", "", ""},
	{"an input in a script", "release.yml", "roll \"$DIGEST\"", "roll ${{ inputs.digest }}", "", ""},
	{"releases and changes at once", "infrastructure.yml", "format('release-{0}', matrix.environment)", "format('apply-{0}', matrix.environment)", "", ""},
	{"a newer release cancels one in the middle", "release.yml", "cancel-in-progress: false", "cancel-in-progress: true", "", ""},
	{"plans by who may apply", "infrastructure.yml", "vars.PLAN_", "vars.APPLY_", "", ""},
	{"a variable that the workflow does not set", "release.yml", "      URL: ${{ vars.URL }}\n", "", "", ""},
	{"a checkout that keeps its token", "release.yml", "persist-credentials: false", "persist-credentials: true", "", ""},
	{"a script that goes on", "release.sh", "set -euo pipefail", "set -u", "", ""},
}

func TestWorkflowsMutants(t *testing.T) {
	var planted, found atomic.Int64
	t.Run("mutants", func(t *testing.T) {
		for _, target := range targets {
			files := rendered(t, stack(t, target, "shop"))
			for _, m := range mutants {
				if m.only != "" && !slices.Contains(strings.Fields(m.only), target) {
					continue
				}
				t.Run(target+"/"+m.name, func(t *testing.T) {
					t.Parallel()
					planted.Add(1)
					with := maps.Clone(files)
					for name, text := range files {
						if path.Base(name) == m.file {
							with[name] = strings.ReplaceAll(text, m.old, m.new)
						}
					}
					if maps.Equal(with, files) {
						t.Fatalf("%s has no %q: the fault is not in it", m.file, m.old)
					}
					wrong := rules(with)
					by := "a rule"
					if m.by != "" {
						i := slices.IndexFunc(scenarios, func(s scenario) bool { return s.name == m.by })
						if i < 0 {
							t.Fatalf("there is no scenario %q", m.by)
						}
						by, wrong = m.by, scenarios[i].faultsOf(scenarios[i].perform(t, target, with), "")
					}
					if len(wrong) == 0 {
						t.Errorf("the fault is not found by %s", by)
						return
					}
					found.Add(1)
					first, _, _ := strings.Cut(wrong[0], "\n")
					t.Logf("found by %s: %s", by, first)
				})
			}
		}
	})
	t.Logf("%d faults planted, %d found", planted.Load(), found.Load())
}
