// Tests of pages made for one request: streaming, early and late failures, cookies.

package serve_test

import (
	"bufio"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon"
)

// plainLayout writes nothing but the page.
func plainLayout(d gorgon.Document) gorgon.Component {
	return gorgon.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		return errors.Join(d.Head.Render(ctx, w), d.Main.Render(ctx, w))
	})
}

// writing is a page whose view does as it is told.
func writing(path string, do func(ctx context.Context, w io.Writer) error) gorgon.Part {
	return gorgon.Page[state]{
		Path: path,
		LoadRequest: func(_ context.Context, in gorgon.Input, r *http.Request) (state, error) {
			return state{r.URL.Path}, nil
		},
		View: func(state) gorgon.Component { return gorgon.ComponentFunc(do) },
	}
}

func TestRequestPage(t *testing.T) {
	s := build(t, gorgon.App{
		CDN:    &gorgon.CDN{TagHeader: "Cache-Tag"},
		Layout: plainLayout,
		Parts: []gorgon.Part{
			gorgon.Page[state]{Path: "/account", View: view,
				LoadRequest: func(_ context.Context, _ gorgon.Input, r *http.Request) (state, error) {
					switch r.URL.RawQuery {
					case "moved":
						return state{}, gorgon.Redirect("/login?x")
					case "panic":
						panic("secret panic")
					case "no":
						return state{}, &gorgon.Error{Kind: gorgon.KindUnauthorized, Message: "sign in", Err: errors.New("secret cause")}
					case "later":
						return state{}, &gorgon.Error{Kind: gorgon.KindUnavailable}
					case "long":
						return state{strings.Repeat("long ", 10000)}, nil
					}
					return state{"short"}, nil
				},
				Headers: func(state) http.Header {
					return http.Header{"Set-Cookie": {"a=1", "b=2"}, "Cache-Control": {"public, max-age=5"}, "Vary": {"Cookie"}}
				},
				Errors: map[int]func(gorgon.Failure) gorgon.Component{401: func(f gorgon.Failure) gorgon.Component { return gorgon.Text("own view: " + f.Message) }},
			},
			gorgon.Page[state]{Path: "/both/{id}", Load: where, Incremental: true, View: view,
				LoadRequest: func(_ context.Context, _ gorgon.Input, r *http.Request) (state, error) {
					return state{r.Header.Get("User")}, nil
				},
				Merge: func(_ context.Context, _ gorgon.Input, built, requested state) (state, error) {
					return state{built.Text + "+" + requested.Text}, nil
				}},
		},
	}, nil)
	private := []string{"Cache-Control", "private, no-store", "CDN-Cache-Control", "", "Cache-Tag", "", "ETag", ""}
	res := s.get(t, "/account", "Accept-Encoding", "gzip")
	want(t, res, 200, append(private, "Set-Cookie", "a=1 | b=2", "Content-Length", "12", "Content-Encoding", "", "Vary", "Cookie, Accept-Encoding", "Cache-Status", "gorgon; fwd=bypass")...)
	plain := text(t, s.get(t, "/account?long"))
	for _, c := range []string{"gzip", "br", "zstd"} {
		res := s.get(t, "/account?long", "Accept-Encoding", c)
		want(t, res, 200, append(private, "Content-Encoding", c, "Content-Length", "")...)
		if text(t, res) != plain {
			t.Errorf("%s decodes to other bytes", c)
		}
		head := s.ask(t, "HEAD", "/account?long", "Accept-Encoding", c)
		want(t, head, 200, append(private, "Content-Encoding", c)...)
		if b, _ := io.ReadAll(head.Body); len(b) > 0 {
			t.Error("HEAD has a body")
		}
	}
	want(t, s.ask(t, "HEAD", "/account"), 200, "Content-Length", "12")
	want(t, s.get(t, "/account?moved"), 302, append(private, "Location", "/login?x")...)
	res = s.get(t, "/account?no")
	want(t, res, 401, private...)
	if body := text(t, res); !strings.HasSuffix(body, "own view: sign in") {
		t.Errorf("body %s", body)
	}
	want(t, s.get(t, "/account?later"), 503, append(private, "Retry-After", "3")...)
	res = s.get(t, "/account?panic")
	want(t, res, 500, private...)
	if strings.Contains(text(t, res), "secret") {
		t.Error("the visitor reads the cause")
	}
	want(t, s.ask(t, "POST", "/account"), 405)
	for range 2 {
		res = s.get(t, "/both/1", "User", "ann")
		want(t, res, 200, private...)
		if body := text(t, res); body != "<p>[]/both/1+ann</p>" {
			t.Errorf("body %s; log %s", body, s.log)
		}
	}
}

