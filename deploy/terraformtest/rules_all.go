// Rules for every target.

package terraformtest

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/gorgon-go/gorgon/deploy/terraform"
)

var everywhere = []Rule{
	{"ports", "D1, D2: what is open to everyone is found within minutes; only the balancer's 80 and 443 are for visitors", ports},
	{"no SSH", "D2: a shell is reached through the cloud's own way in, which knows who asks", noSSH},
	{"no public addresses", "D1: a machine with an address of its own is reached past the balancer", noAddresses},
	{"no keys", "D7: a key does not expire and is copied; identities are federated", each([]string{
		"google_service_account_key", "google_storage_hmac_key", "aws_iam_access_key", "aws_iam_user", "aws_key_pair",
	}, func(_ *Result, one Resource) string { return "is a key that does not expire, or who has one" })},
	{"least rights", "D7: who takes over the program or a workflow has all that it may do", leastRights},
	{"tokens", "D7: bound to the repository alone, any branch and any pull request may deploy", tokens},
	{"secrets are only written", "D8: what Terraform keeps of a secret is read by all who read the state", onlyWritten},
	{"secrets rise together", "a password that changes at the server and not in the secret locks the program out", riseTogether},
	{"remote state", "D15: a state on one machine is lost with it, and two people destroy each other's work", remoteState},
	{"provider ranges", "D13: a provider without an upper bound breaks on its next major version", providerRanges},
	{"outputs", "D10: configuration and workflows read names from outputs; names that are copied are wrong one day", outputs},
	{"names of the environment", "D11: staging used production's cache", ofEnvironment},
	{"names last", "SST #6250: a name with something random in it is a second database on the next run", namesLast},
	{"needed and nothing else", "what the app needs is missing, or what it does not need is paid for", needed},
	{"scaling", "an instance more when there is load, one less afterwards, and never none", scaling},
}

// world reports whether a range of addresses is the internet, or a large part of it.
func world(cidr string) bool {
	_, bits, ok := strings.Cut(cidr, "/")
	return !ok && (cidr == "0.0.0.0" || cidr == "::") || ok && (bits == "0" || bits == "1" || bits == "2" || bits == "3")
}

func ports(r *Result) []string {
	var faults []string
	fault := func(one Resource, format string, args ...any) {
		faults = append(faults, one.Address+": "+fmt.Sprintf(format, args...))
	}
	for _, one := range r.Plan.Of("google_compute_firewall") {
		ranges := one.Texts("source_ranges")
		none := len(ranges) == 0 && len(one.List("source_tags")) == 0 && len(one.List("source_service_accounts")) == 0
		if one.Text("direction") != "EGRESS" && (slices.ContainsFunc(ranges, world) || none) {
			fault(one, "is open to everyone")
		}
	}
	for _, one := range r.Plan.Of("google_compute_global_forwarding_rule", "google_compute_forwarding_rule") {
		if port := one.Text("port_range"); port != "443" && port != "80" && port != "443-443" && port != "80-80" {
			fault(one, "forwards port %q: visitors come at 80 and 443", port)
		}
	}
	for _, one := range r.Plan.Of("aws_vpc_security_group_ingress_rule") {
		if !world(one.Text("cidr_ipv4")) && !world(one.Text("cidr_ipv6")) {
			continue
		}
		from, to := one.Number("from_port"), one.Number("to_port")
		if from != to || from != 80 && from != 443 || one.Text("ip_protocol") != "tcp" {
			fault(one, "%s %v to %v is open to everyone", one.Text("ip_protocol"), from, to)
		} else if refs, _ := json.Marshal(one.expression("security_group_id")); !strings.Contains(string(refs), "balancer") && !strings.Contains(string(refs), `lb`) {
			fault(one, "belongs to another group than the balancer's: %s", refs)
		}
	}
	for _, one := range r.Plan.Of("aws_security_group_rule") {
		if one.Text("type") == "ingress" && (slices.ContainsFunc(one.Texts("cidr_blocks"), world) || slices.ContainsFunc(one.Texts("ipv6_cidr_blocks"), world)) {
			fault(one, "is open to everyone")
		}
	}
	for _, one := range r.Plan.Of("aws_security_group", "aws_default_security_group") {
		for i := range one.List("ingress") {
			at := fmt.Sprintf("ingress.%d.", i)
			if slices.ContainsFunc(one.Texts(at+"cidr_blocks"), world) || slices.ContainsFunc(one.Texts(at+"ipv6_cidr_blocks"), world) {
				fault(one, "is open to everyone")
			}
		}
	}
	for _, one := range r.Plan.Of("aws_lb_listener") {
		if port := one.Number("port"); port != 443 && port != 80 {
			fault(one, "listens at %v: visitors come at 80 and 443", port)
		}
	}
	for _, one := range r.Plan.Of("google_sql_database_instance") {
		if len(one.List("settings.0.ip_configuration.0.authorized_networks")) > 0 {
			fault(one, "has authorized networks: it is reached by its private address")
		}
	}
	return faults
}

