//go:build gorgon_release

// What a release does not carry.

package command

import (
	"github.com/spf13/cobra"

	"github.com/gorgon-go/gorgon/build"
)

func (p *program) atSourceAlone() []*cobra.Command { return nil }

func (p *program) developing() bool { return false }

// withBundler has no bundler to give: a build of an app with assets says so.
func (p *program) withBundler(c build.Config) build.Config { return c }
