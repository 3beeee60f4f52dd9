// generate: clients of the app in other languages.

package tool

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/diff"
	"github.com/spf13/cobra"

	"github.com/gorgon-go/gorgon/cli"
	"github.com/gorgon-go/gorgon/generate"
)

// A generation is one run of generate.
type generation struct {
	t *tool

	typescript, dart, golang, openapi, against string // files
	below                                      []string
	check                                      bool
}

func (t *tool) generateCommand() *cobra.Command {
	g := &generation{t: t}
	c := &cobra.Command{
		Use:   "generate [PACKAGE]",
		Short: "Write clients of an app's endpoints: TypeScript, Dart, Go, OpenAPI",
		Long: `Compiles the app in the folder PACKAGE (default: the one here), asks its program
for the description of its endpoints, reads, streams and rooms, and writes the
files that flags name. Commit them: they change only if the endpoints do.

Forms of the site are endpoints, too. With --below, the clients and the description
have what is at or below that path, and nothing else.

With --check, it writes nothing, and exits with 1 if a file is not what it would
write. It then prints the difference and, with --openapi, lists the changes that
break clients of the description in that file. With --against, it compares with
the description of a release instead, and a change that breaks clients is an
error of its own.`,
		Example: "  gorgon generate --ts web/api.ts --openapi openapi.json\n  gorgon generate --check --ts web/api.ts --openapi openapi.json\n  gorgon generate --check --against released.json",
		Args:    onePackage,
		RunE:    func(c *cobra.Command, args []string) error { return g.run(c.Context(), folderOf(args)) },
	}
	c.Flags().StringVar(&g.typescript, "ts", "", "file for a client in TypeScript")
	c.Flags().StringVar(&g.dart, "dart", "", "file for a client in Dart")
	c.Flags().StringVar(&g.golang, "go", "", "file for a client in Go; its folder names the package")
	c.Flags().StringVar(&g.openapi, "openapi", "", "file for the OpenAPI 3.1 description")
	c.Flags().StringArrayVar(&g.below, "below", nil, "take the endpoints at or below this path, as /api (repeatable); default: all")
	c.Flags().StringVar(&g.against, "against", "", "file with the description of a release, whose clients must keep working")
	c.Flags().BoolVar(&g.check, "check", false, "write nothing, and fail if a file is out of date")
	return c
}

// An output is a file that is to be written.
type output struct {
	name string
	text []byte
}

func (g *generation) run(ctx context.Context, folder string) error {
	if g.typescript+g.dart+g.golang+g.openapi == "" && (g.against == "" || !g.check) {
		return cli.Misuse("generate writes nothing: name a file with --ts, --dart, --go or --openapi")
	}
	name, err := packageOf(g.golang)
	if err != nil {
		return err
	}
	description, err := describe(ctx, folder, g.below)
	if err != nil {
		return err
	}
	m, err := generate.Read(description)
	if err != nil {
		return err
	}
	outputs, err := g.outputs(m, name, description)
	if err != nil {
		return err
	}
	breaking, err := g.breaking(m)
	if err != nil {
		return err
	}
	for _, change := range breaking {
		fmt.Fprintf(g.t.log, "breaks clients: %s\n", change)
	}
	switch {
	case g.check:
		return g.compare(outputs, len(breaking))
	case g.against != "" && len(breaking) > 0:
		return g.broken(len(breaking))
	}
	for _, o := range outputs {
		if err := os.MkdirAll(filepath.Dir(o.name), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(o.name, o.text, 0o644); err != nil {
			return err
		}
		fmt.Fprintf(g.t.out, "wrote %s\n", o.name)
	}
	return nil
}

// describe compiles the app in a folder, and returns its description: of all, or of what
// is below a path.
func describe(ctx context.Context, folder string, below []string) ([]byte, error) {
	args := []string{"openapi"}
	for _, path := range below {
		args = append(args, "--below="+path)
	}
	return runApp(ctx, folder, nil, args...)
}

// outputs are the files that flags name. The name is that of a package in Go.
func (g *generation) outputs(m *generate.Model, name string, description []byte) ([]output, error) {
	var all []output
	if g.typescript != "" {
		all = append(all, output{g.typescript, generate.TypeScript(m)})
	}
	if g.dart != "" {
		all = append(all, output{g.dart, generate.Dart(m)})
	}
	if g.golang != "" {
		text, err := generate.Go(m, name)
		if err != nil {
			return nil, err
		}
		all = append(all, output{g.golang, text})
	}
	if g.openapi != "" {
		all = append(all, output{g.openapi, description})
	}
	return all, nil
}

// packageOf is the name of the package in the folder of a file; "" for no file.
func packageOf(file string) (string, error) {
	if file == "" {
		return "", nil
	}
	file, err := filepath.Abs(file)
	if err != nil {
		return "", err
	}
	name := strings.Map(func(c rune) rune {
		if c >= 'a' && c <= 'z' || c >= '0' && c <= '9' {
			return c
		}
		return -1
	}, strings.ToLower(filepath.Base(filepath.Dir(file))))
	if strings.Trim(name[:min(1, len(name))], "abcdefghijklmnopqrstuvwxyz") != "" || name == "" {
		return "", cli.Misuse("--go %s: its folder cannot name a package: use one such as shopclient", cli.Quoted(file))
	}
	return name, nil
}

// breaking lists what breaks clients of a release, or of the description that
// is there.
func (g *generation) breaking(m *generate.Model) ([]string, error) {
	name := cmp.Or(g.against, g.openapi)
	if name == "" {
		return nil, nil
	}
	text, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) && g.against == "" {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	before, err := generate.Read(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return generate.Breaking(before, m), nil
}

func (g *generation) broken(changes int) error {
	return fmt.Errorf("%s would break clients of %s: undo it, or give the operation another path and name", cli.Plural(changes, "change"), cmp.Or(g.against, g.openapi))
}

// compare prints what differs from the files that are there.
func (g *generation) compare(outputs []output, breaking int) error {
	var stale []string
	for _, o := range outputs {
		is, err := os.ReadFile(o.name)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if err != nil || !bytes.Equal(is, o.text) {
			stale = append(stale, o.name)
			if _, err := g.t.out.Write(diff.Diff(o.name, is, o.name+" (generated)", o.text)); err != nil {
				return err
			}
		}
	}
	switch {
	case breaking > 0:
		return g.broken(breaking)
	case stale == nil:
		return nil
	}
	return fmt.Errorf("%s out of date: run 'gorgon generate' with the same flags, and commit", isOrAre(stale))
}

func isOrAre(names []string) string {
	if len(names) == 1 {
		return names[0] + " is"
	}
	return strings.Join(names, ", ") + " are"
}
