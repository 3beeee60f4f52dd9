// Which assets are bundled, and the bundling itself.

package bundle

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gorgon-go/gorgon/wire"

	"github.com/evanw/esbuild/pkg/api"
)

// targets are the browsers that code is written for: those of 2022, the first
// year in which all of them had what the runtime needs.
var targets = []api.Engine{
	{Name: api.EngineChrome, Version: "100"}, {Name: api.EngineEdge, Version: "100"},
	{Name: api.EngineFirefox, Version: "100"}, {Name: api.EngineSafari, Version: "15.4"},
}

// loaders are the languages that are bundled.
var loaders = map[string]api.Loader{
	".css": api.LoaderCSS, ".js": api.LoaderJS, ".mjs": api.LoaderJS, ".jsx": api.LoaderJSX,
	".cjs": api.LoaderJS, ".cts": api.LoaderTS, ".ts": api.LoaderTS, ".mts": api.LoaderTS, ".tsx": api.LoaderTSX, ".json": api.LoaderJSON,
}

// A metafile is esbuild's report.
type metafile struct {
	Inputs map[string]struct {
		Format string `json:"format"`
	} `json:"inputs"`
	Outputs map[string]struct {
		EntryPoint string `json:"entryPoint"`
		CSSBundle  string `json:"cssBundle"`
		Imports    []struct {
			Path     string `json:"path"`
			Kind     string `json:"kind"`
			External bool   `json:"external"`
		} `json:"imports"`
	} `json:"outputs"`
}

// entries are the assets to bundle. A .js file without import and export is a
// classic script, whose names are global, and stays unchanged.
func (w *work) entries(names []string) ([]string, error) {
	var entries, scripts []string
	for _, name := range names {
		if part(name) || cssModule(name) {
			continue
		}
		switch path.Ext(name) {
		case ".css", ".ts", ".mts", ".tsx", ".jsx":
			entries = append(entries, name)
		case ".js", ".mjs":
			scripts = append(scripts, name)
		}
	}
	if len(scripts) == 0 {
		return entries, nil
	}
	options := w.options(scripts)
	options.Bundle, options.Splitting, options.Sourcemap = false, false, api.SourceMapNone
	result := api.Build(options)
	if err := w.faults(result); err != nil {
		return nil, err
	}
	meta, err := decode(result)
	if err != nil {
		return nil, err
	}
	for _, name := range scripts {
		if meta.Inputs[space+":"+name].Format == "esm" {
			entries = append(entries, name)
		}
	}
	return entries, nil
}

func (w *work) options(entries []string, within ...string) api.BuildOptions {
	points := make([]api.EntryPoint, len(entries))
	for i, name := range entries {
		points[i] = api.EntryPoint{InputPath: entryPrefix + name, OutputPath: strings.TrimSuffix(name, path.Ext(name))}
	}
	return api.BuildOptions{
		EntryPointsAdvanced: points, Bundle: true, Splitting: true, Format: api.FormatESModule, Metafile: true,
		Outdir: "/", AbsWorkingDir: w.root, EntryNames: "[dir]/[name].[hash]", ChunkNames: "chunk.[hash]",
		PublicPath:   w.url(wire.Assets),
		MinifySyntax: !w.SourceMaps, MinifyWhitespace: !w.SourceMaps, MinifyIdentifiers: !w.SourceMaps,
		Sourcemap: map[bool]api.SourceMap{true: api.SourceMapInline}[w.SourceMaps],
		Engines:   targets, Charset: api.CharsetUTF8, LegalComments: api.LegalCommentsInline,
		JSX: api.JSXAutomatic, JSXImportSource: "preact", Platform: api.PlatformBrowser,
		NodePaths: []string{w.nodeModules()}, TsconfigRaw: "{}", LogLevel: api.LogLevelSilent, LogLimit: 0,
		Define:      map[string]string{"process.env.NODE_ENV": `"production"`},
		Plugins:     []api.Plugin{w.plugin(within)},
		LogOverride: map[string]api.LogLevel{computedImport: api.LogLevelWarning, emptyGlob: api.LogLevelWarning},
	}
}

// bundle bundles the entries, and records their paths and imports.
func (w *work) bundle(entries []string) error {
	if len(entries) == 0 {
		return nil
	}
	result := api.Build(w.options(entries))
	if err := w.faults(result); err != nil {
		return err
	}
	meta, err := decode(result)
	if err != nil {
		return err
	}
	for _, f := range result.OutputFiles {
		w.files[served(f.Path)] = f.Contents
	}
	for at, out := range meta.Outputs {
		name, entry := strings.CutPrefix(out.EntryPoint, space+":")
		if !entry || !slices.Contains(entries, name) {
			continue // a chunk, or a module that is imported dynamically
		}
		w.assets.Paths[name] = served(at)
		if out.CSSBundle != "" {
			w.assets.Paths[name+".css"] = served(out.CSSBundle)
		}
		before := map[string]bool{}
		meta.gather(at, before)
		if strings.HasSuffix(served(at), ".js") {
			w.assets.Imports[name] = slices.Sorted(maps.Keys(before))
		}
	}
	return nil
}

