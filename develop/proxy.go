// What browsers see: the app, or why there is none.

package develop

import (
	"compress/gzip"
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gorgon-go/gorgon/wire"
)

//go:embed client.js
var client []byte

// script goes behind the document: parsers take it into the body, and what
// the app streams is not held back to look for the body's end.
func script(version int64, nonce string) string {
	if nonce != "" {
		nonce = ` nonce="` + nonce + `"`
	}
	return `<script src="` + wire.DevClient + "?" + strconv.FormatInt(version, 10) + `"` + nonce + `></script>`
}

// A turn is what a request is answered with.
type turn struct {
	target  *url.URL
	fault   *Fault
	version int64
}

func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if name, ours := strings.CutPrefix(r.URL.Path, wire.Dev); ours {
		switch {
		case r.URL.Path == wire.DevEvents:
			s.events(w, r)
			return
		case r.URL.Path == wire.DevClient:
			w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
			w.Header().Set("Cache-Control", "no-store")
			_, _ = w.Write(client)
			return
		case !near(r):
			http.Error(w, "the inspector is for the machine that the app is written on: open it at 127.0.0.1 there", http.StatusForbidden)
			return
		case r.URL.Path == wire.DevRequests:
			s.tellRequests(w)
			return
		case name != "" && r.URL.Path != wire.DevSite && !strings.HasPrefix(r.URL.Path, wire.DevMail):
			http.NotFound(w, r)
			return
		}
	}
	began := time.Now()
	told := &recorder{ResponseWriter: w}
	s.pass(told, r)
	s.note(r, told, began)
}

// near says whether a request comes from this machine, and not by way of a
// page elsewhere whose name was made to lead here.
func near(r *http.Request) bool {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil || !peer.Addr().Unmap().IsLoopback() {
		return false
	}
	host, _, err := net.SplitHostPort(r.Host)
	if err != nil {
		host = r.Host
	}
	at, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return host == "localhost" || err == nil && at.IsLoopback()
}

// pass waits until there is something to show, and passes the request on. One
// that met the end of an app waits for the next.
func (s *Server) pass(w http.ResponseWriter, r *http.Request) {
	wait := time.NewTimer(s.Wait)
	defer wait.Stop()
	for {
		s.mu.Lock()
		settled := s.settled
		s.mu.Unlock()
		select {
		case <-settled:
		case <-r.Context().Done():
			return
		case <-wait.C:
			s.mu.Lock()
			version := s.version
			s.mu.Unlock()
			refuse(w, r, turn{version: version, fault: &Fault{Text: "The app is still being compiled. The first time takes a while; this page shows it when it is ready."}})
			return
		}
		s.mu.Lock()
		now := turn{s.target, s.fault, s.version}
		s.mu.Unlock()
		if now.fault != nil || now.target == nil {
			refuse(w, r, now)
			return
		}
		err := s.forward(w, r, now)
		if err == nil || r.Context().Err() != nil {
			return
		}
		s.mu.Lock()
		other := s.version != now.version || s.settled != settled
		s.mu.Unlock()
		if !other || r.Method != http.MethodGet && r.Method != http.MethodHead {
			now.fault = &Fault{Text: "the app does not answer: " + err.Error()}
			refuse(w, r, now)
			return
		}
	}
}

// forward gives the request to the app. Its error says that there was no
// answer; nothing was sent then.
func (s *Server) forward(w http.ResponseWriter, r *http.Request, now turn) (failed error) {
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.streams, r)
	}()
	proxy := httputil.ReverseProxy{
		FlushInterval: -1,
		Rewrite: func(p *httputil.ProxyRequest) {
			p.SetURL(now.target)
			p.Out.Host = p.In.Host
			p.Out.Header.Set("Accept-Encoding", "identity")
			p.Out.Header.Del("If-None-Match") // the script is not part of the app's response
			p.Out.Header.Del("If-Modified-Since")
		},
		ModifyResponse: func(answer *http.Response) error {
			if answer.StatusCode == http.StatusSwitchingProtocols || strings.HasPrefix(answer.Header.Get("Content-Type"), "text/event-stream") {
				s.mu.Lock()
				s.streams[r] = cancel
				s.mu.Unlock()
			}
			return s.inject(ctx, answer, now)
		},
		ErrorHandler: func(_ http.ResponseWriter, _ *http.Request, err error) { failed = err },
	}
	proxy.ServeHTTP(w, r.WithContext(ctx))
	return failed
}

