// Assets: the files of an app, and their URLs.

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

	"github.com/gorgon-go/gorgon/paths"
	"github.com/gorgon-go/gorgon/viewctx"
	"github.com/gorgon-go/gorgon/wire"
)

// Assets are the files of an app.
type Assets struct {
	// Files are served under a name that contains the digest of their content,
	// so that caches may store them without limit; views get the URL from
	// [Asset]. Style sheets and modules (.css, .ts, .tsx, .mts, .jsx, and .js
	// and .mjs with an import or an export) are bundled with all that they
	// import. Files and folders whose name begins with "_" are served only as
	// part of what imports them. Default: none.
	Files fs.FS

	// NodeModules is the folder of the npm packages that modules import at
	// build time. Default: node_modules beside go.mod.
	NodeModules string

	// Programs are Go packages that the build compiles to WebAssembly, by the
	// names of the assets they become: "life.wasm": "./life". Modules import
	// Go's own loader as "_wasm_exec.js". Default: none.
	Programs map[string]string

	// Images are rules that select images of Files; the build generates
	// smaller variants of these for smaller screens. Default: none.
	Images []ImageRule

	// Static are files served at their own paths, without the prefix of a
	// locale: "favicon.ico". Symbolic links are followed. Default: none.
	Static fs.FS

	// Aliases are further paths at which an asset or, where none has that
	// name, a file of Static is served: "/favicon.ico": "icon.ico". Default: none.
	Aliases map[string]string
}

// An ImageRule selects images of [Assets.Files] and the variants that the
// build generates of them, before it renders any page: a page cannot request a
// width that no variant has.
type ImageRule struct {
	Match   string // a pattern of [path.Match]: "photos/*.jpg"; one that names a file needs it to be there
	Widths  []int  // in pixels; widths above that of the image are left out. Default: 480, 960, 1440
	Quality int    // of JPEG, from 1 to 100. Default: 80
}

// Asset returns the URL of a file of [Assets.Files], with the digest of its
// content in the name. It returns an error for a file that does not exist,
// which fails the page and so the build.
func Asset(ctx context.Context, name string) (string, error) {
	site := viewctx.SiteOf(ctx)
	at, ok := site.Assets.Paths[name]
	if !ok {
		return "", &Error{Op: "asset", Path: name, Err: errors.New("there is no such file in Assets.Files"), Hint: "add it, or correct the name, which has no slash before it"}
	}
	return site.FileURL(at), nil
}

func (a Assets) validate() []error {
	var faults []error
	for i, rule := range a.Images {
		if _, err := path.Match(rule.Match, ""); err != nil || rule.Match == "" {
			faults = append(faults, fmt.Errorf("app: Assets.Images[%d].Match %q: use a pattern such as \"photos/*.jpg\"", i, rule.Match))
		}
		if rule.Quality < 0 || rule.Quality > 100 {
			faults = append(faults, fmt.Errorf("app: Assets.Images[%d].Quality %d: use a number from 1 to 100", i, rule.Quality))
		}
		for _, w := range rule.Widths {
			if w < 1 || w > maxImageWidth {
				faults = append(faults, fmt.Errorf("app: Assets.Images[%d].Widths holds %d: use pixels from 1 to %d", i, w, maxImageWidth))
			}
		}
	}
	for _, at := range a.aliasPaths() {
		if err := paths.Check(at); err != nil || at == "/" || strings.HasPrefix(at, wire.Root) {
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

// maxImageWidth bounds the widths of an [ImageRule], in pixels.
const maxImageWidth = 8192

func (a Assets) aliasPaths() []string { return slices.Sorted(maps.Keys(a.Aliases)) }
