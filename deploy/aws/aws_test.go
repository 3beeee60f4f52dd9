// The files for four stacks, and what is refused.

package aws_test

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/deploy"
	"github.com/gorgon-go/gorgon/deploy/aws"
	"github.com/gorgon-go/gorgon/deploy/deploytest"
	"github.com/gorgon-go/gorgon/deploy/pod"
	"github.com/gorgon-go/gorgon/jobs"
	"github.com/gorgon-go/gorgon/plan"
	"github.com/gorgon-go/gorgon/wire"
)

// secret is the value of every secret: no file may have it.
const secret = "open-sesame"

// stacks are sites of an app that grows: bare; with a database; then with connections
// that stay open; then with a cache, jobs, and maintain called from outside. One more
// has its store in a bucket, and a name that no resource may have.
func stacks() map[string]deploy.Site {
	view := func(struct{}) gorgon.Component { return nil }
	load := func(context.Context, gorgon.Input) (struct{}, error) { return struct{}{}, nil }
	parts := []gorgon.Part{gorgon.Page[struct{}]{Path: "/", Load: load, RevalidateAfter: time.Minute, View: view}}
	basic := parts
	grow := func(p gorgon.Part) []gorgon.Part {
		parts = append(slices.Clone(parts), p)
		return parts
	}
	purge := deploy.Variable{Name: "GORGON_PURGE_KEY", Secret: true, Random: true, For: "signs purges over HTTP"}
	store := deploy.Variable{Name: "GORGON_STORE", Value: "postgres://app:" + secret + "@db/app", Secret: true, For: "the store for pages generated at run time"}
	rows := deploy.Variable{Name: "DATABASE_URL", Value: "postgres://app:" + secret + "@db/app", Secret: true, For: "the app's own database"}
	greeting := deploy.Variable{Name: "GREETING", Value: "good ${day} %{if}", For: "what visitors are told first"}
	key := deploy.Variable{Name: "SHOP_STRIPE_KEY", Value: secret, Secret: true, For: "pays"}
	from := deploy.Variable{Name: "SHOP_MAIL_FROM", For: "the sender of\nmails"}

	bare := site(gorgon.App{Name: "leaflet", Parts: basic}, plan.Setting{Store: "none"}, greeting)
	shop := gorgon.App{Name: "shop", Origin: "https://shop.example.com"}
	shop.Parts = grow(gorgon.Service{Name: "stock", Run: func(context.Context) error { return nil }, Needs: []gorgon.Need{gorgon.NeedDatabase}})
	database := site(shop, plan.Setting{Store: "postgres", SharedStore: true}, store, rows, purge, greeting)
	database.Migrate = true
	shop.Parts = grow(gorgon.Service{Name: "chat", Run: func(context.Context) error { return nil }, Needs: []gorgon.Need{gorgon.NeedConnections}})
	connections := site(shop, plan.Setting{Store: "postgres", SharedStore: true}, store, rows, purge, greeting, key, from)
	connections.Migrate = true
	shop.Parts = grow(gorgon.Service{Name: "digest", Run: func(context.Context) error { return nil }, Every: 5 * time.Minute})
	shop.Parts = grow(jobs.Job[string]{Name: "receipt", Run: func(context.Context, string) error { return nil }})
	full := site(shop, plan.Setting{Store: "redis", SharedStore: true, Replicas: 3}, store, rows, purge, greeting, key, from)
	full.App.Settings = []wire.Variable{{Name: "GREETING"}, {Name: "SHOP_STRIPE_KEY", Secret: true}, {Name: "SHOP_NOT_SET"}}
	full.Migrate, full.Outcome.Role, full.Region = true, "web", "eu-central-1" // maintain is called where instances have this role
	bucket := site(gorgon.App{Name: "Internal__7-Seas", Parts: basic}, plan.Setting{Store: "s3", SharedStore: true}, store, purge)
	bucket.Region, bucket.Package.Arch = "eu-central-1", "amd64"
	for i, v := range deploytest.Hostile {
		bucket.Variables = append(bucket.Variables, deploy.Variable{Name: fmt.Sprintf("HOSTILE_%d", i), Value: v, For: "what breaks"})
	}
	album := site(gorgon.App{Name: "album", Origin: "https://album.example.com", Parts: append(slices.Clone(basic),
		gorgon.Handler{Pattern: "POST /photos", Handler: http.NotFoundHandler(), Needs: []gorgon.Need{gorgon.NeedFiles}})}, plan.Setting{Store: "none"}, purge)
	return map[string]deploy.Site{"bare": bare, "database": database, "connections": connections, "full": full, "bucket": bucket, "files": album}
}

