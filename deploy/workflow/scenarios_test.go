// What can happen to a release, for each target.

//go:build unix

package workflow_test

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gorgon-go/gorgon/deploy/deploytest"
	"github.com/gorgon-go/gorgon/deploy/terraform"
	"github.com/gorgon-go/gorgon/deploy/workflow"
	"github.com/gorgon-go/gorgon/plan"
)

var targets = []string{"gcp", "aws", "cloudrun"}

// stack is the shop's: it migrates, and has work on schedule.
func stack(t *testing.T, target, site string) terraform.Stack {
	t.Helper()
	s := deploytest.Sites(plan.Target{Name: target, Title: target, Offers: plan.Offers{Process: true, Elastic: true, Disk: plan.LostFiles, OpenFor: plan.Always, Schedule: "a scheduler"}})[site]
	s.Infra, s.Module, s.Main = "infra/"+target, ".", "."
	k, err := terraform.Of(s)
	check(t, err)
	return k
}

// rendered are the files of a stack: its workflows and its release.sh.
func rendered(t *testing.T, k terraform.Stack) map[string]string {
	t.Helper()
	target := k.Site.Outcome.Target.Name
	list, err := workflow.Files(t.Context(), k)
	check(t, err)
	script, err := terraform.Render(t.Context(), os.DirFS("../"+target+"/files"), k, []terraform.Template{{From: "release.sh", Name: "release.sh", Wanted: true, Mode: 0o755}})
	check(t, err)
	files := map[string]string{}
	for _, f := range append(list, script...) {
		files[f.Name] = string(f.Data)
	}
	return files
}

// variables are what terraform puts out, and so those of GitHub's environments.
func variables(target string) map[string]string {
	v := map[string]string{"REPOSITORY": repository, "URL": "https://shop.example.com", "MIGRATE": "shop-production-migrate"}
	switch target {
	case "aws":
		maps.Copy(v, map[string]string{"REGION": "eu-west-1", "CLUSTER": "shop", "SERVICE": "shop", "TEMPLATE": "shop-template", "FAMILY": "shop", "BALANCER": "app/shop/1",
			"LOGS": "/ecs/shop", "DEPLOY_ROLE": "arn:deploy", "PLAN_ROLE": "arn:plan", "APPLY_ROLE": "arn:apply"})
	default:
		maps.Copy(v, map[string]string{"PROJECT": "shop-project", "REGION": "europe-west1", "MAINTAIN": "shop-production-maintain", "IDENTITY_PROVIDER": "projects/1/github",
			"DEPLOY_ACCOUNT": "deploy@", "PLAN_ACCOUNT": "plan@", "APPLY_ACCOUNT": "apply@", "GROUP": "shop-production", "TEMPLATE": "shop-production-base-", "BACKEND": "shop-production"})
		if target == "cloudrun" {
			v["SERVICE"] = "shop-production"
			delete(v, "GROUP")
			delete(v, "TEMPLATE")
			delete(v, "BACKEND")
		}
	}
	return v
}

// bare is an environment right after the first apply.
func bare(target string) *world {
	w := &world{Target: target, Images: map[string]bool{}, Outputs: variables(target)}
	switch target {
	case "gcp":
		w.Jobs = map[string]string{"shop-production-migrate": "sample", "shop-production-maintain": "sample"}
		w.Group = group{Scaler: "off", Versions: []version{{Template: "shop-production-first"}}, Templates: []template{
			{Name: "shop-production-first", Created: "2026-01-01", Properties: map[string]any{}},
			{Name: "shop-production-base-1", Created: "2026-01-01", Properties: map[string]any{"machineType": "e2-small",
				"metadata": map[string]any{"fingerprint": "x", "items": []any{map[string]any{"key": "image", "value": ""}, map[string]any{"key": "user-data", "value": "x"}}}}},
		}}
	case "cloudrun":
		w.Jobs = map[string]string{"shop-production-migrate": "sample", "shop-production-maintain": "sample"}
		w.Run = service{Ingress: "all", Revisions: []revision{{Name: "shop-00001", Image: "sample", Ready: true}}, Traffic: []traffic{{Revision: "shop-00001", Percent: 100}}}
	case "aws":
		w.ECS.Tasks = map[string]string{}
		w.ECS.Serves = w.ECS.register(map[string]any{"family": "shop-template", "cpu": "256", "containerDefinitions": []any{map[string]any{"name": "app", "image": repository + ":none", "command": []string{"serve"}}}}, nil)
	}
	return w
}

