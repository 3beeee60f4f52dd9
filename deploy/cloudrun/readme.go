// What to do with the package's folder.

package cloudrun

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/gorgon-go/gorgon/deploy"
)

func readme(s deploy.Site) string {
	var b strings.Builder
	fmt.Fprintf(&b, `This folder has the image, as an OCI layout. The service, its jobs and what they
need are Terraform, which is your repository's own: `+"`%[1]s`"+`. Its README.deploy.md
leads from an empty project to a live address, with what each step costs; it says
how to restore, to scale, and to take it all down.

## Release

From the repository's root, where this is `+"`pkg/cloudrun`"+`:

    %[1]s/release.sh push pkg/cloudrun/layout
    %[1]s/release.sh roll DIGEST

The first prints the DIGEST. The second %[2]sbrings a revision up without
visitors and gives it a growing share of them. It goes back by itself when errors
rise; `+"`release.sh back`"+` goes back later.

## See how it is

    %[1]s/release.sh status
    gcloud run services list --region=%[3]s

`, cmp.Or(s.Infra, "infra/cloudrun"), migrates(s), cmp.Or(s.Region, "europe-west1"))
	b.WriteString(scaling(s))
	if s.Outcome.Role == "web" {
		b.WriteString("\nInstances are suspended between requests. They run with GORGON_ROLE=web: a\nregeneration finishes within the request that triggered it, after the response.\n")
	}
	return b.String()
}

func migrates(s deploy.Site) string {
	if s.Migrate {
		return "lays out the store, "
	}
	return ""
}

// scaling says how many instances run.
func scaling(s deploy.Site) string {
	most := "as many as the load asks for, up to instances.max of the environment"
	if n := s.Replicas(); n > 0 {
		most = fmt.Sprintf("%d at most", n)
	}
	if s.Outcome.Setting.AlwaysOn {
		return "One instance runs all the time (cpu_idle = false), and " + most + ". They are\npaid for also without visitors.\n"
	}
	return "No instance runs without visitors, and " + most + ".\n"
}
