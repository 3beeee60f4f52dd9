// The targets that plan and deploy know.

package tool

import (
	"strings"

	"github.com/gorgon-go/gorgon/cli"
	"github.com/gorgon-go/gorgon/deploy"
	"github.com/gorgon-go/gorgon/deploy/aws"
	"github.com/gorgon-go/gorgon/deploy/cloudrun"
	"github.com/gorgon-go/gorgon/deploy/fly"
	"github.com/gorgon-go/gorgon/deploy/gcp"
	"github.com/gorgon-go/gorgon/deploy/kubernetes"
	"github.com/gorgon-go/gorgon/deploy/lambda"
	"github.com/gorgon-go/gorgon/deploy/oci"
	"github.com/gorgon-go/gorgon/deploy/static"
	"github.com/gorgon-go/gorgon/deploy/systemd"
)

// targets are those of Gorgon, then the caller's own.
func (t *tool) targets() []deploy.Target {
	return append([]deploy.Target{
		static.Target(), systemd.Target(), oci.Target(), kubernetes.Target(), fly.Target(), cloudrun.Target(), gcp.Target(), aws.Target(), lambda.Target(),
	}, t.config.Targets...)
}

// targetsNamed finds targets by name; all of them where none is named.
func (t *tool) targetsNamed(names []string) ([]deploy.Target, error) {
	all := t.targets()
	if len(names) == 0 {
		return all, nil
	}
	var found []deploy.Target
next:
	for _, name := range names {
		var known []string
		for _, target := range all {
			if target.Name == name {
				found = append(found, target)
				continue next
			}
			known = append(known, target.Name)
		}
		return nil, cli.Misuse("--to %s: there is no such target: use one of %s", cli.Quoted(name), strings.Join(known, ", "))
	}
	return found, nil
}
