// Requests, as a browser makes them.

package gorgontest

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
)

// maxRedirects is about how many redirects a browser follows.
const maxRedirects = 10

// Get requests a URL like a visitor who types it, and follows redirects within
// the site. The URL is escaped, with base path and locale, and may have a
// query; header is name, value, …. It asks for no compression unless header
// does.
func (s *Site) Get(target string, header ...string) *Response {
	s.t.Helper()
	return s.follow(s.request(http.MethodGet, s.resolve(nil, target), "", header))
}

// Post sends a form like a page of the site, and follows redirects.
func (s *Site) Post(target string, form url.Values, header ...string) *Response {
	s.t.Helper()
	return s.post(s.resolve(nil, target), form, header)
}

func (s *Site) post(to *url.URL, form url.Values, header []string) *Response {
	s.t.Helper()
	browser := []string{"Content-Type", "application/x-www-form-urlencoded", "Origin", s.origin, "Sec-Fetch-Site", "same-origin"}
	return s.follow(s.request(http.MethodPost, to, form.Encode(), append(browser, header...)))
}

// Call sends a value as JSON, or no body for nil, like a program that accepts
// JSON alone. It follows no redirect. See [Response.JSON].
func (s *Site) Call(method, target string, in any, header ...string) *Response {
	s.t.Helper()
	var body []byte
	own := []string{"Accept", "application/json"}
	if in != nil {
		var err error
		if body, err = json.Marshal(in); err != nil {
			s.t.Fatalf("gorgontest: the input cannot be sent as JSON: %v", err)
		}
		own = append(own, "Content-Type", "application/json")
	}
	return s.once(s.request(method, s.resolve(nil, target), string(body), append(own, header...)))
}

// Send sends one request unchanged, with the visitor's cookies and Header, and
// follows no redirect: for methods and bodies that forms do not have, and for
// requests that browsers do not make. If r.URL names no host, it is the site's.
func (s *Site) Send(r *http.Request) *Response {
	s.t.Helper()
	var body []byte
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			s.t.Fatalf("gorgontest: the body of the request cannot be read: %v", err)
		}
	}
	a := s.request(r.Method, s.resolve(nil, r.URL.String()), string(body), nil)
	for name, values := range r.Header {
		a.header[name] = values
	}
	return s.once(a)
}

// An asking is a request that may be made more than once.
type asking struct {
	method string
	url    *url.URL
	body   string
	header http.Header
}

func (s *Site) request(method string, to *url.URL, body string, header []string) asking {
	s.t.Helper()
	if len(header)%2 != 0 {
		s.t.Fatalf("gorgontest: %s %s: the last header has no value: give name, value, …", method, to.RequestURI())
	}
	if method == "" {
		method = http.MethodGet
	}
	a := asking{method, to, body, http.Header{}}
	for name, values := range s.Header {
		a.header[http.CanonicalHeaderKey(name)] = values
	}
	for i := 0; i < len(header); i += 2 {
		a.header.Set(header[i], header[i+1])
	}
	return a
}

// follow makes a request and follows redirects.
func (s *Site) follow(a asking) *Response {
	s.t.Helper()
	var redirects []string
	for {
		res := s.once(a)
		res.Redirects = redirects
		location := res.Header.Get("Location")
		switch res.Status {
		case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		default:
			return res
		}
		to, err := a.url.Parse(location)
		if location == "" || err != nil || !s.owns(to) {
			return res
		}
		if len(redirects) == maxRedirects {
			s.t.Fatalf("gorgontest: %s leads from one redirect to the next: %s", redirects[0], strings.Join(redirects, ", "))
		}
		redirects = append(redirects, location)
		to.Fragment, to.RawFragment = "", ""
		a.url = to
		if res.Status < http.StatusTemporaryRedirect && a.method != http.MethodHead {
			a.method, a.body = http.MethodGet, ""
			a.header = a.header.Clone()
			for _, name := range [...]string{"Content-Type", "Origin"} {
				a.header.Del(name)
			}
		}
	}
}

// once makes one request.
func (s *Site) once(a asking) *Response {
	s.t.Helper()
	r := httptest.NewRequestWithContext(s.t.Context(), a.method, a.url.String(), strings.NewReader(a.body))
	r.Header = a.header.Clone()
	if a.body == "" {
		r.Body, r.ContentLength = http.NoBody, 0
	}
	if host := r.Header.Get("Host"); host != "" {
		r.Host = host
		r.Header.Del("Host")
	}
	for _, c := range s.jar.Cookies(a.url) {
		r.AddCookie(c)
	}
	r.URL.Scheme, r.URL.Host = "", "" // as a server sees it
	r.RequestURI = r.URL.RequestURI()

	before := s.log.length()
	w := httptest.NewRecorder()
	res := &Response{Method: a.method, URL: a.url, site: s}
	s.catchUp()
	res.Aborted = aborts(s.handler, w, r)
	answer := w.Result()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		s.t.Fatalf("gorgontest: %s %s: %v", a.method, a.url.RequestURI(), err)
	}
	s.jar.SetCookies(a.url, answer.Cookies())
	res.Status, res.Header, res.Body, res.log = answer.StatusCode, answer.Header, string(body), s.log.since(before)
	return res
}

// aborts answers a request and says whether the answer was cut off.
func aborts(h http.Handler, w http.ResponseWriter, r *http.Request) (aborted bool) {
	defer func() {
		p := recover()
		if err, ok := p.(error); ok && errors.Is(err, http.ErrAbortHandler) {
			aborted = true
		} else if p != nil {
			panic(p)
		}
	}()
	h.ServeHTTP(w, r)
	return false
}
