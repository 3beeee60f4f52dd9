// Rules for AWS.

package terraformtest

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/gorgon-go/gorgon/wire"
)

var onAmazon = []Rule{
	{"database TLS", "D1: a password in plain text crosses the network", func(r *Result) []string {
		return each([]string{"aws_db_instance"}, func(r *Result, one Resource) string {
			refs := one.References("parameter_group_name")
			for _, g := range r.Plan.Of("aws_db_parameter_group") {
				if !slices.Contains(refs, g.Base()) {
					continue
				}
				for i := range g.List("parameter") {
					at := fmt.Sprintf("parameter.%d.", i)
					if g.Text(at+"name") == "rds.force_ssl" && g.Text(at+"value") == "1" {
						return ""
					}
				}
			}
			return "has no parameter group with rds.force_ssl"
		})(r)
	}},
	{"database backups", "D9: no backups, and none when it is deleted", each([]string{"aws_db_instance"}, func(r *Result, one Resource) string {
		switch {
		case one.Number("backup_retention_period") < 1:
			return "has no backups"
		case !one.True("storage_encrypted"):
			return "is not encrypted"
		case r.Production() && one.True("skip_final_snapshot"):
			return "is deleted without a last snapshot"
		case one.Text("final_snapshot_identifier") == "":
			return "its last snapshot has no name, so that a delete fails half-way"
		}
		return ""
	})},
	{"protection", "D9: a destroy in the wrong terminal", func(r *Result) []string {
		if !r.Production() {
			return nil
		}
		return each([]string{"aws_db_instance", "aws_lb"}, func(_ *Result, one Resource) string {
			name := map[string]string{"aws_db_instance": "deletion_protection", "aws_lb": "enable_deletion_protection"}[one.Type]
			if !one.True(name) {
				return name + " is off in production"
			}
			return ""
		})(r)
	}},
	{"disk grows", "a disk that is full stops the database", each([]string{"aws_db_instance"}, func(_ *Result, one Resource) string {
		if one.Number("max_allocated_storage") <= one.Number("allocated_storage") {
			return "its disk does not grow"
		}
		return ""
	})},
	{"cache TLS", "D11: no encryption, and no password", each([]string{"aws_elasticache_replication_group"}, func(_ *Result, one Resource) string {
		switch {
		case !one.True("transit_encryption_enabled"):
			return "speaks in plain text"
		case one.Get("at_rest_encryption_enabled") != "true" && !one.True("at_rest_encryption_enabled"):
			return "keeps plain text"
		case one.expression("auth_token_wo") == nil && one.expression("user_group_ids") == nil:
			return "admits all who reach it"
		}
		return ""
	})},
	{"buckets", "D9, D14: deleted with what is in them, public, or open to scripts of every site", func(r *Result) []string {
		faults := each([]string{"aws_s3_bucket"}, func(r *Result, one Resource) string {
			if r.Production() && one.True("force_destroy") {
				return "is deleted with what is in it"
			}
			for _, b := range r.Plan.Of("aws_s3_bucket_public_access_block") {
				if slices.Contains(b.References("bucket"), one.Base()) && b.True("block_public_acls") && b.True("block_public_policy") && b.True("ignore_public_acls") && b.True("restrict_public_buckets") {
					return ""
				}
			}
			return "may be made public"
		})(r)
		return append(faults, each([]string{"aws_s3_bucket_cors_configuration"}, func(_ *Result, one Resource) string {
			for i := range one.List("cors_rule") {
				if slices.Contains(one.Texts(fmt.Sprintf("cors_rule.%d.allowed_origins", i)), "*") {
					return "answers scripts of every site"
				}
			}
			return ""
		})(r)...)
	}},
	{"files", "what visitors upload is nowhere else, and comes from scripts: of other sites, too, where the rule for origins is wide", files},
	{"redirect", "D16: what is sent to port 80 is read on its way", func(r *Result) []string {
		for _, one := range r.Plan.Of("aws_lb_listener") {
			if one.Number("port") == 80 && one.Text("default_action.0.type") == "redirect" && one.Text("default_action.0.redirect.0.protocol") == "HTTPS" {
				return nil
			}
		}
		return []string{"port 80 is not sent on to HTTPS"}
	}},
	{"TLS 1.2", "the default policy admits TLS 1.0", all(
		each([]string{"aws_lb_listener"}, func(_ *Result, one Resource) string {
			if one.Number("port") == 443 && (one.Text("protocol") != "HTTPS" || !strings.Contains(one.Text("ssl_policy"), "TLS13-1-2")) {
				return fmt.Sprintf("its policy is %q", one.Text("ssl_policy"))
			}
			return ""
		}),
		each([]string{"aws_cloudfront_distribution"}, func(_ *Result, one Resource) string {
			if !strings.HasPrefix(one.Text("viewer_certificate.0.minimum_protocol_version"), "TLSv1.2_") {
				return "admits old versions of TLS"
			}
			if one.Text("default_cache_behavior.0.viewer_protocol_policy") == "allow-all" {
				return "answers plain HTTP"
			}
			return ""
		}))},
	{"certificate before visitors", "a listener is refused with a certificate that is not issued; CloudFront takes those of us-east-1 alone", all(
		each([]string{"aws_lb_listener"}, func(_ *Result, one Resource) string {
			if one.Number("port") == 443 && !slices.Contains(one.References("certificate_arn"), "aws_acm_certificate_validation.main") {
				return "does not wait until its certificate is issued"
			}
			return ""
		}),
		each([]string{"aws_acm_certificate"}, func(_ *Result, one Resource) string {
			if one.Text("validation_method") != "DNS" {
				return "is not proved by DNS"
			}
			return ""
		}),
		each([]string{"aws_cloudfront_distribution"}, func(r *Result, one Resource) string {
			for _, ref := range one.References("viewer_certificate.0.acm_certificate_arn") {
				there := func(v Resource) bool {
					return v.Base() == ref && (v.Text("region") == "us-east-1" || v.Provider == "aws.edge")
				}
				if strings.HasPrefix(ref, "aws_acm_certificate") && !slices.ContainsFunc(r.Plan.Resources, there) {
					return "its certificate is of another region than us-east-1"
				}
			}
			return ""
		}),
		each([]string{"aws_route53_record"}, func(r *Result, one Resource) string {
			if strings.Contains(r.Block(one.Base()), "resource_record_name") && !one.True("allow_overwrite") {
				return "proves a name that another certificate proves, too: allow_overwrite"
			}
			return ""
		}))},
	{"route on ready", "D4: a task that lives and is not ready answers visitors with errors", each([]string{"aws_lb_target_group"}, func(_ *Result, one Resource) string {
		if p := one.Text("health_check.0.path"); p != wire.Ready {
			return fmt.Sprintf("asks %q", p)
		}
		return ""
	})},
	{"heal on live", "ECS replaces tasks that the balancer finds not ready: a database that is away for a minute may not replace them all", all(
		each([]string{"aws_lb_target_group"}, func(_ *Result, one Resource) string {
			if n := one.Number("health_check.0.interval") * one.Number("health_check.0.unhealthy_threshold"); n < 120 {
				return fmt.Sprintf("a task is replaced after %v s: a database that fails over takes longer", n)
			}
			return ""
		}),
		each([]string{"aws_ecs_service"}, func(_ *Result, one Resource) string {
			if one.Number("health_check_grace_period_seconds") < 30 {
				return "a task is replaced before it has started"
			}
			return ""
		}))},
	{"long connections", "D3, Serverpod #1032: 60 s end every quiet WebSocket and stream", each([]string{"aws_lb"}, func(r *Result, one Resource) string {
		if n := one.Number("idle_timeout"); r.Stack.Connections && n < 3600 {
			return fmt.Sprintf("its idle timeout is %v s", n)
		}
		return ""
	})},
	{"idle connections", "a program that closes an idle connection first closes one into which a request is being sent: 502", each([]string{"aws_lb"}, func(r *Result, one Resource) string {
		return r.keepsAlive(one.Number("idle_timeout"))
	})},
	{"drain", "Fargate ends a task 120 s after the signal at the latest; a task that goes takes its requests with it", func(r *Result) []string {
		faults := each([]string{"aws_lb_target_group"}, func(_ *Result, one Resource) string {
			if n := one.Number("deregistration_delay"); n < 5 || n > 120 {
				return fmt.Sprintf("requests have %v s to end", n)
			}
			return ""
		})(r)
		for _, text := range definitions(r) {
			n := regexp.MustCompile(`"?stopTimeout"?\s*[:=]\s*([0-9]+|var\.drain_seconds)`).FindStringSubmatch(text)
			if n == nil {
				faults = append(faults, "a task ends 30 s after the signal: stopTimeout is not set")
			} else if len(n[1]) == 3 && n[1] > "120" || len(n[1]) < 2 {
				faults = append(faults, "stopTimeout is "+n[1])
			}
		}
		return faults
	}},
	{"surge", "a release that takes tasks away before others are there", each([]string{"aws_ecs_service"}, func(_ *Result, one Resource) string {
		if one.Number("deployment_minimum_healthy_percent") < 100 || one.Number("deployment_maximum_percent") < 150 {
			return "takes tasks away before others are there"
		}
		if !one.True("deployment_circuit_breaker.0.enable") || !one.True("deployment_circuit_breaker.0.rollback") {
			return "tries a release that does not start again and again"
		}
		return ""
	})},
	{"image and size are the release's", "provider-aws #632: an apply takes back the image, or the scaler's size", each([]string{"aws_ecs_service"}, func(r *Result, one Resource) string {
		if ignored := r.ignores(one.Base()); !strings.Contains(ignored, "task_definition") || !strings.Contains(ignored, "desired_count") {
			return "an apply takes back the release's definition, or the scaler's count"
		}
		return ""
	})},
	{"no tags", "D5: a task that restarts runs another image than the one that was tested", func(r *Result) []string {
		var faults []string
		for _, text := range definitions(r) {
			image := regexp.MustCompile(`"?image"?\s*[:=]\s*"([^"]+)"`).FindStringSubmatch(text)
			if image == nil || !strings.Contains(image[1], "@sha256:") && !strings.HasSuffix(image[1], ":none") {
				faults = append(faults, fmt.Sprintf("a task's image is without a digest: %v", image))
			}
		}
		return faults
	}},
	{"groups are replaced", "a group with a fixed name cannot be replaced while a listener uses it", each([]string{"aws_lb_target_group", "aws_security_group", "aws_acm_certificate"}, func(r *Result, one Resource) string {
		if one.Type != "aws_acm_certificate" && one.Text("name_prefix") == "" {
			return "wants a name_prefix"
		}
		if len(one.Text("name_prefix")) > 6 && one.Type == "aws_lb_target_group" {
			return "its prefix is longer than six characters"
		}
		if !strings.Contains(r.Block(one.Base()), "create_before_destroy = true") {
			return "wants create_before_destroy"
		}
		return ""
	})},
	{"what a task reads is there first", "a service whose balancer has no listener is refused", each([]string{"aws_ecs_service"}, func(_ *Result, one Resource) string {
		if !one.After("aws_lb_listener") {
			return "does not wait for the listener"
		}
		if !one.After("aws_iam_role_policy") {
			return "does not wait for the right to start tasks"
		}
		return ""
	})},
	{"images stay", "D5: a tag that is moved; an image that still runs is cleaned away", all(
		each([]string{"aws_ecr_repository"}, func(r *Result, one Resource) string {
			if one.Text("image_tag_mutability") != "IMMUTABLE" {
				return "its tags may be moved"
			}
			if r.Production() && one.True("force_delete") {
				return "is deleted with its images"
			}
			return ""
		}),
		each([]string{"aws_ecr_lifecycle_policy"}, func(_ *Result, one Resource) string {
			var policy struct {
				Rules []struct {
					Selection struct {
						CountType   string
						CountNumber int
					}
				}
			}
			if json.Unmarshal([]byte(one.Text("policy")), &policy) != nil {
				return "is not JSON"
			}
			for _, rule := range policy.Rules {
				if rule.Selection.CountNumber < 20 {
					return fmt.Sprintf("keeps %d images", rule.Selection.CountNumber)
				}
			}
			return ""
		}))},
	{"private ways", "§3.3: layers of images through a NAT cost more than the tasks", each([]string{"aws_vpc"}, func(r *Result, _ Resource) string {
		for _, one := range r.Plan.Of("aws_vpc_endpoint") {
			if strings.HasSuffix(one.Text("service_name"), ".s3") {
				return ""
			}
		}
		return "has no endpoint of S3"
	})},
	{"default group", "CKV2_AWS_12: a new network has a group whose members reach each other", some("the network's own group", "aws_default_security_group")},
	{"logs end", "a log that is kept forever is paid for forever", each([]string{"aws_cloudwatch_log_group"}, func(_ *Result, one Resource) string {
		if one.Number("retention_in_days") < 1 {
			return "keeps its log forever"
		}
		return ""
	})},
	{"no old parts", "D13: launch configurations are deprecated", each([]string{"aws_launch_configuration"}, func(*Result, Resource) string { return "is deprecated" })},
	{"one way in", "D12: several balancers with certificates", func(r *Result) []string {
		if n := r.Plan.Count("aws_lb"); n != 1 {
			return []string{fmt.Sprintf("%d balancers", n)}
		}
		return nil
	}},
	{"watched", "an app that is down is noticed by its visitors", all(
		some("alarms", "aws_cloudwatch_metric_alarm"), some("who hears of them", "aws_sns_topic"), some("a page that shows it", "aws_cloudwatch_dashboard"),
		each([]string{"aws_cloudwatch_metric_alarm"}, func(_ *Result, one Resource) string {
			if len(one.References("alarm_actions")) == 0 {
				return "tells nothing and no one"
			}
			return ""
		}))},
	{"alerts", "D4, §15: 5xx, latency, readiness, the database's disk and each event of the log have an alarm", func(r *Result) []string {
		var text strings.Builder
		for _, one := range r.Plan.Of("aws_cloudwatch_metric_alarm") {
			text.WriteString(one.Text("metric_name") + "\n")
		}
		return missing(text.String(), "an alarm on", watched(r, []string{"5XX", "TargetResponseTime", "UnHealthyHostCount"}, "FreeStorageSpace"))
	}},
	{"the account is named", "credentials of another account change another company's production", func(r *Result) []string {
		if !strings.Contains(r.text(".tf"), "allowed_account_ids") {
			return []string{"the provider takes credentials of any account"}
		}
		return nil
	}},
}

