// What the browser runtime does with a page: navigation and fragments.

package gorgontest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/PuerkitoBio/goquery"

	"github.com/gorgon-go/gorgon/render"
	"github.com/gorgon-go/gorgon/wire"
)

// A Navigation is the result of following a link in a browser that runs
// scripts. Its Response is the document that is then shown: the document that
// had the link, with head and main part replaced, and with status and header of
// the payload. If Whole is not empty, it is the page as it was loaded.
type Navigation struct {
	*Response
	Whole   string    // why the browser loads the page as a whole document; "" if it does not
	Payload *Response // the last requested payload; nil if there was none
	Modules []string  // the assets that the payload preloads
}

// maxHops is how many redirects of payloads the runtime follows.
const maxHops = 5

// settings are the runtime's settings in a document.
type settings struct {
	Build    string
	Base     string
	Navigate bool
	Locale   string
}

// payload is what the runtime reads.
type payload struct {
	Build    string
	Location *string
	Reload   bool
	Locale   string
	Parts    map[string]string
	Modules  []string
}

// Navigate goes from this page to another as the browser runtime does when a
// link is followed: with the other page's payload, or, if anything is not as it
// should be, by loading the whole page. The URL is read as in a link.
//
// It ignores the runtime's cache, and makes a request each time. It does not
// check whether a policy or a stylesheet would prevent the navigation.
func (r *Response) Navigate(target string) *Navigation {
	r.site.t.Helper()
	n := &Navigation{}
	asked := r.site.resolve(r.URL, target)
	if n.Whole = n.travel(r, asked); n.Whole != "" {
		n.Response = r.site.follow(r.onward(asked))
	}
	return n
}

// travel requests payloads until one is shown, or says why none is.
func (n *Navigation) travel(from *Response, to *url.URL) (whole string) {
	from.site.t.Helper()
	told, parts, why := from.runtime()
	if why != "" {
		return why
	}
	for hops := 0; ; hops++ {
		page, below := strings.CutPrefix(to.EscapedPath(), told.Base)
		if !below || !strings.HasPrefix(page, "/") || strings.HasPrefix(page, wire.Root) {
			return to.RequestURI() + " cannot be a page of the app"
		}
		at := *to
		// As text: escaped characters in the page's path stay escaped.
		asked := told.Base + render.PayloadPath(page)
		if to.RawQuery != "" {
			asked += "?" + to.RawQuery
		}
		res := from.site.once(from.onward(from.site.resolve(nil, asked), "Accept", "application/json"))
		n.Payload = res
		var p payload
		switch {
		case res.Aborted:
			return "its payload is truncated"
		case res.Status != http.StatusOK:
			return fmt.Sprintf("its payload has status %d", res.Status)
		case !ofType(res, "application/json"):
			return fmt.Sprintf("its payload is of type %q", res.Header.Get("Content-Type"))
		case json.Unmarshal([]byte(res.Body), &p) != nil:
			return "its payload is not JSON"
		case p.Build != told.Build:
			return fmt.Sprintf("it is of build %s, and the page that leads to it of build %s", p.Build, told.Build)
		case p.Location != nil:
			next, err := to.Parse(*p.Location)
			if err != nil || !from.site.owns(next) {
				return "it leads to another site: " + *p.Location
			}
			if hops == maxHops-1 {
				return "it leads from one redirect to the next"
			}
			next.Fragment, next.RawFragment = "", ""
			to = next
			continue
		case p.Reload:
			return "it needs a document of its own: it has inline scripts or styles, or headers that govern a document"
		case !alike(p.Parts, parts):
			return "its layout has other regions"
		case lasting(p.Parts) != "":
			return "it has a " + lasting(p.Parts) + ", which needs a document of its own"
		case told.Locale != "" && p.Locale != "" && told.Locale != p.Locale:
			return fmt.Sprintf("it is in %s, and the layout in %s", p.Locale, told.Locale)
		}
		shown := *res
		shown.URL, shown.doc = &at, nil
		shown.Body = from.Body
		// From the end, so that earlier positions stay valid.
		for _, part := range slices.Backward(parts) {
			shown.Body = shown.Body[:part.start] + p.Parts[part.name] + shown.Body[part.end:]
		}
		n.Response, n.Modules = &shown, p.Modules
		return ""
	}
}

// A part of a body is between its marks.
type part struct {
	name       string
	start, end int
}