// served is an environment with two releases: the older, and the old that serves.
func served(target string) *world {
	w := bare(target)
	w.Images[oldImage], w.Images[olderImage] = true, true
	for job := range w.Jobs {
		w.Jobs[job] = oldImage
	}
	switch target {
	case "gcp":
		of := func(image string) map[string]any {
			return map[string]any{"metadata": map[string]any{"items": []any{map[string]any{"key": "image", "value": image}}}}
		}
		w.Group.Templates = append(w.Group.Templates,
			template{Name: "shop-production-r20251230000000", Created: "2026-01-01T1", Description: "before it: shop-production-first", Properties: of(olderImage)},
			template{Name: "shop-production-r20251231000000", Created: "2026-01-01T2", Description: "before it: shop-production-r20251230000000", Properties: of(oldImage)})
		w.Group.Versions, w.Group.Size, w.Group.Scaler = []version{{Template: "shop-production-r20251231000000"}}, 4, "on"
	case "cloudrun":
		w.Run.Revisions = append(w.Run.Revisions, revision{Name: "shop-00002", Image: olderImage, Ready: true}, revision{Name: "shop-00003", Image: oldImage, Ready: true})
		w.Run.Traffic = []traffic{{Revision: "shop-00003", Percent: 100}, {Revision: "shop-00002", Tag: "before"}}
	case "aws":
		before := w.ECS.Serves
		for _, image := range []string{olderImage, oldImage} {
			before = w.ECS.register(map[string]any{"family": "shop", "containerDefinitions": []any{map[string]any{"name": "app", "image": image, "command": []string{"serve"}}}},
				map[string]string{"before": before, "released": "2026-01-01"})
		}
		w.ECS.Serves, w.ECS.Last, w.ECS.Desired = before, before, 2
	}
	return w
}

// serves is the image that all visitors get, "" if there is none or more than one.
func (w *world) serves() string {
	switch w.Target {
	case "gcp":
		if len(w.Group.Versions) != 1 || w.Group.Size == 0 {
			return ""
		}
		return w.Group.template(w.Group.Versions[0].Template).image()
	case "aws":
		if w.ECS.Desired == 0 {
			return ""
		}
		return w.ECS.image(w.ECS.Serves)
	}
	for _, t := range w.Run.Traffic {
		if t.Tag == "next" {
			return ""
		}
	}
	for _, t := range w.Run.Traffic {
		for _, r := range w.Run.Revisions {
			if r.Name == t.Revision && t.Percent == 100 {
				return r.Image
			}
		}
	}
	return ""
}

// maintains is the image that the schedule runs.
func (w *world) maintains() string {
	if w.Target == "aws" {
		return w.ECS.image("shop")
	}
	return w.Jobs["shop-production-maintain"]
}

// A scenario is what is done, and what has to come of it.
type scenario struct {
	name   string
	world  func(target string) *world
	change func(w *world)
	do     []string // "roll DIGEST" and "back DIGEST" by the workflow release; "./release.sh ..." by hand; "push", "dispatch DIGEST", "pull_request", "schedule", "merge" of the others
	green  []bool   // of each
	serves string   // in the end, in production
	says   string   // a regular expression on the output
	never  string   // a regular expression on calls
	twice  string   // a regular expression on calls that has to match more than once
	only   string   // the targets, if not all
}

// of is whether a scenario is one of a target. What is in the workflows alone is the
// same for all, and so done for one.
func (s scenario) of(target string) bool {
	return s.only == "" || slices.Contains(strings.Fields(s.only), target)
}

// moves are calls that move visitors or replace what serves.
const moves = `update-traffic .*--to-revisions|start-update|update-service`

var yes, no = []bool{true}, []bool{false}

func faults(list ...fault) func(*world) {
	return func(w *world) { w.Faults = append(w.Faults, list...) }
}

// metrics are faults of the error rate, from the nth time it is read.
func metrics(from int) func(*world) {
	return func(w *world) {
		w.Faults = append(w.Faults,
			fault{Match: "timeSeries", From: from, Answer: `{"timeSeries":[{"metric":{"labels":{"response_code_class":"5xx"}},"points":[{"value":{"int64Value":"6"}}]},{"metric":{"labels":{"response_code_class":"500"}},"points":[{"value":{"int64Value":"6"}}]},{"metric":{"labels":{"response_code_class":"2xx"}},"points":[{"value":{"int64Value":"100"}}]}]}`},
			fault{Match: "HTTPCode_Target_5XX_Count", From: from, Answer: `{"Datapoints":[{"Sum":6}]}`})
	}
}

