// The answer of a site, and checks of it.

package gorgontest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/PuerkitoBio/goquery"
	"github.com/andybalholm/cascadia"
)

// A Response is the answer of a site. Methods that check report failures and
// continue, and return the response, so that checks can be chained; methods
// that look for something fail the test at once if it is missing.
type Response struct {
	Method    string
	URL       *url.URL // the URL that answered, after the redirects
	Redirects []string // the Location of each redirect that was followed
	Status    int
	Header    http.Header
	Body      string // as it was sent
	Aborted   bool   // the server cut the connection

	site *Site
	log  string // of this request
	doc  *goquery.Document
}

// String returns the request, its result, the log of the meantime, and the
// beginning of the body.
func (r *Response) String() string {
	text := fmt.Sprintf("%s %s: status %d", r.Method, r.URL.RequestURI(), r.Status)
	if r.Aborted {
		text += ", cut short"
	}
	if status := r.Header.Get("Cache-Status"); status != "" {
		text += ", Cache-Status: " + status
	}
	if location := r.Header.Get("Location"); location != "" {
		text += ", Location: " + location
	}
	if r.log != "" {
		text += "\nlog:\n" + beginning(r.log)
	}
	if strings.TrimSpace(r.Body) != "" {
		text += "\nbody:\n" + beginning(r.Body)
	}
	return text
}

// errorf reports a failed check with everything known about the response.
func (r *Response) errorf(format string, args ...any) {
	r.site.t.Helper()
	r.site.t.Errorf("%s; got %s", fmt.Sprintf(format, args...), r)
}

func (r *Response) fatalf(format string, args ...any) {
	r.site.t.Helper()
	r.site.t.Fatalf("%s; in %s", fmt.Sprintf(format, args...), r)
}

// Want checks the status, and that the body contains each text literally.
func (r *Response) Want(status int, texts ...string) *Response {
	r.site.t.Helper()
	if r.Status != status {
		r.errorf("want status %d", status)
	}
	for _, text := range texts {
		if !strings.Contains(r.Body, text) {
			r.errorf("want %q in the body", text)
		}
	}
	return r
}

// WantNot checks that the body contains none of the texts.
func (r *Response) WantNot(texts ...string) *Response {
	r.site.t.Helper()
	for _, text := range texts {
		if strings.Contains(r.Body, text) {
			r.errorf("want no %q in the body", text)
		}
	}
	return r
}

// WantHeader checks a header; an empty value means that it must be absent.
func (r *Response) WantHeader(name, value string) *Response {
	r.site.t.Helper()
	if got := strings.Join(r.Header.Values(name), ", "); got != value {
		r.errorf("%s is %q, want %q", name, got, value)
	}
	return r
}

// WantCache checks what the cache did for the response.
func (r *Response) WantCache(state State) *Response {
	r.site.t.Helper()
	if r.Cache().State != state {
		r.errorf("want %s", state)
	}
	return r
}

// JSON decodes the body into v.
func (r *Response) JSON(v any) {
	r.site.t.Helper()
	if err := json.Unmarshal([]byte(r.Body), v); err != nil {
		r.fatalf("the body is not JSON for a %T: %v", v, err)
	}
}

// Find returns what a CSS selector finds in the body, read as HTML: possibly
// nothing.
func (r *Response) Find(selector string) *goquery.Selection {
	r.site.t.Helper()
	m, err := cascadia.Compile(selector)
	if err != nil {
		r.site.t.Fatalf("gorgontest: %q is not a CSS selector: %v", selector, err)
	}
	return r.document().FindMatcher(m)
}

func (r *Response) document() *goquery.Document {
	r.site.t.Helper()
	if r.doc == nil {
		doc, err := goquery.NewDocumentFromReader(strings.NewReader(r.Body))
		if err != nil {
			r.fatalf("the body is not HTML: %v", err)
		}
		r.doc = doc
	}
	return r.doc
}

// Text returns the text of the first element that a CSS selector finds, with
// white space as a browser shows it.
func (r *Response) Text(selector string) string {
	r.site.t.Helper()
	found := r.Find(selector)
	if found.Length() == 0 {
		r.fatalf("no element matches %s", selector)
	}
	return textOf(found.First())
}

func textOf(s *goquery.Selection) string { return strings.Join(strings.Fields(s.Text()), " ") }

// Title returns the title of the document.
func (r *Response) Title() string {
	r.site.t.Helper()
	return textOf(r.Find("head title").First())
}

// Links returns the URLs within the site that the page links to, path and
// query, in order and each once.
func (r *Response) Links() []string {
	r.site.t.Helper()
	var links []string
	r.Find("a[href]").Each(func(_ int, a *goquery.Selection) {
		to, err := r.URL.Parse(a.AttrOr("href", ""))
		if err != nil || !r.site.owns(to) {
			return
		}
		if link := to.RequestURI(); !slices.Contains(links, link) {
			links = append(links, link)
		}
	})
	return links
}

// Click follows the first link that matches a CSS selector, is inside of a
// match, or has this text. It loads the whole page, as without scripts; see
// [Response.Navigate].
func (r *Response) Click(by string) *Response {
	r.site.t.Helper()
	return r.site.follow(r.onward(r.site.resolve(r.URL, r.named(by, "a[href]").AttrOr("href", ""))))
}

// onward is a request that the page causes in a browser.
func (r *Response) onward(to *url.URL, header ...string) asking {
	r.site.t.Helper()
	return r.site.request(http.MethodGet, to, "", append([]string{"Referer", r.URL.String(), "Sec-Fetch-Site", "same-origin"}, header...))
}

// named finds the element of a kind by a selector or its text.
func (r *Response) named(by, kind string) *goquery.Selection {
	r.site.t.Helper()
	if m, err := cascadia.Compile(by); err == nil {
		found := r.document().FindMatcher(m)
		if of := found.Filter(kind).AddSelection(found.Find(kind)).AddSelection(found.Closest(kind)).First(); of.Length() > 0 {
			return of
		}
	}
	found := r.document().Find(kind).FilterFunction(func(_ int, s *goquery.Selection) bool { return label(s) == by }).First()
	if found.Length() == 0 {
		r.fatalf("no %s is named by %q", kind, by)
	}
	return found
}

// label returns the text on an element, as visitors read it.
func label(s *goquery.Selection) string {
	if goquery.NodeName(s) == "input" {
		return s.AttrOr("value", "")
	}
	return textOf(s)
}
