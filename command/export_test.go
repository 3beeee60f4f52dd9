// What the tests of the package's outside need from its inside.

package command

import (
	"context"
	"io"
	"log/slog"

	"github.com/spf13/cobra"

	"github.com/gorgon-go/gorgon"
)

// Root is the whole command line of an app.
func Root(app gorgon.App, config Config) *cobra.Command {
	return newProgram(app, config, io.Discard, io.Discard).root()
}

// Variables are the names of the variables that are read.
func Variables() (names []string) {
	for _, v := range variables() {
		names = append(names, v.name)
	}
	return names
}

// WatchCertificates looks after the certificates in a folder until ctx ends.
func WatchCertificates(ctx context.Context, log io.Writer, directory, dir, domains string) {
	newAuthority(&tlsFlags{domains: domains, dir: dir, directory: directory}, slog.New(slog.NewTextHandler(log, nil))).watch(ctx)
}
