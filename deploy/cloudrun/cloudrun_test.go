// The files of the target: which there are, and what they say.

package cloudrun_test

import (
	"context"
	"net/http"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/deploy"
	"github.com/gorgon-go/gorgon/deploy/cloudrun"
	"github.com/gorgon-go/gorgon/deploy/deploytest"
	"github.com/gorgon-go/gorgon/deploy/pod"
	"github.com/gorgon-go/gorgon/jobs"
	"github.com/gorgon-go/gorgon/pack"
	"github.com/gorgon-go/gorgon/plan"
	"github.com/gorgon-go/gorgon/wire"
)

const infra = "infra/cloudrun"

// TestTarget holds the package's folder against the laws of all targets.
func TestTarget(t *testing.T) {
	deploytest.Run(t, cloudrun.Target(), nil)
}

// sites are apps by what they need, from little to all.
func sites() map[string]deploy.Site {
	pages := []gorgon.Part{
		gorgon.Page[string]{Path: "/"},
		gorgon.Page[string]{Path: "/search", LoadRequest: func(context.Context, gorgon.Input, *http.Request) (string, error) { return "", nil }},
	}
	open := gorgon.Page[string]{Path: "/feed", Needs: []gorgon.Need{gorgon.NeedConnections}}
	nightly := gorgon.Service{Name: "digest", Run: func(context.Context) error { return nil }, Every: 24 * time.Hour}
	receipt := jobs.Job[string]{Name: "receipt", Run: func(context.Context, string) error { return nil }}
	purge := deploy.Variable{Name: "GORGON_PURGE_KEY", Secret: true, Random: true, For: "signs purges over HTTP"}
	rows := deploy.Variable{Name: "DATABASE_URL", Secret: true, For: "the app's own database"}

	bare := site(gorgon.App{Name: "leaflet", Parts: pages}, plan.Setting{Store: "none"}, false)

	database := site(gorgon.App{Name: "shop", Parts: pages}, plan.Setting{Store: "postgres", SharedStore: true}, true)
	database.Variables = []deploy.Variable{rows, purge}

	connections := site(gorgon.App{Name: "shop", Parts: append(slices.Clone(pages), open)}, plan.Setting{Store: "postgres", SharedStore: true, AlwaysOn: true}, true)
	connections.Variables = []deploy.Variable{rows, purge}

	all := site(gorgon.App{Name: "7-seas", Origin: "https://seas.example.com", Parts: append(slices.Clone(pages), open, nightly, receipt)},
		plan.Setting{Store: "redis", SharedStore: true}, true)
	all.Domain, all.Region = "seas.example.com", "us-central1"
	all.App.Settings = []wire.Variable{{Name: "GREETING"}, {Name: "MAIL_KEY", Secret: true}, {Name: "NOT_SET"}}
	all.Variables = []deploy.Variable{rows, purge,
		{Name: "GREETING", Value: "good day", For: "what visitors are told\nfirst"},
		{Name: "MAIL_KEY", Secret: true, For: "the key of the mail service"},
		{Name: "GORGON_TRUSTED_PROXIES", For: "the networks of the proxies in front"},
	}
	album := site(gorgon.App{Name: "album", Origin: "https://album.example.com", Parts: append(slices.Clone(pages),
		gorgon.Handler{Pattern: "POST /photos", Handler: http.NotFoundHandler(), Needs: []gorgon.Need{gorgon.NeedFiles}})}, plan.Setting{Store: "none"}, false)
	album.Variables = []deploy.Variable{purge}
	return map[string]deploy.Site{"bare": bare, "database": database, "connections": connections, "all": all, "files": album}
}

func site(app gorgon.App, setting plan.Setting, database bool) deploy.Site {
	described := plan.Describe(app)
	if database { // as the program itself adds it
		described.Parts = append(described.Parts, plan.Part{Name: plan.DatabasePart, Needs: []plan.Need{{Part: plan.DatabasePart, Kind: plan.Database, Why: "it keeps rows"}}})
	}
	return deploy.Site{
		App: described, Outcome: plan.Judge(described, cloudrun.Target().Target, setting), Infra: infra, Module: ".", Main: "cmd/" + app.Name, Migrate: database,
		Package: pack.Manifest{App: app.Name, Parts: described.Parts},
	}
}

