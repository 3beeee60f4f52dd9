// Package build makes what can be made ahead and packs it into a seed.
//
// It calls package render for every path and locale, on all processors, and
// goes on when a page fails: all failures are reported together, and the seed
// that was there before stays untouched. The same app at the same time gives
// the same bytes.
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
	"github.com/gorgon-go/gorgon/compress"
	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/render"
	"github.com/gorgon-go/gorgon/seed"
)

// Config says what to build and where to. App and Out are needed.
type Config struct {
	App     gorgon.App
	Out     string          // the seed file; its folder is made where it is missing
	Binary  string          // what identifies the program, so that a later start knows whether it changed
	Base    string          // the base path, as in "/docs". Default: none
	Jobs    int             // pages made at once. Default: the number of processors
	Timeout time.Duration   // of one page. Default: the page's own
	Effort  compress.Effort // of compressing. Default: Fast
	Time    time.Time       // that the pages are said to be made at. Default: now
	Secret  string          // seals what travels through browsers. Default: Binary, which is a secret as long as the program is
	Lazy    bool            // list no pages: they are made when asked for. Default: all that can be made ahead are

	// Values knows build values that the same program made before, by name;
	// one that it fails for is made. Default: all are made.
	Values func(name string) ([]byte, error)

	// Bundle makes the files that are served of the app's assets, by path,
	// and says what became of them; bundle.Bundler has it. An app with Assets
	// needs it.
	Bundle func(ctx context.Context, app gorgon.App, base string) (gorgon.Assets, map[string][]byte, error)

	Tell func(done, total int) // is told of progress, from one goroutine. Default: nobody is
}

// A Report says what a build did.
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
	b := &builder{Config: c, used: map[pages.Key]bool{}, buffers: sync.Pool{New: func() any { return new([]byte) }}}
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
	values         map[string][]byte
	assets         gorgon.Assets
	bundled        map[string][]byte // by path
	renderer       *render.Renderer
	jobs           []*job
	fragments      []*job             // used by what was made, to be made next
	used           map[pages.Key]bool // fragments that are listed
	written, total int
	sitemap        []listed
	buffers        sync.Pool // of *[]byte
	failures       Failures
	report         Report
}

// prepare makes the build values, reads the assets, and finds the build's id.
func (b *builder) prepare(ctx context.Context) error {
	b.values = map[string][]byte{}
	var faults []error
	for _, v := range b.App.ValueDefinitions() {
		data, err := b.value(ctx, v)
		if err != nil {
			faults = append(faults, fmt.Errorf("build value %s: %w", v.Name, err))
		}
		b.values[v.Name] = data
	}
	if err := b.bundle(ctx); err != nil {
		faults = append(faults, err)
	}
	if len(faults) > 0 {
		return errors.Join(faults...)
	}
	b.report.Build, b.report.Seed = b.id(), b.Out
	b.renderer = &render.Renderer{
		Seal: render.NewSeal(b.Secret, b.Binary, b.report.Build),
		App:  b.App, Build: b.report.Build, Effort: b.Effort,
		Values: gorgon.NewValues(b.App, func(name string) ([]byte, error) { return b.values[name], nil }),
		Site:   gorgon.Site{Base: b.Base, Origin: b.App.Origin, Locales: b.App.Locales, Assets: b.assets},
		Width:  b.Jobs,
		Lean:   true,
		Now:    func() time.Time { return b.Time },
	}
	return nil
}

func (b *builder) value(ctx context.Context, v gorgon.ValueDefinition) ([]byte, error) {
	if b.Values != nil {
		if data, err := b.Values(v.Name); err == nil {
			return data, nil
		}
	}
	return makeValue(ctx, v)
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
	_ = enc.Encode([]any{b.App.Name, b.Binary, b.Base, b.App.Origin, b.App.Locales, b.assets, b.values})
	if b.App.PrefixDefault || len(b.App.LocaleNames) > 0 {
		_ = enc.Encode([]any{b.App.PrefixDefault, b.App.LocaleNames})
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
		Locales: b.App.Locales, PrefixDefault: b.App.PrefixDefault, MadeAt: b.Time, Pages: b.report.Pages, Assets: b.assets, Routes: routes, Sealed: render.SealMark(b.renderer.Seal),
	})
	return err
}
