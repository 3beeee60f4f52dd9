// Which assets are bundled, and the bundling itself.

package bundle

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

// targets are the browsers that code is written for: those of 2022, which is
// when all of them had what the runtime needs.
var targets = []api.Engine{
	{Name: api.EngineChrome, Version: "100"}, {Name: api.EngineEdge, Version: "100"},
	{Name: api.EngineFirefox, Version: "100"}, {Name: api.EngineSafari, Version: "15.4"},
}

// loaders are the languages that are bundled.
var loaders = map[string]api.Loader{
	".css": api.LoaderCSS, ".js": api.LoaderJS, ".mjs": api.LoaderJS, ".jsx": api.LoaderJSX,
	".ts": api.LoaderTS, ".mts": api.LoaderTS, ".tsx": api.LoaderTSX, ".json": api.LoaderJSON,
}

// A metafile is what esbuild tells of what it did.
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

// entries are the assets to be bundled. A .js file without import and export
// is a classic script, whose names are everybody's, and stays as it is.
func (w *work) entries(names []string) ([]string, error) {
	var entries, scripts []string
	for _, name := range names {
		if part(name) {
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
	if err := w.faults(result.Errors); err != nil {
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

func (w *work) options(entries []string) api.BuildOptions {
	points := make([]api.EntryPoint, len(entries))
	for i, name := range entries {
		points[i] = api.EntryPoint{InputPath: entryPrefix + name, OutputPath: strings.TrimSuffix(name, path.Ext(name))}
	}
	return api.BuildOptions{
		EntryPointsAdvanced: points, Bundle: true, Splitting: true, Format: api.FormatESModule, Metafile: true,
		Outdir: "/", AbsWorkingDir: w.root, EntryNames: "[dir]/[name].[hash]", ChunkNames: "chunk.[hash]",
		PublicPath:   w.url(Folder),
		MinifySyntax: !w.SourceMaps, MinifyWhitespace: !w.SourceMaps, MinifyIdentifiers: !w.SourceMaps,
		Sourcemap: map[bool]api.SourceMap{true: api.SourceMapInline}[w.SourceMaps],
		Engines:   targets, Charset: api.CharsetUTF8, LegalComments: api.LegalCommentsInline,
		JSX: api.JSXAutomatic, JSXImportSource: "preact", Platform: api.PlatformBrowser,
		NodePaths: []string{w.nodeModules()}, TsconfigRaw: "{}", LogLevel: api.LogLevelSilent, LogLimit: 0,
		Define:  map[string]string{"process.env.NODE_ENV": `"production"`},
		Plugins: []api.Plugin{w.plugin()},
	}
}

// bundle bundles the entries, and notes where they are and what they import.
func (w *work) bundle(entries []string) error {
	if len(entries) == 0 {
		return nil
	}
	result := api.Build(w.options(entries))
	if err := w.faults(result.Errors); err != nil {
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
			continue // a chunk, or what is imported when it is wanted
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

// gather collects the paths of all that an output imports before it runs.
func (m metafile) gather(at string, found map[string]bool) {
	for _, i := range m.Outputs[at].Imports {
		if i.Kind == "import-statement" && !i.External && !found[served(i.Path)] {
			found[served(i.Path)] = true
			m.gather(i.Path, found)
		}
	}
}

// served is the path of an output, which esbuild names as a file, on Windows
// with a drive, and in the metafile relative to the working directory.
func served(output string) string {
	output = strings.ReplaceAll(output, `\`, "/")
	for strings.HasPrefix(output, "../") {
		output = output[len("../"):]
	}
	if len(output) > 1 && output[1] == ':' {
		output = output[2:]
	}
	return Folder + strings.TrimPrefix(output, "/")
}

func decode(result api.BuildResult) (metafile, error) {
	var m metafile
	if err := json.Unmarshal([]byte(result.Metafile), &m); err != nil {
		return m, fmt.Errorf("bundle: what esbuild says of its output cannot be read: %w", err)
	}
	return m, nil
}

// faults are esbuild's errors, each with where it is: assets by their names.
func (w *work) faults(messages []api.Message) error {
	faults := make([]error, 0, len(messages))
	for _, m := range messages {
		text := m.Text
		if name, ok := strings.CutPrefix(text, `Could not resolve "`); ok {
			name, _, _ = strings.Cut(name, `"`)
			text = fmt.Sprintf("there is no package %s in %s: install it (npm install %s), or correct the import", name, w.nodeModules(), name)
		}
		if l := m.Location; l != nil {
			// Columns are counted from 0, in bytes.
			text = fmt.Sprintf("%s:%d:%d: %s", strings.TrimPrefix(l.File, space+":"), l.Line, l.Column+1, text)
		}
		faults = append(faults, fmt.Errorf("App.Assets: %s", text))
	}
	return errors.Join(faults...)
}
