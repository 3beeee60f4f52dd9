// Each need that the plan knows has infrastructure in each target, or is refused.

package terraformtest_test

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/deploy"
	"github.com/gorgon-go/gorgon/deploy/aws"
	"github.com/gorgon-go/gorgon/deploy/cloudrun"
	"github.com/gorgon-go/gorgon/deploy/deploytest"
	"github.com/gorgon-go/gorgon/deploy/gcp"
	"github.com/gorgon-go/gorgon/plan"
)

// infrastructure says, for each kind of need, what a target has for it, or that it is
// refused. A kind or a target that is missing fails.
var infrastructure = map[plan.Kind]map[string]part{
	plan.Process:     {"gcp": machines, "aws": tasks, "cloudrun": service},
	plan.Guards:      {"gcp": machines, "aws": tasks, "cloudrun": service},
	plan.Incremental: {"gcp": machines, "aws": tasks, "cloudrun": service},
	plan.Refresh:     {"gcp": machines, "aws": tasks, "cloudrun": service},
	plan.Cached:      {"gcp": machines, "aws": tasks, "cloudrun": service},
	plan.Memory:      {"gcp": refused, "aws": refused, "cloudrun": refused},
	plan.Disk:        {"gcp": refused, "aws": refused, "cloudrun": refused},
	plan.File:        {"gcp": refused, "aws": refused, "cloudrun": refused},
	plan.AppFiles: { // Google's buckets are none: the operator says where one is, with its keys
		"gcp": {match: `AWS_SECRET_ACCESS_KEY`}, "aws": {match: `resource "aws_s3_bucket" "files"`}, "cloudrun": {match: `AWS_SECRET_ACCESS_KEY`},
	},
	plan.Background: {"gcp": machines, "aws": tasks, "cloudrun": {match: `cpu_idle += false`}},
	plan.Worker:     {"gcp": machines, "aws": tasks, "cloudrun": {match: `cpu_idle += false`}},
	plan.Connections: {
		"gcp": {match: `timeout_sec += 3600`, whole: true}, "aws": {match: `idle_timeout += 3600`}, "cloudrun": {match: `timeout += "3600s"`},
	},
	plan.Live: {
		"gcp": {match: `timeout_sec += 3600`, whole: true}, "aws": {match: `idle_timeout += 3600`}, "cloudrun": {match: `timeout += "3600s"`},
	},
	plan.Rooms: { // instances call each other, or do not try
		"gcp": {match: `resource "google_compute_firewall" "peers"`}, "aws": {match: `from = "tasks", to = "tasks"`}, "cloudrun": {match: `"GORGON_ADVERTISE" += "none"`},
	},
	plan.Schedule: {
		"gcp": machines, "aws": tasks, // an instance always runs there, and does what is due
		"cloudrun": {match: `resource "google_cloud_scheduler_job"`},
	},
	plan.Jobs: {
		"gcp": machines, "aws": tasks, // the same
		"cloudrun": {match: `"GORGON_WORK_AFTER" = "10s"(?s:.*)schedule  = "\* \* \* \* \*"`},
	},
	plan.Database: {
		"gcp": {match: `resource "google_sql_database_instance"`}, "aws": {match: `resource "aws_db_instance"`}, "cloudrun": {match: `resource "google_sql_database_instance"`},
	},
	plan.Commits: { // a store that the instances share
		"gcp": {match: `resource "google_memorystore_instance"`}, "aws": {match: `resource "aws_elasticache_replication_group"`}, "cloudrun": {match: `resource "google_memorystore_instance"`},
	},
}

// A part is what a target has for a need.
type part struct {
	match string // of its files
	whole bool   // it is there without the need, too
}

var (
	machines = part{`resource "google_compute_region_instance_group_manager"`, true}
	tasks    = part{`resource "aws_ecs_service"`, true}
	service  = part{`resource "google_cloud_run_v2_service"`, true}
	refused  = part{}
)

