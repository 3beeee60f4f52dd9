// why and routes: explaining the site.

package command

import (
	"crypto/sha256"
	"encoding/hex"
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
	"github.com/gorgon-go/gorgon/paths"
	"github.com/gorgon-go/gorgon/wire"
)

// A why explains pages.
type why struct{ p *program }

func (y why) command() *cobra.Command {
	p := y.p
	c := &cobra.Command{
		Use:   "why PATH|cache:NAME:KEY|room:NAME:KEY",
		Short: "Explain a page, a value or a room: its strategy, its copies, until when it is fresh and why",
		Long: `Explains where a page is stored, since when, until when it is fresh and why,
what the next request for it does, and what browsers follow that show it live. It changes nothing. It cannot see what
a running server has only in memory. The path may also be a URL of the site, with
a query or without. A value of a cache is named by the cache and its key, which is
JSON; a text need not be quoted. A room is named by its kind and its key, or by
the path at which members connect: why says where it is stored, how far it is, and
which instance owns it until when.`,
		Example: "  " + p.app.Name + " why /\n  " + p.app.Name + ` why 'cache:rates:{"From":"EUR","To":"USD"}'` + "\n  " + p.app.Name + " why room:canvas:plaza",
		Args:    exactly(1, "a path, as in: why /"),
		RunE: func(c *cobra.Command, args []string) error {
			if pattern, room, err := y.roomOf(args[0]); err != nil || room != "" {
				if err != nil {
					return err
				}
				return y.room(c, pattern, room)
			}
			s, err := p.openSite(p.seedPath())
			if err != nil {
				return err
			}
			defer s.seed.Close()
			page, key, isValue, err := y.valueOf(args[0])
			var path, locale string
			if !isValue {
				escaped := y.pathOf(args[0])
				page, path, locale, err = p.route(paths.NewRouter(p.app.Definitions(), (*gorgon.Definition).PathPattern), escaped)
				if o, ok := y.other(s, escaped, page); ok {
					return y.tell(o)
				}
			}
			if err != nil {
				return err
			}
			if p.stores.missing() {
				p.stores.flag = "none" // to open it would make it
			}
			var caching cache.Config
			if p.config.Database != nil {
				p.useDatabase()
				caching.Feed = p.config.Database.Glance
			}
			pages, store, err := p.cacheOver(c.Context(), s, caching)
			if err != nil {
				return err
			}
			if store != nil {
				defer store.Close()
			}
			defer pages.Close()
			var report cache.Report
			if isValue {
				report, _ = pages.WhyValue(c.Context(), page.Cache, key)
			} else {
				report = withoutProps(pages.Why(c.Context(), page, path, locale))
			}
			if p.json {
				return p.print(report)
			}
			y.explain(page, report)
			return nil
		},
	}
	p.baseFlag(c)
	p.distFlag(c, "dist")
	p.storeFlag(c)
	p.ownerFlags(c)
	p.jsonFlag(c)
	return c
}

// pathOf is the path in an argument copied from a browser or a log: without
// host, base path, query and fragment.
func (y why) pathOf(arg string) string {
	u, err := url.Parse(arg)
	if err != nil {
		return arg // route says what is wrong with it
	}
	path := u.EscapedPath()
	if u.Host == "" {
		return path
	}
	if rest, below := strings.CutPrefix(path, gorgon.EscapePath(y.p.base)); below && (rest == "" || rest[0] == '/') {
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
	Kind    string `json:"kind"`              // "file", or what the handler is called
	Pattern string `json:"pattern,omitempty"` // of the handler
}

// other finds the handler or file that answers at a path before its page, if
// it has one, is looked at.
func (y why) other(s *site, escaped string, page *gorgon.Definition) (other, bool) {
	path, err := paths.Parse(escaped)
	if err != nil {
		return other{}, false
	}
	if h, ok := y.handlerAt(path, http.MethodGet); ok {
		return other{path, h.Word(), h.Pattern}, true
	}
	if _, err := s.seed.File(path); err == nil {
		return other{path, "file", ""}, true
	}
	if page == nil {
		if h, ok := y.handlerAt(path, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete); ok {
			return other{path, h.Word(), h.Pattern}, true
		}
	}
	return other{}, false
}

// handlerAt is the app's handler for a path.
func (y why) handlerAt(path string, methods ...string) (gorgon.Handler, bool) {
	claims := y.p.app.Claims("", nil)
	for _, method := range methods {
		pattern := claims.Handler(method, path)
		for _, h := range y.p.app.Handlers() {
			if pattern != "" && h.Pattern == pattern {
				return h, true
			}
		}
	}
	return gorgon.Handler{}, false
}

func (y why) tell(o other) error {
	if y.p.json {
		return y.p.print(o)
	}
	text := "is a file of the seed"
	if o.Pattern != "" {
		text = "is answered by " + o.Kind + " " + o.Pattern
	}
	_, err := fmt.Fprintln(y.p.out, o.Path, text)
	return err
}

// explain prints a report for people.
func (y why) explain(d *gorgon.Definition, r cache.Report) {
	w := tabwriter.NewWriter(y.p.out, 0, 0, 2, ' ', 0)
	defer w.Flush()
	line := func(name, format string, args ...any) { fmt.Fprintf(w, "%s\t%s\n", name, fmt.Sprintf(format, args...)) }
	line(d.Word(), "%s", r.Key)
	if d.Target != "" {
		line("leads to", "%s", d.Target)
	}
	line("route", "%s", r.Key.Route)
	line("strategy", "%s", strings.Join(r.Strategy, ", "))
	line("build", "%s", r.Build)
	if r.Phase != "" {
		line("state", "%s, from the %s: %s", r.Phase, r.Serves, r.Because)
	} else {
		line("state", "%s", r.Because)
	}
	line("next request", "%s", r.Next)
	if r.Live != "" {
		line("live", "%s", r.Live)
	}
	kind := "HTML"
	if d.Cache != "" {
		kind = "JSON"
	}
	for _, c := range r.Copies {
		line("in the "+c.Place, "status %d, %s of "+kind+", ETag %s, build %s", c.Status, size(int64(c.Bytes)), c.ETag, c.Build)
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
			line("  tags", "%s", listed(c.Tags))
		}
		for _, doubt := range c.Doubts {
			line("  not noticed", "%s", cut(doubt))
		}
		line("  epoch", "%d", c.Epoch)
		if c.Failures > 0 {
			line("  failed refreshes", "%d; the next is due %s", c.Failures, when(c.RetryAt))
			line("  the last said", "%s", firstLine(c.Failure))
		}
	}
	line("store's sequence", "%d", r.Sequence)
	for _, subject := range slices.Sorted(maps.Keys(r.Purges)) {
		m := r.Purges[subject]
		line("  purged "+cut(subject), "epoch %d, %s", m.Sequence, when(m.At))
	}
	for place, fault := range r.Faults {
		line("fault in the "+place, "%s", firstLine(fault))
	}
	if r.Degraded != "" {
		line("degraded", "%s", firstLine(r.Degraded))
	}
	for _, f := range r.Fragments {
		y.explainFragment(w, f, 1)
	}
}

