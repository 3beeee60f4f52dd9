// build: make the seed.

package command

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/gorgon-go/gorgon/build"
	"github.com/gorgon-go/gorgon/cli"
	"github.com/gorgon-go/gorgon/compress"
)

// buildFlags are what build takes, and export, which builds too.
type buildFlags struct {
	jobs    int
	timeout time.Duration
	effort  compress.Effort
	quiet   bool
	cache   string // folder that keeps what took the bundler long; "" for the one beside the seed

	dataTime string // when the pages' data was read; "" for now
}

func (f *buildFlags) add(c *cobra.Command) {
	c.Flags().IntVar(&f.jobs, "jobs", runtime.GOMAXPROCS(0), "pages to build in parallel")
	c.Flags().DurationVar(&f.timeout, "timeout", 0, "time limit for one page (default: the page's own)")
	c.Flags().Var(&f.effort, "compress", "how hard to compress: none, fast, good or best")
}

func (f *buildFlags) check() error {
	switch {
	case f.jobs < 1:
		return misused("--jobs %d: give a number above zero", f.jobs)
	case f.timeout < 0:
		return misused("--timeout %s: give a duration above zero, or leave it out for the page's own", f.timeout)
	}
	return nil
}

func (f *buildFlags) addDataTime(c *cobra.Command) {
	c.Flags().StringVar(&f.dataTime, "data-time", "", cli.DataTimeHelp)
}

// A builder makes the seed.
type builder struct {
	p *program
	buildFlags
}

func buildCommand(p *program) *cobra.Command {
	var flags buildFlags
	c := &cobra.Command{
		Use:   "build",
		Short: "Build the pages that need no request, and write them to a seed",
		Long: `Builds every page that needs no request, and writes all of them to one file, the
seed, in the --out folder. A page that fails does not stop the others; all
failures are listed, and then the seed that was there before stays as it was.

The time of the build is the one in SOURCE_DATE_EPOCH, where that is set: the
same program then writes the same bytes each time. That time is not taken for
the one at which the pages' data was read, by which a server tells which of two
versions is newer: this is now, or --data-time, and is written beside the seed.`,
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := cmp.Or(flags.check(), p.atSource("build")); err != nil {
				return err
			}
			report, err := (builder{p, flags}).run(c.Context(), p.seedPath())
			failures, failed := errors.AsType[*build.Failures](err)
			switch {
			case p.json && err == nil:
				return p.print(report)
			case p.json && failed:
				return errors.Join(p.print(map[string]any{"failures": failures.Pages, "untried": failures.Untried}), err)
			case failed && len(failures.Pages) > 1:
				return fmt.Errorf("%w\nHint: build --json lists every page that failed", err)
			}
			return err
		},
	}
	flags.add(c)
	flags.addDataTime(c)
	c.Flags().StringVar(&flags.cache, "bundle-cache", "", "folder that keeps what took the bundler long, such as images")
	c.Flag("bundle-cache").Hidden = true // for deploy
	p.baseFlag(c)
	p.distFlag(c, "out")
	p.distFlag(c, "dist") // what the other commands call it
	c.Flag("dist").Hidden = true
	p.jsonFlag(c)
	return c
}

// seedPath is where the seed for the current base path lies.
func (p *program) seedPath() string {
	if p.pkg != nil {
		return p.pkg.Seed()
	}
	name := p.app.Name
	if p.base != "" {
		name += strings.ReplaceAll(p.base, "/", "@")
	}
	if p.developing() {
		name += "@dev" // it has no pages, and nothing else is to serve it
	}
	return filepath.Join(p.dist, name+".seed")
}

// run builds the seed and reports the result.
func (b builder) run(ctx context.Context, path string) (build.Report, error) {
	p := b.p
	if err := p.readyDatabase(ctx); err != nil { // loaders may read it
		return build.Report{}, err
	}
	binary, err := p.binaryID()
	if err != nil {
		return build.Report{}, err
	}
	at, err := cli.SourceDate()
	if err != nil {
		return build.Report{}, err
	}
	read, err := cli.DataTime(b.dataTime)
	if err != nil {
		return build.Report{}, err
	}
	tell, done := b.progress()
	config := build.Config{
		App: p.app, Out: path, Binary: binary, Base: p.base, Jobs: b.jobs,
		Timeout: b.timeout, Effort: b.effort, Time: at, DataAt: read, Secret: os.Getenv("GORGON_SECRET"), Lazy: p.developing(), Values: p.values, Tell: tell,
	}
	if p.config.Bundler != nil {
		config.Bundle = p.config.Bundler.With(cmp.Or(b.cache, filepath.Join(filepath.Dir(path), ".bundle")), p.developing())
	}
	report, err := build.Run(ctx, config)
	done()
	if failures, ok := err.(*build.Failures); ok {
		return report, fmt.Errorf("%s could not be made, and the seed was not written:\n%w", plural(len(failures.Pages), "page"), failures)
	}
	if err == nil && !b.quiet {
		b.summarize(report)
	}
	return report, err
}

// progress is a line that is written again on a terminal, and one every few
// seconds elsewhere.
func (b builder) progress() (tell func(done, total int), finish func()) {
	log := b.p.err
	if b.quiet {
		return nil, func() {}
	}
	every, end := 5*time.Second, "\n"
	finish = func() {}
	if cli.IsTerminal(log) {
		every, end = 100*time.Millisecond, "\r"
		finish = func() { fmt.Fprint(log, "\x1b[K") } // clears it
	}
	last := time.Now()
	return func(done, total int) {
		if now := time.Now(); now.Sub(last) >= every {
			last = now
			fmt.Fprintf(log, "built %d of %s%s", done, cli.Plural(total, "page"), end)
		}
	}, finish
}

// summarize says what was built.
func (b builder) summarize(r build.Report) {
	log := b.p.err
	for _, w := range r.Warnings {
		fmt.Fprintln(log, "warning:", w)
	}
	fmt.Fprintf(log, "built %s and %s in %s: %s of HTML; %s packed with precompressed variants and states in %s (build %s)\n",
		plural(r.Pages, "page"), plural(r.Files, "file"), r.Took.Round(time.Millisecond), size(r.Bytes), size(r.Packed), r.Seed, r.Build)
	for i, t := range r.Slowest {
		if i == 0 {
			fmt.Fprintln(log, "slowest:")
		}
		fmt.Fprintf(log, "  %8s  %s\n", t.Took.Round(10*time.Microsecond), t.Page)
	}
}
