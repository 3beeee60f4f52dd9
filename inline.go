// Inline scripts and styles, which the page's Content-Security-Policy allows
// by their digests.

package gorgon

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/gorgon-go/gorgon/viewctx"
)

// Script is a component of trusted inline JavaScript. The page's
// Content-Security-Policy allows it by its digest. Put scripts that are longer
// than a few lines into an asset, which browsers can cache.
type Script string

// Render writes the element.
func (s Script) Render(ctx context.Context, w io.Writer) error {
	uses := viewctx.UsesOf(ctx)
	return inline(w, "script", string(s), uses.Nonce, &uses.Scripts)
}

// Style is a component of trusted inline CSS; its digest is handled as for
// [Script].
type Style string

// Render writes the element.
func (s Style) Render(ctx context.Context, w io.Writer) error {
	uses := viewctx.UsesOf(ctx)
	return inline(w, "style", string(s), uses.Nonce, &uses.Styles)
}

// inline writes an element and notes its digest. Neither language can be
// escaped as a whole, so what would end the element is refused; so is the
// comment that can make a browser read past its end; and so is what a browser
// replaces before it takes the digest.
func inline(w io.Writer, element, text, nonce string, digests *[]string) error {
	lower := strings.ToLower(text)
	if strings.Contains(lower, "</"+element) || strings.Contains(lower, "<!--") {
		return &Error{Op: "inline", Path: element, Err: errors.New("it holds </" + element + " or <!--, which end it or hide its end"), Hint: `write < as \x3c in a string of JavaScript, and as \3c in one of CSS`}
	}
	if strings.ContainsAny(text, "\r\x00") || strings.ToValidUTF8(text, "") != text {
		return &Error{Op: "inline", Path: element, Err: errors.New("it contains a carriage return, a NUL or invalid UTF-8, which browsers replace"), Hint: "use \\n at the end of lines, and valid UTF-8"}
	}
	open := "<" + element + ">"
	if nonce != "" {
		open = "<" + element + ` nonce="` + nonce + `">`
	}
	sum := sha256.Sum256([]byte(text))
	digest := "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
	if !slices.Contains(*digests, digest) {
		*digests = append(*digests, digest)
	}
	_, err := io.WriteString(w, open+text+"</"+element+">")
	return err
}
