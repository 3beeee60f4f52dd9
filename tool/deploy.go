// deploy: everything that production needs, made ready.

package tool

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/gorgon-go/gorgon/cli"
	"github.com/gorgon-go/gorgon/compile"
	"github.com/gorgon-go/gorgon/compress"
	"github.com/gorgon-go/gorgon/deploy"
	"github.com/gorgon-go/gorgon/deploy/scaffold"
	"github.com/gorgon-go/gorgon/pack"
	"github.com/gorgon-go/gorgon/paths"
	"github.com/gorgon-go/gorgon/plan"
	"github.com/gorgon-go/gorgon/release"
	"github.com/gorgon-go/gorgon/wire"
)

// A deployment is one run of the command.
type deployment struct {
	t       *tool
	folder  string // of the main package
	store   string
	base    string
	json    bool
	build   buildFlags
	setting settingFlags
	to      string
	out     string
	os      string
	arch    string
	image   string
	region  string
	single  bool
	infra   string
	diff    bool
	accept  []string

	rehearse      bool
	rehearseFrom  string
	rehearseStore string
	added         []string // files in the earlier package that no deploy wrote
	rehearseEnv   []string

	app       *app
	rehearsed plan.App       // as the app sees the store of the rehearsal
	target    *deploy.Target // nil for the package alone
	outcome   plan.Outcome
	source    compile.Source
	madeAt    time.Time
	temp      string
	phases    phases

	repository repository     // for a target with files of its own
	owned      *scaffold.Plan // likewise
}

// buildFlags are what the build of the release is told.
type buildFlags struct {
	jobs     int
	timeout  time.Duration
	effort   compress.Effort
	dataTime string
}

func (f *buildFlags) add(c *cobra.Command) {
	c.Flags().IntVar(&f.jobs, "jobs", runtime.GOMAXPROCS(0), "pages to build in parallel")
	c.Flags().DurationVar(&f.timeout, "timeout", 0, "time limit for one page (default: the page's own)")
	c.Flags().Var(&f.effort, "compress", "how hard to compress: none, fast, good or best")
	c.Flags().StringVar(&f.dataTime, "data-time", "", cli.DataTimeHelp)
}

func (f *buildFlags) check() error {
	switch {
	case f.jobs < 1:
		return cli.Misuse("--jobs %d: give a number above zero", f.jobs)
	case f.timeout < 0:
		return cli.Misuse("--timeout %s: give a duration above zero, or leave it out for the page's own", f.timeout)
	}
	_, err := cli.DataTime(f.dataTime)
	return err
}

