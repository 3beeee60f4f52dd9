// Package rehearse runs a package on this machine under the limits of its target,
// and requests every route.
//
// What can be imitated is: the files of an image, a root that nothing can be
// written to, and a user who owns nothing; a process that is stopped whenever no
// request is under way; several instances over one store; a stop in good order.
// What the place's own network, balancer and permissions do is not.
package rehearse

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/pack"
	"github.com/gorgon-go/gorgon/paths"
	"github.com/gorgon-go/gorgon/plan"
	"github.com/gorgon-go/gorgon/seed"
	"github.com/gorgon-go/gorgon/wire"
)

// Config says what to rehearse. Folder and Outcome are needed.
type Config struct {
	Folder  string       // of the package
	Outcome plan.Outcome // of the place: how many instances, when they stand still

	// Store is what the instances share, as --store takes it. Default: a disk
	// store in a temporary folder, where the setting has one at all.
	Store string

	// Files are the technologies that FILES_URL can name. The instances have the
	// app's files in a temporary folder, or in their memory, if they can. Default:
	// the app has none, or Environment says where.
	Files []string

	// From is the folder of the package that runs now. The rehearsal also puts the
	// new one in its place while it is in use, goes back, and puts the new one in
	// its place again. Default: there is none.
	From string

	// AcceptOneWay lets a package pass from which there is no way back.
	AcceptOneWay bool

	// Root is a folder with the files of the image that the place runs, and
	// Program the program's path in them. The instances then see these files
	// alone, where the caller is root and may change to them; the report says so
	// where that is not the case. Default: the files of this machine.
	Root, Program string

	Environment []string          // further variables: NAME=value
	Tell        func(line string) // called for each step; optional
}

// A Report says what was found.
type Report struct {
	Target     string   `json:"target"`
	Imposed    []string `json:"imposed"` // what was imitated
	Asked      int      `json:"asked"`   // requests
	Paths      int      `json:"paths"`
	Unasked    []string `json:"unasked,omitempty"` // routes of which no path is known
	Unmade     []string `json:"unmade,omitempty"`  // paths whose loader failed here; visitors get the last good page
	Faults     []string `json:"faults,omitempty"`
	Maintained string   `json:"maintained,omitempty"` // what the maintain command said
	StopTook   string   `json:"stopTook,omitempty"`
	StoreUsed  string   `json:"store"`

	Upgrade []Passage `json:"upgrade,omitempty"` // where there was a package before
	OneWay  string    `json:"oneWay,omitempty"`  // why that package cannot take the place again; "" if it can
}

// A Passage is what things of one kind went through while one package took the place
// of another one.
type Passage struct {
	What   string `json:"what"`
	Asked  int    `json:"asked,omitempty"`
	Failed int    `json:"failed,omitempty"`
	Note   string `json:"note,omitempty"`
}

// Fine says whether nothing was found.
func (r Report) Fine() bool { return len(r.Faults) == 0 }

// maxFaults bounds a report.
const maxFaults = 20

// standstill is how long instances are left stopped before they are asked for
// what was purged meanwhile.
const standstill = 3 * time.Second

// perRoute is how many paths of one route are asked for.
const perRoute = 5

// A rehearsal is one run.
type rehearsal struct {
	Config
	report   Report
	manifest pack.Manifest
	client   *http.Client
	etags    map[string]string
}

// Run rehearses. Its error is that the rehearsal itself could not be held; what
// is wrong with the package is in the report.
func Run(ctx context.Context, c Config) (Report, error) {
	m, err := pack.In(c.Folder)
	if err != nil {
		return Report{}, err
	}
	if c.Tell == nil {
		c.Tell = func(string) {}
	}
	r := &rehearsal{Config: c, manifest: m, etags: map[string]string{}, client: &http.Client{
		Timeout:       time.Minute,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport:     &http.Transport{MaxIdleConnsPerHost: 16},
	}}
	r.report.Target = c.Outcome.Target.Name
	defer r.client.CloseIdleConnections()
	paths, err := r.paths()
	if err != nil {
		return r.report, err
	}
	r.report.Paths = len(paths)
	if !c.Outcome.Target.Offers.Process {
		return r.report, r.files(paths)
	}
	steps := []func(context.Context, []target) error{r.processes}
	if r.From != "" {
		steps = append(steps, r.upgrade)
	}
	if r.givenDatabase() {
		slices.Reverse(steps) // it is as the build that runs now has left it, until the upgrade migrates it
	}
	for _, step := range steps {
		if err := step(ctx, paths); err != nil || !r.report.Fine() {
			return r.report, err
		}
	}
	return r.report, nil
}

