// The view of every page with a state, and how to read it back.

package site

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash/fnv"
	"html"
	"io"
	"math/rand/v2"
	"strings"

	"github.com/gorgon-go/gorgon"
)

// Version is that of the view: what a new release of the app changes.
var Version = "1"

// A State is what generators make.
type State struct{ Path, Data, Text string }

const words = "patience stone mirror snake shield river statue island sandal helmet sickle garden quiet winter harbour silver"

// text is prose of which each path has its own, so that pages that were mixed
// up are found out.
func text(path string) string {
	h := fnv.New64a()
	_, _ = io.WriteString(h, path)
	r := rand.New(rand.NewPCG(h.Sum64(), 0))
	size := 200 + r.IntN(2000)
	if strings.Contains(path, "/big") {
		size += 16 << 10
	}
	all := strings.Fields(words)
	var b strings.Builder
	for b.Len() < size {
		fmt.Fprintf(&b, "%s %d ", all[r.IntN(len(all))], r.IntN(1000))
	}
	return b.String()
}

const (
	opening = `<article data-sum="`
	closing = `</article>`
)

// view shows a state with a sum over all it shows.
func view(s State) gorgon.Component {
	return gorgon.ComponentFunc(func(_ context.Context, w io.Writer) error {
		shown := html.EscapeString(strings.Join([]string{Version, s.Path, s.Data, s.Text}, "|"))
		_, err := fmt.Fprintf(w, opening+`%x">%s`+closing, sha256.Sum256([]byte(shown)), shown)
		return err
	})
}

// Shown is what a page showed.
type Shown struct{ Version, Path, Data string }

// Read reads a page back. It fails unless the page is whole.
func Read(page []byte) (Shown, error) {
	_, rest, ok := strings.Cut(string(page), opening)
	sum, rest, ok2 := strings.Cut(rest, `">`)
	shown, rest, ok3 := strings.Cut(rest, closing)
	switch {
	case !ok || !ok2 || !ok3:
		return Shown{}, errors.New("the page is cut off, or none of ours")
	case sum != fmt.Sprintf("%x", sha256.Sum256([]byte(shown))):
		return Shown{}, errors.New("the page is not what its sum says")
	case !strings.HasSuffix(rest, "</html>"):
		return Shown{}, errors.New("the page does not end")
	}
	parts := strings.Split(html.UnescapeString(shown), "|")
	if len(parts) != 4 || parts[3] != text(parts[1]) {
		return Shown{}, errors.New("the page has the text of another")
	}
	return Shown{Version: parts[0], Path: parts[1], Data: parts[2]}, nil
}
