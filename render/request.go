// Pages made for one request, and error views.

package render

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"runtime/debug"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/pages"
)

// A Response is a page for one request: its state is made, its view is not
// yet rendered.
type Response struct {
	Status int
	Header http.Header // with Location for a redirect, whose body is empty

	renderer *Renderer
	doc      gorgon.Document
	piece    bool // it is a fragment: its main part is all there is
}

// Request makes the state of a page for one request, merged with its built
// half where it has one; built is nil otherwise.
func (r *Renderer) Request(ctx context.Context, page *gorgon.Definition, path, locale string, req *http.Request, built *pages.Entry) (*Response, error) {
	ctx = r.siteFor(ctx, locale)
	in := gorgon.NewInput(page.Pattern, path, locale, r.Values)
	return within(ctx, r, page, "make", path, func(ctx context.Context) (*Response, error) {
		state, err := page.RequestState(ctx, in, req.WithContext(ctx))
		if err == nil && page.Amalgamate != nil {
			var half any
			if half, err = page.Decode(built.State); err != nil {
				return nil, fmt.Errorf("the built state does not decode: %w", err)
			}
			state, err = page.Amalgamate(ctx, in, half, state)
		}
		if location, status, ok := moved(err); ok {
			target, err := r.target(ctx, locale, location, status)
			if err != nil {
				return nil, err
			}
			return &Response{Status: status, Header: http.Header{"Location": {target}}}, nil
		}
		if err != nil {
			return nil, err
		}
		header, err := headerFor(page, state, false)
		if err != nil {
			return nil, err
		}
		res := &Response{
			Status: http.StatusOK, Header: header, renderer: r, piece: page.Fragment != "",
			doc: gorgon.Document{Locale: locale, Path: path, Status: http.StatusOK, Main: page.View(state)},
		}
		if !res.piece { // it has no head, and no other languages to name in one
			head := headOf(page, state)
			res.doc.Title, res.doc.Head = head.Title, head.At(path)
		}
		return res, nil
	})
}

// WriteTo renders the page into w as it goes. A panic is an error; what was
// written before it stays written. Fragments are filled by the context's Slots.
func (res *Response) WriteTo(ctx context.Context, w io.Writer) (err error) {
	if res.renderer == nil {
		return nil
	}
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("render %s: panic: %v\n%s", res.doc.Path, p, debug.Stack())
		}
	}()
	if res.piece {
		return res.doc.Main.Render(res.renderer.siteFor(ctx, res.doc.Locale), w)
	}
	return res.renderer.stream(ctx, res.renderer.App, res.doc, w)
}

// Whole renders the page, or the fragment, as an entry that is not kept, for
// those who want its parts.
func (res *Response) Whole(ctx context.Context) (e *pages.Entry, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("render %s: panic: %v\n%s", res.doc.Path, p, debug.Stack())
		}
	}()
	e = &pages.Entry{Build: res.renderer.Build, Key: pages.Key{Path: res.doc.Path, Locale: res.doc.Locale}, Status: res.Status, Header: res.Header, Title: res.doc.Title}
	uses := gorgon.Uses{Nonce: gorgon.UsesOf(ctx).Nonce}
	ctx = gorgon.WithUses(res.renderer.siteFor(ctx, res.doc.Locale), &uses)
	if !res.piece {
		e.HTML, e.Head, e.Main, err = res.renderer.document(ctx, res.doc)
	} else {
		b := bounded{limit: res.renderer.limit()}
		err = res.renderer.tooLarge(res.doc.Main.Render(ctx, &b))
		e.HTML, e.Main.End = b.buf.Bytes(), b.buf.Len()
	}
	if err != nil {
		return nil, err
	}
	e.Uses = usesOf(&uses)
	return e, nil
}

// stream renders a document as it goes. What it needs beside its parts is
// known only when they are rendered: what the head did not say of it yet
// comes behind the main part.
func (r *Renderer) stream(ctx context.Context, app gorgon.App, doc gorgon.Document, w io.Writer) error {
	ctx = r.siteFor(ctx, doc.Locale)
	uses := gorgon.UsesOf(ctx)
	ctx = gorgon.WithUses(ctx, uses)
	if doc.Head == nil || doc.Main == nil {
		return fmt.Errorf("render %s: the view is nil", doc.Path)
	}
	known := r.runtime(pages.Uses{})
	if r.App.Navigation != nil {
		uses.Regions = map[string]bool{}
	}
	head, main := doc.Head, doc.Main
	write := func(w io.Writer, texts ...string) error {
		for _, t := range texts {
			if _, err := io.WriteString(w, t); err != nil {
				return err
			}
		}
		return nil
	}
	if known {
		doc.Head = gorgon.ComponentFunc(func(ctx context.Context, w io.Writer) error {
			if err := write(w, headMark); err != nil {
				return err
			}
			if err := head.Render(ctx, w); err != nil {
				return err
			}
			return write(w, headEnd, r.tags(pages.Uses{}, doc.Locale, false))
		})
	}
	doc.Main = gorgon.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		if known {
			if err := write(w, mainMark); err != nil {
				return err
			}
		}
		regions := uses.Regions
		uses.Regions = nil
		err := main.Render(ctx, w)
		if uses.Regions = regions; err != nil {
			return err
		}
		if known {
			return write(w, mainEnd, r.popup(doc.Locale))
		}
		if u := usesOf(uses); r.runtime(u) {
			return write(w, r.tags(u, doc.Locale, false))
		}
		return nil
	})
	return app.LayoutOf(doc).Render(ctx, w)
}

// Failure renders the error view for a failure of page, which may be nil. It
// always has something to show: where the app's own view or layout fails,
// that failure is returned beside a plain page.
func (r *Renderer) Failure(ctx context.Context, page *gorgon.Definition, f gorgon.Failure) (html []byte, err error) {
	html, err = r.failure(ctx, r.App, page, f)
	if err != nil {
		html, _ = r.failure(ctx, gorgon.App{}, nil, f)
	}
	return html, err
}

func (r *Renderer) failure(ctx context.Context, app gorgon.App, page *gorgon.Definition, f gorgon.Failure) (html []byte, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("error view for %d: panic: %v\n%s", f.Status, p, debug.Stack())
		}
	}()
	b := bounded{limit: r.limit()}
	if f.Position != gorgon.InPage {
		err = app.ErrorOf(page, f).Render(r.siteFor(ctx, f.Locale), &b)
		return b.buf.Bytes(), err
	}
	err = r.stream(ctx, app, gorgon.Document{
		Locale: f.Locale, Path: f.Path, Status: f.Status, Title: f.Title,
		Head: gorgon.Head{Title: f.Title, Robots: "noindex"},
		Main: app.ErrorOf(page, f),
	}, &b)
	return b.buf.Bytes(), err
}
