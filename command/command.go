// Package command turns an app into a program: serve, build, export, why,
// purge, migrate, maintain, jobs, config, routes and health. What needs the source (new, dev,
// plan, deploy, generate) is the tool's: package tool.
//
//	func main() {
//		command.Main(app, command.Config{Stores: []pages.Driver{disk.Driver(), mem.Driver()}})
//	}
package command

import (
	"cmp"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"os"
	"slices"
	"strings"
	_ "time/tzdata" // the machine may have no time zones: an image has none

	"github.com/spf13/cobra"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/cli"
	"github.com/gorgon-go/gorgon/metrics"
	"github.com/gorgon-go/gorgon/pack"
	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/paths"
	"github.com/gorgon-go/gorgon/viewctx"
)

// Config says what a program carries besides its app. The zero Config works:
// such a program keeps what it makes in memory alone.
type Config struct {
	// Stores are the technologies that --store can name. Where "disk" is
	// among them, it is what serve uses if nothing is said. Default: none.
	Stores []pages.Driver

	// Database is the app's own: database.Open(…). Its commits purge what shows
	// them, the migrate command lays it out, and readiness depends on it.
	// Default: none.
	Database Database

	// Auth knows who makes requests: auth.New(…). Default: none; sessions are then
	// looked up in their store on every request.
	Auth Auth

	// Jobs runs the app's jobs: work.New(…). A service with an Every is then a
	// series of it. Default: none; an app with jobs needs it.
	Jobs Jobs

	// Rooms runs the app's rooms: host.New(…). Default: none; an app with rooms needs
	// it.
	Rooms Rooms

	// MayTick says who may ask for a batch of jobs at /_gorgon/tick, besides those
	// that send GORGON_TICK_KEY as a bearer token: oidc.Caller{…}.Allows. Default:
	// none.
	MayTick func(*http.Request) bool

	// Observers are told what a server does: prometheus.New has metrics for
	// --metrics, opentelemetry.New sends metrics and traces to a collector. Each
	// is off until it is asked for. Default: none.
	Observers []metrics.Observer

	// Admin is the pages for operators, where --admin says: admin.New(…). Default:
	// none, and nothing of them is linked.
	Admin Admin

	// Bundler makes the files that are served of App.Assets: bundle.Bundler{}.
	// An app with assets needs it. Default: none, and nothing of it is linked.
	Bundler Bundler

	// Settings are the app's own configuration: config.Define returns them. The
	// program reads them before it serves, builds, exports, migrates or
	// maintains, and ends if they have faults. Default: none.
	Settings Settings

	// Mail is what the app sends mails by: what smtp.New returns. Under 'gorgon
	// dev' and without a mail server, its mails are shown below /_gorgon/dev/mail/.
	// Default: mails are not shown.
	Mail Mailer

	// Files are the app's own: what blobs.At returns, and its buckets have as their
	// Store. The program does not serve if FILES_URL cannot be right; plan and
	// deploy learn that there are files, and where they can be. Default: none.
	Files Files

	// Log wraps the handler of the server's log, to report errors elsewhere as
	// well. The result must pass records on. Default: none.
	Log func(slog.Handler) slog.Handler
}

// A Bundler bundles the assets of apps, when a site is built.
type Bundler interface {
	// With is the bundler with a folder that keeps what took long to make, and,
	// where the app is being written, with source maps: a [build.Config].Bundle.
	With(cache string, sourceMaps bool) func(ctx context.Context, app gorgon.App, base string) (viewctx.Assets, map[string][]byte, error)
}

// Exit codes of a program.
const (
	OK      = cli.OK
	Failed  = cli.Failed  // what was asked for could not be done
	Misused = cli.Misused // the command line cannot be understood
	Refused = cli.Refused // export: some of the app cannot be static
)

// Main runs the program's command line and exits. SIGINT and SIGTERM end it
// in good order; a second one ends it at once.
func Main(app gorgon.App, config Config) {
	os.Exit(Run(cli.Signals(), app, config, os.Args[1:], os.Stdout, os.Stderr))
}

