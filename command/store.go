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
	"slices"
	"strings"
	"time"

	"github.com/gorgon-go/gorgon/pages"
)

// A storage is the store that a command line names, not opened yet.
type storage struct {
	app     string
	drivers []pages.Driver
	folder  string // of the disk store that is used if nothing is said; "" for none

	flag        string // --store
	environment string // --environment: what the store serves besides the app
	takeOver    bool   // a store that belongs to another
}

// schemes lists what --store takes.
func (s storage) schemes() string {
	words := []string{"none"}
	for _, d := range s.drivers {
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

// named is the store that the command line or the environment names; "" for
// none. The environment is not a flag's default, since --help shows defaults.
func (s storage) named() string { return cmp.Or(s.flag, os.Getenv("GORGON_STORE")) }

// location is the store that was named, or the default.
func (s storage) location() string {
	if named := s.named(); named != "" {
		return named
	}
	if s.folder == "" {
		return "none"
	}
	for _, d := range s.drivers {
		if slices.Contains(d.Schemes, "disk") {
			return "disk:" + s.folder
		}
	}
	return "none"
}

// missing says whether the store is the default one and no server has made
// it. Commands that only look, or speak to a server through it, leave it so.
func (s storage) missing() bool {
	if s.named() != "" || s.location() == "none" {
		return false
	}
	_, err := os.Stat(s.folder)
	return errors.Is(err, fs.ErrNotExist)
}

// open opens the store; nil for none.
func (s storage) open(ctx context.Context) (pages.Store, error) {
	open, err := s.driver()
	if open == nil {
		return nil, err
	}
	return open(ctx)
}

// driver finds what opens the store, without opening it; nil for none. It
// refuses a location that cannot be right.
func (s storage) driver() (open func(context.Context) (pages.Store, error), err error) {
	location := s.location()
	if location == "none" {
		return nil, nil
	}
	scheme, place, ok := strings.Cut(location, ":")
	if !ok {
		return nil, misused("--store %s: write it as TECHNOLOGY:PLACE, such as disk:/var/lib/%s (this program has: %s)", quoted(location), s.app, s.schemes())
	}
	for _, d := range s.drivers {
		if !slices.Contains(d.Schemes, scheme) {
			continue
		}
		switch isURL := strings.HasPrefix(place, "//"); {
		case place == "" && scheme != "mem":
			return nil, misused("--store \"%s:\": missing location: add one after the colon, as in disk:/var/lib/%s", scheme, s.app)
		case !d.Remote:
			if err := pages.CheckPath(place); err != nil {
				return nil, misused("--store %s: %w", s.shown(), err)
			}
		case isURL:
			place = location
		}
		return func(ctx context.Context) (pages.Store, error) {
			store, err := d.Open(ctx, place)
			if err != nil && d.Remote { // it asks no server: the location cannot be right
				return nil, misused("--store %s: %w", s.shown(), err)
			}
			return store, err
		}, nil
	}
	if imported, known := imports[scheme]; known {
		return nil, misused("--store %s: this program does not carry %s: import %q in main and add %s.Driver() to command.Config.Stores", s.shown(), path.Base(imported), imported, path.Base(imported))
	}
	return nil, misused("--store %s: there is no technology %s (this program has: %s)", s.shown(), quoted(scheme), s.schemes())
}

// shown is the store's location as it may be shown.
func (s storage) shown() string { return s.safe(s.location()) }

// safe is a location as it may be shown.
func (s storage) safe(location string) string {
	scheme, _, _ := strings.Cut(location, ":")
	for _, d := range s.drivers {
		if slices.Contains(d.Schemes, location) {
			return location // the technology alone, which says where it is by other means
		}
		if slices.Contains(d.Schemes, scheme) {
			return d.Show(location)
		}
	}
	if location == "none" {
		return location
	}
	return pages.ShowLocation(location)
}

// module is where the technologies are that Gorgon has.
const module = "github.com/gorgon-go/gorgon/"

// imports are the technologies that Gorgon has, for those who lack one.
var imports = map[string]string{
	"mem": module + "mem", "disk": module + "disk", "sqlite": module + "sqlite", "s3": module + "s3",
	"postgres": module + "postgres", "postgresql": module + "postgres",
	"redis": module + "redis", "rediss": module + "redis", "valkey": module + "redis", "valkeys": module + "redis",
}

// prepared says whether the store is laid out as its driver needs it. An
// unreachable store is not an error here.
func (s storage) prepared(ctx context.Context, store pages.Store) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	if _, err := store.Epochs(ctx); errors.Is(err, pages.ErrLayout) {
		return fmt.Errorf("store %s: %w: run '%s migrate' with the same --store", s.shown(), err, s.app)
	}
	return nil
}
