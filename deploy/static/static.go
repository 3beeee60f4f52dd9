// Package static writes a site as files, with the configuration that each of the
// usual static hosts needs to answer as the server does: headers, redirects, an
// upload in order. The README lists what each host cannot do.
package static

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/deploy"
	"github.com/gorgon-go/gorgon/export"
	"github.com/gorgon-go/gorgon/plan"
	"github.com/gorgon-go/gorgon/wire"
)

// SiteName is the folder that holds the files, below the target's. It is the
// root of the host: with a base path the site lies deeper in it.
const SiteName = "site"

// LeadingName is the folder that holds a page for each redirect, for hosts that
// have no rules. Its files come to those of SiteName.
const LeadingName = "redirects"

// Target is a static host.
func Target() deploy.Target {
	return deploy.Target{Target: plan.Target{Name: "static", Title: "a static host"}, Write: write}
}

// A header is one that is sent.
type header struct{ Name, Value string }

// A site is the exported site, as the templates of hosts read it.
type site struct {
	App, Build string
	Base       string // "" or "/docs"
	Domain     string // "" for none
	Always     []header
	Files      []export.File // their names below the site's root
	Redirects  []export.Redirect
	Origin     string // "" for none
	Languages  []language
}

// A language is a locale with a prefix.
type language struct {
	Locale   string
	Home     string // its path as URLs write it, with the base path
	NotFound string // that of its error view
	Chosen   bool   // visitors who prefer it are sent to it
}

func write(ctx context.Context, s deploy.Site, folder string) error {
	report, err := exported(ctx, s, folder)
	if err != nil {
		return err
	}
	base := s.Package.Base
	h := site{App: s.Package.App, Build: s.Package.Build, Base: base, Domain: s.Domain, Always: listed(s.App.Headers), Files: report.Files, Redirects: report.Redirects}
	if s.Domain != "" {
		h.Origin = "https://" + s.Domain
	}
	for _, locale := range s.App.Locales {
		if home := s.App.Prefixes().Path(locale, "/"); home != "/" {
			at := gorgon.EscapePath(base + home)
			h.Languages = append(h.Languages, language{locale, at, at + "/" + notFound, s.App.PrefixDefault})
		}
	}
	below := strings.TrimPrefix(base+"/", "/")
	for i := range h.Files {
		h.Files[i].Name = below + h.Files[i].Name
	}
	if base != "" {
		// Hosts look for it at their root.
		page, err := os.ReadFile(filepath.Join(folder, SiteName, filepath.FromSlash(below), notFound))
		if err != nil {
			return fmt.Errorf("static: %w", err)
		}
		h.Files = append(h.Files, export.File{Name: notFound, ContentType: "text/html; charset=utf-8", Size: len(page)})
		if err := deploy.WriteFiles(folder, deploy.File{Name: SiteName + "/" + notFound, Data: page}); err != nil {
			return err
		}
	}
	rules := h.rules()
	files := []deploy.File{
		{Name: SiteName + "/_headers", Data: rules.headers},
		{Name: SiteName + "/_redirects", Data: rules.redirects},
		{Name: h.artifact() + "/.nojekyll"},
	}
	if h.Named() {
		files = append(files, deploy.File{Name: h.artifact() + "/CNAME", Data: []byte(s.Domain + "\n")})
	}
	for _, f := range []struct{ template, name string }{
		{"Caddyfile", "Caddyfile"},
		{"nginx.conf", "nginx.conf"},
		{"pages.yml", ".github/workflows/pages.yml"},
		{"netlify.toml", "netlify.toml"},
	} {
		data, err := execute(f.template, h)
		if err != nil {
			return err
		}
		files = append(files, deploy.File{Name: f.name, Data: data})
	}
	for _, r := range h.leading() {
		files = append(files, deploy.File{Name: LeadingName + "/" + below + r.File, Data: r.Page(h.Origin)})
	}
	uploads, err := h.bucket(filepath.Join(folder, SiteName))
	if err != nil {
		return err
	}
	files = append(files, uploads...)
	text, err := h.readme(rules)
	if err != nil {
		return err
	}
	return deploy.WriteFiles(folder, append(files, deploy.Readme(s, text))...)
}

// notFound is the error view for what is not there.
const notFound = export.NotFound

// exported has the app's program write the site's own files. What the plan was
// told to accept is left out.
func exported(ctx context.Context, s deploy.Site, folder string) (export.Report, error) {
	var report export.Report
	out := filepath.Join(folder, SiteName, filepath.FromSlash(s.Package.Base))
	args := []string{"export", "--host", "--json", "--out", out}
	if s.Package.Deployed != nil && len(s.Package.Deployed.Accepted) > 0 {
		args = append(args, "--partial")
	}
	said, err := s.Run(ctx, args...)
	if err == nil {
		err = json.Unmarshal(said, &report)
	}
	if err != nil {
		return report, fmt.Errorf("static: %w", err)
	}
	// The folder is written once, and not brought up to date.
	if err := os.Remove(filepath.Join(out, export.ListName)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return report, fmt.Errorf("static: %w", err)
	}
	return report, nil
}

// listed lists headers by name, with each value on its own.
func listed(h map[string][]string) []header {
	var list []header
	for name, values := range h {
		for _, v := range values {
			list = append(list, header{name, v})
		}
	}
	slices.SortStableFunc(list, func(a, b header) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// Assets is the path below which lies what never changes.
func (h site) Assets() string { return gorgon.EscapePath(h.Base) + wire.Assets }

// leading are the redirects that a page can stand for: no other page has its file.
func (h site) leading() []export.Redirect {
	taken := map[string]bool{}
	for _, f := range h.Files {
		taken[f.Name] = true
	}
	below := strings.TrimPrefix(h.Base+"/", "/")
	return slices.DeleteFunc(slices.Clone(h.Redirects), func(r export.Redirect) bool { return taken[below+r.File] })
}

// artifact is the folder that GitHub Pages serves: a project's pages lie below
// its name, which then is the base path.
func (h site) artifact() string {
	if h.project() {
		return SiteName + h.Base
	}
	return SiteName
}

func (h site) project() bool {
	return h.Base != "" && (h.Domain == "" || onGitHub(h.Domain)) && strings.Count(h.Base, "/") == 1
}

// Named says whether the site has a domain of its own.
func (h site) Named() bool { return h.Domain != "" && !onGitHub(h.Domain) }

// onGitHub reports whether a domain is one that GitHub gives its users, which is not a
// domain of their own.
func onGitHub(domain string) bool { return strings.HasSuffix(domain, ".github.io") }
