// Package build generates the pages that can be built ahead and packs them into
// a seed.
//
// It calls package render for every path and locale, on all processors, and
// continues when a page fails: all failures are reported together, and the
// previous seed stays untouched. Only if the first hundred pages all fail for
// one cause, the others are not tried. The same app at the same time gives the
// same bytes.
package build

import (
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
	"sync"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/admission"
	"github.com/gorgon-go/gorgon/compress"
	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/paths"
	"github.com/gorgon-go/gorgon/render"
	"github.com/gorgon-go/gorgon/seed"
	"github.com/gorgon-go/gorgon/viewctx"
)

// Config says what to build and where to write it. App and Out are required.
type Config struct {
	App     gorgon.App
	Out     string          // the seed file; its folder is created if it is missing
	Binary  string          // identifies the program, so that a later start knows whether it changed
	Base    string          // the base path, as in "/docs". Default: none
	Jobs    int             // pages made at once. Default: the number of processors
	Timeout time.Duration   // of one page. Default: the page's own
	Effort  compress.Effort // the effort of compressing. Default: Fast
	Time    time.Time       // the time of the build that pages and seed state. Default: DataAt
	DataAt  time.Time       // when the data of the pages was read. Default: now
	Secret  string          // seals data that travels through browsers. Default: Binary, which is a secret as long as the program is
	Lazy    bool            // list no pages: they are generated on request. Default: build all that can be built

	// Values returns build values that the same program made before, by name;
	// values for which it fails are made. Default: all are made.
	Values func(name string) ([]byte, error)

	// Bundle makes the files that are served as the app's assets, by path, and
	// their metadata; bundle.Bundler has it. An app with Assets needs it.
	Bundle func(ctx context.Context, app gorgon.App, base string) (viewctx.Assets, map[string][]byte, error)

	Tell func(done, total int) // called with the progress, from one goroutine. Default: no calls
}

// A Report is the result of a build.
type Report struct {
	Build     string        `json:"build"`
	Seed      string        `json:"seed"`
	Pages     int           `json:"pages"`
	Fragments int           `json:"fragments,omitzero"`
	Files     int           `json:"files"`
	Bytes     int64         `json:"bytes"` // of HTML
	Packed    int64         `json:"packed"`
	Took      time.Duration `json:"-"`       // in JSON: tookSeconds
	Slowest   []Timing      `json:"slowest"` // at most ten
	Warnings  []string      `json:"warnings,omitempty"`
}

// A Timing is how long one page took.
type Timing struct {
	Page string        `json:"page"`
	Took time.Duration `json:"-"` // in JSON: tookSeconds
}

// MarshalJSON writes the time in seconds.
func (r Report) MarshalJSON() ([]byte, error) {
	type report Report // without this method
	return json.Marshal(struct {
		report
		TookSeconds float64 `json:"tookSeconds"`
	}{report(r), r.Took.Seconds()})
}

// MarshalJSON writes the time in seconds.
func (t Timing) MarshalJSON() ([]byte, error) {
	type timing Timing
	return json.Marshal(struct {
		timing
		TookSeconds float64 `json:"tookSeconds"`
	}{timing(t), t.Took.Seconds()})
}

// Run builds the seed. Its error is [*Failures] if pages failed.
//
// While it runs, the program collects garbage less often, unless GOGC is set: a
// build is short, keeps little, and discards much.
func Run(ctx context.Context, c Config) (Report, error) {
	start := time.Now()
	if err := c.App.Validate(); err != nil {
		return Report{}, err
	}
	if c.Jobs <= 0 {
		c.Jobs = runtime.GOMAXPROCS(0)
	}
	if c.DataAt.IsZero() {
		c.DataAt = start
	}
	if c.Time.IsZero() {
		c.Time = c.DataAt
	}
	c.DataAt = c.DataAt.UTC().Round(0)
	c.Time = c.Time.UTC().Round(0)
	b := &builder{Config: c, used: map[pages.Key]bool{}, told: map[*gorgon.Definition]bool{}, buffers: sync.Pool{New: func() any { return new([]byte) }}}
	defer debug.SetGCPercent(batchGC())
	if err := b.prepare(ctx); err != nil {
		return Report{}, err
	}
	if !c.Lazy {
		b.list(ctx)
	}
	if err := os.MkdirAll(filepath.Dir(c.Out), 0o755); err != nil {
		return Report{}, fmt.Errorf("build: %w: choose another folder, or make it writable", err)
	}
	w, err := seed.Create(c.Out)
	if err != nil {
		return Report{}, err
	}
	defer w.Abort()
	if err := b.makeAll(ctx, w); err != nil {
		return Report{}, err
	}
	if len(b.failures.Pages) > 0 {
		return b.report, &b.failures
	}
	if err := b.commit(w); err != nil {
		return b.report, err
	}
	b.report.Took = time.Since(start)
	return b.report, nil
}

