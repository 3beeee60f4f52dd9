// The parts of an app, and groups of them.

package gorgon

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"strings"

	"github.com/gorgon-go/gorgon/paths"
	"github.com/gorgon-go/gorgon/viewctx"
)

// A Part is an element of [App.Parts] or [Group.Parts]: a [Page], [Resource],
// [Fragment], [Cache], [Handler], [Redirects], [Service], [Task], [Health],
// [BuildValue] or [Group]. A feature of an app is a function that returns a Part:
//
//	func Blog(posts Posts) gorgon.Part {
//		return gorgon.Group{Prefix: "/blog", Parts: []gorgon.Part{
//			gorgon.Page[[]Post]{Path: "/", Load: posts.Latest, View: index},
//			gorgon.Page[Post]{Path: "/{slug}", Paths: posts.Slugs, Load: posts.Find, View: article},
//		}}
//	}
//
// A type of another package is a Part if it can be expressed by these, as the
// endpoints of package github.com/gorgon-go/gorgon/api are by a Handler.
type Part interface {
	// Part returns the part itself or, for a type of another package, the part
	// that it consists of: a Group if it consists of several.
	Part() Part
}

// A kind is a Part of this package.
type kind interface {
	Part
	addTo(c *contents, in scope)
}

func (p Page[S]) Part() Part        { return p }
func (f Fragment[P, S]) Part() Part { return f }
func (h Handler) Part() Part        { return h }
func (s Service) Part() Part        { return s }
func (v BuildValue[T]) Part() Part  { return v }
func (g Group) Part() Part          { return g }
func (c *contents) Part() Part      { return c }

// A Group is a list of parts with a common prefix and common guards.
type Group struct {
	// Prefix is prepended to the paths of the group's pages and handlers, and
	// to the paths that [Page.Paths] lists: "/admin". The page "/" of the
	// group is then the page "/admin" of the app. Input.Path and the requests
	// that guards and handlers receive have the whole path. Default: none.
	Prefix string

	// Guards run before the group's pages and handlers and outside of their
	// own guards; the first one is outermost. Default: none.
	Guards []func(http.Handler) http.Handler

	// Parts are the group's parts, which may be groups themselves.
	Parts []Part
}

// scope is the prefix and the guards that the groups around a part add to it.
type scope struct {
	prefix string
	guards []func(http.Handler) http.Handler
	name   string // "Parts", "Parts[2].Parts", for messages
}

// contents are the parts of an app, by kind, with their types erased.
type contents struct {
	pages     []*Definition
	fragments []*Definition
	caches    []*Definition
	handlers  []Handler
	services  []Service
	tasks     []Task
	health    []Health
	values    []valueDefinition
	named     map[string]viewctx.Named // handlers and resources
	faults    []error
}

// contents collects the app's parts.
func (a App) contents() *contents {
	if len(a.Parts) == 1 {
		if c, ok := a.Parts[0].(*contents); ok {
			return c // of Erased
		}
	}
	c := &contents{}
	c.add(a.Parts, scope{name: "Parts"})
	for _, d := range c.pages {
		d.AllowRequestTime = d.AllowRequestTime || a.AllowRequestTime && d.Kept()
	}
	return c
}

// Erased returns the app with the types of its parts erased once: Definitions
// and FragmentDefinitions then return the same definitions at each call.
func (a App) Erased() App {
	a.Parts = []Part{a.contents()}
	return a
}

func (c *contents) addTo(to *contents, _ scope) {
	to.pages = append(to.pages, c.pages...)
	to.fragments = append(to.fragments, c.fragments...)
	to.caches = append(to.caches, c.caches...)
	to.handlers = append(to.handlers, c.handlers...)
	to.services = append(to.services, c.services...)
	to.tasks = append(to.tasks, c.tasks...)
	to.health = append(to.health, c.health...)
	to.values = append(to.values, c.values...)
	if to.named == nil {
		to.named = map[string]viewctx.Named{}
	}
	maps.Copy(to.named, c.named)
	to.faults = append(to.faults, c.faults...)
}