func TestStreaming(t *testing.T) {
	release := make(chan struct{})
	s := build(t, gorgon.App{
		Layout: plainLayout,
		Parts: []gorgon.Part{
			writing("/slow", func(_ context.Context, w io.Writer) error {
				fmt.Fprintln(w, "first")
				w.(http.Flusher).Flush()
				<-release
				fmt.Fprintln(w, "last")
				return nil
			}),
			writing("/early", func(_ context.Context, w io.Writer) error {
				fmt.Fprint(w, strings.Repeat("x", 8000))
				return errors.New("secret cause")
			}),
			writing("/late", func(_ context.Context, w io.Writer) error {
				fmt.Fprint(w, strings.Repeat("x", 100000))
				return errors.New("secret cause")
			}),
			writing("/panic", func(_ context.Context, w io.Writer) error { fmt.Fprint(w, "x"); panic("secret panic") }),
		},
	}, nil)
	server := httptest.NewServer(s)
	defer server.Close()
	client := &http.Client{Transport: &http.Transport{DisableCompression: true}}
	try := func(path, coding string) (*http.Response, error) {
		r, _ := http.NewRequest("GET", server.URL+path, nil)
		r.Header.Set("Accept-Encoding", coding)
		return client.Do(r)
	}
	ask := func(path, coding string) *http.Response {
		res, err := try(path, coding)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = res.Body.Close() })
		return res
	}
	for _, c := range []string{"identity", "gzip"} {
		res := ask("/slow", c)
		var body io.Reader = res.Body
		if c == "gzip" {
			g, err := gzip.NewReader(body)
			if err != nil {
				t.Fatal(err)
			}
			body = g
		}
		lines := bufio.NewReader(body)
		if l, err := lines.ReadString('\n'); l != "first\n" || err != nil {
			t.Fatalf("%s: %q %v", c, l, err)
		}
		release <- struct{}{} // only now may the view go on
		if rest, err := io.ReadAll(lines); string(rest) != "last\n" || err != nil {
			t.Fatalf("%s: %q %v", c, rest, err)
		}
	}
	for _, path := range []string{"/early", "/panic"} {
		res := ask(path, "gzip")
		want(t, res, 500, "Cache-Control", "private, no-store", "Content-Encoding", "")
		if b := text(t, res); strings.Contains(b, "secret") || !strings.Contains(b, "Internal Server Error") {
			t.Errorf("%s: %s", path, b)
		}
	}
	for _, c := range []string{"identity", "gzip", "br", "zstd"} {
		res, err := try("/late", c)
		if err != nil {
			continue // so little of it that not even its header was sent
		}
		want(t, res, 200)
		if _, err := io.ReadAll(res.Body); err == nil {
			t.Errorf("%s: the half page came as a whole", c)
		}
	}
	if log := s.log.String(); strings.Count(log, "secret cause") != 5 || !strings.Contains(log, "secret panic") {
		t.Errorf("log: %s", log)
	}
}

// A page that is not larger than what is held back is sent with its length, also where
// the view flushes at the end of the document, as templ does. One that flushes before has none.
func TestRequestPagesTellTheirLength(t *testing.T) {
	var tail func(w io.Writer)
	s := build(t, gorgon.App{
		Layout: func(d gorgon.Document) gorgon.Component {
			return gorgon.ComponentFunc(func(ctx context.Context, w io.Writer) error {
				defer tail(w)
				return errors.Join(d.Main.Render(ctx, w), func() error { _, err := io.WriteString(w, "</html>\n"); return err }())
			})
		},
		Parts: []gorgon.Part{
			writing("/small", func(_ context.Context, w io.Writer) error {
				_, err := fmt.Fprint(w, strings.Repeat("x", 20_000))
				return err
			}),
			writing("/large", func(_ context.Context, w io.Writer) error {
				_, err := fmt.Fprint(w, strings.Repeat("x", 40_000))
				return err
			}),
			writing("/early", func(_ context.Context, w io.Writer) error {
				fmt.Fprint(w, "first")
				w.(http.Flusher).Flush()
				_, err := fmt.Fprint(w, "last")
				return err
			}),
		},
	}, nil)
	server := httptest.NewServer(s)
	defer server.Close()
	client := &http.Client{Transport: &http.Transport{DisableCompression: true}}
	for _, c := range []struct {
		path, coding string
		length       int64
	}{{"/small", "identity", 20_008}, {"/large", "identity", -1}, {"/early", "identity", -1}} {
		for name, end := range map[string]func(w io.Writer){
			"flushes at its end": func(w io.Writer) { w.(http.Flusher).Flush() }, "does not flush": func(io.Writer) {},
		} {
			tail = end
			r, _ := http.NewRequest("GET", server.URL+c.path, nil)
			r.Header.Set("Accept-Encoding", c.coding)
			res, err := client.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			if body := text(t, res); res.ContentLength != c.length || c.length > 0 && int64(len(body)) != c.length {
				t.Errorf("%s in %s, a view that %s: a length of %d, and %d bytes; want %d", c.path, c.coding, name, res.ContentLength, len(body), c.length)
			}
		}
	}
}

func TestStreamOutlivesWriteTimeout(t *testing.T) {
	s := build(t, gorgon.App{Layout: plainLayout, Parts: []gorgon.Part{writing("/", func(_ context.Context, w io.Writer) error {
		for range 6 {
			fmt.Fprint(w, "part ")
			w.(http.Flusher).Flush()
			time.Sleep(250 * time.Millisecond)
		}
		return nil
	})}}, nil)
	server := httptest.NewUnstartedServer(s)
	server.Config.WriteTimeout = time.Second // far longer than a part takes, and shorter than all of them
	server.Start()
	defer server.Close()
	res, err := http.Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if b, err := io.ReadAll(res.Body); err != nil || len(b) != 30 {
		t.Errorf("%q %v", b, err)
	}
}

func TestClientGoesAway(t *testing.T) {
	release := make(chan struct{})
	s := build(t, gorgon.App{Parts: []gorgon.Part{gorgon.Page[state]{Path: "/", View: view, Load: func(context.Context, gorgon.Input) (state, error) {
		<-release
		return state{"made"}, nil
	}}}}, nil)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan any)
	go func() {
		defer func() { ended <- recover() }()
		s.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil).WithContext(ctx))
	}()
	time.Sleep(10 * time.Millisecond)
	cancel()
	if p := <-ended; p != http.ErrAbortHandler {
		t.Errorf("recovered %v", p)
	}
	if log := s.log.String(); strings.Contains(log, "ERROR") || strings.Contains(log, "WARN") {
		t.Errorf("log: %s", log)
	}
	close(release) // the page is made all the same
	want(t, s.get(t, "/"), 200)
}
