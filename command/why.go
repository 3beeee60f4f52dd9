// why and routes: explaining the site.

package command

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/cache"
)

func (p *program) whyCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "why PATH",
		Short: "Explain a page: its strategy, its copies, until when it is fresh and why",
		Long: `Explains what is kept of a page, where and since when, until when it is fresh
and why, and what the next request for it does. It changes nothing. What a
running server has only in memory cannot be seen from here. The path may also
be a URL of the site, with a query or without.`,
		Example: "  " + p.app.Name + " why /",
		Args:    exactly(1, "a path, as in: why /"),
		RunE: func(c *cobra.Command, args []string) error {
			s, err := p.openSite()
			if err != nil {
				return err
			}
			defer s.seed.Close()
			escaped := p.pathOf(args[0])
			page, path, locale, err := p.route(gorgon.NewRouter(p.app.Definitions()), escaped)
			if o, ok := p.other(s, escaped, page); ok {
				return p.tell(o)
			}
			if err != nil {
				return err
			}
			if p.noStoreYet() {
				p.store = "none" // to open it would make it
			}
			pages, store, err := p.cacheOver(c.Context(), s, cache.Config{})
			if err != nil {
				return err
			}
			if store != nil {
				defer store.Close()
			}
			defer pages.Close()
			report := pages.Why(c.Context(), page, path, locale)
			if p.json {
				return p.print(report)
			}
			p.explain(report)
			return nil
		},
	}
	p.distFlag(c, "dist")
	p.storeFlag(c)
	p.jsonFlag(c)
	return c
}

// pathOf is the path in what somebody copied from a browser or a log: without
// host, base path, query and fragment.
func (p *program) pathOf(arg string) string {
	u, err := url.Parse(arg)
	if err != nil {
		return arg // route says what is wrong with it
	}
	path := u.EscapedPath()
	if u.Host == "" {
		return path
	}
	if rest, below := strings.CutPrefix(path, gorgon.EscapePath(p.base)); below && (rest == "" || rest[0] == '/') {
		path = rest
	}
	if path == "" {
		path = "/"
	}
	return path
}

// An other is what answers at a path in place of a page.
type other struct {
	Path    string `json:"path"`
	Kind    string `json:"kind"`              // file or handler
	Pattern string `json:"pattern,omitempty"` // of the handler
}

// other finds the handler or file that answers at a path before its page, if
// it has one, is looked at.
func (p *program) other(s *site, escaped string, page *gorgon.Definition) (other, bool) {
	path, err := gorgon.ParsePath(escaped)
	if err != nil {
		return other{}, false
	}
	if pattern := p.handlerAt(path, http.MethodGet); pattern != "" {
		return other{path, "handler", pattern}, true
	}
	if _, err := s.seed.File(path); err == nil {
		return other{path, "file", ""}, true
	}
	if page == nil {
		if pattern := p.handlerAt(path, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete); pattern != "" {
			return other{path, "handler", pattern}, true
		}
	}
	return other{}, false
}

// handlerAt is the pattern of the app's handler for a path, "" for none.
func (p *program) handlerAt(path string, methods ...string) string {
	if strings.HasPrefix(path, "/_gorgon/") {
		return "" // the framework's own
	}
	type mounted struct{ http.Handler } // not a redirect that ServeMux invents
	mux := http.NewServeMux()
	for pattern, h := range p.app.Handlers {
		mux.Handle(pattern, mounted{h})
	}
	for _, method := range methods {
		h, pattern := mux.Handler(&http.Request{Method: method, URL: &url.URL{Path: path}})
		if _, ok := h.(mounted); ok {
			return pattern
		}
	}
	return ""
}

func (p *program) tell(o other) error {
	if p.json {
		return p.print(o)
	}
	text := "is a file of the seed"
	if o.Kind == "handler" {
		text = "is answered by handler " + o.Pattern
	}
	_, err := fmt.Fprintln(p.out, o.Path, text)
	return err
}