func (c *contents) add(parts []Part, in scope) {
	name := in.name
	for i, p := range parts {
		in.name = fmt.Sprintf("%s[%d]", name, i)
		if k := kindOf(p); k != nil {
			k.addTo(c, in)
			continue
		}
		c.faults = append(c.faults, fmt.Errorf("app: %s is nil, or its method Part never returns a part of package gorgon: remove it, or return one", in.name))
	}
}

// kindOf returns the part of this package that a part consists of; nil for
// none.
func kindOf(p Part) kind {
	for range 8 { // a part may consist of one that consists of another
		if k, ok := p.(kind); ok || p == nil {
			return k
		}
		p = p.Part()
	}
	return nil
}

func (g Group) addTo(c *contents, in scope) {
	fault := func(text string) { c.faults = append(c.faults, fmt.Errorf("app: %s: %s", in.name, text)) }
	if g.Prefix != "" {
		p, err := paths.ParsePattern(g.Prefix)
		switch {
		case err != nil:
			fault(fmt.Sprintf("Prefix %q: %v", g.Prefix, err))
		case strings.HasSuffix(g.Prefix, "/") || len(p.Wildcards()) > 0:
			fault(fmt.Sprintf("Prefix %q: use a path without wildcards and without a slash at its end, such as \"/admin\"", g.Prefix))
		}
	}
	for i, guard := range g.Guards {
		if guard == nil {
			fault(fmt.Sprintf("Guards[%d] is nil: remove it", i))
		}
	}
	in.prefix += g.Prefix
	in.guards = in.guarded(g.Guards)
	in.name += ".Parts"
	c.add(g.Parts, in)
}

func (p Page[S]) addTo(c *contents, in scope) { c.pages = append(c.pages, p.definition(in)) }

func (f Fragment[P, S]) addTo(c *contents, _ scope) {
	c.fragments = append(c.fragments, f.Definition())
}

func (s Service) addTo(c *contents, _ scope) { c.services = append(c.services, s) }

func (v BuildValue[T]) addTo(c *contents, _ scope) { c.values = append(c.values, v.definition()) }

func (h Handler) addTo(c *contents, in scope) {
	if method, path, ok := strings.Cut(h.Pattern, " "); ok {
		h.Pattern = method + " " + in.path(strings.TrimLeft(path, " \t"))
	} else {
		h.Pattern = in.path(h.Pattern)
	}
	h.Guards = in.guarded(h.Guards)
	c.name(h.Name, h.named(), in)
	c.handlers = append(c.handlers, h)
}

// name lets a part be found by its name, if it has one.
func (c *contents) name(name string, named viewctx.Named, in scope) {
	if name == "" {
		return
	}
	if _, taken := c.named[name]; taken {
		c.faults = append(c.faults, fmt.Errorf("app: %s: two parts have the name %q: give one of them another Name", in.name, name))
	}
	if c.named == nil {
		c.named = map[string]viewctx.Named{}
	}
	c.named[name] = named
}

// path returns a path or pattern of a part with the group's prefix. A
// handler's pattern may begin with a host.
func (in scope) path(path string) string {
	host, rest, ok := strings.Cut(path, "/")
	if in.prefix == "" || !ok {
		return path
	}
	if rest == "" && host == "" {
		return in.prefix
	}
	return host + in.prefix + "/" + rest
}

// paths returns a function that lists paths, with the group's prefix.
func (in scope) paths(list func(context.Context, Input) ([]string, error)) func(context.Context, Input) ([]string, error) {
	if in.prefix == "" || list == nil {
		return list
	}
	return func(ctx context.Context, input Input) ([]string, error) {
		listed, err := list(ctx, input)
		below := make([]string, len(listed)) // the list may be the app's own
		for i, path := range listed {
			below[i] = in.path(path)
		}
		return below, err
	}
}

// guarded returns the guards of a part within those of the group.
func (in scope) guarded(guards []func(http.Handler) http.Handler) []func(http.Handler) http.Handler {
	if len(in.guards) == 0 {
		return guards
	}
	return append(in.guards[:len(in.guards):len(in.guards)], guards...)
}
