// Validation of an app before it is built.

package gorgon

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gorgon-go/gorgon/paths"
	"github.com/gorgon-go/gorgon/wire"
)

// Validate returns an error that lists every fault of the app, each with the
// part it concerns and a hint; nil if there are none.
func (a App) Validate() error {
	c := a.contents()
	return errors.Join(slices.Concat(
		a.validateSelf(), c.faults, a.Locales.validate(), a.Assets.validate(), a.Navigation.validate(),
		c.validateFragments(), c.validateCaches(), c.validatePages(a.Locales), c.validateValues(), c.validateHandlers(),
		a.validateClaims(c), c.validateServices(), c.validateTasks(), c.validateHealth())...)
}

// validateSelf lists the faults of the app's own fields.
func (a App) validateSelf() []error {
	var faults []error
	fault := func(text string, args ...any) { faults = append(faults, fmt.Errorf("app: "+text, args...)) }
	if a.Name == "" || strings.Trim(a.Name, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
		fault("Name %q: use lower-case letters, digits and dashes, such as \"shop\"", a.Name)
	}
	if a.Origin != "" {
		if u, err := url.Parse(a.Origin); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.Path+u.RawQuery+u.Fragment != "" || u.User != nil {
			fault("Origin %q: use scheme and host alone, such as \"https://example.com\"", a.Origin)
		}
	}
	for i, m := range a.Middleware {
		if m == nil {
			fault("Middleware[%d] is nil: remove it", i)
		}
	}
	return faults
}

func (c *contents) validatePages(locales Locales) []error {
	var faults []error
	fault := func(of, text string) { faults = append(faults, fmt.Errorf("%s: %s", of, text)) }
	if len(c.pages)+len(c.handlers) == 0 {
		fault("app", "nothing answers requests: add a gorgon.Page to Parts")
	}
	var patterns []*paths.Pattern
	names := map[*paths.Pattern]string{}
	for _, d := range c.pages {
		name := d.Word() + " " + d.Path
		if d.Path == "" {
			name += `""`
		}
		for _, text := range d.validate() {
			fault(name, text)
		}
		if d.Pattern == nil {
			continue
		}
		patterns = append(patterns, d.Pattern)
		names[d.Pattern] = name
		switch first := d.Pattern.First(); {
		case first == wire.Segment:
			fault(name, "/"+wire.Segment+" is the framework's own: choose another path")
		case first != "" && slices.Contains(locales.Tags, first):
			fault(name, "its first segment is also a locale: choose another path or locale")
		}
	}
	for _, clash := range paths.Conflicts(patterns) {
		if clash.Same {
			fault(names[clash.Pattern], "another page has the same pattern: remove one")
			continue
		}
		fault(names[clash.Pattern], fmt.Sprintf("some paths match page %s too, and neither is more specific: change one of the patterns", clash.Other))
	}
	return append(faults, c.validateRedirects()...)
}

func (c *contents) validateValues() []error {
	var faults []error
	names := map[string]bool{}
	for _, v := range c.values {
		switch {
		case v.name == "":
			faults = append(faults, errors.New("build value: there is one without a Name: add a Name"))
		case names[v.name]:
			faults = append(faults, fmt.Errorf("build value %s: two have this name: rename one", v.name))
		case v.make == nil:
			faults = append(faults, fmt.Errorf("build value %s: there is no Make: add one", v.name))
		}
		names[v.name] = true
	}
	return faults
}

func (c *contents) validateHandlers() []error {
	var faults []error
	mux := http.NewServeMux()
	for _, h := range c.handlers {
		for _, text := range append(h.validate(), ownFaults(h.Handler)...) {
			faults = append(faults, fmt.Errorf("%s %s: %s", h.Word(), h.Pattern, text))
		}
		if err := paths.Handle(mux, h.Pattern, http.NotFoundHandler()); err != nil {
			faults = append(faults, fmt.Errorf("%s %s: %w", h.Word(), h.Pattern, err))
		}
	}
	return faults
}

// ownFaults lists what a value of another package finds wrong with itself.
func ownFaults(of any) []string {
	v, ok := of.(interface{ Validate() error })
	if !ok {
		return nil
	}
	err := v.Validate()
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		var faults []string
		for _, err := range many.Unwrap() {
			faults = append(faults, err.Error())
		}
		return faults
	}
	if err != nil {
		return []string{err.Error()}
	}
	return nil
}

func (c *contents) validateServices() []error {
	var faults []error
	names := map[string]bool{}
	for _, s := range c.services {
		for _, text := range s.validate() {
			faults = append(faults, fmt.Errorf("service %s: %s", s.Name, text))
		}
		if names[s.Name] {
			faults = append(faults, fmt.Errorf("service %s: two have this name: rename one", s.Name))
		}
		names[s.Name] = true
	}
	return faults
}

// Claims returns what takes precedence over pages at the paths of an app below
// a base path. file names the file that is served at a decoded path without
// the base path, such as "static file logo.txt"; "" for none.
func (a App) Claims(base string, file func(path string) string) *paths.Claims {
	return a.contents().claims(base, a.Prefixes(), file)
}

func (c *contents) claims(base string, prefixes paths.Prefixes, file func(path string) string) *paths.Claims {
	patterns := make([]string, 0, len(c.handlers))
	for _, h := range c.handlers {
		if h.Handler != nil {
			patterns = append(patterns, h.Pattern)
		}
	}
	return paths.NewClaims(base, prefixes, patterns, file)
}

// validateClaims lists the pages, aliases and handlers of the app that could
// never be reached. The build finds faults that depend on files, and pages
// that handlers hide.
func (a App) validateClaims(c *contents) []error {
	var faults []error
	fault := func(of string, err error) {
		if err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", of, err))
		}
	}
	aliases := paths.NewClaims("", a.Prefixes(), nil, func(path string) string {
		if _, ok := a.Assets.Aliases[path]; ok {
			return "alias " + path
		}
		return ""
	})
	for _, d := range c.pages {
		if d.Pattern == nil {
			continue
		}
		if first := d.Pattern.First(); first == wire.Segment || first != "" && slices.Contains(a.Locales.Tags, first) {
			continue // validatePages says why
		}
		fault("page "+d.Path, aliases.Pattern(d.Pattern, a.Locales.All()))
		if path, err := d.Pattern.Path(); err == nil && path == "/robots.txt" && a.Robots != "" {
			fault("page "+d.Path, errors.New("App.Robots is served there too: remove one of the two"))
		}
	}
	handled := c.claims("", a.Prefixes(), nil)
	for _, at := range a.Assets.aliasPaths() {
		if paths.Check(at) == nil && !strings.HasPrefix(at, wire.Root) {
			fault("alias "+at, handled.File(at))
		}
	}
	for _, h := range c.handlers {
		method, path, ok := strings.Cut(h.Pattern, " ")
		if !ok {
			method, path = "", h.Pattern
		}
		path = strings.TrimLeft(path, " \t")
		switch {
		case paths.IsHealth(path) && (method == "" || method == http.MethodGet || method == http.MethodHead):
			fault("handler "+h.Pattern, errors.New("the server's health check answers there: choose another path"))
		case strings.HasPrefix(path, wire.Root):
			fault("handler "+h.Pattern, fmt.Errorf("%s is the framework's own: choose another path", wire.Root))
		}
	}
	return faults
}
