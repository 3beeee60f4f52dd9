// new: begin a project.

package tool

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gorgon-go/gorgon/cli"
	"github.com/gorgon-go/gorgon/database/migration"
	"golang.org/x/mod/module"
)

// A project is what 'gorgon new' is to write.
type project struct {
	name     string
	here     bool   // its folder is the current one, which gave the name
	kind     string // the starter
	database string // its dialect; "" if it has none
	module   string
	gorgon   string // folder of a checkout; "" for the one the tool is of
	noGit    bool
}

func (t *tool) newCommand() *cobra.Command {
	var p project
	c := &cobra.Command{
		Use:   "new NAME | .",
		Short: "Write a project that builds, tests and serves at once",
		Long: `Writes a project into the new folder NAME, or, as 'gorgon new .', into the
current folder, which is empty or a new repository and gives its name:

  site     a handful of pages, made at build
  blog     posts from Markdown files, with tags and a feed
  shop     products in a database, search, a cart and prices
  members  accounts: sign-up, sign-in, sessions, tokens, roles

A starter with a database is written for the dialect that --database names. On
a terminal it is asked for; elsewhere it is sqlite.

It uses the version of Gorgon that this tool was built from, or the folder, if
the tool was built from a checkout. tools/go.mod pins the tool likewise: run it as 'go tool -modfile=tools/go.mod gorgon'. All goes into a first commit, unless there
is a repository around it or --no-git is given. Where git does not know its
user, that commit is by gorgon <gorgon@localhost>; no setting is changed.`,
		Example: "  gorgon new notes --starter blog\n  cd notes && go run .",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return cli.Misuse("new takes the project's name, as in: gorgon new notes")
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			p.name = args[0]
			if err := p.locate(); err != nil {
				return err
			}
			if err := p.check(); err != nil {
				return err
			}
			if err := p.choose(c.Context(), t.log); err != nil {
				return err
			}
			return t.begin(c.Context(), p)
		},
	}
	c.Flags().StringVar(&p.kind, "starter", "site", "what to begin with: "+strings.Join(starterNames(), ", "))
	c.Flags().StringVar(&p.database, "database", "", "dialect of a starter with a database: "+strings.Join(dialects, ", "))
	c.Flags().StringVar(&p.module, "module", "", "path of the module (default: example.com/NAME)")
	c.Flags().StringVar(&p.gorgon, "gorgon", "", "folder of a checkout of Gorgon to use (default: what this tool was built from)")
	c.Flags().BoolVar(&p.noGit, "no-git", false, "make no repository")
	return c
}

// runTool is how a project runs the tool that it pins.
const runTool = "go tool -modfile=tools/go.mod gorgon"

// names are those that an app, a folder, an image and a unit can have.
var names = regexp.MustCompile(`^[a-z]([a-z0-9-]*[a-z0-9])?$`)

// locate takes the name of the current folder for a project that is written
// into it.
func (p *project) locate() error {
	if filepath.Clean(p.name) != "." {
		return nil
	}
	folder, err := filepath.Abs(".")
	if err != nil {
		return err
	}
	p.name, p.here = filepath.Base(folder), true
	if !validName(p.name) {
		return cli.Misuse("the current folder is called %q, which cannot be a project's name: rename it to up to 50 lower-case letters, digits and dashes, beginning with a letter, or run 'gorgon new NAME' in the folder above", p.name)
	}
	return nil
}

func validName(name string) bool { return names.MatchString(name) && len(name) <= 50 }

func (p *project) check() error {
	if !validName(p.name) {
		return cli.Misuse("NAME %q: use up to 50 lower-case letters, digits and dashes, beginning with a letter, such as \"notes\"", p.name)
	}
	if !slices.Contains(starterNames(), p.kind) {
		return cli.Misuse("--starter %q: there is none of this name: use %s", p.kind, strings.Join(starterNames(), ", "))
	}
	if p.database != "" {
		if err := checkDialect(p.database); err != nil {
			return err
		}
		if !hasDatabase(p.kind) {
			return cli.Misuse("--database: the starter %s has no database: use --starter shop or members, or leave the flag out", p.kind)
		}
	}
	if p.module == "" {
		p.module = "example.com/" + p.name
	}
	if err := module.CheckImportPath(p.module); err != nil {
		return cli.Misuse("--module %q: use a path such as github.com/you/%s", p.module, p.name)
	}
	if p.module == framework || strings.HasPrefix(p.module, framework+"/") {
		return cli.Misuse("--module %q: it is Gorgon's own: use a path such as github.com/you/%s", p.module, p.name)
	}
	return nil
}

