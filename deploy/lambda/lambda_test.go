package lambda_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/deploy"
	"github.com/gorgon-go/gorgon/deploy/lambda"
	"github.com/gorgon-go/gorgon/jobs"
	"github.com/gorgon-go/gorgon/pack"
	"github.com/gorgon-go/gorgon/plan"
)

var update = flag.Bool("update", false, "write the golden files")

// sites are differing apps on their way to Lambda.
func sites(t *testing.T) map[string]deploy.Site {
	t.Helper()
	folder := t.TempDir()
	for name, data := range map[string]string{"shop": "code", "shop.seed": "stone", pack.ManifestName: "{}"} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	site := func(app gorgon.App, setting plan.Setting, vars ...deploy.Variable) deploy.Site {
		return deploy.Site{
			App: plan.Describe(app), Outcome: plan.Judge(plan.Describe(app), lambda.Target().Target, setting), Folder: folder, Variables: vars,
			Package: pack.Manifest{App: "shop", Build: "b1", Commit: "4f1c", MadeAt: time.Unix(1_700_000_000, 0), Arch: "amd64", Program: "shop", Seed: "shop.seed", Pages: 3, Parts: plan.Parts(app)},
		}
	}
	run := func(context.Context) error { return nil }
	role := deploy.Variable{Name: "GORGON_ROLE", Value: "web", For: "an instance does no work between requests"}
	store := deploy.Variable{Name: "GORGON_STORE", Secret: true, For: "where pages are kept"}
	plain := site(gorgon.App{Name: "shop"}, plan.Setting{}, role)
	shop := site(gorgon.App{Name: "shop", Parts: []gorgon.Part{gorgon.Service{Name: "import", Every: 5 * time.Minute, Run: run}}},
		plan.Setting{Store: "postgres", SharedStore: true, Replicas: 10}, role, store)
	shop.Migrate, shop.Store, shop.Domain, shop.Region, shop.Package.Arch = true, "postgres://shop:***@db/shop", "shop.example", "eu-central-1", "arm64"
	hostile := site(gorgon.App{Name: "shop"}, plan.Setting{}, deploy.Variable{Name: "GORGON_BASE_PATH", Value: "/\"yes\": {{x}} #\n- ${Ref}", For: "\"quotes\""})
	jobs := site(gorgon.App{Name: "shop", Parts: []gorgon.Part{
		jobs.Job[string]{Name: "receipt", Run: func(context.Context, string) error { return nil }},
	}}, plan.Setting{},
		deploy.Variable{Name: "DATABASE_URL", Secret: true, For: "the app's own database"},
		deploy.Variable{Name: "MAIL_URL", Secret: true, For: "the server that sends mails, with its password"},
		deploy.Variable{Name: "MAIL_FROM", For: "the sender of mails"})
	jobs.Variables = append(jobs.Suspended(), jobs.Variables...)
	files := site(gorgon.App{Name: "shop", Origin: "https://shop.example", Parts: []gorgon.Part{
		gorgon.Handler{Pattern: "GET /photos/{key}", Handler: http.NotFoundHandler(), Needs: []gorgon.Need{gorgon.NeedFiles}},
	}}, plan.Setting{}, role)
	files.Variables = append(files.Variables, files.Files("")...)
	return map[string]deploy.Site{"files": files, "plain": plain, "shop": shop, "hostile": hostile, "jobs": jobs}
}

func TestGolden(t *testing.T) {
	for name, s := range sites(t) {
		folder := t.TempDir()
		if err := lambda.Target().Write(t.Context(), s, folder); err != nil {
			t.Fatal(err)
		}
		for _, file := range []string{"template.json", deploy.ReadmeName} {
			got, err := os.ReadFile(filepath.Join(folder, file))
			if err != nil {
				t.Fatal(err)
			}
			golden := filepath.Join("testdata", name+"-"+file)
			if *update {
				if err := os.WriteFile(golden, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("%s: %s differs from %s (-update writes it):\n%s", name, file, golden, got)
			}
		}
	}
}

// The zip holds what the function needs, with a bootstrap that can be run, and
// is the same each time.
func TestZip(t *testing.T) {
	var last []byte
	for range 2 {
		folder := t.TempDir()
		if err := lambda.Target().Write(t.Context(), sites(t)["plain"], folder); err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(filepath.Join(folder, "function.zip"))
		if err != nil {
			t.Fatal(err)
		}
		if last != nil && !bytes.Equal(last, data) {
			t.Error("the second zip differs from the first")
		}
		last = data
	}
	z, err := zip.NewReader(bytes.NewReader(last), int64(len(last)))
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		got[f.Name+" "+f.Mode().String()] = string(data)
	}
	for name, want := range map[string]string{"bootstrap -rwxr-xr-x": "code", "shop.seed -rw-r--r--": "stone", "manifest.json -rw-r--r--": "{}"} {
		if got[name] != want {
			t.Errorf("%s is %q, want %q; there are %v", name, got[name], want, got)
		}
	}
}

// No secret stands in the template, and whatever a value holds arrives.
func TestTemplate(t *testing.T) {
	for name, s := range sites(t) {
		folder := t.TempDir()
		if err := lambda.Target().Write(t.Context(), s, folder); err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(filepath.Join(folder, "template.json"))
		if err != nil {
			t.Fatal(err)
		}
		var template struct {
			Resources struct {
				Site struct {
					Properties struct {
						Environment struct{ Variables map[string]any }
					}
				}
			}
		}
		if err := json.Unmarshal(data, &template); err != nil {
			t.Fatal(err)
		}
		for _, v := range s.Variables {
			got := template.Resources.Site.Properties.Environment.Variables[v.Name]
			if text, plain := got.(string); (v.Secret || v.Value == "") == plain || plain && text != v.Value {
				t.Errorf("%s: %s is %v", name, v.Name, got)
			}
		}
		if strings.Contains(string(data), "postgres://") {
			t.Errorf("%s: the store stands in the template", name)
		}
	}
}
