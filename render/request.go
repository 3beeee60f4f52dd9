// Pages rendered for one request, and error views.

package render

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"runtime/debug"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/viewctx"
)

// A Response is a page for one request: its state is loaded, its view is not
// yet rendered.
type Response struct {
	Status int
	Header http.Header // with Location for a redirect, whose body is empty
	Tags   []string    // of a live fragment: those that it declares for its state

	renderer *Renderer
	doc      gorgon.Document
	path     string // of the page, for its views
	piece    bool   // it consists of its main part alone: it is a fragment, or not an HTML document
}

// Request loads the state of a page for one request, merged with its stored
// half if it has one; otherwise built is nil. The state of a page without
// LoadRequest is the stored one. If more requests wait than can be answered in
// time, it fails with a refusal of package admission.
func (r *Renderer) Request(ctx context.Context, page *gorgon.Definition, path, locale string, req *http.Request, built *pages.Entry) (*Response, error) {
	ctx = r.siteFor(ctx, locale, pathOf(page, path))
	in := page.Input(path, locale, r.Values)
	return within(ctx, r, page, r.Gate(page).Enter, "make", path, func(ctx context.Context) (*Response, error) {
		state, err := stateFor(ctx, page, in, req, built)
		if location, status, ok := moved(err); ok {
			target, err := r.target(ctx, locale, location, status, gorgon.KindInvalid)
			if err != nil {
				return nil, err
			}
			return &Response{Status: status, Header: http.Header{"Location": {target}}}, nil
		}
		if err != nil {
			return nil, err
		}
		header, err := headerFor(ctx, page, in, state, false)
		if err != nil {
			return nil, err
		}
		res := &Response{
			Status: http.StatusOK, Header: header, renderer: r, piece: page.Fragment != "" || !pages.IsHTML(header),
			path: pathOf(page, path), doc: gorgon.Document{Locale: locale, Path: path, Status: http.StatusOK, Main: page.View(state)},
		}
		if page.Live && page.Tags != nil {
			if res.Tags, err = page.Tags(ctx, in, state); err != nil {
				return nil, fmt.Errorf("Tags: %w", err)
			}
		}
		if !res.piece { // it has no head, and so no links to other languages
			head, err := headOf(ctx, page, in, state)
			if err != nil {
				return nil, err
			}
			res.doc.Title, res.doc.Head = head.Title, head.At(path)
		}
		return res, nil
	})
}

// stateFor loads the state of a page for one request.
func stateFor(ctx context.Context, page *gorgon.Definition, in gorgon.Input, req *http.Request, built *pages.Entry) (state any, err error) {
	if page.LoadRequest != nil {
		if state, err = page.LoadRequest(ctx, in, req.WithContext(ctx)); err != nil || page.Merge == nil {
			return state, err
		}
	}
	if built, err = built.Unpack(); err != nil {
		return nil, err
	}
	if page.LoadRequest == nil && built.State == nil {
		return page.Load(ctx, in) // another build stored it, whose view had no form
	}
	half, err := page.Decode(built.State)
	if err != nil {
		return nil, fmt.Errorf("the built state does not decode: %w", err)
	}
	if page.LoadRequest == nil {
		return half, nil
	}
	return page.Merge(ctx, in, half, state)
}

// WriteTo renders the page directly into w. A panic is an error; what was
// written before it stays written. The context's Slots fill the fragments.
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
		return res.doc.Main.Render(res.renderer.siteFor(ctx, res.doc.Locale, res.path), w)
	}
	return res.renderer.stream(res.renderer.siteFor(ctx, res.doc.Locale, res.path), res.renderer.App, res.doc, res.Header, w)
}

// Whole renders the page, or the fragment, as an entry that is not stored, for
// callers that want its parts.
func (res *Response) Whole(ctx context.Context) (e *pages.Entry, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("render %s: panic: %v\n%s", res.doc.Path, p, debug.Stack())
		}
	}()
	e = &pages.Entry{Build: res.renderer.Build, Key: pages.Key{Path: res.doc.Path, Locale: res.doc.Locale}, Status: res.Status, Header: res.Header, Title: res.doc.Title}
	uses := viewctx.Uses{Nonce: viewctx.UsesOf(ctx).Nonce}
	ctx = viewctx.WithUses(res.renderer.siteFor(ctx, res.doc.Locale, res.path), &uses)
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

// stream renders a document directly. What it needs in addition to its parts is
// known only when they are rendered: what the head does not have yet comes
// after the main part.
func (r *Renderer) stream(ctx context.Context, app gorgon.App, doc gorgon.Document, header http.Header, w io.Writer) error {
	uses := viewctx.UsesOf(ctx)
	ctx = viewctx.WithUses(ctx, uses)
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
			return write(w, headEnd, r.tags(pages.Uses{}, doc.Locale, header, false))
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
			return write(w, mainEnd)
		}
		if u := usesOf(uses); r.runtime(u) {
			return write(w, r.tags(u, doc.Locale, header, false))
		}
		return nil
	})
	return app.LayoutOf(doc).Render(ctx, w)
}

// Document renders a document that is not a page of the app, for one request.
func (r *Renderer) Document(ctx context.Context, doc gorgon.Document) (html []byte, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("render %s: panic: %v\n%s", doc.Path, p, debug.Stack())
		}
	}()
	b := bounded{limit: r.limit()}
	err = r.stream(r.siteFor(ctx, doc.Locale, ""), r.App, doc, nil, &b)
	return b.buf.Bytes(), r.tooLarge(err)
}

// Failure renders the error view for a failure of page, which may be nil. It
// always returns something to show: if the app's own view or layout fails, it
// returns that failure and a plain page.
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
		err = app.ErrorOf(page, f).Render(r.siteFor(ctx, f.Locale, ""), &b)
		return b.buf.Bytes(), err
	}
	err = r.stream(r.siteFor(ctx, f.Locale, ""), app, gorgon.Document{
		Locale: f.Locale, Path: f.Path, Status: f.Status, Title: f.Title,
		Head: gorgon.Head{Title: f.Title, Robots: "noindex"},
		Main: app.ErrorOf(page, f),
	}, nil, &b)
	return b.buf.Bytes(), err
}
