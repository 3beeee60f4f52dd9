// Errors: the view for the visitor, the cause for the log.

package serve

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strconv"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/render"
)

// retryAfter is how many seconds a visitor is asked to wait after a 503.
const retryAfter = "3"

var (
	errNoPage       = &gorgon.Error{Op: "route", Kind: gorgon.Missing}
	errPrecondition = &gorgon.Error{Op: "serve", Kind: gorgon.Invalid, Status: http.StatusPreconditionFailed}
	errMethod       = &gorgon.Error{Op: "serve", Kind: gorgon.Invalid, Status: http.StatusMethodNotAllowed}
	errLostMatch    = errors.New("a guard replaced the request's context, and with it which page was asked for: derive the new context from r.Context()")
)

// Fail answers a request with the app's error view, from within a guard, a
// handler or a middleware: with the status and message of a [gorgon.Error],
// or with 500 for any other error, which goes to the log. It must be called
// before anything is sent. Outside of an app it answers with plain text.
func Fail(w http.ResponseWriter, r *http.Request, err error) {
	v, ok := r.Context().Value(visitKey{}).(visit)
	if !ok {
		status := gorgon.StatusOf(err)
		http.Error(w, http.StatusText(status), status)
		return
	}
	v.h.fail(w, r, v.match, err)
}

// fail answers with the error view. Nothing has been sent yet.
func (h *Handler) fail(w http.ResponseWriter, r *http.Request, m match, err error) {
	if gone(r, err) {
		h.log.LogAttrs(r.Context(), slog.LevelDebug, "the client went away", slog.String("path", m.path), slog.Any("err", err))
		panic(http.ErrAbortHandler)
	}
	if e, ok := errors.AsType[*gorgon.Error](err); ok && e.Kind == gorgon.Moved {
		status := gorgon.StatusOf(err)
		location, locationErr := h.renderer.Location(r.Context(), m.locale, e.Location)
		if locationErr == nil && status >= 300 && status <= 399 {
			h.clear(w.Header())
			w.Header()["Location"] = []string{location}
			w.WriteHeader(status)
			return
		}
		err = errors.Join(&gorgon.Error{Op: "redirect", Path: m.path}, locationErr)
	}
	f := gorgon.FailureOf(err, m.path, m.locale)
	if f.Status < 400 || f.Status > 599 {
		f.Status, f.Title = http.StatusInternalServerError, http.StatusText(http.StatusInternalServerError)
	}
	level := slog.LevelDebug
	if f.Status >= 500 {
		level = slog.LevelError
		_, rec := recorded(r)
		f.ID = rec.name()
	}
	h.report(r, m, level, "the request failed", err, slog.Int("status", f.Status), slog.String("id", f.ID))

	uses := new(gorgon.Uses)
	ctx := gorgon.WithUses(h.composer.WithFiller(r.Context(), h.ask(r, m), nil), uses)
	html, viewErr := h.renderer.Failure(ctx, m.page, f)
	if viewErr != nil {
		h.report(r, m, slog.LevelError, "the error view failed", viewErr, slog.Int("status", f.Status), slog.String("id", f.ID))
	}
	header := w.Header()
	h.clear(header)
	if f.Status == http.StatusServiceUnavailable {
		header["Retry-After"] = []string{retryAfter}
	}
	if policy := render.Policy(h.headers, uses); policy != nil {
		header["Content-Security-Policy"] = policy
	}
	if f.ID != "" {
		header["Request-Id"] = []string{f.ID}
	}
	header["Content-Type"] = valueHTML
	if f.Locale != "" {
		header["Content-Language"] = []string{f.Locale}
	}
	header["Content-Length"] = []string{strconv.Itoa(len(html))}
	w.WriteHeader(f.Status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(html)
	}
}

// clear takes away what was said about a body that is not sent.
func (h *Handler) clear(header http.Header) {
	for _, name := range [...]string{"Content-Encoding", "Content-Language", "Content-Length", "Content-Type", "Content-Range", "Etag", "Last-Modified", "Age", "Cache-Status", "Accept-Ranges", "Location"} {
		delete(header, name)
	}
	h.private(header)
}

// abort cuts the connection after a failure in mid-answer.
func (h *Handler) abort(r *http.Request, m match, err error) {
	if gone(r, err) {
		h.log.LogAttrs(r.Context(), slog.LevelDebug, "the client went away", slog.String("path", m.path), slog.Any("err", err))
	} else {
		h.report(r, m, slog.LevelError, "the request failed after its answer began", err, slog.String("id", RequestID(r)))
	}
	panic(http.ErrAbortHandler)
}

// report writes one line with the whole chain of an error.
func (h *Handler) report(r *http.Request, m match, level slog.Level, message string, err error, more ...slog.Attr) {
	if !h.log.Enabled(r.Context(), level) {
		return
	}
	path := m.path
	if path == "" {
		path = r.URL.Path
	}
	attrs := []slog.Attr{slog.String("method", r.Method), slog.String("path", path)}
	if m.page != nil {
		attrs = append(attrs, slog.String("page", m.page.Path))
	}
	if m.locale != "" {
		attrs = append(attrs, slog.String("locale", m.locale))
	}
	for _, a := range more {
		if a.Value.String() != "" {
			attrs = append(attrs, a)
		}
	}
	h.log.LogAttrs(r.Context(), level, message, append(attrs, slog.String("err", err.Error()))...)
}

// gone says whether the error is only that nobody waits for the answer.
func gone(r *http.Request, err error) bool {
	return r.Context().Err() != nil && errors.Is(err, context.Canceled)
}

// methods answers a request for something that can only be read: OPTIONS
// with what is allowed, and other methods with that as a refusal.
func (h *Handler) methods(w http.ResponseWriter, r *http.Request, m match) {
	allowed := allow(h.otherMethods(r))
	if r.Method == http.MethodOptions {
		header := w.Header()
		header["Allow"] = allowed
		header["Cache-Control"] = valueNoStore
		w.WriteHeader(http.StatusNoContent)
		return
	}
	w.Header()["Allow"] = allowed
	h.fail(w, r, m, errMethod)
}

// reads says whether a method asks for a representation.
func reads(method string) bool { return method == http.MethodGet || method == http.MethodHead }
