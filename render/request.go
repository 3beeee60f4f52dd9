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
		head := headOf(page, state)
		return &Response{
			Status: http.StatusOK, Header: header, renderer: r,
			doc: gorgon.Document{Locale: locale, Path: path, Status: http.StatusOK, Title: head.Title, Head: head, Main: page.View(state)},
		}, nil
	})
}

// WriteTo renders the page into w as it goes. A panic is an error; what was
// written before it stays written.
func (res *Response) WriteTo(ctx context.Context, w io.Writer) (err error) {
	if res.renderer == nil {
		return nil
	}
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("render %s: panic: %v\n%s", res.doc.Path, p, debug.Stack())
		}
	}()
	return res.renderer.App.LayoutOf(res.doc).Render(res.renderer.siteFor(ctx, res.doc.Locale), w)
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
	err = app.LayoutOf(gorgon.Document{
		Locale: f.Locale, Path: f.Path, Status: f.Status, Title: f.Title,
		Head: gorgon.Head{Title: f.Title, Robots: "noindex"},
		Main: app.ErrorOf(page, f),
	}).Render(r.siteFor(ctx, f.Locale), &b)
	return b.buf.Bytes(), err
}
