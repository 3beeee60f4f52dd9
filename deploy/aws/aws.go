// Package aws writes Terraform for a site on Amazon Web Services: tasks on Fargate
// behind a load balancer, and what the site's plan needs beside them.
package aws

import (
	"cmp"
	"context"
	"embed"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/gorgon-go/gorgon/deploy"
	"github.com/gorgon-go/gorgon/deploy/pod"
	"github.com/gorgon-go/gorgon/deploy/terraform"
	"github.com/gorgon-go/gorgon/deploy/workflow"
	"github.com/gorgon-go/gorgon/plan"
)

// stopTimeout is the longest that Fargate waits between SIGTERM and the end.
const stopTimeout = 120 * time.Second

// least is the shortest drain: the files refuse less, too.
const least = 5 * time.Second

// Target is a cluster of ECS on Fargate, with one size for all tasks.
func Target() deploy.Target {
	return deploy.Target{
		Target: plan.Target{
			Name: "aws", Title: "Amazon Web Services",
			Offers: plan.Offers{
				Process: true, Scaled: true, Disk: plan.LostFiles,
				Peers: true, OpenFor: plan.Always, Drain: stopTimeout, Schedule: "EventBridge Scheduler", Buckets: plan.BucketMade,
			},
		},
		Image:     true,
		Arch:      "arm64", // a fifth cheaper
		Write:     write,
		Own:       own,
		Workflows: workflows,
	}
}

//go:embed files
var embedded embed.FS

// own returns the files of the repository.
func own(ctx context.Context, s deploy.Site) ([]deploy.File, error) {
	k, err := stack(s)
	if err != nil {
		return nil, fmt.Errorf("aws: %w", err)
	}
	files, err := fs.Sub(embedded, "files")
	if err != nil {
		return nil, err
	}
	list := []terraform.Template{
		{From: "versions.tf", Wanted: true},
		{From: "variables.tf", Wanted: true},
		{From: "network.tf", Wanted: true},
		{From: "balancer.tf", Wanted: true},
		{From: "cdn.tf", Wanted: true},
		{From: "compute.tf", Wanted: true},
		{From: "identity.tf", Wanted: true},
		{From: "secrets.tf", Wanted: true},
		{From: "database.tf", Wanted: k.Database},
		{From: "cache.tf", Wanted: k.Cache},
		{From: "bucket.tf", Wanted: k.Bucket},
		{From: "files.tf", Wanted: k.Files},
		{From: "schedule.tf", Wanted: k.Cron != ""},
		{From: "observability.tf", Wanted: true},
		{From: "outputs.tf", Wanted: true},
		{From: "environments/production.tfvars", Wanted: true},
		{From: "environments/production.backend.hcl", Wanted: true},
		{From: "environments/staging.tfvars", Wanted: true},
		{From: "environments/staging.backend.hcl", Wanted: true},
		{From: "tests/policy.tftest.hcl", Wanted: true},
		{From: "README.deploy.md", Wanted: true},
	}
	if _, err := fs.Stat(files, "release.sh"); err == nil {
		list = append(list, terraform.Template{From: "release.sh", Wanted: true, Mode: 0o755})
	}
	for i := range list {
		list[i].Name = list[i].From
	}
	return terraform.Render(ctx, files, k, list)
}

// stack is the site's, in the words of AWS.
func stack(s deploy.Site) (terraform.Stack, error) {
	k, err := terraform.Of(s)
	if err != nil {
		return k, err
	}
	k.Name = name(k.Name)
	k.Cron = schedule(k.Cron)
	if err := drain(&k); err != nil {
		return k, err
	}
	for _, v := range slices.Concat(s.Variables, k.Yours) {
		switch {
		case strings.HasPrefix(v.Name, "ECS_"), strings.HasPrefix(v.Name, "AWS_CONTAINER_"), v.Name == "AWS_EXECUTION_ENV":
			return k, fmt.Errorf("variable %s is the platform's: use another", v.Name)
		case v.Name == "GORGON_HOST", v.Name == "GORGON_PORT":
			return k, fmt.Errorf("variable %s is the image's: leave it out", v.Name)
		}
	}
	k.Yours = slices.DeleteFunc(slices.Clone(k.Yours), func(v deploy.Variable) bool {
		return v.Name == "GORGON_TRUSTED_PROXIES" // the load balancer's addresses are known
	})
	for i := range k.Yours {
		k.Yours[i].For = line(k.Yours[i].For)
	}
	k.Secrets = slices.Clone(k.Secrets)
	held := map[string]string{"database-url": "", "cache-url": ""} // variables, by the secret
	for i, v := range k.Secrets {
		k.Secrets[i].For = line(v.For)
		if v.From != terraform.FromOperator && v.From != terraform.FromGenerator {
			continue
		}
		if other, is := held[v.ID]; is {
			return k, fmt.Errorf("variable %s: its secret would have the name of %s, %s: name it otherwise", v.Name, cmp.Or(other, "another"), v.ID)
		}
		held[v.ID] = v.Name
	}
	return k, nil
}

// drain takes the drain that the site sets, and refuses one which Fargate would
// cut short.
func drain(k *terraform.Stack) error {
	k.Settings = slices.Clone(k.Settings)
	at := slices.IndexFunc(k.Settings, func(v deploy.Variable) bool { return v.Name == "GORGON_DRAIN" })
	if at >= 0 {
		d, err := time.ParseDuration(k.Settings[at].Value)
		if err != nil || d < least {
			return fmt.Errorf("variable GORGON_DRAIN is %q: use a duration such as 15s, of at least %s: the load balancer takes as long to hear of it", k.Settings[at].Value, least)
		}
		k.Drain = d.Round(time.Second)
		k.Settings = slices.Delete(k.Settings, at, at+1) // drain_seconds is the one place for it
	}
	if grace := time.Duration(k.Grace()) * time.Second; grace > stopTimeout {
		return fmt.Errorf("a drain of %s (GORGON_DRAIN) and half a minute for answers are %s, and Fargate ends a task %s after it was told to stop: drain for %s or less",
			k.Drain, grace, stopTimeout, stopTimeout-30*time.Second)
	}
	return nil
}

var hyphens = regexp.MustCompile(`-+`)

// name is a label that the names of load balancers, databases and caches may begin
// with: these have no two hyphens in a row, and no "internal-" at their beginning.
func name(label string) string {
	label = hyphens.ReplaceAllString(label, "-")
	if label == "internal" || strings.HasPrefix(label, "internal-") {
		label = "app-" + label
	}
	return strings.Trim(label[:min(len(label), 21)], "-")
}

// schedule is a cron of five fields in Amazon's six.
func schedule(cron string) string {
	minutes, _, found := strings.Cut(cron, " ")
	if !found {
		return ""
	}
	return strings.Replace(minutes, "*/", "0/", 1) + " * * * ? *"
}

// line is a text on one line, as a comment needs it.
func line(text string) string { return strings.Join(strings.Fields(text), " ") }

// write writes the image and what to do with it: the infrastructure is in the
// repository.
func write(ctx context.Context, s deploy.Site, folder string) error {
	if _, err := stack(s); err != nil {
		return fmt.Errorf("aws: %w", err)
	}
	s.Variables = pod.With(s.Variables, pod.Store(s, "/tmp"))
	return pod.Write(ctx, s, folder, deploy.Readme(s, readme(s)))
}

// workflows returns those that deploy to it.
func workflows(ctx context.Context, s deploy.Site) ([]deploy.File, error) {
	k, err := stack(s)
	if err != nil {
		return nil, err
	}
	return workflow.Files(ctx, k)
}
