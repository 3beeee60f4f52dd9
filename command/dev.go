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
	"github.com/gorgon-go/gorgon/wire"
)

//go:embed inspector.html
var inspector []byte

// developing reports whether 'gorgon dev' runs this program: pages are then
// generated when they are requested, and not before the program listens.
func (p *program) developing() bool { return p.pkg == nil && os.Getenv("GORGON_DEV") == "1" }

// A devServer serves the app during development: it can regenerate what it serves
// without a new program.
type devServer struct {
	p       *program
	config  serve.Config
	caching cache.Config
	log     *failures
	folders []string     // on disk, of assets and static files
	mails   http.Handler // that shows them; nil if they are sent, or the app has none
	now     atomic.Pointer[revision]

	mu     sync.Mutex // one renewal at a time
	count  int
	before *revision // its last requests may still be answered

	seen struct {
		sync.Mutex
		host  string   // that the browser asked last
		paths []string // of pages, escaped, the latest last
	}
}

// A revision is what is served between two changes.
type revision struct {
	site    *site
	cache   *cache.Cache
	store   pages.Store
	handler *serve.Handler
}

func (s *revision) close() {
	_ = s.cache.Close()
	if s.store != nil {
		_ = s.store.Close()
	}
	_ = s.site.close()
}

// developed returns the handler, wrapped so that the tool can restart it.
func developed(p *program, h http.Handler, first *site, config serve.Config, caching cache.Config) http.Handler {
	if !p.developing() {
		return h
	}
	s := &devServer{p: p, caching: caching, folders: onDisk(&p.app), log: &failures{Handler: p.log.Handler()}}
	p.values = first.seed.Value
	config.Log = slog.New(s.log)
	s.config = config
	again, err := serve.New(config)
	if err != nil {
		return h // it was made of the same a moment ago
	}
	s.now.Store(&revision{first, config.Cache, nil, again})
	s.keepMails()
	return s
}

func (s *devServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	now := s.now.Load()
	s.from(r)
	switch path := r.URL.Path; {
	case path == wire.Live:
		w.Header().Set(wire.HeaderBuild, now.site.renderer.Build)
	case strings.HasPrefix(path, wire.Dev): // without the base path: the tool knows none
		s.answer(w, r, path, now)
		return
	case r.Method == http.MethodGet && !strings.HasPrefix(path, s.p.base+wire.Root):
		s.see(r.URL.EscapedPath())
	}
	now.handler.ServeHTTP(w, r)
}

// answer answers the tool.
func (s *devServer) answer(w http.ResponseWriter, r *http.Request, path string, now *revision) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	tell := func(v any) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(v)
	}
	switch {
	case path == wire.Dev && r.Method == http.MethodGet:
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write(inspector)
	case s.mails != nil && strings.HasPrefix(path, wire.DevMail):
		s.mails.ServeHTTP(w, r)
	case path == wire.DevMail:
		http.Error(w, "no mails are kept: give the app's sender to command.Config.Mail, and leave its server unset", http.StatusNotFound)
	case path == wire.DevSite && r.Method == http.MethodGet:
		tell(s.describe(r.Context(), now, r.URL.Query().Get("path")))
	case r.Header.Get(wire.HeaderDev) == "":
		http.NotFound(w, r)
	case path == wire.DevState:
		tell(wire.DevReport{Build: now.site.renderer.Build, Folders: s.folders})
	case path == wire.DevFailure:
		f, ok := s.log.find(r.URL.Query().Get("id"))
		if !ok {
			http.NotFound(w, r)
			return
		}
		tell(f)
	case path == wire.DevRenew && r.Method == http.MethodPost:
		build, err := s.renew(context.WithoutCancel(r.Context()), r.URL.Query().Get("assets") != "")
		if err != nil {
			http.Error(w, err.Error(), http.StatusUnprocessableEntity)
			return
		}
		tell(wire.DevReport{Build: build, Folders: s.folders})
	default:
		http.NotFound(w, r)
	}
}

// renew forgets every page that was made, and reads assets again.
func (s *devServer) renew(ctx context.Context, assets bool) (build string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if assets {
		if _, err := (builder{s.p, buildFlags{jobs: 1, quiet: true}}).run(ctx, s.p.seedPath()); err != nil {
			return "", err
		}
	}
	next := &revision{}
	if next.site, err = s.p.openSite(s.p.seedPath()); err != nil {
		return "", err
	}
	s.count++ // what a store kept of the texts of before is of another build
	next.site.renderer.Build += fmt.Sprintf(".%d", s.count)
	if next.cache, next.store, err = s.p.cacheOver(ctx, next.site, s.caching); err != nil {
		return "", errors.Join(err, next.site.close())
	}
	config := s.config
	config.Renderer, config.Cache, config.Files = next.site.renderer, next.cache, filesOf(next.site.seed, next.store, s.p.log)
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

func (s *devServer) see(path string) {
	s.seen.Lock()
	defer s.seen.Unlock()
	s.seen.paths = slices.DeleteFunc(s.seen.paths, func(p string) bool { return p == path })
	if s.seen.paths = append(s.seen.paths, path); len(s.seen.paths) > manyPaths {
		s.seen.paths = s.seen.paths[1:]
	}
}

// An explained page is a requested path, and why it is as it is.
type explained struct {
	Path   string        `json:"path"`
	Report *cache.Report `json:"report,omitempty"`
	Error  string        `json:"error,omitempty"`
}

// describe is what the inspector shows: of one page, or of all that were
// asked for lately.
func (s *devServer) describe(ctx context.Context, now *revision, path string) any {
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
	}{s.p.app.Name, now.site.renderer.Build, routesOf(s.p.app), s.folders, found, s.log.all()}
}

// A failure is what the log says of a request that failed.
type failure struct {
	ID string    `json:"id,omitempty"`
	At time.Time `json:"at"`
	wire.DevFailed
}

// failures keeps the errors that pass through a log.
type failures struct {
	slog.Handler
	mu   sync.Mutex
	kept []failure
}

const manyFailures = 30

// Enabled asks for every record: of a request that fails often, only the first
// times are written as errors.
func (f *failures) Enabled(context.Context, slog.Level) bool { return true }

// Handle keeps what tells why a request failed, and passes on what the log
// takes.
func (f *failures) Handle(ctx context.Context, r slog.Record) error {
	kept := failure{At: r.Time, DevFailed: wire.DevFailed{Text: r.Message}}
	r.Attrs(func(a slog.Attr) bool {
		switch a.Key {
		case wire.LogID:
			kept.ID = a.Value.String()
		case wire.LogPath:
			kept.Path = a.Value.String()
		case wire.LogError:
			kept.Text += ": " + a.Value.String()
		}
		return true
	})
	if r.Level >= slog.LevelError || kept.ID != "" {
		f.mu.Lock()
		if f.kept = append(f.kept, kept); len(f.kept) > manyFailures {
			f.kept = f.kept[1:]
		}
		f.mu.Unlock()
	}
	if !f.Handler.Enabled(ctx, r.Level) {
		return nil
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