func site(app gorgon.App, setting plan.Setting, variables ...deploy.Variable) deploy.Site {
	target := aws.Target().Target
	described := plan.Describe(app)
	s := deploy.Site{
		App: described, Outcome: plan.Judge(described, target, setting), Folder: "/home/someone/pkg", Store: setting.Store,
		Infra: "infra/aws", Module: ".", Main: "cmd/" + strings.ToLower(app.Name), Variables: variables,
		Domain: strings.TrimPrefix(app.Origin, "https://"),
	}
	s.Package = deploytest.Sites(target)["leaflet"].Package
	s.Package.Arch = "arm64"
	s.Package.App, s.Package.Program, s.Package.Parts = app.Name, app.Name, plan.Parts(app)
	return s
}

func own(t *testing.T, s deploy.Site) []deploy.File {
	t.Helper()
	files, err := aws.Target().Own(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestOwn(t *testing.T) {
	for name, s := range stacks() {
		t.Run(name, func(t *testing.T) {
			files := own(t, s)
			got := map[string]string{}
			for _, f := range files {
				got[f.Name] = string(f.Data)
				text := string(f.Data)
				if strings.Contains(text, secret) || strings.Contains(text, s.Folder) {
					t.Errorf("%s holds a secret's value, or a folder of this machine", f.Name)
				}
				if !strings.HasSuffix(text, "\n") || strings.HasSuffix(text, "\n\n") || strings.Contains(text, "<no value>") {
					t.Errorf("%s ends with one newline, and has all its values", f.Name)
				}
				if !strings.HasPrefix(f.Name, "infra/aws/") {
					t.Errorf("%s is outside of the target's folder", f.Name)
				}
			}
			if !slices.EqualFunc(files, own(t, s), func(a, b deploy.File) bool { return a.Name == b.Name && string(a.Data) == string(b.Data) }) {
				t.Error("the same site gives the same bytes")
			}
			delete(got, "infra/aws/release.sh") // it has golden files of its own
			golden(t, filepath.Join("testdata", name), got)
		})
	}
}

func golden(t *testing.T, folder string, got map[string]string) {
	t.Helper()
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.RemoveAll(folder); err != nil {
			t.Fatal(err)
		}
		for _, name := range slices.Sorted(maps.Keys(got)) {
			if err := deploy.WriteFiles(folder, deploy.File{Name: name, Data: []byte(got[name])}); err != nil {
				t.Fatal(err)
			}
		}
		return
	}
	if diff := cmp.Diff(deploytest.Files(t, folder), got); diff != "" {
		t.Errorf("%s differs (-golden +written), UPDATE_GOLDEN=1 writes it:\n%s", folder, diff)
	}
}

// A part that the app does not need is not there.
func TestPartsFollowNeeds(t *testing.T) {
	for name, want := range map[string][]string{
		"bare":        {},
		"database":    {"database.tf"},
		"connections": {"database.tf"},
		"full":        {"cache.tf", "database.tf", "schedule.tf"},
		"bucket":      {"bucket.tf"},
		"files":       {"files.tf"},
	} {
		got := []string{}
		var all strings.Builder
		for _, f := range own(t, stacks()[name]) {
			all.Write(f.Data)
			if base := filepath.Base(f.Name); slices.Contains([]string{"bucket.tf", "cache.tf", "database.tf", "files.tf", "schedule.tf"}, base) {
				got = append(got, base)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s has the parts %q, want %q", name, got, want)
		}
		if long := strings.Contains(all.String(), "= 3600"); long != (name == "connections" || name == "full") {
			t.Errorf("%s: connections stay open: %v", name, long)
		}
	}
}

// The target's limits are those of Fargate, and the templates name what package wire
// and the image promise.
func TestPromises(t *testing.T) {
	var text strings.Builder
	for _, f := range own(t, stacks()["full"]) {
		if strings.HasSuffix(f.Name, ".tf") {
			text.Write(f.Data)
		}
	}
	for _, want := range []string{
		fmt.Sprintf("path                = %q", wire.Ready), fmt.Sprintf("resource_path     = %q", wire.Ready),
		fmt.Sprintf("containerPort = %d,", pod.Port), fmt.Sprintf("container_port   = %d\n", pod.Port), fmt.Sprintf("port                 = %d\n", pod.Port),
		fmt.Sprintf(`"%d:%d"`, pod.User, pod.User),
	} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("no file says %s", want)
		}
	}
	offers := aws.Target().Offers
	if offers.Drain != 120*time.Second || !offers.Process || !offers.Scaled || offers.Disk != plan.LostFiles || offers.OpenFor != plan.Always || offers.Schedule != "EventBridge Scheduler" {
		t.Errorf("it offers %+v", offers)
	}
}