// withoutProps puts a digest in the place of the props of fragments, which may
// be one visitor's. Logs name them by the same one.
func withoutProps(r cache.Report) cache.Report {
	for i, f := range r.Fragments {
		r.Fragments[i] = withoutProps(f)
	}
	rest, ok := strings.CutPrefix(r.Key.Path, wire.Fragment)
	if name, props, within := strings.Cut(rest, "/"); ok && within {
		sum := sha256.Sum256([]byte(props))
		r.Key.Path = wire.Fragment + name + " #" + hex.EncodeToString(sum[:4])
	}
	return r
}

// explainFragment says in short how a fragment of a page stands.
func (y why) explainFragment(w io.Writer, r cache.Report, depth int) {
	name := strings.TrimPrefix(r.Key.Path, wire.Fragment)
	state := r.Because
	if r.Phase != "" {
		state = r.Phase + ", from the " + r.Serves + ": " + r.Because
	}
	name = cut(name)
	fmt.Fprintf(w, "%sfragment %s\t%s; %s; it %s\n", strings.Repeat("  ", depth-1), name, strings.Join(r.Strategy, ", "), state, r.Next)
	if r.Live != "" {
		fmt.Fprintf(w, "%slive\t%s\n", strings.Repeat("  ", depth), r.Live)
	}
	for _, f := range r.Fragments {
		y.explainFragment(w, f, depth+1)
	}
}

// mostListed is how many things of a list are written, and mostOfLine how many
// letters of a text that may be anything.
const mostListed, mostOfLine = 20, 500

// listed is a list for people, with an end.
func listed(list []string) string {
	var words []string
	for _, word := range list[:min(len(list), mostListed)] {
		words = append(words, cut(word))
	}
	if more := len(list) - mostListed; more > 0 {
		words = append(words, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(words, ", ")
}

// firstLine is a text without what follows its first line, with an end.
func firstLine(text string) string {
	line, _, more := strings.Cut(strings.TrimSpace(text), "\n")
	if letters := []rune(line); len(letters) > mostOfLine {
		line, more = string(letters[:mostOfLine]), true
	}
	if more {
		line += " …"
	}
	return line
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
	Target   string   `json:"target,omitempty"` // of a redirect
}

// routesOf are the parts of an app that answer requests.
func routesOf(app gorgon.App) (routes []route) {
	for _, d := range app.Definitions() {
		routes = append(routes, route{d.Path, d.Word(), d.Strategy(), len(d.Guards), d.Target})
	}
	for _, d := range app.FragmentDefinitions() {
		routes = append(routes, route{Pattern: d.Fragment, Kind: d.Word(), Strategy: d.Strategy()})
	}
	for _, d := range app.CacheDefinitions() {
		routes = append(routes, route{Pattern: d.Cache, Kind: d.Word(), Strategy: d.Strategy()})
	}
	for _, h := range app.Handlers() {
		routes = append(routes, route{Pattern: h.Pattern, Kind: h.Word(), Guards: len(h.Guards)})
	}
	return routes
}

func routesCommand(p *program) *cobra.Command {
	c := &cobra.Command{
		Use:   "routes",
		Short: "List the parts of the app that answer requests, and its caches, with their strategies",
		Args:  noArguments,
		RunE: func(*cobra.Command, []string) error {
			routes := routesOf(p.app)
			if p.json {
				return p.print(routes)
			}
			w := tabwriter.NewWriter(p.out, 0, 0, 2, ' ', 0)
			for _, r := range routes {
				text := strings.Join(r.Strategy, ", ")
				switch {
				case r.Target != "":
					text = "redirect to " + r.Target
				case text == "":
					text = r.Kind
				case r.Kind != "page":
					text = r.Kind + ", " + text
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