var scenarios = []scenario{
	{name: "success", world: served, do: []string{"roll " + newDigest}, green: yes, serves: newImage, says: "released"},
	{name: "first release", world: bare, do: []string{"roll " + newDigest}, green: yes, serves: newImage, says: "released"},
	{name: "the image is there already", world: served, change: func(w *world) { w.Images[newImage] = true }, do: []string{"roll " + newDigest}, green: yes, serves: newImage, says: "is there already", never: "skopeo copy"},
	{name: "the artifact has other bytes", world: served, do: []string{"roll " + newDigest + " of older bytes"}, green: no, serves: oldImage, never: moves + "|jobs|register"},
	{name: "the migration fails", world: served, change: faults(fault{Match: "jobs execute", Code: 1}, fault{Match: "ecs describe-tasks", Answer: `{"tasks":[{"lastStatus":"STOPPED","stoppedReason":"Essential container in task exited","containers":[{"exitCode":1}]}]}`}),
		do: []string{"roll " + newDigest}, green: no, serves: oldImage, says: "(?s)the last log line.*the migration failed", never: moves + "|run deploy|--family shop "},
	{name: "the new version does not start", world: served, change: func(w *world) { w.Sick = newImage }, do: []string{"roll " + newDigest}, green: no, serves: oldImage, says: "(?s)NOT RELEASED.*the last log line"},
	{name: "the first version does not start", world: bare, change: func(w *world) { w.Sick = newImage }, do: []string{"roll " + newDigest}, green: no, serves: "", says: "NOT RELEASED"},
	{name: "not ready at 50 %", world: served, change: faults(fault{Match: `^curl .*https://shop\.example\.com/readyz`, From: 3, Answer: "503", Body: "the database does not answer"}),
		do: []string{"roll " + newDigest}, green: no, serves: oldImage, says: "(?s)answered 503:\nthe database does not answer.*NOT RELEASED.*Migrations are not undone"},
	{name: "too many errors", world: served, change: metrics(2), do: []string{"roll " + newDigest}, green: no, serves: oldImage, says: `(?s)errors: 6 of 1\d\d requests, which is more than 1 %.*NOT RELEASED`},
	{name: "metrics cannot be read", world: served, change: faults(fault{Match: "timeSeries|get-metric-statistics", Code: 22}), do: []string{"roll " + newDigest}, green: no, serves: oldImage, says: "NOT RELEASED"},
	{name: "back to an earlier digest", world: served, do: []string{"back " + olderDigest}, green: yes, serves: olderImage, says: "Migrations are not undone", never: "jobs execute|run-task|skopeo"},
	{name: "back to what was before", world: served, do: []string{"./release.sh back"}, green: yes, serves: olderImage},
	{name: "back twice", world: served, do: []string{"./release.sh back", "./release.sh back"}, green: []bool{true, false}, serves: olderImage, says: "not recorded|no release before"},
	{name: "back to a digest that never ran", world: served, do: []string{"back " + newDigest}, green: no, serves: oldImage, says: "roll it", never: moves},
	{name: "back to what serves", world: served, do: []string{"back " + oldDigest}, green: no, serves: oldImage, says: "serves already", never: moves},
	{name: "cancelled in the middle", world: served, change: faults(fault{Match: "^sleep", From: 2, Times: 1, Signal: syscall.SIGTERM}), do: []string{"roll " + newDigest, "roll " + newDigest}, green: []bool{false, true}, serves: newImage, says: "(?s)NOT RELEASED.*released"},
	{name: "cancelled by hand", world: served, change: func(w *world) {
		w.Images[newImage] = true
		w.Faults = append(w.Faults, fault{Match: "^sleep", From: 2, Times: 1, Signal: syscall.SIGTERM})
	}, do: []string{"bash release.sh roll " + newDigest}, green: no, serves: oldImage, says: "NOT RELEASED"},
	{name: "cancelled at GitHub", world: served, change: faults(fault{Match: "^sleep", From: 2, Times: 1, Signal: syscall.SIGINT, Step: true}), do: []string{"roll " + newDigest}, green: no, serves: oldImage, says: "NOT RELEASED"},
	{name: "nonsense for settings", world: served, do: []string{"WATCH=5m ./release.sh roll " + newDigest, "MAX_ERRORS=0.5 ./release.sh roll " + newDigest, "REPOSITORY=x ./release.sh status"}, green: []bool{false, false, false}, serves: oldImage, says: "(?s)WATCH=5m: give a whole number.*is not set", never: "."},
	{name: "killed, and the workflow goes back", world: served, change: faults(fault{Match: "^sleep", From: 2, Times: 1, Signal: syscall.SIGKILL}), do: []string{"roll " + newDigest}, green: no, serves: oldImage},
	{name: "killed by hand, and released again", world: served, change: func(w *world) {
		w.Images[newImage] = true
		w.Faults = append(w.Faults, fault{Match: "^sleep", From: 2, Times: 1, Signal: syscall.SIGKILL})
	}, do: []string{"./release.sh roll " + newDigest, "./release.sh roll " + newDigest}, green: []bool{false, true}, serves: newImage, says: "released"},
	{name: "killed by hand, and the next fails", world: served, change: func(w *world) {
		w.Images[newImage] = true
		w.Faults = append(w.Faults, fault{Match: "^sleep", From: 2, Times: 1, Signal: syscall.SIGKILL})
		metrics(2)(w)
	}, do: []string{"./release.sh roll " + newDigest, "./release.sh roll " + newDigest}, green: []bool{false, false}, serves: oldImage, says: "NOT RELEASED"},
	{name: "killed by hand, and gone back", world: served, change: func(w *world) {
		w.Images[newImage] = true
		w.Faults = append(w.Faults, fault{Match: "^sleep", From: 2, Times: 1, Signal: syscall.SIGKILL})
	}, do: []string{"./release.sh roll " + newDigest, "./release.sh abort", "./release.sh abort"}, green: []bool{false, true, true}, serves: oldImage, says: "no roll-out is under way"},
	{name: "changed settings", world: served, do: []string{"./release.sh roll"}, green: yes, serves: oldImage, says: "released"},
	{name: "changed settings before a release", world: bare, do: []string{"./release.sh roll"}, green: yes, says: "no release yet", never: moves + "|jobs"},
	{name: "a tag is refused", world: served, do: []string{"./release.sh roll " + repository + ":latest"}, green: no, serves: oldImage, says: "by its digest", never: moves + "|jobs|register"},
	{name: "an image of elsewhere is refused", world: served, do: []string{"./release.sh roll other.example.com/shop@" + newDigest}, green: no, serves: oldImage, says: "push it first", never: moves + "|jobs|register", only: "aws"},
	{name: "only the balancer reaches it", world: served, change: func(w *world) { w.Run.Ingress = "internal-and-cloud-load-balancing" }, do: []string{"roll " + newDigest}, green: yes, serves: newImage, says: "only the load balancer", never: "next---", only: "cloudrun"},
	{name: "ready nowhere but at its own address", world: served, change: faults(fault{Match: `^curl .*next---`, Answer: "500", Body: "a panic"}), do: []string{"roll " + newDigest}, green: no, serves: oldImage, says: "a panic", never: "--to-revisions", only: "cloudrun"},
	{name: "status and variables", world: served, do: []string{"./release.sh status", "./release.sh variables", "./release.sh smoke", "./release.sh", "./release.sh roll a b", "./release.sh jump"}, green: []bool{true, true, true, false, false, false}, serves: oldImage, says: "(?s)" + oldDigest + ".*REPOSITORY=" + repository + ".*push LAYOUT", never: moves},
	{name: "a commit is deployed", world: served, do: []string{"push"}, green: yes, serves: newImage, twice: "roll|update-service|run deploy|start-update"},
	{name: "staging stops it", world: served, do: []string{"push staging fails"}, green: no, serves: oldImage, only: "cloudrun"},
	{name: "tests stop it", world: served, do: []string{"push tests fail"}, green: no, serves: oldImage, never: moves + "|skopeo", only: "gcp"},
	{name: "going back at GitHub", world: served, do: []string{"dispatch " + olderDigest}, green: yes, serves: olderImage, never: "^go |skopeo"},
	{name: "a pull request plans", world: served, change: func(w *world) { w.Plan = "changes" }, do: []string{"pull_request", "pull_request"}, green: []bool{true, true}, serves: oldImage, twice: "gh api --method P", never: "terraform apply|as apply|as deploy|" + moves},
	{name: "a merge applies", world: served, change: func(w *world) { w.Plan = "changes" }, do: []string{"merge"}, green: yes, serves: oldImage, twice: "terraform apply", only: "gcp aws"},
	{name: "a merge that would lose data", world: served, change: func(w *world) { w.Plan = "destroys" }, do: []string{"merge"}, green: no, serves: oldImage, says: "The plan destroys", never: "terraform apply|" + moves},
	{name: "a merge, applied by hand", world: served, do: []string{"merge by hand"}, green: yes, serves: oldImage, never: "terraform", only: "cloudrun"},
	{name: "no drift", world: served, do: []string{"schedule"}, green: yes, serves: oldImage, never: "apply|" + moves, only: "gcp"},
	{name: "drift", world: served, change: func(w *world) { w.Plan = "changes" }, do: []string{"schedule"}, green: no, serves: oldImage, says: "is not what", never: "terraform apply|" + moves, only: "aws"},
}

