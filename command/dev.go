//go:build !gorgon_release

// What is different while an app is being written.

package command

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/cache"
	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/serve"
)

// What the tool that runs this program asks it for. The inspector is for
// people, and the tool lets nobody ask for the rest.
const (
	devFolder    = "/_gorgon/dev/"
	devInspector = devFolder
	devState     = devFolder + "state.json"   // build and folders
	devSite      = devFolder + "site.json"    // what the inspector shows
	devFailure   = devFolder + "failure.json" // ?id= of a request
	devRenew     = devFolder + "renew"        // POST: begin anew with the templates' texts, and with ?assets=1 the files on disk
)

// devHeader is set by the tool. A page of another site cannot send it without
// being asked first, which nobody answers.
const devHeader = "Gorgon-Dev"

//go:embed inspector.html
var inspector []byte

// developing says that 'gorgon dev' runs this program: pages are made when
// somebody asks for them, and not before it listens.
func (p *program) developing() bool { return p.pkg == nil && os.Getenv("GORGON_DEV") == "1" }

// A studio serves the app while it is being written: what it serves can be
// made anew without another program.
type studio struct {
	p       *program
	config  serve.Config
	caching cache.Config
	log     *failures
	folders []string // on disk, of assets and static files
	now     atomic.Pointer[stage]

	mu     sync.Mutex // one renewal at a time
	count  int
	before *stage // its last requests may still be answered

	seen struct {
		sync.Mutex
		paths []string // of pages, escaped, the latest last
	}
}

// A stage is what is served between two changes.
type stage struct {
	site    *site
	cache   *cache.Cache
	store   pages.Store
	handler *serve.Handler
}

func (s *stage) close() {
	_ = s.cache.Close()
	if s.store != nil {
		_ = s.store.Close()
	}
	_ = s.site.seed.Close()
}

// developed is the handler, which the tool can ask to begin anew.
func (p *program) developed(h http.Handler, first *site, config serve.Config, caching cache.Config) http.Handler {
	if !p.developing() {
		return h
	}
	s := &studio{p: p, caching: caching, folders: p.onDisk(), log: &failures{Handler: p.log.Handler()}}
	p.values = first.seed.Value
	config.Log = slog.New(s.log)
	s.config = config
	again, err := serve.New(config)
	if err != nil {
		return h // it was made of the same a moment ago
	}
	s.now.Store(&stage{first, config.Cache, nil, again})
	return s
}

func (s *studio) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	now := s.now.Load()
	switch path := r.URL.Path; {
	case path == "/livez":
		w.Header().Set("Gorgon-Build", now.site.renderer.Build)
	case strings.HasPrefix(path, devFolder): // without the base path: the tool knows none
		s.answer(w, r, path, now)
		return
	case r.Method == http.MethodGet && !strings.HasPrefix(path, s.p.base+"/_gorgon/"):
		s.see(r.URL.EscapedPath())
	}
	now.handler.ServeHTTP(w, r)
}

// answer answers the tool.
func (s *studio) answer(w http.ResponseWriter, r *http.Request, path string, now *stage) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	tell := func(v any) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(v)
	}
	switch {
	case path == devInspector && r.Method == http.MethodGet:
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write(inspector)
	case path == devSite && r.Method == http.MethodGet:
		tell(s.describe(r.Context(), now, r.URL.Query().Get("path")))
	case r.Header.Get(devHeader) == "":
		http.NotFound(w, r)
	case path == devState:
		tell(devReport{now.site.renderer.Build, s.folders})
	case path == devFailure:
		f, ok := s.log.find(r.URL.Query().Get("id"))
		if !ok {
			http.NotFound(w, r)
			return
		}
		tell(f)
	case path == devRenew && r.Method == http.MethodPost:
		build, err := s.renew(context.WithoutCancel(r.Context()), r.URL.Query().Get("assets") != "")
		if err != nil {
			http.Error(w, err.Error(), http.StatusUnprocessableEntity)
			return
		}
		tell(devReport{build, s.folders})
	default:
		http.NotFound(w, r)
	}
}

// A devReport is what the tool has to know of the program.
type devReport struct {
	Build   string   `json:"build"`
	Folders []string `json:"folders"` // whose files are read from disk: they need no compiler
}

