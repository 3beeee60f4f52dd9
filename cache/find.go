// Finding a page that is not in memory: in the store, else in the seed.

package cache

import (
	"context"
	"errors"
	"net/http"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/coherence"
	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/render"
)

// id is a key in memory; the page's pointer stands for its pattern.
type id struct {
	page   *gorgon.Definition
	path   string
	locale string
}

func (i id) key() pages.Key { return pages.Key{Route: i.page.Path, Path: i.path, Locale: i.locale} }

// find looks for a page outside memory and makes it where it is nowhere.
func (m *maker) find(fl *flight, k id) {
	// Another flight may have ended since the request looked.
	if i, ok := m.memory.GetIfPresent(k); ok {
		fl.item = i
		return
	}
	i, listed, err := m.sources.load(fl.ctx, k)
	switch {
	case i != nil:
		if p := i.entry.Packed; p != nil {
			m.memory.follow(k, p)
		}
		m.memory.Set(k, i)
		fl.item = i
		return
	case err != nil:
		fl.err = err
		return
	case !listed:
		// Nothing is remembered of it: to find this out again is as cheap.
		fl.err = &gorgon.Error{Op: "get", Path: k.path, Kind: gorgon.KindNotFound}
		return
	}
	m.renew(fl, k, nil, true)
}

// sources are the store and the seed.
type sources struct {
	config    *Config
	coherence *coherence.Instance
	records   *records // nil without a store
}

// load reads a page from the store and the seed, and takes the newer. Where
// it has none, it says whether there can be such a page. It fails where it is
// not to be made now.
func (s *sources) load(ctx context.Context, k id) (i *item, listed bool, err error) {
	seeded, listed := s.fromSeed(k)
	listed = listed || k.page.Incremental || s.config.Seed == nil || len(k.page.Pattern.Wildcards()) == 0
	if !listed || s.records == nil || k.page.Local {
		return seeded, listed, nil
	}
	stored, err := s.fromStore(ctx, k, func(e *pages.Entry) bool { return seeded == nil || !e.MadeAt.Before(seeded.entry.MadeAt) })
	if stored != nil {
		return stored, listed, nil
	}
	if seeded != nil {
		s.coherence.Check(&seeded.copy)
	}
	return seeded, listed, err
}

// fromSeed makes an item of a page of the seed, and says whether the seed
// lists it: one that is listed and cannot be read is made again.
func (s *sources) fromSeed(k id) (i *item, listed bool) {
	if s.config.Seed == nil {
		return nil, false
	}
	entry, err := s.config.Seed.Entry(k.key())
	if err != nil {
		if listed = !errors.Is(err, pages.ErrNotFound); listed {
			s.config.Log.Warn("a page of the seed cannot be read; it is regenerated", "page", k.key().String(), "err", err)
		}
		return nil, listed
	}
	i = s.item(k, entry)
	if i.copy.Dated = true; i.copy.Fed {
		i.fresh = 0 // what was committed between the build and now may have been purged elsewhere
	}
	return i, true
}

// fromStore makes an item of a stored entry, if that is wanted, rendered with
// this build's view; nil where there is none, whatever is wrong with the store,
// or where its state is no longer understood. It fails where too much is being
// rendered.
func (s *sources) fromStore(ctx context.Context, k id, wanted func(*pages.Entry) bool) (*item, error) {
	entry, err := s.records.get(ctx, k.key())
	if err != nil || !wanted(entry) {
		return nil, nil
	}
	if entry.Build == s.config.Renderer.Build || entry.Status != http.StatusOK {
		if entry, err = render.Decoded(k.page, entry); err != nil {
			s.config.Log.Info("a stored value cannot be read; it is loaded again", "page", k.key().String(), "err", err)
			return nil, nil
		}
	}
	i := s.item(k, entry)
	s.coherence.Check(&i.copy)
	if entry.Build == s.config.Renderer.Build || i.missing() {
		return i, nil
	}
	again, err := s.config.Renderer.Again(ctx, k.page, entry)
	if refused(err) || ctx.Err() != nil {
		return nil, err
	}
	if err != nil {
		s.config.Log.Info("an entry of another build cannot be rendered; the page is regenerated", "page", k.key().String(), "err", err)
		return nil, nil
	}
	i = s.item(k, again)
	i.foreign = true
	s.coherence.Check(&i.copy) // the new view may have other tags
	return i, nil
}

func (s *sources) item(k id, e *pages.Entry) *item {
	i := newItem(e, s.config.Prepare)
	i.value = render.SizeOfValue(k.page, e)
	return i
}