// shorter leaves out of a call what all calls of its kind have, which the stand-ins
// check, for people who read the lists.
var shorter = strings.NewReplacer(
	" --project shop-project", "", " --region europe-west1", "", " --region eu-west-1", "", " --output json", "", " --format json", "", " --quiet", "",
	" --silent --show-error", "", " --max-time 10 --retry 2 --output TEMP/answer --write-out %{http_code}", "",
	" --fail --max-time 30 --retry 2 --get --header @-", "",
	" --data-urlencode aggregation.alignmentPeriod=60s --data-urlencode aggregation.perSeriesAligner=ALIGN_SUM --data-urlencode aggregation.crossSeriesReducer=REDUCE_SUM --data-urlencode aggregation.groupByFields=metric.labels.response_code_class", "",
	" --period 60 --statistics Sum", "", "arn:aws:ecs:eu-west-1:1:", "", " --authfile TEMP/auth.json", "",
	newDigest, "sha256:new", oldDigest, "sha256:old", olderDigest, "sha256:older",
)

// outcome is what came of a scenario.
type outcome struct {
	green []bool
	calls []string
	said  string
	world *world
	wrong []string
}

// perform does what a scenario says, over some files.
func (s scenario) perform(t *testing.T, target string, files map[string]string) outcome {
	t.Helper()
	w := s.world(target)
	if s.change != nil {
		s.change(w)
	}
	staging := s.world(target)
	staging.Plan = w.Plan
	b := open(t, files, map[string]*world{"production": w, "staging": staging})
	vars := variables(target)
	vars["WATCH"] = "30"
	var o outcome
	for _, what := range s.do {
		words := strings.Fields(what)
		b.note("== %s", what)
		r := run{b: b, vars: maps.Clone(vars), values: map[string]string{"github.token": "t", "github.repository": "owner/shop", "github.ref": "refs/heads/main",
			"github.event.pull_request.number": "7", "github.event.pull_request.head.repo.full_name": "owner/shop", "inputs.digest": "", "inputs.environment": ""}}
		file := ""
		switch words[0] {
		case "roll", "back":
			file = "release.yml"
			maps.Copy(r.values, map[string]string{"inputs.environment": "production", "inputs.command": words[0], "inputs.digest": words[1]})
			artifact, index := filepath.Join(b.folder, "artifacts", "image"), layoutIndex
			if len(words) > 2 {
				index = []byte(strings.ReplaceAll(string(index), newDigest, olderDigest))
			}
			check(t, os.MkdirAll(artifact, 0o755))
			check(t, os.WriteFile(filepath.Join(artifact, "index.json"), index, 0o644))
		case "push":
			file, r.values["github.event_name"] = "deploy.yml", "push"
			switch strings.Join(words[1:], " ") {
			case "staging fails":
				staging.Faults = []fault{{Match: "/readyz", Answer: "503"}}
				b.save("staging", staging)
			case "tests fail":
				b.none.Faults = []fault{{Match: "^go test", Code: 1}}
			}
		case "dispatch":
			file = "deploy.yml"
			maps.Copy(r.values, map[string]string{"github.event_name": "workflow_dispatch", "inputs.digest": words[1], "inputs.environment": "production"})
		case "pull_request", "schedule":
			file, r.values["github.event_name"] = "infrastructure.yml", words[0]
		case "merge":
			file, r.values["github.event_name"] = "infrastructure.yml", "push"
			if len(words) == 1 {
				r.vars["APPLY_FROM_GITHUB"] = "true"
			}
		case "./release.sh", "bash", "WATCH=5m", "MAX_ERRORS=0.5", "REPOSITORY=x":
			o.green = append(o.green, b.shell(what, "infra/"+target, "production", nil) == 0)
			continue
		default:
			t.Fatalf("%q: what is that?", what)
		}
		o.green = append(o.green, r.workflow(file))
	}
	o.calls, o.said, o.world = b.calls(), b.said.String(), b.world("production")
	o.wrong = b.wrong
	return o
}

