// The app's fragments, and the URLs that browsers fetch them from.

package render

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/sealed"
	"github.com/gorgon-go/gorgon/wire"
)

// prepare computes once what depends on the fields.
func (r *Renderer) prepare() {
	r.once.Do(func() {
		r.fragments = map[string]*gorgon.Definition{}
		for _, d := range r.App.FragmentDefinitions() {
			r.fragments[d.Fragment] = d
		}
		r.seal = r.Seal
		if r.seal == nil {
			r.seal = NewSeal(r.Build)
		}
	})
}

// NewSeal makes the key of the first secret that is set: the operator's, that
// of the program that built the site, and otherwise the build's id, which is
// not a secret.
func NewSeal(secrets ...string) *sealed.Key {
	return sealed.NewKey([]byte(cmp.Or(secrets...)), "fragments")
}

// SealMark returns what a build records about its key, and CheckSeal whether a
// key is the recorded one.
func SealMark(key *sealed.Key) string { return key.Seal([]byte("gorgon"), "mark") }

// CheckSeal says whether a key made the mark.
func CheckSeal(key *sealed.Key, mark string) bool {
	_, err := key.Open(mark, "mark")
	return err == nil
}

// Fragment returns the fragment of a name; nil if there is none.
func (r *Renderer) Fragment(name string) *gorgon.Definition {
	r.prepare()
	return r.fragments[name]
}

func (r *Renderer) key() *sealed.Key {
	r.prepare()
	return r.seal
}

func (r *Renderer) fragment(name string) (*gorgon.Definition, error) {
	if d := r.Fragment(name); d != nil {
		return d, nil
	}
	return nil, &gorgon.Error{Op: "use fragment", Path: name, Err: errors.New("there is no such fragment in App.Parts"), Hint: "list it there"}
}

// FragmentURL returns the URL from which a browser fetches a fragment of the
// page at a path: bare, or in a document of its own. The path is "" if the
// fragment belongs to no page, as in an error view.
func (r *Renderer) FragmentURL(name, props, locale, path string, bare bool) string {
	page := ""
	if path != "" {
		page = r.App.Prefixes().Path(locale, path)
	}
	kind := wire.View
	if bare {
		kind = wire.Fragment
	}
	closed := r.key().Seal([]byte(locale+"\n"+props), name, page, r.Build)
	return gorgon.EscapePath(r.Site.Base + kind + name + "/" + closed + page)
}

// OpenFragment decodes a URL of [Renderer.FragmentURL]: the fragment, its
// props, and the locale. The page is its decoded path with the locale.
func (r *Renderer) OpenFragment(name, closed, page string) (d *gorgon.Definition, props, locale string, err error) {
	d = r.Fragment(name)
	if d == nil {
		return nil, "", "", &gorgon.Error{Op: "open fragment", Path: name, Kind: gorgon.KindNotFound}
	}
	text, err := r.key().Open(closed, name, page, r.Build)
	if err != nil {
		// It may be another build's: the browser then reloads the page.
		return nil, "", "", &gorgon.Error{Op: "open fragment", Path: name, Kind: gorgon.KindNotFound, Err: err}
	}
	for i, c := range text {
		if c == '\n' {
			return d, string(text[i+1:]), string(text[:i]), nil
		}
	}
	return nil, "", "", &gorgon.Error{Op: "open fragment", Path: name, Kind: gorgon.KindNotFound, Err: errors.New("the URL has no locale")}
}

// SealVersion seals what is to come back from a browser as the version of the
// live fragment at a URL of [Renderer.FragmentURL].
func (r *Renderer) SealVersion(text []byte, url string) string {
	return r.key().Seal(text, "live", "version", url, r.Build)
}

// OpenVersion returns what was sealed by [Renderer.SealVersion] for the same URL,
// in the same build.
func (r *Renderer) OpenVersion(closed, url string) ([]byte, error) {
	return r.key().Open(closed, "live", "version", url, r.Build)
}

// View makes the document that shows a fragment alone, for visitors who follow
// its link. The content of the fragment is given.
func (r *Renderer) View(ctx context.Context, name, locale string, piece *pages.Entry) (e *pages.Entry, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	d := &draft{r: r, of: &gorgon.Definition{Path: wire.Fragment + name, AllowRequestTime: true}, locale: locale}
	err = d.document(ctx, gorgon.Document{
		Locale: locale, Status: 200, Title: name,
		Head: gorgon.Head{Title: name, Robots: "noindex"}, Main: gorgon.HTML(piece.HTML),
	})
	if err != nil {
		return nil, &gorgon.Error{Op: "view fragment", Path: name, Err: err}
	}
	view := *piece
	view.HTML, view.Head, view.Main, view.Holes, view.Uses = d.html, d.head, d.main, d.holes, Join(piece.Uses, d.needs())
	view.NoIndex = true
	return &view, nil
}
