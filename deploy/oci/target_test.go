// What the target writes beside the image.

package oci_test

import (
	"archive/tar"
	"crypto/sha256"
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"

	"github.com/gorgon-go/gorgon/deploy"
	"github.com/gorgon-go/gorgon/deploy/oci"
	"github.com/gorgon-go/gorgon/plan"
)

// sites are what the target is written for, by the name of their golden files.
func sites(t *testing.T) map[string]deploy.Site {
	site := func(setting plan.Setting, change func(*deploy.Site)) deploy.Site {
		s := deploy.Site{
			Package: about(), Folder: amd64(t), Image: "registry.example.com/shop:4f1c", Domain: "shop.example.com",
			Outcome: plan.Outcome{Target: oci.Target().Target, Setting: setting, Role: "serve"},
			Store:   "none",
			Variables: []deploy.Variable{
				{Name: "GORGON_TRUSTED_PROXIES", For: "the networks of the proxies in front"},
				{Name: "GORGON_PURGE_KEY", Secret: true, For: "the key of purges over HTTP"},
			},
		}
		for name, data := range contents(elf.EM_X86_64) {
			s.Package.Files = append(s.Package.Files, described(name, data))
		}
		change(&s)
		return s
	}
	return map[string]deploy.Site{
		"none": site(plan.Setting{Store: "none"}, func(s *deploy.Site) { s.Image = "" }),
		"disk": site(plan.Setting{Store: "disk"}, func(s *deploy.Site) {
			s.Store = "disk:/data/store"
			s.Outcome.Verdicts = []plan.Verdict{{
				Need: plan.Need{Part: "page /p/{id}", Kind: plan.Incremental, Why: "paths that the build did not list are generated on their first request"},
				Fit:  plan.Conditional, Rule: "volume", Says: "a disk store lies on a volume, which one instance has",
			}}
		}),
		"postgres": site(plan.Setting{Store: "postgres", SharedStore: true}, func(s *deploy.Site) {
			s.Store, s.Migrate = "postgres://app:***@db/app", true
			s.Variables = append(s.Variables,
				deploy.Variable{Name: "GORGON_STORE", Secret: true, For: "the store for pages generated at run time"},
				deploy.Variable{Name: "GORGON_DRAIN", Value: "15s", For: "how long to keep accepting requests after SIGTERM"},
				deploy.Variable{Name: "MOTTO", Value: `5 $ for "two" \ all`, For: "what is written at the top"})
		}),
		"files": site(plan.Setting{Store: "postgres", SharedStore: true}, func(s *deploy.Site) { // on the volume, beside a server with its own
			s.App.Parts = []plan.Part{{Name: plan.FilesPart, Needs: []plan.Need{{Part: plan.FilesPart, Kind: plan.AppFiles}}}}
			s.Store = "postgres://app:***@db/app"
			s.Variables = append(s.Variables, s.Files("")...)
		}),
		"redis": site(plan.Setting{Store: "redis", SharedStore: true, Replicas: 3}, func(s *deploy.Site) { s.Store = "redis://cache/0" }),
		"s3": site(plan.Setting{Store: "s3", SharedStore: true}, func(s *deploy.Site) {
			s.Store = "s3://bucket/shop"
			s.Variables = append(s.Variables, deploy.Variable{Name: "GORGON_STORE", Secret: true, For: "the store for pages generated at run time"})
		}),
	}
}

func deployed(t *testing.T, s deploy.Site) string {
	t.Helper()
	folder := t.TempDir()
	if err := oci.Target().Write(t.Context(), s, folder); err != nil {
		t.Fatal(err)
	}
	return folder
}

// digests change with the certificates and the compressor.
var digests = regexp.MustCompile(`sha256:[0-9a-f]{64}|\d+\.\d MiB`)

