// Package deploytest holds sites that differ in what matters to a target, and
// the laws that every target keeps.
package deploytest

import (
	"context"
	"io/fs"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/deploy"
	"github.com/gorgon-go/gorgon/pack"
	"github.com/gorgon-go/gorgon/plan"
)

// secret is the value of every secret: no target may write it.
const secret = "open-sesame"

type state struct{ Text string }

func load(context.Context, gorgon.Input) (state, error) { return state{}, nil }

func view(state) gorgon.Component { return nil }

// Sites are sites by name, planned for a target:
//
//   - leaflet: built pages and one of request time, no store
//   - shop: a PostgreSQL that has to be laid out, three instances, services, secrets
//   - notes: a store on disk, one instance
//   - album: files of the app's own
//   - 7-seas: values that a careless writer spoils
func Sites(target plan.Target) map[string]deploy.Site {
	asked := gorgon.Page[state]{Path: "/search", LoadRequest: func(context.Context, gorgon.Input, *http.Request) (state, error) { return state{}, nil }, View: view}
	home := gorgon.Page[state]{Path: "/", View: view}
	fresh := gorgon.Page[state]{Path: "/", Load: load, RevalidateAfter: time.Minute, View: view}
	some := gorgon.Page[state]{Path: "/p/{id}", Load: load, Incremental: true, View: view}
	work := func(context.Context) error { return nil }

	leaflet := site(target, gorgon.App{Name: "leaflet", Parts: []gorgon.Part{home, asked}}, plan.Setting{Store: "none"})

	shop := site(target, gorgon.App{
		Name: "shop", Origin: "https://shop.example.com", Parts: []gorgon.Part{
			fresh,
			some,
			asked,
			gorgon.Service{Name: "stock", Run: work, Every: 25 * time.Minute, Needs: []gorgon.Need{gorgon.NeedDatabase}},
			gorgon.Service{Name: "digest", Run: work, Every: 24 * time.Hour},
		},
	}, plan.Setting{Store: "postgres", SharedStore: true, Replicas: 3})
	shop.Store, shop.Migrate = "postgres://app:***@db.internal/app", true
	shop.Domain, shop.Image = "shop.example.com", "registry.example.com/shop:4f1c"
	shop.Variables = []deploy.Variable{
		{Name: "GORGON_STORE", Value: "postgres://app:" + secret + "@db.internal/app", Secret: true, For: "the store for pages generated at run time"},
		{Name: "GORGON_PURGE_KEY", Secret: true, Random: true, For: "the key of purges over HTTP"},
		{Name: "GORGON_TRUSTED_PROXIES", For: "the networks of the proxies in front"},
		{Name: "GREETING", Value: "good day", For: "what visitors are told first"},
	}

	notes := site(target, gorgon.App{Name: "notes", Origin: "https://notes.example.com", Parts: []gorgon.Part{
		fresh,
		some,
	}}, plan.Setting{Store: "disk", Replicas: 1, AlwaysOn: true})
	notes.Store, notes.Domain, notes.Image = "disk:store", "notes.example.com", "registry.example.com/notes:4f1c"

	seas := site(target, gorgon.App{Name: "7-seas", Parts: []gorgon.Part{home, some}}, plan.Setting{Store: "redis", SharedStore: true})
	seas.Store, seas.Image = "redis://cache/0", "registry.example.com:5000/a/7-seas:0.1_x"
	for i, v := range Hostile {
		seas.Variables = append(seas.Variables, deploy.Variable{Name: "HOSTILE_" + string(rune('A'+i)), Value: v, For: "what breaks"})
	}
	album := site(target, gorgon.App{Name: "album", Origin: "https://album.example.com", Parts: []gorgon.Part{
		home,
		gorgon.Handler{Pattern: "GET /photos/{key}", Handler: http.NotFoundHandler(), Needs: []gorgon.Need{gorgon.NeedFiles}},
	}}, plan.Setting{Store: "none"})
	album.Domain, album.Image = "album.example.com", "registry.example.com/album:4f1c"
	album.Variables = append(album.Files(""), deploy.Variable{Name: "GORGON_SECRET", Secret: true, For: "seals what travels through browsers"})
	return map[string]deploy.Site{"album": album, "leaflet": leaflet, "shop": shop, "notes": notes, "7-seas": seas}
}

