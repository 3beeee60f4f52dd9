// Package command turns an app into a program: build, serve, export, why,
// purge, migrate, maintain, routes, plan and deploy, as a library that the
// app's own binary carries.
//
//	func main() {
//		command.Main(app, command.Config{Stores: []pages.Driver{disk.Driver(), mem.Driver()}})
//	}
package command

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/deploy"
	"github.com/gorgon-go/gorgon/metrics"
	"github.com/gorgon-go/gorgon/pack"
	"github.com/gorgon-go/gorgon/pages"
)

// Config says what a program carries besides its app. The zero Config works:
// such a program keeps what it makes in memory alone.
type Config struct {
	// Stores are the technologies that --store can name. Where "disk" is
	// among them, it is what serve uses if nothing is said. Default: none.
	Stores []pages.Driver

	// Observers are told what a server does: prometheus.New has metrics for
	// --metrics, opentelemetry.New has traces. Each is off until it is asked
	// for. Default: none.
	Observers []metrics.Observer

	// Targets are places that plan and deploy know besides those of Gorgon.
	// Default: none.
	Targets []deploy.Target
}

// Exit codes of a program.
const (
	OK      = 0
	Failed  = 1 // what was asked for could not be done
	Misused = 2 // the command line cannot be understood
	Refused = 3 // export: some of the app cannot be static; plan, deploy: it does not fit
)

// Main runs the program's command line and exits. SIGINT and SIGTERM end it
// in good order; a second one ends it at once.
func Main(app gorgon.App, config Config) {
	ctx, stop := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 2) // neither is lost, however close they follow
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-signals
		stop()
		<-signals
		os.Exit(Failed)
	}()
	os.Exit(Run(ctx, app, config, os.Args[1:], os.Stdout, os.Stderr))
}

// Run runs one command line and returns its exit code. Results go to out,
// everything else to log.
func Run(ctx context.Context, app gorgon.App, config Config, args []string, out, log io.Writer) int {
	p := &program{app: app, config: config, out: out, err: log, log: slog.New(slog.NewTextHandler(log, nil))}
	root := p.root()
	root.SetArgs(args)
	root.SetOut(out)
	root.SetErr(log)
	ran, err := root.ExecuteContextC(ctx)
	if err == nil {
		return OK
	}
	var e exit
	if !errors.As(err, &e) {
		e = exit{Misused, err}
	}
	fmt.Fprintf(log, "%s: %s\n", app.Name, strings.TrimSpace(e.err.Error()))
	if e.code == Misused {
		fmt.Fprintf(log, "see '%s --help'\n", ran.CommandPath())
	}
	return e.code
}

// An exit is an error with its exit code.
type exit struct {
	code int
	err  error
}

func (e exit) Error() string { return e.err.Error() }
func (e exit) Unwrap() error { return e.err }

func failed(err error) error {
	if err == nil {
		return nil
	}
	var e exit
	if errors.As(err, &e) {
		return err
	}
	return exit{Failed, err}
}

// A program is one run of the command line.
type program struct {
	app    gorgon.App
	config Config
	out    io.Writer
	err    io.Writer
	log    *slog.Logger
	pkg    *pack.Package                     // that the program runs from; nil for none
	values func(name string) ([]byte, error) // that this run has made; nil for none

	dist  string // --dist
	base  string // --base
	store string // --store
	json  bool   // --json
}

func (p *program) root() *cobra.Command {
	serve := p.serveCommand()
	root := &cobra.Command{
		Use:           p.app.Name,
		Short:         "The " + p.app.Name + " site: build it, serve it, export it",
		Long:          "Builds, serves and exports the " + p.app.Name + " site. Without a command it serves, building first where needed.",
		Args:          noArguments,
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE:          serve.RunE,

		SuggestionsMinimumDistance: 2,
	}
	root.SetFlagErrorFunc(flagError)
	root.Flags().AddFlagSet(serve.Flags())
	flags := root.PersistentFlags()
	flags.StringVar(&p.base, "base", env("GORGON_BASE_PATH", ""), "path below which the site lies, as in /docs/ (GORGON_BASE_PATH)")
	root.CompletionOptions.HiddenDefaultCmd = true
	root.AddCommand(p.buildCommand(), serve, p.healthCommand(), p.exportCommand(), p.whyCommand(), p.purgeCommand(), p.migrateCommand(), p.routesCommand(),
		p.maintainCommand(), p.partsCommand())
	root.AddCommand(p.atSourceAlone()...)
	for _, c := range root.Commands() {
		if run := c.RunE; run != nil {
			c.RunE = func(cmd *cobra.Command, args []string) error {
				if err := p.checkBase(); err != nil {
					return err
				}
				if err := p.app.Validate(); err != nil {
					return exit{Failed, err}
				}
				if err := p.findPackage(); err != nil {
					return failed(err)
				}
				return failed(run(cmd, args))
			}
		}
	}
	root.RunE = serve.RunE
	return root
}

// checkBase brings the base path into its one form, "" or "/docs".
func (p *program) checkBase() error {
	p.base = strings.TrimRight(p.base, "/")
	if p.base == "" {
		return nil
	}
	if err := gorgon.CheckPath(p.base); err != nil {
		return misused("--base %q: use a path such as /docs/", p.base)
	}
	return nil
}

func (p *program) distFlag(c *cobra.Command, name string) {
	c.Flags().StringVar(&p.dist, name, "dist", "folder of what is built")
}

// plural counts things.
func plural(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

func (p *program) jsonFlag(c *cobra.Command) {
	c.Flags().BoolVar(&p.json, "json", false, "print JSON")
}

func (p *program) storeFlag(c *cobra.Command) {
	c.Flags().StringVar(&p.store, "store", "", "where to keep what is made later: "+p.schemes()+" (GORGON_STORE)")
}

// print writes a result as JSON.
func (p *program) print(v any) error {
	enc := json.NewEncoder(p.out)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

func env(name, otherwise string) string {
	if v := os.Getenv(name); v != "" {
		return v
	}
	return otherwise
}

// isTerminal says whether somebody watches.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
