// Package export writes what can be static into a folder that any host serves.
//
// It reads a seed and writes files: a page /about becomes about/index.html,
// which plain file servers find at /about. What it writes is what the server
// answers, to the byte.
package export

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/render"
	"github.com/gorgon-go/gorgon/seed"
)

// Config says what to export and where to. All but Partial and Force are needed.
type Config struct {
	App      gorgon.App
	Seed     *seed.Seed
	Renderer *render.Renderer // for 404.html
	Out      string           // the folder; made where it is missing
	Partial  bool             // leave out what cannot be static instead of refusing
	Force    bool             // overwrite files that no export wrote

	// Redirects hands redirects out in Report.Redirects, for a host that has
	// rules for them. Default: they are refused as what a file cannot do.
	Redirects bool
}

// A Report says what an export did.
type Report struct {
	Out     string    `json:"out"`
	Written int       `json:"written"`
	Same    int       `json:"same"`    // files that were there already
	Removed int       `json:"removed"` // files of an earlier export
	Left    []Refusal `json:"left,omitempty"`

	DeadLinks DeadLinks `json:"deadLinks,omitzero"`

	Redirects []Redirect `json:"redirects,omitempty"` // with Config.Redirects
	Files     []File     `json:"-"`                   // all that is there now, sorted by name
}

// A Redirect is one that the build made, for the host to answer with.
type Redirect struct {
	From   string `json:"from"` // the path as URLs write it, with the base path
	To     string `json:"to"`   // such a path, or a URL
	Status int    `json:"status"`
}

// A File is one of an export, with what a server says of it.
type File struct {
	Name        string // with slashes, below the folder
	Path        string // that it is served at, as URLs write it, with the base path; "" for those of [NotFound]
	Page        bool   // it is a page, not a file
	Immutable   bool   // its path names its content
	ContentType string
	Header      http.Header // what a page says beside its type; nil for nothing
	Size        int
}

// A Refusal is a page or handler that cannot be static, and what can be done
// about it.
type Refusal struct {
	Page     string `json:"page"` // or the pattern of a handler
	Strategy string `json:"strategy"`
	Why      string `json:"why"`
	Mend     string `json:"mend"`
}

func (r Refusal) String() string {
	if r.Strategy == "handler" {
		return fmt.Sprintf("handler %s: %s: %s", r.Page, r.Why, r.Mend)
	}
	if name, ok := strings.CutPrefix(r.Page, "fragment "); ok {
		return fmt.Sprintf("fragment %s (%s): %s: %s", name, r.Strategy, r.Why, r.Mend)
	}
	return fmt.Sprintf("page %s (%s): %s: %s", r.Page, r.Strategy, r.Why, r.Mend)
}

// Refused is the error of an app that is not static as a whole.
type Refused []Refusal

func (r Refused) Error() string {
	var b strings.Builder
	b.WriteString("the app is not static as a whole:")
	for _, refusal := range r {
		b.WriteString("\n  " + refusal.String())
	}
	b.WriteString("\nto export the rest, with what changes frozen as it is now, use --partial")
	return b.String()
}

// Check lists what of an app cannot be static.
func Check(app gorgon.App) []Refusal {
	var left []Refusal
	for _, d := range slices.Concat(app.Definitions(), app.FragmentDefinitions()) {
		r := Refusal{Page: d.Path, Strategy: strings.Join(d.Strategy(), ", ")}
		switch {
		case d.AllowRequestTime:
			r.Why, r.Mend = "parts of it are made for every request", "serve the app, or drop AllowRequestTime"
		case d.PerRequest():
			r.Why, r.Mend = "it is made for every request", "serve the app, or replace RequestState by BuildState"
		case d.Fragment != "" && !d.Revalidates():
			continue // those that are used are made at build
		case d.Incremental && d.Fragment == "" && d.BuildPaths == nil:
			r.Why, r.Mend = "its paths are made when they are first asked for", "list them in BuildPaths and drop Incremental, or serve the app"
		case d.Incremental && d.Fragment == "":
			r.Why, r.Mend = "paths that the build does not list are made when they are first asked for", "drop Incremental, so that the listed ones are all there are, or serve the app"
		case d.Revalidates():
			r.Why, r.Mend = "it is made again as time goes by", "drop the revalidation and export again when something changes, or serve the app"
		case len(d.Guards) > 0:
			r.Why, r.Mend = "it has guards, and a file is open to everybody", "drop Guards, or serve the app"
		default:
			continue
		}
		if d.Fragment != "" {
			r.Page = "fragment " + d.Fragment
		}
		left = append(left, r)
	}
	for _, pattern := range slices.Sorted(maps.Keys(app.Handlers)) {
		left = append(left, Refusal{Page: pattern, Strategy: "handler", Why: "it is a program, not a page", Mend: "serve the app, or drop the handler"})
	}
	return left
}

