// What the planned resources cost: each type has an item among the prices, or is
// free.

package cloudrun_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/gorgon-go/gorgon/plan"
)

const free = "free"

// costs are the beginnings of items in plan/prices.json, by the type of resource
// that they are paid for.
var costs = map[string][]string{
	"google_artifact_registry_repository":                   {"images in Artifact Registry"},
	"google_artifact_registry_repository_iam_member":        {free},
	"google_certificate_manager_certificate":                {free}, // a hundred are
	"google_certificate_manager_certificate_map":            {free},
	"google_certificate_manager_certificate_map_entry":      {free},
	"google_certificate_manager_dns_authorization":          {free},
	"google_cloud_run_v2_job":                               {"CPU of the jobs"},
	"google_cloud_run_v2_job_iam_member":                    {free},
	"google_cloud_run_v2_service":                           {"CPU while serving", "memory while serving", "requests", "CPU of an instance that runs all the time", "transfer out", "log that is taken in"},
	"google_cloud_run_v2_service_iam_member":                {free},
	"google_cloud_scheduler_job":                            {"Cloud Scheduler"},
	"google_compute_backend_service":                        {"traffic through the load balancer", "Cloud CDN"},
	"google_compute_global_address":                         {free}, // while a forwarding rule uses it
	"google_compute_global_forwarding_rule":                 {"load balancer with a domain of its own"},
	"google_compute_network":                                {free},
	"google_compute_region_network_endpoint_group":          {free},
	"google_compute_ssl_policy":                             {free},
	"google_compute_subnetwork":                             {free},
	"google_compute_target_http_proxy":                      {free},
	"google_compute_target_https_proxy":                     {free},
	"google_compute_url_map":                                {free},
	"google_dns_record_set":                                 {free}, // the zone is not made here
	"google_iam_workload_identity_pool":                     {free},
	"google_iam_workload_identity_pool_provider":            {free},
	"google_memorystore_instance":                           {"Memorystore for Valkey"},
	"google_monitoring_alert_policy":                        {"alerts"},
	"google_monitoring_dashboard":                           {free},
	"google_monitoring_notification_channel":                {free}, // by email
	"google_monitoring_uptime_check_config":                 {"uptime check"},
	"google_network_connectivity_service_connection_policy": {free},
	"google_project_iam_member":                             {free},
	"google_project_service":                                {free},
	"google_secret_manager_secret":                          {free}, // its versions are paid for
	"google_secret_manager_secret_iam_member":               {free},
	"google_secret_manager_secret_version":                  {"secrets in Secret Manager"},
	"google_service_account":                                {free},
	"google_service_account_iam_member":                     {free},
	"google_service_networking_connection":                  {free},
	"google_sql_database":                                   {free},
	"google_sql_database_instance":                          {"Cloud SQL for PostgreSQL, processors", "Cloud SQL for PostgreSQL, memory", "Cloud SQL for PostgreSQL, db-f1-micro", "Cloud SQL, disk", "Cloud SQL, backups"},
	"google_sql_user":                                       {free},
	"google_storage_bucket_iam_member":                      {free},
}

// priced holds the types that runs have planned against the table, and the table
// against them: a line for what is planned no more fails, too.
func priced(t *testing.T, types map[string]int) {
	t.Helper()
	paid := 0
	for _, name := range slices.Sorted(maps.Keys(types)) {
		if _, is := costs[name]; !is {
			t.Errorf("%s is planned, and has neither a price in plan/prices.json nor is it free: add it to costs", name)
		} else if !slices.Contains(costs[name], free) {
			paid++
		}
	}
	for _, name := range slices.Sorted(maps.Keys(costs)) {
		if types[name] == 0 {
			t.Errorf("%s is in costs, and not planned by any run", name)
		}
	}
	t.Logf("%d types of resources are planned: %d are paid for, %d are free", len(types), paid, len(types)-paid)
}

// TestPrices: each setup has every item, with an amount of zero where its options do
// not make what is paid for, and each item says where its price stands.
func TestPrices(t *testing.T) {
	table := plan.StandardPrices().Targets["cloudrun"]
	if got := slices.Sorted(maps.Keys(table.Setups)); !slices.Equal(got, []string{"minimal", "staging", "typical"}) {
		t.Fatalf("the setups are %v", got)
	}
	for name, setup := range table.Setups {
		used := map[string]bool{}
		for kind, items := range costs {
			for _, begins := range items {
				if begins == free {
					continue
				}
				i := slices.IndexFunc(setup.Items, func(i plan.Item) bool { return strings.HasPrefix(i.What, begins) })
				if i < 0 {
					t.Errorf("%s: %s has no item that begins with %q", name, kind, begins)
					continue
				}
				used[setup.Items[i].What] = true
			}
		}
		for _, i := range setup.Items {
			if !used[i.What] {
				t.Errorf("%s: %q is not what a resource costs", name, i.What)
			}
		}
	}
	monthly := map[string]float64{}
	for _, c := range plan.StandardPrices().Costs("cloudrun") {
		monthly[c.Setup] = c.Monthly
		t.Logf("%s: %.2f %s a month", c.Setup, c.Monthly, c.Currency)
	}
	if !(monthly["minimal"] < monthly["staging"] && monthly["staging"] < monthly["typical"]) {
		t.Errorf("the costs are not in the order of the setups: %v", monthly)
	}
}
