// Pages that a visitor has open, and that are kept up to date.

package gorgontest

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
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
	events chan string // closed with the stream
}

// patience is how long a test waits for news.
const patience = 10 * time.Second

// Follow opens the stream of the page's live parts, as a browser does that shows
// the page. It ends with the test, or when a guard or the site ends it.
//
//	shop := site.Get("/").Want(200, "5 in stock").Follow()
//	site.Post("/order", form).Want(200)
//	shop.Want("4 in stock")
func (r *Response) Follow() *Followed {
	r.site.t.Helper()
	var parts [][2]string
	r.Find("gorgon-live[src]").Each(func(_ int, e *goquery.Selection) {
		part := [2]string{e.AttrOr("src", ""), e.AttrOr("data-version", "")}
		if !slices.Contains(parts, part) {
			parts = append(parts, part)
		}
	})
	if len(parts) == 0 {
		r.fatalf("no part of the page is live")
	}
	body, err := json.Marshal(map[string]any{"parts": parts})
	if err != nil {
		r.fatalf("%v", err)
	}
	s := r.site
	to := s.resolve(r.URL, s.base+wire.Stream+strings.TrimPrefix(r.URL.EscapedPath(), s.base))
	ctx, stop := context.WithCancel(s.t.Context())
	request := httptest.NewRequestWithContext(ctx, http.MethodPost, to.String(), strings.NewReader(string(body)))
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept", "text/event-stream")
	for name, values := range s.Header {
		request.Header[http.CanonicalHeaderKey(name)] = values
	}
	for _, c := range s.jar.Cookies(to) {
		request.AddCookie(c)
	}
	request.URL.Scheme, request.URL.Host = "", "" // as a server sees it
	request.RequestURI = request.URL.RequestURI()

	f := &Followed{page: r, events: make(chan string, 1000)}
	read, write := io.Pipe()
	w := &pipeWriter{header: http.Header{}, w: write, began: make(chan int, 1)}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		s.catchUp()
		aborts(s.handler, w, request)
		w.WriteHeader(http.StatusOK)
		_ = write.Close()
	}()
	go func() {
		defer close(f.events)
		for lines := bufio.NewScanner(read); lines.Scan(); {
			if text, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
				f.events <- text
			}
		}
	}()
	s.t.Cleanup(func() { stop(); _ = read.Close(); <-ended })
	f.Status = <-w.began
	return f
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