// givenDatabase says whether the app's database is one that the caller names.
func (r *rehearsal) givenDatabase() bool {
	return plan.App{Parts: r.manifest.Parts}.HasPart(plan.DatabasePart) && slices.ContainsFunc(r.Environment, isDatabase)
}

// isDatabase reports whether a variable is that of the app's database.
func isDatabase(variable string) bool { return strings.HasPrefix(variable, "DATABASE_URL=") }

// fault notes what is wrong, once, however often it is met.
func (r *rehearsal) fault(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if len(r.report.Faults) < maxFaults && !slices.Contains(r.report.Faults, text) {
		r.report.Faults = append(r.report.Faults, text)
	}
}

// A target is a path to ask for.
type target struct {
	path   string
	status int    // that has to come; 0: any below 500
	route  string // "page /about"; "" for a file
	page   string // its name in logs; "" for what is not a stored page
}

// paths lists some paths of every route, in every locale: those that the build
// made, and those of request-time pages that have no wildcards.
func (r *rehearsal) paths() ([]target, error) {
	found := &pack.Package{Manifest: r.manifest, Folder: r.Folder, Program: filepath.Join(r.Folder, r.manifest.Program)}
	s, err := seed.Open(found.Seed())
	if err != nil {
		return nil, err
	}
	defer s.Close()
	m := s.Manifest()
	var targets []target
	known := map[string]int{}
	guarded := map[string]bool{}
	for _, p := range r.manifest.Parts {
		guarded[p.Name] = slices.ContainsFunc(p.Needs, func(n plan.Need) bool { return n.Kind == plan.Guards })
	}
	for e, err := range s.Entries() {
		if err != nil {
			return nil, err
		}
		if strings.HasPrefix(e.Key.Path, wire.Root) {
			continue // a fragment, which is asked for with its page, or a value of a cache
		}
		route := e.Key.Route + " " + e.Key.Locale
		if known[route]++; known[route] > perRoute {
			continue
		}
		known[e.Key.Route]++
		t := target{paths.Prefixes{Locales: m.Locales, All: m.PrefixDefault}.URL(m.Base, e.Key.Locale, e.Key.Path), e.Status, "page " + e.Key.Route, e.Key.String()}
		if guarded[t.route] {
			t.status = 0 // its guards answer a visitor whom they do not know
		}
		targets = append(targets, t)
	}
	for f, err := range s.Files() {
		if err != nil {
			return nil, err
		}
		if known["file"]++; known["file"] <= perRoute {
			targets = append(targets, target{gorgon.EscapePath(m.Base + f.Path), http.StatusOK, "", ""})
		}
	}
	for _, p := range r.manifest.Parts {
		kind, pattern, _ := strings.Cut(p.Name, " ")
		switch {
		case pattern == "" || kind == "service" || kind == "job" || kind == "cache":
			continue // nothing of it is a route
		case kind == "handler":
			if method, rest, ok := strings.Cut(pattern, " "); ok {
				if method != http.MethodGet {
					r.report.Unasked = append(r.report.Unasked, p.Name)
					continue
				}
				pattern = rest
			}
		}
		switch {
		case kind == "page" && known[pattern] > 0:
		case strings.Contains(pattern, "{") || !strings.HasPrefix(pattern, "/"):
			r.report.Unasked = append(r.report.Unasked, p.Name)
		default:
			targets = append(targets, target{m.Base + pattern, 0, p.Name, ""})
		}
	}
	nowhere, err := r.nowhere()
	if err != nil {
		return nil, err
	}
	if nowhere == "" {
		r.Tell("not asking for a page that there is not: the app has patterns for every path")
		return targets, nil
	}
	return append(targets, target{m.Base + nowhere, http.StatusNotFound, "", ""}), nil
}

