// Elsewhere: addresses as pkg.go.dev has them, and those that are nowhere.

package main

import (
	"context"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/examples/godoc/library"
)

// elsewhere leads from "/net/http" and "/golang.org/x/mod@v0.42.0/semver" to the
// page, and from what no page is about to a search for its words.
func (g generators) elsewhere(_ context.Context, in gorgon.Input, _ *http.Request) (struct{}, error) {
	c, err := g.catalog.Get(in)
	if err != nil {
		return struct{}{}, err
	}
	name := in.PathValue("path")
	if file(name) {
		return struct{}{}, gorgon.NotFound()
	}
	if to := g.place(c, name); to != "" {
		return struct{}{}, gorgon.Redirect(gorgon.EscapePath(to))
	}
	return struct{}{}, gorgon.Redirect("/search?q=" + url.QueryEscape(wordsOf(name)))
}

// place is the path of the page that a path of pkg.go.dev means.
func (g generators) place(c library.Catalog, name string) string {
	importPath, rest, _ := strings.Cut(name, "@")
	version, sub, _ := strings.Cut(rest, "/")
	if importPath == "std" {
		importPath, sub = sub, ""
		if importPath == "" {
			return "/"
		}
	}
	if _, ok := c.Find(importPath); ok && sub == "" {
		return "/pkg/" + importPath
	}
	if pkg, symbol := library.SplitSymbol(importPath); rest == "" && slices.ContainsFunc(c.Packages, func(p library.CatalogPackage) bool {
		return p.Path == pkg && slices.ContainsFunc(p.Symbols, func(s library.CatalogSymbol) bool { return s.Name == symbol })
	}) {
		return "/sym/" + pkg + "." + symbol
	}
	importPath = path.Join(importPath, sub)
	if version != "" {
		for mod := importPath; mod != "."; mod = path.Dir(mod) {
			if at := mod + "@" + version + strings.TrimPrefix(importPath, mod); g.lib.HasPackage(at) || mod == importPath && g.lib.HasModule(at) {
				return "/mod/" + at
			}
		}
	}
	return g.lib.PageOf(importPath) // of another version, if there is one
}

// file reports whether a name is that of a file which browsers and robots ask
// any site for.
func file(name string) bool {
	first, _, below := strings.Cut(name, "/")
	if strings.HasPrefix(first, ".") || strings.HasPrefix(first, "_") || len(name) > 300 {
		return true
	}
	switch path.Ext(name) {
	case ".css", ".gif", ".html", ".ico", ".jpg", ".js", ".json", ".map", ".php", ".png", ".svg", ".txt", ".webmanifest", ".xml":
		return !below || !strings.Contains(first, ".") // and not of a host
	}
	return false
}

// wordsOf are those of a path, without the host and the version, as the search
// box takes them.
func wordsOf(name string) string {
	parts := strings.FieldsFunc(strings.ToValidUTF8(name, " "), func(r rune) bool { return r <= ' ' || r == '/' || r == '\u007f' })
	for i, part := range parts {
		parts[i], _, _ = strings.Cut(part, "@")
	}
	if len(parts) > 1 && strings.Contains(parts[0], ".") {
		parts = parts[1:]
	}
	all := []rune(strings.Join(parts, " "))
	return string(all[:min(len(all), maxWords)])
}