// iap is where Google's proxy for SSH comes from, which asks for an identity.
const iap = "35.235.240.0/20"

func noSSH(r *Result) []string {
	var faults []string
	for _, one := range r.Plan.Of("google_compute_firewall") {
		for i := range one.List("allow") {
			ports := one.Texts(fmt.Sprintf("allow.%d.ports", i))
			if (len(ports) == 0 || slices.ContainsFunc(ports, func(p string) bool { return covers(p, 22) })) && one.Text("direction") != "EGRESS" && !slices.Equal(one.Texts("source_ranges"), []string{iap}) {
				faults = append(faults, one.Address+": lets more than Google's proxy reach port 22")
			}
		}
	}
	for _, one := range r.Plan.Of("aws_vpc_security_group_ingress_rule", "aws_security_group_rule") {
		if from, to := one.Number("from_port"), one.Number("to_port"); one.Text("ip_protocol") == "-1" || from <= 22 && 22 <= to {
			faults = append(faults, one.Address+": opens port 22, or all")
		}
	}
	for _, one := range r.Plan.Of("aws_instance", "aws_launch_template", "aws_launch_configuration") {
		if one.Text("key_name") != "" {
			faults = append(faults, one.Address+": has a key for SSH")
		}
	}
	return faults
}

func covers(ports string, port int) bool {
	var from, to int
	if n, _ := fmt.Sscanf(ports, "%d-%d", &from, &to); n == 1 {
		to = from
	}
	return from <= port && port <= to
}

func noAddresses(r *Result) []string {
	var faults []string
	for _, one := range r.Plan.Of("google_compute_instance_template", "google_compute_instance", "google_compute_region_instance_template") {
		for i := range one.List("network_interface") {
			if len(one.List(fmt.Sprintf("network_interface.%d.access_config", i))) > 0 {
				faults = append(faults, one.Address+": has an address of its own")
			}
		}
	}
	for _, one := range r.Plan.Of("google_sql_database_instance") {
		if one.Get("settings.0.ip_configuration.0.ipv4_enabled") != false {
			faults = append(faults, one.Address+": has a public address")
		}
	}
	for _, one := range r.Plan.Of("aws_db_instance", "aws_rds_cluster_instance") {
		if one.Get("publicly_accessible") != false {
			faults = append(faults, one.Address+": has a public address")
		}
	}
	for _, one := range r.Plan.Of("aws_db_subnet_group", "aws_elasticache_subnet_group") {
		if refs := one.References("subnet_ids"); !slices.Contains(refs, "aws_subnet.private") {
			faults = append(faults, fmt.Sprintf("%s: lies in %v, not in the private subnets", one.Address, refs))
		}
	}
	return faults
}

func leastRights(r *Result) []string {
	var faults []string
	for _, one := range r.Plan.Of("google_project_iam_member", "google_service_account_iam_member", "google_storage_bucket_iam_member", "google_project_iam_binding") {
		if role := one.Text("role"); role == "roles/owner" || role == "roles/editor" {
			faults = append(faults, one.Address+": has the role "+role)
		}
		if member := one.Text("member"); member == "allUsers" || member == "allAuthenticatedUsers" {
			faults = append(faults, one.Address+": is everyone's")
		}
	}
	for _, one := range r.Plan.Of("aws_iam_role_policy_attachment") {
		if strings.HasSuffix(one.Text("policy_arn"), "/AdministratorAccess") {
			faults = append(faults, one.Address+": has every right")
		}
		if strings.HasSuffix(one.Text("policy_arn"), "/PowerUserAccess") && !strings.Contains(one.Address, "apply") {
			faults = append(faults, one.Address+": has every right, and does not apply these files")
		}
	}
	for _, one := range r.Plan.Of("aws_iam_role_policy", "aws_iam_policy") {
		// A policy with an ARN that is not known yet is read where it is written, with
		// the locals beside it.
		text := one.Text("policy")
		if text == "" && everyAction.MatchString(r.beside(one.Base())) || allows(text) {
			faults = append(faults, one.Address+": may do everything")
		}
	}
	return faults
}

// every is all of something that matters.
var every = []string{"*", "*:*", "iam:*", "s3:*", "ec2:*", "ecs:*", "secretsmanager:*"}

// everyAction is in a statement, as HCL writes it, that allows all of something, alone
// or in a list.
var everyAction = regexp.MustCompile(`"Allow"[^{}]*\bAction\s*=\s*(\[[^\]]*)?"(\*|\*:\*|(iam|s3|ec2|ecs|secretsmanager):\*)"`)

// allows reports whether a policy in JSON allows all of something.
func allows(policy string) bool {
	var p struct {
		Statement []struct {
			Effect string
			Action any
		}
	}
	if json.Unmarshal([]byte(policy), &p) != nil {
		return false
	}
	for _, s := range p.Statement {
		actions, is := s.Action.([]any)
		if !is {
			actions = []any{s.Action}
		}
		for _, a := range actions {
			if text, _ := a.(string); s.Effect == "Allow" && slices.Contains(every, text) {
				return true
			}
		}
	}
	return false
}

func tokens(r *Result) []string {
	var faults []string
	for _, one := range r.Plan.Of("google_iam_workload_identity_pool_provider") {
		condition := one.Text("attribute_condition")
		if !bound.MatchString(condition) || !strings.Contains(condition, "assertion.environment") || strings.Contains(condition, "||") {
			faults = append(faults, fmt.Sprintf("%s: %q binds a token to the repository and the environment both", one.Address, condition))
		}
	}
	for _, one := range r.Plan.Of("google_service_account_iam_member") {
		if one.Text("role") != "roles/iam.workloadIdentityUser" {
			continue
		}
		text := one.Text("member") + r.Block(one.Base())
		if !strings.Contains(text, "attribute.environment/") && !strings.Contains(text, "/subject/repo:") {
			faults = append(faults, one.Address+": any token of the pool may act as this account; bind it to attribute.environment")
		}
	}
	for _, one := range r.Plan.Of("aws_iam_role") {
		policy := one.Text("assume_role_policy")
		if policy == "" {
			policy = r.Block(one.Base())
		}
		if !strings.Contains(policy, "WebIdentity") {
			continue
		}
		if !subject.MatchString(policy) || strings.Contains(policy, "StringLike") || !strings.Contains(policy, ":aud") {
			faults = append(faults, one.Address+": trusts more than one environment of one repository")
		}
	}
	return faults
}

var (
	bound   = regexp.MustCompile(`assertion\.repository == '[^*']+/[^*']+'`)
	subject = regexp.MustCompile(`:sub"\s*[:=]\s*"repo:[^*"]+:environment:[^*"]+"`)
)

// secretArguments are arguments that Terraform keeps, by type. Each has a twin that
// ends in _wo, or there is another way.
var secretArguments = map[string][]string{
	"google_sql_user":                      {"password"},
	"google_sql_database_instance":         {"root_password"},
	"google_secret_manager_secret_version": {"secret_data"},
	"google_redis_instance":                {"auth_string"},
	"aws_db_instance":                      {"password"},
	"aws_rds_cluster":                      {"master_password"},
	"aws_secretsmanager_secret_version":    {"secret_string", "secret_binary"},
	"aws_ssm_parameter":                    {"value"},
	"aws_elasticache_replication_group":    {"auth_token"},
	"aws_elasticache_user":                 {"passwords"},
}

func onlyWritten(r *Result) []string {
	var faults []string
	for _, one := range r.Plan.Resources {
		for _, name := range secretArguments[one.Type] {
			// Certificates of authorities are public, and kept to be compared.
			if one.Set(name) && one.Name != "authorities" {
				faults = append(faults, one.Address+"."+name+": is kept in the state")
			}
		}
	}
	for _, one := range r.Plan.Of(keepers...) {
		faults = append(faults, one.Address+": is kept in the state")
	}
	secret := regexp.MustCompile(`(?im)^\s*(\S*(password|secret|token|private_key)\S*)\s*=\s*"[^"$]{6,}"`)
	for name, text := range r.Files {
		if strings.HasSuffix(name, ".tfvars") {
			for _, line := range secret.FindAllString(text, -1) {
				faults = append(faults, name+": has what looks like a secret: "+strings.TrimSpace(strings.SplitN(line, "=", 2)[0]))
			}
		}
	}
	slices.Sort(faults)
	return faults
}

// riseTogether: of those that write the same ephemeral value, one has a number, and
// the others' numbers refer to it or to the same variable.
func riseTogether(r *Result) []string {
	writers := map[string][]Resource{} // by ephemeral value
	numbers := map[string]string{}     // of a resource, the argument
	for _, one := range r.Plan.Resources {
		for name := range one.config {
			if !strings.HasSuffix(name, "_wo") {
				continue
			}
			for _, ref := range one.References(name) {
				if e, is := strings.CutPrefix(ref, "ephemeral."); is && !slices.ContainsFunc(writers[e], func(o Resource) bool { return o.Base() == one.Base() }) {
					writers[e] = append(writers[e], one)
					numbers[one.Base()] = name + "_version"
				}
			}
		}
	}
	var faults []string
	for value, all := range writers {
		common := map[string]bool{}
		for _, one := range all {
			refs := one.References(numbers[one.Base()])
			if len(refs) == 0 && len(all) > 1 && !slices.ContainsFunc(all, func(o Resource) bool {
				return slices.Contains(o.References(numbers[o.Base()]), one.Base())
			}) {
				faults = append(faults, fmt.Sprintf("%s: its %s is a number of its own, beside others that write %s", one.Address, numbers[one.Base()], value))
			}
			for _, ref := range refs {
				if !slices.ContainsFunc(all, func(o Resource) bool { return o.Base() == ref }) {
					common[ref] = true
				}
			}
		}
		if len(common) > 1 {
			faults = append(faults, fmt.Sprintf("what writes %s has versions of %d sources", value, len(common)))
		}
	}
	// Through locals it is not seen what writes a value: the numbers are.
	for _, server := range r.Plan.Of("google_sql_user", "aws_db_instance") {
		number := server.Number("password_wo_version")
		for _, v := range r.Plan.Of("google_secret_manager_secret_version", "aws_secretsmanager_secret_version") {
			of := v.Name == "database" || slices.ContainsFunc(r.Stack.From("database"), func(s terraform.Secret) bool {
				return strings.HasSuffix(v.Address, fmt.Sprintf("[%q]", s.Name)) || strings.HasSuffix(v.Address, fmt.Sprintf("[%q]", s.ID))
			})
			if got := v.Number("secret_data_wo_version") + v.Number("secret_string_wo_version"); of && got != number {
				faults = append(faults, fmt.Sprintf("%s: has number %v, and %s has %v", v.Address, got, server.Address, number))
			}
		}
	}
	slices.Sort(faults)
	return faults
}

func remoteState(r *Result) []string {
	var faults []string
	text := r.text(".tf") + r.text(".backend.hcl")
	if !regexp.MustCompile(`(?m)^\s*backend "(gcs|s3)"`).MatchString(text) {
		faults = append(faults, "no backend that others reach is declared")
	}
	if strings.Contains(text, `backend "s3"`) && !regexp.MustCompile(`use_lockfile\s*=\s*true`).MatchString(text) {
		faults = append(faults, "the state in S3 has no lock: use_lockfile")
	}
	for _, name := range []string{"environments/production.backend.hcl", "environments/staging.backend.hcl"} {
		if r.Files[name] == "" {
			faults = append(faults, name+" is missing: each environment has a state of its own")
		}
	}
	return faults
}

func providerRanges(r *Result) []string {
	var faults []string
	for _, line := range regexp.MustCompile(`(?m)^.*source\s*=\s*"hashicorp/.*$`).FindAllString(r.text(".tf"), -1) {
		if !strings.Contains(line, ">=") || !strings.Contains(line, "<") {
			faults = append(faults, strings.TrimSpace(line)+": wants a lower and an upper bound")
		}
	}
	if !regexp.MustCompile(`required_version\s*=\s*">= 1\.(1[1-9]|[2-9][0-9])`).MatchString(r.text(".tf")) {
		faults = append(faults, "required_version is not 1.11 or later, which has arguments that are only written")
	}
	return faults
}

func outputs(r *Result) []string {
	var faults []string
	wanted := []string{"url", "records", "release"}
	for _, use := range regexp.MustCompile(`output -(?:raw|json) ([a-z_]+)`).FindAllStringSubmatch(r.text(".sh"), -1) {
		wanted = append(wanted, use[1])
	}
	if len(r.Stack.Secrets) > len(r.Stack.Located()) {
		wanted = append(wanted, "secrets")
	}
	for _, name := range wanted {
		if !slices.Contains(r.Plan.Outputs, name) {
			faults = append(faults, "there is no output "+name)
		}
	}
	keys := []string{"REPOSITORY", "REGION", "URL"}
	if r.Stack.Migrate {
		keys = append(keys, "MIGRATE")
	}
	for _, key := range keys {
		if !slices.Contains(r.Plan.Released, key) {
			faults = append(faults, "the output release has no "+key)
		}
	}
	return faults
}

// named are the arguments that name what an environment has for itself.
var named = map[string]string{
	"google_sql_database_instance":                 "name",
	"google_memorystore_instance":                  "instance_id",
	"google_redis_instance":                        "name",
	"google_storage_bucket":                        "name",
	"google_compute_network":                       "name",
	"google_cloud_run_v2_service":                  "name",
	"google_cloud_run_v2_job":                      "name",
	"google_compute_region_instance_group_manager": "name",
	"google_secret_manager_secret":                 "secret_id",
	"aws_db_instance":                              "identifier",
	"aws_elasticache_replication_group":            "replication_group_id",
	"aws_s3_bucket":                                "bucket",
	"aws_ecs_cluster":                              "name",
	"aws_ecs_service":                              "name",
	"aws_lb":                                       "name",
	"aws_secretsmanager_secret":                    "name",
}

func ofEnvironment(r *Result) []string {
	environment, _ := r.Plan.Variables["environment"].(string)
	if environment == "" {
		return []string{"there is no variable environment"}
	}
	var faults []string
	for _, one := range r.Plan.Resources {
		if argument := named[one.Type]; argument != "" && !strings.Contains(one.Text(argument), environment) {
			faults = append(faults, fmt.Sprintf("%s: its %s %q is without the environment %s", one.Address, argument, one.Text(argument), environment))
		}
	}
	return faults
}

func namesLast(r *Result) []string {
	return each([]string{"random_id", "random_pet", "random_uuid", "random_integer", "random_string"}, func(*Result, Resource) string {
		return "makes names that nothing else knows"
	})(r)
}

