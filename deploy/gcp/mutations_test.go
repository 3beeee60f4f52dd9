// Faults put into the infrastructure, each caught by what it names.

package gcp_test

import (
	"testing"

	"github.com/gorgon-go/gorgon/deploy/terraformtest"
)

func TestMutations(t *testing.T) {
	const (
		validate = string(terraformtest.Validate)
		planned  = string(terraformtest.Planned)
		secrets  = string(terraformtest.Secrets)
		tested   = string(terraformtest.Tested)
	)
	more := func(text string) string { return "\n" + text + "\n" }
	w := terraformtest.With{VarFiles: []string{"environments/production.tfvars"}, Set: map[string]string{"dns_zone": "a-zone", "password_version": "7"}} // a password of a later number than the first
	terraformtest.Mutations(t, "gcp", root(t, sites()["everything"]), w, []terraformtest.Mutation{
		// What a developer gets wrong.
		{Name: "an argument is misspelt", File: "compute.tf", Find: `min_replicas = var`, Put: `minimum_replicas = var`, By: validate},
		{Name: "a block is not known", File: "compute.tf", Find: `auto_healing_policies \{`, Put: `healing {`, By: validate},
		{Name: "an argument is missing", File: "schedule.tf", Find: `^    uri .*\n`, Put: ``, By: validate},
		{Name: "a wrong type", File: "balancer.tf", Find: `timeout_sec += 3600`, Put: `timeout_sec = "an hour"`, By: validate},
		{Name: "a type that is not known", File: "network.tf", Find: `"google_compute_router" "main"`, Put: `"google_compute_routers" "main"`, By: validate},
		{Name: "a reference leads nowhere", File: "identity.tf", Find: `google_iam_workload_identity_pool\.github\.name`, Put: `google_iam_workload_identity_pool.github.title`, By: validate},
		{Name: "two of what stands once", File: "compute.tf", Find: `^    scale_in_control \{`, Put: "    scale_in_control {\n      time_window_sec = 60\n    }\n$0", By: validate},
		{Name: "what only Google decides", File: "cache.tf", Find: `^  shard_count`, Put: "  uid = \"mine\"\n$0", By: validate},
		{Name: "what only Google decides, in a block", File: "database.tf", Find: `^    edition `, Put: "    version = 3\n$0", By: validate},
		{Name: "a value that does not exist", File: "database.tf", Find: `"ENCRYPTED_ONLY"`, Put: `"SOMETIMES"`, By: validate},
		{Name: "two arguments that exclude each other", File: "compute.tf", Find: `^    max_unavailable_fixed`, Put: "    max_surge_percent = 20\n$0", By: planned},
		{Name: "a password that is ephemeral in an argument that is kept", File: "database.tf", Find: `password_wo +=.*\n.*\n`, Put: "password = ephemeral.random_password.database.result\n", By: validate},
		{Name: "keys that are known after the apply", File: "balancer.tf", Find: `for_each     = toset\(.*`, Put: `for_each     = toset([for r in local.records : r.name])`, By: planned},

		// The defects of scripts that were published before.
		{Name: "D1: the database has a public address", File: "database.tf", Find: `ipv4_enabled +=.*`, Put: `ipv4_enabled = true`, By: "no public addresses"},
		{Name: "D1: the database lets networks in", File: "database.tf", Find: `^    ip_configuration \{`, Put: "$0\n      authorized_networks {\n        value = \"0.0.0.0/0\"\n      }", By: "ports"},
		{Name: "D1: the database takes connections without TLS", File: "database.tf", Find: `ssl_mode +=.*`, Put: `ssl_mode = "ALLOW_UNENCRYPTED_AND_ENCRYPTED"`, By: "database TLS"},
		{Name: "D1: a machine has an address of its own", File: "compute.tf", Find: `network_interface \{ subnetwork = google_compute_subnetwork\.main\.id \}`, Put: "network_interface {\n    subnetwork = google_compute_subnetwork.main.id\n    access_config {}\n  }", By: "no public addresses"},
		{Name: "D2: SSH is open to everyone", File: "network.tf", Find: `35\.235\.240\.0/20`, Put: `0.0.0.0/0`, By: "no SSH"},
		{Name: "D2: everything is open to everyone", File: "network.tf", Find: `source_ranges = each\.value\.from`, Put: `source_ranges = ["0.0.0.0/0"]`, By: "ports"},
		{Name: "D2: machines take keys of the whole project", File: "compute.tf", Find: `block-project-ssh-keys = "true"`, Put: `block-project-ssh-keys = "false"`, By: "shell asks"},
		{Name: "D3: a WebSocket ends after 30 s", File: "balancer.tf", Find: `^  timeout_sec .*\n`, Put: ``, By: "long connections"},
		{Name: "the program closes connections that the balancer uses", File: "compute.tf", Find: `^ +"GORGON_KEEP_ALIVE".*\n`, Put: ``, By: "idle connections"},
		{Name: "D3: a machine goes without being drained", File: "balancer.tf", Find: `connection_draining_timeout_sec = .*`, Put: `connection_draining_timeout_sec = 0`, By: "drain"},
		{Name: "D4: machines are healed by what they depend on", File: "compute.tf", Find: `"/livez"`, Put: `"/readyz"`, By: "heal on live"},
		{Name: "D4: visitors reach a machine that is not ready", File: "balancer.tf", Find: `"/readyz"`, Put: `"/"`, By: "route on ready"},
		{Name: "D5: an apply takes back the image", File: "compute.tf", Find: `ignore_changes = \[version, target_size\]`, Put: `ignore_changes = [target_size]`, By: "image and size are the release's"},
		{Name: "D5: an apply takes back the image of a job", File: "jobs.tf", Find: `template\[0\]\.template\[0\]\.containers\[0\]\.image, `, Put: ``, By: "jobs of the release"},
		{Name: "D5: an image by a tag that moves", File: "compute.tf", Find: `image                  = ""`, Put: `image                  = "app:latest"`, By: "no tags"},
		{Name: "D5: a tag can be moved", File: "identity.tf", Find: `immutable_tags = true`, Put: `immutable_tags = false`, By: "images stay"},
		{Name: "D5: no image is left to go back to", File: "identity.tf", Find: `keep_count = 20`, Put: `keep_count = 1`, By: "images stay"},
		{Name: "D6: no job migrates", File: "jobs.tf", Find: `"migrate", `, Put: ``, More: []terraformtest.Edit{{File: "outputs.tf", Find: `^ +MIGRATE.*\n`, Put: ``}}, By: "jobs of the release"},
		{Name: "D7: every repository may deploy", File: "identity.tf", Find: `assertion\.repository == '\$\{var\.repository\}' && `, Put: ``, By: "tokens"},
		{Name: "D7: every branch and pull request may deploy", File: "identity.tf", Find: ` && assertion\.environment in[^"]*`, Put: ``, By: "tokens"},
		{Name: "D7: a plan for a pull request may release", File: "identity.tf", Find: `attribute\.environment/\$\{each\.value\}`, Put: `*`, By: "tokens"},
		{Name: "D7: a key for the workflows", File: "identity.tf", Find: `\z`, Put: more("resource \"google_service_account_key\" \"github\" {\n  service_account_id = google_service_account.app[\"deploy\"].name\n}"), By: "no keys"},
		{Name: "D7: the workflows may do everything", File: "identity.tf", Find: `"compute\.instanceAdmin\.v1"`, Put: `"editor"`, By: "least rights"},
		{Name: "D7: a plan may change something", File: "identity.tf", Find: `(plan   = \[)"iam\.securityReviewer", `, Put: `${1}"compute.admin", `, By: tested},
		{Name: "D8: a secret's value is kept in the state", File: "secrets.tf", Find: `secret_data_wo  .*\n.*`, Put: `secret_data = "hunter2"`, By: "secrets are only written"},
		{Name: "D8: a password that Terraform remembers", File: "database.tf", Find: `^ephemeral "random_password"`, Put: `resource "random_password"`,
			More: []terraformtest.Edit{{File: "database.tf", Find: `ephemeral\.random_password`, Put: `random_password`}, {File: "secrets.tf", Find: `ephemeral\.random_password\.database`, Put: `random_password.database`}}, By: secrets},
		{Name: "D9: the database can be destroyed", File: "database.tf", Find: `^  deletion_protection .*`, Put: `  deletion_protection = false`, By: "protection"},
		{Name: "D9: the database can be destroyed in the console", File: "database.tf", Find: `deletion_protection_enabled = .*`, Put: `deletion_protection_enabled = false`, By: "protection"},
		{Name: "D9: the database has no log between backups", File: "database.tf", Find: `point_in_time_recovery_enabled = true`, Put: `point_in_time_recovery_enabled = false`, By: "database backups"},
		{Name: "D9: the cache can be destroyed", File: "cache.tf", Find: `deletion_protection_enabled = .*`, Put: `deletion_protection_enabled = false`, By: "protection"},
		{Name: "D10: release.sh does not learn where it is", File: "outputs.tf", Find: `^output "release"`, Put: `output "deploy"`, By: "outputs"},
		{Name: "D11: the cache is read on its way", File: "cache.tf", Find: `"SERVER_AUTHENTICATION"`, Put: `"TRANSIT_ENCRYPTION_DISABLED"`, By: "cache TLS"},
		{Name: "D11: staging uses production's cache", File: "cache.tf", Find: `instance_id +=.*`, Put: `instance_id = "shop"`, By: "names of the environment"},
		{Name: "D12: a second proxy", File: "balancer.tf", Find: `\z`, Put: more("resource \"google_compute_target_https_proxy\" \"api\" {\n  name            = \"api\"\n  url_map         = google_compute_url_map.https.id\n  certificate_map = google_compute_target_https_proxy.main.certificate_map\n  ssl_policy      = google_compute_ssl_policy.main.id\n  depends_on      = [google_certificate_manager_certificate_map_entry.main]\n}"), By: "one way in"},
		{Name: "D13: a machine that hangs stays", File: "compute.tf", Find: `^  auto_healing_policies \{\n.*\n.*\n  \}\n`, Put: ``, By: "healing policy"},
		{Name: "D13: a provider of any version", File: "versions.tf", Find: `">= 6\.50, < 8\.0"`, Put: `">= 6.50"`, By: "provider ranges"},
		{Name: "D15: a state on one machine", File: "versions.tf", Find: `backend "gcs" \{\}`, Put: `backend "local" {}`, By: "remote state"},
		{Name: "D16: port 80 is served", File: "balancer.tf", Find: `https_redirect +=.*`, Put: `https_redirect = false`, By: "redirect"},
		{Name: "D17: the module's own tests are gone", File: "tests/closed.tftest.hcl", By: tested},

		// Traps of the platform.
		{Name: "auto-scaling is gone", File: "compute.tf", Find: `^resource "google_compute_region_autoscaler" "app" \{\n(?:.*\n)*?\}`, Put: ``, By: "scaling"},
		{Name: "auto-scaling has no target", File: "compute.tf", Find: `^    cpu_utilization .*\n`, Put: ``, By: "scaling"},
		{Name: "auto-scaling empties the group at once", File: "compute.tf", Find: `^    scale_in_control \{.*\n.*\n.*\n    \}\n`, Put: ``, By: "scaling"},
		{Name: "an image that an apply would choose", File: "compute.tf", Find: `image                  = ""`, Put: `image                  = "app@sha256:0000000000000000000000000000000000000000000000000000000000000000"`, By: tested},
		{Name: "machines before there is an image", File: "compute.tf", Find: `mode         = "OFF"`, Put: `mode         = "ON"`, By: tested},
		{Name: "a surge below the number of zones", File: "compute.tf", Find: `max\(3, length\(var\.machine\.zones\)\)`, Put: `1`, By: "surge"},
		{Name: "machines go before others come", File: "compute.tf", Find: `max_unavailable_fixed = 0`, Put: `max_unavailable_fixed = 3`, By: "surge"},
		{Name: "a template with a fixed name", File: "compute.tf", Find: `name_prefix  = "\$\{local\.name\}-base-"`, Put: `name         = "base"`, More: []terraformtest.Edit{{File: "outputs.tf", Find: `base\.name_prefix`, Put: `base.name`}}, By: "templates are replaced"},
		{Name: "a machine before its secrets have a reader", File: "compute.tf", Find: `, google_secret_manager_secret_iam_member\.app`, Put: ``, By: "what a machine reads is there first"},
		{Name: "TLS 1.0", File: "balancer.tf", Find: `^  ssl_policy .*\n`, Put: ``, By: "TLS 1.2"},
		{Name: "a certificate that waits for the domain", File: "balancer.tf", Find: `^    dns_authorizations.*\n`, Put: ``, By: "certificate before visitors"},
		{Name: "a proxy before its certificate", File: "balancer.tf", Find: `^  depends_on      = \[google_certificate_manager_certificate_map_entry\.main\]\n`, Put: ``, By: "certificate before visitors"},
		{Name: "a CDN that keeps what it likes", File: "balancer.tf", Find: `"USE_ORIGIN_HEADERS"`, Put: `"FORCE_CACHE_ALL"`, By: tested},
		{Name: "a disk that does not grow", File: "database.tf", Find: `disk_autoresize             = true`, Put: `disk_autoresize             = false`, By: "disk grows"},
		{Name: "a disk that an apply makes smaller", File: "database.tf", Find: `settings\[0\]\.disk_size`, Put: `settings[0].tier`, By: "disk grows"},
		{Name: "a network that waits for Google", File: "database.tf", Find: `^  deletion_policy         = "ABANDON".*`, Put: ``, By: "peering"},
		{Name: "a database before its network", File: "database.tf", Find: `^  depends_on = \[google_service_networking_connection.*`, Put: ``, By: "database waits for the peering"},
		{Name: "a password that changes without its secret", File: "secrets.tf", Find: `google_sql_user\.app\.password_wo_version`, Put: `1`, By: "secrets rise together"},
		{Name: "a destroy switches off what others use", File: "network.tf", Find: `\z`, Put: more("resource \"google_project_service\" \"compute\" {\n  service = \"compute.googleapis.com\"\n}"), By: "interfaces stay on"},
		{Name: "a name that is another one each time", File: "versions.tf", Find: `\z`, Put: more("resource \"random_id\" \"name\" {\n  byte_length = 4\n}"), By: "names last"},
		{Name: "a schedule that calls without an identity", File: "schedule.tf", Find: `^    oauth_token.*\n`, Put: ``, By: "schedule calls as someone"},
		{Name: "a bucket that nothing needs", File: "database.tf", Find: `\z`, Put: more("resource \"google_storage_bucket\" \"more\" {\n  name                        = \"a-production\"\n  location                    = \"EU\"\n  public_access_prevention    = \"enforced\"\n  uniform_bucket_level_access = true\n}"), By: "needed and nothing else"},
		{Name: "a bucket open to scripts of every site", File: "database.tf", Find: `\z`, Put: more("resource \"google_storage_bucket\" \"more\" {\n  name                        = \"a-production\"\n  location                    = \"EU\"\n  public_access_prevention    = \"enforced\"\n  uniform_bucket_level_access = true\n  cors {\n    origin = [\"*\"]\n  }\n}"), By: "buckets"},
		{Name: "nothing asks from outside", File: "observability.tf", Find: `^resource "google_monitoring_uptime_check_config" "ready" \{(?:.*\n)*?\}`, Put: ``, By: "watched"},
		{Name: "an alert less: 5xx", File: "observability.tf", Find: `^    "answers of 5xx a second" = \{\n.*\n.*\n    \}\n`, Put: ``, By: "alerts"},
		{Name: "an alert less: late jobs", File: "observability.tf", Find: `^    jobs-late .*\n`, Put: ``, By: "alerts"},
		{Name: "an alert less: commits that are not purged", File: "observability.tf", Find: `^    commits-late .*\n`, Put: ``, By: "alerts"},
		{Name: "an alert less: latency", File: "observability.tf", Find: `^    "ms that .*\n.*\n.*\n    \}\n`, Put: ``, By: "alerts"},
		{Name: "an alert less: readiness", File: "observability.tf", Find: `^    "is not ready.*\n.*\n.*\n    \}\n`, Put: ``, By: "alerts"},
		{Name: "an alert less: the database's disk", File: "observability.tf", Find: `^    "share of the database's disk" = \{\n.*\n.*\n    \}\n`, Put: ``, By: "alerts"},
	})
	terraformtest.Covered(t, "gcp")
}
