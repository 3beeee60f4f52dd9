// build: make the seed.

package command

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"

	"github.com/gorgon-go/gorgon/build"
	"github.com/gorgon-go/gorgon/compress"
)

// buildFlags are what build takes, and export, which builds too.
type buildFlags struct {
	jobs    int
	timeout time.Duration
	effort  compress.Effort
	quiet   bool
	bundled string // a folder with the assets as another program bundled them
}

func (f *buildFlags) add(c *cobra.Command) {
	c.Flags().IntVar(&f.jobs, "jobs", runtime.GOMAXPROCS(0), "pages made at once")
	c.Flags().DurationVar(&f.timeout, "timeout", 0, "bound of making one page (default: the page's own)")
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

func (p *program) buildCommand() *cobra.Command {
	var flags buildFlags
	c := &cobra.Command{
		Use:   "build",
		Short: "Make every page that can be made ahead, and pack them into a seed",
		Long: `Makes every page that can be made ahead, and packs them into one file, the
seed, in the --out folder. A page that fails does not stop the others; all
failures are listed, and then the seed that was there before stays as it was.

The time of the build is the one in SOURCE_DATE_EPOCH, where that is set: the
same program then writes the same bytes each time.`,
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := cmp.Or(flags.check(), p.atSource("build")); err != nil {
				return err
			}
			report, err := p.build(c.Context(), p.seedPath(), flags)
			if p.json && err == nil {
				return p.print(report)
			}
			return err
		},
	}
	flags.add(c)
	c.Flags().StringVar(&flags.bundled, "bundled", "", "a folder with the assets, bundled already")
	c.Flag("bundled").Hidden = true // for deploy
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

// build makes the seed and tells of it.
func (p *program) build(ctx context.Context, path string, flags buildFlags) (build.Report, error) {
	binary, err := binaryID()
	if err != nil {
		return build.Report{}, err
	}
	at, err := buildTime()
	if err != nil {
		return build.Report{}, err
	}
	tell, done := p.progress(flags.quiet)
	config := p.withBundler(build.Config{
		App: p.app, Out: path, Binary: binary, Base: p.base, Jobs: flags.jobs,
		Timeout: flags.timeout, Effort: flags.effort, Time: at, Secret: os.Getenv("GORGON_SECRET"), Lazy: p.developing(), Values: p.values, Tell: tell,
	})
	if flags.bundled != "" {
		config.Bundle = build.Bundled(flags.bundled)
	}
	report, err := build.Run(ctx, config)
	done()
	if failures, ok := err.(build.Failures); ok {
		return report, fmt.Errorf("%s could not be made, and the seed was not written:\n%w", plural(len(failures), "page"), failures)
	}
	if err == nil && !flags.quiet {
		p.summarize(report)
	}
	return report, err
}

// buildTime is SOURCE_DATE_EPOCH, or zero for now.
func buildTime() (time.Time, error) {
	s := os.Getenv("SOURCE_DATE_EPOCH")
	if s == "" {
		return time.Time{}, nil
	}
	seconds, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return time.Time{}, fmt.Errorf("SOURCE_DATE_EPOCH %q: it is not a number of seconds: set it to one since 1970, or unset it", s)
	}
	return time.Unix(seconds, 0), nil
}

// progress is a bar on a terminal, and a line every few seconds elsewhere.
func (p *program) progress(quiet bool) (tell func(done, total int), finish func()) {
	if quiet {
		return nil, func() {}
	}
	if isTerminal(p.err) {
		var bar *progressbar.ProgressBar
		tell = func(done, total int) {
			if bar == nil {
				bar = progressbar.NewOptions(total, progressbar.OptionSetWriter(p.err), progressbar.OptionSetDescription("building"),
					progressbar.OptionShowCount(), progressbar.OptionShowIts(), progressbar.OptionThrottle(50*time.Millisecond),
					progressbar.OptionClearOnFinish())
			}
			_ = bar.Set(done)
		}
		return tell, func() {
			if bar != nil {
				_ = bar.Finish()
			}
		}
	}
	last := time.Now()
	return func(done, total int) {
		if now := time.Now(); now.Sub(last) >= 5*time.Second {
			last = now
			fmt.Fprintf(p.err, "built %d of %s\n", done, plural(total, "page"))
		}
	}, func() {}
}

// summarize says what was built.
func (p *program) summarize(r build.Report) {
	for _, w := range r.Warnings {
		fmt.Fprintln(p.err, "warning:", w)
	}
	fmt.Fprintf(p.err, "built %s and %s in %s: %s of HTML; %s packed with compressed twins and states in %s (build %s)\n",
		plural(r.Pages, "page"), plural(r.Files, "file"), r.Took.Round(time.Millisecond), size(r.Bytes), size(r.Packed), r.Seed, r.Build)
	for i, t := range r.Slowest {
		if i == 0 {
			fmt.Fprintln(p.err, "slowest:")
		}
		fmt.Fprintf(p.err, "  %8s  %s\n", t.Took.Round(10*time.Microsecond), t.Page)
	}
}

// size writes a number of bytes for people.
func size(n int64) string {
	f, units := float64(n), []string{"B", "KiB", "MiB", "GiB"}
	i := 0
	for f >= 1024 && i < len(units)-1 {
		f, i = f/1024, i+1
	}
	if i == 0 {
		return fmt.Sprintf("%d B", n)
	}
	return fmt.Sprintf("%.1f %s", f, units[i])
}