// nowhere is a path that no part of the app answers; "" where each has one.
func (r *rehearsal) nowhere() (string, error) {
	var pages []*gorgon.Definition
	handlers := http.NewServeMux()
	for _, p := range r.manifest.Parts {
		switch kind, pattern, _ := strings.Cut(p.Name, " "); kind {
		case "page":
			parsed, err := paths.ParsePattern(pattern)
			if err != nil {
				return "", fmt.Errorf("rehearse: %s: %w", p.Name, err)
			}
			pages = append(pages, &gorgon.Definition{Pattern: parsed})
		case "handler":
			handlers.Handle(pattern, http.NotFoundHandler())
		}
	}
	router := paths.NewRouter(pages, (*gorgon.Definition).PathPattern)
	// One segment, and more, for apps with patterns such as /{name}.
	for depth := 1; depth <= 8; depth++ {
		path := strings.Repeat("/there-is-no-such-page-"+r.manifest.Build, depth)
		_, handled := handlers.Handler(&http.Request{Method: http.MethodGet, URL: &url.URL{Path: path}, Host: "localhost"})
		if handled == "" && router.Match(path) == nil {
			return path, nil
		}
	}
	return "", nil
}

// reason is what a check of health said, which names what is missing; "" for a page.
func reason(t target, said []byte) string {
	if t.path != wire.Ready && t.path != wire.Started {
		return ""
	}
	text := ": " + strings.TrimSpace(string(said))
	if strings.Contains(text, "database") {
		text += " (the rehearsal uses the database of DATABASE_URL: migrate it first)"
	}
	return text
}

// ask asks for a path, as a browser does that saw it before or not.
func (r *rehearsal) ask(ctx context.Context, base string, t target, again bool) string {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, base+t.path, nil)
	if err != nil {
		r.fault("%s: %v", t.path, err)
		return ""
	}
	if tag := r.etags[t.path]; again && tag != "" {
		request.Header.Set("If-None-Match", tag)
	}
	res, err := r.client.Do(request)
	if err != nil {
		r.fault("%s: %v", t.path, err)
		return ""
	}
	defer res.Body.Close()
	r.report.Asked++
	said, err := io.ReadAll(io.LimitReader(res.Body, 200))
	n := int64(len(said))
	if err == nil {
		var rest int64
		rest, err = io.Copy(io.Discard, res.Body)
		n += rest
	}
	switch {
	case err != nil:
		r.fault("%s: its body breaks off: %v", t.path, err)
	case again && res.StatusCode == http.StatusNotModified:
	case t.status != 0 && res.StatusCode != t.status:
		r.fault("%s: answered with %d, not %d%s", t.path, res.StatusCode, t.status, reason(t, said))
	case res.StatusCode >= 500:
		r.fault("%s: answered with %d%s", t.path, res.StatusCode, reason(t, said))
	case res.Header.Get("Cache-Control") == "":
		r.fault("%s: answered without Cache-Control", t.path)
	case n == 0 && res.StatusCode == http.StatusOK:
		r.fault("%s: answered with an empty page", t.path)
	}
	if res.StatusCode == http.StatusOK {
		r.etags[t.path] = res.Header.Get("Etag")
	}
	return res.Header.Get("Cache-Status")
}

// files rehearses a host of files: each page is there, as a file.
func (r *rehearsal) files(paths []target) error {
	site := filepath.Join(r.Folder, r.Outcome.Target.Name, "site")
	if _, err := os.Stat(site); err != nil {
		return fmt.Errorf("rehearse: %w", err)
	}
	r.report.Imposed = []string{"files alone"}
	// What answers each request was left out, with --accept.
	left := map[string]bool{}
	for _, p := range r.manifest.Parts {
		for _, n := range p.Needs {
			left[p.Name] = left[p.Name] || n.Kind == plan.Process || n.Kind == plan.Guards
		}
	}
	for _, t := range paths {
		name := strings.Trim(strings.TrimPrefix(t.path, r.manifest.Base), "/")
		switch {
		case t.status == http.StatusNotFound, t.status == 0, left[t.route]:
			continue
		case t.status >= 300:
			continue // the host's rules redirect
		}
		r.report.Asked++
		at := filepath.Join(site, filepath.FromSlash(name))
		if info, err := os.Stat(at); err == nil && !info.IsDir() {
			continue
		}
		if _, err := os.Stat(filepath.Join(at, "index.html")); err != nil {
			r.fault("%s: there is no file for it", t.path)
		}
	}
	if _, err := os.Stat(filepath.Join(site, "404.html")); err != nil {
		r.fault("there is no 404.html")
	}
	return nil
}