// explain prints a report for people.
func (p *program) explain(r cache.Report) {
	w := tabwriter.NewWriter(p.out, 0, 0, 2, ' ', 0)
	defer w.Flush()
	line := func(name, format string, args ...any) { fmt.Fprintf(w, "%s\t%s\n", name, fmt.Sprintf(format, args...)) }
	line("page", "%s", r.Key)
	line("route", "%s", r.Key.Route)
	line("strategy", "%s", strings.Join(r.Strategy, ", "))
	line("build", "%s", r.Build)
	if r.Phase != "" {
		line("state", "%s, from the %s: %s", r.Phase, r.Serves, r.Because)
	} else {
		line("state", "%s", r.Because)
	}
	line("next request", "%s", r.Next)
	for _, c := range r.Copies {
		line("in the "+c.Place, "status %d, %s of HTML, ETag %s, build %s", c.Status, size(int64(c.Bytes)), c.ETag, c.Build)
		line("  made", "%s", when(c.MadeAt))
		if !c.ModifiedAt.Equal(c.MadeAt) {
			line("  last changed", "%s", when(c.ModifiedAt))
		}
		for _, t := range []struct {
			name string
			at   time.Time
		}{{"  fresh until", c.FreshUntil}, {"  served until", c.StaleUntil}, {"  on errors until", c.ErrorUntil}} {
			if !t.at.IsZero() {
				line(t.name, "%s", when(t.at))
			}
		}
		if len(c.Tags) > 0 {
			line("  tags", "%s", strings.Join(c.Tags, ", "))
		}
		line("  epoch", "%d", c.Epoch)
		if c.Failures > 0 {
			line("  failed refreshes", "%d; the next is due %s", c.Failures, when(c.RetryAt))
			line("  the last said", "%s", c.Failure)
		}
	}
	line("store's sequence", "%d", r.Sequence)
	for _, subject := range slices.Sorted(maps.Keys(r.Purges)) {
		m := r.Purges[subject]
		line("  purged "+subject, "epoch %d, %s", m.Sequence, when(m.At))
	}
	for place, fault := range r.Faults {
		line("fault in the "+place, "%s", fault)
	}
	if r.Degraded != "" {
		line("degraded", "%s", r.Degraded)
	}
	for _, f := range r.Fragments {
		p.explainFragment(w, f, 1)
	}
}

// explainFragment says in short how a fragment of a page stands.
func (p *program) explainFragment(w io.Writer, r cache.Report, depth int) {
	name := strings.Replace(strings.TrimPrefix(r.Key.Path, "/_gorgon/fragment/"), "/", " ", 1)
	state := r.Because
	if r.Phase != "" {
		state = r.Phase + ", from the " + r.Serves + ": " + r.Because
	}
	fmt.Fprintf(w, "%sfragment %s\t%s; %s; it %s\n", strings.Repeat("  ", depth-1), name, strings.Join(r.Strategy, ", "), state, r.Next)
	for _, f := range r.Fragments {
		p.explainFragment(w, f, depth+1)
	}
}

// when writes a time and how far it is away.
func when(t time.Time) string {
	d := time.Until(t).Round(time.Second)
	if d == 0 {
		return t.Local().Format(time.DateTime) + " (now)"
	}
	if d < 0 {
		return fmt.Sprintf("%s (%s ago)", t.Local().Format(time.DateTime), -d)
	}
	return fmt.Sprintf("%s (in %s)", t.Local().Format(time.DateTime), d)
}

// A route is what answers at a path, and how.
type route struct {
	Pattern  string   `json:"pattern"`
	Kind     string   `json:"kind"`
	Strategy []string `json:"strategy,omitempty"`
	Guards   int      `json:"guards,omitempty"`
}

// routes are the pages, fragments and handlers of the app.
func (p *program) routes() (routes []route) {
	for _, d := range p.app.Definitions() {
		routes = append(routes, route{d.Path, "page", d.Strategy(), len(d.Guards)})
	}
	for _, d := range p.app.FragmentDefinitions() {
		routes = append(routes, route{d.Fragment, "fragment", d.Strategy(), 0})
	}
	for _, pattern := range slices.Sorted(maps.Keys(p.app.Handlers)) {
		routes = append(routes, route{Pattern: pattern, Kind: "handler"})
	}
	return routes
}

func (p *program) routesCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "routes",
		Short: "List the pages, fragments and handlers of the app with their strategies",
		Args:  noArguments,
		RunE: func(*cobra.Command, []string) error {
			routes := p.routes()
			if p.json {
				return p.print(routes)
			}
			w := tabwriter.NewWriter(p.out, 0, 0, 2, ' ', 0)
			for _, r := range routes {
				text := strings.Join(r.Strategy, ", ")
				switch r.Kind {
				case "handler":
					text = "handler"
				case "fragment":
					text = "fragment, " + text
				}
				if r.Guards > 0 {
					text += fmt.Sprintf(" (guards: %d)", r.Guards)
				}
				fmt.Fprintf(w, "%s\t%s\n", r.Pattern, text)
			}
			return w.Flush()
		},
	}
	p.jsonFlag(c)
	return c
}

// exactly wants a number of arguments and says what they are.
func exactly(n int, what string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) != n {
			return misused("%s takes %s", c.Name(), what)
		}
		return nil
	}
}
