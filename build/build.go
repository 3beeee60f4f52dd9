// Package build makes what can be made ahead and packs it into a seed.
//
// It calls package render for every path and locale, on all processors, and
// goes on when a page fails: all failures are reported together, and the seed
// that was there before stays untouched. The same app at the same time gives
// the same bytes.
package build

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/compress"
	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/render"
	"github.com/gorgon-go/gorgon/seed"
)

// Config says what to build and where to. App and Out are needed.
type Config struct {
	App     gorgon.App
	Out     string                // the seed file; its folder is made where it is missing
	Binary  string                // what identifies the program, so that a later start knows whether it changed
	Base    string                // the base path, as in "/docs". Default: none
	Jobs    int                   // pages made at once. Default: the number of processors
	Timeout time.Duration         // of one page. Default: the page's own
	Effort  compress.Effort       // of compressing. Default: Fast
	Time    time.Time             // that the pages are said to be made at. Default: now
	Tell    func(done, total int) // is told of progress, from one goroutine. Default: nobody is
}

// A Report says what a build did.
type Report struct {
	Build    string        `json:"build"`
	Seed     string        `json:"seed"`
	Pages    int           `json:"pages"`
	Files    int           `json:"files"`
	Bytes    int64         `json:"bytes"` // of HTML
	Packed   int64         `json:"packed"`
	Took     time.Duration `json:"-"`       // in JSON: tookSeconds
	Slowest  []Timing      `json:"slowest"` // at most ten
	Warnings []string      `json:"warnings,omitempty"`
}

// A Timing is how long one page took.
type Timing struct {
	Page string        `json:"page"`
	Took time.Duration `json:"-"` // in JSON: tookSeconds
}

// MarshalJSON says the time in seconds.
func (r Report) MarshalJSON() ([]byte, error) {
	type report Report // without this method
	return json.Marshal(struct {
		report
		TookSeconds float64 `json:"tookSeconds"`
	}{report(r), r.Took.Seconds()})
}

// MarshalJSON says the time in seconds.
func (t Timing) MarshalJSON() ([]byte, error) {
	type timing Timing
	return json.Marshal(struct {
		timing
		TookSeconds float64 `json:"tookSeconds"`
	}{timing(t), t.Took.Seconds()})
}

// Failures are the pages that could not be made, all of them.
type Failures []error

func (f Failures) Error() string   { return errors.Join(f...).Error() }
func (f Failures) Unwrap() []error { return f }

// Run builds the seed. Its error is [Failures] where pages failed.
//
// While it runs, the program's garbage is collected less often, unless GOGC
// says how often: a build is short, keeps little, and throws much away.
func Run(ctx context.Context, c Config) (Report, error) {
	start := time.Now()
	if err := c.App.Validate(); err != nil {
		return Report{}, err
	}
	if c.Jobs <= 0 {
		c.Jobs = runtime.GOMAXPROCS(0)
	}
	if c.Time.IsZero() {
		c.Time = start
	}
	c.Time = c.Time.UTC().Round(0)
	b := &builder{Config: c, buffers: sync.Pool{New: func() any { return new([]byte) }}}
	defer debug.SetGCPercent(batchGC())
	if err := b.prepare(ctx); err != nil {
		return Report{}, err
	}
	b.list(ctx)
	if err := os.MkdirAll(filepath.Dir(c.Out), 0o755); err != nil {
		return Report{}, fmt.Errorf("build: %w: choose another folder, or make it writable", err)
	}
	w, err := seed.Create(c.Out)
	if err != nil {
		return Report{}, err
	}
	defer w.Abort()
	if err := b.make(ctx, w); err != nil {
		return Report{}, err
	}
	if len(b.failures) > 0 {
		return b.report, b.failures
	}
	if err := b.commit(w); err != nil {
		return b.report, err
	}
	b.report.Took = time.Since(start)
	return b.report, nil
}

// batchGC makes the heap grow to five times what lives before it is collected,
// and returns what was set before.
func batchGC() int {
	before := debug.SetGCPercent(400)
	if os.Getenv("GOGC") != "" {
		debug.SetGCPercent(before)
	}
	return before
}

// A builder is one run.
type builder struct {
	Config
	values   map[string][]byte
	assets   assets
	renderer *render.Renderer
	jobs     []*job
	sitemap  []string  // paths with base and locale
	buffers  sync.Pool // of *[]byte
	failures Failures
	report   Report
}

// A job is one page to make.
type job struct {
	task  render.Task
	check bool // whether its state survives being kept
	done  chan struct{}

	entry   *pages.Entry
	data    *[]byte // from the builder's buffers
	warning string
	took    time.Duration
	err     error
}

