// Links: the URLs of decoded paths and of references.

package gorgon

import (
	"context"
	"errors"
	"strings"

	"github.com/gorgon-go/gorgon/paths"
	"github.com/gorgon-go/gorgon/viewctx"
)

// There are two ways to name a place within the app, and the doc comment of
// each function says which one it takes.
//
// A path is decoded and names exactly one page: "/tags/C#" is the page of C#.
// The field Path of inputs and documents, purges, [PathURL], [FileURL],
// [LocaleLinks] and [Head] use paths.
//
// A reference is the href of a link in an app without base path and with one
// language: "/search?q=1#results". A "?" begins the query, a "#" the fragment,
// and "%23" is an encoded "#"; other characters need no encoding. [URL],
// [Redirect] and [LinkElement] take references. [EscapePath] converts a path
// to a reference.

// URL converts a reference such as "/search?q=1" into the value of an href:
// percent-encoded, with the base path and the prefix of the current locale.
// The path of a static file gets no locale. A text that does not start with
// exactly one slash is returned unchanged. For the link to a page whose path
// comes from data use [PathURL].
func URL(ctx context.Context, reference string) string {
	return URLIn(ctx, viewctx.SiteOf(ctx).Locale, reference)
}

// URLIn is [URL] for another locale.
func URLIn(ctx context.Context, locale, reference string) string {
	return viewctx.SiteOf(ctx).ReferenceURL(locale, reference)
}

// PathURL converts the decoded path of a page, such as "/tags/C#", into the
// value of an href, with the base path and the prefix of the current locale.
// Every character belongs to the path; append a query or fragment to the
// result.
func PathURL(ctx context.Context, path string) string {
	site := viewctx.SiteOf(ctx)
	return site.PathURL(site.Locale, path)
}

// FileURL converts the decoded path of a static file, or of a handler that is
// the same in all languages, into the value of an href, with the base path and
// without a locale.
func FileURL(ctx context.Context, path string) string { return viewctx.SiteOf(ctx).FileURL(path) }

// AbsoluteURL prepends [App.Origin] to a URL that [URL], [PathURL], [FileURL]
// or [Asset] returned, for feeds, mail and metadata. It returns an absolute
// http or https URL unchanged; everything else is an error.
func AbsoluteURL(ctx context.Context, url string) (string, error) {
	site := viewctx.SiteOf(ctx)
	switch {
	case viewctx.IsAbsolute(url):
		return url, nil
	case !strings.HasPrefix(url, "/") || strings.HasPrefix(url, "//"):
		return "", &Error{Op: "absolute URL", Err: errors.New("it is neither an absolute path nor an absolute http or https URL"), Hint: "give it what gorgon.URL, gorgon.PathURL or gorgon.Asset returns"}
	case site.Origin == "":
		return "", &Error{Op: "absolute URL", Err: errors.New("the app has no origin"), Hint: "set App.Origin"}
	}
	return site.Origin + url, nil
}

// EscapePath percent-encodes a decoded path for use in a URL, as the path of a
// reference.
func EscapePath(path string) string { return paths.Escape(path) }
