// Package deploy writes the files that a target needs to run a package: its
// configuration, and a README with the steps.
//
// A target is a value. Each of Gorgon's own has a package; to write another,
// implement [Target].
package deploy

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/gorgon-go/gorgon/pack"
	"github.com/gorgon-go/gorgon/plan"
)

// A Target is an environment that a package can be deployed to.
type Target struct {
	plan.Target

	// Image is set if the target runs an OCI image of the package, which
	// Write writes: of one architecture, or of several.
	Image bool

	// Arch is the architecture that packages for the target usually have.
	// Default: that of the machine that makes them.
	Arch string

	// Write writes the target's files into an empty folder. It writes the
	// same bytes for the same site, and no secret.
	Write func(ctx context.Context, s Site, folder string) error

	// Own returns the files that belong to the app's repository, which its
	// owner reads and changes: infrastructure. Workflows returns those of GitHub
	// that deploy to it. Their names are from the root of the repository. nil:
	// none.
	Own, Workflows func(ctx context.Context, s Site) ([]File, error)
}

// A Site describes an app to deploy.
type Site struct {
	App     plan.App
	Outcome plan.Outcome  // what the plan says of this target; none of it refused
	Package pack.Manifest // of the package to deploy
	Folder  string        // where the package lies on this machine
	Folders []string      // for an image: of the packages for each architecture, Folder the first; none for no image

	Store   string // the location with its secrets taken out: "postgres://app:***@db/app"
	Migrate bool   // the migrate command runs before a new version serves
	Image   string // the image's name and tag: "registry.example.com/shop:4f1c"
	Domain  string // the site's own, from App.Origin; "" for none
	Region  string // where the target has several; "" for the target's default

	// For files of the repository, from its root: the folder of the target's
	// own, and those of the app's module and of its main package.
	Infra, Module, Main string // "infra/gcp", ".", "cmd/shop"

	Variables []Variable // of the program's environment, with their values here

	// Run runs a command of the app's own program on this machine, over the
	// package's seed, and returns what it prints.
	Run func(ctx context.Context, args ...string) ([]byte, error)
}

// A Variable is one of the program's environment.
type Variable struct {
	Name   string
	Value  string // "" where it is the operator's to set
	Secret bool   // it belongs to the target's secrets
	Random bool   // a secret that is made where the program goes: any long random text
	Built  bool   // the package was built with it
	For    string // what it says, as a sentence without its full stop
}

// Built names the variables that the package was built with and that have to be
// there when it is built again: "GORGON_SECRET and DATABASE_URL". "" for none.
func (s Site) Built() string {
	var names []string
	for _, v := range s.Variables {
		if v.Name == "DATABASE_URL" || v.Built {
			names = append(names, v.Name)
		}
	}
	if n := len(names); n > 1 {
		names = append(names[:n-2], names[n-2]+" and "+names[n-1])
	}
	return strings.Join(names, ", ")
}

// Scheduled reports whether the maintain command must be called at intervals.
func (s Site) Scheduled() bool {
	for _, v := range s.Outcome.Verdicts {
		if v.Kind == plan.Schedule {
			return true
		}
	}
	return s.Outcome.Role == "web" // sweeping, at least
}

// Works reports whether requests and the maintain command run the app's jobs,
// since no instance does it between requests.
func (s Site) Works() bool { return s.Outcome.Role == "web" && s.App.Has(plan.Jobs) }

// Every is how often the maintain command is to be called, where it is: as often
// as the most frequent service asks for, each minute where it runs jobs, and
// each hour at least.
func (s Site) Every() time.Duration {
	every := s.App.Every(time.Hour)
	if s.Works() {
		every = min(every, time.Minute)
	}
	return every
}

// Suspended are the variables of a program that is suspended between requests;
// none where it is not.
func (s Site) Suspended() []Variable {
	if s.Outcome.Role != "web" {
		return nil
	}
	list := []Variable{{Name: "GORGON_ROLE", Value: "web", For: "an instance does no work between requests"}}
	if s.Works() {
		list = append(list, Variable{Name: "GORGON_WORK_AFTER", Value: plan.WorkAfter, For: "how long a request that added jobs runs them after its response"})
	}
	return list
}

// Alone are the variables of a program whose instances cannot reach each other;
// none where they can, and where it has no rooms.
func (s Site) Alone() []Variable {
	if !s.App.Has(plan.Rooms) || s.Outcome.Target.Offers.Peers || s.Outcome.Target.Offers.Single {
		return nil
	}
	return []Variable{{Name: "GORGON_ADVERTISE", Value: "none", For: "instances cannot reach each other: each appends to rooms by itself"}}
}

// Local reports whether the store is files beside the program, which need a
// volume.
func (s Site) Local() bool {
	return s.Outcome.Setting.Store == "disk" || s.Outcome.Setting.Store == "sqlite"
}

// FilesOnDisk reports whether the app has files, and they are beside the program.
func (s Site) FilesOnDisk() bool {
	return s.App.Has(plan.AppFiles) && s.App.FilesOnDisk(s.Outcome.Target.Offers, s.Outcome.Setting)
}

// FilesInBucket reports whether the app has files, and they are in a bucket.
func (s Site) FilesInBucket() bool { return s.App.Has(plan.AppFiles) && !s.FilesOnDisk() }

