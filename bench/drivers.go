// The stores that can be measured, and the servers behind them.

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gorgon-go/gorgon/disk"
	"github.com/gorgon-go/gorgon/mem"
	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/postgres"
	"github.com/gorgon-go/gorgon/redis"
	"github.com/gorgon-go/gorgon/s3"
	"github.com/gorgon-go/gorgon/sqlite"
	"github.com/gorgon-go/gorgon/testbed"
)

// openStore opens a store as --store names it, laid out.
func openStore(ctx context.Context, location string) (pages.Store, error) {
	scheme, place, _ := strings.Cut(location, ":")
	if strings.HasPrefix(place, "//") {
		place = location
	}
	for _, d := range []pages.Driver{mem.Driver(), disk.Driver(), sqlite.Driver(), postgres.Driver(), redis.Driver(), s3.Driver()} {
		if !slices.Contains(d.Schemes, scheme) {
			continue
		}
		store, err := d.Open(ctx, place)
		if err != nil {
			return nil, err
		}
		if m, ok := store.(pages.Migrator); ok {
			if _, err := m.Migrate(ctx); err != nil {
				return nil, errors.Join(err, store.Close())
			}
		}
		return store, nil
	}
	return nil, fmt.Errorf("there is no store %q", location)
}

// A ground is a place for a store, and what keeps it.
type ground struct {
	name     string
	location string
	server   *testbed.Server // nil where there is none
}

// grounds are a place of each technology but mem; one whose server is not
// installed is left out, and said to be.
func (b *bench) grounds() (all []ground, end func(), err error) {
	folder, err := os.MkdirTemp(b.folder, "stores")
	if err != nil {
		return nil, nil, err
	}
	// Children inherit it.
	for name, value := range map[string]string{"AWS_ACCESS_KEY_ID": testbed.S3Key, "AWS_SECRET_ACCESS_KEY": testbed.S3Secret} {
		if err := os.Setenv(name, value); err != nil {
			return nil, nil, err
		}
	}
	for _, g := range []ground{
		{name: "disk", location: "disk:" + filepath.Join(folder, "disk")},
		{name: "sqlite", location: "sqlite:" + filepath.Join(folder, "pages.db")},
	} {
		if slices.Contains(b.stores, g.name) {
			all = append(all, g)
		}
	}
	end = func() {
		for _, g := range all {
			if g.server != nil {
				g.server.Close()
			}
		}
	}
	for _, s := range []struct {
		name  string
		start func() (*testbed.Server, error)
	}{{"postgres", testbed.Postgres}, {"redis", func() (*testbed.Server, error) { return testbed.Redis() }}, {"s3", testbed.S3}} {
		if !slices.Contains(b.stores, s.name) {
			continue
		}
		server, err := s.start()
		switch {
		case errors.Is(err, testbed.ErrMissing):
			fmt.Fprintf(os.Stderr, "%s is left out: %v\n", s.name, err)
			continue
		case err != nil:
			end()
			return nil, nil, err
		}
		all = append(all, ground{s.name, server.URL, server})
	}
	return all, end, nil
}
