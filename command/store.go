// Opening the store that a command line names.

package command

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/gorgon-go/gorgon/pages"
)

// schemes lists what --store takes.
func (p *program) schemes() string {
	words := []string{"none"}
	for _, d := range p.config.Stores {
		form := ":PATH"
		switch {
		case d.Remote:
			form = "://…"
		case d.Schemes[0] == "mem":
			form = ":"
		}
		words = append(words, d.Schemes[0]+form)
	}
	return strings.Join(words, ", ")
}

// named is the store that somebody named; "" for none. The environment is no
// flag's default, lest --help show a password.
func (p *program) named() string { return cmp.Or(p.store, os.Getenv("GORGON_STORE")) }

// location is the store that was named, or the default.
func (p *program) location() string {
	if named := p.named(); named != "" {
		return named
	}
	if p.pkg != nil {
		return "none" // nothing is written beside a package unless it is asked for
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
	if p.named() != "" || p.location() == "none" {
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
		return nil, misused("--store %q: write it as TECHNOLOGY:PLACE, such as disk:/var/lib/%s (this program has: %s)", safe(location), p.app.Name, p.schemes())
	}
	for _, d := range p.config.Stores {
		if !slices.Contains(d.Schemes, scheme) {
			continue
		}
		switch isURL := strings.HasPrefix(place, "//"); {
		case place == "" && scheme != "mem":
			return nil, misused("--store %q: it names no place: write one behind the colon, as in disk:/var/lib/%s", location, p.app.Name)
		case isURL:
			place = location
		}
		return func(ctx context.Context) (pages.Store, error) { return d.Open(ctx, place) }, nil
	}
	if imported, known := imports[scheme]; known {
		return nil, misused("--store %q: this program does not carry %s: import %q in main and add %s.Driver() to command.Config.Stores", safe(location), path.Base(imported), imported, path.Base(imported))
	}
	return nil, misused("--store %q: there is no technology %q (this program has: %s)", safe(location), scheme, p.schemes())
}

// module is where the technologies are that Gorgon has.
const module = "github.com/gorgon-go/gorgon/"

// imports are the technologies that Gorgon has, for those who lack one.
var imports = map[string]string{
	"mem": module + "mem", "disk": module + "disk", "sqlite": module + "sqlite", "s3": module + "s3",
	"postgres": module + "postgres", "postgresql": module + "postgres",
	"redis": module + "redis", "rediss": module + "redis", "valkey": module + "redis", "valkeys": module + "redis",
}

// secret finds what a location may hold that is nobody's to see.
var secret = regexp.MustCompile(`(://[^/?#]*:)[^/?#]*(@)|([?&][^=&#]*(?i:pass|secret|token|key)[^=&#]*=)[^&#]*`)

// safe is a location as it may be shown.
func safe(location string) string { return secret.ReplaceAllString(location, "${1}${3}***${2}") }

// prepared says whether the store is laid out as its driver needs it. That it
// cannot be reached is no fault here.
func (p *program) prepared(ctx context.Context, store pages.Store) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	if _, err := store.Epochs(ctx); errors.Is(err, pages.ErrLayout) {
		return fmt.Errorf("store %s: %w: run '%s migrate' with the same --store", safe(p.location()), err, p.app.Name)
	}
	return nil
}
