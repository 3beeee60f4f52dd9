//go:build !gorgon_release && !gorgon_dev

// deploy: everything that production needs, made ready.

package command

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

	"github.com/gorgon-go/gorgon/build"
	"github.com/gorgon-go/gorgon/compile"
	"github.com/gorgon-go/gorgon/deploy"
	"github.com/gorgon-go/gorgon/deploy/oci"
	"github.com/gorgon-go/gorgon/pack"
	"github.com/gorgon-go/gorgon/plan"
	"github.com/gorgon-go/gorgon/rehearse"
	"github.com/gorgon-go/gorgon/release"
)

// What deploy refuses besides the plan's verdicts, by the name for --accept.
const (
	dirty         = "dirty"          // files differ from the commit
	unversioned   = "unversioned"    // there is no commit
	defaultErrors = "default-errors" // the app has no error view of its own
)

// A deployment is one run of the command.
type deployment struct {
	*program
	build   buildFlags
	setting settingFlags
	to      string
	out     string
	os      string
	arch    string
	image   string
	region  string
	single  bool
	accept  []string

	rehearse      bool
	rehearseStore string
	rehearseEnv   []string

	target  *deploy.Target // nil for the package alone
	outcome plan.Outcome
	source  compile.Source
	madeAt  time.Time
	temp    string
}

func (p *program) deployCommand() *cobra.Command {
	d := &deployment{program: p}
	c := &cobra.Command{
		Use:   "deploy",
		Short: "Pack the site for production, and write what the place it goes to needs",
		Long: `Compiles the program as a release, makes every page that can be made ahead,
and writes both as a package to --out: the program, its seed, a manifest, a bill
of materials and the digests of all. The package runs wherever it is copied.

With --to it first makes sure that the app can work there, and refuses if not,
naming the page and the mend; then it writes that place's files beside the
package. An exception is made with --accept and the name in brackets, and is
recorded in the manifest.

It refuses what nobody could make again or should ship: a tree that differs from
its commit (dirty, unversioned), and an app without an error view of its own
(default-errors). The same commit gives the same bytes.`,
		Example: "  " + p.app.Name + " deploy\n  " + p.app.Name + " deploy --to kubernetes --store postgres://app@db.internal/app --replicas 3",
		Args:    noArguments,
		RunE:    func(c *cobra.Command, _ []string) error { return d.run(c.Context()) },
	}
	d.build.add(c)
	d.setting.add(c)
	c.Flags().StringVar(&d.to, "to", "", "the place it goes to, as 'plan' lists them; default: none, for the package alone")
	c.Flags().StringVar(&d.out, "out", "pkg", "folder of the package; an earlier package there is replaced")
	c.Flags().StringVar(&d.os, "os", "linux", "system to compile for")
	c.Flags().StringVar(&d.arch, "arch", runtime.GOARCH, "architecture to compile for; several, as in amd64,arm64, for an image")
	c.Flags().StringVar(&d.image, "image", "", "the image's name and tag (default: NAME:COMMIT)")
	c.Flags().StringVar(&d.region, "region", "", "where the place lets one choose")
	c.Flags().BoolVar(&d.single, "single", false, "one executable with the seed inside")
	c.Flags().StringArrayVar(&d.accept, "accept", nil, "a refusal that is no reason not to deploy, by its name")
	c.Flags().BoolVar(&d.rehearse, "rehearse", false, "run the package under what the place imposes, before it is written")
	c.Flags().StringVar(&d.rehearseStore, "rehearse-store", "", "the store of the rehearsal (default: a disk store in a temporary folder)")
	c.Flags().StringArrayVar(&d.rehearseEnv, "rehearse-env", nil, "a variable that the rehearsed program sees, as NAME=VALUE, or NAME for its value here")
	p.storeFlag(c)
	p.jsonFlag(c)
	return c
}

// environment gives names without a value the one they have here.
func environment(variables []string) []string {
	var env []string
	for _, v := range variables {
		if name, _, given := strings.Cut(v, "="); !given {
			v = name + "=" + os.Getenv(name)
		}
		env = append(env, v)
	}
	return env
}

