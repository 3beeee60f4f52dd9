// Package export writes the static part of a site into a folder that any host
// can serve.
//
// It reads a seed and writes files: a page /about becomes about/index.html,
// which plain file servers find at /about. The files are identical to the
// answers of the server.
package export

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/http"
	"path"
	"slices"
	"strings"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/render"
	"github.com/gorgon-go/gorgon/seed"
)

// Config says what to export and where to. All fields except Partial and Force
// are required.
type Config struct {
	App      gorgon.App
	Seed     *seed.Seed
	Renderer *render.Renderer // for 404.html
	Out      string           // the folder; created if it is missing
	Partial  bool             // leave out what cannot be static instead of refusing the app
	Force    bool             // overwrite files that were not exported

	// Redirects leaves redirects to a host that has rules for them: they are in
	// Report.Redirects alone. Default: each is a page, too, that leads on.
	Redirects bool
}

// A Report is the result of an export.
type Report struct {
	Out     string    `json:"out"`
	Written int       `json:"written"`
	Same    int       `json:"same"`    // files that existed already
	Removed int       `json:"removed"` // files of an earlier export
	Left    []Refusal `json:"left,omitempty"`

	DeadLinks DeadLinks `json:"deadLinks,omitzero"`

	Redirects []Redirect `json:"redirects,omitempty"`
	Files     []File     `json:"files,omitempty"` // all files that are there now, sorted by name
}

// A File is a file of an export, with the headers of its response.
type File struct {
	Name        string      `json:"name"`                // with slashes, below the folder
	Path        string      `json:"path,omitempty"`      // that it is served at, as URLs write it, with the base path; "" for those of [NotFound]
	Page        bool        `json:"page,omitempty"`      // it is a page, not a file
	Immutable   bool        `json:"immutable,omitempty"` // its path contains the digest of its content
	ContentType string      `json:"contentType"`
	Header      http.Header `json:"header,omitempty"` // the page's own headers besides its type; nil for none
	Size        int         `json:"size"`
}

// A Refusal is a part of an app that cannot be static, and a hint.
type Refusal struct {
	Kind     string `json:"kind"` // "page", "fragment", "handler", "endpoint"
	Page     string `json:"page"` // its pattern, or the name of a fragment
	Strategy string `json:"strategy,omitempty"`
	Why      string `json:"why"`
	Hint     string `json:"hint"`
}

func (r Refusal) String() string {
	strategy := r.Strategy
	if strategy != "" {
		strategy = " (" + strategy + ")"
	}
	return fmt.Sprintf("%s %s%s: %s: %s", r.Kind, r.Page, strategy, r.Why, r.Hint)
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

// Check lists the parts of an app that cannot be static.
func Check(app gorgon.App) []Refusal {
	var left []Refusal
	for _, d := range slices.Concat(app.Definitions(), app.FragmentDefinitions()) {
		r := Refusal{Kind: d.Word(), Page: cmp.Or(d.Fragment, d.Path), Strategy: strings.Join(d.Strategy(), ", ")}
		switch {
		case d.AllowRequestTime:
			r.Why, r.Hint = "parts of it are made for every request", "serve the app, or drop AllowRequestTime"
		case d.Target != "" && d.PerRequest():
			r.Why, r.Hint = "its paths are known only when they are requested", "serve the app, list the paths one by one, or add the rule to the host of the files"
		case d.PerRequest():
			r.Why, r.Hint = "it is made for every request", "serve the app, or replace LoadRequest by Load"
		case d.Fragment != "" && !d.Revalidates():
			continue // those that are used are made at build
		case d.Incremental && d.Fragment == "" && d.Paths == nil:
			r.Why, r.Hint = "its pages are made when they are first requested", "list them in Paths and drop Incremental, or serve the app"
		case d.Incremental && d.Fragment == "":
			r.Why, r.Hint = "pages that the build does not list are made when they are first requested", "drop Incremental, so that the listed ones are all there are, or serve the app"
		case d.Revalidates():
			r.Why, r.Hint = "it is regenerated as time goes by", "drop the revalidation and export again when something changes, or serve the app"
		case len(d.Guards) > 0:
			r.Why, r.Hint = "it has guards, and a file is open to all visitors", "drop Guards, or serve the app"
		default:
			continue
		}
		left = append(left, r)
	}
	for _, h := range app.Handlers() {
		left = append(left, Refusal{Kind: h.Word(), Page: h.Pattern, Why: "it is a program, not a page", Hint: "serve the app, or drop the " + h.Word()})
	}
	return left
}

// ListName is the file in which an export lists what it wrote, so that the next
// one can remove files that no longer exist, and no others.
const ListName = ".gorgon-export.json"

// Run exports. Its error is [Refused] if the app is not static as a whole and
// Config.Partial is not set; then nothing is written.
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
	if err := files.check(c.Out); err != nil {
		return report, err
	}
	if err := checkForeign(files, c.Out, c.Force); err != nil {
		return report, err
	}
	report.DeadLinks = c.deadLinks(files, &report)
	return report, write(ctx, c.Out, files, &report)
}

