// A function against a runtime API as AWS documents it.

package lambda_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/lambda"
)

// An api is the runtime API of one function.
type api struct {
	*httptest.Server
	events chan string
	said   chan answer
	first  chan string // of a streamed response, as soon as it is there
}

// An answer is what a function reported for an event.
type answer struct {
	id, kind string // "response", "error"
	header   http.Header
	trailer  http.Header
	body     []byte
}

func newAPI(t *testing.T) *api {
	a := &api{events: make(chan string, 10), said: make(chan answer, 10), first: make(chan string, 10)}
	n := 0
	mux := http.NewServeMux()
	mux.HandleFunc("GET /2018-06-01/runtime/invocation/next", func(w http.ResponseWriter, r *http.Request) {
		select {
		case e := <-a.events:
			n++
			w.Header().Set("Lambda-Runtime-Aws-Request-Id", fmt.Sprint("id-", n))
			w.Header().Set("Lambda-Runtime-Deadline-Ms", fmt.Sprint(time.Now().Add(time.Minute).UnixMilli()))
			_, _ = io.WriteString(w, e)
		case <-r.Context().Done():
		}
	})
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/{kind}", func(w http.ResponseWriter, r *http.Request) {
		var body []byte
		buf := make([]byte, 4096)
		for {
			n, err := r.Body.Read(buf)
			body = append(body, buf[:n]...)
			if n > 0 {
				a.first <- string(body)
			}
			if err != nil {
				break
			}
		}
		w.WriteHeader(http.StatusAccepted)
		a.said <- answer{r.PathValue("id"), r.PathValue("kind"), r.Header, r.Trailer, body}
	})
	a.Server = httptest.NewServer(mux)
	t.Cleanup(a.Close)
	return a
}

// start runs a function until the test ends.
func (a *api) start(t *testing.T, l *lambda.Runtime) {
	t.Helper()
	l.API = strings.TrimPrefix(a.URL, "http://")
	l.Log = slog.New(slog.DiscardHandler)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- l.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("the runtime ends with %v", err)
		}
	})
}

func (a *api) invoke(t *testing.T, event string) answer {
	t.Helper()
	a.events <- event
	select {
	case said := <-a.said:
		for len(a.first) > 0 {
			<-a.first
		}
		return said
	case <-time.After(10 * time.Second):
		t.Fatal("no answer")
		return answer{}
	}
}

// get is the event of a request.
func get(path, query string, headers map[string]string) string {
	e := map[string]any{
		"version": "2.0", "rawPath": path, "rawQueryString": query, "headers": headers, "cookies": []string{"a=1", "b=2"},
		"requestContext": map[string]any{"http": map[string]any{"method": "GET", "sourceIp": "2001:db8::1"}},
	}
	data, _ := json.Marshal(e)
	return string(data)
}

// split takes a streamed response apart.
func split(t *testing.T, a answer) (status int, headers map[string]string, cookies []string, body string) {
	t.Helper()
	head, rest, ok := bytes.Cut(a.body, make([]byte, 8))
	var p struct {
		StatusCode int
		Headers    map[string]string
		Cookies    []string
	}
	if err := json.Unmarshal(head, &p); !ok || err != nil {
		t.Fatalf("no prelude: %q, %v", a.body, err)
	}
	return p.StatusCode, p.Headers, p.Cookies, string(rest)
}

func TestRequest(t *testing.T) {
	a := newAPI(t)
	a.start(t, &lambda.Runtime{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header()["Set-Cookie"] = []string{"x=1", "y=2"}
		w.Header()["Vary"] = []string{"Accept-Encoding", "Accept"}
		w.Header().Set("Content-Length", "7")
		w.WriteHeader(http.StatusTeapot)
		body, _ := io.ReadAll(r.Body)
		c, _ := r.Cookie("b")
		_, hasDeadline := r.Context().Deadline()
		fmt.Fprintf(w, "%s|%s|%s|%s|%s|%s|%s|%t", r.Method, r.URL.Path, r.URL.RawPath, r.URL.RawQuery, r.Host, r.RemoteAddr, c.Value, hasDeadline)
		_, _ = w.Write(body)
	})})
	said := a.invoke(t, get("/a%2Fb/ü", "q=1&r=%20", map[string]string{"host": "shop.example"}))
	if said.id != "id-1" || said.kind != "response" || said.header.Get("Lambda-Runtime-Function-Response-Mode") != "streaming" {
		t.Errorf("answered %+v", said)
	}
	status, headers, cookies, body := split(t, said)
	if want := "GET|/a/b/ü|/a%2Fb/ü|q=1&r=%20|shop.example|[2001:db8::1]:0|2|true"; body != want {
		t.Errorf("the handler saw %s, want %s", body, want)
	}
	if status != 418 || headers["Vary"] != "Accept-Encoding, Accept" || headers["Content-Length"] != "" || len(cookies) != 2 {
		t.Errorf("answered %d %v %v", status, headers, cookies)
	}

	post := `{"rawPath":"/b","cookies":["b=2"],"headers":{},"requestContext":{"http":{"method":"POST","sourceIp":"192.0.2.1"}},"isBase64Encoded":true,"body":"` + base64.StdEncoding.EncodeToString([]byte{1, 2, 0xff}) + `"}`
	if _, _, _, body := split(t, a.invoke(t, post)); !strings.HasSuffix(body, "\x01\x02\xff") {
		t.Errorf("the body was %q", body)
	}
	if _, _, _, body := split(t, a.invoke(t, get("/100%/x y", "", map[string]string{}))); !strings.HasPrefix(body, "GET|/100%/x y|") {
		t.Errorf("a decoded path: %q", body)
	}
}