// prepare makes the build values, reads the assets, and finds the build's id.
func (b *builder) prepare(ctx context.Context) error {
	b.values = map[string][]byte{}
	var faults []error
	for _, v := range b.App.ValueDefinitions() {
		data, err := makeValue(ctx, v)
		if err != nil {
			faults = append(faults, fmt.Errorf("build value %s: %w", v.Name, err))
		}
		b.values[v.Name] = data
	}
	var err error
	if b.assets, err = readAssets(b.App); err != nil {
		faults = append(faults, err)
	}
	if len(faults) > 0 {
		return errors.Join(faults...)
	}
	b.report.Build, b.report.Seed = b.id(), b.Out
	b.renderer = &render.Renderer{
		App: b.App, Build: b.report.Build, Effort: b.Effort,
		Values: gorgon.NewValues(b.App, func(name string) ([]byte, error) { return b.values[name], nil }),
		Site:   gorgon.Site{Base: b.Base, Origin: b.App.Origin, Locales: b.App.Locales, Assets: b.assets.names},
		Width:  b.Jobs,
		Lean:   true,
		Now:    func() time.Time { return b.Time },
	}
	return nil
}

func makeValue(ctx context.Context, v gorgon.ValueDefinition) (data []byte, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return v.Make(ctx)
}

// id names the build by all that decides how its pages look, other than
// their states: the program, where it is served, its values and its assets.
func (b *builder) id() string {
	hash := sha256.New()
	enc := json.NewEncoder(hash)
	_ = enc.Encode([]any{b.App.Name, b.Binary, b.Base, b.App.Origin, b.App.Locales, b.assets.names, b.values})
	return base64.RawURLEncoding.EncodeToString(hash.Sum(nil)[:9])
}

// list finds every page that is made at build.
func (b *builder) list(ctx context.Context) {
	definitions := b.App.Definitions()
	router := gorgon.NewRouter(definitions)
	for _, d := range definitions {
		if !d.Kept() || d.BuildPaths == nil && len(d.Pattern.Wildcards()) > 0 {
			continue
		}
		if b.Timeout > 0 {
			d.Timeout = b.Timeout
		}
		for i, locale := range b.App.AllLocales() {
			paths, err := b.paths(ctx, d, locale)
			if err != nil {
				b.failures = append(b.failures, fmt.Errorf("page %s: BuildPaths: %w", d.Path, err))
				continue
			}
			seen := make(map[string]bool, len(paths))
			for j, path := range paths {
				if err := b.checkPath(router, d, path); err != nil {
					b.failures = append(b.failures, fmt.Errorf("page %s: BuildPaths lists %q: %w", d.Path, path, err))
					continue
				}
				if seen[path] {
					continue
				}
				seen[path] = true
				b.jobs = append(b.jobs, &job{
					task:  render.Task{Page: d, Path: path, Locale: locale},
					check: i == 0 && j == 0 && (d.Rereads()),
				})
			}
		}
	}
}

func (b *builder) paths(ctx context.Context, d *gorgon.Definition, locale string) (paths []string, err error) {
	if d.BuildPaths == nil {
		path, err := d.Pattern.Path()
		return []string{path}, err
	}
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return d.BuildPaths(ctx, gorgon.NewInput(d.Pattern, "", locale, b.renderer.Values))
}

func (b *builder) checkPath(router *gorgon.Router, d *gorgon.Definition, path string) error {
	if err := gorgon.CheckPath(path); err != nil {
		return err
	}
	switch found := router.Match(path); found {
	case d:
		return nil
	case nil:
		return fmt.Errorf("it does not match the pattern: list whole decoded paths, such as those %s matches", d.Path)
	default:
		return fmt.Errorf("it is a page of %s, whose pattern is more specific: leave it out", found.Path)
	}
}

// make renders all pages and writes them in the order they were listed, so
// that the seed does not depend on which was ready first.
func (b *builder) make(ctx context.Context, w *seed.Writer) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	const ahead = 32 // pages that may wait for a slow one to be written first
	todo, order := make(chan *job), make(chan *job, ahead)
	var workers sync.WaitGroup
	defer workers.Wait()
	for range b.Jobs {
		workers.Go(func() {
			for j := range todo {
				b.run(ctx, j)
				close(j.done)
			}
		})
	}
	workers.Go(func() {
		defer close(order)
		defer close(todo)
		for _, j := range b.jobs {
			j.done = make(chan struct{})
			select {
			case order <- j:
			case <-ctx.Done():
				return
			}
			select {
			case todo <- j:
			case <-ctx.Done():
				return
			}
		}
	})
	written := 0
	for j := range order {
		select {
		case <-j.done:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		if err := b.write(w, j); err != nil {
			cancel()
			return err
		}
		written++
		if b.Tell != nil {
			b.Tell(written, len(b.jobs))
		}
	}
	return ctx.Err()
}

