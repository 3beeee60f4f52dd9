// Each type of resource has a price, or is free.

package aws_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/gorgon-go/gorgon/plan"
)

const free = "free"

// costs are the items of plan/prices.json that a type of resource is paid by, by the
// beginning of what they say; free is what costs nothing by itself.
var costs = map[string]string{
	"aws_acm_certificate":                                free, // for load balancers and CloudFront
	"aws_acm_certificate_validation":                     free, // it waits
	"aws_appautoscaling_policy":                          free, // its own alarms, too
	"aws_appautoscaling_target":                          free,
	"aws_cloudfront_distribution":                        "CloudFront",
	"aws_cloudwatch_dashboard":                           "dashboards",
	"aws_cloudwatch_log_group":                           "log that is taken in",
	"aws_cloudwatch_log_metric_filter":                   free, // its metric exists while jobs are late, and ten are
	"aws_cloudwatch_metric_alarm":                        "alarms",
	"aws_db_instance":                                    "RDS for PostgreSQL",
	"aws_db_parameter_group":                             free,
	"aws_db_subnet_group":                                free,
	"aws_default_security_group":                         free,
	"aws_ecr_lifecycle_policy":                           free,
	"aws_ecr_repository":                                 "images in ECR",
	"aws_ecs_cluster":                                    free,
	"aws_ecs_service":                                    "Fargate",
	"aws_ecs_task_definition":                            free,
	"aws_eip":                                            "public IPv4 addresses",
	"aws_elasticache_replication_group":                  "Valkey",
	"aws_elasticache_subnet_group":                       free,
	"aws_iam_openid_connect_provider":                    free,
	"aws_iam_role":                                       free,
	"aws_iam_role_policy":                                free,
	"aws_iam_role_policy_attachment":                     free,
	"aws_internet_gateway":                               free, // what passes is "transfer out"
	"aws_lb":                                             "Application Load Balancer",
	"aws_lb_listener":                                    free,
	"aws_lb_target_group":                                free,
	"aws_nat_gateway":                                    "NAT gateway",
	"aws_route53_health_check":                           "health check from outside",
	"aws_route53_record":                                 free, // the zone is yours, and aliases are not counted
	"aws_route_table":                                    free,
	"aws_route_table_association":                        free,
	"aws_s3_bucket":                                      "S3 Standard",
	"aws_s3_bucket_cors_configuration":                   free,
	"aws_s3_bucket_lifecycle_configuration":              free,
	"aws_s3_bucket_policy":                               free,
	"aws_s3_bucket_public_access_block":                  free,
	"aws_s3_bucket_server_side_encryption_configuration": free, // with the keys of S3
	"aws_scheduler_schedule":                             "EventBridge Scheduler",
	"aws_secretsmanager_secret":                          "secrets in Secrets Manager",
	"aws_secretsmanager_secret_version":                  free,
	"aws_security_group":                                 free,
	"aws_sns_topic":                                      free, // the first 1,000 mails a month
	"aws_sns_topic_subscription":                         free,
	"aws_subnet":                                         free,
	"aws_vpc":                                            free,
	"aws_vpc_endpoint":                                   free, // a gateway's, of S3
	"aws_vpc_security_group_egress_rule":                 free,
	"aws_vpc_security_group_ingress_rule":                free,
}

// items are what the setups of the target list.
func items(t *testing.T) []string {
	t.Helper()
	var all []string
	target := plan.StandardPrices().Targets["aws"]
	for _, name := range []string{"minimal", "typical", "staging"} {
		if len(target.Setups[name].Items) == 0 {
			t.Errorf("there is no setup %s", name)
		}
		for _, i := range target.Setups[name].Items {
			all = append(all, i.What)
		}
	}
	return all
}

func TestPrices(t *testing.T) {
	all := items(t)
	names, err := filepath.Glob("files/*.tf")
	if err != nil {
		t.Fatal(err)
	}
	used := map[string]bool{}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`(?m)^resource "(\w+)"`).FindAllSubmatch(text, -1) {
			used[string(m[1])] = true
		}
	}
	priced := 0
	for kind := range used {
		cost, is := costs[kind]
		switch {
		case !is:
			t.Errorf("%s has no price and is not said to be free", kind)
		case cost != free && !slices.ContainsFunc(all, func(what string) bool { return strings.HasPrefix(what, cost) }):
			t.Errorf("%s is paid by %q, which plan/prices.json does not list", kind, cost)
		case cost != free:
			priced++
		}
	}
	for kind := range costs {
		if !used[kind] {
			t.Errorf("%s has a price and is nowhere", kind)
		}
	}
	t.Logf("%d types of resources: %d are paid for, %d are free", len(used), priced, len(used)-priced)
}
