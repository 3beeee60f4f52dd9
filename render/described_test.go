// Heads, headers and tags that depend on more than the state.

package render_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/render"
	"github.com/gorgon-go/gorgon/viewctx"
)

func TestHeadHeadersAndTagsKnowWhereTheyAre(t *testing.T) {
	titles := map[string]string{"en": "Cheese", "de": "Käse"}
	page := pageOf(func(p *gorgon.Page[state]) {
		p.LoadRequest = func(context.Context, gorgon.Input, *http.Request) (state, error) { return state{"asked"}, nil }
		p.Merge = func(_ context.Context, _ gorgon.Input, _, asked state) (state, error) { return asked, nil }
		p.HeadFor = func(ctx context.Context, in gorgon.Input, s state) (gorgon.Head, error) {
			asset, err := gorgon.Asset(ctx, "a.png")
			if err != nil {
				return gorgon.Head{}, err
			}
			image, err := gorgon.AbsoluteURL(ctx, asset)
			return gorgon.Head{Title: titles[in.Locale] + " " + in.PathValue("id") + " " + s.Text, Meta: []gorgon.Meta{{Property: "og:image", Content: image}}}, err
		}
		p.HeadersFor = func(ctx context.Context, in gorgon.Input, s state) (http.Header, error) {
			return http.Header{"X-Next": {gorgon.URL(ctx, "/p/2")}, "X-Of": {in.Path + s.Text}}, nil
		}
		p.TagsFor = func(ctx context.Context, in gorgon.Input, s state) ([]string, error) {
			return []string{gorgon.LocaleOf(ctx) + "-" + in.PathValue("id")}, nil
		}
	})
	r := renderer(func(r *render.Renderer) {
		r.App = gorgon.App{Locales: gorgon.Locales{Tags: []string{"en", "de"}}}
		r.Site = viewctx.Site{Base: "/docs", Origin: "https://example.com", Locales: r.App.Locales.Tags, Assets: viewctx.Assets{Paths: map[string]string{"a.png": "/_gorgon/assets/a.1.png"}}}
	})
	check := func(how, html, title string, header http.Header, text string) {
		t.Helper()
		if want := "Käse 1 " + text; title != want || !strings.Contains(html, "<title>"+want+"</title>") ||
			!strings.Contains(html, `<meta property="og:image" content="https://example.com/docs/_gorgon/assets/a.1.png">`) {
			t.Errorf("%s: %q %s", how, title, html)
		}
		if header.Get("X-Next") != "/docs/de/p/2" || header.Get("X-Of") != "/p/1"+text {
			t.Errorf("%s: %v", how, header)
		}
	}
	kept, err := r.Make(t.Context(), render.Task{Page: page, Path: "/p/1", Locale: "de"})
	if err != nil {
		t.Fatal(err)
	}
	again, err := r.Again(t.Context(), page, kept)
	if err != nil {
		t.Fatal(err)
	}
	for how, e := range map[string]*pages.Entry{"made": kept, "rendered again": again} {
		check(how, string(e.HTML), e.Title, e.Header, "hello")
		if !slices.Equal(e.Tags, []string{"de-1"}) {
			t.Errorf("%s: tags %v", how, e.Tags)
		}
	}
	res, err := r.Request(t.Context(), page, "/p/1", "de", request(t), kept)
	if err != nil {
		t.Fatal(err)
	}
	whole, err := res.Whole(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	check("requested", string(whole.HTML), whole.Title, res.Header, "asked")
}

func TestWhatAPageCannotSayOfItselfFailsIt(t *testing.T) {
	failed := errors.New("no translation")
	for name, change := range map[string]func(*gorgon.Page[state]){
		"Head": func(p *gorgon.Page[state]) {
			p.HeadFor = func(context.Context, gorgon.Input, state) (gorgon.Head, error) { return gorgon.Head{}, failed }
		},
		"Headers": func(p *gorgon.Page[state]) {
			p.HeadersFor = func(context.Context, gorgon.Input, state) (http.Header, error) { return nil, failed }
		},
		"Tags": func(p *gorgon.Page[state]) {
			p.TagsFor = func(context.Context, gorgon.Input, state) ([]string, error) { return nil, failed }
		},
		"Canonical": func(p *gorgon.Page[state]) {
			p.Head = func(state) gorgon.Head { return gorgon.Head{Canonical: "post"} }
		},
	} {
		_, err := makePage(t, renderer(), pageOf(change))
		wantFault(t, err, "/p/1", name)
		if name != "Canonical" && !errors.Is(err, failed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTagsOfAFragmentKnowItsProps(t *testing.T) {
	d := gorgon.Fragment[int, state]{
		Name: "stock", View: text,
		Load: func(context.Context, gorgon.Input, int) (state, error) { return state{"many"}, nil },
		TagsFor: func(ctx context.Context, in gorgon.Input, props int, s state) ([]string, error) {
			return []string{gorgon.LocaleOf(ctx) + s.Text + strings.Repeat("!", props)}, nil
		},
	}.Definition()
	r := renderer(func(r *render.Renderer) {
		r.App.Locales.Tags = []string{"en", "de"}
		r.Site.Locales = r.App.Locales.Tags
	})
	e, err := r.Make(t.Context(), render.Task{Page: d, Path: viewctx.FragmentPath("stock", []byte("3")), Locale: "de"})
	if err != nil || !slices.Equal(e.Tags, []string{"demany!!!"}) {
		t.Errorf("%v %v", e, err)
	}
}

func TestModifiedIsForTheBuildAlone(t *testing.T) {
	at := time.Date(2026, 5, 6, 7, 8, 9, 0, time.UTC)
	e := mustMake(t, renderer(), pageOf(func(p *gorgon.Page[state]) { p.Head = func(state) gorgon.Head { return gorgon.Head{Modified: at} } }))
	if !e.ContentAt.Equal(at) || e.ModifiedAt.Equal(at) {
		t.Errorf("content %v, HTML %v", e.ContentAt, e.ModifiedAt)
	}
}
