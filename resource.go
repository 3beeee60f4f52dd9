// Resources: stored documents that are not pages, and tables of redirects.

package gorgon

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/gorgon-go/gorgon/paths"
	"github.com/gorgon-go/gorgon/viewctx"
)

// A Resource is a document of any media type with a state: a feed, a calendar,
// a sitemap of videos, a search index. It has the strategies of a [Page], whose
// fields of the same names it has, and no layout. A stored Resource has an
// ETag and compressed variants, is purged by its tags, and is exported to a
// file of its own path:
//
//	gorgon.Resource[[]Post]{Path: "/feed.xml", ContentType: "application/atom+xml", Load: latest, Write: atom}
type Resource[S any] struct {
	Path string

	// Name names the resource within the app, as [Handler.Name] does. Default:
	// none.
	Name string

	Paths            func(ctx context.Context, in Input) ([]string, error)
	Load             func(ctx context.Context, in Input) (S, error)
	Incremental      bool
	RevalidateAfter  time.Duration
	ShouldRevalidate func(ctx context.Context, in Input, state S, made time.Time) (bool, error)
	StaleFor         time.Duration
	ErrorFor         time.Duration
	LoadRequest      func(ctx context.Context, in Input, r *http.Request) (S, error)
	Merge            func(ctx context.Context, in Input, built, requested S) (S, error)
	Timeout          time.Duration

	// ContentType is the media type: "application/atom+xml". A text type
	// without a charset is UTF-8. Default: "application/json".
	ContentType string

	// Write writes the document. The context of views is in ctx, so that
	// [AbsoluteURL], [LocaleOf] and the like work. Default: the state as JSON,
	// as encoding/json writes it.
	Write func(ctx context.Context, w io.Writer, state S) error

	Headers    func(S) http.Header
	HeadersFor func(ctx context.Context, in Input, state S) (http.Header, error)
	Tags       func(S) []string
	TagsFor    func(ctx context.Context, in Input, state S) ([]string, error)

	Guards []func(http.Handler) http.Handler
	Needs  []Need

	// About describes the document to other packages: package api lists a
	// Resource whose About it made. Default: nothing.
	About any
}

func (r Resource[S]) Part() Part { return r }

func (r Resource[S]) addTo(c *contents, in scope) {
	write := r.Write
	if write == nil {
		write = func(_ context.Context, w io.Writer, state S) error { return json.NewEncoder(w).Encode(state) }
	}
	p := Page[S]{
		Path: r.Path, Paths: r.Paths, Load: r.Load, Incremental: r.Incremental, RevalidateAfter: r.RevalidateAfter,
		ShouldRevalidate: r.ShouldRevalidate, StaleFor: r.StaleFor, ErrorFor: r.ErrorFor,
		LoadRequest: r.LoadRequest, Merge: r.Merge, Timeout: r.Timeout,
		View: func(state S) Component {
			return ComponentFunc(func(ctx context.Context, w io.Writer) error { return write(ctx, w, state) })
		},
		Tags: r.Tags, TagsFor: r.TagsFor, Guards: r.Guards, Needs: r.Needs,
	}
	d := p.definition(in)
	d.Resource, d.About = true, r.About
	d.both("Headers", r.Headers != nil && r.HeadersFor != nil)
	d.document(r.ContentType, described(r.Headers, r.HeadersFor))
	c.pages = append(c.pages, d)
	c.name(r.Name, viewctx.Named{Path: d.Path, Guards: d.Guards}, in)
}

// document gives a resource its headers: its own, and its media type.
func (d *Definition) document(contentType string, own func(context.Context, Input, any) (http.Header, error)) {
	kind, fault := mediaType(contentType)
	if fault != "" {
		d.faults = append(d.faults, fault)
	}
	d.Headers = func(ctx context.Context, in Input, state any) (http.Header, error) {
		header := http.Header{}
		if own != nil {
			set, err := own(ctx, in, state)
			if err != nil {
				return nil, err
			}
			for name, values := range set {
				header[http.CanonicalHeaderKey(name)] = values
			}
		}
		header["Content-Type"] = []string{kind}
		return header, nil
	}
}

// mediaType checks a ContentType, and completes it.
func mediaType(text string) (kind, fault string) {
	if text == "" {
		return "application/json", ""
	}
	name, params, err := mime.ParseMediaType(text)
	if err != nil || !strings.Contains(name, "/") {
		return text, "ContentType is not a media type: write one such as \"application/atom+xml\""
	}
	if name == "text/html" {
		return text, "ContentType is text/html: use a Page, which has a layout and a head"
	}
	if strings.HasPrefix(name, "text/") && params["charset"] == "" {
		text += "; charset=utf-8"
	}
	return text, ""
}