func TestRefusals(t *testing.T) {
	with := func(change func(*deploy.Site)) deploy.Site {
		s := stacks()["connections"]
		change(&s)
		return s
	}
	variable := func(name, value string) deploy.Site {
		return with(func(s *deploy.Site) {
			s.Variables = append(slices.Clone(s.Variables), deploy.Variable{Name: name, Value: value})
		})
	}
	for want, s := range map[string]deploy.Site{
		"drain for 1m30s or less":                        variable("GORGON_DRAIN", "91s"),
		`GORGON_DRAIN is "soon": use a duration`:         variable("GORGON_DRAIN", "soon"),
		`GORGON_DRAIN is "4s": use a duration`:           variable("GORGON_DRAIN", "4s"),
		"variable GORGON_PORT is the image's":            variable("GORGON_PORT", "80"),
		`GORGON_DRAIN is "-5s": use a duration`:          variable("GORGON_DRAIN", "-5s"),
		"variable ECS_CONTAINER_METADATA_URI is the":     variable("ECS_CONTAINER_METADATA_URI", "x"),
		"variable AWS_CONTAINER_CREDENTIALS_FULL_URI is": variable("AWS_CONTAINER_CREDENTIALS_FULL_URI", ""),
		"use letters, digits and underscores":            variable("A-B", "x"),
		"variable PURGE_KEY: its secret would have the name of GORGON_PURGE_KEY": with(func(s *deploy.Site) {
			s.Variables = append(slices.Clone(s.Variables), deploy.Variable{Name: "PURGE_KEY", Secret: true})
		}),
		"variable CACHE_URL: its secret would have the name of another, cache-url": with(func(s *deploy.Site) {
			s.Variables = append(slices.Clone(s.Variables), deploy.Variable{Name: "CACHE_URL", Secret: true})
		}),
		"a disk store belongs to one machine": with(func(s *deploy.Site) {
			s.Outcome.Setting = plan.Setting{Store: "disk"}
		}),
	} {
		if _, err := aws.Target().Own(t.Context(), s); err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "aws: ") {
			t.Errorf("the error is %v, want %q", err, want)
		}
		if err := aws.Target().Write(t.Context(), s, t.TempDir()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("writing gives %v, want %q", err, want)
		}
	}
	if _, err := aws.Target().Own(t.Context(), variable("GORGON_DRAIN", "90s")); err != nil {
		t.Errorf("90 s and half a minute are 120 s: %v", err)
	}
}

// What an app may be without leaves files that are whole.
func TestOddSites(t *testing.T) {
	odd := stacks()["connections"]
	odd.Region, odd.Domain, odd.Package.App = "moon-1\"${x}\n", "a\"b${c}", "../.. $(x)"
	for name, s := range map[string]deploy.Site{"empty": {}, "odd": odd} {
		for _, f := range own(t, s) {
			text := string(f.Data)
			if strings.Contains(text, "<no value>") || strings.Contains(text, "<nil>") {
				t.Errorf("%s: %s has no value somewhere", name, f.Name)
			}
			if filepath.Ext(f.Name) != ".md" && (strings.Contains(text, " ${x}") || strings.Contains(text, `"${c}`) || strings.Contains(text, `b${c}`)) {
				t.Errorf("%s: %s has a template from outside", name, f.Name)
			}
		}
	}
}

