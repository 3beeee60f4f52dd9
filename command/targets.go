//go:build !gorgon_release && !gorgon_dev

// The places that plan and deploy know.

package command

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/gorgon-go/gorgon/deploy"
	"github.com/gorgon-go/gorgon/deploy/cloudrun"
	"github.com/gorgon-go/gorgon/deploy/fly"
	"github.com/gorgon-go/gorgon/deploy/kubernetes"
	"github.com/gorgon-go/gorgon/deploy/lambda"
	"github.com/gorgon-go/gorgon/deploy/oci"
	"github.com/gorgon-go/gorgon/deploy/static"
	"github.com/gorgon-go/gorgon/deploy/systemd"
)

// atSourceAlone are the commands that a release does not carry: what they link
// would be a third of it, and nobody runs them where the source is not.
func (p *program) atSourceAlone() []*cobra.Command {
	return []*cobra.Command{p.planCommand(), p.deployCommand()}
}

// targets are those of Gorgon, then the program's own.
func (p *program) targets() []deploy.Target {
	return append([]deploy.Target{
		static.Target(), systemd.Target(), oci.Target(), kubernetes.Target(), fly.Target(), cloudrun.Target(), lambda.Target(),
	}, p.config.Targets...)
}

// targetsNamed finds targets by name; all of them where none is named.
func (p *program) targetsNamed(names []string) ([]deploy.Target, error) {
	all := p.targets()
	if len(names) == 0 {
		return all, nil
	}
	var found []deploy.Target
next:
	for _, name := range names {
		var known []string
		for _, t := range all {
			if t.Name == name {
				found = append(found, t)
				continue next
			}
			known = append(known, t.Name)
		}
		return nil, misused("--to %q: there is no such place: use one of %s", name, strings.Join(known, ", "))
	}
	return found, nil
}
