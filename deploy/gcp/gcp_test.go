// The files for sites of several needs.

package gcp_test

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/deploy"
	"github.com/gorgon-go/gorgon/deploy/deploytest"
	"github.com/gorgon-go/gorgon/deploy/gcp"
	"github.com/gorgon-go/gorgon/deploy/pod"
	"github.com/gorgon-go/gorgon/jobs"
	"github.com/gorgon-go/gorgon/pack"
	"github.com/gorgon-go/gorgon/plan"
	"github.com/gorgon-go/gorgon/wire"
)

type state struct{ Text string }

// sites are sites by name:
//
//   - bare: a program, and nothing beside it
//   - database: rows of its own, which a step before each roll-out lays out
//   - connections: the same, with connections that stay open, in the store as well
//   - everything: a Redis store, rows, a schedule, a worker, jobs, secrets of all origins, and hostile values
func sites() map[string]deploy.Site {
	load := func(context.Context, gorgon.Input, *http.Request) (state, error) { return state{}, nil }
	page := gorgon.Page[state]{Path: "/", LoadRequest: load, View: func(state) gorgon.Component { return nil }}
	live := gorgon.Page[state]{Path: "/live", LoadRequest: load, View: page.View, Needs: []gorgon.Need{gorgon.NeedConnections}}
	work := func(context.Context) error { return nil }
	sync := gorgon.Service{Name: "sync", Every: 5 * time.Minute, Run: work}
	receipt := jobs.Job[string]{Name: "receipt", Run: func(context.Context, string) error { return nil }}
	feed := gorgon.Service{Name: "feed", Run: work}
	url := deploy.Variable{Name: "DATABASE_URL", Secret: true, For: "the app's own database"}

	bare := site(gorgon.App{Name: "leaflet", Parts: []gorgon.Part{page}}, plan.Setting{}, false)
	database := site(gorgon.App{Name: "shop", Origin: "https://shop.example.com", Parts: []gorgon.Part{page}}, plan.Setting{}, true)
	database.Variables = []deploy.Variable{url}
	connections := site(gorgon.App{Name: "chat", Origin: "https://chat.example.com", Parts: []gorgon.Part{page, live}}, plan.Setting{Store: "postgres", SharedStore: true}, true)
	connections.Variables = []deploy.Variable{url}
	everything := site(gorgon.App{Name: "7-seas_of Everything that there is", Origin: "https://seas.example.com", Parts: []gorgon.Part{page, live, sync, feed, receipt}}, plan.Setting{Store: "redis", SharedStore: true, Replicas: 3}, true)
	everything.Region = "europe-west1"
	everything.Variables = []deploy.Variable{
		url,
		{Name: "GORGON_PURGE_KEY", Secret: true, Random: true, For: "signs purges over HTTP; without it there are none"},
		{Name: "GORGON_SECRET", Secret: true, For: "seals what travels through browsers"},
		{Name: "MAIL_PASSWORD", Secret: true, For: "of the mail server"},
		{Name: "GORGON_TRUSTED_PROXIES", For: "the networks of the proxies in front"},
		{Name: "MAIL_HOST", For: "the mail server"},
		{Name: "image", Value: "app:latest", For: "what a script may have a variable of the same name for"},
		{Name: "arguments", Value: "--privileged", For: "several\nlines"},
		{Name: "HOME", Value: "/nowhere", For: "the same"},
		{Name: "PATH", Value: "/nowhere", For: "the same"},
	}
	everything.Outcome.Verdicts = append(everything.Outcome.Verdicts, plan.Verdict{Need: plan.Need{Kind: plan.Schedule}, Fit: plan.Conditional})
	for i, v := range append(deploytest.Hostile, "${var.project}", "%{ if true }x%{ endif }", "$(id)", "`id`", "a'b\"c\\") {
		everything.Variables = append(everything.Variables, deploy.Variable{Name: "HOSTILE_" + strconv.Itoa(i), Value: v, For: "what breaks"})
		everything.App.Settings = append(everything.App.Settings, wire.Variable{Name: "HOSTILE_" + strconv.Itoa(i)})
	}
	album := site(gorgon.App{Name: "album", Origin: "https://album.example.com", Parts: []gorgon.Part{page,
		gorgon.Handler{Pattern: "POST /photos", Handler: http.NotFoundHandler(), Needs: []gorgon.Need{gorgon.NeedFiles}}}}, plan.Setting{}, false)
	return map[string]deploy.Site{"bare": bare, "database": database, "connections": connections, "everything": everything, "files": album}
}

