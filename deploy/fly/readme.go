// What to do with the fly.toml.

package fly

import (
	"fmt"
	"strings"

	"github.com/gorgon-go/gorgon/deploy"
	"github.com/gorgon-go/gorgon/deploy/pod"
)

func readme(s deploy.Site, c config) string {
	var b strings.Builder
	tag := c.Build.Image[strings.LastIndexAny(c.Build.Image, ":@/")+1:]
	if !strings.Contains(c.Build.Image[strings.LastIndex(c.Build.Image, "/")+1:], ":") {
		tag = "latest"
	}
	own := "registry.fly.io/" + c.App + ":" + tag
	fmt.Fprintf(&b, `The image is `+"`%[1]s`"+`. Commands are run in this folder, where fly finds
%[2]s. Names of apps are the whole of Fly.io's: where %[3]s is taken, choose
another and write it into %[2]s.

## Once

    fly auth login
    fly apps create %[3]s
`, c.Build.Image, ConfigName, c.App)
	secrets := pod.Secrets(s.Variables)
	if len(secrets) > 0 {
		fmt.Fprintf(&b, `
Write its secrets into a file outside the repository, one NAME=VALUE a line, and
hand them over; they are set with the next deploy:

    fly secrets import --stage <secrets.env

%s`, pod.List(secrets, func(v deploy.Variable) string { return v.Name }))
	}
	fmt.Fprintf(&b, `
## Bring the image to Fly.io

    fly auth docker
    skopeo --override-os linux --override-arch %[1]s copy --format v2s2 oci:layout docker://%[2]s

Any tool that pushes images will do; the registry is asked for Docker's format
here, since it has refused the other. An image that anybody may pull can stay
where it is: leave --image out below, and that of %[3]s is taken.

## Deploy

`, s.Package.Arch, own, ConfigName)
	deployed := "fly deploy --signal SIGTERM"
	if c.Build.Image != own {
		deployed += " --image " + own
	}
	if s.Volume() {
		deployed = strings.Replace(deployed, " --signal SIGTERM", "", 1)
	}
	if s.Replicas() == 1 {
		deployed += " --ha=false"
	}
	fmt.Fprintf(&b, "    fly config validate --strict\n    %s\n", deployed)
	if n := s.Replicas(); n > 1 {
		fmt.Fprintf(&b, "    fly scale count %d\n\nThe last is needed once: deploys keep the number.\n", n)
	}
	b.WriteString("\n")
	switch {
	case s.Volume():
		fmt.Fprintf(&b, `The first deploy makes the volume data of %s, in %s. One machine has it: a
deploy ends the old version there before it begins the new one, and the site is
away for some seconds.
`, c.Mounts[0].InitialSize, c.PrimaryRegion)
		if s.FilesOnDisk() {
			b.WriteString("\nThe app's files are on it and nowhere else; Fly.io makes a snapshot of a volume each\nday. `fly volumes extend` makes it larger.\n")
		}
	default:
		b.WriteString("New machines answer /readyz with 200 before visitors get to them; then the old\nones are told to end, and answer what they were asked.\n")
	}
	if s.Migrate {
		fmt.Fprintf(&b, "\nBefore that, a machine of its own runs `%s migrate`. If it fails the deploy\nends, and the old version goes on serving.\n", s.Package.Program)
	}
	if s.Domain != "" {
		fmt.Fprintf(&b, `
## Give it its name

    fly certs add %[1]s
    fly certs show %[1]s

The first says which records the name's DNS needs.
`, s.Domain)
	}
	fmt.Fprintf(&b, `
## See how it is

    fly status
    fly checks list
    fly logs
    fly machine exec "/app/%[1]s health"
`, s.Package.Program)
	if s.Outcome.Setting.SharedStore || s.Local() {
		fmt.Fprintf(&b, `
Pages are declared out of date with

    fly machine exec "/app/%[1]s purge --path /"
`, s.Package.Program)
	}
	back := strings.Replace(deployed, " --image "+own, "", 1)
	fmt.Fprintf(&b, `
## Roll back

    fly releases --image
    %s --image IMAGE

with the IMAGE of an earlier release.
`, back)
	return b.String()
}
