// Opening the store that a command line names.

package command

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/gorgon-go/gorgon/pages"
)

// schemes lists what --store takes.
func (p *program) schemes() string {
	words := []string{"none"}
	for _, d := range p.config.Stores {
		words = append(words, d.Scheme+":…")
	}
	return strings.Join(words, ", ")
}

// location is what --store says, or the default.
func (p *program) location() string {
	if p.store != "" {
		return p.store
	}
	for _, d := range p.config.Stores {
		if d.Scheme == "disk" {
			return "disk:" + filepath.Join(p.dist, p.app.Name+".store")
		}
	}
	return "none"
}

// open opens the store; nil for none.
func (p *program) open(ctx context.Context) (pages.Store, error) {
	location := p.location()
	if location == "none" {
		return nil, nil
	}
	scheme, rest, ok := strings.Cut(location, ":")
	if !ok {
		return nil, exit{Misused, fmt.Errorf("--store %q: write it as TECHNOLOGY:PLACE, such as disk:/var/lib/%s (this program has: %s)", location, p.app.Name, p.schemes())}
	}
	for _, d := range p.config.Stores {
		if d.Scheme == scheme {
			if strings.HasPrefix(rest, "//") {
				rest = location
			}
			return d.Open(ctx, rest)
		}
	}
	if imported, known := imports[scheme]; known {
		return nil, exit{Misused, fmt.Errorf("--store %q: this program does not carry %s: import %q in main and add %s.Driver() to command.Config.Stores", location, scheme, imported, scheme)}
	}
	return nil, exit{Misused, fmt.Errorf("--store %q: there is no technology %q (this program has: %s)", location, scheme, p.schemes())}
}

// imports are the technologies that Gorgon has, for those who lack one.
var imports = map[string]string{
	"disk": "github.com/gorgon-go/gorgon/disk",
	"mem":  "github.com/gorgon-go/gorgon/mem",
}
