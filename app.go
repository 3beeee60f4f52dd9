// The app: what the site is, said in one value.

package gorgon

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// An App describes a whole site. It is a value: it holds no store, opens
// nothing and starts nothing. Name and Routes are needed, the rest is not.
type App struct {
	// Name names the app in files and logs: lower-case letters, digits and dashes.
	Name string

	// Routes are the pages.
	Routes []Route

	// Fragments are the parts of pages that have a state of their own.
	Fragments []FragmentRoute

	// Navigation lets links change the page without loading another document,
	// where the browser can. Default: every link loads one, and no page
	// carries a script for it.
	Navigation *Navigation

	// Layout is the document around every page. Default: a bare one.
	Layout func(Document) Component

	// Error is the error view, for every status that a page has no own one
	// for. Default: a bare one.
	Error func(Failure) Component

	// Origin is the scheme and host that absolute URLs are made of, as in
	// "https://example.com". They are never made of a request. Default:
	// none, and so no sitemap.
	Origin string

	// Locales are the languages of the site. Each page exists in each. The
	// first has no prefix in paths, unless PrefixDefault, the others have
	// their own name as the first segment. Default: one, "".
	Locales []string

	// LocaleNames are what the locales are called in links to them, each in
	// its own words: "de": "Deutsch". Default: the locales themselves.
	LocaleNames map[string]string

	// PrefixDefault gives the first locale a prefix too. Paths without one
	// then lead, with 302, to the language that the visitor chose before or
	// else the browser prefers. It changes the URL of every page: choose once.
	PrefixDefault bool

	// DetectLocale sends visitors who come to "/" from elsewhere to the
	// language that they chose before or else the browser prefers. It is of
	// use where the first locale has no prefix; a page of another path is
	// always the language that its path says. Default: "/" is the first locale.
	DetectLocale bool

	// Values are computed once per build for generators to read.
	Values []Value

	// Assets are files served under a name with the digest of their content,
	// which never changes and may be kept for ever; [Asset] is their URL in
	// views. Style sheets and modules (.css, .ts, .tsx, .mts, .jsx, and .js
	// and .mjs with an import or an export) are bundled with all that they
	// import. Files and folders whose name begins with "_" are served only as
	// part of what imports them. Default: none.
	Assets fs.FS

	// NodeModules is the folder that npm packages are in, which modules
	// import at build time. Default: node_modules beside go.mod.
	NodeModules string

	// Programs are Go packages that the build compiles to WebAssembly, by the
	// names of the assets they become: "life.wasm": "./life". Beside them
	// modules find Go's own loader, as "_wasm_exec.js". Default: none.
	Programs map[string]string

	// Images say which images of Assets are made smaller for smaller screens.
	// Default: none, and [Image] shows each as it is.
	Images []ImageRule

	// Static are files served at their own paths: "favicon.ico". Default: none.
	Static fs.FS

	// Aliases are further paths at which an asset or, where none has that
	// name, a file of Static is served: "/favicon.ico": "icon.ico". Default: none.
	Aliases map[string]string

	// Handlers answer by [net/http.ServeMux] pattern, and win over pages. A
	// [Handler] also says what it needs.
	Handlers map[string]http.Handler

	// Services are work beside requests. Default: none.
	Services []Service

	// Middleware is around everything, the first one outermost.
	Middleware []func(http.Handler) http.Handler

	// Headers are added to every response, and replace the defaults of the
	// same name; an empty value removes one.
	Headers http.Header

	// CDN declares a shared cache in front of the app that is purged through
	// it. Default: none, and caches in between are told to keep nothing.
	CDN *CDN

	// Robots is the robots.txt. Default: everything allowed, and the sitemap.
	Robots string
}

// A CDN is a shared cache in front of the app.
type CDN struct {
	// TagHeader names the response header that carries a page's tags:
	// "Cache-Tag", "Surrogate-Key". Tags are set apart by commas in
	// Cache-Tag, by spaces elsewhere. Default: none is sent.
	TagHeader string

	// ESI says that the cache fills in Edge Side Includes: fragments are then
	// sent to it as tags where it asks for that with Surrogate-Capability.
	ESI bool

	// Purge tells the CDN which tags are no longer true. It is called after
	// every purge of the app's own, with "route:…", "path:…" and "all" for
	// those. Default: nothing is told.
	Purge func(ctx context.Context, tags []string) error
}

// Definitions are the routes with their types erased, in order.
func (a App) Definitions() []*Definition {
	definitions := make([]*Definition, 0, len(a.Routes))
	for _, r := range a.Routes {
		if r != nil {
			definitions = append(definitions, r.Definition())
		}
	}
	return definitions
}

// ValueDefinitions are the build values with their types erased, in order.
func (a App) ValueDefinitions() []ValueDefinition {
	definitions := make([]ValueDefinition, 0, len(a.Values))
	for _, v := range a.Values {
		definitions = append(definitions, v.definition())
	}
	return definitions
}

// AllLocales are the app's locales, or the one nameless one.
func (a App) AllLocales() []string {
	if len(a.Locales) == 0 {
		return []string{""}
	}
	return a.Locales
}

// LayoutOf is the document around a page.
func (a App) LayoutOf(d Document) Component {
	d.Dir = Direction(d.Locale)
	if a.Layout != nil {
		return a.Layout(d)
	}
	return bareLayout(d)
}