// inject adds the script to documents, and to those that failed why.
func (s *Server) inject(ctx context.Context, r *http.Response, now turn) error {
	if !strings.HasPrefix(r.Header.Get("Content-Type"), "text/html") ||
		r.Request.Method == http.MethodHead || r.StatusCode == http.StatusPartialContent || strings.Contains(r.Request.URL.Path, wire.Root) {
		return nil
	}
	body := io.Reader(r.Body)
	switch r.Header.Get("Content-Encoding") {
	case "", "identity":
	case "gzip": // which was not asked for
		unpacked, err := gzip.NewReader(r.Body)
		if err != nil {
			return fmt.Errorf("the app's answer says that it is gzip: %w", err)
		}
		body = unpacked
		r.Header.Del("Content-Encoding")
	default:
		return nil
	}
	more := ""
	if id := r.Header.Get(wire.HeaderRequestID); r.StatusCode >= 500 && id != "" {
		if f, err := call[wire.DevFailed](ctx, http.MethodGet, now.target, wire.DevFailure+"?id="+url.QueryEscape(id)); err == nil {
			more = faultScript(s.faultOf("page " + f.Path + ": " + f.Text))
		}
	}
	nonce := permit(r.Header)
	r.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(body, strings.NewReader(more+script(now.version, nonce))), r.Body}
	r.ContentLength = -1
	for _, name := range []string{"Content-Length", "ETag", "Last-Modified"} {
		r.Header.Del(name)
	}
	r.Header.Set("Cache-Control", "no-store")
	return nil
}

// faultScript is a fault as the script finds it in a document.
func faultScript(f *Fault) string {
	data, _ := json.Marshal(f) // escapes < and >
	return `<script type="application/json" id="gorgon-fault">` + string(data) + `</script>`
}

// refuse shows a fault as a page to those who read pages.
func refuse(w http.ResponseWriter, r *http.Request, now turn) {
	fault := now.fault
	if fault == nil {
		fault = &Fault{Text: "the app is not running"}
	}
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Retry-After", "1")
	if !strings.Contains(r.Header.Get("Accept"), "text/html") {
		http.Error(w, fault.Text, http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(http.StatusServiceUnavailable)
	fmt.Fprintf(w, `<!doctype html><meta charset="utf-8"><title>Gorgon: the app cannot be shown</title><noscript><pre>%s</pre></noscript>%s%s`,
		html.EscapeString(fault.Text), faultScript(fault), script(now.version, ""))
}

// events tells a browser what happens, until it leaves. It says which version
// it shows, and hears at once where that is not the latest.
func (s *Server) events(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	shown := r.Header.Get("Last-Event-Id")
	if shown == "" {
		shown = r.URL.RawQuery
	}
	seen, _ := strconv.ParseInt(shown, 10, 64)
	out := http.NewResponseController(w)
	fmt.Fprint(w, ": here\n\n")
	for out.Flush() == nil {
		s.mu.Lock()
		version, kind, fault, changed := s.version, s.kind, s.fault, s.changed
		s.mu.Unlock()
		if version != seen && kind != "" {
			if kind == "css" && version != seen+1 {
				kind = "reload" // it missed what came before
			}
			data, _ := json.Marshal(fault)
			fmt.Fprintf(w, "id: %d\nevent: %s\ndata: %s\n\n", version, kind, data)
			seen = version
			continue
		}
		select {
		case <-r.Context().Done():
			return
		case <-changed:
		}
	}
}

// A request is one that was answered, for the inspector.
type request struct {
	At     time.Time `json:"at"`
	Method string    `json:"method"`
	Path   string    `json:"path"`
	Status int       `json:"status"`
	Millis float64   `json:"millis"` // until the answer had ended
	Bytes  int64     `json:"bytes"`
	Cache  string    `json:"cache,omitempty"` // what the app's cache did
}

const manyRequests = 100

func (s *Server) note(r *http.Request, told *recorder, began time.Time) {
	if strings.HasPrefix(r.URL.Path, wire.Dev) {
		return // the inspector looking at itself
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = append(s.requests, request{
		At: began, Method: r.Method, Path: r.URL.RequestURI(), Status: told.status, Bytes: told.bytes, Cache: told.Header().Get("Cache-Status"),
		Millis: float64(time.Since(began).Microseconds()) / 1000,
	})
	if len(s.requests) > manyRequests {
		s.requests = s.requests[1:]
	}
}

func (s *Server) tellRequests(w http.ResponseWriter) {
	s.mu.Lock()
	all := slices.Clone(s.requests)
	s.mu.Unlock()
	slices.Reverse(all)
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_ = json.NewEncoder(w).Encode(all)
}

// A recorder notes what an answer was.
type recorder struct {
	http.ResponseWriter
	status int
	bytes  int64
}

// WriteHeader notes the last status; those before it are informational.
func (w *recorder) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

func (w *recorder) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	n, err := w.ResponseWriter.Write(b)
	w.bytes += int64(n)
	return n, err
}

// Unwrap lets a response controller reach what flushes and hijacks.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }
