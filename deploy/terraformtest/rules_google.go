// Rules for Google Cloud: what machines and Cloud Run have in common, and each.

package terraformtest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gorgon-go/gorgon/wire"
)

var onGoogle = []Rule{
	{"database TLS", "D1: a password in plain text crosses the network", each([]string{"google_sql_database_instance"}, func(_ *Result, one Resource) string {
		if mode := one.Text("settings.0.ip_configuration.0.ssl_mode"); mode != "ENCRYPTED_ONLY" && mode != "TRUSTED_CLIENT_CERTIFICATE_REQUIRED" {
			return fmt.Sprintf("its ssl_mode is %q", mode)
		}
		return ""
	})},
	{"database backups", "D9: without a log between backups, a day is lost", each([]string{"google_sql_database_instance"}, func(_ *Result, one Resource) string {
		at := "settings.0.backup_configuration.0."
		switch {
		case !one.True(at + "enabled"):
			return "has no backups"
		case !one.True(at + "point_in_time_recovery_enabled"):
			return "cannot be restored to a point in time"
		case one.Number(at+"transaction_log_retention_days") < 1:
			return "keeps no log"
		}
		return ""
	})},
	{"protection", "D9: a destroy in the wrong terminal; Cloud SQL has two protections, Terraform's and its own", protectedAtGoogle},
	{"disk grows", "a disk that is full stops the database; one that Terraform would shrink replaces it", each([]string{"google_sql_database_instance"}, func(r *Result, one Resource) string {
		if !one.True("settings.0.disk_autoresize") {
			return "its disk does not grow"
		}
		if !strings.Contains(r.ignores(one.Base()), "disk_size") {
			return "an apply after it has grown would replace it: ignore settings[0].disk_size"
		}
		return ""
	})},
	{"peering", "provider-google #16275, #19908: a destroy waits for Cloud SQL, which releases its addresses days later", each([]string{"google_service_networking_connection"}, func(_ *Result, one Resource) string {
		if one.Text("deletion_policy") != "ABANDON" {
			return "its deletion_policy is not ABANDON"
		}
		return ""
	})},
	{"database waits for the peering", "a server with a private address is refused before the network reaches Google's", each([]string{"google_sql_database_instance"}, func(r *Result, one Resource) string {
		if !one.After("google_service_networking_connection") {
			return "does not wait for google_service_networking_connection"
		}
		return ""
	})},
	{"cache TLS", "D11: what is cached crosses the network in plain text", each([]string{"google_memorystore_instance", "google_redis_instance"}, func(_ *Result, one Resource) string {
		if mode := one.Text("transit_encryption_mode"); mode != "SERVER_AUTHENTICATION" {
			return fmt.Sprintf("its transit_encryption_mode is %q", mode)
		}
		return ""
	})},
	{"buckets", "D9, D14: deleted with what is in them, public, or open to scripts of every site", each([]string{"google_storage_bucket"}, func(_ *Result, one Resource) string {
		switch {
		case one.True("force_destroy"):
			return "is deleted with what is in it"
		case one.Text("public_access_prevention") != "enforced":
			return "may be made public"
		case !one.True("uniform_bucket_level_access"):
			return "has rights for each object"
		case slices.Contains(one.Texts("cors.0.origin"), "*"):
			return "answers scripts of every site"
		}
		return ""
	})},
	{"redirect", "D16: what is sent to port 80 is read on its way", func(r *Result) []string {
		proxies := r.Plan.Of("google_compute_target_http_proxy")
		var faults []string
		for _, one := range proxies {
			refs := one.References("url_map")
			for _, m := range r.Plan.Of("google_compute_url_map") {
				if slices.Contains(refs, m.Base()) && !m.True("default_url_redirect.0.https_redirect") {
					faults = append(faults, m.Address+": port 80 is not sent on to HTTPS")
				}
			}
		}
		if rules := r.Plan.Count("google_compute_global_forwarding_rule"); rules > 0 && (len(proxies) == 0 || rules < 2) {
			faults = append(faults, "port 80 is not forwarded: a visitor who types the name gets nothing")
		}
		return faults
	}},
	{"TLS 1.2", "the default policy admits TLS 1.0", each([]string{"google_compute_target_https_proxy"}, func(r *Result, one Resource) string {
		refs := one.References("ssl_policy")
		for _, p := range r.Plan.Of("google_compute_ssl_policy") {
			if slices.Contains(refs, p.Base()) && p.Text("min_tls_version") == "TLS_1_2" {
				return ""
			}
		}
		return "has no policy with TLS 1.2 or later"
	})},
	{"certificate before visitors", "a certificate that is proved by the balancer is ready an hour after the domain points to it", func(r *Result) []string {
		if r.Plan.Count("google_compute_target_https_proxy") == 0 {
			return nil
		}
		faults := each([]string{"google_certificate_manager_certificate"}, func(_ *Result, one Resource) string {
			if len(one.References("managed.0.dns_authorizations")) == 0 {
				return "is not proved by DNS"
			}
			return ""
		})(r)
		faults = append(faults, each([]string{"google_compute_target_https_proxy"}, func(_ *Result, one Resource) string {
			if one.expression("certificate_map") == nil || !one.After("google_certificate_manager_certificate_map_entry") {
				return "does not wait for the entry that names its certificate"
			}
			return ""
		})(r)...)
		return append(faults, some("the certificate", "google_certificate_manager_certificate")(r)...)
	}},
	{"images stay", "D5: a tag that is moved to another image; a roll-back whose image was cleaned away", all(
		some("images", "google_artifact_registry_repository"),
		each([]string{"google_artifact_registry_repository"}, func(_ *Result, one Resource) string {
			if !one.True("docker_config.0.immutable_tags") {
				return "its tags may be moved"
			}
			for i := range one.List("cleanup_policies") {
				at := fmt.Sprintf("cleanup_policies.%d.", i)
				if one.Text(at+"action") == "KEEP" && one.Number(at+"most_recent_versions.0.keep_count") >= 5 {
					return ""
				}
			}
			return "keeps no image to go back to"
		}))},
	{"interfaces stay on", "a destroy of this app would switch off what another in the project uses", each([]string{"google_project_service"}, func(_ *Result, one Resource) string {
		if one.Get("disable_on_destroy") != false {
			return "is switched off on destroy"
		}
		return ""
	})},
	{"jobs of the release", "D6: a schema that is changed by hand; a job that an apply gives an old image", func(r *Result) []string {
		var commands []string
		for _, one := range r.Plan.Of("google_cloud_run_v2_job") {
			commands = append(commands, one.Texts("template.0.template.0.containers.0.args")...)
		}
		var faults []string
		if r.Stack.Migrate && !slices.Contains(commands, "migrate") {
			faults = append(faults, "no job migrates, which gates each release")
		}
		if r.Stack.Cron != "" && !slices.Contains(commands, "maintain") {
			faults = append(faults, "no job maintains")
		}
		return append(faults, each([]string{"google_cloud_run_v2_job"}, func(r *Result, one Resource) string {
			if !strings.Contains(r.ignores(one.Base()), ".image") {
				return "an apply takes back the image that a release has put in"
			}
			return ""
		})(r)...)
	}},
	{"schedule calls as someone", "a call without an identity is refused, one with the program's may do too much", each([]string{"google_cloud_scheduler_job"}, func(_ *Result, one Resource) string {
		at := append(one.References("http_target.0.oauth_token.0.service_account_email"), one.References("http_target.0.oidc_token.0.service_account_email")...)
		switch {
		case len(at) == 0:
			return "calls without an identity"
		case one.Set("http_target.0.headers"): // a key in them is in the state
			return "sends headers of its own, which the state keeps"
		case !strings.HasPrefix(one.Text("http_target.0.uri"), "https://") && one.Get("http_target.0.uri") != (Unknown{}):
			return "sends its token in plain text"
		}
		return ""
	})},
	{"watched", "an app that is down is noticed by its visitors", func(r *Result) []string {
		if r.Plan.Variables["watch"] == false {
			return nil
		}
		return append(some("what asks from outside", "google_monitoring_uptime_check_config")(r), append(
			some("alerts", "google_monitoring_alert_policy")(r), some("a page that shows it", "google_monitoring_dashboard")(r)...)...)
	}},
	{"alerts", "D4, §15: 5xx, latency, readiness, the database's disk and each event of the log have an alert", func(r *Result) []string {
		if r.Plan.Variables["watch"] == false {
			return nil
		}
		var text strings.Builder
		for _, one := range r.Plan.Of("google_monitoring_alert_policy") {
			for i := range one.List("conditions") {
				filter := fmt.Sprintf("conditions.%d.condition_threshold.0.filter", i)
				text.WriteString(one.Text(filter) + one.Text(fmt.Sprintf("conditions.%d.condition_matched_log.0.filter", i)) + "\n")
				// Of all that is watched, the check from outside alone has an id that
				// is known only after it is made.
				if one.Get(filter) == (Unknown{}) && strings.Contains(r.text(".tf"), "uptime_check/check_passed") {
					text.WriteString("check_passed\n")
				}
			}
		}
		return missing(text.String(), "an alert on", watched(r, []string{"response_code_class", "latencies", "check_passed"}, "disk/utilization"))
	}},
}

var onMachines = []Rule{
	{"heal on live", "readiness used for healing replaces every machine when the database is away for a minute", func(r *Result) []string {
		return probes(r, "google_compute_region_instance_group_manager", "auto_healing_policies.0.health_check", wire.Live)
	}},
	{"route on ready", "D4: a machine that lives and is not ready answers visitors with errors", func(r *Result) []string {
		return probes(r, "google_compute_backend_service", "health_checks", wire.Ready)
	}},
	{"long connections", "D3, Serverpod #1032: 30 s end every WebSocket and stream, in use or not", each([]string{"google_compute_backend_service"}, func(_ *Result, one Resource) string {
		if n := one.Number("timeout_sec"); n < 3600 {
			return fmt.Sprintf("its timeout is %v s", n)
		}
		return ""
	})},
	{"idle connections", "a program that closes an idle connection first closes one into which a request is being sent: 502", each([]string{"google_compute_backend_service"}, func(r *Result, _ Resource) string {
		return r.keepsAlive(600) // which cannot be set
	})},
	{"drain", "terraform-google-lb-internal #41: an instance that goes takes its requests with it", each([]string{"google_compute_backend_service"}, func(r *Result, one Resource) string {
		if n := one.Number("connection_draining_timeout_sec"); n < 15 {
			return fmt.Sprintf("requests have %v s to end", n)
		}
		return ""
	})},
	{"surge", "a regional group refuses a surge below the number of its zones, which validate does not know", each([]string{"google_compute_region_instance_group_manager"}, func(r *Result, one Resource) string {
		zones := len(one.Texts("distribution_policy_zones"))
		if zones == 0 {
			zones = 3
		}
		if n := one.Number("update_policy.0.max_surge_fixed"); int(n) < zones {
			return fmt.Sprintf("a surge of %v in %d zones", n, zones)
		}
		if one.Number("update_policy.0.max_unavailable_fixed") > 0 {
			return "takes instances away before others are there"
		}
		return ""
	})},
	{"healing policy", "D13: an instance that hangs stays", each([]string{"google_compute_region_instance_group_manager"}, func(_ *Result, one Resource) string {
		if one.Number("auto_healing_policies.0.initial_delay_sec") < 60 {
			return "an instance that starts is replaced before it has started"
		}
		return ""
	})},
	{"templates are replaced", "a template cannot be changed, and not deleted while the group uses it", each([]string{"google_compute_instance_template"}, func(r *Result, one Resource) string {
		if strings.Contains(r.Block(one.Base()), "ignore_changes = all") {
			return ""
		}
		if one.Text("name_prefix") == "" || !strings.Contains(r.Block(one.Base()), "create_before_destroy = true") {
			return "wants a name_prefix and create_before_destroy"
		}
		return ""
	})},
	{"image and size are the release's", "provider-google #13435: an apply silently goes back to an old image", each([]string{"google_compute_region_instance_group_manager"}, func(r *Result, one Resource) string {
		if ignored := r.ignores(one.Base()); !strings.Contains(ignored, "version") || !strings.Contains(ignored, "target_size") {
			return "an apply takes back the release's template, or the scaler's size"
		}
		return ""
	})},
	{"what a machine reads is there first", "a machine that starts before its secret has a reader fails, and is replaced, and fails", each([]string{"google_compute_region_instance_group_manager"}, func(r *Result, one Resource) string {
		if len(r.Stack.Secrets) > 0 && !one.After("google_secret_manager_secret_iam_member") {
			return "does not wait for the right to read secrets"
		}
		if !one.After("google_artifact_registry_repository_iam_member") {
			return "does not wait for the right to pull the image"
		}
		return ""
	})},
	{"no tags", "D5: a machine that restarts runs another image than the one that was tested", each([]string{"google_compute_instance_template"}, func(r *Result, one Resource) string {
		image, _ := into(one.Get("metadata"), "image").(string)
		if image != "" && !strings.Contains(image, "@sha256:") {
			return fmt.Sprintf("its image %q is without a digest", image)
		}
		return ""
	})},
	{"shell asks", "D2: a machine takes keys of the whole project", each([]string{"google_compute_instance_template"}, func(r *Result, one Resource) string {
		if strings.Contains(r.Block(one.Base()), "ignore_changes = all") {
			return ""
		}
		if m := one.Get("metadata"); one.Get("metadata") != (Unknown{}) && (into(m, "block-project-ssh-keys") != "true" || into(m, "enable-oslogin") != "true") {
			return "wants block-project-ssh-keys and enable-oslogin"
		}
		return ""
	})},
	{"one way in", "D12: four proxies with four certificates", func(r *Result) []string {
		if n := r.Plan.Count("google_compute_target_https_proxy"); n != 1 {
			return []string{fmt.Sprintf("%d proxies for HTTPS", n)}
		}
		return nil
	}},
}

var onCloudRun = []Rule{
	{"heal on live", "readiness used for healing restarts every instance when the database is away", each([]string{"google_cloud_run_v2_service"}, func(_ *Result, one Resource) string {
		if p := one.Text("template.0.containers.0.liveness_probe.0.http_get.0.path"); p != wire.Live {
			return fmt.Sprintf("its liveness probe asks %q", p)
		}
		return ""
	})},
	{"route on started", "D4: visitors reach an instance that is not yet ready", each([]string{"google_cloud_run_v2_service"}, func(_ *Result, one Resource) string {
		if p := one.Text("template.0.containers.0.startup_probe.0.http_get.0.path"); p != wire.Started && p != wire.Ready {
			return fmt.Sprintf("its startup probe asks %q", p)
		}
		return ""
	})},
	{"long connections", "D3: a connection ends with the service's timeout; HTTP/2 to the container rules out WebSocket", each([]string{"google_cloud_run_v2_service"}, func(r *Result, one Resource) string {
		if !r.Stack.Connections {
			return ""
		}
		if t := one.Text("template.0.timeout"); t != "3600s" {
			return "its timeout is " + t
		}
		if n := one.Text("template.0.containers.0.ports.0.name"); n != "http1" {
			return "its port is " + n
		}
		return ""
	})},
	{"serverless backend", "a backend for Cloud Run refuses a timeout and health checks", each([]string{"google_compute_backend_service"}, func(_ *Result, one Resource) string {
		if one.Set("timeout_sec") || one.Set("health_checks") || one.Set("port_name") {
			return "has a timeout, a port or health checks, which are refused"
		}
		return ""
	})},
	{"background work", "Cloud Run takes the processor away between requests", each([]string{"google_cloud_run_v2_service"}, func(r *Result, one Resource) string {
		if !r.Stack.Site.Outcome.Setting.AlwaysOn {
			return ""
		}
		if one.Get("template.0.containers.0.resources.0.cpu_idle") != false {
			return "has no processor between requests"
		}
		if one.Number("template.0.scaling.0.min_instance_count") < 1 {
			return "may have no instance"
		}
		return ""
	})},
	{"image and visitors are the release's", "provider-google #13410, #17218, #13435: an apply takes back image and traffic", each([]string{"google_cloud_run_v2_service"}, func(r *Result, one Resource) string {
		ignored := r.ignores(one.Base())
		for _, name := range []string{".image", "traffic", "client"} {
			if !strings.Contains(ignored, name) {
				return "an apply takes back " + name
			}
		}
		return ""
	})},
	{"no tags", "D5: another image than the one that was tested", each([]string{"google_cloud_run_v2_service", "google_cloud_run_v2_job"}, func(_ *Result, one Resource) string {
		image := one.Text("template.0.containers.0.image") + one.Text("template.0.template.0.containers.0.image")
		name := image[strings.LastIndex(image, "/")+1:]
		if strings.Contains(name, ":") && !strings.Contains(name, "@sha256:") {
			return fmt.Sprintf("its image %q is without a digest", image)
		}
		return ""
	})},
	{"what an instance reads is there first", "a revision without its secrets does not start", each([]string{"google_cloud_run_v2_service"}, func(r *Result, one Resource) string {
		if len(r.Stack.Secrets) > 0 && !one.After("google_secret_manager_secret_iam_member") {
			return "does not wait for the right to read secrets"
		}
		if len(r.Stack.From("database")) > 0 && !one.After("google_secret_manager_secret_version") {
			return "does not wait for its secrets' values"
		}
		return ""
	})},
	{"one way in", "D12: several proxies and certificates", func(r *Result) []string {
		if n := r.Plan.Count("google_compute_target_https_proxy"); n > 1 {
			return []string{fmt.Sprintf("%d proxies for HTTPS", n)}
		}
		return nil
	}},
	{"visitors need no account", "a service that asks visitors for an identity answers 403", func(r *Result) []string {
		for _, one := range r.Plan.Of("google_cloud_run_v2_service_iam_member") {
			if one.Text("role") == "roles/run.invoker" && one.Text("member") == "allUsers" {
				return nil
			}
		}
		return []string{"no visitor may call the service"}
	}},
}

func protectedAtGoogle(r *Result) []string {
	if !r.Production() {
		return nil
	}
	return each([]string{"google_sql_database_instance", "google_memorystore_instance", "google_cloud_run_v2_service"}, func(r *Result, one Resource) string {
		names := []string{"deletion_protection"}
		switch one.Type {
		case "google_sql_database_instance":
			names = append(names, "settings.0.deletion_protection_enabled")
		case "google_memorystore_instance":
			names = []string{"deletion_protection_enabled"}
		}
		for _, name := range names {
			if !one.True(name) {
				return name + " is off in production"
			}
		}
		return ""
	})(r)
}

// probes holds the path of the health check that an argument refers to.
func probes(r *Result, kind, argument, path string) []string {
	faults := some("what is probed", kind)(r)
	for _, one := range r.Plan.Of(kind) {
		refs := one.References(argument)
		if len(refs) == 0 {
			faults = append(faults, one.Address+": has no health check")
		}
		for _, check := range r.Plan.Of("google_compute_health_check", "google_compute_region_health_check", "google_compute_http_health_check") {
			if got := check.Text("http_health_check.0.request_path") + check.Text("request_path"); slices.Contains(refs, check.Base()) && got != path {
				faults = append(faults, fmt.Sprintf("%s: asks %q, not %s (%s)", one.Address, got, path, check.Address))
			}
		}
	}
	return faults
}

// watched are what alerts are on: the disk of a database if there is one, and what
// the program may say in its log.
func watched(r *Result, always []string, disk string) []string {
	list := slices.Clone(always)
	if r.Stack.Database {
		list = append(list, disk)
	}
	for _, e := range r.Stack.Events() {
		list = append(list, e.Name)
	}
	return list
}
