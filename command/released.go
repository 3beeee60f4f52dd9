//go:build gorgon_release

// What a release does not carry.

package command

import (
	"net/http"

	"github.com/gorgon-go/gorgon/build"
	"github.com/gorgon-go/gorgon/cache"
	"github.com/gorgon-go/gorgon/serve"
)

func (p *program) developing() bool { return false }

// withBundler has no bundler to give: a build of an app with assets says so.
func (p *program) withBundler(c build.Config) build.Config { return c }

// developed is the handler itself: what was released does not change.
func (p *program) developed(h http.Handler, _ *site, _ serve.Config, _ cache.Config) http.Handler {
	return h
}