// runtime returns the runtime's settings in the document, and the positions of
// its parts; or why there is no navigation from it.
func (r *Response) runtime() (told settings, parts []part, why string) {
	r.site.t.Helper()
	content, ok := r.Find("meta[name=gorgon]").Attr("content")
	if ok && json.Unmarshal([]byte(content), &told) == nil && told.Navigate {
		parts = r.parts()
	}
	if !slices.ContainsFunc(parts, func(p part) bool { return p.name == "main" }) {
		return told, nil, "the page that leads to it has no navigation"
	}
	return told, parts, ""
}

// parts returns head, main and the regions of the layout, in order.
func (r *Response) parts() (found []part) {
	const mark = "<!--gorgon:"
	for at := 0; ; {
		i := strings.Index(r.Body[at:], mark)
		if i < 0 {
			return found
		}
		at += i + len(mark)
		name, rest, _ := strings.Cut(r.Body[at:], "-->")
		start := len(r.Body) - len(rest)
		if length := strings.Index(rest, "<!--/gorgon:"+name+"-->"); length >= 0 {
			found = append(found, part{name, start, start + length})
			at = start + length
		}
	}
}

// alike says whether a payload has exactly the parts of a document.
func alike(got map[string]string, parts []part) bool {
	for _, p := range parts {
		if _, ok := got[p.name]; !ok {
			return false
		}
	}
	return len(got) == len(parts)
}

// lasting returns elements of the parts that only a document of its own can
// start or end; the runtime loads such a page whole.
func lasting(parts map[string]string) string {
	for name, text := range parts {
		doc, err := goquery.NewDocumentFromReader(strings.NewReader(text))
		if err != nil {
			return "part that is not HTML"
		}
		var found string
		doc.Find("script,iframe,frame,object,embed,base,meta[http-equiv],meta[name=referrer],template[shadowrootmode],link[rel~=stylesheet]").EachWithBreak(func(_ int, e *goquery.Selection) bool {
			of := goquery.NodeName(e)
			if of == "script" && strings.HasSuffix(strings.ToLower(e.AttrOr("type", "")), "json") || of == "link" && name == "head" {
				return true
			}
			found = of
			return false
		})
		if found != "" {
			return found
		}
	}
	return ""
}

func ofType(r *Response, want string) bool {
	got, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	return strings.TrimSpace(got) == want
}

// Fragment fetches the first deferred fragment of the page with this name, as
// the browser runtime does: a piece of HTML.
func (r *Response) Fragment(name string) *Response {
	r.site.t.Helper()
	base := r.site.base + wire.Fragment
	found := r.Find("gorgon-fragment[src]").FilterFunction(func(_ int, s *goquery.Selection) bool {
		return strings.HasPrefix(s.AttrOr("src", ""), base+name+"/")
	}).First()
	if found.Length() == 0 {
		r.fatalf("no deferred fragment of the page is called %q", name)
	}
	return r.fetch(found)
}

// maxFragments limits the fragments that [Response.Filled] fetches.
const maxFragments = 1000

func (r *Response) fetch(element *goquery.Selection) *Response {
	r.site.t.Helper()
	src := r.site.resolve(r.URL, element.AttrOr("src", ""))
	return r.site.once(r.onward(src, "Accept", "text/html"))
}

// Filled returns the page as it is once the browser runtime has fetched its
// deferred fragments, and the fragments in them. If one fails, its fallback
// stays, and gorgon-fragment has the attribute data-gorgon-error.
func (r *Response) Filled() *Response {
	r.site.t.Helper()
	filled := *r
	filled.doc = nil
	doc := filled.document()
	done := map[any]bool{}
	for {
		next := doc.Find("gorgon-fragment[src]").FilterFunction(func(_ int, s *goquery.Selection) bool { return !done[s.Get(0)] }).First()
		if next.Length() == 0 {
			break
		}
		if done[next.Get(0)] = true; len(done) > maxFragments {
			r.fatalf("the page has more than %d deferred fragments, so one must contain itself", maxFragments)
		}
		piece := r.fetch(next)
		if piece.Status != http.StatusOK || !ofType(piece, "text/html") || piece.Aborted {
			next.SetAttr("data-gorgon-error", "")
			continue
		}
		next.SetHtml(piece.Body)
	}
	body, err := goquery.OuterHtml(doc.Selection)
	if err != nil {
		r.fatalf("the page cannot be written as HTML again: %v", err)
	}
	filled.Body = body
	return &filled
}
