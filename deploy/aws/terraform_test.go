// The files run by terraform, with the options combined in pairs.

package aws_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/gorgon-go/gorgon/deploy"
	"github.com/gorgon-go/gorgon/deploy/aws"
	"github.com/gorgon-go/gorgon/deploy/terraformtest"
)

// options are the operator's choices, each with its values, as what is set beside a
// file of variables.
var options = map[string][]string{
	"stack":       {"bare", "database", "connections", "full", "bucket", "files"},
	"environment": {"production", "staging"},
	"private":     {"true", "false"},
	"cdn":         {"true", "false"},
	"zone":        {"Z0123456789ABC", ""},
	"available":   {"true", "false"},
	"github":      {"", "acme/shop"},
	"uptime":      {"true", "false"},
	"processor":   {"ARM64", "X86_64"},
}

// chosen are the variables of a combination.
func chosen(s deploy.Site, c map[string]string) map[string]string {
	set := map[string]string{
		"account": "123456789012",
		"network": fmt.Sprintf(`{ zones = ["%[1]sa", "%[1]sb", "%[1]sc"], private_tasks = %[2]s, egress_ports = [443, 587] }`, region(s), c["private"]),
		"site":    fmt.Sprintf(`{ domain = "shop.example.com", hosted_zone = %q, cdn = %s }`, c["zone"], c["cdn"]),
		"tasks":   fmt.Sprintf(`{ min = 2, max = 4, architecture = %q }`, c["processor"]),
		"github":  fmt.Sprintf(`{ repository = %q, apply = %t, trusted = %t }`, c["github"], c["private"] == "true", c["environment"] == "staging"),
		"watch":   fmt.Sprintf(`{ email = "ops@example.com", uptime = %s }`, c["uptime"]),
	}
	if c["stack"] == "database" || c["stack"] == "connections" || c["stack"] == "full" {
		set["database"] = fmt.Sprintf(`{ highly_available = %s, backup_days = 7 }`, c["available"])
	}
	if c["stack"] == "full" {
		set["cache"] = fmt.Sprintf(`{ highly_available = %s }`, c["available"])
	}
	return set
}

func region(s deploy.Site) string {
	if s.Region != "" {
		return s.Region
	}
	return "us-east-1"
}

func root(t *testing.T, name string) terraformtest.Root {
	t.Helper()
	s := stacks()[name]
	k, err := aws.Stack(s)
	if err != nil {
		t.Fatal(err)
	}
	return terraformtest.Root{Files: own(t, s), Dir: "infra/aws", Stack: k}
}

func TestTerraform(t *testing.T) {
	opened := map[string]*terraformtest.Module{}
	for _, name := range options["stack"] {
		opened[name] = terraformtest.Open(t, root(t, name))
	}
	t.Run("tests", func(t *testing.T) {
		for name, m := range opened {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				m.Test(t)
			})
		}
	})
	for _, c := range terraformtest.Pairs(options) {
		var said []string
		for _, name := range slices.Sorted(maps.Keys(c)) {
			said = append(said, name+"="+c[name])
		}
		t.Run(strings.Join(said, ","), func(t *testing.T) {
			t.Parallel()
			s := stacks()[c["stack"]]
			r := opened[c["stack"]].Run(t, terraformtest.With{VarFiles: []string{"environments/" + c["environment"] + ".tfvars"}, Set: chosen(s, c)})
			terraformtest.Hold(t, "aws", r)
			for kind := range r.Plan.Types() {
				if costs[kind] == "" {
					t.Errorf("%s has no price and is not said to be free", kind)
				}
			}
			for kind, want := range map[string]bool{
				"aws_nat_gateway": c["private"] == "true", "aws_cloudfront_distribution": c["cdn"] == "true", "aws_route53_record": c["zone"] != "",
				"aws_route53_health_check": c["uptime"] == "true", "aws_iam_openid_connect_provider": c["github"] != "" && c["environment"] != "staging",
			} {
				if got := r.Plan.Count(kind) > 0; got != want {
					t.Errorf("there is a %s: %v, want %v", kind, got, want)
				}
			}
			t.Logf("aws: %s: %d resources planned and applied, the second plan is empty (plan %.1f s, apply %.1f s, again %.1f s)",
				strings.Join(said, " "), len(r.Plan.Resources), r.Times[terraformtest.Planned].Seconds(), r.Times[terraformtest.Applied].Seconds(), r.Times[terraformtest.Again].Seconds())
		})
	}
}

// The addresses of resources are what a state knows them by.
func TestTerraformAddresses(t *testing.T) {
	m := terraformtest.Open(t, root(t, "full"))
	c := map[string]string{"stack": "full", "environment": "production", "private": "true", "cdn": "true", "zone": "Z1", "available": "true", "github": "acme/shop", "uptime": "true", "processor": "ARM64"}
	terraformtest.Addresses(t, m.Plan(t, terraformtest.With{VarFiles: []string{"environments/production.tfvars"}, Set: chosen(stacks()["full"], c)}), "testdata/addresses.txt")
}

// An app that grows: its files, on the state of those before, lose nothing that holds
// data.
func TestTerraformGrows(t *testing.T) {
	c := map[string]string{"environment": "production", "private": "true", "cdn": "false", "zone": "Z1", "available": "false", "github": "acme/shop", "uptime": "false", "processor": "ARM64"}
	var state []byte
	for _, name := range []string{"database", "connections", "full"} {
		c["stack"] = name
		m := terraformtest.Open(t, root(t, name))
		set := chosen(stacks()["database"], c)
		maps.Copy(set, map[string]string{"region": "us-east-1", "cache": "{}"})
		if name != "full" {
			delete(set, "cache")
		}
		with := terraformtest.With{VarFiles: []string{"environments/production.tfvars"}, Set: set, State: state}
		if state != nil {
			r := terraformtest.Upgrade(t, m, with)
			t.Logf("aws: from the stack before to %s: %d resources, %d destroyed or replaced", name, len(r.Plan.Resources), len(r.Plan.Destroyed))
		}
		state = m.Run(t, with).State
	}
}
