// An image: its parts, and writing it.

// Package oci writes container images, without a daemon and without a network.
//
// [Write] makes one from packages: a folder in the OCI layout, and an archive
// of the same. The image holds the package in /app, certificates, two users,
// and nothing else: no shell, no libraries. It runs as user 65532 on a root
// that may be read-only.
//
// The archive has two tables of contents, as those that docker save writes
// today: that of the OCI layout with every platform, and before it the
// manifest.json that every docker load since 1.10 reads. A docker load that
// keeps its images with containerd takes them all; any other takes the first
// platform.
package oci

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/gorgon-go/gorgon/pack"
)

// What [Write] writes.
const (
	LayoutName  = "layout"    // a folder
	ArchiveName = "image.tar" // for docker load
)

// An Image is what an image is made of.
type Image struct {
	// Name is the image's name and tag: "registry.example.com/shop:4f1c".
	// Default: the app's name, and "latest".
	Name string

	// Packages are the folders of its packages, one for each platform. The
	// first is the one that an old docker load takes.
	Packages []string

	// Env is what the program finds in its environment beside what every image
	// sets: GORGON_HOST=0.0.0.0, GORGON_PORT=8080, GORGON_STANDALONE=true, and
	// GORGON_BASE_PATH where the package has one. Everybody who has the image
	// can read it. Default: nothing more.
	Env map[string]string

	// Labels are those beside org.opencontainers.image.title, version,
	// revision, created and url, which the packages tell. Default: no more.
	Labels map[string]string
}

// A Result is an image that was written.
type Result struct {
	Name      string // in full: "docker.io/library/shop:latest"
	Digest    string // of the index: "sha256:…"
	Platforms []Platform

	base string // the file of the layer that all platforms share
}

// A Platform is the image for one platform.
type Platform struct {
	OS, Arch string
	Digest   string // of its manifest: "sha256:…"
	Size     int64  // what is pulled, in bytes
	Unpacked int64  // its files, in bytes
}

func (p Platform) String() string { return p.OS + "/" + p.Arch }

// Write writes an image into a folder: as [LayoutName] and as [ArchiveName].
// The same packages give the same bytes. It fails rather than overwrite, and
// leaves nothing behind where it fails.
func Write(ctx context.Context, image Image, folder string) (result Result, err error) {
	defer func() {
		if err != nil {
			result, err = Result{}, fmt.Errorf("oci: %w", err)
		}
	}()
	packages, err := open(image.Packages)
	if err != nil {
		return result, err
	}
	defer func() {
		for _, p := range packages {
			_ = p.Close() // it was only read
		}
	}()
	if image.Name == "" {
		image.Name = packages[0].manifest.App + ":latest"
	}
	tag, err := name.NewTag(image.Name)
	if err != nil {
		return result, fmt.Errorf("image %q: %w: write it as registry/name:tag", image.Name, err)
	}
	// The library calls Docker's registry by the name of its host.
	result.Name = strings.Replace(tag.Name(), "index.docker.io/", "docker.io/", 1)

	to := filepath.Join(folder, LayoutName)
	if err := os.Mkdir(to, 0o755); err != nil {
		return result, fmt.Errorf("%w: remove it, or choose another folder", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(to))
		}
	}()
	index, err := result.build(ctx, image, packages, to)
	if err != nil {
		return result, err
	}
	path, err := layout.Write(to, empty.Index)
	if err != nil {
		return result, err
	}
	err = path.AppendIndex(index, layout.WithAnnotations(map[string]string{
		"org.opencontainers.image.ref.name": tag.TagStr(),
		"io.containerd.image.name":          result.Name, // what docker load calls it
	}))
	if err != nil {
		return result, err
	}
	return result, archive(ctx, to, filepath.Join(folder, ArchiveName), index, result)
}