// own are the files of the repository, by name below the target's folder.
func own(t *testing.T, s deploy.Site) map[string]string {
	t.Helper()
	list, err := cloudrun.Target().Own(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, f := range list {
		name, is := strings.CutPrefix(f.Name, infra+"/")
		if !is {
			t.Errorf("%s is not below %s", f.Name, infra)
		}
		files[name] = string(f.Data)
		if script := strings.HasSuffix(name, ".sh"); script != (f.Mode == 0o755) {
			t.Errorf("%s has mode %o", name, f.Mode)
		}
	}
	return files
}

// TestTree holds the infrastructure against testdata/infra, which UPDATE_GOLDEN=1
// writes. release.sh has tests of its own.
func TestTree(t *testing.T) {
	for name, s := range sites() {
		t.Run(name, func(t *testing.T) {
			got := own(t, s)
			if diff := cmp.Diff(got, own(t, s)); diff != "" {
				t.Errorf("the same site gives the same bytes; the second time differs:\n%s", diff)
			}
			for name, text := range got {
				if !strings.HasSuffix(text, "\n") || strings.HasSuffix(text, "\n\n") || strings.Contains(text, "<no value>") || strings.Contains(text, "\n\n\n") {
					t.Errorf("%s does not end with one newline, has two empty lines, or a hole", name)
				}
			}
			delete(got, "release.sh")
			folder := path.Join("testdata", "infra", name)
			if os.Getenv("UPDATE_GOLDEN") != "" {
				if err := os.RemoveAll(folder); err != nil {
					t.Fatal(err)
				}
				for name, text := range got {
					if err := deploy.WriteFiles(folder, deploy.File{Name: name, Data: []byte(text)}); err != nil {
						t.Fatal(err)
					}
				}
				return
			}
			if diff := cmp.Diff(deploytest.Files(t, folder), got); diff != "" {
				t.Errorf("%s differs (-golden +written), UPDATE_GOLDEN=1 writes it:\n%s", name, diff)
			}
		})
	}
}

// A part that the app does not need is not there, and all that is needed is.
func TestParts(t *testing.T) {
	parts := map[string]string{"database.tf": "database connections all", "network.tf": "database connections all", "secrets.tf": "database connections all files", "cache.tf": "all", "schedule.tf": "database all"}
	for name, s := range sites() {
		files := own(t, s)
		for part, in := range parts {
			if _, is := files[part]; is != slices.Contains(strings.Fields(in), name) {
				t.Errorf("%s: %s is there: %t", name, part, is)
			}
		}
	}
}

// TestLines bounds what has to be read: the lines that are neither empty nor a
// comment.
func TestLines(t *testing.T) {
	for name, s := range sites() {
		code, all := 0, 0
		for file, text := range own(t, s) {
			if !strings.HasSuffix(file, ".tf") {
				continue
			}
			for line := range strings.Lines(text) {
				all++
				if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
					code++
				}
			}
		}
		t.Logf("%s: %d lines of HCL, %d with comments", name, code, all)
		if code > 720 {
			t.Errorf("%s: %d lines of HCL, want 720 at most", name, code)
		}
	}
}

// What the program and the files have to agree on.
func TestAgreed(t *testing.T) {
	compute := own(t, sites()["bare"])["compute.tf"]
	for _, text := range []string{"container_port = " + "8080", `path = "` + wire.Started + `"`, `path = "` + wire.Live + `"`} {
		if !strings.Contains(compute, text) {
			t.Errorf("compute.tf has no %s", text)
		}
	}
	if pod.Port != 8080 {
		t.Errorf("the program listens on %d, and compute.tf says 8080", pod.Port)
	}
}

