// A store that has to be laid out, and whose server may be away.

package command_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/gorgon-go/gorgon/mem"
	"github.com/gorgon-go/gorgon/pages"
)

// cabinet keeps its layout in a folder, and records in memory. Where the
// folder is missing its server is away.
func cabinet() pages.Driver {
	return pages.Driver{Schemes: []string{"cabinet"}, Open: func(_ context.Context, location string) (pages.Store, error) {
		return &drawers{Store: mem.Open(mem.Options{}), dir: location}, nil
	}}
}

type drawers struct {
	pages.Store
	dir string
}

func (d *drawers) layout() string { return filepath.Join(d.dir, "layout") }

func (d *drawers) Epochs(ctx context.Context, subjects ...string) (pages.Epochs, error) {
	if _, err := os.Stat(d.dir); err != nil {
		return pages.Epochs{}, errors.New("connection refused")
	}
	if _, err := os.Stat(d.layout()); err != nil {
		return pages.Epochs{}, fmt.Errorf("%w: it has no drawers", pages.ErrLayout)
	}
	return d.Store.Epochs(ctx, subjects...)
}

func (d *drawers) Migrate(context.Context) ([]string, error) {
	if _, err := os.Stat(d.layout()); err == nil {
		return nil, nil
	}
	if err := os.WriteFile(d.layout(), nil, 0o666); err != nil {
		return nil, errors.New("connection refused")
	}
	return []string{"1 drawers"}, nil
}