func (t *tool) deployCommand() *cobra.Command {
	d := &deployment{t: t}
	c := &cobra.Command{
		Use:   "deploy [PACKAGE]",
		Short: "Package an app for production, with the files that its target needs",
		Long: `Compiles the app in the folder PACKAGE (default: the one here) as a release, builds
the pages that need no request, and writes both as a package to --out: the program, its seed, a manifest, a bill of materials and the digests of
all. The package runs wherever it is copied.

With --to it first checks that the app can work there, and refuses if not,
naming the page and the hint; then it writes that target's files beside the
package. Use --accept NAME (shown in brackets) to allow it anyway; the manifest
records that.

The release is compiled with the settings that the go command has here: those of
GOFLAGS (-tags, -ldflags, -gcflags, ...) and GOEXPERIMENT, GOAMD64 and the like.

It refuses builds that cannot be reproduced or should not ship: a module that
differs from its commit or has none (dirty, unversioned; local-modules for those
that go.work or a replace line takes from a folder), settings that a release
cannot have (other-build), packages that need cgo (cgo), and an app without an
error view of its own (default-errors). The same commit gives the same bytes.

Each target has a folder of its own in --out, beside the package. A deploy for
another target keeps it as long as it is of the same build.

Some targets also write files into the app's repository, which are yours from then
on: infrastructure below --infra, and the workflows that deploy to it. A later
deploy writes those again that you have not changed. Beside one that you have, it
puts the new version with the suffix .new, and shows what is new and what you
changed. --diff shows what would change, and writes nothing.`,
		Example: "  gorgon deploy\n  gorgon deploy ./cmd/shop --to kubernetes --store postgres://app@db.internal/app --replicas 3",
		Args:    onePackage,
		RunE: func(c *cobra.Command, args []string) error {
			d.folder = folderOf(args)
			return d.run(c.Context())
		},
	}
	d.build.add(c)
	d.setting.add(c)
	c.Flags().StringVar(&d.to, "to", "", "target, as 'plan' lists them; default: none, for the package alone")
	c.Flags().StringVar(&d.out, "out", "pkg", "folder of the package; an earlier package there is replaced")
	c.Flags().StringVar(&d.os, "os", "linux", "system to compile for")
	c.Flags().StringVar(&d.arch, "arch", "", "architecture to compile for; several, as in amd64,arm64, for an image (default: the usual one of the target, or that of this machine)")
	c.Flags().StringVar(&d.image, "image", "", "the image's name and tag (default: NAME:COMMIT)")
	c.Flags().StringVar(&d.region, "region", "", "region, for targets that have several")
	c.Flags().BoolVar(&d.single, "single", false, "one executable with the seed inside")
	c.Flags().StringVar(&d.infra, "infra", "", "folder in the repository for the target's infrastructure (default: infra/TARGET in the module)")
	c.Flags().BoolVar(&d.diff, "diff", false, "show what a deploy would change in the repository, and do nothing")
	c.Flags().StringArrayVar(&d.accept, "accept", nil, "name of a check to ignore (repeatable)")
	c.Flags().BoolVar(&d.rehearse, "rehearse", false, "run the package under the limits of the target before it is written")
	c.Flags().StringVar(&d.rehearseFrom, "rehearse-from", "", "folder of the package that runs now: the rehearsal also replaces it by the new one, and goes back (default: none)")
	c.Flags().StringVar(&d.rehearseStore, "rehearse-store", "", "the store of the rehearsal (default: a disk store in a temporary folder)")
	c.Flags().StringArrayVar(&d.rehearseEnv, "rehearse-env", nil, "a variable that the rehearsed program sees, as NAME=VALUE, or NAME for its value here")
	c.Flags().StringVar(&d.base, "base", "", "path below which the site is served, such as /docs/ (GORGON_BASE_PATH)")
	storeFlag(c, &d.store)
	c.Flags().BoolVar(&d.json, "json", false, "print JSON")
	return c
}

func (d *deployment) run(ctx context.Context) (err error) {
	if err := d.check(); err != nil {
		return err
	}
	if d.madeAt, err = cli.SourceDate(); err != nil {
		return err
	}
	d.phases = phases{to: d.t.log, began: time.Now()}
	d.phases.begin("compiling the app and asking what it is")
	if d.app, err = openApp(ctx, d.folder, d.store); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.app.close()) }()
	if d.rehearseStore != "" {
		if d.rehearsed, err = ask(ctx, d.app.binary.File, d.rehearseStore); err != nil {
			return err
		}
	}
	if err := d.judge(); err != nil {
		return err
	}
	d.phases.begin("asking git for its source")
	if d.source, err = compile.Find(ctx, d.app.binary, d.out, "dist"); err != nil {
		return err
	}
	if err := d.owns(ctx); err != nil || d.diff {
		return err
	}
	if err := d.presentable(); err != nil {
		return err
	}
	if d.madeAt.IsZero() {
		d.madeAt = d.source.Time
	}
	if d.madeAt.IsZero() {
		d.madeAt = time.Unix(0, 0).UTC() // of no commit: a time that every run has
	}
	if err := d.checkOut(); err != nil {
		return err
	}
	// Beside where it is to be, so that it can be renamed into place.
	if err := os.MkdirAll(filepath.Dir(filepath.Clean(d.out)), 0o755); err != nil {
		return fmt.Errorf("--out %s: %w", d.out, err)
	}
	if d.temp, err = os.MkdirTemp(filepath.Dir(filepath.Clean(d.out)), "."+filepath.Base(d.out)+"-*"); err != nil {
		return fmt.Errorf("--out %s: %w: choose a folder that can be written", d.out, err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(d.temp)) }()
	packages, err := d.release().Packages(ctx, d.temp)
	if err != nil {
		return err
	}
	whole := filepath.Join(d.temp, "package")
	site, err := d.write(ctx, whole, packages)
	if err != nil {
		return err
	}
	if d.rehearse {
		d.phases.begin("rehearsing")
		if err := d.rehearsal(ctx, whole); err != nil {
			return err
		}
	}
	d.phases.end()
	if err := d.keepOthers(whole, site.Package); err != nil {
		return err
	}
	if err := pack.Sums(whole); err != nil {
		return err
	}
	if err := d.keepAdded(whole); err != nil {
		return err
	}
	if err := replace(d.out, whole, filepath.Join(d.temp, "old")); err != nil {
		return err
	}
	if d.owned != nil {
		if err := d.owned.Do(); err != nil {
			return err
		}
	}
	return d.summary(site)
}

