// From a state to an entry: document, headers, validators, twins.

package render

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/cespare/xxhash/v2"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/pages"
)

func (r *Renderer) entry(ctx context.Context, t Task, made time.Time, state any, data []byte) (*pages.Entry, error) {
	header, err := headerFor(t.Page, state, true)
	if err != nil {
		return nil, err
	}
	head := headOf(t.Page, state)
	e := &pages.Entry{
		Key: t.Key(), Build: r.Build, State: data, Status: http.StatusOK, Header: header,
		Title: head.Title, NoIndex: strings.Contains(head.Robots, "noindex"),
		MadeAt: made, ModifiedAt: made, Epoch: t.Epoch,
	}
	if t.Page.Tags != nil {
		e.Tags = cleanTags(t.Page.Tags(state))
	}
	d := &draft{r: r, of: t.Page, path: t.Path, locale: t.Locale}
	if t.Page.Fragment != "" {
		err = d.piece(ctx, t.Page.View(state))
	} else {
		err = d.document(ctx, gorgon.Document{Locale: t.Locale, Path: t.Path, Status: http.StatusOK, Title: head.Title, Head: head.At(t.Path), Main: t.Page.View(state)})
	}
	if err != nil {
		return nil, err
	}
	e.HTML, e.Head, e.Main, e.Holes, e.Uses = d.html, d.head, d.main, d.holes, d.needs()
	whole := t.Page.Fragment == "" && !Open(e)
	if whole {
		r.Dress(e, len(t.Page.Guards) == 0)
	}
	r.Finish(e, t.Old, whole)
	Schedule(e, t.Page, made)
	return e, nil
}

func (r *Renderer) redirect(ctx context.Context, t Task, made time.Time, location string, status int) (*pages.Entry, error) {
	target, err := r.target(ctx, t.Locale, location, status)
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

// Finish sets the validator and, of what is sent whole, the twins; or keeps
// those of the old version where nothing a visitor sees has changed.
func (r *Renderer) Finish(e, old *pages.Entry, whole bool) {
	if old != nil && old.ETag != "" && old.Status == e.Status && bytes.Equal(old.HTML, e.HTML) && slices.Equal(old.Holes, e.Holes) && old.Header.Get("Location") == e.Header.Get("Location") {
		e.ETag, e.ModifiedAt = old.ETag, old.ModifiedAt
		e.HTML, e.Gzip, e.Brotli, e.Zstd = old.HTML, old.Gzip, old.Brotli, old.Zstd
		return
	}
	// A validator tells versions of one page apart; it is no proof against
	// forgery, and need not cost as much as one.
	hash := xxhash.New()
	fmt.Fprintf(hash, "%d %s\n", e.Status, e.Header.Get("Location"))
	_, _ = hash.Write(e.HTML)
	for _, h := range e.Holes {
		fmt.Fprintf(hash, "\n%d %s %s %s", h.At, h.Kind, h.Fragment, h.Props)
	}
	e.ETag = base64.RawURLEncoding.EncodeToString(hash.Sum(nil))
	if whole { // a part is compressed with the rest
		e.Gzip, e.Brotli, e.Zstd = r.Effort.Twins(e.HTML)
	}
}

// moved says where an error sends the visitor, if it is a redirect.
func moved(err error) (location string, status int, ok bool) {
	e, ok := errors.AsType[*gorgon.Error](err)
	if !ok || e.Kind != gorgon.Moved {
		return "", 0, false
	}
	return e.Location, gorgon.StatusOf(err), true
}

// target checks a redirect and is its Location.
func (r *Renderer) target(ctx context.Context, locale, location string, status int) (string, error) {
	switch status {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return r.Location(ctx, locale, location)
	}
	return "", fmt.Errorf("a redirect cannot have status %d: use 301, 302, 303, 307 or 308", status)
}

// Location is what a redirect to location puts into its header: for a path
// of this app with base path and locale. Anything that a browser could take
// for another host than it says is refused.
func (r *Renderer) Location(ctx context.Context, locale, location string) (string, error) {
	if strings.ContainsFunc(location, func(c rune) bool { return c < ' ' || c == '\\' || c == 0x7f }) {
		return "", fmt.Errorf("a redirect to %q: it holds a control character or a backslash", location)
	}
	if strings.HasPrefix(location, "https://") || strings.HasPrefix(location, "http://") {
		if u, err := url.Parse(location); err != nil || u.Host == "" || strings.Contains(location, " ") {
			return "", fmt.Errorf("a redirect to %q: the URL is not valid", location)
		}
		return location, nil
	}
	path, _, _ := strings.Cut(location, "?")
	path, _, _ = strings.Cut(path, "#")
	if err := gorgon.CheckPath(path); err != nil {
		return "", fmt.Errorf("a redirect to %q: use an absolute path of this app, or an absolute URL", location)
	}
	return gorgon.URL(r.siteFor(ctx, locale), location), nil
}

// Schedule sets an entry's times as the page asks, counted from a time: it
// is fresh from then on. Intervals are spread by up to a tenth either way, by
// the entry's identity, so that what was made together does not fall due
// together, and every instance agrees.
func Schedule(e *pages.Entry, page *gorgon.Definition, from time.Time) {
	e.FreshUntil, e.StaleUntil, e.ErrorUntil = time.Time{}, time.Time{}, time.Time{}
	if !page.Revalidates() {
		return
	}
	digest := e.Key.Digest()
	spread := float64(int(digest[0])<<8|int(digest[1])) / 65535 // 0 to 1
	e.FreshUntil = from.Add(time.Duration(float64(page.RevalidateAfter) * (0.9 + 0.2*spread)))
	if page.StaleFor > 0 {
		e.StaleUntil = e.FreshUntil.Add(page.StaleFor)
	}
	if page.ErrorFor > 0 {
		e.ErrorUntil = e.FreshUntil.Add(page.ErrorFor)
	}
}

func headOf(page *gorgon.Definition, state any) gorgon.Head {
	if page.Head == nil {
		return gorgon.Head{}
	}
	return page.Head(state)
}

// cleanTags drops empty tags and repeated ones, and sorts them.
func cleanTags(tags []string) []string {
	tags = slices.DeleteFunc(slices.Clone(tags), func(t string) bool { return t == "" })
	slices.Sort(tags)
	return slices.Compact(tags)
}

// checkHeader refuses what a page cannot say for itself.
func checkHeader(name string, values []string, kept bool) error {
	switch name {
	case "Set-Cookie":
		if kept {
			return &gorgon.Error{Message: "", Err: errors.New("Headers sets a cookie, and the page is kept for everyone"), Mend: "set cookies in a page with RequestState, or in a handler"}
		}
	case "Content-Length", "Content-Encoding", "Transfer-Encoding", "Connection", "Etag", "Last-Modified", "Date", "Age", "Cache-Status":
		return fmt.Errorf("Headers sets %s, which is the framework's to set: remove it", name)
	}
	if name == "" || strings.ContainsFunc(name, func(c rune) bool { return c <= ' ' || c >= 0x7f || c == ':' }) {
		return fmt.Errorf("Headers has the name %q: it is not a header name", name)
	}
	for _, v := range values {
		if strings.ContainsFunc(v, func(c rune) bool { return c < ' ' && c != '\t' || c == 0x7f }) {
			return fmt.Errorf("Headers gives %s a value with a control character", name)
		}
	}
	return nil
}
