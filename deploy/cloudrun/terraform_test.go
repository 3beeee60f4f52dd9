// The infrastructure put through terraform, without a cloud.

package cloudrun_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/deploy"
	"github.com/gorgon-go/gorgon/deploy/cloudrun"
	"github.com/gorgon-go/gorgon/deploy/deploytest"
	"github.com/gorgon-go/gorgon/deploy/terraform"
	"github.com/gorgon-go/gorgon/deploy/terraformtest"
	"github.com/gorgon-go/gorgon/jobs"
	"github.com/gorgon-go/gorgon/plan"
)

// options are what an app may need, and what its operator may choose.
var options = map[string][]string{
	"app:store":   {"postgres", "none", "redis"},
	"app:rows":    {"yes", "no"},
	"app:open":    {"no", "yes"},
	"app:always":  {"no", "yes"},
	"app:every":   {"no", "yes"},
	"app:jobs":    {"no", "yes"},
	"app:secret":  {"no", "yes"},
	"environment": {"production", "staging"},
	"domain":      {"", "www.example.com"},
	"dns_zone":    {"", "example"},
	"cdn":         {"false", "true"},
	"repository":  {"", "owner/repository"},
	"emails":      {"[]", `["a@example.com", "b@example.com"]`},
	"available":   {"false", "true"},
}

// app is the site that some options describe.
func app(o map[string]string) deploy.Site {
	parts := []gorgon.Part{gorgon.Page[string]{Path: "/"}}
	setting := plan.Setting{Store: o["app:store"], SharedStore: o["app:store"] != "none", AlwaysOn: o["app:always"] == "yes"}
	if o["app:open"] == "yes" {
		parts = append(parts, gorgon.Page[string]{Path: "/feed", Needs: []gorgon.Need{gorgon.NeedConnections}})
	}
	if o["app:every"] == "yes" {
		parts = append(parts, gorgon.Service{Name: "digest", Every: 5 * time.Minute})
	}
	if o["app:jobs"] == "yes" {
		parts = append(parts, jobs.Job[string]{Name: "receipt", Run: func(context.Context, string) error { return nil }})
	}
	s := site(gorgon.App{Name: "shop", Parts: parts}, setting, o["app:rows"] == "yes")
	if o["app:rows"] == "yes" {
		s.Variables = append(s.Variables, deploy.Variable{Name: "DATABASE_URL", Secret: true, For: "the app's own database"})
	}
	if o["app:secret"] == "yes" {
		s.Variables = append(s.Variables, deploy.Variable{Name: "GORGON_PURGE_KEY", Secret: true, Random: true}, deploy.Variable{Name: "MAIL_KEY", Secret: true}, deploy.Variable{Name: "GORGON_TRUSTED_PROXIES"})
	}
	return s
}

// with are the variables of a run.
func with(s deploy.Site, o map[string]string) terraformtest.With {
	set := map[string]string{"alert_emails": o["emails"]}
	for _, name := range []string{"domain", "dns_zone", "cdn", "repository"} {
		set[name] = o[name]
	}
	if s.App.HasPart(plan.DatabasePart) || s.Outcome.Setting.Store == "postgres" {
		set["database"] = `{ tier = "db-custom-1-3840", highly_available = ` + o["available"] + ` }`
	}
	return terraformtest.With{VarFiles: []string{"environments/" + o["environment"] + ".tfvars"}, Set: set}
}

// planned are the types that some run planned, with how many of each at most.
var planned = struct {
	sync.Mutex
	types map[string]int
}{types: map[string]int{}}

// TestTerraform puts each pair of options through terraform, and holds the plan
// against the rules of the target and the tests that the files bring with them.
func TestTerraform(t *testing.T) {
	t.Run("pairs", func(t *testing.T) {
		for i, o := range terraformtest.Pairs(options) {
			t.Run(fmt.Sprint(i), func(t *testing.T) {
				t.Parallel()
				s := app(o)
				m := terraformtest.Open(t, root(t, s))
				r := m.Run(t, with(s, o))
				m.Test(t)
				terraformtest.Hold(t, "cloudrun", r)
				// One instance that may run and does is nothing to be alarmed by.
				if alarmed := slices.ContainsFunc(r.Plan.Addresses(), func(a string) bool { return strings.Contains(a, "instances (of the max)") }); alarmed != (o["environment"] == "production") {
					t.Errorf("an alert says that all instances run: %t", alarmed)
				}
				planned.Lock()
				for name, n := range r.Plan.Types() {
					planned.types[name] = max(planned.types[name], n)
				}
				planned.Unlock()
				t.Logf("%s: %d resources of %d types, planned, applied, and planned again without a change in %.1f s", shown(o), len(r.Plan.Resources), len(r.Plan.Types()),
					(r.Times[terraformtest.Planned] + r.Times[terraformtest.Applied] + r.Times[terraformtest.Again]).Seconds())
			})
		}
	})
	if !t.Failed() && len(planned.types) > 0 {
		priced(t, planned.types)
	}
}

