// Opening the store that a command line names.

package command

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gorgon-go/gorgon/pages"
)

// schemes lists what --store takes.
func (p *program) schemes() string {
	words := []string{"none"}
	for _, d := range p.config.Stores {
		words = append(words, d.Schemes[0]+":…")
	}
	return strings.Join(words, ", ")
}

// location is what --store says, or the default.
func (p *program) location() string {
	if p.store != "" {
		return p.store
	}
	for _, d := range p.config.Stores {
		if slices.Contains(d.Schemes, "disk") {
			return "disk:" + p.defaultStore()
		}
	}
	return "none"
}

// defaultStore is the folder of the disk store that is used if nothing is said.
func (p *program) defaultStore() string { return filepath.Join(p.dist, p.app.Name+".store") }

// noStoreYet says whether the store is the default one and no server has made
// it. Commands that only look, or speak to a server through it, leave it so.
func (p *program) noStoreYet() bool {
	if p.store != "" || p.location() == "none" {
		return false
	}
	_, err := os.Stat(p.defaultStore())
	return errors.Is(err, fs.ErrNotExist)
}

// open opens the store; nil for none.
func (p *program) open(ctx context.Context) (pages.Store, error) {
	open, err := p.driver()
	if open == nil {
		return nil, err
	}
	return open(ctx)
}

// driver finds what opens the store, without opening it; nil for none.
func (p *program) driver() (open func(context.Context) (pages.Store, error), err error) {
	location := p.location()
	if location == "none" {
		return nil, nil
	}
	scheme, place, ok := strings.Cut(location, ":")
	if !ok {
		return nil, misused("--store %q: write it as TECHNOLOGY:PLACE, such as disk:/var/lib/%s (this program has: %s)", location, p.app.Name, p.schemes())
	}
	for _, d := range p.config.Stores {
		if !slices.Contains(d.Schemes, scheme) {
			continue
		}
		if place == "" && scheme != "mem" {
			return nil, misused("--store %q: it names no place: write one behind the colon, as in disk:/var/lib/%s", location, p.app.Name)
		}
		if strings.HasPrefix(place, "//") {
			place = location
		}
		return func(ctx context.Context) (pages.Store, error) { return d.Open(ctx, place) }, nil
	}
	if imported, known := imports[scheme]; known {
		return nil, misused("--store %q: this program does not carry %s: import %q in main and add %s.Driver() to command.Config.Stores", location, scheme, imported, scheme)
	}
	return nil, misused("--store %q: there is no technology %q (this program has: %s)", location, scheme, p.schemes())
}

// imports are the technologies that Gorgon has, for those who lack one.
var imports = map[string]string{
	"disk": "github.com/gorgon-go/gorgon/disk",
	"mem":  "github.com/gorgon-go/gorgon/mem",
}
