// References through import.meta, which the compiler leaves unchanged.

package bundle

import (
	"bytes"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/evanw/esbuild/pkg/api"

	"github.com/gorgon-go/gorgon"
)

var (
	// fileURL matches new URL("./file", import.meta.url), with any quotes.
	fileURL = regexp.MustCompile("new\\s+URL\\(\\s*(?:\"([^\"\\n]*)\"|'([^'\\n]*)'|`([^`$\\n]*)`)\\s*,\\s*import\\.meta\\.url\\s*\\)")
	// anyURL matches the same with any first argument.
	anyURL = regexp.MustCompile(`new\s+URL\(([^()]*),\s*import\.meta\.url\s*\)`)
	// foreignMeta are members of import.meta that other tools replace when they bundle.
	foreignMeta = regexp.MustCompile(`\bimport\.meta\.(env|glob|globEager|hot|dirname|filename|resolve)\b`)
)

// meta resolves the files that a module names by new URL("./file",
// import.meta.url): such a URL is relative to the module as it is served, which
// has another name and another path. A file that is code becomes a module of
// its own, as for a worker. within are the modules of this kind that it is
// bundled in.
func (w *work) meta(name, source string, loader api.Loader, within []string) (string, []api.Message) {
	if !strings.Contains(source, "import.meta") {
		return source, nil
	}
	// Comments do not count: whatever remains without them is code.
	plain := api.Transform(source, api.TransformOptions{Loader: loader, LegalComments: api.LegalCommentsNone, LogLevel: api.LogLevelSilent, JSX: api.JSXPreserve})
	code := string(plain.Code)
	var faults []api.Message
	fail := func(at int, text string, args ...any) {
		line := strings.Count(source[:at], "\n") + 1
		start := strings.LastIndexByte(source[:at], '\n') + 1
		faults = append(faults, api.Message{Text: fmt.Sprintf(text, args...), Location: &api.Location{File: name, Line: line, Column: at - start}})
	}
	for _, m := range foreignMeta.FindAllStringIndex(source, -1) {
		if member := source[m[0]:m[1]]; strings.Contains(code, member) {
			fail(m[0], "%s is undefined in browsers, and nothing here replaces it: give the module what it needs by other means, such as a data attribute", member)
		}
	}
	for _, m := range anyURL.FindAllStringSubmatchIndex(source, -1) {
		if fileURL.FindString(source[m[0]:m[1]]) == "" && anyURL.MatchString(code) {
			fail(m[0], "this URL is relative to the module as it is served, and its path is not known when modules are bundled: write one new URL(\"./file\", import.meta.url) for each file")
		}
	}
	var out strings.Builder
	rest := 0
	for _, m := range fileURL.FindAllStringSubmatchIndex(source, -1) {
		ref, from := "", m[0]
		for group := 2; group < len(m); group += 2 {
			if m[group] >= 0 {
				ref = source[m[group]:m[group+1]]
			}
		}
		if ref == "" || ref[0] == '/' || ref[0] == '#' || hasScheme(ref) || !strings.Contains(code, ref) {
			continue
		}
		file, query := ref, ""
		if i := strings.IndexAny(ref, "?#"); i >= 0 {
			file, query = ref[:i], ref[i:]
		}
		at, nested, err := w.urlOf(path.Join(path.Dir(name), file), within)
		if err != nil {
			fail(from, "%v", err)
			continue
		}
		faults = append(faults, nested...)
		fmt.Fprintf(&out, "%snew URL(%q, import.meta.url)", source[rest:from], gorgon.EscapePath(w.base+at)+query)
		rest = m[1]
	}
	return out.String() + source[rest:], faults
}

// urlOf returns the URL of an asset that a module names, and the faults that
// were found if it had to be bundled.
func (w *work) urlOf(name string, within []string) (string, []api.Message, error) {
	found, ok := w.find(name, false)
	if !ok {
		return "", nil, fmt.Errorf("there is no asset %s: add the file to Assets.Files%s, or correct the reference", name, embedHint(name))
	}
	if loader, code := loaders[path.Ext(found)]; code && loader != api.LoaderJSON {
		return w.alone(found, within)
	}
	at := pathOf(found, w.data[found])
	w.mu.Lock()
	defer w.mu.Unlock()
	w.files[at] = w.data[found]
	return at, nil, nil
}

// alone bundles a module that is loaded by its URL into one file with all its
// imports: a worker shares no modules with the page.
func (w *work) alone(name string, within []string) (string, []api.Message, error) {
	if slices.Contains(within, name) {
		return "", nil, fmt.Errorf("%s is bundled into what it names itself: in a module that loads itself again, use import.meta.url", name)
	}
	at, faults := w.whole(w.options([]string{name}, append(slices.Clone(within), name)...), path.Ext(name))
	return at, faults, nil
}

// whole bundles one entry into one file with an extension, and returns its URL.
func (w *work) whole(options api.BuildOptions, ext string) (string, []api.Message) {
	options.Splitting = false
	result := api.Build(options)
	at := ""
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, f := range result.OutputFiles {
		w.files[served(f.Path)] = f.Contents
		if isCSS := strings.HasSuffix(f.Path, ".css"); isCSS == (ext == ".css") {
			at = served(f.Path)
		}
	}
	return at, faulty(result)
}

// packaged returns the source of a module of an npm package, if it names files
// by their URL; "" for one to be loaded unchanged. The files it names are next
// to it on disk. A missing file may never be requested, so its name is left
// unchanged.
func (w *work) packaged(file string, within []string) (string, error) {
	data, err := os.ReadFile(file)
	if err != nil || !bytes.Contains(data, []byte("import.meta.url")) {
		return "", err
	}
	source := string(data)
	return fileURL.ReplaceAllStringFunc(source, func(match string) string {
		ref := strings.Join(fileURL.FindStringSubmatch(match)[1:], "")
		named := filepath.Join(filepath.Dir(file), filepath.FromSlash(ref))
		content, err := os.ReadFile(named)
		if err != nil || ref == "" || ref[0] == '/' || hasScheme(ref) {
			return match
		}
		at := pathOf("npm/"+filepath.Base(named), content)
		if _, code := loaders[filepath.Ext(named)]; code && filepath.Ext(named) != ".json" {
			if slices.Contains(within, named) {
				return match
			}
			options := w.options(nil, append(slices.Clone(within), named)...)
			options.EntryPointsAdvanced = []api.EntryPoint{{InputPath: named, OutputPath: "npm/" + strings.TrimSuffix(filepath.Base(named), filepath.Ext(named))}}
			var faults []api.Message
			if at, faults = w.whole(options, filepath.Ext(named)); len(faults) > 0 {
				return match
			}
		} else {
			w.mu.Lock()
			w.files[at] = content
			w.mu.Unlock()
		}
		return fmt.Sprintf("new URL(%q, import.meta.url)", gorgon.EscapePath(w.base+at))
	}), nil
}