// Run runs one command line and returns its exit code. Results go to out,
// everything else to log.
func Run(ctx context.Context, app gorgon.App, config Config, args []string, out, log io.Writer) int {
	root := newProgram(app, config, out, log).root()
	root.SetArgs(args)
	root.SetOut(out)
	root.SetErr(log)
	return cli.Run(ctx, root, log)
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
	faults map[string]error                  // of the environment, by the flag that it is the value of

	dist string // --dist
	base string // --base
	json bool   // --json

	stores storage
}

func newProgram(app gorgon.App, config Config, out, log io.Writer) *program {
	return &program{
		app: app.Erased(), config: config, out: out, err: log, log: slog.New(slog.NewTextHandler(log, nil)), faults: map[string]error{},
		stores: storage{app: app.Name, drivers: config.Stores},
	}
}

func (p *program) root() *cobra.Command {
	serve := (&server{p: p}).command()
	root := &cobra.Command{
		Use:   p.app.Name,
		Short: "The " + p.app.Name + " site: build it, serve it, export it",
		Long:  "Builds, serves and exports the " + p.app.Name + " site. Without a command it serves, building first where needed.",
		Args:  p.arguments,
		RunE:  serve.RunE,
	}
	root.Flags().AddFlagSet(serve.Flags())
	root.AddCommand(buildCommand(p), serve, healthCommand(p), (&exporter{p: p}).command(), why{p}.command(), purge{p}.command(), migrateCommand(p),
		routesCommand(p), maintainer{p}.command(), (&desk{p: p}).command(), environmentTopic(p))
	for _, c := range root.Commands() {
		if run := c.RunE; run != nil {
			c.RunE = func(cmd *cobra.Command, args []string) error {
				if err := cmp.Or(p.checkEnv(cmd), p.checkBase()); err != nil {
					return err
				}
				if err := p.app.Validate(); err != nil {
					return exit{Code: Failed, Err: err}
				}
				if err := cmp.Or(p.checkJobs(), p.checkRooms()); err != nil {
					return exit{Code: Failed, Err: err}
				}
				if err := p.configure(c.Name()); err != nil {
					return err
				}
				if err := p.findPackage(); err != nil {
					return cli.Fail(err)
				}
				return cli.Fail(run(cmd, args))
			}
		}
	}
	root.RunE = serve.RunE
	root.AddCommand(configCommand(p), partsCommand(p), openapiCommand(p), reachCommand(p), doctorCommand(p))
	return root
}

// arguments refuses unknown commands, and names the tool for its own.
func (p *program) arguments(c *cobra.Command, args []string) error {
	if len(args) > 0 && slices.Contains([]string{"dev", "plan", "deploy", "generate"}, args[0]) {
		return misused("%s needs the source, and is a command of the tool: run 'gorgon %s', by 'go tool -modfile=tools/go.mod gorgon %s' where the project pins it", args[0], args[0], args[0])
	}
	return noArguments(c, args)
}

// checkBase brings the base path into its one form, "" or "/docs".
func (p *program) checkBase() error {
	p.base = strings.TrimRight(p.base, "/")
	if p.base == "" {
		return nil
	}
	if err := paths.Check(p.base); err != nil {
		return misused("--base %s: use a path such as /docs/ (its default comes from GORGON_BASE_PATH)", quoted(p.base))
	}
	return nil
}

func (p *program) baseFlag(c *cobra.Command) {
	c.Flags().StringVar(&p.base, "base", "", "path below which the site is served, such as /docs/ (GORGON_BASE_PATH)")
	p.fromEnv(c, "base", "GORGON_BASE_PATH")
}

func (p *program) distFlag(c *cobra.Command, name string) {
	c.Flags().StringVar(&p.dist, name, "dist", "folder of what is built")
}

// plural counts things.
func plural(n int, thing string) string { return cli.Plural(n, thing) }

// size writes a number of bytes for people.
func size(n int64) string { return cli.Size(n) }

func (p *program) jsonFlag(c *cobra.Command) {
	c.Flags().BoolVar(&p.json, "json", false, "print JSON")
}

func (p *program) storeFlag(c *cobra.Command) {
	c.Flags().StringVar(&p.stores.flag, "store", "", "store for pages generated at run time: "+p.stores.schemes()+" (GORGON_STORE)")
}

// print writes a result as JSON.
func (p *program) print(v any) error {
	enc := json.NewEncoder(p.out)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}
