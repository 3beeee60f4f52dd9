// From a state to an entry: document, headers, validators, compressed variants.

package render

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/cespare/xxhash/v2"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/failure"
	"github.com/gorgon-go/gorgon/pages"
)

func (r *Renderer) entry(ctx context.Context, t Task, made time.Time, state any, data []byte) (*pages.Entry, error) {
	in := t.Page.Input(t.Path, t.Locale, r.Values)
	header, err := headerFor(ctx, t.Page, in, state, true)
	if err != nil {
		return nil, err
	}
	head, err := headOf(ctx, t.Page, in, state)
	if err != nil {
		return nil, err
	}
	e := &pages.Entry{
		Key: t.Key(), Build: r.Build, State: data, Status: http.StatusOK, Header: header,
		Title: head.Title, NoIndex: strings.Contains(head.Robots, "noindex"), ContentAt: head.Modified,
		MadeAt: made, ModifiedAt: made, Epoch: t.Epoch,
	}
	if t.Page.Tags != nil {
		tags, err := t.Page.Tags(ctx, in, state)
		if err != nil {
			return nil, fmt.Errorf("Tags: %w", err)
		}
		e.Tags = cleanTags(tags)
	}
	d := &draft{r: r, of: t.Page, path: t.Path, locale: t.Locale, bare: !pages.IsHTML(header)}
	e.NoIndex = e.NoIndex || d.bare
	if t.Page.Fragment != "" || d.bare {
		err = d.piece(ctx, t.Page.View(state))
	} else {
		err = d.document(ctx, gorgon.Document{Locale: t.Locale, Path: t.Path, Status: http.StatusOK, Title: head.Title, Head: head.At(t.Path), Main: t.Page.View(state)})
	}
	if err != nil {
		return nil, err
	}
	e.HTML, e.Head, e.Main, e.Holes, e.Uses = d.html, d.head, d.main, d.holes, d.needs()
	if d.uses.Form && data == nil && t.Page.Fragment == "" { // to show the page again with what a visitor typed
		if e.State, err = r.encode(t.Page, state); err != nil {
			return nil, err
		}
	}
	whole := t.Page.Fragment == "" && !Open(e)
	if whole && !d.bare {
		r.AddRuntime(e, len(t.Page.Guards) == 0)
	}
	r.Finish(e, t.Old, whole)
	Schedule(e, t.Page, made)
	return e, nil
}

func (r *Renderer) redirect(ctx context.Context, t Task, made time.Time, location string, status int) (*pages.Entry, error) {
	target, err := r.target(ctx, t.Locale, location, status, gorgon.KindInternal)
	if err != nil {
		return nil, err
	}
	e := &pages.Entry{
		Key: t.Key(), Build: r.Build, Status: status, Header: http.Header{"Location": {target}},
		MadeAt: made, ModifiedAt: made, Epoch: t.Epoch, NoIndex: true,
	}
	r.Finish(e, t.Old, true)
	Schedule(e, t.Page, made)
	return e, nil
}

// Finish sets the validator and, for documents that are sent whole, the
// compressed variants; or it keeps those of the old version if the visitor sees
// no change.
func (r *Renderer) Finish(e, old *pages.Entry, whole bool) {
	if old != nil && old.Packed != nil {
		if old.Length() != len(e.HTML) {
			old = nil
		} else if unpacked, err := old.Unpack(); err != nil {
			old = nil
		} else {
			old = unpacked
		}
	}
	if old != nil && old.ETag != "" && old.Status == e.Status && bytes.Equal(old.HTML, e.HTML) && slices.Equal(old.Holes, e.Holes) && old.Header.Get("Location") == e.Header.Get("Location") {
		e.ETag, e.ModifiedAt = old.ETag, old.ModifiedAt
		e.HTML = old.HTML
		e.Gzip, e.Brotli, e.Zstd = old.Codings()
		return
	}
	// A validator distinguishes versions of one page; it does not protect
	// against forgery, and need not cost as much as a digest that does.
	hash := xxhash.New()
	fmt.Fprintf(hash, "%d %s\n", e.Status, e.Header.Get("Location"))
	_, _ = hash.Write(e.HTML)
	for _, h := range e.Holes {
		fmt.Fprintf(hash, "\n%d %s %s %s", h.At, h.Kind, h.Fragment, h.Props)
	}
	e.ETag = base64.RawURLEncoding.EncodeToString(hash.Sum(nil))
	switch {
	case !whole: // a part is compressed with the rest
	case r.Lean:
		e.Brotli = r.Effort.Brotli(e.HTML)
	default:
		e.Gzip, e.Brotli, e.Zstd = r.Effort.Variants(e.HTML)
	}
}