// renew forgets every page that was made, and reads assets again.
func (s *studio) renew(ctx context.Context, assets bool) (build string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if assets {
		if _, err := s.p.build(ctx, s.p.seedPath(), buildFlags{jobs: 1, quiet: true}); err != nil {
			return "", err
		}
	}
	next := &stage{}
	if next.site, err = s.p.openSite(); err != nil {
		return "", err
	}
	s.count++ // what a store kept of the texts of before is of another build
	next.site.renderer.Build += fmt.Sprintf(".%d", s.count)
	if next.cache, next.store, err = s.p.cacheOver(ctx, next.site, s.caching); err != nil {
		return "", errors.Join(err, next.site.seed.Close())
	}
	config := s.config
	config.Renderer, config.Cache, config.Files = next.site.renderer, next.cache, s.p.files(next.site.seed, next.store)
	if next.handler, err = serve.New(config); err != nil {
		next.close()
		return "", err
	}
	if s.before != nil {
		s.before.close()
	}
	s.before = s.now.Swap(next)
	if s.count == 1 {
		s.before = nil // serve closes what it began with, whose values are still read
	}
	return next.site.renderer.Build, nil
}

// manyPaths bounds what the inspector explains.
const manyPaths = 50

func (s *studio) see(path string) {
	s.seen.Lock()
	defer s.seen.Unlock()
	s.seen.paths = slices.DeleteFunc(s.seen.paths, func(p string) bool { return p == path })
	if s.seen.paths = append(s.seen.paths, path); len(s.seen.paths) > manyPaths {
		s.seen.paths = s.seen.paths[1:]
	}
}

// An explained page is a path that somebody asked for, and why it is as it is.
type explained struct {
	Path   string        `json:"path"`
	Report *cache.Report `json:"report,omitempty"`
	Error  string        `json:"error,omitempty"`
}

// describe is what the inspector shows: of one page, or of all that were
// asked for lately.
func (s *studio) describe(ctx context.Context, now *stage, path string) any {
	paths := []string{path}
	if path == "" {
		s.seen.Lock()
		paths = slices.Clone(s.seen.paths)
		s.seen.Unlock()
		slices.Reverse(paths)
	}
	var found []explained
	router := now.handler.Router()
	for _, at := range paths {
		e := explained{Path: at}
		escaped := strings.TrimPrefix(at, gorgon.EscapePath(s.p.base))
		page, decoded, locale, err := s.p.route(router, escaped)
		switch {
		case err == nil:
			report := now.cache.Why(ctx, page, decoded, locale)
			e.Report = &report
		case path == "":
			continue // a file, a handler's, or nothing at all
		default:
			e.Error = err.Error()
		}
		found = append(found, e)
	}
	return struct {
		App      string      `json:"app"`
		Build    string      `json:"build"`
		Routes   []route     `json:"routes"`
		Folders  []string    `json:"folders"`
		Entries  []explained `json:"entries"`
		Failures []failure   `json:"failures"`
	}{s.p.app.Name, now.site.renderer.Build, s.p.routes(), s.folders, found, s.log.all()}
}

// A failure is what the log says of a request that failed.
type failure struct {
	ID   string    `json:"id,omitempty"`
	At   time.Time `json:"at"`
	Path string    `json:"path,omitempty"`
	Text string    `json:"text"`
}

// failures keeps the errors that pass through a log.
type failures struct {
	slog.Handler
	mu   sync.Mutex
	kept []failure
}

const manyFailures = 30

// Handle keeps an error, and passes everything on.
func (f *failures) Handle(ctx context.Context, r slog.Record) error {
	if r.Level >= slog.LevelError {
		kept := failure{At: r.Time, Text: r.Message}
		r.Attrs(func(a slog.Attr) bool {
			switch a.Key {
			case "id":
				kept.ID = a.Value.String()
			case "path":
				kept.Path = a.Value.String()
			case "err":
				kept.Text += ": " + a.Value.String()
			}
			return true
		})
		f.mu.Lock()
		if f.kept = append(f.kept, kept); len(f.kept) > manyFailures {
			f.kept = f.kept[1:]
		}
		f.mu.Unlock()
	}
	return f.Handler.Handle(ctx, r)
}

func (f *failures) all() []failure {
	f.mu.Lock()
	defer f.mu.Unlock()
	all := slices.Clone(f.kept)
	slices.Reverse(all)
	return all
}

func (f *failures) find(id string) (failure, bool) {
	all := f.all()
	i := slices.IndexFunc(all, func(k failure) bool { return k.ID != "" && k.ID == id })
	if i < 0 {
		return failure{}, false
	}
	return all[i], true
}