func TestTarget(t *testing.T) {
	for name, s := range sites(t) {
		t.Run(name, func(t *testing.T) {
			folder := deployed(t, s)
			for _, file := range []string{oci.DockerfileName, oci.ComposeName, deploy.ReadmeName} {
				data, err := os.ReadFile(filepath.Join(folder, file))
				if err != nil {
					t.Fatal(err)
				}
				golden(t, filepath.Join(name, file), digests.ReplaceAll(data, []byte("…")))
			}
			err := filepath.WalkDir(folder, func(name string, d fs.DirEntry, err error) error {
				if err != nil || d.IsDir() || d.Name() == oci.ArchiveName || d.Name() == oci.BaseName {
					return err
				}
				data, err := os.ReadFile(name)
				if strings.Contains(string(data), s.Folder) {
					t.Errorf("%s names a folder of this machine", d.Name())
				}
				return err
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
}

// What docker compose itself makes of the files: its own parser, with the
// schema and the variables.
func TestCompose(t *testing.T) {
	env := types.Mapping{"POSTGRES_PASSWORD": "sesame", "GORGON_PURGE_KEY": "key", "GORGON_STORE": "s3://other"}
	for name, s := range sites(t) {
		t.Run(name, func(t *testing.T) {
			folder := deployed(t, s)
			project := func(env types.Mapping) (*types.Project, error) {
				return loader.LoadWithContext(t.Context(), types.ConfigDetails{
					WorkingDir: folder, Environment: env, ConfigFiles: []types.ConfigFile{{Filename: filepath.Join(folder, oci.ComposeName)}},
				}, func(o *loader.Options) { o.SetProjectName("shop", true) })
			}
			p, err := project(env)
			if err != nil {
				t.Fatal(err)
			}
			app := p.Services["app"]
			if !app.ReadOnly || !slices.Equal(app.CapDrop, []string{"ALL"}) || !slices.Equal(app.SecurityOpt, []string{"no-new-privileges:true"}) || !slices.Equal(app.Tmpfs, []string{"/tmp"}) {
				t.Errorf("the app may do too much: %+v", app)
			}
			if got := app.Environment["GORGON_PURGE_KEY"]; got == nil || *got != "key" {
				t.Errorf("GORGON_PURGE_KEY is %v, want what the operator set", got)
			}
			if got := app.Environment["GORGON_TRUSTED_PROXIES"]; got != nil {
				t.Errorf("GORGON_TRUSTED_PROXIES is %q, and it was not set", *got)
			}
			if s.Volume() != (len(app.Volumes) == 1) {
				t.Errorf("the app has %d volumes", len(app.Volumes))
			}
			for _, v := range app.Volumes {
				if _, is := p.Volumes[v.Source]; !is || v.Target != "/data" {
					t.Errorf("the volume %s at %s is not declared", v.Source, v.Target)
				}
			}
			if got := app.Environment["FILES_URL"]; (name == "files") != (got != nil && *got == "disk:/data/files") {
				t.Errorf("FILES_URL is %v", got)
			}
			store := map[string]string{
				"disk": "disk:/data/store", "postgres": "postgres://app:sesame@db:5432/app?sslmode=disable",
				"files": "postgres://app:sesame@db:5432/app?sslmode=disable",
				"redis": "redis://cache:6379/0", "s3": "s3://other",
			}
			for _, service := range []string{"app", "migrate"} {
				if _, is := p.Services[service]; !is && !s.Migrate {
					continue
				}
				var got string
				if value := p.Services[service].Environment["GORGON_STORE"]; value != nil {
					got = *value
				}
				if got != store[name] {
					t.Errorf("%s has the store %q, want %q", service, got, store[name])
				}
			}
			if name == "postgres" {
				if got := *app.Environment["MOTTO"]; got != `5 $ for "two" \ all` {
					t.Errorf("a value with special signs became %q", got)
				}
				if _, err := project(nil); err == nil || !strings.Contains(err.Error(), "set it in .env") {
					t.Errorf("without a password the error is %v", err)
				}
			}
		})
	}
}

// Buildah makes of the Dockerfile what Write makes by itself.
func TestDockerfile(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("buildah gives files to other users, for which it has to be run as root")
	}
	s := sites(t)["postgres"]
	folder := deployed(t, s)
	storage := []string{"--root", filepath.Join(t.TempDir(), "root"), "--runroot", filepath.Join(t.TempDir(), "run"), "--storage-driver", "vfs"}
	buildah := func(args ...string) { tool(t, "buildah", append(slices.Clone(storage), args...)...) }
	into := filepath.Join(t.TempDir(), "image.tar")
	buildah("bud", "--isolation", "chroot", "--format", "docker", "--build-context", "package="+s.Folder, "-t", "shop", folder)
	buildah("push", "shop", "docker-archive:"+into+":shop:latest")

	ours, theirs := open(t, filepath.Join(folder, oci.ArchiveName)), open(t, into)
	want, err := ours.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	got, err := theirs.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	// What every builder adds, and no Dockerfile can hinder.
	delete(got.Config.Labels, "io.buildah.version")
	got.Config.Hostname, got.Config.Volumes, got.Config.OnBuild = "", nil, nil
	got.Config.Env = slices.DeleteFunc(got.Config.Env, func(v string) bool { return strings.HasPrefix(v, "PATH=") })
	slices.Sort(got.Config.Env)
	if diff := cmp.Diff(want.Config, got.Config); diff != "" {
		t.Errorf("the config differs (-image +Dockerfile):\n%s", diff)
	}
	if diff := cmp.Diff(files(t, ours), files(t, theirs)); diff != "" {
		t.Errorf("the files differ (-image +Dockerfile):\n%s", diff)
	}
}

func open(t *testing.T, archive string) v1.Image {
	t.Helper()
	i, err := tarball.ImageFromPath(archive, nil)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

// files says of each file of an image who may do what, and what is in it.
func files(t *testing.T, image v1.Image) map[string]string {
	t.Helper()
	list := map[string]string{}
	plain := mutate.Extract(image)
	defer plain.Close()
	for r := tar.NewReader(plain); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return list
		} else if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		list[strings.Trim(h.Name, "/")] = fmt.Sprintf("%c %04o %d:%d %x", h.Typeflag, h.Mode&0o7777, h.Uid, h.Gid, sha256.Sum256(data))
	}
}