// gather collects the paths of everything that an output imports before it
// runs.
func (m metafile) gather(at string, found map[string]bool) {
	for _, i := range m.Outputs[at].Imports {
		if i.Kind == "import-statement" && !i.External && !found[served(i.Path)] {
			found[served(i.Path)] = true
			m.gather(i.Path, found)
		}
	}
}

// served returns the path of an output, which esbuild names as a file, on
// Windows with a drive, and in the metafile relative to the working directory.
func served(output string) string {
	output = strings.ReplaceAll(output, `\`, "/")
	for strings.HasPrefix(output, "../") {
		output = output[len("../"):]
	}
	if len(output) > 1 && output[1] == ':' {
		output = output[2:]
	}
	return wire.Assets + strings.TrimPrefix(output, "/")
}

func decode(result api.BuildResult) (metafile, error) {
	var m metafile
	if err := json.Unmarshal([]byte(result.Metafile), &m); err != nil {
		return m, fmt.Errorf("bundle: what esbuild says of its output cannot be read: %w", err)
	}
	return m, nil
}

// Warnings of esbuild that are faults of an app's own modules.
const (
	computedImport = "unsupported-dynamic-import"
	emptyGlob      = "empty-glob"
)

// faults are esbuild's errors, each with its position: assets by their names.
func (w *work) faults(result api.BuildResult) error {
	faults := make([]error, 0, len(result.Errors))
	said := map[string]bool{}
	for _, m := range faulty(result) {
		text := w.text(m)
		if l := m.Location; l != nil {
			// Columns are counted from 0, in bytes.
			text = fmt.Sprintf("%s:%d:%d: %s", strings.TrimPrefix(l.File, space+":"), l.Line, l.Column+1, text)
		}
		if !said[text] {
			faults = append(faults, fmt.Errorf("Assets.Files: %s", text))
		}
		said[text] = true
	}
	return errors.Join(faults...)
}

// faulty returns the errors of a build, and the warnings that are faults.
func faulty(result api.BuildResult) []api.Message {
	all := result.Errors
	for _, m := range result.Warnings {
		l := m.Location
		if m.ID != computedImport && m.ID != emptyGlob || l == nil || l.Namespace != space && !strings.HasPrefix(l.File, space+":") {
			continue // in a package, or not a fault
		}
		if after := l.LineText[min(l.Column, len(l.LineText)):]; !strings.Contains(after, "@vite-ignore") && !strings.Contains(after, "webpackIgnore: true") {
			all = append(all, m)
		}
	}
	return all
}

// text rewrites a message in our words.
func (w *work) text(m api.Message) string {
	if m.ID == computedImport || m.ID == emptyGlob {
		return "the path of this import() is computed, and modules have other paths once they are bundled: write one import(\"./file\") for each file. For a URL that is known when it runs, write import(/* @vite-ignore */ url)"
	}
	name, ok := strings.CutPrefix(m.Text, `Could not resolve "`)
	if !ok {
		return m.Text
	}
	name, _, _ = strings.Cut(name, `"`)
	if strings.HasPrefix(name, "@/") || strings.HasPrefix(name, "~/") {
		return fmt.Sprintf("%s is not the name of a package, and paths of a tsconfig.json are not followed: write the import relative to this file, such as \"./%s\"", name, name[2:])
	}
	hint := fmt.Sprintf("install it (npm install %s)", packageOf(name))
	if w.tsconfig() {
		hint += ", write a relative import where it is one of the paths of tsconfig.json, which are not followed"
	}
	return fmt.Sprintf("there is no package %s in %s: %s, or correct the import", name, w.nodeModules(), hint)
}

// packageOf returns the package of an import: "a" for "a/b", "@a/b" for
// "@a/b/c".
func packageOf(name string) string {
	parts := strings.SplitN(name, "/", 3)
	if strings.HasPrefix(name, "@") && len(parts) > 1 {
		return parts[0] + "/" + parts[1]
	}
	return parts[0]
}

// tsconfig says whether the editor's configuration has paths that are not
// followed here.
func (w *work) tsconfig() bool {
	data := w.data["tsconfig.json"]
	if data == nil {
		data, _ = os.ReadFile(filepath.Join(w.root, "tsconfig.json"))
	}
	return bytes.Contains(data, []byte(`"paths"`))
}
