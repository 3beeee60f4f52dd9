// The cost of bundling in each build.

package bundle_test

import (
	"os"
	"testing"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/bundle"
)

func BenchmarkBundle(b *testing.B) {
	for name, folder := range map[string]string{"godoc": "../examples/godoc/assets", "starter": "../tool/starters/site/assets"} {
		b.Run(name, func(b *testing.B) {
			app := gorgon.App{Assets: gorgon.Assets{Files: os.DirFS(folder)}}
			for b.Loop() {
				if _, _, err := (bundle.Bundler{}).Bundle(b.Context(), app, ""); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