// definitions are the containers of each task definition: as planned, or as they are
// written where they hold what is not known yet.
func definitions(r *Result) []string {
	var texts []string
	for _, one := range r.Plan.Of("aws_ecs_task_definition") {
		text := one.Text("container_definitions")
		if text == "" {
			text = r.Block(one.Base())
		}
		texts = append(texts, text)
	}
	return texts
}

// files: the bucket of the app's files takes uploads from pages of the site, keeps
// what is complete, and is the program's alone.
func files(r *Result) []string {
	if !r.Stack.Files {
		return nil
	}
	var faults []string
	fault := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	const bucket = "aws_s3_bucket.files"
	of := func(kind string) (found []Resource) {
		for _, one := range r.Plan.Of(kind) {
			if slices.Contains(one.References("bucket"), bucket) {
				found = append(found, one)
			}
		}
		return found
	}
	if !slices.ContainsFunc(r.Plan.Of("aws_s3_bucket"), func(b Resource) bool { return b.Base() == bucket }) {
		fault("there is no %s", bucket)
	}
	if len(of("aws_s3_bucket_server_side_encryption_configuration")) == 0 {
		fault("%s: nothing says how it is encrypted", bucket)
	}
	ends := 0
	for _, one := range of("aws_s3_bucket_lifecycle_configuration") {
		for i := range one.List("rule") {
			at := fmt.Sprintf("rule.%d.", i)
			if len(one.List(at+"expiration")) > 0 || len(one.List(at+"transition")) > 0 {
				fault("%s: removes files", one.Address)
			}
			if days := one.Number(at + "abort_incomplete_multipart_upload.0.days_after_initiation"); days > 7 && days <= 30 && one.Text(at+"status") == "Enabled" {
				ends++
			}
		}
	}
	if ends == 0 {
		fault("%s: parts of uploads that were given up stay, or go before a ticket of 7 days has expired", bucket)
	}
	cors := of("aws_s3_bucket_cors_configuration")
	if len(cors) == 0 {
		fault("%s: no script can upload", bucket)
	}
	for _, one := range cors {
		for i := range one.List("cors_rule") {
			at := fmt.Sprintf("cors_rule.%d.", i)
			for _, origin := range one.Texts(at + "allowed_origins") {
				if !strings.HasPrefix(origin, "https://") || strings.Contains(origin, "*") {
					fault("%s: answers scripts of %q", one.Address, origin)
				}
			}
			if methods := one.Texts(at + "allowed_methods"); !slices.Equal(methods, []string{"PUT"}) {
				fault("%s: lets scripts %v", one.Address, methods)
			}
			headers := one.Texts(at + "allowed_headers")
			slices.Sort(headers)
			if !slices.Equal(headers, []string{"Content-Type", "If-None-Match"}) {
				fault("%s: uploads send Content-Type and If-None-Match, and it takes %q", one.Address, headers)
			}
		}
	}
	secure := false
	for _, one := range of("aws_s3_bucket_policy") {
		text := r.Block(one.Base())
		secure = secure || strings.Contains(text, "aws:SecureTransport") && strings.Contains(text, `"Deny"`)
		if strings.Contains(text, `"Allow"`) {
			fault("%s: allows what the role does not need", one.Address)
		}
	}
	if !secure {
		fault("%s: is read in plain text", bucket)
	}
	rights := 0
	for _, one := range r.Plan.Of("aws_iam_role_policy") {
		text := r.Block(one.Base())
		if !strings.Contains(text, bucket) {
			continue
		}
		rights++
		if !strings.Contains(text, `aws_iam_role.service["run"]`) {
			fault("%s: is of another role than the program's", one.Address)
		}
		if allActions.MatchString(text) || allBuckets.MatchString(text) {
			fault("%s: allows more than the program does, or of all buckets", one.Address)
		}
		if !strings.Contains(text, "s3:AbortMultipartUpload") {
			fault("%s: the program cannot give an upload up", one.Address)
		}
	}
	if rights != 1 {
		fault("%s: %d policies say what the program may do there", bucket, rights)
	}
	return faults
}

var (
	allActions = regexp.MustCompile(`"s3:[A-Za-z]*\*"`)
	allBuckets = regexp.MustCompile(`Resource\s*=\s*"(\*|arn:aws:s3:::\*)"`)
)
