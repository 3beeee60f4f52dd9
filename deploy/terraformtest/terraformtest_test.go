// The kit itself: the provider refuses what it should, and each helper can fail.

package terraformtest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/gorgon-go/gorgon/deploy"
)

// small is a module with one of each thing that the kit looks at.
const small = `terraform {
  required_providers {
    google = { source = "hashicorp/google", version = ">= 6.50, < 8.0" }
    random = { source = "hashicorp/random", version = ">= 3.7, < 4.0" }
  }
  backend "gcs" {}
}

variable "tier" {
  type    = string
  default = "db-f1-micro"
}

ephemeral "random_password" "main" {
  length = 20
}

resource "google_sql_database_instance" "main" {
  name             = "shop"
  database_version = "POSTGRES_17"
  settings {
    tier = var.tier
    ip_configuration {
      ipv4_enabled = false
      ssl_mode     = "ENCRYPTED_ONLY"
    }
  }
}

resource "google_sql_user" "main" {
  name                = "app"
  instance            = google_sql_database_instance.main.name
  password_wo         = ephemeral.random_password.main.result
  password_wo_version = 1
}

output "address" {
  value = google_sql_database_instance.main.private_ip_address
}
`

const smallTest = `run "private" {
  command = plan
  assert {
    condition     = google_sql_database_instance.main.settings[0].ip_configuration[0].ipv4_enabled == false
    error_message = "The database has a public address."
  }
}
`

func smallRoot(edits ...string) Root {
	text := strings.NewReplacer(edits...).Replace(small)
	return Root{Dir: "infra/x", Files: []deploy.File{
		{Name: "infra/x/main.tf", Data: []byte(text)},
		{Name: "infra/x/tests/x.tftest.hcl", Data: []byte(smallTest)},
		{Name: ".github/workflows/deploy.yml", Data: []byte("not of the module")},
	}}
}

func TestTerraformKit(t *testing.T) {
	p := need(t)
	m := Open(t, smallRoot())
	r := m.Run(t, With{Set: map[string]string{"tier": "db-g1-small"}})
	m.Test(t)
	if got := r.Plan.Addresses(); !slices.Equal(got, []string{"google_sql_database_instance.main", "google_sql_user.main"}) {
		t.Errorf("planned: %v", got)
	}
	one := r.Plan.Of("google_sql_database_instance")[0]
	if one.Text("settings.0.tier") != "db-g1-small" || one.Get("private_ip_address") != (Unknown{}) || one.Get("settings.0.ip_configuration.0.ipv4_enabled") != false {
		t.Errorf("planned: %v", one.values)
	}
	user := r.Plan.Of("google_sql_user")[0]
	if got := user.References("instance"); !slices.Equal(got, []string{"google_sql_database_instance.main"}) || !user.After("google_sql_database_instance") {
		t.Errorf("the user refers to %v", got)
	}
	if !user.Set("password_wo_version") || user.Set("password") || !slices.Equal(r.Plan.Outputs, []string{"address"}) {
		t.Errorf("of the user %v is set; outputs %v", user.config, r.Plan.Outputs)
	}
	for step, wrong := range map[string]struct {
		step  Step
		edits []string
		says  string
	}{
		"format":        {Format, []string{"tier = var", "tier    =   var"}, "tier"},
		"schema":        {Validate, []string{"ssl_mode ", "ssl_mood "}, `"ssl_mood" is not expected`},
		"computed only": {Validate, []string{`  name             = "shop"`, "  connection_name  = \"c\"\n  name             = \"shop\""}, "computed only"},
		"value":         {Validate, []string{"ENCRYPTED_ONLY", "SOMETIMES"}, `not "SOMETIMES"`},
		"conflict":      {Validate, []string{"  password_wo         = ephemeral.random_password.main.result", "  password            = \"x\"\n  password_wo         = \"y\""}, "one may be set"},
		"version":       {Init, []string{">= 6.50, < 8.0", ">= 7.50, < 8.0"}, "hashicorp/google"},
	} {
		t.Run(step, func(t *testing.T) {
			t.Parallel()
			_, err := open(t.Context(), p, t.TempDir(), smallRoot(wrong.edits...).module())
			if failed := (*StepError)(nil); !errors.As(err, &failed) || failed.Step != wrong.step || !strings.Contains(failed.Output, wrong.says) {
				t.Errorf("fails at %s with %q; it does so with: %v", wrong.step, wrong.says, err)
			}
		})
	}
	again := func(t *testing.T, with With, edits ...string) (*Result, error) {
		one := *m
		one.files = smallRoot(edits...).module()
		return one.try(context.Background(), t.TempDir(), with, Secrets)
	}
	for step, wrong := range map[string]struct {
		step  Step
		edits []string
	}{
		"plan":    {Planned, []string{`output "address" {`, "resource \"google_sql_database\" \"each\" {\n  for_each = toset([google_sql_database_instance.main.private_ip_address])\n  name     = each.key\n  instance = \"shop\"\n}\n\noutput \"address\" {"}},
		"again":   {Again, []string{`tier = var.tier`, `tier = formatdate("YYYYMMDDhhmmss", timestamp())`}},
		"secrets": {Secrets, []string{`ephemeral "random_password"`, `resource "random_password"`, "password_wo         = ephemeral.", "password         = ", "  password_wo_version = 1\n", ""}},
	} {
		t.Run(step, func(t *testing.T) {
			t.Parallel()
			_, err := again(t, With{}, wrong.edits...)
			if failed := (*StepError)(nil); !errors.As(err, &failed) || failed.Step != wrong.step {
				t.Errorf("fails at %s; it does so with: %v", wrong.step, err)
			}
		})
	}
	t.Run("replace", func(t *testing.T) {
		t.Parallel()
		// The name of a server replaces it, its tier does not.
		renamed, err := again(t, With{State: r.State}, `"shop"`, `"shop2"`)
		if err == nil && !slices.ContainsFunc(renamed.Plan.Lost(), func(l string) bool { return strings.HasPrefix(l, "google_sql_database_instance.main (delete") }) {
			t.Errorf("another name loses the server; the plan loses %v", renamed.Plan.Lost())
		}
		other, err2 := again(t, With{State: r.State, Set: map[string]string{"tier": "db-custom-1-3840"}})
		if err := errors.Join(err, err2); err != nil || len(other.Plan.Lost()) > 0 {
			t.Errorf("another tier loses %v: %v", other.Plan.Lost(), err)
		}
	})
}

