// Assets that another program has bundled: the program that makes a release
// has the compiler for them, and the release, which makes the pages, has not.

package build

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/gorgon-go/gorgon"
)

const bundledList = "assets.json"

// WriteBundled puts what Config.Bundle gives for an app into a folder.
func WriteBundled(ctx context.Context, c Config, folder string) error {
	if c.App.Assets == nil && len(c.App.Programs) == 0 {
		return nil
	}
	assets, files, err := c.Bundle(ctx, c.App, c.Base)
	if err != nil {
		return err
	}
	list, err := json.Marshal(assets)
	if err != nil {
		return err
	}
	root, err := os.OpenRoot(folder)
	if err != nil {
		return err
	}
	defer root.Close()
	for at, data := range files {
		name := filepath.FromSlash(strings.TrimPrefix(at, "/"))
		if err := root.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return err
		}
		if err := root.WriteFile(name, data, 0o644); err != nil {
			return err
		}
	}
	return root.WriteFile(bundledList, list, 0o644)
}

// Bundled is a Config.Bundle that gives what [WriteBundled] put into a folder.
func Bundled(folder string) func(context.Context, gorgon.App, string) (gorgon.Assets, map[string][]byte, error) {
	return func(context.Context, gorgon.App, string) (assets gorgon.Assets, files map[string][]byte, err error) {
		list, err := os.ReadFile(filepath.Join(folder, bundledList))
		if err != nil {
			return assets, nil, fmt.Errorf("App.Assets: %w: they have not been bundled into this folder", err)
		}
		if err := json.Unmarshal(list, &assets); err != nil {
			return assets, nil, fmt.Errorf("App.Assets: %s: %w", bundledList, err)
		}
		files = map[string][]byte{}
		err = eachFile(os.DirFS(folder), func(name string, data []byte) {
			if name != bundledList {
				files["/"+name] = data
			}
		})
		return assets, files, err
	}
}