// count is how many instances run at once: two stand for as many as one likes.
func (r *rehearsal) count() int {
	if n := r.Outcome.Target.Offers.Instances(r.Outcome.Setting); n == 1 {
		return 1
	}
	return 2
}

// processes rehearses a place that runs the program.
func (r *rehearsal) processes(ctx context.Context, paths []target) (err error) {
	sandbox, err := newSandbox(r, nil)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, sandbox.close()) }()
	if sandbox.database != "" {
		if _, err := sandbox.command(ctx, "migrate"); err != nil {
			r.fault("%v", err)
			return nil
		}
	}
	base, err := sandbox.open(ctx)
	if err != nil {
		r.fault("%v", err)
		return nil
	}
	r.report.Imposed = sandbox.imposed
	for _, p := range []string{wire.Live, wire.Ready, wire.Started} {
		r.ask(ctx, base, target{path: p, status: http.StatusOK}, false)
	}
	if !r.report.Fine() {
		return nil // what follows would only be what follows from that
	}
	r.Tell(fmt.Sprintf("asking for %d paths, twice", len(paths)))
	for _, again := range []bool{false, true} {
		for _, t := range paths {
			r.ask(ctx, base, t, again)
		}
	}
	if err := r.refreshed(ctx, sandbox, base, paths); err != nil {
		return err
	}
	if err := r.maintained(ctx, sandbox); err != nil {
		r.fault("%v", err)
	}
	took, err := sandbox.stop(ctx)
	if err != nil {
		r.fault("%v", err)
	}
	r.report.StopTook = took.Round(time.Millisecond).String()
	return nil
}

// refreshed purges everything and asks until nothing is stale any more: where
// instances stand still between requests, each refresh has to end within the
// request that caused it.
func (r *rehearsal) refreshed(ctx context.Context, h *sandbox, base string, paths []target) error {
	if h.store == "" || h.store == "none" {
		return nil
	}
	if err := h.purge(ctx); err != nil {
		r.fault("%v", err)
		return nil
	}
	if r.Outcome.Target.Offers.Stands(r.Outcome.Setting) {
		// Longer than any instance may rely on what it knew before.
		r.Tell("purged everything; suspending the instances for " + standstill.String())
		time.Sleep(standstill)
	} else {
		r.Tell("purged everything; requesting until all pages are new")
	}
	const rounds = 6
	var stale []target
	for range rounds {
		stale = stale[:0]
		for _, t := range paths {
			if strings.Contains(r.ask(ctx, base, t, false), wire.DetailStale) {
				stale = append(stale, t)
			}
		}
		if len(stale) == 0 {
			return nil
		}
		time.Sleep(200 * time.Millisecond) // for the work that may go on between requests
	}
	// Where the loader itself fails, the last good page is what is due.
	stale = slices.DeleteFunc(stale, func(t target) bool {
		failed := h.failedToMake(t.page)
		if failed {
			r.report.Unmade = append(r.report.Unmade, t.path)
		}
		return failed
	})
	if len(stale) == 0 {
		return nil
	}
	first := slices.MinFunc(stale, func(a, b target) int { return strings.Compare(a.path, b.path) })
	r.fault("%d pages are still stale after %d rounds, such as %s", len(stale), rounds, first.path)
	return nil
}

// maintained runs the maintain command, where the place's schedule does: jobs and
// scheduled services depend on it while instances are suspended.
func (r *rehearsal) maintained(ctx context.Context, h *sandbox) error {
	app := plan.App{Parts: r.manifest.Parts}
	if !h.frozen() || !app.Has(plan.Jobs) && !app.Has(plan.Schedule) {
		return nil
	}
	r.Tell("running the maintain command, as " + r.Outcome.Target.Offers.Schedule + " does")
	said, err := h.command(ctx, "maintain")
	if err != nil {
		return err
	}
	r.report.Maintained = strings.Join(strings.FieldsFunc(said, func(c rune) bool { return c == '\n' }), "; ")
	return nil
}