// ErrorOf is the error view for a failure of page, which may be nil.
func (a App) ErrorOf(page *Definition, f Failure) Component {
	if page != nil {
		for _, status := range [...]int{f.Status, 0} {
			if view := page.Errors[status]; view != nil {
				return view(f)
			}
		}
	}
	if a.Error != nil {
		return a.Error(f)
	}
	return bareError(f)
}

// Validate lists every fault at once, each naming the page and the mend;
// nil where the app can work.
func (a App) Validate() error {
	var faults []error
	fault := func(of, text string, args ...any) {
		faults = append(faults, fmt.Errorf("%s: %s", of, fmt.Sprintf(text, args...)))
	}
	if a.Name == "" || strings.Trim(a.Name, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
		fault("app", "Name %q: use lower-case letters, digits and dashes, such as \"shop\"", a.Name)
	}
	if a.Origin != "" {
		if u, err := url.Parse(a.Origin); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.Path+u.RawQuery+u.Fragment != "" || u.User != nil {
			fault("app", "Origin %q: use scheme and host alone, such as \"https://example.com\"", a.Origin)
		}
	}
	if len(a.Routes) == 0 {
		fault("app", "there are no Routes: add a gorgon.Page")
	}
	for i, r := range a.Routes {
		if r == nil {
			fault("app", "Routes[%d] is nil: remove it", i)
		}
	}
	faults = append(faults, a.validateLocales()...)
	faults = append(faults, a.validateFragments()...)
	faults = append(faults, a.Navigation.validate()...)
	faults = append(faults, a.validateAssets()...)

	var patterns []*Pattern
	for _, d := range a.Definitions() {
		name := "page " + d.Path
		if d.Path == "" {
			name = `page ""`
		}
		for _, text := range d.validate() {
			fault(name, "%s", text)
		}
		if d.Pattern == nil {
			continue
		}
		patterns = append(patterns, d.Pattern)
		if s := d.Pattern.segments; len(s) > 0 && s[0].kind == literal {
			switch {
			case s[0].text == "_gorgon":
				fault(name, "/_gorgon is the framework's own: choose another path")
			case s[0].text != "" && slices.Contains(a.Locales, s[0].text):
				fault(name, "its first segment is also a locale: choose another path or locale")
			}
		}
	}
	faults = append(faults, conflicts(patterns)...)

	names := map[string]bool{}
	for i, v := range a.ValueDefinitions() {
		switch {
		case v.Name == "":
			fault("build value", "Values[%d] has no Name: give it one", i)
		case names[v.Name]:
			fault("build value "+v.Name, "two have this name: rename one")
		case v.Make == nil:
			fault("build value "+v.Name, "there is no Make: add one")
		}
		names[v.Name] = true
	}
	mux := http.NewServeMux()
	for pattern, h := range a.Handlers {
		if h == nil {
			fault("handler "+pattern, "it is nil: remove it")
			continue
		}
		if err := tryHandle(mux, pattern, h); err != nil {
			faults = append(faults, fmt.Errorf("handler %s: %w", pattern, err))
		}
		if needing, ok := h.(Handler); ok {
			if err := checkNeeds(needing.Needs); err != nil {
				faults = append(faults, fmt.Errorf("handler %s: %w", pattern, err))
			}
		}
	}
	services := map[string]bool{}
	for _, s := range a.Services {
		for _, text := range s.validate() {
			fault("service "+s.Name, "%s", text)
		}
		if services[s.Name] {
			fault("service "+s.Name, "two have this name: rename one")
		}
		services[s.Name] = true
	}
	for i, m := range a.Middleware {
		if m == nil {
			fault("app", "Middleware[%d] is nil: remove it", i)
		}
	}
	return errors.Join(faults...)
}

func (a App) validateLocales() []error {
	var faults []error
	seen := map[string]bool{}
	for _, l := range a.Locales {
		switch {
		case l == "" || strings.Trim(l, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") != "":
			faults = append(faults, fmt.Errorf("app: locale %q: use a language tag such as \"en\" or \"pt-BR\"", l))
		case seen[l]:
			faults = append(faults, fmt.Errorf("app: locale %q stands twice: remove one", l))
		}
		seen[l] = true
	}
	for l := range a.LocaleNames {
		if !seen[l] {
			faults = append(faults, fmt.Errorf("app: LocaleNames has %q, which is not among the Locales: add it there, or remove it", l))
		}
	}
	switch {
	case a.PrefixDefault && len(a.Locales) == 0:
		faults = append(faults, errors.New("app: PrefixDefault has no locale to put into paths: add Locales, or remove it"))
	case a.DetectLocale && len(a.Locales) < 2:
		faults = append(faults, errors.New("app: DetectLocale has no languages to choose from: add Locales, or remove it"))
	case a.DetectLocale && a.PrefixDefault:
		faults = append(faults, errors.New("app: PrefixDefault already sends visitors to their language: remove DetectLocale"))
	}
	return faults
}

// tryHandle turns ServeMux's panic for a bad pattern into an error.
func tryHandle(mux *http.ServeMux, pattern string, h http.Handler) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%s", firstLine(fmt.Sprint(r)))
		}
	}()
	mux.Handle(pattern, h)
	return nil
}

// SplitLocale takes the prefix of a locale off a decoded path. A path without
// one is in the first locale.
func (a App) SplitLocale(path string) (rest, locale string) {
	rest, locale, _ = a.Prefixes().Split(path)
	if rest == "" {
		rest = "/"
	}
	return rest, locale
}