// Hostile are values that mean something to a format they are written in.
var Hostile = []string{
	"yes", "0123", "null", "~", "1:30", "1e3", "=", "a: b", "a #b", "- a", "'\"\\", "two\nlines\n", "a\r\nb", "\ttab ",
	" lead", "*/5", "%TAG", "$(GORGON_STORE)", "$HOME", "{{.}}", "\u2028", "!!int 1", "\ufeff", "ünïcode ☃ 𝄞", "---", "...",
}

func site(target plan.Target, app gorgon.App, setting plan.Setting) deploy.Site {
	s := deploy.Site{App: plan.Describe(app), Outcome: plan.Judge(plan.Describe(app), target, setting), Folder: "/home/someone/pkg", Store: "none"}
	s.Package = pack.Manifest{
		Format: pack.Format, App: app.Name, Build: "-4f1c_zz-", Origin: app.Origin,
		Commit: "0123456789abcdef0123456789abcdef01234567", MadeAt: time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC),
		Go: "go1.26.0", OS: "linux", Arch: "amd64", Program: app.Name, Seed: app.Name + ".seed", Pages: 2, Parts: plan.Parts(app),
	}
	return s
}

// Run writes the target's files for every site and holds them against the
// golden files in testdata, which UPDATE_GOLDEN=1 writes. It gives each
// site's folder to check, which may be nil.
func Run(t *testing.T, target deploy.Target, check func(t *testing.T, s deploy.Site, folder string)) {
	for name, s := range Sites(target.Target) {
		t.Run(name, func(t *testing.T) {
			folder := Write(t, target, s)
			files := Files(t, folder)
			if diff := cmp.Diff(files, Files(t, Write(t, target, s))); diff != "" {
				t.Errorf("the same site gives the same bytes; the second time differs:\n%s", diff)
			}
			for file, text := range files {
				if strings.Contains(text, secret) {
					t.Errorf("no file holds a secret's value; %s does", file)
				}
				if strings.Contains(text, s.Folder) {
					t.Errorf("no file names a folder of this machine; %s does", file)
				}
				if !strings.HasSuffix(text, "\n") || strings.HasSuffix(text, "\n\n") {
					t.Errorf("every file ends with one newline; %s does not", file)
				}
			}
			if _, is := files[deploy.ReadmeName]; !is {
				t.Errorf("every target writes %s", deploy.ReadmeName)
			}
			golden(t, filepath.Join("testdata", name), files)
			if check != nil {
				check(t, s, folder)
			}
		})
	}
}

// Write writes the target's files into a folder of the test.
func Write(t *testing.T, target deploy.Target, s deploy.Site) string {
	t.Helper()
	folder := t.TempDir()
	if err := target.Write(t.Context(), s, folder); err != nil {
		t.Fatal(err)
	}
	return folder
}

// Files are the files below a folder, by their names with slashes.
func Files(t *testing.T, folder string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := fs.WalkDir(os.DirFS(folder), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(filepath.Join(folder, filepath.FromSlash(name)))
		files[name] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func golden(t *testing.T, folder string, got map[string]string) {
	t.Helper()
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.RemoveAll(folder); err != nil {
			t.Fatal(err)
		}
		var files []deploy.File
		for name, text := range got {
			files = append(files, deploy.File{Name: name, Data: []byte(text)})
		}
		slices.SortFunc(files, func(a, b deploy.File) int { return strings.Compare(a.Name, b.Name) })
		if err := deploy.WriteFiles(folder, files...); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(Files(t, folder), got); diff != "" {
		t.Errorf("%s differs (-golden +written), UPDATE_GOLDEN=1 writes it:\n%s", path.Base(folder), diff)
	}
}