// batchGC lets the heap grow to five times the live memory before a collection,
// and returns the previous setting.
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
	values         map[string][]byte
	assets         viewctx.Assets
	bundled        map[string][]byte // by path
	static         map[string][]byte // by path
	named          map[string]string // what the app serves instead of pages, by path, for messages
	claims         *paths.Claims
	own            map[string]bool // whether there is a page at the path of a file that is made here
	renderer       *render.Renderer
	jobs           []*job
	fragments      []*job             // used by entries so far, to be made next
	used           map[pages.Key]bool // fragments that are listed
	written, total int
	sitemap        []listed
	buffers        sync.Pool // of *[]byte
	failures       Failures
	report         Report
	told           map[*gorgon.Definition]bool // that their headers are not sent
}

// prepare makes the build values, reads the assets, and finds the build's id.
func (b *builder) prepare(ctx context.Context) error {
	b.values = map[string][]byte{}
	var faults []error
	for name, make := range b.App.ValueMakers() {
		data, err := b.value(ctx, name, make)
		if err != nil {
			faults = append(faults, fmt.Errorf("build value %s: %w", name, err))
		}
		b.values[name] = data
	}
	if err := b.bundle(ctx); err != nil {
		faults = append(faults, err)
	} else if err := b.readStatic(); err != nil {
		faults = append(faults, err)
	}
	faults = append(faults, b.reach()...)
	if len(faults) > 0 {
		return errors.Join(faults...)
	}
	b.report.Build, b.report.Seed = b.id(), b.Out
	b.renderer = &render.Renderer{
		Seal: render.NewSeal(b.Secret, b.Binary, b.report.Build),
		App:  b.App, Build: b.report.Build, Effort: b.Effort,
		Values: b.App.ReadValues(func(name string) ([]byte, error) { return b.values[name], nil }),
		Site:   viewctx.Site{Base: b.Base, Origin: b.App.Origin, Locales: b.App.Locales.Tags, Assets: b.assets, File: b.linked, Caches: b.caches(ctx)},
		Limits: admission.Limits{Width: b.Jobs},
		Lean:   true,
		Now:    func() time.Time { return b.Time },
	}
	return nil
}

// value is a build value as JSON: the one given, or else computed.
func (b *builder) value(ctx context.Context, name string, make func(context.Context) ([]byte, error)) (data []byte, err error) {
	if b.Values != nil {
		if data, err := b.Values(name); err == nil {
			return data, nil
		}
	}
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return make(ctx)
}

// id identifies the build by everything that determines how its pages look,
// except their states: the program, where it is served, its values and its
// assets.
func (b *builder) id() string {
	hash := sha256.New()
	enc := json.NewEncoder(hash)
	_ = enc.Encode([]any{b.App.Name, b.Binary, b.Base, b.App.Origin, b.App.Locales.Tags, b.assets, b.values})
	if b.App.Locales.PrefixDefault || len(b.App.Locales.Names) > 0 {
		_ = enc.Encode([]any{b.App.Locales.PrefixDefault, b.App.Locales.Names})
	}
	return base64.RawURLEncoding.EncodeToString(hash.Sum(nil)[:9])
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
	for name := range b.App.ValueMakers() {
		if err := w.Value(name, b.values[name]); err != nil {
			return err
		}
	}
	var routes []string
	for _, d := range b.App.Definitions() {
		routes = append(routes, d.Path)
	}
	b.report.Packed, err = w.Commit(seed.Manifest{
		App: b.App.Name, Build: b.report.Build, Binary: b.Binary, Base: b.Base, Origin: b.App.Origin,
		Effort: b.Effort.String(), Locales: b.App.Locales.Tags, PrefixDefault: b.App.Locales.PrefixDefault, MadeAt: b.Time, Pages: b.report.Pages, Assets: b.assets, Routes: routes, Sealed: render.SealMark(b.renderer.Seal),
	})
	if err != nil {
		return err
	}
	at := b.DataAt
	if at.Equal(b.Time) {
		at = time.Time{}
	}
	return seed.PutTime(b.Out, at)
}