// Redirects are paths that have moved, each with the path or URL that it
// redirects to, permanently. A path may have wildcards, whose values the target
// may contain:
//
//	gorgon.Redirects{
//		"/about-us":        "/about",
//		"/blog/{slug}":     "/posts/{slug}",
//		"/docs/{path...}":  "https://docs.example.com/{path...}",
//	}
//
// Locale and query of the request are kept. Paths without wildcards are made at
// build; an export, whose files cannot redirect, lists them. In a [Group], the
// paths are below its prefix, and the targets are not. A target that another
// redirect of the app moves on is a fault.
type Redirects map[string]string

func (t Redirects) Part() Part { return t }

func (t Redirects) addTo(c *contents, in scope) {
	from := make([]string, 0, len(t))
	for path := range t {
		from = append(from, path)
	}
	slices.Sort(from) // an app is the same each time
	for _, path := range from {
		to := t[path]
		at := len(c.pages)
		if !strings.Contains(path, "{") {
			Page[struct{}]{
				Path: path,
				Load: func(context.Context, Input) (struct{}, error) { return struct{}{}, RedirectPermanently(to) },
				View: noView,
			}.addTo(c, in)
		} else {
			Page[struct{}]{Path: path, View: noView, LoadRequest: func(_ context.Context, in Input, _ *http.Request) (struct{}, error) {
				return struct{}{}, RedirectPermanently(fill(in, to))
			}}.addTo(c, in)
		}
		d := c.pages[at]
		d.Target = to
		if fault := targetFault(to); fault != "" {
			d.faults = append(d.faults, fault)
		}
		for _, name := range wildcardsOf(to) {
			if d.Pattern != nil && !slices.Contains(d.Pattern.Wildcards(), name) {
				d.faults = append(d.faults, "its target has {"+name+"}, which its path has not: use a wildcard of the path")
			}
		}
	}
}

// targetFault says what is wrong with the target of a redirect.
func targetFault(to string) string {
	const wanted = ": write a path such as \"/about\", or an http or https URL whose host is given"
	if !strings.HasPrefix(to, "/") {
		u, err := url.Parse(to)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || strings.Contains(u.Host, "{") || u.User != nil {
			return "it redirects to " + to + wanted
		}
		return ""
	}
	path, _ := paths.SplitReference(sample(to))
	if _, err := paths.Parse(path); err != nil {
		return "it redirects to " + to + wanted
	}
	return ""
}

// sample is a target with a value for each wildcard.
func sample(target string) string {
	for _, name := range wildcardsOf(target) {
		target = strings.NewReplacer("{"+name+"}", "x", "{"+name+"...}", "x").Replace(target)
	}
	return target
}

// validateRedirects lists the redirects that lead to others: a visitor would be
// sent on again, or in circles.
func (c *contents) validateRedirects() []error {
	var faults []error
	var moved []*Definition
	for _, d := range c.pages {
		if d.Target != "" && d.Pattern != nil {
			moved = append(moved, d)
		}
	}
	if len(moved) == 0 {
		return nil
	}
	router := paths.NewRouter(c.routable(), (*Definition).PathPattern)
	for _, d := range moved {
		reference, _ := paths.SplitReference(sample(d.Target))
		path, err := paths.Parse(reference)
		if err != nil || !strings.HasPrefix(d.Target, "/") {
			continue
		}
		if next := router.Match(path); next != nil && next.Target != "" {
			faults = append(faults, fmt.Errorf("redirect %s: it leads to %s, which is redirected to %s: name the last target", d.Path, d.Target, next.Target))
		}
	}
	return faults
}

// routable are the pages whose patterns can be read.
func (c *contents) routable() []*Definition {
	return slices.DeleteFunc(slices.Clone(c.pages), func(d *Definition) bool { return d.Pattern == nil })
}

func noView(struct{}) Component { return Text("") }

// fill returns a target with the values of the wildcards, encoded.
func fill(in Input, target string) string {
	for _, name := range wildcardsOf(target) {
		value := EscapePath(in.PathValue(name))
		target = strings.NewReplacer("{"+name+"}", value, "{"+name+"...}", value).Replace(target)
	}
	return target
}

// wildcardsOf lists the names between braces in a target.
func wildcardsOf(target string) (names []string) {
	for {
		_, rest, ok := strings.Cut(target, "{")
		name, after, closed := strings.Cut(rest, "}")
		if !ok || !closed {
			return names
		}
		names, target = append(names, strings.TrimSuffix(name, "...")), after
	}
}