// ListName is the file in which an export notes what it wrote, so that the
// next one may remove what is no longer there, and nothing else.
const ListName = ".gorgon-export.json"

// Run exports. Its error is [Refused] where the app is not static as a whole
// and Config.Partial is not set; then nothing is written.
func Run(ctx context.Context, c Config) (Report, error) {
	report := Report{Out: c.Out}
	if err := CheckFolder(c.Out, c.Seed.Path()); err != nil {
		return report, err
	}
	left := Check(c.App)
	if len(left) > 0 && !c.Partial {
		return report, Refused(left)
	}
	files, more, err := c.files(ctx, &report)
	if err != nil {
		return report, err
	}
	report.Left = append(left, more...)
	if len(more) > 0 && !c.Partial {
		return report, Refused(more)
	}
	if !c.Force {
		if err := checkForeign(files, c.Out); err != nil {
			return report, err
		}
	}
	if err := checkNames(files, c.Out); err != nil {
		return report, err
	}
	report.DeadLinks = deadLinks(files, c.Seed.Manifest().Base)
	return report, write(ctx, c.Out, files, &report)
}

// files collects everything to write, by its path in the folder.
func (c Config) files(ctx context.Context, report *Report) (map[string][]byte, []Refusal, error) {
	files := map[string][]byte{}
	var left []Refusal
	guarded := map[string]bool{} // as package build leaves them out of the sitemap
	for _, d := range c.App.Definitions() {
		guarded[d.Path] = len(d.Guards) > 0 || d.PerRequest()
	}
	add := func(f File, what string, data []byte) error {
		if _, taken := files[f.Name]; taken {
			return fmt.Errorf("export: %s: another page or file is written to %s: rename one", what, f.Name)
		}
		files[f.Name] = data
		f.Size = len(data)
		report.Files = append(report.Files, f)
		return nil
	}
	base := c.Seed.Manifest().Base
	parts, err := c.newParts()
	if err != nil {
		return nil, nil, fmt.Errorf("export: %w", err)
	}
	defer parts.close()
	for entry, err := range c.Seed.Entries() {
		if err != nil {
			return nil, nil, fmt.Errorf("export: %w", err)
		}
		key := entry.Key
		page := parts.pages[key.Route]
		if guarded[key.Route] || page == nil {
			continue
		}
		at := gorgon.EscapePath(base + c.App.Prefixes().Path(key.Locale, key.Path))
		switch {
		case entry.Status != 200 && c.Redirects:
			report.Redirects = append(report.Redirects, Redirect{at, entry.Header.Get("Location"), entry.Status})
			continue
		case entry.Status != 200:
			left = append(left, Refusal{Page: key.String(), Strategy: "redirect", Why: "a file cannot redirect", Mend: "let the host redirect to " + entry.Header.Get("Location") + ", or serve the app"})
			continue
		}
		if page.AllowRequestTime {
			continue // Check says why
		}
		if entry, err = parts.whole(ctx, page, entry); err != nil {
			return nil, nil, fmt.Errorf("export: page %s: %w", key, err)
		}
		f := File{Name: fileName(c.App, key), Path: at, Page: true, ContentType: entry.Header.Get("Content-Type"), Header: own(entry.Header)}
		if err := add(f, "page "+key.String(), entry.HTML); err != nil {
			return nil, nil, err
		}
		more, err := parts.beside(ctx, page, entry)
		if err != nil {
			return nil, nil, fmt.Errorf("export: page %s: %w", key, err)
		}
		for _, m := range more {
			m.file.Path = gorgon.EscapePath(base + m.file.Path)
			if err := add(m.file, "part of page "+key.String(), m.data); err != nil {
				return nil, nil, err
			}
		}
	}
	for f, err := range c.Seed.Files() {
		if err != nil {
			return nil, nil, fmt.Errorf("export: %w", err)
		}
		about := File{Name: strings.TrimPrefix(f.Path, "/"), Path: gorgon.EscapePath(base + f.Path), Immutable: f.Immutable, ContentType: f.ContentType}
		if err := add(about, "file "+f.Path, f.Data); err != nil {
			return nil, nil, err
		}
	}
	for name, make := range c.extras(base) {
		if _, own := files[name]; own {
			continue
		}
		f, html, err := make(ctx)
		if err != nil {
			return nil, nil, fmt.Errorf("export: %s: %w", name, err)
		}
		f.Name, f.ContentType = name, "text/html; charset=utf-8"
		if err := add(f, name, html); err != nil {
			return nil, nil, err
		}
	}
	slices.SortFunc(report.Files, func(a, b File) int { return strings.Compare(a.Name, b.Name) })
	slices.SortFunc(report.Redirects, func(a, b Redirect) int { return strings.Compare(a.From, b.From) })
	return files, left, nil
}

