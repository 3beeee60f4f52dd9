// Package gcp writes the Terraform that runs a package's image on machines of
// Google Cloud: a regional group of them that scales, a balancer with a
// certificate, and what the app needs beside them.
package gcp

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gorgon-go/gorgon/deploy"
	"github.com/gorgon-go/gorgon/deploy/pod"
	"github.com/gorgon-go/gorgon/deploy/terraform"
	"github.com/gorgon-go/gorgon/deploy/workflow"
	"github.com/gorgon-go/gorgon/plan"
)

const (
	// openFor is how long the balancer lets a connection stay open: its
	// timeout, in balancer.tf.
	openFor = time.Hour

	// drain is how long a machine may take to stop before it is switched off.
	drain = 90 * time.Second
)

// buckets says why Google's own buckets are none for an app's files.
const buckets = "use one of an S3 service that creates an object only if there is none (If-None-Match: *), as Amazon S3 and Cloudflare R2 do; Google Cloud Storage does not"

// Target is a group of machines at Google Cloud.
func Target() deploy.Target {
	return deploy.Target{
		Target: plan.Target{
			Name: "gcp", Title: "Google Cloud",
			Offers: plan.Offers{
				// The container's disk is read-only but for /tmp, which is memory.
				Process: true, Scaled: true, Disk: plan.LostFiles,
				Peers: true, OpenFor: openFor, Drain: drain, Schedule: "Cloud Scheduler", Buckets: buckets,
			},
		},
		Image:     true,
		Write:     write,
		Own:       own,
		Workflows: workflows,
	}
}

// write writes the image, and the README of its folder.
func write(ctx context.Context, s deploy.Site, folder string) error {
	k, err := stack(s)
	if err != nil {
		return err
	}
	s.Variables = slices.Concat(k.Settings, k.Yours, variables(k.Secrets))
	return pod.Write(ctx, s, folder, deploy.Readme(s, readme(k)))
}

// own returns the infrastructure.
func own(ctx context.Context, s deploy.Site) ([]deploy.File, error) {
	k, err := stack(s)
	if err != nil {
		return nil, err
	}
	files, err := terraform.Render(ctx, templates, k, list(k))
	if err != nil {
		return nil, fmt.Errorf("gcp: %w", err)
	}
	return files, nil
}

// stack is the site's, without the variables that the infrastructure sets.
func stack(s deploy.Site) (terraform.Stack, error) {
	k, err := terraform.Of(s)
	if err == nil && k.Bucket {
		err = errors.New("a store in a bucket needs a key that Terraform's state would hold: name another with --store postgres or redis")
	}
	if err != nil {
		return k, fmt.Errorf("gcp: %w", err)
	}
	set := func(v deploy.Variable) bool {
		return v.Name == "GORGON_DRAIN" || v.Name == "GORGON_KEEP_ALIVE" || v.Name == "GORGON_TRUSTED_PROXIES" || v.Name == "SSL_CERT_DIR" && k.Cache
	}
	k.Settings, k.Yours = slices.DeleteFunc(k.Settings, set), slices.DeleteFunc(k.Yours, set)
	for _, list := range [][]deploy.Variable{k.Settings, k.Yours} {
		for i := range list {
			list[i].For = line(list[i].For)
		}
	}
	if k.Database && len(k.From(terraform.FromDatabase)) == 0 { // a part says that it needs one, and nothing says where it is
		k.Secrets = append(k.Secrets, terraform.Secret{ID: "database-url", From: terraform.FromDatabase,
			Variable: deploy.Variable{Name: "DATABASE_URL", Secret: true, For: "the app's own database"}})
	}
	names := map[string]string{"authorities": "of the servers' certificates"}
	for i, v := range k.Secrets {
		k.Secrets[i].For = line(v.For)
		if other, taken := names[v.ID]; taken {
			return k, fmt.Errorf("gcp: the secrets %s and %s would have one name at Secret Manager (%s): rename one of them", other, v.Name, v.ID)
		}
		names[v.ID] = v.Name
	}
	return k, nil
}

// line is a text as a comment has it.
func line(text string) string { return strings.Join(strings.Fields(text), " ") }

func variables(secrets []terraform.Secret) []deploy.Variable {
	var all []deploy.Variable
	for _, s := range secrets {
		all = append(all, s.Variable)
	}
	return all
}

//go:embed files
var templates embed.FS

// list are the files, of which those are written that the stack wants.
func list(k terraform.Stack) []terraform.Template {
	files := []terraform.Template{
		{Name: "README.deploy.md", Wanted: true},
		{Name: "versions.tf", Wanted: true},
		{Name: "variables.tf", Wanted: true},
		{Name: "outputs.tf", Wanted: true},
		{Name: "network.tf", Wanted: true},
		{Name: "compute.tf", Wanted: true},
		{Name: "balancer.tf", Wanted: true},
		{Name: "identity.tf", Wanted: true},
		{Name: "observability.tf", Wanted: true},
		{Name: "database.tf", Wanted: k.Database},
		{Name: "cache.tf", Wanted: k.Cache},
		{Name: "secrets.tf", Wanted: len(k.Secrets) > 0},
		{Name: "jobs.tf", Wanted: k.Migrate || k.Cron != ""},
		{Name: "schedule.tf", Wanted: k.Cron != ""},
		{Name: "machine/cloud-init.yaml.tftpl", Wanted: true},
		{Name: "machine/start.sh.tftpl", Wanted: true},
		{Name: "environments/production.tfvars", Wanted: true},
		{Name: "environments/production.backend.hcl", Wanted: true},
		{Name: "environments/staging.tfvars", Wanted: true},
		{Name: "environments/staging.backend.hcl", Wanted: true},
		{Name: "tests/closed.tftest.hcl", Wanted: true},
		{Name: "release.sh", Wanted: true, Mode: 0o755},
	}
	for i, f := range files {
		files[i].From = "files/" + f.Name
	}
	return files
}

// readme says where the way on is.
func readme(k terraform.Stack) string {
	var b strings.Builder
	fmt.Fprintf(&b, "The image is an OCI layout beside this file. The infrastructure is Terraform below\n`%[1]s`, which is part of the app's repository: `%[1]s/%[2]s`\nhas the whole way from an empty project to a live site, with what it costs.\n", k.Site.Infra, deploy.ReadmeName)
	fmt.Fprintf(&b, `
## Once, for each environment

    terraform -chdir=%[1]s init -backend-config=environments/production.backend.hcl
    terraform -chdir=%[1]s apply -var-file=environments/production.tfvars

## Each release

    %[1]s/release.sh
`, k.Site.Infra)
	return b.String()
}

// workflows returns those that deploy to it.
func workflows(ctx context.Context, s deploy.Site) ([]deploy.File, error) {
	k, err := stack(s)
	if err != nil {
		return nil, err
	}
	return workflow.Files(ctx, k)
}