// check refuses flags that cannot be meant.
func (d *deployment) check() error {
	if err := cmp.Or(d.build.check(), d.setting.check()); err != nil {
		return err
	}
	d.base = strings.TrimRight(cmp.Or(d.base, os.Getenv("GORGON_BASE_PATH")), "/")
	if d.base != "" {
		if err := paths.Check(d.base); err != nil {
			return cli.Misuse("--base %s: use a path such as /docs/ (its default comes from GORGON_BASE_PATH)", cli.Quoted(d.base))
		}
	}
	if d.to != "" {
		found, err := d.t.targetsNamed([]string{d.to})
		if err != nil {
			return err
		}
		d.target = &found[0]
	}
	if d.arch == "" {
		if d.arch = runtime.GOARCH; d.target != nil {
			d.arch = cmp.Or(d.target.Arch, d.arch)
		}
	}
	arches := strings.Split(d.arch, ",")
	switch {
	case len(arches) > 1 && (d.target == nil || !d.target.Image):
		return cli.Misuse("--arch %s: a package is for one architecture; several make an image, which %s is not", d.arch, cmp.Or(d.to, "a package alone"))
	case d.single && d.target != nil && d.target.Image:
		return cli.Misuse("--single: an image has the program and its seed in layers of their own: leave it out")
	case d.rehearse && (d.os != runtime.GOOS || arches[0] != runtime.GOARCH):
		return cli.Misuse("--rehearse: a package for %s/%s does not run here: deploy for %s/%s, or leave it out", d.os, arches[0], runtime.GOOS, runtime.GOARCH)
	case d.rehearseFrom != "" && !d.rehearse:
		return cli.Misuse("--rehearse-from: it is a part of the rehearsal: give --rehearse as well")
	case d.rehearseFrom != "" && !pack.Is(d.rehearseFrom):
		return cli.Misuse("--rehearse-from %s: there is no package: name the folder that an earlier deploy wrote", cli.Quoted(d.rehearseFrom))
	case d.rehearseFrom != "" && d.target != nil && !d.target.Offers.Process:
		return cli.Misuse("--rehearse-from: %s serves files, and runs no program: leave it out", d.to)
	case d.infra != "" && (d.target == nil || d.target.Own == nil):
		return cli.Misuse("--infra: %s writes no files into the repository: leave it out", cmp.Or(d.to, "a package alone"))
	case d.diff && (d.target == nil || d.target.Own == nil):
		return cli.Misuse("--diff: %s writes no files into the repository: leave it out", cmp.Or(d.to, "a package alone"))
	case d.os != "linux" && d.target != nil:
		return cli.Misuse("--os %s: %s runs linux: leave it out", d.os, d.to)
	}
	return nil
}