// The handler's output is sent before the handler has returned.
func TestStreams(t *testing.T) {
	a := newAPI(t)
	let := make(chan struct{})
	a.start(t, &lambda.Runtime{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "first")
		w.(http.Flusher).Flush()
		<-let
		_, _ = io.WriteString(w, "second")
	})})
	a.events <- get("/", "", nil)
	for got := ""; !strings.HasSuffix(got, "first"); {
		select {
		case got = <-a.first:
		case <-time.After(10 * time.Second):
			t.Fatal("nothing is there before the handler returns")
		}
	}
	close(let)
	if said := <-a.said; !strings.HasSuffix(string(said.body), "firstsecond") {
		t.Errorf("answered %q", said.body)
	}
}

func TestFailures(t *testing.T) {
	a := newAPI(t)
	a.start(t, &lambda.Runtime{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/late" {
				_, _ = io.WriteString(w, "begun")
			}
			panic("secret")
		}),
		Tasks: map[string]func(context.Context) error{
			"maintain": func(context.Context) error { return nil },
			"migrate":  func(context.Context) error { return errors.New("no database") },
		},
	})
	if status, headers, _, body := split(t, a.invoke(t, get("/", "", nil))); status != 500 || headers["Cache-Control"] == "" || strings.Contains(body, "secret") {
		t.Errorf("a panic is answered with %d %q", status, body)
	}
	late := a.invoke(t, get("/late", "", nil))
	if late.trailer.Get("Lambda-Runtime-Function-Error-Type") == "" {
		t.Errorf("a response that broke off ends well: %+v", late)
	}
	for event, want := range map[string]string{
		`{"gorgon":"maintain"}`: `{"done":"maintain"}`,
		`{"gorgon":"migrate"}`:  "no database",
		`{"gorgon":"dance"}`:    "no task",
		`nonsense`:              "not JSON",
		`{"Records":[]}`:        "is not a request",
		`[]`:                    "not JSON",
		`{"rawPath":"/","requestContext":{"http":{"method":"GE T"}}}`:                                    "invalid method",
		`{"rawPath":"/","requestContext":{"http":{"method":"PUT"}},"isBase64Encoded":true,"body":"%%%"}`: "base64",
	} {
		said := a.invoke(t, event)
		if kind := map[bool]string{true: "response", false: "error"}[strings.HasPrefix(want, "{")]; said.kind != kind || !strings.Contains(string(said.body), want) {
			t.Errorf("%s is answered with %s %s; want %s", event, said.kind, said.body, want)
		}
	}
	// And it continues.
	if said := a.invoke(t, `{"gorgon":"maintain"}`); said.kind != "response" {
		t.Errorf("after all that: %s", said.body)
	}
}

func TestBuffered(t *testing.T) {
	a := newAPI(t)
	a.start(t, &lambda.Runtime{Buffered: true, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/text":
			_, _ = io.WriteString(w, "<p>text</p>")
		case "/gzip":
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = w.Write([]byte{0x1f, 0x8b})
		case "/panic":
			panic("x")
		}
	})})
	for path, want := range map[string]string{
		"/text":  `{"statusCode":200,"headers":{"Content-Type":"text/html; charset=utf-8"},"body":"\u003cp\u003etext\u003c/p\u003e","isBase64Encoded":false}`,
		"/gzip":  `{"statusCode":200,"headers":{"Content-Encoding":"gzip","Content-Type":"application/octet-stream"},"body":"H4s=","isBase64Encoded":true}`,
		"/empty": `{"statusCode":200,"headers":{},"body":"","isBase64Encoded":false}`,
	} {
		if said := a.invoke(t, get(path, "", nil)); said.kind != "response" || string(said.body) != want {
			t.Errorf("%s is answered with %s", path, said.body)
		}
	}
	if said := a.invoke(t, get("/panic", "", nil)); said.kind != "error" {
		t.Errorf("a panic is answered with %s %s", said.kind, said.body)
	}
}

func TestNoAPI(t *testing.T) {
	l := &lambda.Runtime{API: "127.0.0.1:1", Handler: http.NotFoundHandler(), Log: slog.New(slog.DiscardHandler)}
	if err := l.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "127.0.0.1:1") {
		t.Errorf("without its API: %v", err)
	}
}

func FuzzEvent(f *testing.F) {
	f.Add([]byte(get("/a", "b=c", map[string]string{"host": "x"})))
	f.Add([]byte(`{"rawPath":"//evil","requestContext":{"http":{"method":"GET"}}}`))
	f.Add([]byte(`{"gorgon":"x"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := lambda.Request(t.Context(), data)
		if err == nil && (r.URL.Host != "" || !strings.HasPrefix(r.URL.Path, "/")) {
			t.Errorf("%q becomes a request to %q, %q", data, r.URL.Host, r.URL.Path)
		}
	})
}
