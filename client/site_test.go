// A small site that implements the contract between server and runtime, and
// that can be made to misbehave.

package client_test

import (
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/gorgon-go/gorgon/client"
	"github.com/gorgon-go/gorgon/testbed"
)

// A page of the site: its main part, and the peculiarities of its payload.
type page struct {
	title, head, main string
	menu              string // region of the layout
	unmarked          bool   // its layout lacks that region
	location          string // of the payload's redirect
	control           string // Cache-Control of the payload. Default: public, max-age=0, must-revalidate
	cacheStatus       string
	status            int                                          // of the payload. Default: 200
	answer            func(w http.ResponseWriter, r *http.Request) // instead of the payload
}

type site struct {
	*httptest.Server
	t        *testing.T
	settings map[string]any
	region   string // the name of the layout's region. Default: menu

	mu    sync.Mutex
	build string
	pages map[string]page
	files map[string]string // by path; the ending decides the type
	posts map[string]func(w http.ResponseWriter, r *http.Request)
	asked []string // paths, with the runtime's reason
}

// newSite serves pages by path.
func newSite(t *testing.T, pages map[string]page) *site {
	s := &site{t: t, build: "one", region: "menu", pages: pages, files: map[string]string{}}
	s.settings = map[string]any{"base": "", "navigate": true, "prefetch": "none", "timeout": 10000, "keep": true}
	s.Server = httptest.NewServer(s)
	t.Cleanup(func() { s.CloseClientConnections(); s.Close() })
	return s
}

// open shows a page in a new tab.
func (s *site) open(path string) *testbed.Tab {
	s.t.Helper()
	tab := testbed.NewTab(s.t)
	tab.Open(s.URL + path)
	tab.Run("window.first = true") // lost when a document is loaded
	return tab
}

// deploy switches the site to another build.
func (s *site) deploy(build string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.build = build
}

// paths returns the paths of the requests so far.
func (s *site) paths() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.asked...)
}

func (s *site) count(path string) (n int) {
	for _, p := range s.paths() {
		if p == path {
			n++
		}
	}
	return n
}

// document answers with a page as a document.
func (s *site) document(w http.ResponseWriter, status int, build string, p page) {
	base := s.settings["base"].(string)
	if p.head == "" {
		p.head = "<title>" + html.EscapeString(p.title) + "</title>"
	}
	settings := map[string]any{"build": build}
	for k, v := range s.settings {
		settings[k] = v
	}
	text, _ := json.Marshal(settings)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	menu := "<!--gorgon:" + s.region + "-->" + p.menu + "<!--/gorgon:" + s.region + "-->"
	if p.unmarked {
		menu = ""
	}
	w.WriteHeader(status)
	fmt.Fprintf(w, `<!doctype html><html lang="en" dir="ltr"><head><meta charset="utf-8"><!--gorgon:head-->%s<!--/gorgon:head--><meta name="gorgon" content="%s"><script type="module" src="%s/_gorgon/assets/gorgon.js"></script></head>`+
		`<body><header id="layout">build %s <a id="home" href="%s/">home</a>%s</header><main><!--gorgon:main-->%s<!--/gorgon:main--></main></body></html>`,
		p.head, html.EscapeString(string(text)), base, build, base, menu, p.main)
}

func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	asked := r.URL.RequestURI()
	if r.Header.Get("Purpose") != "" {
		asked += " " + r.Header.Get("Purpose")
	}
	s.asked = append(s.asked, asked)
	build := s.build
	s.mu.Unlock()
	base := s.settings["base"].(string)
	path := strings.TrimPrefix(r.URL.Path, base)
	w.Header().Set("Cache-Control", "public, max-age=0, must-revalidate")
	if text, ok := s.files[path]; ok {
		w.Header().Set("Content-Type", map[bool]string{true: "text/css", false: "text/javascript"}[strings.HasSuffix(path, ".css")])
		if strings.HasPrefix(path, "/_gorgon/fragment/") {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
		}
		fmt.Fprint(w, text)
		return
	}
	if post := s.posts[path]; post != nil && r.Method == http.MethodPost {
		post(w, r)
		return
	}
	if path == "/_gorgon/assets/gorgon.js" {
		w.Header().Set("Content-Type", "text/javascript")
		_, _ = w.Write(client.Runtime)
		return
	}
	payload := true
	switch {
	case strings.HasPrefix(path, "/_gorgon/page/"):
		path = strings.TrimSuffix(strings.TrimPrefix(path, "/_gorgon/page"), ".json")
	case strings.HasPrefix(path, "/_gorgon/folder"):
		path = strings.TrimSuffix(strings.TrimPrefix(path, "/_gorgon/folder"), ".json") + "/"
	default:
		payload = false
	}
	p, ok := s.pages[path]
	if !ok {
		http.NotFound(w, r)
		return
	}
	p.main = strings.ReplaceAll(p.main, "{query}", html.EscapeString(r.URL.RawQuery))
	if p.head == "" {
		p.head = "<title>" + html.EscapeString(p.title) + "</title>"
	}
	if !payload {
		s.document(w, http.StatusOK, build, p)
		return
	}
	if p.answer != nil {
		p.answer(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	if p.control != "" {
		w.Header().Set("Cache-Control", p.control)
	}
	if p.cacheStatus != "" {
		w.Header().Set("Cache-Status", p.cacheStatus)
	}
	if p.status != 0 {
		w.WriteHeader(p.status)
	}
	quote := func(text string) string { data, _ := json.Marshal(text); return string(data) }
	parts := `{"head":` + quote(p.head) // in their order
	if !p.unmarked {
		parts += `,"` + s.region + `":` + quote(p.menu)
	}
	parts += `,"main":` + quote(p.main) + `}`
	body := map[string]any{"build": build, "locale": "en", "dir": "ltr", "title": p.title, "parts": json.RawMessage(parts)}
	if p.location != "" {
		body = map[string]any{"build": build, "location": p.location}
	}
	_ = json.NewEncoder(w).Encode(body)
}
