// Pages that a visitor has open, and that are kept up to date.

package gorgontest

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/PuerkitoBio/goquery"

	"github.com/gorgon-go/gorgon/wire"
)

// A Followed is a page that a visitor has open, with the stream of its live
// parts.
type Followed struct {
	Status int // of the stream: 200 if there is one

	page   *Response
	header http.Header // that the visitor sends
	parts  [][2]string // the src of each, and the version that the visitor has
	events chan string // closed with the stream
}

// patience is how long a test waits for news.
const patience = 10 * time.Second

// Follow opens the stream of the page's live parts, as a browser does that shows
// the page. What the visitor sees differently from others is got with the
// visitor's cookies, as a browser does. It ends with the test, or when a guard or
// the site ends it.
//
//	shop := site.Get("/").Want(200, "5 in stock").Follow()
//	site.Post("/order", form).Want(200)
//	shop.Want("4 in stock")
func (r *Response) Follow() *Followed {
	r.site.t.Helper()
	f := &Followed{page: r, header: r.site.Header.Clone(), events: make(chan string, 1000)}
	r.Find("gorgon-live[src]").Each(func(_ int, e *goquery.Selection) {
		part := [2]string{e.AttrOr("src", ""), e.AttrOr("data-version", "")}
		if !slices.Contains(f.parts, part) {
			f.parts = append(f.parts, part)
		}
	})
	if len(f.parts) == 0 {
		r.fatalf("no part of the page is live")
	}
	s := r.site
	ctx, stop := context.WithCancel(s.t.Context())
	began, ended := make(chan int, 1), make(chan struct{})
	go func() {
		defer close(ended)
		defer close(f.events)
		for first := true; f.open(ctx, func(status int) {
			if first {
				began <- status
			}
			first = false
		}); {
		}
	}()
	s.t.Cleanup(func() { stop(); <-ended })
	f.Status = <-began
	return f
}

// open opens a stream and reads it. It says whether to open the next one, since
// the visitor has something newer.
func (f *Followed) open(ctx context.Context, began func(status int)) (again bool) {
	s, page := f.page.site, f.page
	body, err := json.Marshal(map[string]any{"parts": f.parts})
	if err != nil {
		panic(err) // texts
	}
	ctx, stop := context.WithCancel(ctx)
	to := s.resolve(page.URL, s.base+wire.Stream+strings.TrimPrefix(page.URL.EscapedPath(), s.base))
	request := f.request(ctx, http.MethodPost, to, strings.NewReader(string(body)))
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept", "text/event-stream")
	read, write := io.Pipe()
	w := &pipeWriter{header: http.Header{}, w: write, began: make(chan int, 1)}
	ended := make(chan struct{})
	defer func() { stop(); _ = read.Close(); <-ended }()
	go func() {
		defer close(ended)
		s.catchUp()
		aborts(s.handler, w, request)
		w.WriteHeader(http.StatusOK)
		_ = write.Close()
	}()
	began(<-w.began)
	for lines := bufio.NewReader(read); ; {
		line, err := lines.ReadString('\n')
		if err != nil {
			return false
		}
		text, ok := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "data: ")
		if !ok {
			continue
		}
		var n struct {
			At             int
			Token, Version string
		}
		if json.Unmarshal([]byte(text), &n) == nil && n.Token != "" && n.At < len(f.parts) {
			if text, again = f.get(ctx, &f.parts[n.At], n.Token, n.Version); text == "" {
				continue
			}
		}
		f.events <- text
		if again {
			return true
		}
	}
}

// get gets a part that visitors see differently, and returns it as an event that
// brings it; "" if the site refuses it. It says whether the version names what
// this visitor has.
func (f *Followed) get(ctx context.Context, part *[2]string, token, version string) (event string, named bool) {
	s := f.page.site
	request := f.request(ctx, http.MethodGet, s.resolve(f.page.URL, part[0]), nil)
	request.Header.Set(wire.HeaderToken, token)
	w := httptest.NewRecorder()
	aborts(s.handler, w, request)
	if w.Code != http.StatusOK {
		return "", false
	}
	content := map[string]any{"html": w.Body.String()}
	if !strings.Contains(part[0], wire.Fragment) {
		content = map[string]any{"page": json.RawMessage(w.Body.Bytes())}
	}
	data, err := json.Marshal(content)
	if err != nil {
		return "", false
	}
	part[1] = version
	if own := w.Header().Get(wire.HeaderVersion); own != "" {
		part[1], named = own, true
	}
	return string(data), named
}

// request is one of the visitor's.
func (f *Followed) request(ctx context.Context, method string, to *url.URL, body io.Reader) *http.Request {
	return f.page.site.streaming(ctx, method, to, body, f.header)
}

// streaming is a request of the visitor whose answer is read while it is written,
// as a server sees it: made by a page of the site, as guards of sessions want it.
func (s *Site) streaming(ctx context.Context, method string, to *url.URL, body io.Reader, header http.Header) *http.Request {
	r := httptest.NewRequestWithContext(ctx, method, to.String(), body)
	r.Header.Set("Origin", s.origin)
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	for name, values := range header {
		r.Header[http.CanonicalHeaderKey(name)] = values
	}
	for _, c := range s.jar.Cookies(to) {
		r.AddCookie(c)
	}
	r.URL.Scheme, r.URL.Host = "", ""
	r.RequestURI = r.URL.RequestURI()
	return r
}

// Next waits for the next change, and returns the HTML of the part that has
// changed: of a live page, its main part. It is "" if the stream ends.
func (f *Followed) Next() string {
	f.page.site.t.Helper()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case text, more := <-f.events:
		if !more {
			return ""
		}
		var news struct {
			HTML string
			Page struct{ Parts map[string]string }
		}
		if err := json.Unmarshal([]byte(text), &news); err != nil {
			f.page.fatalf("the stream has what is not an event: %v", err)
		}
		return news.HTML + news.Page.Parts["main"]
	case <-timer.C:
		f.page.fatalf("nothing came within %v", patience)
	}
	return ""
}

// Want waits for the next change, and checks that the part has some texts then.
func (f *Followed) Want(texts ...string) *Followed {
	f.page.site.t.Helper()
	got := f.Next()
	for _, text := range texts {
		if !strings.Contains(got, text) {
			f.page.site.t.Errorf("gorgontest: the part that changed lacks %q: %s", text, got)
		}
	}
	return f
}

// A pipeWriter is a response that is read while it is written.
type pipeWriter struct {
	header http.Header
	w      io.Writer
	began  chan int
	wrote  bool
}

func (p *pipeWriter) Header() http.Header { return p.header }
func (p *pipeWriter) Flush()              {}

func (p *pipeWriter) WriteHeader(status int) {
	if !p.wrote {
		p.wrote = true
		p.began <- status
	}
}

func (p *pipeWriter) Write(b []byte) (int, error) {
	p.WriteHeader(http.StatusOK)
	return p.w.Write(b)
}