// needed: each part is there exactly if the app needs it.
func needed(r *Result) []string {
	if r.Stack.Name == "" {
		return []string{"the root says no stack"}
	}
	var faults []string
	for _, part := range []struct {
		name  string
		need  bool
		types []string
	}{
		{"database", r.Stack.Database, []string{"google_sql_database_instance", "aws_db_instance", "aws_rds_cluster", "google_alloydb_cluster"}},
		{"cache", r.Stack.Cache, []string{"google_memorystore_instance", "google_redis_instance", "aws_elasticache_replication_group", "aws_elasticache_serverless_cache"}},
		{"bucket", r.Stack.Bucket || r.Stack.Files, []string{"google_storage_bucket", "aws_s3_bucket"}},
		{"schedule", r.Stack.Cron != "", []string{"google_cloud_scheduler_job", "aws_scheduler_schedule", "aws_cloudwatch_event_rule"}},
		{"secrets", len(r.Stack.Secrets) > len(r.Stack.Located()), []string{"google_secret_manager_secret", "aws_secretsmanager_secret"}},
	} {
		if n := r.Plan.Count(part.types...); (n > 0) != part.need {
			faults = append(faults, fmt.Sprintf("%s: needed %v, and %d planned of %v", part.name, part.need, n, part.types))
		}
	}
	return faults
}

func scaling(r *Result) []string {
	var faults []string
	fault := func(one Resource, format string, args ...any) {
		faults = append(faults, one.Address+": "+fmt.Sprintf(format, args...))
	}
	bounds := func(one Resource, least, most float64, zero bool) {
		if most < least || most < 1 || least < 1 && !zero {
			fault(one, "from %v to %v instances", least, most)
		}
	}
	groups := r.Plan.Count("google_compute_region_instance_group_manager", "google_compute_instance_group_manager")
	if scalers := r.Plan.Of("google_compute_region_autoscaler", "google_compute_autoscaler"); len(scalers) < groups {
		faults = append(faults, "a group of machines has no autoscaler")
	} else {
		for _, one := range scalers {
			bounds(one, one.Number("autoscaling_policy.0.min_replicas"), one.Number("autoscaling_policy.0.max_replicas"), false)
			if target := one.Number("autoscaling_policy.0.cpu_utilization.0.target"); target < 0.1 || target > 0.9 {
				fault(one, "its target is %v of the processor", target)
			}
			if len(one.List("autoscaling_policy.0.scale_in_control")) == 0 {
				fault(one, "removes all at once what a short lull does not need")
			}
		}
	}
	services := r.Plan.Count("aws_ecs_service")
	if targets := r.Plan.Of("aws_appautoscaling_target"); len(targets) < services {
		faults = append(faults, "a service has no scaling target")
	} else {
		for _, one := range targets {
			bounds(one, one.Number("min_capacity"), one.Number("max_capacity"), false)
		}
	}
	if services > 0 && r.Plan.Count("aws_appautoscaling_policy") == 0 {
		faults = append(faults, "a service has no scaling policy")
	}
	for _, one := range r.Plan.Of("aws_appautoscaling_policy") {
		at := "target_tracking_scaling_policy_configuration.0."
		if target := one.Number(at + "target_value"); target < 10 || target > 90 {
			fault(one, "its target is %v percent", target)
		}
		if one.Number(at+"scale_in_cooldown") < 60 {
			fault(one, "removes instances in a short lull")
		}
	}
	for _, one := range r.Plan.Of("google_cloud_run_v2_service") {
		bounds(one, one.Number("template.0.scaling.0.min_instance_count"), one.Number("template.0.scaling.0.max_instance_count"), true)
		if n := one.Number("template.0.max_instance_request_concurrency"); n < 1 {
			fault(one, "has no bound on the requests of an instance, which is the target of the scaling")
		}
	}
	if groups+services+r.Plan.Count("google_cloud_run_v2_service") == 0 {
		faults = append(faults, "nothing runs the program")
	}
	return faults
}
