// Package lambda deploys to AWS Lambda behind a function URL: a zip file whose
// bootstrap is the program itself, and a SAM template.
package lambda

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/gorgon-go/gorgon/deploy"
	"github.com/gorgon-go/gorgon/pack"
	"github.com/gorgon-go/gorgon/plan"
)

// Names of the files.
const (
	zipName      = "function.zip"
	templateName = "template.json"
)

// Target is AWS Lambda.
func Target() deploy.Target {
	return deploy.Target{
		Target: plan.Target{Name: "lambda", Title: "AWS Lambda, function URL", Offers: plan.Offers{
			Process: true, Elastic: true, Frozen: plan.BetweenCalls, Disk: plan.LostFiles, Schedule: "an EventBridge schedule", Buckets: plan.BucketMade,
		}},
		Write: write,
	}
}

func write(_ context.Context, s deploy.Site, folder string) error {
	if err := writeZip(s, filepath.Join(folder, zipName)); err != nil {
		return err
	}
	template, err := templateOf(s)
	if err != nil {
		return err
	}
	return deploy.WriteFiles(folder, deploy.File{Name: templateName, Data: template}, deploy.Readme(s, readme(s)))
}

// maxUnzipped is Lambda's bound of a function's files, in bytes.
const maxUnzipped = 250 << 20

// writeZip packs what the function needs to run. The times in it are the
// package's own, so that the same package gives the same bytes.
func writeZip(s deploy.Site, name string) error {
	files := map[string]string{"bootstrap": s.Package.Program, s.Package.Seed: s.Package.Seed, pack.ManifestName: pack.ManifestName}
	order := []string{"bootstrap", s.Package.Seed, pack.ManifestName}
	if s.Package.Seed == "" { // within the program
		order = order[:1]
	}
	out, err := os.Create(name)
	if err != nil {
		return fmt.Errorf("deploy lambda: %w", err)
	}
	z := zip.NewWriter(out)
	var total int64
	for _, to := range order {
		n, e := add(z, to, filepath.Join(s.Folder, files[to]), s.Package.MadeAt)
		err = errors.Join(err, e)
		total += n
	}
	if err = errors.Join(err, z.Close(), out.Close()); err != nil {
		return fmt.Errorf("deploy lambda: %w", err)
	}
	if total > maxUnzipped {
		return fmt.Errorf("deploy lambda: the package has %d MB, and Lambda takes 250 MB: build fewer pages ahead (Incremental makes them on their first request), or deploy to a target that runs images", total>>20)
	}
	return nil
}

func add(z *zip.Writer, to, from string, at time.Time) (int64, error) {
	in, err := os.Open(from)
	if err != nil {
		return 0, err
	}
	defer in.Close()
	h := &zip.FileHeader{Name: to, Method: zip.Deflate, Modified: at.UTC()}
	h.SetMode(0o644)
	if to == "bootstrap" {
		h.SetMode(0o755)
	}
	w, err := z.CreateHeader(h)
	if err != nil {
		return 0, err
	}
	return io.Copy(w, in)
}

// An object is one of JSON; its keys come out sorted.
type object map[string]any

