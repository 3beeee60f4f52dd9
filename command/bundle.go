//go:build !gorgon_release

// What makes the files that are served of an app's assets.

package command

import (
	"path/filepath"

	"github.com/gorgon-go/gorgon/build"
	"github.com/gorgon-go/gorgon/bundle"
)

// withBundler gives a build what bundles assets. It is kept out of releases:
// the compiler in it would be a quarter of them.
func (p *program) withBundler(c build.Config) build.Config {
	c.Bundle = bundle.Bundler{Cache: filepath.Join(filepath.Dir(c.Out), ".bundle"), SourceMaps: p.developing()}.Bundle
	return c
}