// The drain has one place: the site's own is the default of drain_seconds, and no
// setting beside it.
func TestDrain(t *testing.T) {
	s := stacks()["bare"]
	s.Variables = append(slices.Clone(s.Variables), deploy.Variable{Name: "GORGON_DRAIN", Value: "40s"}, deploy.Variable{Name: "GORGON_TRUSTED_PROXIES", Value: "192.0.2.0/24"})
	files := map[string]string{}
	for _, f := range own(t, s) {
		files[filepath.Base(f.Name)] = string(f.Data)
	}
	if !strings.Contains(files["variables.tf"], "default = 40\n") || !strings.Contains(files["production.tfvars"], "drain_seconds = 40\n") {
		t.Error("drain_seconds is not the site's 40")
	}
	if n := strings.Count(files["compute.tf"], "GORGON_DRAIN"); n != 1 {
		t.Errorf("GORGON_DRAIN is set %d times", n)
	}
	if !strings.Contains(files["compute.tf"], `{ name = "GORGON_TRUSTED_PROXIES", value = "192.0.2.0/24" }`) {
		t.Error("the site's own proxies are left out")
	}
}

// Names of resources begin with a label that all of Amazon's services take.
func TestNames(t *testing.T) {
	label := regexp.MustCompile(`^[a-z]([a-z0-9]|-[a-z0-9]){0,20}$`)
	for app, want := range map[string]string{
		"shop": "shop", "7-seas": "app-7-seas", "Internal__7-Seas": "app-internal-7-seas", "internal": "app-internal",
		"a--b---c": "a-b-c", "": "app", "internals": "internals", strings.Repeat("ab-", 20): "ab-ab-ab-ab-ab-ab-ab",
		"internal-" + strings.Repeat("x", 30): "app-internal-xxxxxxxx",
	} {
		s := stacks()["bare"]
		s.Package.App = app
		var got string
		for _, f := range own(t, s) {
			if m := regexp.MustCompile(`(?m)^  app  = "(.*)"$`).FindSubmatch(f.Data); m != nil && filepath.Base(f.Name) == "versions.tf" {
				got = string(m[1])
			}
		}
		if got != want || !label.MatchString(got) || len(got) > 21 {
			t.Errorf("%q is named %q, want %q", app, got, want)
		}
	}
}

func TestSchedule(t *testing.T) {
	for every, want := range map[time.Duration]string{
		time.Minute: "cron(* * * * ? *)", 5 * time.Minute: "cron(0/5 * * * ? *)", time.Hour: "cron(0 * * * ? *)", 24 * time.Hour: "cron(0 * * * ? *)",
	} {
		app := gorgon.App{Name: "shop", Parts: []gorgon.Part{gorgon.Service{Name: "digest", Run: func(context.Context) error { return nil }, Every: every}}}
		s := site(app, plan.Setting{Store: "redis", SharedStore: true})
		s.Outcome.Role = "web"
		var text string
		for _, f := range own(t, s) {
			if filepath.Base(f.Name) == "schedule.tf" {
				text = string(f.Data)
			}
		}
		if !strings.Contains(text, fmt.Sprintf("schedule_expression = %q\n", want)) {
			t.Errorf("every %s: no %s in\n%s", every, want, text)
		}
	}
}

// A target's files are read from top to bottom.
func TestLines(t *testing.T) {
	for name, s := range stacks() {
		lines, code := 0, 0
		for _, f := range own(t, s) {
			if !strings.HasSuffix(f.Name, ".tf") {
				continue
			}
			for line := range strings.Lines(string(f.Data)) {
				lines++
				if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
					code++
				}
			}
		}
		t.Logf("%-12s %d lines of HCL, and %d of comments or none", name, code, lines-code)
		if code > 750 {
			t.Errorf("%s has %d lines of HCL", name, code)
		}
	}
}

// The package's folder has the image's README, which leads to the repository.
func TestWrite(t *testing.T) {
	for name, s := range stacks() {
		t.Run(name, func(t *testing.T) {
			files := deploytest.Files(t, deploytest.Write(t, aws.Target(), s))
			text := files[deploy.ReadmeName]
			if len(files) != 1 || strings.Contains(text, secret) {
				t.Errorf("it writes %q, and no secret", slices.Sorted(maps.Keys(files)))
			}
			for _, want := range []string{"# " + s.Package.App + " on Amazon Web Services", "infra/aws`", "release.sh roll"} {
				if !strings.Contains(text, want) {
					t.Errorf("the README does not say %q:\n%s", want, text)
				}
			}
		})
	}
}