// own are the headers of a page apart from its type.
func own(header http.Header) http.Header {
	header = maps.Clone(header)
	delete(header, "Content-Type")
	if len(header) == 0 {
		return nil
	}
	return header
}

func fileName(app gorgon.App, key pages.Key) string {
	path := strings.Trim(app.Prefixes().Path(key.Locale, key.Path), "/")
	if path == "" {
		return "index.html"
	}
	return path + "/index.html"
}

// write brings the folder to what files say, touching only what differs.
func write(ctx context.Context, out string, files map[string][]byte, report *Report) error {
	if err := os.MkdirAll(out, 0o755); err != nil {
		return fmt.Errorf("export: %w: choose another --out, or make it writable", err)
	}
	for _, old := range readList(out) {
		if _, keep := files[old]; !keep {
			if err := os.Remove(filepath.Join(out, filepath.FromSlash(old))); err == nil {
				report.Removed++
				removeEmpty(out, old)
			} else if !errors.Is(err, fs.ErrNotExist) {
				return fmt.Errorf("export: %w", err)
			}
		}
	}
	names := slices.Sorted(maps.Keys(files))
	// Before the files, so that an export that was cut off can be taken back.
	list, err := json.MarshalIndent(names, "", " ")
	if err != nil {
		return err
	}
	if _, err := writeFile(filepath.Join(out, ListName), append(list, '\n')); err != nil {
		return fmt.Errorf("export: %w", err)
	}
	for _, name := range names {
		if err := ctx.Err(); err != nil {
			return err
		}
		wrote, err := writeFile(filepath.Join(out, filepath.FromSlash(name)), files[name])
		switch {
		case err != nil:
			return fmt.Errorf("export: %s: %w", name, err)
		case wrote:
			report.Written++
		default:
			report.Same++
		}
	}
	return nil
}

// writeFile writes a file whole, by renaming, unless it is as it should be.
func writeFile(name string, data []byte) (wrote bool, err error) {
	if old, err := os.ReadFile(name); err == nil && bytes.Equal(old, data) {
		return false, nil
	}
	dir := filepath.Dir(name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return false, err
	}
	f, err := os.CreateTemp(dir, ".gorgon-*")
	if err != nil {
		return false, err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(data)
	if err = errors.Join(err, f.Chmod(0o644), f.Close()); err != nil {
		return false, err
	}
	return true, os.Rename(f.Name(), name)
}

func readList(out string) []string {
	var names []string
	if data, err := os.ReadFile(filepath.Join(out, ListName)); err == nil && json.Unmarshal(data, &names) == nil {
		// Only what could have been written by an export is ever removed.
		return slices.DeleteFunc(names, func(n string) bool { return !filepath.IsLocal(filepath.FromSlash(n)) })
	}
	return nil
}

// removeEmpty removes the folders that a removed file leaves empty.
func removeEmpty(out, name string) {
	for dir := filepath.Dir(filepath.FromSlash(name)); dir != "."; dir = filepath.Dir(dir) {
		if os.Remove(filepath.Join(out, dir)) != nil {
			return
		}
	}
}

// maxName is what most file systems allow for one name.
const maxName = 255

// checkNames refuses names that the file system cannot hold apart, or at all.
func checkNames(files map[string][]byte, out string) error {
	var faults []error
	folds := ignoresCase(out)
	folded := map[string]string{}
	for name := range files {
		for part := range strings.SplitSeq(name, "/") {
			if len(part) > maxName {
				faults = append(faults, fmt.Errorf("export: %s…: a name of %d bytes does not fit a file system: shorten the path, or serve the app", name[:40], len(part)))
			}
		}
		if !folds {
			continue
		}
		lower := strings.ToLower(name)
		if other, taken := folded[lower]; taken {
			faults = append(faults, fmt.Errorf("export: %s and %s differ in case alone, and this file system cannot hold both: export elsewhere", name, other))
		}
		folded[lower] = name
	}
	return errors.Join(faults...)
}

// ignoresCase says whether a folder's file system takes "A" for "a".
func ignoresCase(out string) bool {
	if os.MkdirAll(out, 0o755) != nil {
		return false
	}
	f, err := os.CreateTemp(out, ".gorgon-case-*")
	if err != nil {
		return false
	}
	defer os.Remove(f.Name())
	defer f.Close()
	_, err = os.Stat(filepath.Join(out, strings.ToUpper(filepath.Base(f.Name()))))
	return err == nil
}
