// What to do with a package.

package aws

import (
	"cmp"
	"fmt"

	"github.com/gorgon-go/gorgon/deploy"
	"github.com/gorgon-go/gorgon/deploy/pod"
)

func readme(s deploy.Site) string {
	infra := cmp.Or(s.Infra, "infra/aws")
	return fmt.Sprintf(`The image is `+"`%s`"+`, in the folder `+"`layout`"+`.

The infrastructure is Terraform in the folder `+"`%[2]s`"+` of the repository. Its
`+"`README.deploy.md`"+` leads from an empty account to a live URL.

## Deploy

In the repository, where `+"`terraform init`"+` has named the environment, and with the
folder of this README for PACKAGE:

    %[2]s/release.sh push PACKAGE/layout
    %[2]s/release.sh roll DIGEST

The first prints the DIGEST. The second %[3]sreplaces the tasks, and goes back if the new
ones do not serve.
`, pod.Image(s), infra, migrates(s))
}

func migrates(s deploy.Site) string {
	if s.Migrate {
		return "runs the migration, "
	}
	return ""
}
