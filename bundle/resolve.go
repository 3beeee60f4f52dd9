// What an import in an asset resolves to.

package bundle

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"net/url"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

// Assets come from an fs.FS, so esbuild has them in a namespace of their own.
// Only npm packages are files to it.
const (
	space       = "assets"
	entryPrefix = "gorgon-entry:"
)

// extensions are tried, in order, for an import without one.
var extensions = []string{"", ".ts", ".tsx", ".mts", ".jsx", ".js", ".mjs", ".json", "/index.ts", "/index.tsx", "/index.js"}

// written maps the extensions that an import may be written with to those of
// its source, as TypeScript does.
var written = map[string][]string{".js": {".ts", ".tsx"}, ".mjs": {".mts"}, ".jsx": {".tsx"}}

// sources are languages that need a compiler of their own. Other files that are
// not code are imported as their URL, which would be useless for these.
var sources = []string{".scss", ".sass", ".less", ".styl", ".vue", ".svelte", ".astro", ".mdx", ".coffee"}

func (w *work) plugin(within []string) api.Plugin {
	return api.Plugin{Name: "assets", Setup: func(b api.PluginBuild) {
		b.OnResolve(api.OnResolveOptions{Filter: ".*"}, func(args api.OnResolveArgs) (api.OnResolveResult, error) {
			if name, ok := strings.CutPrefix(args.Path, entryPrefix); ok && args.Kind == api.ResolveEntryPoint {
				return api.OnResolveResult{Path: name, Namespace: space}, nil
			}
			if args.Namespace != space {
				return api.OnResolveResult{}, nil
			}
			return w.resolve(args), nil
		})
		b.OnLoad(api.OnLoadOptions{Filter: ".*", Namespace: space}, func(args api.OnLoadArgs) (api.OnLoadResult, error) {
			return w.load(args.Path, within)
		})
		b.OnLoad(api.OnLoadOptions{Filter: `\.m?js$`, Namespace: "file"}, func(args api.OnLoadArgs) (api.OnLoadResult, error) {
			source, err := w.packaged(args.Path, within)
			if err != nil || source == "" {
				return api.OnLoadResult{}, err
			}
			return api.OnLoadResult{Contents: &source, Loader: api.LoaderJS, ResolveDir: filepath.Dir(args.Path)}, nil
		})
	}}
}

func (w *work) resolve(args api.OnResolveArgs) api.OnResolveResult {
	css := args.Kind == api.ResolveCSSURLToken || args.Kind == api.ResolveCSSImportRule
	if args.Path == "" || args.Path[0] == '/' || args.Path[0] == '#' || hasScheme(args.Path) {
		return api.OnResolveResult{Path: args.Path, External: true} // of another host, or outside of the assets
	}
	if !css && !strings.HasPrefix(args.Path, "./") && !strings.HasPrefix(args.Path, "../") && args.Path != "." && args.Path != ".." {
		return api.OnResolveResult{} // an npm package
	}
	file, rest := args.Path, ""
	if css {
		if i := strings.IndexAny(file, "?#"); i >= 0 {
			file, rest = file[:i], file[i:]
		}
		decoded, err := url.PathUnescape(file)
		if err != nil {
			return fault("%s is not percent-encoded as URLs are: correct it", args.Path)
		}
		file = decoded
		if file == "" {
			return api.OnResolveResult{Path: args.Path, External: true}
		}
	}
	name, ok := w.find(path.Join(path.Dir(args.Importer), file), css)
	if !ok {
		missing := path.Join(path.Dir(args.Importer), file)
		return fault("there is no asset %s: add the file to Assets.Files%s, or correct the reference to %s", missing, embedHint(missing), args.Path)
	}
	if args.Kind == api.ResolveCSSURLToken {
		at, plain := w.assets.Paths[name]
		switch {
		case part(name):
			at = pathOf(name, w.data[name])
			w.mu.Lock()
			w.files[at] = w.data[name]
			w.mu.Unlock()
		case !plain:
			return fault("%s is bundled, and cannot be referred to by url(): use @import", name)
		}
		return api.OnResolveResult{Path: w.url(at) + rest, External: true}
	}
	return api.OnResolveResult{Path: name, Namespace: space}
}

// embedHint is a hint for a missing file whose name go:embed skips.
func embedHint(name string) string {
	if base := path.Base(name); !strings.HasPrefix(base, "_") && !strings.HasPrefix(base, ".") && !part(name) {
		return ""
	}
	return " (//go:embed leaves out names that begin with _ or a dot, unless the pattern begins with all: as in //go:embed all:assets)"
}

func fault(text string, args ...any) api.OnResolveResult {
	return api.OnResolveResult{Errors: []api.Message{{Text: fmt.Sprintf(text, args...)}}}
}

// find returns the asset that an import names.
func (w *work) find(name string, exact bool) (string, bool) {
	if !fs.ValidPath(name) {
		return "", false // above the assets
	}
	if exact {
		_, ok := w.data[name]
		return name, ok
	}
	ext := path.Ext(name)
	candidates := make([]string, 0, len(extensions)+2)
	for _, e := range extensions {
		candidates = append(candidates, name+e)
	}
	for _, e := range written[ext] {
		candidates = append(candidates, strings.TrimSuffix(name, ext)+e)
	}
	i := slices.IndexFunc(candidates, func(c string) bool { _, ok := w.data[c]; return ok })
	if i < 0 {
		return "", false
	}
	return candidates[i], true
}

// load returns the content of an asset. For a module, a file that is not code
// is its URL.
func (w *work) load(name string, within []string) (api.OnLoadResult, error) {
	loader, code := loaders[path.Ext(name)]
	content := string(w.data[name])
	switch {
	case slices.Contains(sources, path.Ext(name)):
		return api.OnLoadResult{}, fmt.Errorf("%s needs a compiler that is not part of this one: compile it to .css or .js first, and import that", name)
	case cssModule(name):
		loader = api.LoaderLocalCSS
	case code && loader != api.LoaderCSS && loader != api.LoaderJSON:
		var faults []api.Message
		if content, faults = w.meta(name, content, loader, within); len(faults) > 0 {
			return api.OnLoadResult{Errors: faults}, nil
		}
	}
	if !code {
		at := pathOf(name, w.data[name])
		w.mu.Lock()
		w.files[at] = w.data[name]
		w.mu.Unlock()
		quoted, err := json.Marshal(w.url(at))
		if err != nil {
			return api.OnLoadResult{}, err
		}
		content, loader = "export default "+string(quoted), api.LoaderJS
	}
	return api.OnLoadResult{Contents: &content, Loader: loader, ResolveDir: w.root}, nil
}

// cssModule says whether the classes of a style sheet have names of their own,
// which the modules that import it receive.
func cssModule(name string) bool { return strings.HasSuffix(name, ".module.css") }

func hasScheme(s string) bool {
	scheme, _, ok := strings.Cut(s, ":")
	return ok && scheme != "" && strings.Trim(strings.ToLower(scheme), "abcdefghijklmnopqrstuvwxyz0123456789+-.") == "" && !strings.HasPrefix(scheme, ".")
}
