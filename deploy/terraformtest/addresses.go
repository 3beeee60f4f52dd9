// Addresses of resources: they are what a state knows them by, and so part of what a
// release promises.

package terraformtest

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Addresses holds the planned addresses against a file of those of the last release,
// which UPDATE_GOLDEN=1 writes. One that is gone needs a moved block, so that the
// resource is not destroyed: see [Upgrade].
func Addresses(t *testing.T, r *Result, file string) {
	t.Helper()
	got := strings.Join(r.Plan.Addresses(), "\n") + "\n"
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v (UPDATE_GOLDEN=1 writes it)", err)
	}
	was := strings.Split(strings.TrimSpace(string(data)), "\n")
	for _, a := range was {
		if !slices.Contains(r.Plan.Addresses(), a) {
			t.Errorf("%s is gone: a state that has it destroys it. Add a moved block, or say in the changelog that it goes; UPDATE_GOLDEN=1 writes %s", a, file)
		}
	}
	for _, a := range r.Plan.Addresses() {
		if !slices.Contains(was, a) {
			t.Errorf("%s is new; UPDATE_GOLDEN=1 writes %s", a, file)
		}
	}
}

// Stateful are the types that hold what cannot be made again.
var Stateful = []string{
	"google_sql_database_instance", "google_sql_database", "google_storage_bucket", "google_memorystore_instance", "google_redis_instance",
	"google_secret_manager_secret", "google_artifact_registry_repository", "google_compute_global_address", "google_dns_managed_zone",
	"aws_db_instance", "aws_rds_cluster", "aws_s3_bucket", "aws_elasticache_replication_group", "aws_secretsmanager_secret",
	"aws_ecr_repository", "aws_eip", "aws_route53_zone",
}

// Lost lists the addresses of what a plan destroys or replaces and cannot be
// made again.
func (p *Plan) Lost() []string {
	var lost []string
	for _, r := range p.Destroyed {
		if slices.Contains(Stateful, r.Type) {
			lost = append(lost, fmt.Sprintf("%s (%s)", r.Address, strings.Join(r.Actions, ", ")))
		}
	}
	return lost
}

// Upgrade fails if these files, put on the state of earlier ones, would destroy or
// replace what cannot be made again.
func Upgrade(t *testing.T, m *Module, with With) *Result {
	t.Helper()
	if with.State == nil {
		t.Fatal("an upgrade continues a state")
	}
	r := m.Plan(t, with)
	for _, lost := range r.Plan.Lost() {
		t.Errorf("the upgrade loses %s", lost)
	}
	return r
}

// Renames renames resources that hold data, one at a time, without a moved block and
// with one: the first has to be caught as a loss, the second to lose nothing.
func Renames(t *testing.T, r Root, with With, bases ...string) {
	t.Helper()
	m := Open(t, r)
	with.State = m.Run(t, with).State
	for _, base := range bases {
		t.Run(base, func(t *testing.T) {
			t.Parallel()
			renamed, moved := rename(m.files, base)
			if renamed == nil {
				t.Fatalf("no resource is %s", base)
			}
			plan := func(files map[string]string) *Plan {
				one := *m
				one.files = files
				result, err := one.try(t.Context(), t.TempDir(), with, Planned)
				if err != nil {
					t.Fatal(err)
				}
				return result.Plan
			}
			if lost := plan(renamed).Lost(); len(lost) == 0 {
				t.Errorf("renamed without a moved block, it is lost, and the plan's check does not say so")
			}
			renamed["moved.tf"] = moved
			if lost := plan(renamed).Lost(); len(lost) > 0 {
				t.Errorf("renamed with a moved block, it is still there; the plan loses %v", lost)
			}
		})
	}
}

// rename gives a resource another name in all files, and the moved block for it.
func rename(files map[string]string, base string) (map[string]string, string) {
	kind, name, _ := strings.Cut(base, ".")
	other := name + "_renamed"
	head := fmt.Sprintf("resource %q %q {", kind, name)
	renamed := map[string]string{}
	found := false
	for file, text := range files {
		if strings.HasSuffix(file, ".tf") || strings.HasSuffix(file, ".tftest.hcl") {
			found = found || strings.Contains(text, head)
			text = strings.ReplaceAll(text, head, fmt.Sprintf("resource %q %q {", kind, other))
			for _, after := range []string{".", "[", "\n", " ", ",", "]", ")", "}"} {
				text = strings.ReplaceAll(text, base+after, kind+"."+other+after)
			}
		}
		renamed[file] = text
	}
	if !found {
		return nil, ""
	}
	return renamed, fmt.Sprintf("moved {\n  from = %s\n  to   = %s.%s\n}\n", base, kind, other)
}