func site(app gorgon.App, setting plan.Setting, rows bool) deploy.Site {
	a := plan.Describe(app)
	if rows {
		a.Parts = append(a.Parts, plan.Part{Name: plan.DatabasePart, How: "database", Needs: []plan.Need{{Part: plan.DatabasePart, Kind: plan.Database, Why: "it has rows"}}})
	}
	s := deploy.Site{
		App: a, Outcome: plan.Judge(a, gcp.Target().Target, setting), Folder: "/home/someone/pkg", Store: "none", Migrate: rows || setting.Store == "postgres",
		Infra: "infra/gcp", Module: ".", Main: "cmd/app", Domain: strings.TrimPrefix(app.Origin, "https://"),
		Package: pack.Manifest{
			Format: pack.Format, App: app.Name, Build: "-4f1c_zz-", Origin: app.Origin, MadeAt: time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC),
			Go: "go1.26.0", OS: "linux", Arch: "amd64", Program: app.Name, Seed: app.Name + ".seed", Pages: 2, Parts: plan.Parts(app),
		},
	}
	return s
}

func own(t *testing.T, s deploy.Site) map[string]string {
	t.Helper()
	files, err := gcp.Target().Own(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, f := range files {
		all[f.Name] = string(f.Data)
		if want := map[bool]os.FileMode{true: 0o755, false: 0}[f.Name == s.Infra+"/release.sh"]; f.Mode != want {
			t.Errorf("%s has mode %o, want %o", f.Name, f.Mode, want)
		}
	}
	return all
}

// What is written is what testdata has, which UPDATE_GOLDEN=1 writes.
func TestGolden(t *testing.T) {
	for name, s := range sites() {
		t.Run(name, func(t *testing.T) {
			got := own(t, s)
			if diff := cmp.Diff(got, own(t, s)); diff != "" {
				t.Errorf("the same site gives the same bytes; the second time differs:\n%s", diff)
			}
			delete(got, s.Infra+"/release.sh") // has tests of its own
			folder := filepath.Join("testdata", name)
			if os.Getenv("UPDATE_GOLDEN") != "" {
				var files []deploy.File
				for name, text := range got {
					files = append(files, deploy.File{Name: name, Data: []byte(text)})
				}
				if err := errors.Join(os.RemoveAll(folder), deploy.WriteFiles(folder, files...)); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(deploytest.Files(t, folder), got); diff != "" {
				t.Errorf("%s differs (-golden +written), UPDATE_GOLDEN=1 writes it:\n%s", folder, diff)
			}
			for file, text := range got {
				if strings.Contains(text, s.Folder) {
					t.Errorf("%s names a folder of this machine", file)
				}
				if !strings.HasSuffix(text, "\n") || strings.HasSuffix(text, "\n\n") || regexp.MustCompile(`(?m)[ \t]$`).MatchString(text) {
					t.Errorf("%s: a file ends with one newline, and no line with a space", file)
				}
			}
		})
	}
}

// A part is there exactly if the app needs it.
func TestParts(t *testing.T) {
	for name, want := range map[string][]string{
		"bare":        {},
		"database":    {"database.tf", "jobs.tf", "secrets.tf"},
		"connections": {"database.tf", "jobs.tf", "secrets.tf"},
		"everything":  {"cache.tf", "database.tf", "jobs.tf", "schedule.tf", "secrets.tf"},
	} {
		files := own(t, sites()[name])
		for _, part := range []string{"cache.tf", "database.tf", "jobs.tf", "schedule.tf", "secrets.tf"} {
			if _, is := files["infra/gcp/"+part]; is != slices.Contains(want, part) {
				t.Errorf("%s: %s is there: %t", name, part, is)
			}
		}
		for _, part := range []string{"versions.tf", "network.tf", "compute.tf", "balancer.tf", "identity.tf", "observability.tf", "release.sh", deploy.ReadmeName} {
			if files["infra/gcp/"+part] == "" {
				t.Errorf("%s: %s is missing", name, part)
			}
		}
	}
}

// All of it can be read: 720 lines of HCL at most, beside what says why, for an app
// that needs everything, and with it for one with a database.
func TestLines(t *testing.T) {
	for name, s := range sites() {
		s.Variables = slices.DeleteFunc(s.Variables, func(v deploy.Variable) bool { return v.Value != "" })
		all, code := 0, 0
		for file, text := range own(t, s) {
			if !strings.HasSuffix(file, ".tf") {
				continue
			}
			for line := range strings.Lines(text) {
				all++
				if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
					code++
				}
			}
		}
		t.Logf("%-11s %d lines, %d of them HCL", name, all, code)
		if code > 720 || all > 720 && name != "everything" {
			t.Errorf("%s has %d lines of HCL, %d with comments: more than 720", name, code, all)
		}
	}
}

// What the templates say in figures is what the program has.
func TestFigures(t *testing.T) {
	all := own(t, sites()["bare"])
	for file, words := range map[string][]string{
		"compute.tf":   {"port = " + strconv.Itoa(pod.Port), `request_path = "` + wire.Live + `"`, "var.drain_seconds.program + 30"},
		"balancer.tf":  {`request_path = "` + wire.Ready + `"`, "timeout_sec                     = " + strconv.Itoa(int(gcp.Target().Offers.OpenFor/time.Second))},
		"variables.tf": {"program = 15 }"},
		"versions.tf":  {`app  = "leaflet"`},
	} {
		for _, w := range words {
			if !strings.Contains(all["infra/gcp/"+file], w) {
				t.Errorf("%s does not say %q", file, w)
			}
		}
	}
}

// Odd names, and apps of nothing: each name is one that Google takes.
func TestOdd(t *testing.T) {
	name := regexp.MustCompile(`(?m)^  app  = "([a-z][a-z0-9-]{0,19}[a-z0-9]|[a-z])"$`)
	for _, app := range []string{"", "-", "x", "0", "7-seas", "ÜBER", strings.Repeat("a", 99), strings.Repeat("a-", 30), `"${var.x}"`, "a\nb", "postgres"} {
		s := site(gorgon.App{Name: app}, plan.Setting{Replicas: 1}, false)
		s.Domain = ""
		files := own(t, s)
		if text := files["infra/gcp/versions.tf"]; !name.MatchString(text) {
			t.Errorf("%q: its name is not one for Google:\n%s", app, text)
		}
		for _, file := range []string{"production", "staging"} {
			if text := files["infra/gcp/environments/"+file+".tfvars"]; !strings.Contains(text, "{ min = 1, max = 1 }") {
				t.Errorf("%q is to run once:\n%s", app, text)
			}
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := gcp.Target().Own(ctx, sites()["bare"]); !errors.Is(err, context.Canceled) {
		t.Errorf("the error is %v, want that it was canceled", err)
	}
}

// What cannot be is refused by name, with a way on, before anything is written.
func TestRefused(t *testing.T) {
	for want, change := range map[string]func(*deploy.Site){
		"--store postgres or redis":           func(s *deploy.Site) { s.Outcome.Setting.Store, s.Outcome.Setting.SharedStore = "s3", true },
		"a disk store belongs to one machine": func(s *deploy.Site) { s.Outcome.Setting.Store = "disk" },
		"a SQLite database belongs to one machine": func(s *deploy.Site) {
			s.App.Parts = append(s.App.Parts, plan.Part{Needs: []plan.Need{{Kind: plan.File}}})
		},
		`variable "A B": use letters`: func(s *deploy.Site) { s.Variables = []deploy.Variable{{Name: "A B", Value: "x"}} },
		"the secrets PURGE_KEY and GORGON_PURGE_KEY would have one name": func(s *deploy.Site) {
			s.Variables = []deploy.Variable{{Name: "PURGE_KEY", Secret: true}, {Name: "GORGON_PURGE_KEY", Secret: true}}
		},
	} {
		s := sites()["bare"]
		change(&s)
		folder := t.TempDir()
		_, ownErr := gcp.Target().Own(t.Context(), s)
		for _, err := range []error{ownErr, gcp.Target().Write(t.Context(), s, folder)} {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("the error is %v, want it to say %q", err, want)
			}
		}
		if files := deploytest.Files(t, folder); len(files) > 0 {
			t.Errorf("%d files were written", len(files))
		}
	}
}

// The package's folder has a README with the way on.
func TestWrite(t *testing.T) {
	for name, s := range sites() {
		folder := t.TempDir()
		if err := gcp.Target().Write(t.Context(), s, folder); err != nil {
			t.Fatal(err)
		}
		files := deploytest.Files(t, folder)
		if text := files[deploy.ReadmeName]; len(files) != 1 || !strings.Contains(text, "infra/gcp/"+deploy.ReadmeName) || strings.Contains(text, s.Folder) {
			t.Errorf("%s: the README is\n%s", name, text)
		}
	}
}