// templateOf is the SAM template. JSON needs no care in quoting, and SAM
// reads it as it reads YAML.
func templateOf(s deploy.Site) ([]byte, error) {
	environment := object{}
	parameters := object{}
	for _, v := range s.Variables {
		switch {
		case v.Name == "FILES_URL" && s.FilesInBucket():
			environment[v.Name] = object{"Fn::Sub": "s3://${Files}?region=${AWS::Region}"} // the function's role is its key
		case v.Secret:
			// Given at each deploy, kept nowhere in the template.
			name := parameterOf(v.Name)
			parameters[name] = object{"Type": "String", "NoEcho": true, "Default": "", "Description": v.For}
			environment[v.Name] = object{"Ref": name}
		case v.Value != "":
			environment[v.Name] = v.Value
		default: // the operator's to set
			name := parameterOf(v.Name)
			parameters[name] = object{"Type": "String", "Default": "", "Description": v.For}
			environment[v.Name] = object{"Ref": name}
		}
	}
	arch := "x86_64"
	if s.Package.Arch == "arm64" {
		arch = "arm64"
	}
	properties := object{
		"PackageType": "Zip", "CodeUri": zipName, "Handler": "bootstrap", "Runtime": "provided.al2023",
		"Architectures": []string{arch}, "MemorySize": 512, "Timeout": 60,
		"Description":       fmt.Sprintf("%s, build %s", s.Package.App, s.Package.Build),
		"FunctionUrlConfig": object{"AuthType": "NONE", "InvokeMode": "RESPONSE_STREAM"},
		"LoggingConfig":     object{"LogFormat": "JSON", "LogGroup": object{"Ref": "Logs"}},
	}
	if len(environment) > 0 {
		properties["Environment"] = object{"Variables": environment}
	}
	if n := s.Replicas(); n > 0 {
		properties["ReservedConcurrentExecutions"] = n
	}
	if s.Scheduled() {
		properties["Events"] = object{"Maintain": object{"Type": "ScheduleV2", "Properties": object{
			"ScheduleExpression": every(s), "Input": `{"gorgon":"maintain"}`, "RetryPolicy": object{"MaximumRetryAttempts": 0},
		}}}
	}
	resources := object{
		"Site": object{"Type": "AWS::Serverless::Function", "Properties": properties},
		"Logs": object{"Type": "AWS::Logs::LogGroup", "Properties": object{"RetentionInDays": 30}, "DeletionPolicy": "Delete", "UpdateReplacePolicy": "Delete"},
	}
	if s.FilesInBucket() {
		addFiles(s, resources, properties)
	}
	template := object{
		"AWSTemplateFormatVersion": "2010-09-09", "Transform": "AWS::Serverless-2016-10-31",
		"Description": s.Package.App,
		"Resources":   resources,
		"Outputs": object{
			"URL":      object{"Value": object{"Fn::GetAtt": []string{"SiteUrl", "FunctionUrl"}}},
			"Function": object{"Value": object{"Ref": "Site"}},
		},
	}
	if len(parameters) > 0 {
		template["Parameters"] = parameters
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(template); err != nil {
		return nil, fmt.Errorf("deploy lambda: %w", err)
	}
	return out.Bytes(), nil
}

// addFiles adds the bucket of the app's files, which is the function's alone and
// stays when the stack is deleted. Pages of the site upload straight to it.
func addFiles(s deploy.Site, resources, function object) {
	bucket := object{
		"PublicAccessBlockConfiguration": object{"BlockPublicAcls": true, "BlockPublicPolicy": true, "IgnorePublicAcls": true, "RestrictPublicBuckets": true},
		"BucketEncryption":               object{"ServerSideEncryptionConfiguration": []object{{"ServerSideEncryptionByDefault": object{"SSEAlgorithm": "AES256"}}}},
		"LifecycleConfiguration": object{"Rules": []object{ // parts of uploads that were given up: a ticket is valid for 7 days at most
			{"Id": "parts", "Status": "Enabled", "AbortIncompleteMultipartUpload": object{"DaysAfterInitiation": 8}},
		}},
	}
	if s.App.Origin != "" {
		bucket["CorsConfiguration"] = object{"CorsRules": []object{{
			"AllowedMethods": []string{"PUT"}, "AllowedOrigins": []string{s.App.Origin}, "AllowedHeaders": []string{"Content-Type", "If-None-Match"}, "MaxAge": 600,
		}}}
	}
	arn := object{"Fn::GetAtt": []string{"Files", "Arn"}}
	all := object{"Fn::Sub": "${Files.Arn}/*"}
	resources["Files"] = object{"Type": "AWS::S3::Bucket", "Properties": bucket, "DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}
	resources["FilesOverTLS"] = object{"Type": "AWS::S3::BucketPolicy", "Properties": object{
		"Bucket": object{"Ref": "Files"},
		"PolicyDocument": object{"Version": "2012-10-17", "Statement": []object{{
			"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": []object{arn, all},
			"Condition": object{"Bool": object{"aws:SecureTransport": "false"}},
		}}},
	}}
	function["Policies"] = []object{{"Version": "2012-10-17", "Statement": []object{
		{"Effect": "Allow", "Action": []string{"s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"}, "Resource": all},
		{"Effect": "Allow", "Action": "s3:ListBucket", "Resource": arn},
	}}}
}

var word = regexp.MustCompile(`[A-Z]+`)

// parameterOf is a variable's name as CloudFormation takes it: letters alone.
func parameterOf(variable string) string {
	var b strings.Builder
	for _, w := range word.FindAllString(variable, -1) {
		b.WriteString(w[:1] + strings.ToLower(w[1:]))
	}
	return b.String()
}

// every is how often maintain is called.
func every(s deploy.Site) string {
	minutes := max(1, int64(s.Every()/time.Minute))
	if minutes == 1 {
		return "rate(1 minute)"
	}
	return fmt.Sprintf("rate(%d minutes)", minutes)
}

func readme(s deploy.Site) string {
	app, stack := s.Package.App, s.Package.App
	var given []string
	for _, v := range s.Variables {
		if (v.Secret || v.Value == "") && !(v.Name == "FILES_URL" && s.FilesInBucket()) {
			given = append(given, parameterOf(v.Name)+`="$`+v.Name+`"`)
		}
	}
	overrides := ""
	if len(given) > 0 {
		overrides = " \\\n  --parameter-overrides " + strings.Join(given, " ")
	}
	region := ""
	if s.Region != "" {
		region = " --region " + s.Region
	}
	var b strings.Builder
	fmt.Fprintf(&b, `The function is %[2]s of %[1]s, whose bootstrap is the program itself; it speaks the
runtime API and streams its responses. %[3]s describes the function, its URL and
its log group for the SAM command line.

## Deploy

`+"```sh"+`
sam deploy --template-file %[3]s --stack-name %[4]s%[5]s \
  --resolve-s3 --capabilities CAPABILITY_IAM --no-confirm-changeset%[6]s
`+"```"+`

It prints the function's URL.
`, app, zipName, templateName, stack, region, overrides)
	if s.Migrate {
		fmt.Fprintf(&b, `
Lay the store out before the new version serves, from a machine that reaches it,
with the program of this package:

`+"```sh"+`
GORGON_STORE="$GORGON_STORE" ./%s migrate
`+"```"+`

or, if only the function reaches it, after the deploy and before visitors come:

`+"```sh"+`
aws lambda invoke --function-name "$(aws cloudformation describe-stacks --stack-name %[2]s --query "Stacks[0].Outputs[?OutputKey=='Function'].OutputValue" --output text)" \
  --cli-binary-format raw-in-base64-out --payload '{"gorgon":"migrate"}' /dev/stdout
`+"```"+`
`, app, stack)
	}
	if s.Works() {
		fmt.Fprintf(&b, `
## Jobs

The schedule runs those that are due each minute. To begin one at the second when it is
due, create a one-time schedule of EventBridge Scheduler after the commit that added
it: "at(2026-11-30T14:00:00)", ActionAfterCompletion DELETE, the function as its target and
%s as its input. One that is lost does no harm.
`, "`"+`{"gorgon":"maintain"}`+"`")
	}
	if s.FilesInBucket() {
		b.WriteString(`
## The app's files

The template makes a bucket for them, Files, which only the function can read. It
stays when the stack is deleted, and nothing else has what is in it.
`)
		if s.App.Origin == "" {
			b.WriteString("Scripts upload straight to it only from the origin of the app: set App.Origin to the\nsite's URL and deploy again.\n")
		} else {
			fmt.Fprintf(&b, "Scripts upload straight to it from %s alone. The policy of those pages\n(Content-Security-Policy) needs the bucket's host in connect-src.\n", s.App.Origin)
		}
	}
	fmt.Fprintf(&b, `
## Look

`+"```sh"+`
curl "$URL/readyz"
sam logs --stack-name %[1]s --tail
`+"```"+`

## Go back

Deploy the folder of the earlier package again. Both versions can serve at once:
each renders pages from the store with its own views, and both find the assets of
either.

## What is different here

- An instance is suspended between requests, so the program runs with the role
  web: a stale page is answered at once and made again before its response
  ends. Lambda bills that time.
- Nothing is kept on disk. A store that instances share is what makes a page be
  made once, and a purge reach all of them; it has to be reachable from the
  function, which for a private network means a VPC configuration in %[2]s.
- A request ends after 60 s (Timeout), and its body may have 6 MB.
`, stack, templateName)
	if s.Domain != "" {
		fmt.Fprintf(&b, "- A function URL has a name of its own: for %s put CloudFront in front, with the URL as its origin, and declare it as App.CDN.\n", s.Domain)
	}
	return b.String()
}
