// Faults put into the infrastructure, each caught by what it names.

package cloudrun_test

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
	s, w := everything()
	terraformtest.Mutations(t, "cloudrun", root(t, s), w, []terraformtest.Mutation{
		// What a developer gets wrong.
		{Name: "an argument is misspelt", File: "compute.tf", Find: `max_instance_count =`, Put: `max_instances_count =`, By: validate},
		{Name: "a block is not known", File: "compute.tf", Find: `startup_probe \{`, Put: `readiness_probe {`, By: validate},
		{Name: "an argument is missing", File: "schedule.tf", Find: `^    uri .*\n`, Put: ``, By: validate},
		{Name: "a reference leads nowhere", File: "identity.tf", Find: `google_cloud_run_v2_service\.app\.name`, Put: `google_cloud_run_v2_service.app.title`, By: validate},
		{Name: "a password that is ephemeral in an argument that is kept", File: "database.tf", Find: `password_wo +=.*\n.*\n`, Put: "password = ephemeral.random_password.database.result\n", By: validate},
		{Name: "keys that are known after the apply", File: "balancer.tf", Find: `for_each +=.*local\.records`, Put: `for_each     = { for r in local.records : r.name => r }`, By: planned},

		// The defects of scripts that were published before.
		{Name: "D1: the database has a public address", File: "database.tf", Find: `ipv4_enabled +=.*`, Put: `ipv4_enabled = true`, By: "no public addresses"},
		{Name: "D1: the database takes connections without TLS", File: "database.tf", Find: `ssl_mode +=.*`, Put: `ssl_mode = "ALLOW_UNENCRYPTED_AND_ENCRYPTED"`, By: "database TLS"},
		{Name: "D1, D2: a firewall lets everyone in", File: "network.tf", Find: `\z`, Put: "\nresource \"google_compute_firewall\" \"ssh\" {\n  name          = \"ssh\"\n  network       = google_compute_network.main.id\n  source_ranges = [\"0.0.0.0/0\"]\n  allow {\n    protocol = \"tcp\"\n    ports    = [\"22\"]\n  }\n}\n", By: "ports"},
		{Name: "D3: connections end after five minutes", File: "compute.tf", Find: `= "3600s" # the most.*`, Put: `= "300s"`, By: "long connections"},
		{Name: "D3: HTTP/2 to the container, without WebSocket", File: "compute.tf", Find: `"http1"`, Put: `"h2c"`, By: "long connections"},
		{Name: "D4: an instance is healed by what it depends on", File: "compute.tf", Find: `"/livez"`, Put: `"/readyz"`, By: "heal on live"},
		{Name: "D4: visitors reach an instance that has not started", File: "compute.tf", Find: `"/startupz"`, Put: `"/"`, By: "route on started"},
		{Name: "D5: an apply takes back the image", File: "compute.tf", Find: `= \[template\[0\]\.containers\[0\]\.image, `, Put: `= [`, By: "image and visitors are the release's"},
		{Name: "D5: an apply takes back the share of visitors", File: "compute.tf", Find: `traffic, `, Put: ``, By: "image and visitors are the release's"},
		{Name: "D5: an image by a tag that moves", File: "compute.tf", Find: `container/hello"`, Put: `container/hello:latest"`, By: "no tags"},
		{Name: "D5: a tag can be moved", File: "identity.tf", Find: `immutable_tags = true`, Put: `immutable_tags = false`, By: "images stay"},
		{Name: "D6: no job migrates", File: "compute.tf", Find: `\["migrate", "maintain"\]`, Put: `["maintain"]`, More: []terraformtest.Edit{{File: "outputs.tf", Find: `^ +MIGRATE.*\n`, Put: ``}}, By: "jobs of the release"},
		{Name: "D7: every repository may deploy", File: "identity.tf", Find: `assertion\.repository == '\$\{var\.repository\}' && `, Put: ``, By: "tokens"},
		{Name: "D7: every branch and pull request may deploy", File: "identity.tf", Find: ` && assertion\.environment in[^"]*`, Put: ``, By: "tokens"},
		{Name: "D7: a plan for a pull request may release", File: "identity.tf", Find: `attribute\.environment/\$\{each\.value\}`, Put: `*`, By: "tokens"},
		{Name: "D7: a key for the workflows", File: "identity.tf", Find: `\z`, Put: "\nresource \"google_service_account_key\" \"github\" {\n  service_account_id = google_service_account.app[\"deploy\"].name\n}\n", By: "no keys"},
		{Name: "D7: the workflows may do everything", File: "identity.tf", Find: `"run\.viewer"`, Put: `"editor"`, By: "least rights"},
		{Name: "D7: a plan may change something", File: "identity.tf", Find: `\["viewer", `, Put: `["run.admin", "viewer", `, By: tested},
		{Name: "D8: a secret's value is kept in the state", File: "secrets.tf", Find: `secret_data_wo  .*\n.*`, Put: `secret_data = "hunter2"`, By: "secrets are only written"},
		{Name: "D8: a password that Terraform remembers", File: "database.tf", Find: `^ephemeral "random_password"`, Put: `resource "random_password"`,
			More: []terraformtest.Edit{{File: "database.tf", Find: `ephemeral\.random_password\.database`, Put: `random_password.database`}}, By: secrets},
		{Name: "D9: the database can be destroyed", File: "database.tf", Find: `^  deletion_protection .*`, Put: `  deletion_protection = false`, By: "protection"},
		{Name: "D9: the database can be destroyed in the console", File: "database.tf", Find: `deletion_protection_enabled = .*`, Put: `deletion_protection_enabled = false`, By: "protection"},
		{Name: "D9: the database has no log between backups", File: "database.tf", Find: `point_in_time_recovery_enabled = true`, Put: `point_in_time_recovery_enabled = false`, By: "database backups"},
		{Name: "D9: the cache can be destroyed", File: "cache.tf", Find: `deletion_protection_enabled = .*`, Put: `deletion_protection_enabled = false`, By: "protection"},
		{Name: "D10: nothing says where the service is", File: "outputs.tf", Find: `^output "url".*`, Put: ``, By: "outputs"},
		{Name: "D11: the cache is read on its way", File: "cache.tf", Find: `"SERVER_AUTHENTICATION"`, Put: `"TRANSIT_ENCRYPTION_DISABLED"`, By: "cache TLS"},
		{Name: "D11: staging uses production's cache", File: "cache.tf", Find: `instance_id +=.*`, Put: `instance_id = "shop"`, By: "names of the environment"},
		{Name: "D13: a provider of any version", File: "versions.tf", Find: `">= 6\.50, < 8\.0"`, Put: `">= 6.50"`, By: "provider ranges"},
		{Name: "D15: a state on one machine", File: "versions.tf", Find: `backend "gcs" \{\}`, Put: `backend "local" {}`, By: "remote state"},
		{Name: "D16: port 80 is served", File: "balancer.tf", Find: `https_redirect +=.*`, Put: `https_redirect = false`, By: "redirect"},

		// Traps of the platform.
		{Name: "auto-scaling has no target", File: "compute.tf", Find: `^    max_instance_request_concurrency.*\n`, Put: ``, By: "scaling"},
		{Name: "auto-scaling has no bound", File: "compute.tf", Find: `^    scaling \{\n.*\n.*\n    \}\n`, Put: ``, By: "scaling"},
		{Name: "a timeout in front of Cloud Run, which is refused", File: "balancer.tf", Find: `enable_cdn .*`, Put: "$0\n  timeout_sec = 30", By: "serverless backend"},
		{Name: "TLS 1.0", File: "balancer.tf", Find: `^  ssl_policy .*\n`, Put: ``, By: "TLS 1.2"},
		{Name: "a certificate that waits for the domain", File: "balancer.tf", Find: `^    dns_authorizations.*\n`, Put: ``, By: "certificate before visitors"},
		{Name: "a disk that an apply makes smaller", File: "database.tf", Find: `settings\[0\]\.disk_size`, Put: ``, By: "disk grows"},
		{Name: "a network that waits for Google", File: "network.tf", Find: `^  deletion_policy.*`, Put: ``, By: "peering"},
		{Name: "a database before its network", File: "database.tf", Find: `^  depends_on = \[google_service_networking_connection.*`, Put: ``, By: "database waits for the peering"},
		{Name: "a revision before its secrets", File: "compute.tf", Find: `^  depends_on = \[google_secret_manager.*`, Put: ``, By: "what an instance reads is there first"},
		{Name: "a password that changes without its secret", File: "database.tf", Find: `secret_data_wo_version = google_sql_user.*`, Put: `secret_data_wo_version = 1`, By: "secrets rise together"},
		{Name: "a name that is another one each time", File: "versions.tf", Find: `\z`, Put: "\nresource \"random_id\" \"name\" {\n  byte_length = 4\n}\n", By: "names last"},
		{Name: "interfaces that a destroy switches off", File: "versions.tf", Find: `disable_on_destroy = false`, Put: `disable_on_destroy = true`, By: "interfaces stay on"},
		{Name: "a schedule that calls without an identity", File: "schedule.tf", Find: `^    oauth_token.*\n`, Put: ``, By: "schedule calls as someone"},
		{Name: "visitors who need an account", File: "identity.tf", Find: `^    public = .*\n`, Put: ``, By: "visitors need no account"},
		{Name: "a database that nothing needs", File: "database.tf", Find: `\z`, Put: "\nresource \"google_storage_bucket\" \"more\" {\n  name                        = \"a-production\"\n  location                    = \"EU\"\n  public_access_prevention    = \"enforced\"\n  uniform_bucket_level_access = true\n}\n", By: "needed and nothing else"},
		{Name: "an alert less: 5xx", File: "observability.tf", Find: `^    "share of 5xx".*\n`, Put: ``, By: "alerts"},
		{Name: "an alert less: the database's disk", File: "observability.tf", Find: `^    "database disk in use".*\n`, Put: ``, By: "alerts"},
		{Name: "a CDN that keeps what it likes", File: "balancer.tf", Find: `"USE_ORIGIN_HEADERS"`, Put: `"FORCE_CACHE_ALL"`, By: tested},
	})

	always := app(map[string]string{"app:store": "none", "app:always": "yes"})
	terraformtest.Mutations(t, "cloudrun", root(t, always), terraformtest.With{VarFiles: []string{"environments/production.tfvars"}}, []terraformtest.Mutation{
		{Name: "work between requests without a processor", File: "compute.tf", Find: `cpu_idle +=.*`, Put: `cpu_idle = true`, By: "background work"},
		{Name: "work between requests without an instance", File: "compute.tf", Find: `min_instance_count =.*`, Put: `min_instance_count = 0`, By: "background work"},
	})
}