// run makes one page.
func (b *builder) run(ctx context.Context, j *job) {
	start := time.Now()
	defer func() { j.took = time.Since(start) }()
	if j.entry, j.err = b.renderer.Make(ctx, j.task); j.err != nil {
		j.err = explain(j.err, j.task.Page, time.Since(start))
		return
	}
	if j.check {
		again, err := b.renderer.Again(ctx, j.task.Page, j.entry)
		switch {
		case err != nil:
			j.warning = cause(err).Error()
		case string(again.HTML) != string(j.entry.HTML):
			j.warning = "rendered again from its state as JSON it looks different: export every field that the view reads, and let views read nothing but the state"
		}
	}
	j.data = b.buffers.Get().(*[]byte)
	*j.data, j.err = j.entry.AppendEncode((*j.data)[:0])
}

// explain says what can be done about a page that could not be made.
func explain(err error, page *gorgon.Definition, took time.Duration) error {
	kind := gorgon.KindOf(err)
	late := errors.Is(err, context.DeadlineExceeded) && took >= page.Timeout
	err = cause(err)
	switch {
	case kind == gorgon.Missing || kind == gorgon.Removed:
		return fmt.Errorf("%w: it is listed, and its BuildState says that it does not exist: correct one of them", err)
	case late:
		return fmt.Errorf("%w: it took longer than %s: make it faster, or give it more time with --timeout or Page.Timeout", err, page.Timeout)
	}
	return err
}

// cause takes the page's name off an error, for those who name it themselves.
func cause(err error) error {
	if e, ok := err.(*gorgon.Error); ok && (e.Op == "make" || e.Op == "render") && e.Err != nil {
		return e.Err
	}
	return err
}

// called names a page, and where that does not say it, the pattern that the
// app declares it by.
func called(t render.Task) string {
	if t.Path == t.Page.Path {
		return "page " + t.Key().String()
	}
	return fmt.Sprintf("page %s (of %s)", t.Key(), t.Page.Path)
}

// write takes the outcome of one page into the seed, or into the failures.
func (b *builder) write(w *seed.Writer, j *job) error {
	defer func() {
		if j.data != nil {
			b.buffers.Put(j.data)
		}
		j.entry, j.data = nil, nil
	}()
	if j.err != nil {
		b.failures = append(b.failures, fmt.Errorf("%s: %w", called(j.task), j.err))
		return nil
	}
	if j.warning != "" {
		b.report.Warnings = append(b.report.Warnings, called(j.task)+": "+j.warning)
	}
	b.report.Pages++
	b.report.Bytes += int64(len(j.entry.HTML))
	b.time(Timing{j.task.Key().String(), j.took})
	if j.entry.Status == 200 && !j.entry.NoIndex && public(j.task.Page) {
		b.sitemap = append(b.sitemap, b.Base+gorgon.EscapePath(gorgon.LocalePath(b.App.Locales, j.task.Locale, j.task.Path)))
	}
	return w.Entry(j.entry.Key, *j.data)
}

// public says whether a page is the same for everybody: others have no place in
// a sitemap, and are not exported.
func public(d *gorgon.Definition) bool { return len(d.Guards) == 0 && !d.PerRequest() }

// time keeps the slowest ten.
func (b *builder) time(t Timing) {
	s := b.report.Slowest
	if len(s) == 10 && s[9].Took >= t.Took {
		return
	}
	at, _ := slices.BinarySearchFunc(s, t, func(a, b Timing) int { return cmp.Compare(b.Took, a.Took) })
	s = slices.Insert(s, at, t)
	b.report.Slowest = s[:min(len(s), 10)]
}

// commit adds files, values and the manifest.
func (b *builder) commit(w *seed.Writer) error {
	files, err := b.files()
	if err != nil {
		return err
	}
	for _, f := range files {
		if err := w.File(f); err != nil {
			return err
		}
	}
	b.report.Files = len(files)
	for _, v := range b.App.ValueDefinitions() {
		if err := w.Value(v.Name, b.values[v.Name]); err != nil {
			return err
		}
	}
	routes := make([]string, 0, len(b.App.Routes))
	for _, d := range b.App.Definitions() {
		routes = append(routes, d.Path)
	}
	b.report.Packed, err = w.Commit(seed.Manifest{
		App: b.App.Name, Build: b.report.Build, Binary: b.Binary, Base: b.Base, Origin: b.App.Origin,
		Locales: b.App.Locales, MadeAt: b.Time, Pages: b.report.Pages, Assets: b.assets.names, Routes: routes,
	})
	return err
}
