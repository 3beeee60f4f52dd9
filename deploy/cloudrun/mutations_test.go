// Faults put into the infrastructure, one at a time, each of which is caught.

package cloudrun_test

import (
	"testing"

	"github.com/gorgon-go/gorgon/deploy/terraformtest"
)

func TestMutations(t *testing.T) {
	s, w := everything()
	w.Set["database"] = `{ tier = "db-custom-1-3840", password = 7 }` // a password of a later number than the first
	terraformtest.Mutations(t, "cloudrun", root(t, s), w, []terraformtest.Mutation{
		// Faults of any Terraform, as the schema knows them.
		{Name: "kit: a misspelt argument", File: "compute.tf", Find: `startup_cpu_boost`, Put: "startup_cpu_bost", By: "validate"},
		{Name: "kit: an unknown block", File: "compute.tf", Find: `liveness_probe \{`, Put: "alive_probe {", By: "validate"},
		{Name: "kit: an argument that must be there is missing", File: "database.tf", Find: `^  database_version .*\n`, Put: "", By: "validate"},
		{Name: "kit: a value of the wrong type", File: "compute.tf", Find: `failure_threshold = 60`, Put: `failure_threshold = "many"`, By: "validate"},
		{Name: "kit: a resource type that is not known", File: "balancer.tf", Find: `"google_compute_ssl_policy" "front"`, Put: `"google_compute_sslpolicy" "front"`, By: "validate"},
		{Name: "kit: a reference to no attribute", File: "secrets.tf", Find: `\["run"\]\.member`, Put: `["run"].principal`, By: "validate"},
		{Name: "kit: two of a block that may stand once", File: "database.tf", Find: `    maintenance_window \{`, Put: "    maintenance_window {\n      day = 1\n    }\n    maintenance_window {", By: "validate"},
		{Name: "kit: an argument that the cloud decides", File: "compute.tf", Find: `^  ingress `, Put: "  uri     = \"x\"\n  ingress ", By: "validate"},
		{Name: "kit: an argument that the cloud decides, in a block", File: "database.tf", Find: `^    edition `, Put: "    version = 3\n    edition ", By: "validate"},
		{Name: "kit: a value that is not allowed", File: "database.tf", Find: `"ENCRYPTED_ONLY"`, Put: `"SOMETIMES"`, By: "validate"},
		{Name: "kit: an ephemeral secret in an argument that is kept", File: "database.tf", Find: `password_wo  .*\n.*`, Put: "password = ephemeral.random_password.database.result", By: "validate"},
		{Name: "kit: for_each over what is known after the apply", File: "schedule.tf", Find: `^  name +=.*-maintain"`, Put: "  for_each = toset([google_sql_database_instance.main.private_ip_address])\n  name     = each.key", By: "plan"},
		{Name: "kit: a password of a resource, which the state keeps", File: "database.tf", Find: `ephemeral "random_password"`, Put: `resource "random_password"`, By: "secrets",
			More: []terraformtest.Edit{{File: "database.tf", Find: `ephemeral\.random_password`, Put: "random_password"}}},

		// The defects of Serverpod's scripts.
		{Name: "D1: the database has a public address", File: "database.tf", Find: `ipv4_enabled +=.*`, Put: "ipv4_enabled = true", By: "no public addresses"},
		{Name: "D1: the database admits the internet", File: "database.tf", Find: `    ip_configuration \{`, Put: "    ip_configuration {\n      authorized_networks {\n        value = \"0.0.0.0/0\"\n      }", By: "ports"},
		{Name: "D1: the database takes plain text", File: "database.tf", Find: `"ENCRYPTED_ONLY"`, Put: `"ALLOW_UNENCRYPTED_AND_ENCRYPTED"`, By: "database TLS"},
		{Name: "D2: SSH is open to everyone", File: "network.tf", Find: `\z`, Put: "\nresource \"google_compute_firewall\" \"ssh\" {\n  name          = \"ssh\"\n  network       = google_compute_network.main.id\n  source_ranges = [\"0.0.0.0/0\"]\n  allow {\n    protocol = \"tcp\"\n    ports    = [\"22\"]\n  }\n}\n", By: "no SSH"},
		{Name: "D3: a connection ends after 30 s", File: "compute.tf", Find: `timeout +=.*"3600s".*`, Put: `timeout = "30s"`, By: "long connections"},
		{Name: "D4: visitors reach what has not started", File: "compute.tf", Find: `"/startupz"`, Put: `"/"`, By: "route on started"},
		{Name: "D5: the image is a tag", File: "compute.tf", Find: `container/hello"`, Put: `container/hello:latest"`, By: "no tags"},
		{Name: "D6: no job migrates", File: "compute.tf", Find: `toset\(\["migrate", "maintain"\]\)`, Put: `toset(["maintain"])`, By: "jobs of the release",
			More: []terraformtest.Edit{{File: "outputs.tf", Find: `^.*\["migrate"\].*\n`, Put: ""}}},
		{Name: "D7: a key that does not expire", File: "identity.tf", Find: `\z`, Put: "\nresource \"google_service_account_key\" \"deploy\" {\n  service_account_id = google_service_account.app[\"deploy\"].name\n}\n", By: "no keys"},
		{Name: "D7: a role that may do everything", File: "identity.tf", Find: `deploy = \["run\.viewer"`, Put: `deploy = ["editor"`, By: "least rights"},
		{Name: "D7: a plan may change something", File: "identity.tf", Find: `\["viewer", `, Put: `["run.admin", "viewer", `, By: "test"},
		{Name: "D8: a secret in an argument that is kept", File: "secrets.tf", Find: `(?s)secret_data_wo  .*?var\.generated`, Put: `secret_data = "x"`, By: "secrets are only written"},
		{Name: "D8: a secret in the file of an environment", File: "environments/production.tfvars", Find: `\z`, Put: "database_password = \"Tr0ub4dor3\"\n", By: "secrets are only written"},
		{Name: "D9: Terraform may destroy the database", File: "database.tf", Find: `^  deletion_protection = var\.protect`, Put: "  deletion_protection = false", By: "protection"},
		{Name: "D9: all others may delete the database", File: "database.tf", Find: `deletion_protection_enabled = var\.protect`, Put: "deletion_protection_enabled = false", By: "protection"},
		{Name: "D9: the cache may be deleted", File: "cache.tf", Find: `deletion_protection_enabled = .*`, Put: `deletion_protection_enabled = false`, By: "protection"},
		{Name: "D9: no backups", File: "database.tf", Find: `^      enabled  .*`, Put: "      enabled = false", By: "database backups"},
		{Name: "D9: no log between backups", File: "database.tf", Find: `point_in_time_recovery_enabled = true`, Put: "point_in_time_recovery_enabled = false", By: "database backups"},
		{Name: "D10: an output that the release reads is gone", File: "outputs.tf", Find: `output "release"`, Put: `output "released"`, By: "outputs"},
		{Name: "D10: nothing says where the service is", File: "outputs.tf", Find: `^output "url".*`, Put: ``, By: "outputs"},
		{Name: "D11: the cache speaks plain text", File: "cache.tf", Find: `"SERVER_AUTHENTICATION"`, Put: `"TRANSIT_ENCRYPTION_DISABLED"`, By: "cache TLS"},
		{Name: "D11: the cache of every environment has one name", File: "cache.tf", Find: `instance_id +=.*`, Put: `instance_id = "cache"`, By: "names of the environment"},
		{Name: "D12: a second way in", File: "balancer.tf", Find: `\z`, Put: "\nresource \"google_compute_target_https_proxy\" \"second\" {\n  name            = \"second\"\n  url_map         = google_compute_url_map.front[0].id\n  certificate_map = \"//certificatemanager.googleapis.com/${google_certificate_manager_certificate_map.front[0].id}\"\n  ssl_policy      = google_compute_ssl_policy.front[0].id\n  depends_on      = [google_certificate_manager_certificate_map_entry.front]\n}\n", By: "one way in"},
		{Name: "D13: a provider without an upper bound", File: "versions.tf", Find: `">= 6\.50, < [0-9.]+"`, Put: `">= 6.50"`, By: "provider ranges"},
		{Name: "D14: a bucket for scripts of every site", File: "network.tf", Find: `\z`, Put: "\nresource \"google_storage_bucket\" \"files\" {\n  name                        = \"${local.name}-files\"\n  location                    = var.region\n  uniform_bucket_level_access = true\n  public_access_prevention    = \"enforced\"\n  cors {\n    origin = [\"*\"]\n  }\n}\n", By: "buckets"},
		{Name: "D15: the state is on one machine", File: "versions.tf", Find: `^  backend "gcs".*\n`, Put: "", By: "remote state"},
		{Name: "D16: port 80 is not sent on", File: "balancer.tf", Find: `https_redirect +=.*`, Put: "https_redirect = false", By: "redirect"},
		{Name: "D17: the module's own tests are gone", File: "tests/cloudrun.tftest.hcl", By: "test"},

		// Traps.
		{Name: "trap: readiness heals", File: "compute.tf", Find: `"/livez"`, Put: `"/readyz"`, By: "heal on live"},
		{Name: "trap: the CDN keeps what the program forbids", File: "balancer.tf", Find: `"USE_ORIGIN_HEADERS"`, Put: `"FORCE_CACHE_ALL"`, By: "test"},
		{Name: "trap: a serverless backend with a timeout", File: "balancer.tf", Find: `enable_cdn  `, Put: "timeout_sec = 3600\n  enable_cdn  ", By: "serverless backend"},
		{Name: "trap: HTTP/2 to a container with connections", File: "compute.tf", Find: `"http1"`, Put: `"h2c"`, By: "long connections"},
		{Name: "trap: an apply takes back the image", File: "compute.tf", Find: `(ignore_changes = \[)template\[0\]\.containers\[0\]\.image, `, Put: "${1}", By: "image and visitors are the release's"},
		{Name: "trap: an apply takes back the visitors", File: "compute.tf", Find: `traffic, `, Put: "", By: "image and visitors are the release's"},
		{Name: "trap: an apply takes back a job's image", File: "compute.tf", Find: `template\[0\]\.template\[0\]\.containers\[0\]\.image, `, Put: "", By: "jobs of the release"},
		{Name: "trap: a destroy waits for the peering", File: "network.tf", Find: `deletion_policy +=.*"ABANDON".*\n`, Put: "", By: "peering"},
		{Name: "trap: the database does not wait for the peering", File: "database.tf", Find: `^  depends_on = \[google_service_networking_connection.*\n`, Put: "", By: "database waits for the peering"},
		{Name: "trap: an apply shrinks the disk", File: "database.tf", Find: `ignore_changes = \[settings\[0\]\.disk_size\].*`, Put: "ignore_changes = []", By: "disk grows"},
		{Name: "trap: the disk does not grow", File: "database.tf", Find: `disk_autoresize +=.*`, Put: "disk_autoresize = false", By: "disk grows"},
		{Name: "trap: the certificate waits for visitors", File: "balancer.tf", Find: `^    dns_authorizations .*\n`, Put: "", By: "certificate before visitors"},
		{Name: "trap: the proxy does not wait for its certificate", File: "balancer.tf", Find: `^  depends_on +=.*map_entry.*\n`, Put: "", By: "certificate before visitors"},
		{Name: "trap: TLS 1.0", File: "balancer.tf", Find: `"TLS_1_2"`, Put: `"TLS_1_0"`, By: "TLS 1.2"},
		{Name: "trap: a token of any environment", File: "identity.tf", Find: ` && assertion\.environment in \[[^\]]*\]`, Put: "", By: "tokens"},
		{Name: "trap: a token of any repository", File: "identity.tf", Find: `assertion\.repository == '\$\{var\.repository\}' && `, Put: "", By: "tokens"},
		{Name: "trap: a plan's token may deploy", File: "identity.tf", Find: `/attribute\.environment/\$\{each\.value\}`, Put: "/attribute.repository/$${var.repository}", By: "tokens"},
		{Name: "trap: the password and the secret rise apart", File: "database.tf", Find: `secret_data_wo_version = .*`, Put: "secret_data_wo_version = 1", By: "secrets rise together"},
		{Name: "trap: a revision before its secrets", File: "compute.tf", Find: `^  depends_on = \[google_secret_manager_secret_iam_member.*\n`, Put: "", By: "what an instance reads is there first"},
		{Name: "trap: a name with something random", File: "network.tf", Find: `\z`, Put: "\nresource \"random_id\" \"suffix\" {\n  byte_length = 4\n}\n", By: "names last"},
		{Name: "trap: a tag is moved to another image", File: "identity.tf", Find: `immutable_tags +=.*? \}`, Put: "immutable_tags = false }", By: "images stay"},
		{Name: "trap: the image to go back to is cleaned away", File: "identity.tf", Find: `keep_count +=.*? \}`, Put: "keep_count = 1 }", By: "images stay"},
		{Name: "trap: a destroy switches off what others use", File: "versions.tf", Find: `disable_on_destroy = false`, Put: "disable_on_destroy = true", By: "interfaces stay on"},
		{Name: "trap: visitors have to prove who they are", File: "identity.tf", Find: `"allUsers"`, Put: `google_service_account.app["run"].member`, By: "visitors need no account"},
		{Name: "trap: the schedule calls without an identity", File: "schedule.tf", Find: `^    oauth_token .*\n`, Put: "", By: "schedule calls as someone"},
		{Name: "trap: the schedule sends a key, which the state keeps", File: "schedule.tf", Find: `^    http_method = "POST"\n`, Put: "    http_method = \"POST\"\n    headers     = { Authorization = \"Bearer ${var.project}\" }\n", By: "schedule calls as someone"},
		{Name: "trap: the service may be destroyed", File: "compute.tf", Find: `(google_cloud_run_v2_service" "app" \{\n.*\n.*\n  deletion_protection = )var\.protect`, Put: "${1}false", By: "protection"},

		// Scaling, needs, and what is watched.
		{Name: "scaling: auto-scaling is removed", File: "compute.tf", Find: `(?s)    scaling \{.*?\n    \}\n`, Put: "", By: "scaling"},
		{Name: "scaling: no target", File: "compute.tf", Find: `max_instance_request_concurrency = .*\n`, Put: "", By: "scaling"},
		{Name: "scaling: at most none", File: "compute.tf", Find: `max_instance_count = .*`, Put: "max_instance_count = 0", By: "scaling"},
		{Name: "need: the schedule is gone", File: "schedule.tf", Find: `(?s)^resource "google_cloud_scheduler_job".*?\n\}\n`, Put: "", By: "needed and nothing else"},
		{Name: "need: a bucket that the app does not need", File: "network.tf", Find: `\z`, Put: "\nresource \"google_storage_bucket\" \"more\" {\n  name                        = \"${local.name}-more\"\n  location                    = var.region\n  uniform_bucket_level_access = true\n  public_access_prevention    = \"enforced\"\n}\n", By: "needed and nothing else"},
		{Name: "watched: no check from outside", File: "observability.tf", Find: `^    "places without answer" .*\n`, Put: "", By: "alerts"},
		{Name: "watched: no alert on late jobs", File: "observability.tf", Find: `^    jobs-late .*\n`, Put: "", By: "alerts"},
		{Name: "watched: no alert on commits that are not purged", File: "observability.tf", Find: `^    commits-late .*\n`, Put: "", By: "alerts"},
		{Name: "watched: no alert on 5xx", File: "observability.tf", Find: `^    "share of 5xx" .*\n`, Put: "", By: "alerts"},
		{Name: "watched: no alert on the database's disk", File: "observability.tf", Find: `^    "database disk in use" .*\n`, Put: "", By: "alerts"},
		{Name: "watched: no dashboard", File: "observability.tf", Find: `(?s)^resource "google_monitoring_dashboard".*?\n\}\n`, Put: "", By: "watched"},
	})

	always := app(map[string]string{"app:store": "none", "app:always": "yes"})
	terraformtest.Mutations(t, "cloudrun", root(t, always), terraformtest.With{VarFiles: []string{"environments/production.tfvars"}}, []terraformtest.Mutation{
		{Name: "trap: work between requests without a processor", File: "compute.tf", Find: `cpu_idle +=.*`, Put: `cpu_idle = true`, By: "background work"},
		{Name: "trap: work between requests without an instance", File: "compute.tf", Find: `min_instance_count =.*`, Put: `min_instance_count = 0`, By: "background work"},
	})
	terraformtest.Covered(t, "cloudrun")
}