func TestSettings(t *testing.T) {
	for _, c := range []struct {
		name    string
		setting plan.Setting
		open    bool
		role    string
		says    []string
	}{
		{"by the request", plan.Setting{}, false, "web", []string{"cpu_idle          = true", `"h2c"`, `"300s"`, "{ min = 0, max = 10 }"}},
		{"always on", plan.Setting{AlwaysOn: true}, false, "", []string{"cpu_idle          = false", `"h2c"`, `"300s"`, "{ min = 1, max = 10 }", "var.instances.min >= 1"}},
		{"bounded", plan.Setting{Replicas: 3}, false, "web", []string{"cpu_idle          = true", "{ min = 0, max = 3 }"}},
		{"connections", plan.Setting{}, true, "web", []string{`"http1"`, `"3600s"`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			app := gorgon.App{Name: "chat", Parts: []gorgon.Part{gorgon.Page[string]{Path: "/"}}}
			if c.open {
				app.Parts = []gorgon.Part{gorgon.Page[string]{Path: "/", Needs: []gorgon.Need{gorgon.NeedConnections}}}
			}
			files := own(t, site(app, c.setting, false))
			text := files["compute.tf"] + files["variables.tf"]
			for _, part := range c.says {
				if !strings.Contains(text, part) {
					t.Errorf("the files do not say %s", part)
				}
			}
			role := regexp.MustCompile(`"GORGON_ROLE" = "(\w+)"`).FindStringSubmatch(text)
			if len(role) == 0 != (c.role == "") || len(role) > 0 && role[1] != c.role {
				t.Errorf("the role is %v, want %q", role, c.role)
			}
		})
	}
}

func TestRefusals(t *testing.T) {
	for name, want := range map[string]string{
		"PORT": "variable PORT is the platform's", "K_SERVICE": "variable K_SERVICE is the platform's", "X_GOOGLE_A": "variable X_GOOGLE_A is the platform's", "1A": "use letters, digits",
	} {
		for _, v := range []deploy.Variable{{Name: name, Value: "1"}, {Name: name, Secret: true}, {Name: name}} {
			s := sites()["bare"]
			s.Variables = []deploy.Variable{v}
			if err := cloudrun.Target().Write(t.Context(), s, t.TempDir()); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: the error of Write is %v, want it to say %q", name, err, want)
			}
			if _, err := cloudrun.Target().Own(t.Context(), s); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: the error of Own is %v, want it to say %q", name, err, want)
			}
		}
	}
	for store, want := range map[string]string{"s3": "--store postgres or redis", "disk": "--store postgres or redis", "sqlite": "--store postgres or redis"} {
		s := sites()["bare"]
		s.Outcome.Setting = plan.Setting{Store: store, SharedStore: store == "s3", Replicas: 1}
		if _, err := cloudrun.Target().Own(t.Context(), s); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: the error is %v, want it to say %q", store, err, want)
		}
	}
}

// A database that a part declares, without one of Gorgon's own, is found by its
// URL, too. Two variables never share a secret.
func TestSecrets(t *testing.T) {
	s := site(gorgon.App{Name: "own", Parts: []gorgon.Part{gorgon.Page[string]{Path: "/", Needs: []gorgon.Need{gorgon.NeedDatabase}}}}, plan.Setting{}, false)
	s.Variables = []deploy.Variable{{Name: "A_B", Secret: true}, {Name: "a_b", Secret: true}, {Name: "GORGON_A_B", Secret: true}}
	text := own(t, s)["secrets.tf"]
	for _, part := range []string{`"DATABASE_URL" = "database-url"`, `"A_B" = "a-b"`, `"a_b" = "a-b-2"`, `"GORGON_A_B" = "a-b-3"`} {
		if !strings.Contains(text, part) {
			t.Errorf("secrets.tf has no %s:\n%s", part, text)
		}
	}
}

func TestOffers(t *testing.T) {
	want := plan.Offers{Process: true, Elastic: true, Frozen: plan.UnlessPaid, Disk: plan.LostFiles, OpenFor: time.Hour, Drain: 10 * time.Second, Schedule: "Cloud Scheduler"}
	if want.Buckets = cloudrun.Target().Offers.Buckets; !strings.Contains(string(want.Buckets), "Google Cloud Storage does not") {
		t.Errorf("of buckets it says %q", want.Buckets)
	}
	if got := cloudrun.Target(); got.Offers != want || !got.Image || got.Name != "cloudrun" {
		t.Errorf("the target is %+v", got)
	}
}