// list are the calls as they are kept.
func (o outcome) list() string { return shorter.Replace(strings.Join(o.calls, "\n") + "\n") }

// faultsOf holds what came of a scenario against what had to.
func (s scenario) faultsOf(o outcome, golden string) []string {
	wrong := slices.Clone(o.wrong)
	add := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	if !slices.Equal(o.green, s.green) {
		add("green: %v, want %v", o.green, s.green)
	}
	if got := o.world.serves(); got != s.serves && !(s.serves == "" && (got == "sample" || got == repository+":none")) {
		add("%q serves, want %q", got, s.serves)
	}
	if n := o.world.Group.Size; s.serves == "" && n > 0 {
		add("%d machines run without a release", n)
	}
	if got := o.world.maintains(); s.serves != "" && got != s.serves && (o.world.Jobs != nil || o.world.Target == "aws") {
		add("the schedule runs %q, want %q", got, s.serves)
	}
	if s.says != "" && !regexp.MustCompile(s.says).MatchString(o.said) {
		add("it does not say %q", s.says)
	}
	for _, c := range o.calls {
		if strings.HasPrefix(c, "REFUSED") {
			add("%s", c)
		}
		if s.never != "" && !strings.HasPrefix(c, "==") && regexp.MustCompile(s.never).MatchString(c) {
			add("it calls %s", c)
		}
	}
	if s.twice != "" {
		n := 0
		for _, c := range o.calls {
			if regexp.MustCompile(s.twice).MatchString(c) {
				n++
			}
		}
		if n < 2 {
			add("%q is called %d times, want twice", s.twice, n)
		}
	}
	if diff := cmp.Diff(golden, o.list()); golden != "" && diff != "" {
		add("the calls differ (-golden +got), UPDATE_GOLDEN=1 writes them:\n%s", diff)
	}
	return wrong
}