func TestTerraformNeeds(t *testing.T) {
	for _, target := range []deploy.Target{gcp.Target(), aws.Target(), cloudrun.Target()} {
		for _, kind := range plan.Kinds() {
			t.Run(target.Name+"/"+string(kind), func(t *testing.T) {
				want, known := infrastructure[kind][target.Name]
				if !known {
					t.Fatalf("the plan knows the need %q: say what %s has for it, or that it is refused", kind, target.Name)
				}
				text, why := files(t, target, &kind)
				if (why != "") != (want == refused) {
					t.Fatalf("it is to be refused: %v; refused is: %q", want == refused, why)
				}
				if why != "" {
					t.Logf("refused: %s", why)
					return
				}
				pattern := regexp.MustCompile(want.match)
				if !pattern.MatchString(text) {
					t.Errorf("nothing in the files is %s", want.match)
				}
				without, why := files(t, target, nil)
				if why != "" {
					t.Fatalf("an app without needs is refused: %s", why)
				}
				if pattern.MatchString(without) && !want.whole {
					t.Errorf("%s is in the files of an app without the need", want.match)
				}
			})
		}
	}
	for kind := range infrastructure {
		if !slices.Contains(plan.Kinds(), kind) {
			t.Errorf("%q is not a need that the plan knows", kind)
		}
	}
}

// Where mails are sent, the server with its password is a secret, and the sender is
// the operator's to set.
func TestTerraformMails(t *testing.T) {
	for _, target := range []deploy.Target{gcp.Target(), aws.Target(), cloudrun.Target()} {
		s := deploytest.Sites(target.Target)["leaflet"]
		s.Infra, s.Module, s.Main = "infra/"+target.Name, ".", "cmd/leaflet"
		s.Variables = append(s.Variables, deploy.Variable{Name: "MAIL_URL", Secret: true, For: "the server"}, deploy.Variable{Name: "MAIL_FROM", For: "the sender"})
		list, err := target.Own(t.Context(), s)
		if err != nil {
			t.Fatal(err)
		}
		in := map[string]string{}
		for _, f := range list {
			in[strings.TrimPrefix(f.Name, s.Infra+"/")] = string(f.Data)
		}
		for file, text := range map[string]string{"secrets.tf": "MAIL_URL", "environments/production.tfvars": "MAIL_FROM", "environments/staging.tfvars": "MAIL_FROM"} {
			if !strings.Contains(in[file], text) {
				t.Errorf("%s: %s does not name %s:\n%s", target.Name, file, text, in[file])
			}
		}
	}
}

// files are those of an app with one need, as one text; or why it is refused. What the
// plan only accepts under a condition is met as its hint says: a store that instances
// share, a processor that is always there.
func files(t *testing.T, target deploy.Target, kind *plan.Kind) (string, string) {
	t.Helper()
	s := deploytest.Sites(target.Target)["leaflet"]
	app := plan.Describe(gorgon.App{Name: "leaflet", Parts: []gorgon.Part{
		gorgon.Page[string]{Path: "/", Load: func(context.Context, gorgon.Input) (string, error) { return "", nil }, View: func(string) gorgon.Component { return nil }},
	}})
	setting := plan.Setting{Store: "none"}
	if kind != nil {
		need := plan.Need{Part: "part", Kind: *kind, Why: "of the test"}
		switch *kind {
		case plan.Schedule:
			need.Every = 10 * time.Minute
		case plan.Commits:
			setting = plan.Setting{Store: "redis", SharedStore: true}
		case plan.Worker, plan.Background:
			setting.AlwaysOn = true
		}
		app.Parts = append(app.Parts, plan.Part{Name: "part", How: "test", Needs: []plan.Need{need}})
	}
	s.App, s.Outcome = app, plan.Judge(app, target.Target, setting)
	s.Infra, s.Module, s.Main = "infra/"+target.Name, ".", "cmd/leaflet"
	var unfit []string
	for _, v := range s.Outcome.Unaccepted(nil) {
		unfit = append(unfit, v.String())
	}
	if len(unfit) > 0 {
		return "", strings.Join(unfit, "\n")
	}
	list, err := target.Own(t.Context(), s)
	if err != nil {
		return "", fmt.Sprint(err)
	}
	var text strings.Builder
	for _, f := range list {
		if strings.HasSuffix(f.Name, ".tf") {
			text.Write(f.Data)
		}
	}
	return text.String(), ""
}
