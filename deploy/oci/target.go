// The target: an image, and files to build or run it by hand.

package oci

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/gorgon-go/gorgon/deploy"
	"github.com/gorgon-go/gorgon/plan"
)

// What a target writes beside the image and deploy.ReadmeName.
const (
	DockerfileName = "Dockerfile"
	BaseName       = "base.tar.gz" // the image's first layer, which the Dockerfile adds
	ComposeName    = "compose.yaml"
)

// Target is a container of one's own: docker, podman, or anything else that
// runs OCI images.
func Target() deploy.Target {
	return deploy.Target{
		Target: plan.Target{
			Name: "oci", Title: "a container (OCI image)",
			Offers: plan.Offers{Process: true, Disk: plan.VolumeFiles, OpenFor: plan.Always, Peers: true},
		},
		Image: true,
		Write: write,
	}
}

func write(ctx context.Context, s deploy.Site, folder string) error {
	s.Variables = variables(s)
	image := Image{Name: s.Image, Packages: s.Folders, Env: fixed(s)}
	if len(image.Packages) == 0 {
		image.Packages = []string{s.Folder}
	}
	if image.Name == "" {
		image.Name = s.Package.App + ":latest"
	}
	result, err := Write(ctx, image, folder)
	if err != nil {
		return err
	}
	base, err := os.ReadFile(result.base)
	if err != nil {
		return fmt.Errorf("oci: %w", err)
	}
	return deploy.WriteFiles(folder,
		deploy.File{Name: BaseName, Data: base},
		deploy.File{Name: DockerfileName, Data: dockerfile(s.Package, config(s.Package, image.Env, image.Labels))},
		deploy.File{Name: ComposeName, Data: compose(s, image.Name)},
		deploy.Readme(s, readme(s, image.Name, result)),
	)
}

// variables are the site's, with a store of files and the app's own on the volume.
func variables(s deploy.Site) []deploy.Variable {
	places := map[string]string{"disk": "disk:/data/store", "sqlite": "sqlite:/data/store.db"}
	all := slices.Clone(s.Variables)
	named := func(name string) int {
		return slices.IndexFunc(all, func(v deploy.Variable) bool { return v.Name == name })
	}
	if place, local := places[s.Outcome.Setting.Store]; local && named("GORGON_STORE") < 0 {
		all = append(all, deploy.Variable{Name: "GORGON_STORE", Value: place, For: "the store for pages generated at run time"})
	}
	for _, v := range s.Files("/data") {
		switch i := named(v.Name); {
		case i < 0:
			all = append(all, v)
		case all[i].Value == "" && !all[i].Secret:
			all[i] = v
		}
	}
	return all
}

// fixed is what the image sets by itself: what is known now and no secret.
func fixed(s deploy.Site) map[string]string {
	env := map[string]string{}
	for _, v := range s.Variables {
		if v.Value != "" && !v.Secret {
			env[v.Name] = v.Value
		}
	}
	return env
}

func readme(s deploy.Site, image string, r Result) string {
	var b strings.Builder
	var platforms, digests []string
	for _, p := range r.Platforms {
		platforms = append(platforms, p.String())
		digests = append(digests, fmt.Sprintf("    %-12s %s", p, p.Digest))
	}
	fmt.Fprintf(&b, `The image is %[1]s
for %[2]s, %.1[3]f MiB to pull. It was made without a daemon. It holds the
package in /app, certificates of authorities, and a user without rights
(%[4]d); no shell and no libraries. The same package gives the same digest:

    index        %[5]s
%[6]s

## Load or push it

    docker load -i %[7]s

or, from here to a registry without a daemon, one of

    skopeo copy --all oci:%[8]s docker://%[1]s
    crane push %[8]s %[1]s

## Run it

    docker compose up --wait

%[9]s publishes port %[10]s on this machine's own address 127.0.0.1 alone: put
a proxy that speaks TLS in front of it, and name it in GORGON_TRUSTED_PROXIES.
The root is read-only, all capabilities are dropped, and docker asks
`+"`%[11]s health`"+` whether it is well. On SIGTERM the program answers what was
asked and ends.
`, image, strings.Join(platforms, " and "), float64(r.Platforms[0].Size)/(1<<20), user, r.Digest, strings.Join(digests, "\n"), ArchiveName, LayoutName, ComposeName, Port, s.Package.Program)
	switch {
	case s.Local():
		b.WriteString("\nWhat is made after the build lies on the volume `data`, at /data. One container\nat a time can have it.\n")
	case s.FilesOnDisk():
		b.WriteString("\nThe app's files are on the volume `data`, at /data. One container at a time can\nhave it.\n")
	}
	switch {
	case s.App.Has(plan.File):
		b.WriteString("\nThe app's SQLite database belongs on the volume `data`: DATABASE_URL is\nsqlite:/data/NAME.db. Back the volume up.\n")
	case s.FilesOnDisk():
		b.WriteString("They are nowhere else: back the volume up.\n")
	}
	if b2, ok := backends[s.Outcome.Setting.Store]; ok {
		b.WriteString("\n" + b2.readme + "\n")
	}
	fmt.Fprintf(&b, `
## Build it yourself

With a docker (23 or later) or podman (4.2 or later) of your own, from this
folder, with PACKAGE the folder of the package:

    docker build --build-context package=PACKAGE -t %[1]s .

The files and settings are those of the image above; the digest is not, since
docker writes times into it. %[2]s are the folders, users and certificates.
`, image, BaseName)
	return b.String()
}
