// The pages as an app, and what serves it.

package admin

import (
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"log/slog"
	"net/http"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/answer"
	"github.com/gorgon-go/gorgon/cache"
	"github.com/gorgon-go/gorgon/client"
	"github.com/gorgon-go/gorgon/compress"
	"github.com/gorgon-go/gorgon/operate"
	"github.com/gorgon-go/gorgon/render"
	"github.com/gorgon-go/gorgon/serve"
	"github.com/gorgon-go/gorgon/viewctx"
	"github.com/gorgon-go/gorgon/wire"
)

//go:embed admin.css
var style []byte

//go:embed icon.svg
var icon []byte

// How often figures are made while a page is open: those that this process has, and
// those that a database or a store has.
const (
	often  = 2 * time.Second
	seldom = 10 * time.Second
)

// memory is the bound of the figures that are kept.
const memory = 4 << 20

// A site is the app of one program.
type site struct {
	p        *operate.Program
	sections []section
	figures  gorgon.Fragment[query, figures] // made often
	answers  gorgon.Fragment[query, figures] // made seldom
}

// Figures are the state of a part of a page.
type figures struct {
	Blocks []block `json:"blocks"`
}

// open returns what serves the pages.
func open(ctx context.Context, p *operate.Program) (http.Handler, error) {
	s := &site{p: p, sections: sections()}
	live := func(name string, every time.Duration) gorgon.Fragment[query, figures] {
		return gorgon.Fragment[query, figures]{
			Name: name, Live: true, RevalidateAfter: every, StaleFor: every, Timeout: 20 * time.Second,
			Load: func(ctx context.Context, _ gorgon.Input, q query) (figures, error) {
				blocks, err := s.load(ctx, q)
				return figures{blocks}, err
			},
			View: gorgon.View(blocksView),
		}
	}
	s.figures, s.answers = live("figures", often), live("answers", seldom)
	app := s.app()
	if err := app.Validate(); err != nil {
		return nil, err
	}
	app = app.Erased()
	assets, files := assetsOf()
	build := buildOf(p.About)
	renderer := &render.Renderer{
		App: app, Build: build, Effort: compress.None, Seal: render.NewSeal(build),
		Site: viewctx.Site{Assets: assets},
	}
	quiet := slog.New(slog.DiscardHandler) // what fails is shown on the page
	kept, err := cache.New(cache.Config{Renderer: renderer, Bytes: memory, NoSweep: true, RetryMin: often, RetryMax: seldom, Prepare: answer.Prepare, Log: quiet})
	if err != nil {
		return nil, err
	}
	pages, err := serve.New(serve.Config{
		App: app, Renderer: renderer, Cache: kept, Log: quiet,
		Files: func(path string) (answer.File, bool) { f, found := files[path]; return f, found },
	})
	if err != nil {
		_ = kept.Close()
		return nil, err
	}
	context.AfterFunc(ctx, func() { _ = kept.Close() })
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/snapshot.json":
			s.snapshot(w, r)
		case doing:
			s.do(w, r)
		default:
			pages.ServeHTTP(w, r)
		}
	}), nil
}

// app describes the pages.
func (s *site) app() gorgon.App {
	app := gorgon.App{
		Name:   "admin",
		Parts:  []gorgon.Part{s.figures, s.answers, s.confirmation()},
		Layout: func(d gorgon.Document) gorgon.Component { return layout(s.frame(d.Path), d) },
		Error:  gorgon.View(failed),
	}
	for i := range s.sections {
		app.Parts = append(app.Parts, s.page(&s.sections[i]))
	}
	return app
}

// A shown is the state of a page.
type shown struct {
	Title, Lead string
	Notice      string
	Query       query
	Live        bool    // the figures come as a fragment
	Slow        bool    // the one that is made seldom
	Blocks      []block // what is not live
}

// page is the page of a section.
func (s *site) page(of *section) gorgon.Page[shown] {
	return gorgon.Page[shown]{
		Path: of.path,
		LoadRequest: func(ctx context.Context, in gorgon.Input, r *http.Request) (shown, error) {
			q := queryOf(of, in, r)
			state := shown{Title: of.title, Lead: of.lead, Query: q, Live: of.pace != once, Slow: of.pace == seldom, Notice: notices()[r.URL.Query().Get("done")]}
			if of.pace == once {
				blocks, err := s.load(ctx, q)
				state.Blocks = blocks
				return state, err
			}
			return state, nil
		},
		View: gorgon.View(func(state shown) gorgon.Component { return pageView(s, state) }),
		Head: func(state shown) gorgon.Head {
			return gorgon.Head{Title: state.Title + " · " + s.p.About.App, Description: state.Lead, Robots: "noindex"}
		},
	}
}

// part is the live part of a page.
func (s *site) part(state shown) gorgon.Component {
	if state.Slow {
		return s.answers.Use(state.Query)
	}
	return s.figures.Use(state.Query)
}

// load makes the blocks of a page.
func (s *site) load(ctx context.Context, q query) ([]block, error) {
	for i := range s.sections {
		if of := &s.sections[i]; of.path == q.At {
			return of.blocks(ctx, s.p, q), nil
		}
	}
	return nil, gorgon.NotFound()
}

func (s *site) snapshot(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	to := json.NewEncoder(w)
	to.SetIndent("", "  ")
	_ = to.Encode(s.p.Snapshot(r.Context())) // a client that has left
}

// buildOf names what the pages are made by: parts of another build are not
// followed, so browsers do not mix two.
func buildOf(a operate.About) string {
	sum := sha256.Sum256([]byte(a.App + "\x00" + a.Build + "\x00" + a.Version + "\x00" + string(style)))
	return hex.EncodeToString(sum[:6])
}

// assetsOf are the files of the pages, by names and by paths.
func assetsOf() (viewctx.Assets, map[string]answer.File) {
	assets, files := viewctx.Assets{Paths: map[string]string{}}, map[string]answer.File{}
	for _, f := range []struct {
		asset, name, kind string
		data              []byte
	}{
		{wire.Runtime, "gorgon.js", "text/javascript; charset=utf-8", client.Runtime},
		{wire.LiveRuntime, "live.js", "text/javascript; charset=utf-8", client.Live},
		{"admin.css", "admin.css", "text/css; charset=utf-8", style},
		{"icon.svg", "icon.svg", "image/svg+xml", icon},
	} {
		sum := sha256.Sum256(f.data)
		tag := hex.EncodeToString(sum[:6])
		at := wire.Assets + tag + "." + f.name
		assets.Paths[f.asset] = at
		files[at] = answer.File{ContentType: f.kind, ETag: tag, Data: f.data}
	}
	robots := []byte("User-agent: *\nDisallow: /\n")
	files["/robots.txt"] = answer.File{ContentType: "text/plain; charset=utf-8", ETag: "robots", Data: robots}
	return assets, files
}