// judge refuses a target that the app does not fit.
func (d *deployment) judge() error {
	if d.target == nil {
		return nil
	}
	d.outcome = plan.Judge(d.app.App, d.target.Target, d.setting.setting(d.app, d.target.Target))
	left := d.outcome.Unaccepted(d.accept)
	if len(left) == 0 {
		return nil
	}
	if d.json {
		if err := d.t.print(map[string]any{"refused": left}); err != nil {
			return err
		}
	} else {
		d.t.tellVerdicts(left)
	}
	return cli.Exit{Code: cli.Refused, Err: fmt.Errorf("the app does not fit %s: change it, or use --accept NAME (shown in brackets) to allow it anyway", d.to)}
}

// checkOut refuses to replace what no deploy wrote.
func (d *deployment) checkOut() error {
	entries, err := os.ReadDir(d.out)
	switch {
	case errors.Is(err, fs.ErrNotExist), err == nil && len(entries) == 0:
		return nil
	case err != nil:
		return fmt.Errorf("--out %s: %w", d.out, err)
	}
	if !pack.Is(d.out) {
		return fmt.Errorf("--out %s: it is not an earlier package: choose another folder, or empty it", d.out)
	}
	changed, added, err := pack.Differs(d.out)
	if err != nil {
		return err
	}
	if d.added = added; len(changed) > 0 {
		return fmt.Errorf("--out %s: these files are not as deploy wrote them, and would be replaced:\n  %s\nHint: keep what you change outside of the package, as in a kustomization of your own that names its folder; then move these files away, or delete them", d.out, strings.Join(changed[:min(len(changed), manyFiles)], "\n  "))
	}
	return nil
}

// keepAdded keeps what was added to the earlier package, such as files with
// secrets. It is not part of the new one: no digest is written of it.
func (d *deployment) keepAdded(whole string) error {
	for i, name := range d.added {
		from, to := filepath.Join(d.out, filepath.FromSlash(name)), filepath.Join(whole, filepath.FromSlash(name))
		if _, err := os.Lstat(to); err == nil {
			return fmt.Errorf("--out %s: %s was added there, and the new package has a file of this name: move yours away", d.out, name)
		}
		info, err := os.Stat(from)
		if err != nil {
			return fmt.Errorf("--out %s: %w", d.out, err)
		}
		data, err := os.ReadFile(from)
		if err == nil {
			err = os.MkdirAll(filepath.Dir(to), 0o755)
		}
		if err == nil {
			err = os.WriteFile(to, data, info.Mode().Perm())
		}
		if err != nil {
			return fmt.Errorf("--out %s: %w", d.out, err)
		}
		if i < mostNamed {
			fmt.Fprintf(d.t.log, "kept %s, which was added\n", filepath.Join(d.out, filepath.FromSlash(name)))
		}
	}
	if more := len(d.added) - mostNamed; more > 0 {
		fmt.Fprintf(d.t.log, "kept %d more files that were added\n", more) // a repository has many
	}
	return nil
}

// mostNamed is how many files that were added are named.
const mostNamed = 10

// release is what the packages are made of.
func (d *deployment) release() release.Release {
	flags := []string{"--base", d.base, "--bundle-cache", filepath.Join("dist", ".bundle"), "--jobs", strconv.Itoa(d.build.jobs), "--compress", d.build.effort.String()}
	if d.build.timeout > 0 {
		flags = append(flags, "--timeout", d.build.timeout.String())
	}
	if d.build.dataTime != "" {
		flags = append(flags, "--data-time", d.build.dataTime)
	}
	r := release.Release{
		App: d.app.App, Source: d.source, MadeAt: d.madeAt, OS: d.os, Arches: strings.Split(d.arch, ","),
		Single: d.single, Flags: flags, Seed: d.app.Name + strings.ReplaceAll(d.base, "/", "@") + ".seed", Log: d.t.log, Phase: d.phases.begin,
	}
	if d.target != nil {
		r.Deployed = &pack.Deployed{Target: d.to, Setting: d.outcome.Setting, Role: d.outcome.Role, Verdicts: d.outcome.Verdicts}
	}
	if len(d.accept) > 0 {
		if r.Deployed == nil {
			r.Deployed = &pack.Deployed{}
		}
		r.Deployed.Accepted = slices.Compact(slices.Sorted(slices.Values(d.accept)))
	}
	return r
}

