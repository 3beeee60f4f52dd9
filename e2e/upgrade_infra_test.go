// Infrastructure that its owner has changed, while the app grows and goes back.

package e2e_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/deploy"
	"github.com/gorgon-go/gorgon/deploy/aws"
	"github.com/gorgon-go/gorgon/deploy/cloudrun"
	"github.com/gorgon-go/gorgon/deploy/gcp"
	"github.com/gorgon-go/gorgon/deploy/scaffold"
	"github.com/gorgon-go/gorgon/pack"
	"github.com/gorgon-go/gorgon/plan"
)

// TestUpgradeInfrastructure writes what two builds need, the second one with a
// database, and what the first one needs again. A line that the owner has added stays,
// what the owner has deleted stays away, and all else is as the build needs it.
func TestUpgradeInfrastructure(t *testing.T) {
	for _, target := range []deploy.Target{aws.Target(), gcp.Target(), cloudrun.Target()} {
		t.Run(target.Name, func(t *testing.T) {
			root, folder := t.TempDir(), "infra/"+target.Name
			const mine = "\n# by the owner\n"
			var edited, deleted string
			for i, rows := range []bool{false, true, false} {
				files, err := target.Own(t.Context(), ofBuild(target, folder, rows))
				if err != nil {
					t.Fatal(err)
				}
				p, err := scaffold.Look(root, folder, files)
				if err != nil {
					t.Fatal(err)
				}
				if err := p.Do(); err != nil {
					t.Fatal(err)
				}
				if i == 0 {
					edited, deleted = folder+"/variables.tf", folder+"/environments/staging.tfvars"
					appendTo(t, filepath.Join(root, edited), mine)
					if err := os.Remove(filepath.Join(root, deleted)); err != nil {
						t.Fatal(err)
					}
					continue
				}
				want := map[string]string{}
				for _, f := range files {
					want[f.Name] = string(f.Data)
				}
				if got := read(t, filepath.Join(root, edited)); !strings.HasSuffix(got, mine) {
					t.Errorf("build %d: the owner's line is gone from %s", i+1, edited)
				}
				if _, err := os.Stat(filepath.Join(root, deleted)); err == nil {
					t.Errorf("build %d: %s is there again", i+1, deleted)
				}
				beside, err := os.ReadFile(filepath.Join(root, edited+scaffold.New))
				if rows && (err != nil || string(beside) != want[edited]) {
					t.Errorf("build %d: what is new of %s does not lie beside it: %v", i+1, edited, err)
				}
				for name, text := range want {
					if name != edited && name != deleted && read(t, filepath.Join(root, name)) != text {
						t.Errorf("build %d: %s is not as this build needs it", i+1, name)
					}
				}
				has := "database.tf"
				if _, err := fs.Stat(os.DirFS(root), folder+"/"+has); (err == nil) != rows {
					t.Errorf("build %d: %s: %v", i+1, has, err)
				}
			}
		})
	}
}

func appendTo(t *testing.T, name, text string) {
	t.Helper()
	f, err := os.OpenFile(name, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(text); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// ofBuild is the site of a build, with rows or without.
func ofBuild(target deploy.Target, folder string, rows bool) deploy.Site {
	app := gorgon.App{Name: "ferry", Parts: []gorgon.Part{gorgon.Page[int]{Path: "/", View: func(int) gorgon.Component { return gorgon.Text("") }}}}
	a := plan.Describe(app)
	if rows {
		a.Parts = append(a.Parts, plan.Part{Name: plan.DatabasePart, How: "postgresql", Needs: []plan.Need{{Part: plan.DatabasePart, Kind: plan.Database, Why: "it has rows"}}})
	}
	return deploy.Site{
		App: a, Outcome: plan.Judge(a, target.Target, plan.Setting{}), Store: "none", Migrate: rows, Infra: folder, Module: ".", Main: ".",
		Package: pack.Manifest{Format: pack.Format, App: app.Name, Build: "b1", Go: "go1.26.0", OS: "linux", Arch: "amd64", Program: app.Name, Seed: app.Name + ".seed", Parts: a.Parts},
	}
}
