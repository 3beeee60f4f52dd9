// What browsers see: the app, or why there is none.

package develop

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/httputil"
	"strings"
	"time"
)

// Where the development server itself answers.
const (
	eventsPath = "/_gorgon/dev/events"
	clientPath = "/_gorgon/dev/client.js"
)

//go:embed client.js
var client []byte

// script goes behind the document: parsers take it into the body, and what
// the app streams is not held back to look for the body's end.
const script = `<script src="` + clientPath + `"></script>`

// An event is told to every browser.
type event struct {
	name  string // reload, css or fault
	fault *Fault
}

func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case eventsPath:
		s.events(w, r)
		return
	case clientPath:
		w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
		w.Header().Set("Cache-Control", "no-store")
		_, _ = w.Write(client)
		return
	}
	s.mu.Lock()
	settled := s.settled
	s.mu.Unlock()
	wait := time.NewTimer(s.Wait)
	defer wait.Stop()
	select {
	case <-settled:
	case <-r.Context().Done():
		return
	case <-wait.C:
		w.Header().Set("Cache-Control", "no-store")
		http.Error(w, "the app is still being built", http.StatusServiceUnavailable)
		return
	}
	s.mu.Lock()
	target, fault := s.target, s.fault
	s.mu.Unlock()
	if fault != nil || target == nil {
		refuse(w, r, fault)
		return
	}
	proxy := httputil.ReverseProxy{
		FlushInterval: -1,
		Rewrite: func(p *httputil.ProxyRequest) {
			p.SetURL(target)
			p.Out.Host = p.In.Host
			p.Out.Header.Set("Accept-Encoding", "identity")
			p.Out.Header.Del("If-None-Match") // the script is no part of what the app knows
			p.Out.Header.Del("If-Modified-Since")
		},
		ModifyResponse: inject,
	}
	proxy.ServeHTTP(w, r)
}

// inject adds the script to documents.
func inject(r *http.Response) error {
	if !strings.HasPrefix(r.Header.Get("Content-Type"), "text/html") || r.Header.Get("Content-Encoding") != "" ||
		r.Request.Method == http.MethodHead || r.StatusCode == http.StatusPartialContent || strings.HasPrefix(r.Request.URL.Path, "/_gorgon/") {
		return nil
	}
	r.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(r.Body, strings.NewReader(script)), r.Body}
	r.ContentLength = -1
	for _, name := range []string{"Content-Length", "ETag", "Last-Modified"} {
		r.Header.Del(name)
	}
	r.Header.Set("Cache-Control", "no-store")
	return nil
}

// refuse shows a fault as a page to those who read pages.
func refuse(w http.ResponseWriter, r *http.Request, fault *Fault) {
	if fault == nil {
		fault = &Fault{Text: "the app is not running"}
	}
	w.Header().Set("Cache-Control", "no-store")
	if !strings.Contains(r.Header.Get("Accept"), "text/html") {
		http.Error(w, fault.Text, http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(http.StatusServiceUnavailable)
	data, _ := json.Marshal(fault) // escapes < and >
	fmt.Fprintf(w, `<!doctype html><meta charset="utf-8"><title>Gorgon: the app cannot be shown</title><noscript><pre>%s</pre></noscript><script type="application/json" id="gorgon-fault">%s</script>%s`,
		html.EscapeString(fault.Text), data, script)
}

// events tells a browser what happens, until it leaves.
func (s *Server) events(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	happening := make(chan event, 1)
	s.mu.Lock()
	s.browsers[happening] = true
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		delete(s.browsers, happening)
		s.mu.Unlock()
	}()
	out := http.NewResponseController(w)
	fmt.Fprint(w, ": here\n\n")
	for out.Flush() == nil {
		select {
		case <-r.Context().Done():
			return
		case e := <-happening:
			data, _ := json.Marshal(e.fault)
			fmt.Fprintf(w, "event: %s\ndata: %s\n\n", e.name, data)
		}
	}
}
