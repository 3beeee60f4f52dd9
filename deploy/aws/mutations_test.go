// Faults put into the infrastructure, one at a time, each of which is caught.

package aws_test

import (
	"fmt"
	"testing"

	"github.com/gorgon-go/gorgon/deploy/terraformtest"
)

// whole is a stack in production, with all that its operator may choose, and passwords
// of a later number than the first.
func whole(name string) terraformtest.With {
	set := chosen(stacks()[name], map[string]string{
		"stack": name, "environment": "production", "private": "true", "cdn": "true", "zone": "Z0123456789ABC",
		"available": "true", "github": "acme/shop", "uptime": "true", "processor": "ARM64",
	})
	set["secret_version"], set["region"] = "7", "eu-central-1" // which is not CloudFront's
	return terraformtest.With{VarFiles: []string{"environments/production.tfvars"}, Set: set}
}

func TestMutations(t *testing.T) {
	terraformtest.Mutations(t, "aws", root(t, "full"), whole("full"), []terraformtest.Mutation{
		// Faults of any Terraform, as the schema knows them.
		{Name: "kit: a misspelt argument", File: "balancer.tf", Find: `deregistration_delay`, Put: "deregistration_delays", By: "validate"},
		{Name: "kit: an unknown block", File: "balancer.tf", Find: `^  health_check \{`, Put: "  health_probe {", By: "validate"},
		{Name: "kit: an argument that must be there is missing", File: "database.tf", Find: `^  instance_class .*\n`, Put: "", By: "validate"},
		{Name: "kit: a value of the wrong type", File: "balancer.tf", Find: `idle_timeout  .*`, Put: `idle_timeout = "long"`, By: "validate"},
		{Name: "kit: a resource type that is not known", File: "network.tf", Find: `"aws_internet_gateway" "main"`, Put: `"aws_internet_gate" "main"`, By: "validate"},
		{Name: "kit: a reference to no attribute", File: "compute.tf", Find: `aws_ecs_cluster\.main\.id`, Put: "aws_ecs_cluster.main.identity", By: "validate"},
		{Name: "kit: two of a block that may stand once", File: "compute.tf", Find: `^  deployment_circuit_breaker \{`, Put: "  deployment_circuit_breaker {\n    enable   = true\n    rollback = true\n  }\n$0", By: "validate"},
		{Name: "kit: an argument that the cloud decides", File: "compute.tf", Find: `^  propagate|^  launch_type  `, Put: "  arn = \"x\"\n$0", By: "validate"},
		{Name: "kit: an argument that the cloud decides, in a block", File: "balancer.tf", Find: `^    type             = "forward"`, Put: "    order = \"x\"\n$0", By: "validate"},
		{Name: "kit: a value that is not allowed", File: "compute.tf", Find: `"FARGATE"$`, Put: `"FARGET"`, By: "validate"},
		{Name: "kit: two arguments that exclude each other", File: "balancer.tf", Find: `^  name_prefix  `, Put: "  name = \"app\"\n$0", By: "validate"},
		{Name: "kit: an ephemeral secret in an argument that is kept", File: "database.tf", Find: `password_wo  .*\n.*`, Put: "password = ephemeral.random_password.database.result", By: "validate"},
		{Name: "kit: for_each over what is known after the apply", File: "balancer.tf", Find: `(resource "aws_route53_record" "proof" \{\n)  count .*`, Put: "${1}  for_each = toset([for o in aws_acm_certificate.main[var.region].domain_validation_options : o.resource_record_name])", By: "plan",
			More: []terraformtest.Edit{{File: "balancer.tf", Find: `aws_route53_record\.proof\[\*\]\.fqdn`, Put: "[for r in aws_route53_record.proof : r.fqdn]"}}},
		{Name: "kit: a password of a resource, which the state keeps", File: "database.tf", Find: `ephemeral "random_password"`, Put: `resource "random_password"`, By: "secrets",
			More: []terraformtest.Edit{{File: "database.tf", Find: `ephemeral\.random_password`, Put: "random_password"}}},

		// The defects of Serverpod's scripts.
		{Name: "D1: the database has a public address", File: "database.tf", Find: `publicly_accessible .*`, Put: "publicly_accessible = true", By: "no public addresses"},
		{Name: "D1: the database lies in public subnets", File: "database.tf", Find: `aws_subnet\.private`, Put: "aws_subnet.public", By: "no public addresses"},
		{Name: "D1: the database admits the internet", File: "network.tf", Find: `\z`, Put: ingress("data", 5432), By: "ports"},
		{Name: "D1: the database takes plain text", File: "database.tf", Find: `value = "1"`, Put: `value = "0"`, By: "database TLS"},
		{Name: "D1: the program is open to everyone at 443", File: "network.tf", Find: `\z`, Put: ingress("tasks", 443), By: "ports"},
		{Name: "D2: SSH is open to everyone", File: "network.tf", Find: `\z`, Put: ingress("balancer", 22), By: "no SSH"},
		{Name: "D2: all ports are open to everyone", File: "network.tf", Find: `(toset\(\["80", "443"\]\)[^}]*?ip_protocol +=) "tcp"\n.*\n.*`, Put: `${1} "-1"`, By: "ports"},
		{Name: "D3: a connection ends after 60 s", File: "balancer.tf", Find: `idle_timeout  .*`, Put: "idle_timeout = 60", By: "long connections"},
		{Name: "the program closes connections that the balancer uses", File: "compute.tf", Find: `^ +\{ GORGON_KEEP_ALIVE.*\n`, Put: "", By: "idle connections"},
		{Name: "D4: visitors reach what is not ready", File: "balancer.tf", Find: `"/readyz"`, Put: `"/"`, By: "route on ready"},
		{Name: "D5: the image is a tag", File: "compute.tf", Find: `:none"`, Put: `:latest"`, By: "no tags"},
		{Name: "D5: a tag is moved to another image", File: "compute.tf", Find: `"IMMUTABLE"`, Put: `"MUTABLE"`, By: "images stay"},
		{Name: "D5: the image to go back to is cleaned away", File: "compute.tf", Find: `countNumber = \d+`, Put: "countNumber = 2", By: "images stay"},
		{Name: "D6: nothing says which job migrates", File: "outputs.tf", Find: `^ +MIGRATE .*\n`, Put: "", By: "outputs"},
		{Name: "D7: a key that does not expire", File: "identity.tf", Find: `\z`, Put: "\nresource \"aws_iam_access_key\" \"deploy\" {\n  user = \"deploy\"\n}\n", By: "no keys"},
		{Name: "D7: a role that may do everything", File: "identity.tf", Find: `\["plan", "ReadOnlyAccess"\]`, Put: `["deploy", "AdministratorAccess"]`, By: "least rights"},
		{Name: "D7: a policy that allows everything", File: "identity.tf", Find: `Action = \["logs:CreateLogStream", "logs:PutLogEvents"\]`, Put: `Action = "*"`, By: "least rights"},
		{Name: "D7: a policy that allows everything, at the end of a list", File: "identity.tf", Find: `"logs:PutLogEvents"\]`, Put: `"logs:PutLogEvents", "*"]`, By: "least rights"},
		{Name: "D7: a workflow that may do everything", File: "identity.tf", Find: `Action = "ecs:TagResource"`, Put: `Action = "iam:*"`, By: "least rights"},
		{Name: "D8: a secret in an argument that is kept", File: "secrets.tf", Find: `secret_string_wo  .*\n.*`, Put: `secret_string = "x"`, By: "secrets are only written"},
		{Name: "D8: a secret in the file of an environment", File: "environments/production.tfvars", Find: `\z`, Put: "database_password = \"Tr0ub4dor3\"\n", By: "secrets are only written"},
		{Name: "D9: the database may be deleted", File: "database.tf", Find: `deletion_protection  .*`, Put: "deletion_protection = false", By: "protection"},
		{Name: "D9: the balancer may be deleted", File: "balancer.tf", Find: `enable_deletion_protection .*`, Put: "enable_deletion_protection = false", By: "protection"},
		{Name: "D9: no last snapshot", File: "database.tf", Find: `skip_final_snapshot .*`, Put: "skip_final_snapshot = true", By: "database backups"},
		{Name: "D9: no backups", File: "database.tf", Find: `backup_retention_period .*`, Put: "backup_retention_period = 0", By: "database backups"},
		{Name: "D9: images are deleted with the registry", File: "compute.tf", Find: `force_delete .*`, Put: "force_delete = true", By: "images stay"},
		{Name: "D10: an output that the release reads is gone", File: "outputs.tf", Find: `output "release"`, Put: `output "released"`, By: "outputs"},
		{Name: "D11: the cache speaks plain text", File: "cache.tf", Find: `transit_encryption_enabled .*`, Put: "transit_encryption_enabled = false", By: "cache TLS"},
		{Name: "D11: the cache asks for no password", File: "cache.tf", Find: `auth_token_wo  .*\n.*\n.*\n`, Put: "", By: "cache TLS",
			More: []terraformtest.Edit{{File: "cache.tf", Find: `aws_elasticache_replication_group\.main\.auth_token_wo_version`, Put: "var.secret_version"}}},
		{Name: "D11: the cache of every environment has one name", File: "cache.tf", Find: `replication_group_id .*`, Put: `replication_group_id = "cache"`, By: "names of the environment"},
		{Name: "D12: a second way in", File: "balancer.tf", Find: `\z`, Put: "\nresource \"aws_lb\" \"second\" {\n  name                       = \"${local.name}-2\"\n  idle_timeout               = 3600\n  enable_deletion_protection = true\n}\n", By: "one way in"},
		{Name: "D13: a provider without an upper bound", File: "versions.tf", Find: `(hashicorp/aws", version = ">= [0-9.]+), < [0-9.]+"`, Put: `${1}"`, By: "provider ranges"},
		{Name: "D13: a launch configuration", File: "compute.tf", Find: `\z`, Put: "\nresource \"aws_launch_configuration\" \"app\" {\n  image_id      = \"ami-1\"\n  instance_type = \"t4g.small\"\n}\n", By: "no old parts"},
		{Name: "D15: the state is on one machine", File: "versions.tf", Find: `^  backend "s3".*\n`, Put: "", By: "remote state"},
		{Name: "D15: the state has no lock", File: "environments/production.backend.hcl", Find: `use_lockfile.*`, Put: "use_lockfile = false", By: "remote state",
			More: []terraformtest.Edit{{File: "environments/staging.backend.hcl", Find: `use_lockfile.*`, Put: "use_lockfile = false"}}},
		{Name: "D16: port 80 is not sent on", File: "balancer.tf", Find: `protocol    = "HTTPS"`, Put: `protocol    = "HTTP"`, By: "redirect"},
		{Name: "D17: the module's own tests are gone", File: "tests/policy.tftest.hcl", By: "test"},

		// Traps.
		{Name: "trap: tasks are replaced while the database fails over", File: "balancer.tf", Find: `unhealthy_threshold = 10`, Put: "unhealthy_threshold = 2", By: "heal on live"},
		{Name: "trap: tasks are replaced before they have started", File: "compute.tf", Find: `health_check_grace_period_seconds .*\n`, Put: "", By: "heal on live"},
		{Name: "trap: a group with a fixed name", File: "balancer.tf", Find: `name_prefix  .*`, Put: `name = "app"`, By: "groups are replaced"},
		{Name: "trap: a prefix that is too long for a group", File: "balancer.tf", Find: `"app-"`, Put: `"shop-app-"`, By: "groups are replaced"},
		{Name: "trap: a group is deleted before the next is there", File: "balancer.tf", Find: `(unhealthy_threshold = 10\n  \}\n)  lifecycle .*\n`, Put: "${1}", By: "groups are replaced"},
		{Name: "trap: the disk does not grow", File: "database.tf", Find: `max_allocated_storage .*\n`, Put: "", By: "disk grows"},
		{Name: "trap: a listener does not wait for its certificate", File: "balancer.tf", Find: `aws_acm_certificate_validation\.main\[var\.region\]\.certificate_arn`, Put: "aws_acm_certificate.main[var.region].arn", By: "certificate before visitors"},
		{Name: "trap: CloudFront with a certificate of the region", File: "cdn.tf", Find: `\.main\[local\.edge\]\.certificate_arn`, Put: ".main[var.region].certificate_arn", By: "certificate before visitors",
			More: []terraformtest.Edit{{File: "balancer.tf", Find: `\[var\.region, local\.edge\] : `, Put: "[var.region] : "}}},
		{Name: "trap: a certificate that is proved by mail", File: "balancer.tf", Find: `validation_method = "DNS"`, Put: `validation_method = "EMAIL"`, By: "certificate before visitors"},
		{Name: "trap: two certificates want one record", File: "balancer.tf", Find: `allow_overwrite .*\n`, Put: "", By: "certificate before visitors"},
		{Name: "trap: TLS 1.0", File: "balancer.tf", Find: `"ELBSecurityPolicy-[^"]*"`, Put: `"ELBSecurityPolicy-2016-08"`, By: "TLS 1.2"},
		{Name: "trap: TLS 1.0 at the edge", File: "cdn.tf", Find: `"TLSv1.2_2021"`, Put: `"TLSv1_2016"`, By: "TLS 1.2"},
		{Name: "trap: an apply takes back the image", File: "compute.tf", Find: `\[desired_count, task_definition\]`, Put: "[desired_count]", By: "image and size are the release's"},
		{Name: "trap: an apply takes back the number of tasks", File: "compute.tf", Find: `\[desired_count, task_definition\]`, Put: "[task_definition]", By: "image and size are the release's"},
		{Name: "trap: Fargate cuts the drain short", File: "compute.tf", Find: `stopTimeout .*`, Put: "stopTimeout = 300", By: "drain"},
		{Name: "trap: a task ends 30 s after the signal", File: "compute.tf", Find: `^ +stopTimeout .*\n`, Put: "", By: "drain"},
		{Name: "trap: the balancer does not wait for what is open", File: "balancer.tf", Find: `deregistration_delay .*`, Put: "deregistration_delay = 0", By: "drain"},
		{Name: "trap: a token of any environment", File: "identity.tf", Find: `:environment:\$\{each\.value\}"`, Put: `:*"`, By: "tokens"},
		{Name: "trap: a token of any repository", File: "identity.tf", Find: `repo:\$\{var\.github\.repository\}`, Put: `repo:*`, By: "tokens"},
		{Name: "trap: a token for another audience", File: "identity.tf", Find: `^ .*:aud" = .*\n`, Put: "", By: "tokens"},
		{Name: "trap: the password and the secret rise apart", File: "database.tf", Find: `secret_string_wo_version = .*`, Put: "secret_string_wo_version = 1", By: "secrets rise together"},
		{Name: "trap: the cache's password and its secret rise apart", File: "cache.tf", Find: `secret_string_wo_version = .*`, Put: "secret_string_wo_version = 1", By: "secrets rise together"},
		{Name: "trap: a service before its listener", File: "compute.tf", Find: `^  depends_on = \[aws_lb_listener\.https, `, Put: "  depends_on = [", By: "what a task reads is there first"},
		{Name: "trap: images through the NAT", File: "network.tf", Find: `(?s)^resource "aws_vpc_endpoint".*?\n\}\n`, Put: "", By: "private ways"},
		{Name: "trap: the network's own group is open", File: "network.tf", Find: `^resource "aws_default_security_group".*\n`, Put: "", By: "default group"},
		{Name: "trap: a log that is kept forever", File: "compute.tf", Find: `retention_in_days .*\n`, Put: "", By: "logs end"},
		{Name: "trap: credentials of another account", File: "versions.tf", Find: `^  allowed_account_ids.*\n`, Put: "", By: "the account is named"},
		{Name: "trap: a name with something random", File: "network.tf", Find: `\z`, Put: "\nresource \"random_id\" \"suffix\" {\n  byte_length = 4\n}\n", By: "names last"},
		{Name: "trap: a release takes tasks away first", File: "compute.tf", Find: `deployment_minimum_healthy_percent = 100`, Put: "deployment_minimum_healthy_percent = 0", By: "surge"},
		{Name: "trap: a release that does not start is not taken back", File: "compute.tf", Find: `rollback = true`, Put: "rollback = false", By: "surge"},

		// Scaling, needs, and what is watched.
		{Name: "scaling: auto-scaling is removed", File: "compute.tf", Find: `(?s)^resource "aws_appautoscaling_target".*\z`, Put: "", By: "scaling"},
		{Name: "scaling: the policy is removed", File: "compute.tf", Find: `(?s)^resource "aws_appautoscaling_policy".*\z`, Put: "", By: "scaling"},
		{Name: "scaling: at least none", File: "compute.tf", Find: `min_capacity .*`, Put: "min_capacity = 0", By: "scaling"},
		{Name: "scaling: a short lull empties the service", File: "compute.tf", Find: `scale_in_cooldown .*`, Put: "scale_in_cooldown = 1", By: "scaling"},
		{Name: "need: the schedule is gone", File: "schedule.tf", Find: `(?s)^resource "aws_scheduler_schedule".*?\n\}\n`, Put: "", By: "needed and nothing else"},
		{Name: "need: a bucket that the app does not need", File: "network.tf", Find: `\z`, Put: "\nresource \"aws_s3_bucket\" \"more\" {\n  bucket = \"${local.name}-more\"\n}\n", By: "needed and nothing else"},
		{Name: "watched: no alarm on 5xx", File: "observability.tf", Find: `^    (errors|refused) .*\n`, Put: "", By: "alerts"},
		{Name: "watched: no alarm on late jobs", File: "observability.tf", Find: `^    jobs-late .*\n`, Put: "", By: "alerts"},
		{Name: "watched: no alarm on a store that is away", File: "observability.tf", Find: `^    store-away .*\n`, Put: "", By: "alerts"},
		{Name: "watched: no alarm on latency", File: "observability.tf", Find: `^    latency .*\n`, Put: "", By: "alerts"},
		{Name: "watched: no alarm on readiness", File: "observability.tf", Find: `^    unready .*\n`, Put: "", By: "alerts"},
		{Name: "watched: no alarm on the database's disk", File: "observability.tf", Find: `^    disk .*\n`, Put: "", By: "alerts"},
		{Name: "watched: an alarm that tells nothing", File: "observability.tf", Find: `^  alarm_actions .*\n`, Put: "", By: "watched"},
	})
	terraformtest.Mutations(t, "aws", root(t, "bucket"), whole("bucket"), []terraformtest.Mutation{
		{Name: "D9: the bucket is deleted with what is in it", File: "bucket.tf", Find: `force_destroy = .*`, Put: "force_destroy = true", By: "buckets"},
		{Name: "D14: the bucket may be made public", File: "bucket.tf", Find: `block_public_policy .*`, Put: "block_public_policy = false", By: "buckets"},
		{Name: "D14: a bucket for scripts of every site", File: "bucket.tf", Find: `\z`, Put: "\nresource \"aws_s3_bucket_cors_configuration\" \"store\" {\n  bucket = aws_s3_bucket.store.id\n  cors_rule {\n    allowed_methods = [\"GET\"]\n    allowed_origins = [\"*\"]\n  }\n}\n", By: "buckets"},
		{Name: "D11: the bucket of every environment has one name", File: "bucket.tf", Find: `bucket        = .*`, Put: `bucket = "store"`, By: "names of the environment"},
	})
	terraformtest.Mutations(t, "aws", root(t, "files"), whole("files"), []terraformtest.Mutation{
		{Name: "files: deleted with what visitors have uploaded", File: "files.tf", Find: `force_destroy = .*`, Put: "force_destroy = true", By: "buckets"},
		{Name: "files: the bucket may be made public", File: "files.tf", Find: `restrict_public_buckets .*`, Put: "restrict_public_buckets = false", By: "buckets"},
		{Name: "files: scripts of every site upload", File: "files.tf", Find: `allowed_origins = .*`, Put: `allowed_origins = ["*"]`, By: "buckets"},
		{Name: "files: scripts of every subdomain upload", File: "files.tf", Find: `allowed_origins = .*`, Put: `allowed_origins = ["https://*.${var.site.domain}"]`, By: "files"},
		{Name: "files: scripts upload over plain HTTP", File: "files.tf", Find: `allowed_origins = .*`, Put: `allowed_origins = ["http://${var.site.domain}"]`, By: "files"},
		{Name: "files: scripts may read", File: "files.tf", Find: `allowed_methods = .*`, Put: `allowed_methods = ["PUT", "GET"]`, By: "files"},
		{Name: "files: an upload may not say that it is new", File: "files.tf", Find: `allowed_headers = .*`, Put: `allowed_headers = ["Content-Type"]`, By: "files"},
		{Name: "files: no script can upload", File: "files.tf", Find: `(?s)^resource "aws_s3_bucket_cors_configuration".*?\n\}\n`, Put: "", By: "files",
			More: []terraformtest.Edit{{File: "tests/policy.tftest.hcl", Find: `(?s)  assert \{\n    condition     = alltrue\(\[for r in aws_s3_bucket_cors.*?\n  \}\n`}}},
		{Name: "files: parts stay and are paid for", File: "files.tf", Find: `(?s)^resource "aws_s3_bucket_lifecycle_configuration".*?\n\}\n`, Put: "", By: "files"},
		{Name: "files: parts go while they are sent", File: "files.tf", Find: `days_after_initiation = 8`, Put: "days_after_initiation = 1", By: "files"},
		{Name: "files: the rule for parts is off", File: "files.tf", Find: `"Enabled"`, Put: `"Disabled"`, By: "files"},
		{Name: "files: files expire", File: "files.tf", Find: `abort_incomplete_multipart_upload \{.*`, Put: "abort_incomplete_multipart_upload { days_after_initiation = 8 }\n    expiration { days = 30 }", By: "files"},
		{Name: "files: read in plain text", File: "files.tf", Find: `(?s)^resource "aws_s3_bucket_policy".*?\n\}\n`, Put: "", By: "files"},
		{Name: "files: kept in plain text", File: "files.tf", Find: `(?s)^resource "aws_s3_bucket_server_side_encryption_configuration".*?\n\}\n`, Put: "", By: "files"},
		{Name: "files: everyone may read", File: "files.tf", Find: `"Deny"`, Put: `"Allow"`, By: "files"},
		{Name: "files: rights to every bucket", File: "files.tf", Find: `Resource = "\$\{aws_s3_bucket\.files\.arn\}/\*"`, Put: `Resource = "*"`, By: "files"},
		{Name: "files: every right", File: "files.tf", Find: `Action = "s3:ListBucket"`, Put: `Action = "s3:*"`, By: "least rights"},
		{Name: "files: every right to read", File: "files.tf", Find: `"s3:GetObject"`, Put: `"s3:Get*"`, By: "files"},
		{Name: "files: the rights of what starts tasks", File: "files.tf", Find: `service\["run"\]`, Put: `service["start"]`, By: "files"},
		{Name: "files: the program has no rights", File: "files.tf", Find: `(?s)^resource "aws_iam_role_policy".*?\n\}\n`, Put: "", By: "files"},
		{Name: "files: staging and production have one bucket", File: "files.tf", Find: `bucket        = .*`, Put: `bucket = "album-files"`, By: "names of the environment"},
	})
	terraformtest.Covered(t, "aws")
}

// ingress opens a port of one group to everyone.
func ingress(group string, port int) string {
	return fmt.Sprintf("\nresource \"aws_vpc_security_group_ingress_rule\" \"more\" {\n  security_group_id = aws_security_group.role[%q].id\n  cidr_ipv4         = \"0.0.0.0/0\"\n  ip_protocol       = \"tcp\"\n  from_port         = %d\n  to_port           = %d\n}\n", group, port, port)
}

func TestTerraformRenames(t *testing.T) {
	terraformtest.Renames(t, root(t, "full"), whole("full"), "aws_db_instance.main", "aws_elasticache_replication_group.main", "aws_ecr_repository.images", "aws_secretsmanager_secret.app")
	terraformtest.Renames(t, root(t, "bucket"), whole("bucket"), "aws_s3_bucket.store")
	terraformtest.Renames(t, root(t, "files"), whole("files"), "aws_s3_bucket.files")
}
