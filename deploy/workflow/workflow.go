// Package workflow writes the workflows of GitHub that test, build, release and
// plan: .github/workflows/deploy.yml, release.yml and infrastructure.yml.
//
// They are thin: a release is what release.sh of the target's folder does, which
// people call by hand, too. Actions are pinned by commit, no job has a permission
// that it does not use, and there are no keys: each cloud trusts the token that
// GitHub signs for one repository and one of its environments.
package workflow

import (
	"bytes"
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"text/template"

	"github.com/gorgon-go/gorgon/deploy"
	"github.com/gorgon-go/gorgon/deploy/terraform"
)

//go:embed files/*
var files embed.FS

// Actions by commit: a tag can be moved to other code. The comment is for people
// and for what updates them.
const (
	checkout       = "actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1"
	setupGo        = "actions/setup-go@b7ad1dad31e06c5925ef5d2fc7ad053ef454303e # v7.0.0"
	upload         = "actions/upload-artifact@bbbca2ddaa5d8feaa63e36b76fdaad77386f024f # v7.0.0"
	download       = "actions/download-artifact@3e5f45b2cfb9172054b4087a40e8e0b5a5461e7c # v8.0.1"
	setupTerraform = "hashicorp/setup-terraform@dfe3c3f87815947d99a8997f908cb6525fc44e9e # v4.0.1"
	googleAuth     = "google-github-actions/auth@7c6bc770dae815cd3e89ee6cdf493a5fab2cc093 # v3.0.0"
	awsCredentials = "aws-actions/configure-aws-credentials@e6de054238d6b7531b4efff3b6587d9aade6a06c # v6.2.3"
)

// A cloud is what differs between two targets' workflows.
type cloud struct {
	title     string
	login     string   // the action
	text      string   // the file with its step
	variables []string // that release.sh reads, whatever the app needs
	maintain  bool     // and it reads MAINTAIN
	stateful  string   // types of resources that hold data
}

var clouds = map[string]cloud{
	"gcp": {
		title: "Google Cloud", login: googleAuth, text: "files/google.yml", maintain: true,
		variables: []string{"PROJECT", "REGION", "REPOSITORY", "GROUP", "TEMPLATE", "BACKEND", "URL"},
		stateful:  `^google_(sql_database|sql_database_instance|storage_bucket|memorystore_instance)$`,
	},
	"cloudrun": {
		title: "Google Cloud", login: googleAuth, text: "files/google.yml", maintain: true,
		variables: []string{"PROJECT", "REGION", "REPOSITORY", "SERVICE", "URL"},
		stateful:  `^google_(sql_database|sql_database_instance|storage_bucket|memorystore_instance)$`,
	},
	"aws": {
		title: "AWS", login: awsCredentials, text: "files/amazon.yml",
		variables: []string{"REGION", "REPOSITORY", "CLUSTER", "SERVICE", "TEMPLATE", "FAMILY", "BALANCER", "LOGS", "URL"},
		stateful:  `^aws_(db_instance|s3_bucket|elasticache_replication_group)$`,
	},
}

// names are the files, in the folder that GitHub reads.
var names = []string{"deploy.yml", "infrastructure.yml", "release.yml"}

// Folder is where GitHub looks for workflows, from the root of the repository.
const Folder = ".github/workflows"

// Files returns the workflows of a site, for the target that it was planned for.
func Files(ctx context.Context, k terraform.Stack) ([]deploy.File, error) {
	target := k.Site.Outcome.Target.Name
	c, known := clouds[target]
	if !known {
		return nil, fmt.Errorf("workflow: the target %s has none", target)
	}
	for _, folder := range []string{k.Site.Infra, path.Clean(k.Site.Module)} {
		if deploy.ShellWord(folder) != folder || !fs.ValidPath(folder) {
			return nil, fmt.Errorf("workflow: the folder %q: use one of the repository, of letters, digits, dots, dashes and slashes", folder)
		}
	}
	told := k.Site.Again(k.Site.Module)
	if strings.Contains(told, "${{") {
		return nil, fmt.Errorf("workflow: %q: GitHub would take a part of it for an expression", told)
	}
	variables := slices.Clone(c.variables)
	if k.Migrate {
		variables = append(variables, "MIGRATE")
	}
	if k.Cron != "" && c.maintain {
		variables = append(variables, "MAINTAIN")
	}
	built := slices.DeleteFunc(slices.Clone(k.Site.Variables), func(v deploy.Variable) bool { return !v.Built })
	for _, v := range built {
		if strings.Contains(v.Value, "${{") {
			return nil, fmt.Errorf("workflow: %s: GitHub would take a part of its value for an expression", v.Name)
		}
	}
	data := map[string]any{
		"Built":    built,
		"Checkout": checkout, "SetupGo": setupGo, "Upload": upload, "Download": download, "SetupTerraform": setupTerraform, "Login": c.login,
		"Cloud": c.title, "Variables": variables, "Stateful": quote(c.stateful), "Runner": "ubuntu-24.04", "Terraform": "1.11.4",
		"Target": target, "Infra": k.Site.Infra, "Script": "./" + path.Join(k.Site.Infra, "release.sh"), "Readme": path.Join(k.Site.Infra, deploy.ReadmeName),
		"Module": path.Clean(k.Site.Module), "Main": deploy.ShellWord(k.Site.Program(k.Site.Module)), "Rows": k.Rows, "Flags": told,
	}
	var written []deploy.File
	for _, name := range names {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		t, err := template.New(name).Funcs(functions).Option("missingkey=error").ParseFS(files, "files/"+name, c.text)
		if err != nil {
			return nil, fmt.Errorf("workflow: %w", err)
		}
		var b bytes.Buffer
		if err := t.Execute(&b, data); err != nil {
			return nil, fmt.Errorf("workflow: %w", err)
		}
		written = append(written, deploy.File{Name: path.Join(Folder, name), Data: b.Bytes()})
	}
	return written, nil
}

var functions = template.FuncMap{
	// expr is an expression that GitHub evaluates.
	"expr":  func(s string) string { return "${{ " + s + " }}" },
	"quote": quote,
	"shell": deploy.ShellWord,
	"file":  path.Join,
	// login is the dot of the step that proves who the job is.
	"login": func(data map[string]any, who string) map[string]any {
		return map[string]any{"Login": data["Login"], "Who": who}
	},
}

// quote is a string in YAML and in JSON.
func quote(s string) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // a string can be encoded
	return strings.TrimSuffix(b.String(), "\n")
}
