// Package cloudrun writes the infrastructure that runs a package's image on
// Google Cloud Run: Terraform for the service, its jobs, and what the app's plan
// needs beside them.
package cloudrun

import (
	"cmp"
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/gorgon-go/gorgon/deploy"
	"github.com/gorgon-go/gorgon/deploy/pod"
	"github.com/gorgon-go/gorgon/deploy/terraform"
	"github.com/gorgon-go/gorgon/deploy/workflow"
	"github.com/gorgon-go/gorgon/plan"
)

const (
	openFor = 60 * time.Minute // the longest that Cloud Run lets a request take
	ends    = 10 * time.Second // from SIGTERM until the instance is gone
)

// buckets says why Google's own buckets are none for an app's files.
const buckets = "use one of an S3 service that creates an object only if there is none (If-None-Match: *), as Amazon S3 and Cloudflare R2 do; Google Cloud Storage does not"

// Target is Cloud Run, paid by the request or, with --always-on, by the
// instance.
func Target() deploy.Target {
	return deploy.Target{
		Target: plan.Target{
			Name: "cloudrun", Title: "Google Cloud Run",
			Offers: plan.Offers{
				Process: true, Elastic: true, Frozen: plan.UnlessPaid, Drain: ends,
				Disk: plan.LostFiles, OpenFor: openFor, Schedule: "Cloud Scheduler", Buckets: buckets,
			},
		},
		Image:     true,
		Write:     write,
		Own:       own,
		Workflows: workflows,
	}
}

//go:embed all:files
var embedded embed.FS

// write writes the image, which release.sh pushes, and where to go on.
func write(ctx context.Context, s deploy.Site, folder string) error {
	s.Variables = variables(s)
	if err := check(s.Variables); err != nil {
		return err
	}
	return pod.Write(ctx, s, folder, deploy.Readme(s, readme(s)))
}

// own returns the infrastructure.
func own(ctx context.Context, s deploy.Site) ([]deploy.File, error) {
	k, err := describe(s)
	if err != nil {
		return nil, err
	}
	files, err := fs.Sub(embedded, "files")
	if err != nil {
		return nil, err
	}
	written, err := terraform.Render(ctx, files, k, templates(k, files))
	if err != nil {
		return nil, fmt.Errorf("cloudrun: %w", err)
	}
	return written, nil
}

// templates lists the files, each with what makes it wanted.
func templates(k terraform.Stack, files fs.FS) []terraform.Template {
	list := []terraform.Template{
		{From: "versions.tf", Wanted: true},
		{From: "variables.tf", Wanted: true},
		{From: "network.tf", Wanted: k.Database || k.Cache},
		{From: "compute.tf", Wanted: true},
		{From: "balancer.tf", Wanted: true},
		{From: "identity.tf", Wanted: true},
		{From: "database.tf", Wanted: k.Database},
		{From: "cache.tf", Wanted: k.Cache},
		{From: "schedule.tf", Wanted: k.Cron != ""},
		{From: "secrets.tf", Wanted: len(k.Secrets) > 0},
		{From: "observability.tf", Wanted: true},
		{From: "outputs.tf", Wanted: true},
		{From: "environments/production.tfvars", Wanted: true},
		{From: "environments/production.backend.hcl", Wanted: true},
		{From: "environments/staging.tfvars", Wanted: true},
		{From: "environments/staging.backend.hcl", Wanted: true},
		{From: "tests/cloudrun.tftest.hcl", Wanted: true},
		{From: deploy.ReadmeName, Wanted: true},
		{From: "release.sh", Wanted: has(files, "release.sh"), Mode: 0o755},
	}
	for i := range list {
		list[i].Name = list[i].From
	}
	return list
}

func has(files fs.FS, name string) bool {
	_, err := fs.Stat(files, name)
	return err == nil
}

// describe finds the stack: with the numbers of instances that Cloud Run has
// for it, and the program's environment as it has to be there.
func describe(s deploy.Site) (terraform.Stack, error) {
	if s.Outcome.Setting.Store == "s3" {
		return terraform.Stack{}, errors.New("cloudrun: a store in S3 needs keys of Amazon's, and keys are what this infrastructure does without: name one that lies beside the service with --store postgres or redis")
	}
	s.Variables = variables(s)
	if err := check(s.Variables); err != nil {
		return terraform.Stack{}, err
	}
	k, err := terraform.Of(s)
	if err != nil {
		return k, fmt.Errorf("cloudrun: %w", err)
	}
	k.Drain = ends
	k.Least, k.Most = 0, 10
	if k.Database {
		k.Most = 6 // more need a larger server, for their connections
	}
	if n := s.Outcome.Setting.Replicas; n > 0 {
		k.Most = n
	}
	if s.Outcome.Setting.AlwaysOn {
		k.Least = 1
	}
	if k.Database && len(k.From(terraform.FromDatabase)) == 0 { // declared by a part of the app's own
		k.Secrets = append(k.Secrets, terraform.Secret{
			Variable: deploy.Variable{Name: "DATABASE_URL", Secret: true, For: "the URL of the database"},
			ID:       "database-url", From: terraform.FromDatabase,
		})
	}
	ids := map[string]bool{}
	for i, v := range k.Secrets { // A_B and a_b are two variables, and would be one secret
		for n := 2; ids[k.Secrets[i].ID]; n++ {
			k.Secrets[i].ID = fmt.Sprintf("%s-%d", v.ID, n)
		}
		ids[k.Secrets[i].ID] = true
		k.Secrets[i].For = line(v.For)
	}
	for _, list := range [][]deploy.Variable{k.Settings, k.Yours} {
		for i := range list {
			list[i].For = line(list[i].For)
		}
	}
	return k, nil
}

// line is a text on one line, as a comment is.
func line(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, ""))
	return cmp.Or(strings.Join(strings.Fields(text), " "), "the app's own")
}

// variables are the site's, and those that follow from Cloud Run: files are
// gone with the instance, and there may be no processor between requests.
func variables(s deploy.Site) []deploy.Variable {
	return pod.With(pod.With(s.Variables, pod.Store(s, "/tmp")), slices.Concat(s.Suspended(), s.Alone(), s.Files(""))...)
}

// check refuses variables that no environment can hold, and those of the
// platform.
func check(variables []deploy.Variable) error {
	if err := pod.Check(variables); err != nil {
		return fmt.Errorf("cloudrun: %w", err)
	}
	for _, v := range variables {
		if v.Name == "PORT" || strings.HasPrefix(v.Name, "K_") || strings.HasPrefix(v.Name, "X_GOOGLE_") {
			return fmt.Errorf("cloudrun: variable %s is the platform's: use another", v.Name)
		}
	}
	return nil
}

// workflows returns those that deploy to it.
func workflows(ctx context.Context, s deploy.Site) ([]deploy.File, error) {
	k, err := describe(s)
	if err != nil {
		return nil, err
	}
	return workflow.Files(ctx, k)
}