// choose chooses a dialect where there is a database and none was named.
func (p *project) choose(ctx context.Context, log io.Writer) (err error) {
	if p.database != "" || !hasDatabase(p.kind) {
		return nil
	}
	p.database = dialects[0]
	if cli.IsTerminal(os.Stdin) && cli.IsTerminal(log) {
		p.database, err = askDialect(ctx, os.Stdin, log)
	}
	return err
}

// begin finds where a project can be written, and what it is to use.
func (t *tool) begin(ctx context.Context, p project) error {
	folder, err := filepath.Abs(p.name)
	if p.here {
		folder, err = filepath.Abs(".")
	}
	if err != nil {
		return err
	}
	switch entries, err := os.ReadDir(folder); {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return fmt.Errorf("%s cannot be read as a folder: %w: choose another name, or move it away", p.name, err)
	case p.here && len(entries) == 1 && entries[0].Name() == ".git": // after 'git init'
	case p.here && len(entries) > 0:
		return fmt.Errorf("the current folder is not empty (it holds %s): empty it, or run 'gorgon new %s' in another folder", entries[0].Name(), p.name)
	case len(entries) > 0:
		return fmt.Errorf("the folder %s is not empty: choose another name, or move what it holds", p.name)
	}
	from, err := findOrigin(ctx, p.gorgon)
	if err != nil {
		return err
	}
	return t.write(ctx, p, folder, from)
}

// write writes a project that uses one Gorgon into an empty folder, and says
// what was done.
func (t *tool) write(ctx context.Context, p project, folder string, from origin) error {
	files := starter(p.kind, p.name, p.database)
	imports, err := importsOf(files)
	if err != nil {
		return err
	}
	var notes []string
	source, err := from.source(ctx)
	if err != nil {
		source = "" // tidying says what follows from that
		notes = append(notes, fmt.Sprintf("Gorgon %s could not be downloaded (%s)", from.version, err))
	}
	mod, err := moduleFiles(p.module, from, source, imports)
	if err != nil {
		return err
	}
	maps.Copy(files, mod)
	// The tool has a module of its own, so that the project's gains nothing.
	pinned, err := moduleFiles(p.module+"/tools", from, source, nil, framework+"/cmd/gorgon")
	if err != nil {
		return err
	}
	for name, data := range pinned {
		files["tools/"+name] = data
	}
	if err := writeFiles(folder, files); err != nil {
		return err
	}
	in := ""
	if p.database != "" {
		in = ", with " + p.database
	}
	fmt.Fprintf(t.out, "%s: %d files of the starter %s%s\n", p.name, len(files), p.kind, in)
	notes = append(notes, tidy(ctx, folder))
	pins := tidy(ctx, filepath.Join(folder, "tools"))
	using := from.String()
	if from.folder != "" {
		using += ", by a replace line: take it out once you require a published version"
	}
	fmt.Fprintf(t.out, "go.mod: module %s, with Gorgon from %s; %s\n", p.module, using, strings.Join(notes, "; "))
	fmt.Fprintf(t.out, "tools/go.mod: this tool, for '%s'; %s\n", runTool, pins)
	if !p.noGit {
		fmt.Fprintf(t.out, "git: %s\n", commit(ctx, folder, "Begin with the starter "+p.kind))
	}
	if work := workspace(ctx, folder); work != "" {
		fmt.Fprintf(t.out, "%s is around it and does not know it: run 'go work use %s'\n", work, folder)
	}
	cd := "  cd " + p.name + "\n"
	if p.here {
		cd = ""
	}
	fmt.Fprintf(t.out, "\nnext:\n%s%s", cd, p.next())
	return nil
}

// next are the first commands to run in a project. Only 'gorgon dev' reads .env
// and migrates.
func (p project) next() string {
	switch p.database {
	case "":
		return "  go run .    # http://localhost:8080\n  go test\n  " + runTool + " dev\n"
	case migration.PostgreSQL:
		return "  createdb " + p.name + "    # or correct DATABASE_URL in .env\n  " + runTool + " dev    # http://localhost:8080\n  go test\n"
	}
	return "  " + runTool + " dev    # http://localhost:8080\n  go test\n"
}