func TestTerraformRenames(t *testing.T) {
	Renames(t, smallRoot(), With{}, "google_sql_database_instance.main")
}

// Each pair of values occurs, in fewer rows than all combinations.
func TestPairs(t *testing.T) {
	for _, options := range []map[string][]string{
		{},
		{"a": {"1", "2", "3"}},
		{"a": {"1"}, "b": {}},
		{"a": {"1", "2"}, "b": {"1", "2"}, "c": {"1", "2"}, "d": {"1", "2"}, "e": {"1", "2"}, "f": {"1", "2"}, "g": {"1", "2"}},
		{"a": {"1", "2", "3", "4"}, "b": {"1", "2", "3"}, "c": {"1", "2"}, "d": {"1", "2"}},
	} {
		rows := Pairs(options)
		if fmt.Sprint(rows) != fmt.Sprint(Pairs(options)) {
			t.Errorf("the same options give the same rows")
		}
		names := slices.Sorted(maps.Keys(options))
		all := 1
		for i, a := range names {
			all *= max(1, len(options[a]))
			for _, v := range options[a] {
				if !slices.ContainsFunc(rows, func(row map[string]string) bool { return row[a] == v }) {
					t.Errorf("%v: %s=%s does not occur", options, a, v)
				}
				for _, b := range names[i+1:] {
					for _, w := range options[b] {
						if !slices.ContainsFunc(rows, func(row map[string]string) bool { return row[a] == v && row[b] == w }) {
							t.Errorf("%v: %s=%s with %s=%s does not occur", options, a, v, b, w)
						}
					}
				}
			}
		}
		if len(names) > 2 && len(rows) > all/3 {
			t.Errorf("%v: %d rows of %d", options, len(rows), all)
		}
	}
}

// Without terraform a test is skipped, and fails in CI; what is broken always fails.
func TestTerraformMissing(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	_, err := find()
	if !mayLack(err, "") || mayLack(err, "true") {
		t.Errorf("without terraform: %v", err)
	}
	if mayLack(errors.New("the provider is not built"), "") || mayLack(nil, "") {
		t.Error("what is broken is skipped")
	}
}

// A module that is not there, and tests that are not there, are said to be so.
func TestTerraformNothing(t *testing.T) {
	p := need(t)
	if _, err := open(t.Context(), p, t.TempDir(), Root{Dir: "infra/x"}.module()); err == nil || !strings.Contains(err.Error(), "no file") {
		t.Errorf("a module without files: %v", err)
	}
	m := Open(t, Root{Files: []deploy.File{{Name: "main.tf"}}})
	if err := m.test(t.Context(), m.dir); err == nil || !strings.Contains(err.Error(), "no tests") {
		t.Errorf("a module without tests: %v", err)
	}
	// A module with nothing in it breaks rules: they do not hold for want of something
	// to look at.
	r := m.Run(t, With{})
	for _, target := range []string{"gcp", "aws", "cloudrun"} {
		found := map[string]bool{}
		for _, rule := range Rules(target) {
			found[rule.Name] = len(rule.Check(r)) > 0
		}
		for _, name := range []string{"remote state", "outputs", "provider ranges", "names of the environment", "needed and nothing else", "scaling", "watched"} {
			if !found[name] {
				t.Errorf("%s: the rule %q holds for an empty module", target, name)
			}
		}
	}
}

// An edit that finds nothing is an error, and not a fault that is missed.
func TestMutationEdits(t *testing.T) {
	files := map[string]string{"a.tf": "one = 1\ntwo = 2\n"}
	for name, want := range map[string]struct {
		m    Mutation
		text string
	}{
		"replaces":         {Mutation{File: "a.tf", Find: `^one = (.*)$`, Put: "three = $1"}, "three = 1\ntwo = 2\n"},
		"appends":          {Mutation{File: "a.tf", Find: `\z`, Put: "more\n"}, "one = 1\ntwo = 2\nmore\n"},
		"twice":            {Mutation{File: "a.tf", Find: `one`, Put: "1", More: []Edit{{"a.tf", "two", "2"}}}, "1 = 1\n2 = 2\n"},
		"removes":          {Mutation{File: "a.tf"}, ""},
		"nothing":          {Mutation{File: "a.tf", Find: "four"}, "error"},
		"no file":          {Mutation{File: "b.tf", Find: "one"}, "error"},
		"no file, removed": {Mutation{File: "b.tf"}, "error"},
		"no pattern":       {Mutation{File: "a.tf", Find: "("}, "error"},
	} {
		edited, err := want.m.edit(files)
		if (err != nil) != (want.text == "error") || err == nil && edited["a.tf"] != want.text {
			t.Errorf("%s: %q, %v", name, edited["a.tf"], err)
		}
	}
	if files["a.tf"] != "one = 1\ntwo = 2\n" {
		t.Error("an edit changes the files of others")
	}
}
