// What a URL asks for: which representation of which page.

package serve

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/compose"
	"github.com/gorgon-go/gorgon/failure"
	"github.com/gorgon-go/gorgon/paths"
	"github.com/gorgon-go/gorgon/render"
	"github.com/gorgon-go/gorgon/wire"
)

// A Form is a representation of pages that has paths of its own below
// /_gorgon/. Middleware, guards and generators see the page's path for it.
type Form struct {
	Name string

	// Path is where the representation of the page at a path lies, both
	// decoded and without the base path; nil for one whose paths are sealed:
	// the page's document has them, each after Prefix.
	Path   func(page string) string
	Prefix string

	form compose.Form
	read func(path string) (wanted, bool)
}

// A wanted is what a path below /_gorgon/ names.
type wanted struct {
	page         string // with its locale; "" for a fragment that belongs to no page
	name, closed string // of a fragment
}

// Forms are all representations that have paths of their own.
func Forms() []Form {
	return []Form{
		{Name: "payload", Path: render.PayloadPath, Prefix: wire.Root, form: compose.Payload, read: func(path string) (wanted, bool) {
			page, ok := render.PayloadOf(path)
			return wanted{page: page}, ok
		}},
		{Name: "fragment", Prefix: wire.Fragment, form: compose.Bare, read: sealedBelow(wire.Fragment)},
		{Name: "fragment in a document", Prefix: wire.View, form: compose.View, read: sealedBelow(wire.View)},
	}
}

// forms are those and the stream of a page's live parts, which is not a document.
var forms = append(Forms(), Form{form: compose.Stream, read: func(path string) (wanted, bool) {
	page, ok := strings.CutPrefix(path, wire.Stream)
	return wanted{page: page}, ok && (page == "" || page[0] == '/')
}})

// sealedBelow reads paths of a fragment's name, seal and page.
func sealedBelow(prefix string) func(string) (wanted, bool) {
	return func(path string) (wanted, bool) {
		rest, ok := strings.CutPrefix(path, prefix)
		name, rest, _ := strings.Cut(rest, "/")
		closed, page, below := strings.Cut(rest, "/")
		if below {
			page = "/" + page
		}
		return wanted{page, name, closed}, ok
	}
}

// A target is what a request asks for. It is read before any code of the app
// sees the request.
type target struct {
	form compose.Form
	wanted
	path string // decoded, with the base path, as middleware is to see it
	err  error  // why the path names no page and no file; it may be a handler's
}

// target reads what a request asks for, and shows it the page's path where it
// is for another representation of a page. Its error is that of a path which
// no code of the app is to see.
func (s *siteMap) target(r *http.Request, t *target, navigates bool) (*http.Request, error) {
	t.path, t.err = paths.OfURL(r.URL)
	if t.err != nil {
		t.path = r.URL.Path
		if failure.Kind(t.err) != gorgon.KindNotFound {
			return r, t.err
		}
		return r, nil
	}
	if !strings.HasPrefix(t.path, s.base) || !strings.HasPrefix(t.path[len(s.base):], wire.Root) {
		return r, nil
	}
	for i := range forms {
		if forms[i].form == compose.Payload && !navigates {
			continue
		}
		w, ok := forms[i].read(t.path[len(s.base):])
		if !ok {
			continue
		}
		if w.page != "" && (paths.Check(w.page) != nil || strings.HasPrefix(w.page, wire.Root)) {
			return r, nil // it names no page
		}
		t.form, t.wanted = forms[i].form, w
		if w.page != "" {
			t.path = s.base + w.page
			r = at(r, t.path)
		}
		return r, nil
	}
	return r, nil
}

// WireURL is the URL that a request came with. r.URL is that of the page,
// whichever of its representations is asked for: the document, or what a
// script in the browser fetches below /_gorgon/.
func WireURL(r *http.Request) *url.URL {
	if u, err := url.ParseRequestURI(r.RequestURI); err == nil {
		return u
	}
	return r.URL
}