// build makes the image of each platform and the index of all. The layers are
// then in the layout already.
func (r *Result) build(ctx context.Context, image Image, packages []*opened, to string) (v1.ImageIndex, error) {
	blobs := filepath.Join(to, "blobs", "sha256")
	if err := os.MkdirAll(blobs, 0o755); err != nil {
		return nil, err
	}
	base, err := writeLayer(ctx, blobs, nil, baseEntries())
	if err != nil {
		return nil, err
	}
	r.base = base.path
	var adds []mutate.IndexAddendum
	for _, p := range packages {
		layers := []*layer{base}
		for _, entries := range [][]entry{p.program(), p.rest()} {
			l, err := writeLayer(ctx, blobs, p.root, entries)
			if err != nil {
				return nil, err
			}
			layers = append(layers, l)
		}
		one, err := p.image(image, layers)
		if err != nil {
			return nil, err
		}
		digest, err := one.Digest()
		if err != nil {
			return nil, err
		}
		m := p.manifest
		built := Platform{OS: m.OS, Arch: m.Arch, Digest: digest.String()}
		for _, l := range layers {
			built.Size += l.size
			built.Unpacked += l.unpacked
		}
		r.Platforms = append(r.Platforms, built)
		adds = append(adds, mutate.IndexAddendum{
			Add: one, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: m.OS, Architecture: m.Arch}},
		})
	}
	index := mutate.AppendManifests(mutate.IndexMediaType(empty.Index, types.OCIImageIndex), adds...)
	// Registries show what the index says. Its version is each platform's own.
	notes := labels(packages[0].manifest, image.Labels)
	if len(packages) > 1 {
		delete(notes, labelVersion)
	}
	noted, ok := mutate.Annotations(index, notes).(v1.ImageIndex)
	if !ok {
		return nil, errors.New("the index cannot be annotated")
	}
	digest, err := noted.Digest()
	r.Digest = digest.String()
	return noted, err
}

// image is the image of one package.
func (p *opened) image(image Image, layers []*layer) (v1.Image, error) {
	m := p.manifest
	created := v1.Time{Time: m.MadeAt.UTC().Truncate(time.Second)}
	one := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	one, err := mutate.ConfigFile(one, &v1.ConfigFile{
		OS: m.OS, Architecture: m.Arch, Created: created,
		RootFS: v1.RootFS{Type: "layers"},
		Config: config(m, image.Env, image.Labels),
	})
	if err != nil {
		return nil, err
	}
	comments := []string{"certificates and users", "the program", "what it serves"}
	for i, l := range layers {
		one, err = mutate.Append(one, mutate.Addendum{
			Layer: l, MediaType: types.OCILayer,
			History: v1.History{Created: created, CreatedBy: "gorgon", Comment: comments[i]},
		})
		if err != nil {
			return nil, err
		}
	}
	return one, nil
}

// Port is where the program listens in an image.
const Port = "8080"

// user is the one that the program runs as, and its group.
const user = 65532

const labelVersion = "org.opencontainers.image.version"

// config says how the program of an image runs.
func config(m pack.Manifest, env, more map[string]string) v1.Config {
	program := "/app/" + m.Program
	variables := map[string]string{"GORGON_HOST": "0.0.0.0", "GORGON_PORT": Port, "GORGON_STANDALONE": "true"}
	if m.Base != "" {
		variables["GORGON_BASE_PATH"] = m.Base
	}
	maps.Copy(variables, env)
	c := v1.Config{
		User:         fmt.Sprintf("%d:%d", user, user),
		Entrypoint:   []string{program},
		Cmd:          []string{"serve"},
		WorkingDir:   "/",
		ExposedPorts: map[string]struct{}{Port + "/tcp": {}},
		StopSignal:   "SIGTERM",
		Labels:       labels(m, more),
		Healthcheck: &v1.HealthConfig{
			Test: []string{"CMD", program, "health"}, Interval: 10 * time.Second, Timeout: 3 * time.Second,
			StartPeriod: 30 * time.Second, Retries: 3,
		},
	}
	for _, k := range slices.Sorted(maps.Keys(variables)) {
		c.Env = append(c.Env, k+"="+variables[k])
	}
	return c
}

// labels are what a package says of its image, and more.
func labels(m pack.Manifest, more map[string]string) map[string]string {
	const prefix = "org.opencontainers.image."
	l := map[string]string{
		prefix + "title":   m.App,
		labelVersion:       m.Build,
		prefix + "created": m.MadeAt.UTC().Format(time.RFC3339),
	}
	if m.Commit != "" {
		l[prefix+"revision"] = m.Commit
	}
	if m.Origin != "" {
		l[prefix+"url"] = m.Origin
	}
	maps.Copy(l, more)
	return l
}
