package answer

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/cache"
	"github.com/gorgon-go/gorgon/pages"
)

// A part is a packed page whose codings say what they are.
type part struct {
	mu    sync.Mutex
	asked map[string]int
	err   error
}

func (p *part) Coded(coding string) ([]byte, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.asked == nil {
		p.asked = map[string]int{}
	}
	p.asked[coding]++
	return []byte("made as " + coding), p.err
}
func (p *part) HTML() ([]byte, error)  { return p.Coded("identity") }
func (p *part) State() ([]byte, error) { return nil, errors.New("an answer needs no state") }
func (p *part) Lengths() pages.Lengths { return pages.Lengths{HTML: 1000} }
func (p *part) Held() int              { return 0 }
func (p *part) Lost() bool             { return p.err != nil }
func (p *part) Watch(func())           {}

func sentWith(t *testing.T, e *pages.Entry, prepared any, method string, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	w, err := New(gorgon.App{Name: "a"})
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest(method, "/", nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	rw := httptest.NewRecorder()
	c := PreparedOf(e, prepared).Choose(r, 0)
	w.Page(rw, r, c, cache.Answer{Entry: e}, time.Now(), Part)
	return rw
}

func TestPackedPageInEachCoding(t *testing.T) {
	packed := &part{}
	e := &pages.Entry{Status: http.StatusOK, ETag: "v", Brotli: []byte("from the file"), Packed: packed}
	prepared := Prepare(e)
	for _, test := range []struct{ accept, coding, body, tag string }{
		{"gzip, deflate, br, zstd", "br", "from the file", `"v-br"`},
		{"gzip", "gzip", "made as gzip", `"v-gzip"`},
		{"zstd", "zstd", "made as zstd", `"v-zstd"`},
		{"", "", "made as identity", `"v"`},
	} {
		for range 2 {
			for _, method := range []string{"HEAD", "GET"} {
				got := sentWith(t, e, prepared, method, "Accept-Encoding", test.accept)
				h := got.Header()
				if h.Get("Content-Encoding") != test.coding || h.Get("Etag") != test.tag || h.Get("Content-Length") != fmt.Sprint(len(test.body)) {
					t.Errorf("%s %q: %v", method, test.accept, h)
				}
				if want := strings.Repeat(test.body, strings.Count(method, "GET")); got.Body.String() != want {
					t.Errorf("%s %q: %q", method, test.accept, got.Body)
				}
			}
		}
	}
	for coding, times := range packed.asked {
		if times != 1 || coding == "br" {
			t.Errorf("%s was made %d times", coding, times)
		}
	}
}

func TestPackedPageIsNotMadeForA304(t *testing.T) {
	packed := &part{}
	e := &pages.Entry{Status: http.StatusOK, ETag: "v", Brotli: []byte("from the file"), Packed: packed}
	got := sentWith(t, e, Prepare(e), "GET", "Accept-Encoding", "gzip", "If-None-Match", `"v-gzip"`)
	if got.Code != http.StatusNotModified || len(packed.asked) != 0 {
		t.Errorf("%d, and %v was made", got.Code, packed.asked)
	}
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Accept-Encoding", "gzip")
	r.Header.Set("If-None-Match", `"v-gzip"`)
	if c := PreparedOf(e, nil).Choose(r, 0).Open(); c.Verdict != 0 || string(c.body.data) != "made as gzip" || c.body.length != nil {
		t.Errorf("kept open it sends %q", c.body.data)
	}
}

func TestPackedPageThatIsLost(t *testing.T) {
	e := &pages.Entry{Status: http.StatusOK, ETag: "v", Brotli: []byte("from the file"), Packed: &part{err: pages.ErrCorrupt}}
	if got := sentWith(t, e, Prepare(e), "GET", "Accept-Encoding", "br"); got.Body.String() != "from the file" {
		t.Errorf("what needs nothing made is %q", got.Body)
	}
	defer func() {
		if err, _ := recover().(error); !errors.Is(err, pages.ErrCorrupt) {
			t.Errorf("it fails with %v", err)
		}
	}()
	sentWith(t, e, Prepare(e), "GET")
	t.Error("something is sent in the place of the page")
}