// files collects everything to write, by its path in the folder.
func (c Config) files(ctx context.Context, report *Report) (tree, []Refusal, error) {
	files := tree{}
	var left []Refusal
	guarded := map[string]bool{} // as package build leaves them out of the sitemap
	for _, d := range c.App.Definitions() {
		guarded[d.Path] = len(d.Guards) > 0 || d.PerRequest()
	}
	add := func(f File, what string, data []byte) error {
		if other, taken := files[f.Name]; taken {
			return fmt.Errorf("export: %s and %s would both be written to %s: rename one", what, other.what, f.Name)
		}
		files[f.Name] = leaf{data, what}
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
		at := c.App.Prefixes().URL(base, key.Locale, key.Path)
		if entry.Status != 200 {
			report.Redirects = append(report.Redirects, Redirect{
				From: at, To: entry.Header.Get("Location"), Status: entry.Status, Query: page.Target != "",
				File: fileOfMoved(c.App, key.Locale, key.Path), Locale: key.Locale,
			})
			continue
		}
		if page.AllowRequestTime {
			continue // Check reports why
		}
		if entry, err = parts.whole(ctx, page, entry); err != nil {
			return nil, nil, fmt.Errorf("export: page %s: %w", key, err)
		}
		name, err := fileName(c.App, key, entry.Header)
		if err != nil {
			return nil, nil, err
		}
		f := File{Name: name, Path: at, Page: true, ContentType: entry.Header.Get("Content-Type"), Header: own(entry.Header)}
		if err := add(f, "page "+key.String(), entry.HTML); err != nil {
			return nil, nil, err
		}
		more, err := parts.beside(ctx, page, entry)
		if err != nil {
			return nil, nil, fmt.Errorf("export: page %s: %w", key, err)
		}
		for _, m := range more {
			m.file.Path = gorgon.EscapePath(base + m.file.Path)
			if err := add(m.file, "a part of page "+key.String(), m.data); err != nil {
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
	for name, make := range parts.extras(base) {
		if _, own := files[name]; own {
			continue
		}
		f, html, more, err := make(ctx)
		if err != nil {
			return nil, nil, fmt.Errorf("export: %s: %w", name, err)
		}
		for _, m := range more {
			m.file.Path = gorgon.EscapePath(base + m.file.Path)
			if err := add(m.file, "part of "+name, m.data); err != nil {
				return nil, nil, err
			}
		}
		f.Name, f.ContentType = name, "text/html; charset=utf-8"
		if err := add(f, "the export's own page "+name, html); err != nil {
			return nil, nil, err
		}
	}
	slices.SortFunc(report.Redirects, func(a, b Redirect) int { return strings.Compare(a.From, b.From) })
	if !c.Redirects {
		for _, r := range report.Redirects {
			if other, taken := files[r.File]; taken {
				left = append(left, Refusal{Kind: "redirect", Page: r.From, Why: "its file would be that of " + other.what, Hint: "drop it, or serve the app"})
				continue
			}
			if err := add(File{Name: r.File, Path: r.From, ContentType: "text/html; charset=utf-8"}, "redirect "+r.From, r.Page(c.App.Origin)); err != nil {
				return nil, nil, err
			}
		}
	}
	slices.SortFunc(report.Files, func(a, b File) int { return strings.Compare(a.Name, b.Name) })
	return files, left, nil
}

// own are the page's headers except its type.
func own(header http.Header) http.Header {
	header = maps.Clone(header)
	delete(header, "Content-Type")
	if len(header) == 0 {
		return nil
	}
	return header
}

// fileName returns the file of a page: one in a folder, where plain file
// servers look, or, if the page is not an HTML document, a file of its own
// name.
func fileName(app gorgon.App, key pages.Key, header http.Header) (string, error) {
	at := strings.TrimPrefix(app.Prefixes().Path(key.Locale, key.Path), "/")
	switch {
	case pages.IsHTML(header):
		return path.Join(at, "index.html"), nil
	case at == "" || strings.HasSuffix(at, "/"):
		return "", fmt.Errorf("export: page %s: it is not an HTML document, and its path ends in a slash, which no file can have: choose a path such as /feed.xml, or serve the app", key)
	}
	return at, nil
}