// root is the module of a site.
func root(t *testing.T, s deploy.Site) terraformtest.Root {
	t.Helper()
	files, err := cloudrun.Target().Own(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	stack, err := terraform.Of(s)
	if err != nil {
		t.Fatal(err)
	}
	return terraformtest.Root{Files: files, Dir: infra, Stack: stack}
}

func shown(o map[string]string) string {
	var list []string
	for _, name := range slices.Sorted(maps.Keys(o)) {
		if v := o[name]; v != "" && v != "no" && v != "false" && v != "[]" {
			list = append(list, strings.TrimPrefix(name, "app:")+"="+v)
		}
	}
	return strings.Join(list, " ")
}

// TestTerraformValues holds the planned environment against the site's: each value
// arrives as it was, whatever it looks like.
func TestTerraformValues(t *testing.T) {
	t.Parallel()
	s := app(nil)
	for i, v := range deploytest.Hostile {
		s.Variables = append(s.Variables, deploy.Variable{Name: fmt.Sprintf("HOSTILE_%d", i), Value: v, For: "what\nbreaks\x00 # \"${} \u2028\xff*/"})
	}
	s.Variables = append(s.Variables, deploy.Variable{Name: "HOSTILE_HCL", Value: "${var.project} %{if true}$${x} \" \\ EOT"})
	s.Variables = append(s.Variables, deploy.Variable{Name: "_open", For: "\n"}, deploy.Variable{Name: "__SECRET__", Secret: true, For: "\"\n}"})
	s.Region, s.Domain = "a\"b\n${c}", "a.example.com:80\"\n"
	m := terraformtest.Open(t, root(t, s))
	r := m.Plan(t, terraformtest.With{VarFiles: []string{"environments/staging.tfvars"}, Set: map[string]string{"settings": `{ EMPTY = "", MORE = "m" }`}})
	got := map[string]any{}
	for _, e := range r.Plan.Of("google_cloud_run_v2_service")[0].List("template.0.containers.0.env") {
		e := e.(map[string]any)
		got[e["name"].(string)] = e["value"]
	}
	for _, v := range s.Variables {
		if v.Secret || v.Value == "" {
			continue
		}
		if got[v.Name] != v.Value {
			t.Errorf("%s is %q, want %q", v.Name, got[v.Name], v.Value)
		}
	}
	if _, is := got["EMPTY"]; is || got["MORE"] != "m" {
		t.Errorf("of the operator's own settings: %v", got)
	}
}

// TestTerraformNames plans apps with names that a resource cannot have.
func TestTerraformNames(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"", "My Shop_" + strings.Repeat("ab-", 20)} {
		s := app(map[string]string{"app:store": "none", "app:every": "yes"})
		s.Package.App = name
		m := terraformtest.Open(t, root(t, s))
		r := m.Plan(t, terraformtest.With{VarFiles: []string{"environments/production.tfvars"}, Set: map[string]string{"repository": "owner/repository"}})
		seen := map[string]bool{}
		for _, account := range r.Plan.Of("google_service_account") {
			id := account.Text("account_id")
			if len(id) < 6 || len(id) > 30 || seen[id] {
				t.Errorf("%q: the account %q has %d bytes, or is there twice", name, id, len(id))
			}
			seen[id] = true
		}
		if id := r.Plan.Of("google_iam_workload_identity_pool")[0].Text("workload_identity_pool_id"); len(id) > 32 {
			t.Errorf("%q: the pool %q has %d bytes", name, id, len(id))
		}
		if id := r.Plan.Of("google_cloud_run_v2_service")[0].Text("name"); len(id) > 49 {
			t.Errorf("%q: the service %q has %d bytes", name, id, len(id))
		}
	}
}

// everything is a site with all needs, and what it is run with.
func everything() (deploy.Site, terraformtest.With) {
	o := map[string]string{"app:store": "redis", "app:rows": "yes", "app:open": "yes", "app:every": "yes", "app:jobs": "yes", "app:secret": "yes",
		"environment": "production", "domain": "www.example.com", "dns_zone": "example", "cdn": "true", "repository": "owner/repository", "emails": `["a@example.com"]`, "available": "true"}
	s := app(o)
	return s, with(s, o)
}

// TestTerraformAddresses holds the addresses against those of the last release, and
// shows that one which is renamed is lost without a moved block.
func TestTerraformAddresses(t *testing.T) {
	t.Parallel()
	s, w := everything()
	m := terraformtest.Open(t, root(t, s))
	r := m.Plan(t, w)
	terraformtest.Hold(t, "cloudrun", r)
	terraformtest.Addresses(t, r, "testdata/addresses.txt")
	terraformtest.Renames(t, root(t, s), w, "google_sql_database_instance.main", "google_memorystore_instance.cache", "google_secret_manager_secret.app", "google_artifact_registry_repository.images")
}

// TestTerraformGrows lets an app grow: what it has stays.
func TestTerraformGrows(t *testing.T) {
	t.Parallel()
	var state []byte
	before := 0
	for _, step := range []struct {
		name string
		o    map[string]string
	}{
		{"pages", map[string]string{"app:store": "none"}},
		{"a database", map[string]string{"app:store": "postgres", "app:rows": "yes"}},
		{"connections that stay open", map[string]string{"app:store": "postgres", "app:rows": "yes", "app:open": "yes"}},
		{"work on a schedule, with secrets", map[string]string{"app:store": "postgres", "app:rows": "yes", "app:open": "yes", "app:every": "yes", "app:secret": "yes"}},
	} {
		m := terraformtest.Open(t, root(t, app(step.o)))
		w := terraformtest.With{VarFiles: []string{"environments/production.tfvars"}, State: state}
		r := m.Run(t, w)
		for _, one := range r.Plan.Destroyed {
			t.Errorf("%s: %s is destroyed", step.name, one.Address)
		}
		t.Logf("%s: %d resources, %d more", step.name, len(r.Plan.Resources), len(r.Plan.Resources)-before)
		state, before = r.State, len(r.Plan.Resources)
	}
}