func (d *deployment) run(ctx context.Context) (err error) {
	if err := d.check(); err != nil {
		return err
	}
	if err := d.judge(); err != nil {
		return err
	}
	if d.source, err = compile.Find(ctx, d.out, "dist"); err != nil {
		return err
	}
	if err := d.presentable(); err != nil {
		return err
	}
	if d.madeAt, err = buildTime(); err != nil {
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
	if err := pack.Sums(whole); err != nil {
		return err
	}
	if d.rehearse {
		if err := d.rehearsal(ctx, whole); err != nil {
			return err
		}
	}
	if err := replace(d.out, whole, filepath.Join(d.temp, "old")); err != nil {
		return err
	}
	return d.summary(site)
}

// check refuses flags that cannot be meant.
func (d *deployment) check() error {
	if err := cmp.Or(d.build.check(), d.setting.check(), d.atSource("deploy"), d.checkScheme()); err != nil {
		return err
	}
	if d.to != "" {
		found, err := d.targetsNamed([]string{d.to})
		if err != nil {
			return err
		}
		d.target = &found[0]
	}
	arches := strings.Split(d.arch, ",")
	switch {
	case len(arches) > 1 && (d.target == nil || !d.target.Image && d.to != "oci"):
		return misused("--arch %s: a package is for one architecture; several make an image, which %s is not", d.arch, cmp.Or(d.to, "a package alone"))
	case d.single && d.target != nil && (d.target.Image || d.to == "oci"):
		return misused("--single: an image has the program and its seed in layers of their own: leave it out")
	case d.rehearse && (d.os != runtime.GOOS || arches[0] != runtime.GOARCH):
		return misused("--rehearse: a package for %s/%s does not run here: deploy for %s/%s, or leave it out", d.os, arches[0], runtime.GOOS, runtime.GOARCH)
	case d.os != "linux" && d.target != nil:
		return misused("--os %s: %s runs linux: leave it out", d.os, d.to)
	}
	return nil
}

// judge refuses a place where the app cannot work.
func (d *deployment) judge() error {
	if d.target == nil {
		return nil
	}
	d.outcome = plan.Judge(d.app, d.target.Place, d.program.setting(d.setting, d.target.Place))
	left := d.outcome.Unaccepted(d.accept)
	if len(left) == 0 {
		return nil
	}
	if d.json {
		if err := d.print(map[string]any{"refused": left}); err != nil {
			return err
		}
	} else {
		d.tellVerdicts(left)
	}
	return exit{Refused, fmt.Errorf("the app does not fit %s: mend it, or make an exception with --accept and the name in brackets", d.to)}
}

// presentable refuses what should not be shipped.
func (d *deployment) presentable() error {
	var refusals []string
	refuse := func(name, text string, args ...any) {
		if !slices.Contains(d.accept, name) {
			refusals = append(refusals, fmt.Sprintf(text, args...)+" ["+name+"]")
		}
	}
	if d.app.Error == nil {
		refuse(defaultErrors, "App.Error is not set, and visitors would see the default error view: set it")
	}
	switch n := len(d.source.Changes); {
	case d.source.Commit == "":
		refuse(unversioned, "%s is in no repository, or has no commit, so nobody could say what was deployed: commit it", d.source.Dir)
	case n > 0:
		refuse(dirty, "the tree differs from commit %.12s in %s, so nobody could make this again: commit that, or ignore it\n      %s", d.source.Commit, plural(n, "file"), strings.Join(d.source.Changes[:min(n, 10)], "\n      "))
	}
	if len(refusals) == 0 {
		return nil
	}
	return exit{Refused, fmt.Errorf("deploy refuses this, or takes it with --accept and the name in brackets:\n  %s", strings.Join(refusals, "\n  "))}
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
		return fmt.Errorf("--out %s: it holds something that is no package: choose another folder, or empty it", d.out)
	}
	return nil
}