// write writes the target's files beside the package.
func (d *deployment) write(ctx context.Context, folder string, packages release.Packages) (deploy.Site, error) {
	found, err := pack.In(folder)
	if err != nil {
		return deploy.Site{}, err
	}
	site := d.site(found)
	site.Folder, site.Folders = folder, packages.Folders
	site.Run = func(ctx context.Context, args ...string) ([]byte, error) {
		return call(ctx, packages.Program, nil, append(args, "--seed", packages.Seed)...)
	}
	if d.target == nil {
		return site, nil
	}
	d.phases.begin("writing what " + d.to + " needs")
	at := filepath.Join(folder, d.to)
	if err := os.Mkdir(at, 0o755); err != nil {
		return site, fmt.Errorf("deploy: %w", err)
	}
	for _, p := range packages.Folders {
		if err := pack.Sums(p); err != nil {
			return site, err
		}
	}
	if err := d.target.Write(ctx, site, at); err != nil {
		return site, err
	}
	if err := d.sign(at, found); err != nil {
		return site, err
	}
	return site, nil
}

// site describes the app for its target.
func (d *deployment) site(of pack.Manifest) deploy.Site {
	s := deploy.Site{
		App: d.app.App, Outcome: d.outcome, Package: of,
		Store: d.storeThere(), Migrate: d.migrates(), Image: d.image, Region: d.region,
		Infra: d.repository.infra, Module: d.repository.module, Main: d.repository.main,
	}
	if s.Image == "" {
		s.Image = d.app.Name + ":" + cmp.Or(fmt.Sprintf("%.12s", d.source.Commit), of.Build)
	}
	if u, err := url.Parse(d.app.Origin); err == nil {
		s.Domain = u.Host
	}
	s.Variables = d.variables(s)
	return s
}

// storeThere is the store's location where the app goes, without secrets.
func (d *deployment) storeThere() string {
	if shown := d.app.Store.Shown; shown != "" {
		return shown
	}
	if d.outcome.Setting.Store == "disk" {
		return "disk:/var/lib/" + d.app.Name + "/store"
	}
	return "none"
}

// migrates says whether the store is laid out by a step of its own.
func (d *deployment) migrates() bool {
	t := d.app.technology(d.outcome.Setting.Store)
	return t != nil && t.Migrations != nil || d.app.HasPart(plan.DatabasePart)
}

// variables are what the program reads where it goes.
func (d *deployment) variables(s deploy.Site) []deploy.Variable {
	if d.target == nil || !d.target.Offers.Process {
		return nil
	}
	vars := []deploy.Variable{{Name: "GORGON_STANDALONE", Value: "true", For: "the program starts only from its package"}}
	if s.Package.Base != "" {
		vars = append(vars, deploy.Variable{Name: "GORGON_BASE_PATH", Value: s.Package.Base, For: "the path below which the site lies"})
	}
	vars = append(vars, s.Suspended()...)
	store := deploy.Variable{Name: "GORGON_STORE", Value: s.Store, For: "the store for pages generated at run time"}
	if named := cmp.Or(d.store, os.Getenv("GORGON_STORE")); named != s.Store && named != "" || s.Outcome.Setting.SharedStore {
		store.Value, store.Secret = "", true // it holds a password, or is told from outside
	}
	vars = append(vars, store)
	if d.app.HasPart(plan.DatabasePart) {
		vars = append(vars, deploy.Variable{Name: "DATABASE_URL", Secret: true, For: "the app's own database"})
	}
	vars = append(vars, s.Files("")...)
	if d.app.HasPart(plan.MailPart) {
		vars = append(vars,
			deploy.Variable{Name: "MAIL_URL", Secret: true, For: "the server that sends mails, with its password"},
			deploy.Variable{Name: "MAIL_FROM", For: "the sender of mails"})
	}
	for _, v := range d.app.Settings {
		if is := setting(v); v.Required || is.Built || is.Value != "" {
			vars = append(vars, is)
		}
	}
	if os.Getenv("GORGON_SECRET") != "" {
		vars = append(vars, deploy.Variable{Name: "GORGON_SECRET", Secret: true, Built: true, For: "seals what travels through browsers; it is the one the package was built with"})
	}
	return append(vars,
		deploy.Variable{Name: "GORGON_PURGE_KEY", Secret: true, Random: true, For: "signs purges over HTTP; without it there are none"})
}