func (s scenario) golden(target string) string {
	return path.Join("testdata/calls", target, strings.NewReplacer(" ", "-", ",", "", "%", "percent").Replace(s.name)+".txt")
}

func TestWorkflows(t *testing.T) {
	var ran, calls atomic.Int64
	t.Run("scenarios", func(t *testing.T) {
		for _, target := range targets {
			files := rendered(t, stack(t, target, "shop"))
			for _, s := range scenarios {
				if !s.of(target) {
					continue
				}
				t.Run(target+"/"+s.name, func(t *testing.T) {
					t.Parallel()
					o := s.perform(t, target, files)
					ran.Add(1)
					calls.Add(int64(len(o.calls)))
					name := s.golden(target)
					if os.Getenv("UPDATE_GOLDEN") != "" {
						check(t, os.MkdirAll(path.Dir(name), 0o755))
						check(t, os.WriteFile(name, []byte(o.list()), 0o644))
					}
					golden, err := os.ReadFile(name)
					check(t, err)
					for _, f := range s.faultsOf(o, string(golden)) {
						t.Error(f)
					}
					t.Logf("%d calls, green: %v, serves %s\n  %s", len(o.calls), o.green, o.world.serves(), strings.ReplaceAll(strings.TrimSuffix(o.list(), "\n"), "\n", "\n  "))
					if t.Failed() {
						t.Log(o.said)
					}
				})
			}
		}
	})
	t.Logf("%d scenarios, %d calls of stand-ins", ran.Load(), calls.Load())
	// A golden file that belongs to no scenario is checked by none.
	kept := map[string]bool{}
	for _, target := range targets {
		for _, s := range scenarios {
			if s.of(target) {
				kept[s.golden(target)] = true
			}
		}
	}
	check(t, filepath.WalkDir("testdata/calls", func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && !kept[filepath.ToSlash(name)] {
			t.Errorf("%s belongs to no scenario", name)
		}
		return err
	}))
}
