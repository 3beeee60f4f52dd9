// Each type of resource has a price, or is free.

package gcp_test

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/gorgon-go/gorgon/deploy"
	"github.com/gorgon-go/gorgon/deploy/terraformtest"
	"github.com/gorgon-go/gorgon/plan"
)

const free = "free"

// costs are the items of plan/prices.json that a type of resource is paid by, by the
// beginning of what they say; free is what costs nothing by itself.
var costs = map[string]string{
	"google_artifact_registry_repository":                   "images in Artifact Registry",
	"google_artifact_registry_repository_iam_member":        free,
	"google_certificate_manager_certificate":                free, // the first hundred
	"google_certificate_manager_certificate_map":            free,
	"google_certificate_manager_certificate_map_entry":      free,
	"google_certificate_manager_dns_authorization":          free,
	"google_cloud_run_v2_job":                               "Cloud Run jobs",
	"google_cloud_run_v2_job_iam_member":                    free,
	"google_cloud_scheduler_job":                            "Cloud Scheduler",
	"google_compute_backend_service":                        "load balancer: traffic",
	"google_compute_firewall":                               free,
	"google_compute_global_address":                         free, // while the balancer uses it; a range of a network always
	"google_compute_global_forwarding_rule":                 "load balancer: the first five forwarding rules",
	"google_compute_health_check":                           free,
	"google_compute_instance_template":                      "disks of the machines",
	"google_compute_network":                                "transfer out",
	"google_compute_region_autoscaler":                      free,
	"google_compute_region_instance_group_manager":          "machines,",
	"google_compute_router":                                 free,
	"google_compute_router_nat":                             "Cloud NAT:",
	"google_compute_ssl_policy":                             free,
	"google_compute_subnetwork":                             free,
	"google_compute_target_http_proxy":                      free,
	"google_compute_target_https_proxy":                     free,
	"google_compute_url_map":                                free,
	"google_dns_record_set":                                 free, // its zone is not made here
	"google_iam_workload_identity_pool":                     free,
	"google_iam_workload_identity_pool_provider":            free,
	"google_memorystore_instance":                           "Memorystore for Valkey",
	"google_monitoring_alert_policy":                        "alerts: conditions",
	"google_monitoring_dashboard":                           free,
	"google_monitoring_uptime_check_config":                 "uptime checks",
	"google_network_connectivity_service_connection_policy": free,
	"google_project_iam_member":                             free,
	"google_secret_manager_secret":                          free, // its versions are paid for
	"google_secret_manager_secret_iam_member":               free,
	"google_secret_manager_secret_version":                  "secrets in Secret Manager",
	"google_service_account":                                free,
	"google_service_account_iam_member":                     free,
	"google_service_networking_connection":                  free,
	"google_sql_database":                                   free,
	"google_sql_database_instance":                          "Cloud SQL for PostgreSQL",
	"google_sql_user":                                       free,
	"google_storage_bucket_iam_member":                      free,
}

// priced fails for a planned type that has neither a price nor is free.
func priced(t *testing.T, r *terraformtest.Result) {
	t.Helper()
	for kind := range r.Plan.Types() {
		if _, known := costs[kind]; !known {
			t.Errorf("%s has no price and is not said to be free", kind)
		}
	}
}

var resource = regexp.MustCompile(`(?m)^resource "(\w+)"`)

func TestPrices(t *testing.T) {
	target := plan.StandardPrices().Targets["gcp"]
	var used []string
	for name, text := range own(t, sites()["everything"]) {
		if strings.HasSuffix(name, ".tf") {
			for _, m := range resource.FindAllStringSubmatch(text, -1) {
				used = append(used, m[1])
			}
		}
	}
	slices.Sort(used)
	used = slices.Compact(used)
	paid := 0
	for _, kind := range used {
		cost, known := costs[kind]
		switch {
		case !known:
			t.Errorf("%s has no price and is not said to be free", kind)
		case cost != free:
			paid++
			for _, setup := range []string{"minimal", "typical", "staging"} {
				if !slices.ContainsFunc(target.Setups[setup].Items, func(i plan.Item) bool { return strings.HasPrefix(i.What, cost) }) {
					t.Errorf("%s is paid by %q, which the setup %s does not list", kind, cost, setup)
				}
			}
		}
	}
	for kind := range costs {
		if !slices.Contains(used, kind) {
			t.Errorf("%s has a price and is nowhere", kind)
		}
	}
	t.Logf("%d types of resources: %d are paid for, %d are free", len(used), paid, len(used)-paid)
}

// The README's figures are those of the table of prices.
func TestReadmeCosts(t *testing.T) {
	text := own(t, sites()["everything"])["infra/gcp/"+deploy.ReadmeName]
	for _, c := range plan.StandardPrices().Costs("gcp") {
		want := fmt.Sprintf("| %s | $%.0f |", c.Setup, math.Round(c.Monthly))
		if !strings.Contains(text, want) {
			t.Errorf("the README does not say %q", want)
		}
	}
	// What a step says it costs is a price times a month of it.
	for what, amount := range map[string]float64{"machines, e2-small": 730, "machines, e2-micro": 730, "load balancer: the first": 730, "Cloud SQL for PostgreSQL, db-f1-micro": 730, "Memorystore": 730} {
		price := -1.0
		for _, setup := range plan.StandardPrices().Targets["gcp"].Setups {
			for _, i := range setup.Items {
				if strings.HasPrefix(i.What, what) {
					price = i.Price
				}
			}
		}
		if want := fmt.Sprintf("$%.2f", price*amount); !strings.Contains(text, want) {
			t.Errorf("%s: the README does not say %s", what, want)
		}
	}
}
