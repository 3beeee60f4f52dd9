//go:build gorgon_release || gorgon_dev

// What neither a release carries nor what 'gorgon dev' runs, which links it
// after every save.

package command

import "github.com/spf13/cobra"

func (p *program) atSourceAlone() []*cobra.Command { return nil }
