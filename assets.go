// What became of the app's assets: the paths they are served at, what modules import, sizes of images.

package gorgon

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
)

// Assets are an app's assets as a build made them. Paths are decoded, and
// without the base path.
type Assets struct {
	Paths   map[string]string   `json:"paths,omitempty"`   // by the name in App.Assets
	Imports map[string][]string `json:"imports,omitempty"` // by the name of a module: the paths of all that it loads before it runs, which may be none
	Images  map[string]Picture  `json:"images,omitempty"`  // by the name of an image that a rule of App.Images matches
}

// A Picture is an image with what was made of it.
type Picture struct {
	Width    int       `json:"width"` // of the original, in pixels
	Height   int       `json:"height"`
	Variants []Variant `json:"variants,omitempty"` // by type, the one to be preferred first; then by width
}

// A Variant is an image in one width and format.
type Variant struct {
	Type  string `json:"type"` // "image/webp"
	Width int    `json:"width"`
	Path  string `json:"path"`
}

// An ImageRule says what is made of some images of [App.Assets], before any
// page is: a page cannot ask for a width that nothing was made for.
type ImageRule struct {
	Match   string // a pattern as of [path.Match]: "photos/*.jpg"
	Widths  []int  // in pixels; what is wider than the image is left out. Default: 480, 960, 1440
	Quality int    // of JPEG, from 1 to 100. Default: 80
}

// Asset is the URL of a file of [App.Assets], with the digest of its content
// in the name. A file that does not exist fails the page, and so the build.
func Asset(ctx context.Context, name string) (string, error) {
	site := siteOf(ctx)
	at, ok := site.Assets.Paths[name]
	if !ok {
		return "", &Error{Op: "asset", Path: name, Err: errors.New("there is no such file in App.Assets"), Mend: "add it, or correct the name, which has no slash before it"}
	}
	return site.Base + EscapePath(at), nil
}

func (a App) validateAssets() []error {
	var faults []error
	for i, rule := range a.Images {
		if _, err := path.Match(rule.Match, ""); err != nil || rule.Match == "" {
			faults = append(faults, fmt.Errorf("app: Images[%d].Match %q: use a pattern such as \"photos/*.jpg\"", i, rule.Match))
		}
		if rule.Quality < 0 || rule.Quality > 100 {
			faults = append(faults, fmt.Errorf("app: Images[%d].Quality %d: use a number from 1 to 100", i, rule.Quality))
		}
		for _, w := range rule.Widths {
			if w < 1 || w > MaxImageWidth {
				faults = append(faults, fmt.Errorf("app: Images[%d].Widths holds %d: use pixels from 1 to %d", i, w, MaxImageWidth))
			}
		}
	}
	for _, at := range slices.Sorted(maps.Keys(a.Aliases)) {
		if err := CheckPath(at); err != nil || at == "/" || strings.HasPrefix(at, "/_gorgon/") {
			faults = append(faults, fmt.Errorf("app: alias %q: use an absolute path such as \"/favicon.ico\", not below /_gorgon", at))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(a.Programs)) {
		if path.Ext(name) != ".wasm" || !fs.ValidPath(name) {
			faults = append(faults, fmt.Errorf("app: program %q: use a name such as \"life.wasm\"", name))
		}
	}
	return faults
}

// MaxImageWidth bounds the widths of an [ImageRule], in pixels.
const MaxImageWidth = 8192