// release is what the packages are made of.
func (d *deployment) release() release.Release {
	flags := []string{"--base", d.base, "--jobs", strconv.Itoa(d.build.jobs), "--compress", d.build.effort.String()}
	if d.build.timeout > 0 {
		flags = append(flags, "--timeout", d.build.timeout.String())
	}
	there := *d.program
	there.dist, there.pkg = "", nil
	r := release.Release{
		App: d.app, Stores: d.config.Stores, Source: d.source, MadeAt: d.madeAt, OS: d.os, Arches: strings.Split(d.arch, ","),
		Single: d.single, Flags: flags, Seed: there.seedPath(), Log: d.err,
		Bundle: func(ctx context.Context, folder string) error {
			return build.WriteBundled(ctx, d.withBundler(build.Config{App: d.app, Base: d.base, Out: d.seedPath()}), folder)
		},
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
func (d *deployment) write(ctx context.Context, folder string, packages []string) (deploy.Site, error) {
	found, err := pack.In(folder)
	if err != nil {
		return deploy.Site{}, err
	}
	site := deploy.Site{
		App: d.app, Outcome: d.outcome, Package: found, Folder: folder, Folders: packages,
		Store: d.storeThere(), Migrate: d.migrates(), Image: d.image, Region: d.region,
	}
	if site.Image == "" {
		site.Image = d.app.Name + ":" + cmp.Or(fmt.Sprintf("%.12s", d.source.Commit), found.Build)
	}
	if u, err := url.Parse(d.app.Origin); err == nil {
		site.Domain = u.Host
	}
	site.Variables = d.variables(site)
	if d.target == nil {
		return site, nil
	}
	at := filepath.Join(folder, d.to)
	if err := os.Mkdir(at, 0o755); err != nil {
		return site, fmt.Errorf("deploy: %w", err)
	}
	for _, p := range packages {
		if err := pack.Sums(p); err != nil {
			return site, err
		}
	}
	if err := d.target.Write(ctx, site, at); err != nil {
		return site, err
	}
	if !d.target.Image {
		return site, nil
	}
	_, err = oci.Write(ctx, oci.Image{Name: site.Image, Packages: packages}, at)
	return site, err
}

// storeThere is the store's location where the app goes, without secrets.
func (d *deployment) storeThere() string {
	if named := d.named(); named != "" {
		return safe(named)
	}
	if d.outcome.Setting.Store == "disk" {
		return "disk:/var/lib/" + d.app.Name + "/store"
	}
	return "none"
}

// migrates says whether the store is laid out by a step of its own.
func (d *deployment) migrates() bool {
	for _, driver := range d.config.Stores {
		if driver.Schemes[0] == d.outcome.Setting.Store {
			return driver.Migrations != nil
		}
	}
	return false
}

// variables are what the program reads where it goes.
func (d *deployment) variables(s deploy.Site) []deploy.Variable {
	if d.target == nil || !d.target.Offers.Process {
		return nil
	}
	vars := []deploy.Variable{{Name: "GORGON_STANDALONE", Value: "true", For: "the program starts from its package or not at all"}}
	if s.Package.Base != "" {
		vars = append(vars, deploy.Variable{Name: "GORGON_BASE_PATH", Value: s.Package.Base, For: "the path below which the site lies"})
	}
	if s.Outcome.Role == "web" {
		vars = append(vars, deploy.Variable{Name: "GORGON_ROLE", Value: "web", For: "an instance does no work between requests"})
	}
	store := deploy.Variable{Name: "GORGON_STORE", Value: s.Store, For: "where pages are kept that are made after the build"}
	if d.named() != s.Store && d.named() != "" || s.Outcome.Setting.SharedStore {
		store.Value, store.Secret = "", true // it holds a password, or is told from outside
	}
	vars = append(vars, store)
	if os.Getenv("GORGON_SECRET") != "" {
		vars = append(vars, deploy.Variable{Name: "GORGON_SECRET", Secret: true, For: "seals what travels through browsers; it is the one the package was built with"})
	}
	return append(vars,
		deploy.Variable{Name: "GORGON_PURGE_KEY", Secret: true, For: "signs purges over HTTP; without it there are none"})
}

// buildSecret names the secret of the build, where it has one: without it the
// package does not start.
func buildSecret() []string {
	if os.Getenv("GORGON_SECRET") == "" {
		return nil
	}
	return []string{"GORGON_SECRET"}
}

// rehearsal runs the package as the place will, and refuses it if it fails.
func (d *deployment) rehearsal(ctx context.Context, folder string) error {
	outcome := d.outcome
	if d.target == nil {
		// Wherever it is copied to: as on a machine.
		outcome = plan.Judge(d.app, plan.Place{Name: "package", Offers: plan.Offers{Process: true, Disk: plan.KeptFiles}}, plan.Setting{Store: "none"})
	}
	report, err := rehearse.Run(ctx, rehearse.Config{
		Folder: folder, Outcome: outcome, Store: d.rehearseStore, Environment: environment(append(d.rehearseEnv, buildSecret()...)),
		Tell: func(line string) { fmt.Fprintln(d.err, "rehearsal:", line) },
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(d.err, "rehearsed %s: %d paths, %d requests; %s; store %s\n", report.Target, report.Paths, report.Asked, strings.Join(report.Imposed, ", "), safe(cmp.Or(report.StoreUsed, "none")))
	if len(report.Unasked) > 0 {
		fmt.Fprintf(d.err, "not asked for, since no path of theirs is known: %s\n", strings.Join(report.Unasked, ", "))
	}
	if len(report.Unmade) > 0 {
		fmt.Fprintf(d.err, "not made again, since their generators fail here, so that visitors get the last good page: %s\n", strings.Join(report.Unmade, ", "))
	}
	if !report.Fine() {
		return fmt.Errorf("the rehearsal for %s failed, and nothing was written:\n  %s", report.Target, strings.Join(report.Faults, "\n  "))
	}
	return nil
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
		return d.print(map[string]any{"out": d.out, "manifest": s.Package})
	}
	fmt.Fprintf(d.err, "packed %s for %s/%s in %s: %s, %s (build %s)\n",
		d.app.Name, d.os, d.arch, d.out, plural(s.Package.Pages, "page"), size(bytes), s.Package.Build)
	start := filepath.Join(d.out, s.Package.Program)
	if d.target == nil {
		fmt.Fprintf(d.err, "start it with %s, here or wherever the folder is copied to\n", start)
		return nil
	}
	if len(d.outcome.Verdicts) > 0 {
		d.tellVerdicts(d.outcome.Verdicts)
	}
	fmt.Fprintf(d.err, "what to do next: %s\n", filepath.Join(d.out, d.to, deploy.ReadmeName))
	return nil
}