// isExample reports whether a host is one that RFC 2606 and RFC 6761 keep for examples, or
// this machine.
func isExample(host string) bool {
	for _, name := range []string{"example.com", "example.net", "example.org", "example", "localhost", "test", "invalid"} {
		if host == name || strings.HasSuffix(host, "."+name) {
			return true
		}
	}
	return false
}

// originNote says where the app's origin is set, if it is one of an example; "" if it
// is not.
func originNote(app plan.App) string {
	u, err := url.Parse(app.Origin)
	if err != nil || !isExample(u.Hostname()) {
		return ""
	}
	var from []string
	for _, v := range app.Settings {
		if here := cmp.Or(os.Getenv(v.Name), v.Default); !v.Secret && strings.TrimSuffix(here, "/") == strings.TrimSuffix(app.Origin, "/") {
			from = append(from, v.Name)
		}
	}
	at := "App.Origin"
	if len(from) > 0 {
		at = "the variable " + strings.Join(from, " or ")
	}
	return fmt.Sprintf("its absolute URLs, as those in mails and in the sitemap, lead to %s, which is the site of an example: set %s to yours, and deploy again", app.Origin, at)
}

// setting is a variable of the app's own configuration where it goes: with the value
// that it has here, or that it has where nothing is set.
func setting(v wire.Variable) deploy.Variable {
	is := deploy.Variable{Name: v.Name, Secret: v.Secret, For: cmp.Or(v.Says, "the app's own")}
	if here := os.Getenv(v.Name); here != "" {
		is.Built = true
		if url := strings.Contains(here, "://"); !v.Secret && !(url && strings.ContainsAny(here, "@?")) { // which may be secret
			is.Value = here
		}
	} else if !v.Secret {
		is.Value = v.Default
	}
	return is
}

// replace puts a new folder in the place of an old one.
func replace(at, with, aside string) error {
	err := os.Rename(at, aside)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("--out %s: %w", at, err)
	}
	if err := os.Rename(with, at); err != nil {
		return fmt.Errorf("--out %s: %w", at, errors.Join(err, os.Rename(aside, at)))
	}
	return nil
}

// summary says what was written.
func (d *deployment) summary(s deploy.Site) error {
	var bytes int64
	for _, f := range s.Package.Files {
		bytes += f.Size
	}
	if d.json {
		said := map[string]any{"out": d.out, "manifest": s.Package}
		if d.owned != nil {
			said["repository"] = d.owned.Changes
		}
		return d.t.print(said)
	}
	fmt.Fprintf(d.t.log, "packed %s for %s/%s in %s: %s, %s (build %s)\n",
		d.app.Name, d.os, d.arch, d.out, cli.Plural(s.Package.Pages, "page"), cli.Size(bytes), s.Package.Build)
	fmt.Fprintf(d.t.log, "it took %s\n", d.phases)
	if note := originNote(d.app.App); note != "" {
		fmt.Fprintln(d.t.log, note)
	}
	start := filepath.Join(d.out, s.Package.Program)
	if d.target == nil {
		fmt.Fprintf(d.t.log, "start it with %s, here or wherever the folder is copied to\n", start)
		return nil
	}
	if len(d.outcome.Verdicts) > 0 {
		d.t.tellVerdicts(d.outcome.Verdicts)
	}
	if d.owned != nil {
		d.tellOwn(d.owned)
		return nil
	}
	fmt.Fprintf(d.t.log, "what to do next: %s\n", filepath.Join(d.out, d.to, deploy.ReadmeName))
	return nil
}
