// dev: run an app while it is being written.

package tool

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gorgon-go/gorgon/cli"

	"github.com/gorgon-go/gorgon/develop"
)

// moduleFolders are the folders outside the module from which packages of the
// program come.
func moduleFolders(ctx context.Context, at, root string) ([]string, error) {
	const format = "{{with .Module}}{{if .Replace}}{{if not .Replace.Version}}{{.Dir}}{{end}}{{else if not .Version}}{{.Dir}}{{end}}{{end}}"
	said, err := says(ctx, at, nil, "go", "list", "-e", "-deps", "-f", format, ".")
	if err != nil {
		return nil, err
	}
	var folders []string
	for folder := range strings.Lines(said) {
		folder = strings.TrimSpace(folder)
		if rel, err := filepath.Rel(root, folder); err == nil && folder != "" && !filepath.IsLocal(rel) {
			folders = append(folders, folder)
		}
	}
	slices.Sort(folders)
	return slices.Compact(folders), nil
}

func (t *tool) devCommand() *cobra.Command {
	var addr, templ string
	c := &cobra.Command{
		Use:   "dev [PACKAGE]",
		Short: "Run an app while it is being written, and show every change in the browser",
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) > 1 {
				return cli.Misuse("dev takes one package: leave out %q", args[1])
			}
			at := "."
			if len(args) == 1 {
				at = args[0]
			}
			root, err := says(c.Context(), at, nil, "go", "list", "-m", "-f", "{{.Dir}}")
			if err != nil {
				return fmt.Errorf("%w: run it in a module, or name the folder of a main package", err)
			}
			folder, err := filepath.Abs(at)
			if err != nil {
				return err
			}
			below, err := filepath.Rel(root, folder)
			if err != nil {
				return err
			}
			also, err := moduleFolders(c.Context(), at, root)
			if err != nil {
				return err
			}
			for _, folder := range also {
				fmt.Fprintf(t.log, "watching %s too, a module that go.work or a replace line names\n", folder)
			}
			variables, err := develop.Dotenv(folder)
			if err != nil {
				return err
			}
			base := os.Getenv("GORGON_BASE_PATH")
			for _, v := range variables {
				if value, is := strings.CutPrefix(v, "GORGON_BASE_PATH="); is {
					base = value
				}
			}
			s := develop.Server{
				Also: also, Dir: root, Package: "./" + filepath.ToSlash(below), Addr: addr, Templ: strings.Fields(templ), Log: t.log,
				Started: func(a net.Addr) { fmt.Fprintf(t.log, "developing at http://%s%s/\n", a, strings.TrimRight(base, "/")) },
			}
			return s.Run(c.Context())
		},
	}
	c.Flags().StringVar(&addr, "addr", net.JoinHostPort(cmp.Or(os.Getenv("GORGON_HOST"), "127.0.0.1"), cmp.Or(os.Getenv("GORGON_PORT"), os.Getenv("PORT"), "8080")), "address for browsers (GORGON_HOST, GORGON_PORT or PORT)")
	c.Flags().StringVar(&templ, "templ", "", "the command that generates from templates (default: go tool templ where go.mod has it, else templ)")
	return c
}
