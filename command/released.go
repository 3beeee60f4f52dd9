//go:build gorgon_release

// What a release does not carry.

package command

import "github.com/spf13/cobra"

func (p *program) atSourceAlone() []*cobra.Command { return nil }

func (p *program) developing() bool { return false }
