// Package rehearse runs a package under what a place imposes, on this machine,
// and asks it for every route.
//
// What can be imitated is: a root that nothing can be written to, and a user
// who owns nothing; a process that is stopped whenever no request is under way;
// several instances over one store; a stop in good order. What the place's own
// network, balancer and permissions do is not.
package rehearse

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/pack"
	"github.com/gorgon-go/gorgon/plan"
	"github.com/gorgon-go/gorgon/seed"
)

// Config says what to rehearse. Folder and Outcome are needed.
type Config struct {
	Folder  string       // of the package
	Outcome plan.Outcome // of the place: how many instances, when they stand still

	// Store is what the instances share, as --store takes it. Default: a disk
	// store in a temporary folder, where the setting has one at all.
	Store string

	Environment []string          // further variables: NAME=value
	Tell        func(line string) // is told of each step. Default: nobody is
}

// A Report says what was found.
type Report struct {
	Target    string   `json:"target"`
	Imposed   []string `json:"imposed"` // what was imitated
	Asked     int      `json:"asked"`   // requests
	Paths     int      `json:"paths"`
	Unasked   []string `json:"unasked,omitempty"` // routes of which no path is known
	Unmade    []string `json:"unmade,omitempty"`  // paths whose generator failed here; visitors get the last good page
	Faults    []string `json:"faults,omitempty"`
	StopTook  string   `json:"stopTook,omitempty"`
	StoreUsed string   `json:"store"`
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
	r.report.Target = c.Outcome.Place.Name
	defer r.client.CloseIdleConnections()
	paths, err := r.paths()
	if err != nil {
		return r.report, err
	}
	r.report.Paths = len(paths)
	if !c.Outcome.Place.Offers.Process {
		return r.report, r.files(paths)
	}
	return r.report, r.processes(ctx, paths)
}

func (r *rehearsal) fault(format string, args ...any) {
	if len(r.report.Faults) < maxFaults {
		r.report.Faults = append(r.report.Faults, fmt.Sprintf(format, args...))
	}
}

// A target is a path to ask for.
type target struct {
	path   string
	status int    // that has to come; 0: any below 500
	route  string // "page /about"; "" for a file
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
	var paths []target
	known := map[string]int{}
	for e, err := range s.Entries() {
		if err != nil {
			return nil, err
		}
		route := e.Key.Route + " " + e.Key.Locale
		if known[route]++; known[route] > perRoute {
			continue
		}
		known[e.Key.Route]++
		paths = append(paths, target{m.Base + gorgon.EscapePath(gorgon.Prefixes{Locales: m.Locales, All: m.PrefixDefault}.Path(e.Key.Locale, e.Key.Path)), e.Status, "page " + e.Key.Route})
	}
	for f, err := range s.Files() {
		if err != nil {
			return nil, err
		}
		if known["file"]++; known["file"] <= perRoute {
			paths = append(paths, target{m.Base + gorgon.EscapePath(f.Path), http.StatusOK, ""})
		}
	}
	for _, p := range r.manifest.Parts {
		kind, pattern, _ := strings.Cut(p.Name, " ")
		switch {
		case kind == "service":
			continue
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
			paths = append(paths, target{m.Base + pattern, 0, p.Name})
		}
	}
	paths = append(paths, target{m.Base + "/there-is-no-such-page-" + m.Build, http.StatusNotFound, ""})
	return paths, nil
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
	n, err := io.Copy(io.Discard, res.Body)
	switch {
	case err != nil:
		r.fault("%s: its body breaks off: %v", t.path, err)
	case again && res.StatusCode == http.StatusNotModified:
	case t.status != 0 && res.StatusCode != t.status:
		r.fault("%s: answered with %d, not %d", t.path, res.StatusCode, t.status)
	case res.StatusCode >= 500:
		r.fault("%s: answered with %d", t.path, res.StatusCode)
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
	site := filepath.Join(r.Folder, r.Outcome.Place.Name, "site")
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

// instances is how many run at once: two stand for as many as one likes.
func (r *rehearsal) instances() int {
	if n := r.Outcome.Place.Offers.Instances(r.Outcome.Setting); n == 1 {
		return 1
	}
	return 2
}

// processes rehearses a place that runs the program.
func (r *rehearsal) processes(ctx context.Context, paths []target) (err error) {
	house, err := newHouse(r)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, house.close()) }()
	base, err := house.open(ctx)
	if err != nil {
		r.fault("%v", err)
		return nil
	}
	r.report.Imposed = house.imposed
	for _, p := range []string{"/livez", "/readyz", "/startupz"} {
		r.ask(ctx, base, target{path: p, status: http.StatusOK}, false)
	}
	r.Tell(fmt.Sprintf("asking for %d paths, twice", len(paths)))
	for _, again := range []bool{false, true} {
		for _, t := range paths {
			r.ask(ctx, base, t, again)
		}
	}
	if err := r.refreshed(ctx, house, base, paths); err != nil {
		return err
	}
	took, err := house.stop(ctx)
	if err != nil {
		r.fault("%v", err)
	}
	r.report.StopTook = took.Round(time.Millisecond).String()
	return nil
}

// refreshed purges everything and asks until nothing is stale any more: where
// instances stand still between requests, each refresh has to end within the
// request that caused it.
func (r *rehearsal) refreshed(ctx context.Context, h *house, base string, paths []target) error {
	if h.store == "" || h.store == "none" {
		return nil
	}
	if err := h.purge(ctx); err != nil {
		r.fault("%v", err)
		return nil
	}
	if r.Outcome.Place.Offers.Stands(r.Outcome.Setting) {
		// Longer than any instance may rely on what it knew before.
		r.Tell("purged everything; letting the instances stand still for " + standstill.String())
		time.Sleep(standstill)
	} else {
		r.Tell("purged everything; asking until all is new")
	}
	const rounds = 6
	var stale []string
	for range rounds {
		stale = stale[:0]
		for _, t := range paths {
			if strings.Contains(r.ask(ctx, base, t, false), "detail=stale") {
				stale = append(stale, t.path)
			}
		}
		if len(stale) == 0 {
			return nil
		}
		time.Sleep(200 * time.Millisecond) // for the work that may go on between requests
	}
	// Where the generator itself fails, the last good page is what is due.
	stale = slices.DeleteFunc(stale, func(path string) bool {
		failed := h.failedToMake(strings.TrimPrefix(path, r.manifest.Base))
		if failed {
			r.report.Unmade = append(r.report.Unmade, path)
		}
		return failed
	})
	if len(stale) == 0 {
		return nil
	}
	slices.Sort(stale)
	r.fault("%d pages are still stale after %d rounds, such as %s", len(stale), rounds, stale[0])
	return nil
}
