// Tests of failures: what visitors see, what the log holds, what caches are told.

package serve_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/gorgon-go/gorgon"
)

func TestFailures(t *testing.T) {
	s := build(t, gorgon.App{
		Parts: []gorgon.Part{
			gorgon.Page[state]{Path: "/fails", View: view, Load: func(context.Context, gorgon.Input) (state, error) {
				return state{}, fmt.Errorf("outer: %w", errors.New("secret cause"))
			}},
			gorgon.Page[state]{Path: "/odd", View: view, LoadRequest: func(context.Context, gorgon.Input, *http.Request) (state, error) {
				return state{}, &gorgon.Error{Status: 200}
			}},
			page("/"),
			gorgon.Handler{Pattern: "/boom", Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("secret panic") })},
			gorgon.Handler{Pattern: "/abort", Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })},
			gorgon.Handler{Pattern: "/half", Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				fmt.Fprint(w, "half")
				panic("secret panic")
			})},
			gorgon.Handler{Pattern: "/silent", Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})},
			gorgon.Handler{Pattern: "/own", Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Cache-Control", "max-age=9")
				fmt.Fprint(w, "x")
			})},
			gorgon.Handler{Pattern: "/cookie", Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Cache-Control", "public, max-age=9")
				w.Header().Set("Set-Cookie", "a=b")
				w.WriteHeader(201)
			})},
			gorgon.Handler{Pattern: "/flush", Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				if err := http.NewResponseController(w).Flush(); err != nil {
					panic(err)
				}
				w.(http.Flusher).Flush()
			})},
		},
		Error: func(f gorgon.Failure) gorgon.Component {
			if f.Status == 404 {
				panic("the view panics")
			}
			return gorgon.Text(fmt.Sprintf("%d %s id=%s.", f.Status, f.Path, f.ID))
		},
	}, nil)
	res := s.get(t, "/fails")
	want(t, res, 500, "Cache-Control", "private, no-store")
	body := text(t, res)
	_, id, _ := strings.Cut(body, "id=")
	id, _, _ = strings.Cut(id, ".")
	if strings.Contains(body, "secret") || len(id) < 10 {
		t.Errorf("body: %s", body)
	}
	found := false
	for line := range strings.SplitSeq(s.log.String(), "\n") {
		found = found || strings.Contains(line, id) && strings.Contains(line, "secret cause") && strings.Contains(line, "level=ERROR")
	}
	if !found {
		t.Errorf("the log does not hold the cause under %s: %s", id, s.log.String())
	}
	want(t, s.get(t, "/odd"), 500)
	res = s.get(t, "/none")
	want(t, res, 404, "Cache-Control", "private, no-store", "Content-Type", "text/html; charset=utf-8")
	if !strings.Contains(text(t, res), "Not Found") {
		t.Error("there is nothing to see")
	}
	want(t, s.get(t, "/boom"), 500, "Cache-Control", "private, no-store", "X-Content-Type-Options", "nosniff")
	want(t, s.get(t, "/silent"), 200, "Cache-Control", "private, no-store")
	want(t, s.get(t, "/own"), 200, "Cache-Control", "max-age=9")
	want(t, s.get(t, "/cookie"), 201, "Cache-Control", "private, no-store")
	want(t, s.get(t, "/flush"), 200, "Cache-Control", "private, no-store")
	for _, path := range []string{"/abort", "/half"} {
		func() {
			defer func() {
				if p := recover(); p != http.ErrAbortHandler {
					t.Errorf("%s: recovered %v", path, p)
				}
			}()
			s.get(t, path)
		}()
	}
	if strings.Contains(s.log.String(), "level=ERROR msg=\"the request failed\" method=GET path=/none") {
		t.Error("a 404 is logged as an error")
	}
}

func TestEveryResponseSaysWhoMayKeepIt(t *testing.T) {
	s := build(t, gorgon.App{
		Parts: []gorgon.Part{
			page("/"),
			page("/a"),
			gorgon.Page[state]{Path: "/r", View: view, LoadRequest: func(context.Context, gorgon.Input, *http.Request) (state, error) { return state{}, nil }},
			gorgon.Handler{Pattern: "POST /h", Handler: says("h")},
			gorgon.Handler{Pattern: "/dir/", Handler: http.FileServerFS(emptyFS{})},
			gorgon.Handler{Pattern: "/redirect", Handler: http.RedirectHandler("/a", http.StatusFound)},
		},
		Middleware: []func(http.Handler) http.Handler{func(next http.Handler) http.Handler { return next }},
	}, nil)
	for _, method := range []string{"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "BREW"} {
		for _, target := range []string{"/", "/a", "/a/", "/r", "/r/", "/h", "/dir", "/dir/", "/dir/x", "/redirect", "/none", "/%2e%2e", "/x%2fy", "/%00", "/_gorgon/purge", "/_gorgon/x", "//x", "/" + strings.Repeat("a", 4000)} {
			for _, header := range [][]string{nil, {"If-None-Match", "*"}, {"If-Match", `"x"`}, {"Range", "bytes=9999-"}, {"Accept-Encoding", "br"}} {
				res := askWith(t, s, method, target, strings.NewReader(""), header...)
				if res.Header.Get("Cache-Control") == "" || res.Header.Get("X-Content-Type-Options") == "" {
					t.Errorf("%s %s %v: %d without: %v", method, target, header, res.StatusCode, res.Header)
				}
				if res.StatusCode >= 400 && res.Header.Get("Cache-Control") != "private, no-store" {
					t.Errorf("%s %s: %d %s", method, target, res.StatusCode, res.Header.Get("Cache-Control"))
				}
			}
		}
	}
}