// Volume reports whether the store, the app's files or its SQLite database are
// beside the program: they need a volume, which one instance can have.
func (s Site) Volume() bool { return s.Local() || s.FilesOnDisk() || s.App.Has(plan.File) }

// Files are the variables that say where the app's files are; none if it has
// none. On the target's disk they are below the folder; without one, the variable
// has no value. A bucket that the target does not make is named as a secret, with
// the keys to it.
func (s Site) Files(folder string) []Variable {
	const is = "where the app's files are"
	switch {
	case s.FilesOnDisk():
		v := Variable{Name: "FILES_URL", For: is}
		if folder != "" {
			v.Value = "disk:" + folder + "/files"
		}
		return []Variable{v}
	case !s.FilesInBucket():
		return nil
	}
	v := Variable{Name: "FILES_URL", Secret: true, For: is + ": a bucket, as in s3://BUCKET?region=REGION or s3://BUCKET?endpoint=https://HOST"}
	if s.Outcome.Target.Offers.Buckets == plan.BucketMade {
		v.For = is + ": the bucket"
		return []Variable{v}
	}
	return []Variable{v,
		{Name: "AWS_ACCESS_KEY_ID", Secret: true, For: "the key to the bucket of the app's files: its ID"},
		{Name: "AWS_SECRET_ACCESS_KEY", Secret: true, For: "the key to the bucket of the app's files"}}
}

// Replicas returns how many instances run, at least one; 0 for as many as the
// load requires.
func (s Site) Replicas() int { return s.Outcome.Target.Offers.Instances(s.Outcome.Setting) }

// A File is one that a target writes.
type File struct {
	Name string      // with slashes, below the target's folder
	Mode fs.FileMode // default: 0o644
	Data []byte
}

// WriteFiles writes files into a folder. It fails rather than overwrite one.
func WriteFiles(folder string, files ...File) error {
	for _, f := range files {
		if !fs.ValidPath(f.Name) {
			return fmt.Errorf("deploy: file %q: use a relative path with slashes", f.Name)
		}
		name := filepath.Join(folder, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return fmt.Errorf("deploy: %w", err)
		}
		mode := f.Mode
		if mode == 0 {
			mode = 0o644
		}
		out, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
		if err != nil {
			return fmt.Errorf("deploy: %w", err)
		}
		_, err = out.Write(f.Data)
		if err = errors.Join(err, out.Chmod(mode), out.Close()); err != nil {
			return fmt.Errorf("deploy: %w", err)
		}
	}
	return nil
}

// ReadmeName is the file that says what to do with the others.
const ReadmeName = "README.deploy.md"

// Readme returns the README of a target for one site: the target's own text, in
// Markdown, and then the parts that all targets share: the routes, the store, the
// variables, and the plan's conditions.
func Readme(s Site, text string) File {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s on %s\n\n%s\n", s.Package.App, s.Outcome.Target.Title, strings.TrimSpace(text))
	if len(s.Outcome.Verdicts) > 0 {
		b.WriteString("\n## What the plan says\n\n")
		for _, v := range s.Outcome.Verdicts {
			fmt.Fprintf(&b, "- %s\n", sentence(v.String()))
		}
	}
	b.WriteString("\n## What it serves\n\n| part | how | needs |\n|---|---|---|\n")
	for _, p := range s.Package.Parts {
		var needs []string
		for _, n := range p.Needs {
			needs = append(needs, string(n.Kind))
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", p.Name, p.How, strings.Join(needs, ", "))
	}
	fmt.Fprintf(&b, "\nBuild %s", s.Package.Build)
	if s.Package.Commit != "" {
		fmt.Fprintf(&b, " of commit %s", s.Package.Commit)
	}
	fmt.Fprintf(&b, ": %d pages.\n", s.Package.Pages)
	if s.Outcome.Target.Offers.Process {
		b.WriteString("\n## Store\n\n")
		switch {
		case s.Store == "" || s.Store == "none":
			b.WriteString("None: pages generated after the build stay in memory.\n")
		case s.Migrate:
			fmt.Fprintf(&b, "`%s`. Before a new version serves, run `%s migrate`; running it again has no effect.\n", s.Store, s.Package.App)
		default:
			fmt.Fprintf(&b, "`%s`.\n", s.Store)
		}
	}
	if len(s.Variables) > 0 {
		b.WriteString("\n## Variables\n\n| name | value | for |\n|---|---|---|\n")
		for _, v := range s.Variables {
			value := "`" + v.Value + "`"
			switch {
			case v.Name == "FILES_URL" && v.Secret && s.Outcome.Target.Offers.Buckets == plan.BucketMade:
				value = "made with the bucket"
			case v.Secret:
				value = "yours, as a secret"
			case v.Value == "":
				value = "yours"
			}
			fmt.Fprintf(&b, "| `%s` | %s | %s |\n", v.Name, value, v.For)
		}
		for _, v := range s.App.Settings {
			if !slices.ContainsFunc(s.Variables, func(is Variable) bool { return is.Name == v.Name }) {
				fmt.Fprintf(&b, "| `%s` | not set | %s |\n", v.Name, v.Says)
			}
		}
	}
	return File{Name: ReadmeName, Data: []byte(b.String())}
}

func sentence(text string) string {
	if text == "" {
		return text
	}
	return strings.ToUpper(text[:1]) + text[1:] + "."
}