// moved returns where an error redirects the visitor, if it is a redirect.
func moved(err error) (location string, status int, ok bool) {
	e, ok := errors.AsType[*gorgon.Error](err)
	if !ok || e.Kind != gorgon.KindRedirect {
		return "", 0, false
	}
	return e.Location, failure.Status(err), true
}

// target checks a redirect and returns its Location. A refused location is an
// error with a kind: a page for one request usually takes it from the visitor,
// as in ?next=, and then it is the visitor's mistake.
func (r *Renderer) target(ctx context.Context, locale, location string, status int, refused gorgon.Kind) (string, error) {
	switch status {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		to, err := r.Location(ctx, locale, location)
		if err != nil {
			return "", &gorgon.Error{Kind: refused, Err: err}
		}
		return to, nil
	}
	return "", fmt.Errorf("a redirect cannot have status %d: use 301, 302, 303, 307 or 308", status)
}

// Location returns what a redirect to location puts into its header.
func (r *Renderer) Location(_ context.Context, locale, location string) (string, error) {
	return r.App.SiteIn(r.Site, locale).Location(locale, location)
}

// Schedule sets an entry's times as the page says, counted from a time: it is
// fresh from then on. Intervals vary by up to a tenth in either direction, by
// the entry's identity, so that entries made together do not fall due together,
// and every instance agrees. It is fresh no longer than the values that it was
// made of.
func Schedule(e *pages.Entry, page *gorgon.Definition, from time.Time) {
	defer limit(e)
	e.FreshUntil, e.StaleUntil, e.ErrorUntil = time.Time{}, time.Time{}, time.Time{}
	if !page.Revalidates() {
		return
	}
	digest := e.Key.Digest()
	spread := float64(int(digest[0])<<8|int(digest[1])) / 65535 // 0 to 1
	e.FreshUntil = pages.Until(from, pages.Scale(page.RevalidateAfter, 0.9+0.2*spread))
	if e.FreshUntil.IsZero() {
		return
	}
	if page.StaleFor > 0 {
		e.StaleUntil = pages.Until(e.FreshUntil, page.StaleFor)
	}
	if page.ErrorFor > 0 {
		e.ErrorUntil = pages.Until(e.FreshUntil, page.ErrorFor)
	}
}

func headOf(ctx context.Context, page *gorgon.Definition, in gorgon.Input, state any) (gorgon.Head, error) {
	if page.Head == nil {
		return gorgon.Head{}, nil
	}
	head, err := page.Head(ctx, in, state)
	if err != nil {
		return head, fmt.Errorf("Head: %w", err)
	}
	return head, nil
}

// cleanTags removes empty and duplicate tags, and sorts the rest.
func cleanTags(tags []string) []string {
	tags = slices.DeleteFunc(slices.Clone(tags), func(t string) bool { return t == "" })
	slices.Sort(tags)
	return slices.Compact(tags)
}

// checkHeader refuses headers that a page may not set.
func checkHeader(name string, values []string, kept bool) error {
	switch name {
	case "Set-Cookie":
		if kept {
			return &gorgon.Error{Message: "", Err: errors.New("Headers sets a cookie, but the page is stored for all visitors"), Hint: "set cookies in a page with LoadRequest, or in a handler"}
		}
	case "Content-Length", "Content-Encoding", "Transfer-Encoding", "Connection", "Etag", "Last-Modified", "Date", "Age", "Cache-Status":
		return fmt.Errorf("Headers sets %s, which only the framework may set: remove it", name)
	}
	if name == "" || strings.ContainsFunc(name, func(c rune) bool { return c <= ' ' || c >= 0x7f || c == ':' }) {
		return fmt.Errorf("Headers has the name %q, which is not a header name", name)
	}
	for _, v := range values {
		if strings.ContainsFunc(v, func(c rune) bool { return c < ' ' && c != '\t' || c == 0x7f }) {
			return fmt.Errorf("Headers gives %s a value with a control character", name)
		}
	}
	return nil
}
