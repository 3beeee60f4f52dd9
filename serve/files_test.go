// Tests of files: what may be kept, parts, twins.

package serve_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/answer"
	"github.com/gorgon-go/gorgon/cache"
	"github.com/gorgon-go/gorgon/serve"
)

// emptyFS has no files.
type emptyFS struct{}

func (emptyFS) Open(name string) (fs.File, error) {
	return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
}

func TestFiles(t *testing.T) {
	data := []byte(strings.Repeat("body { color: red }\n", 100))
	var gz bytes.Buffer
	zw := gzip.NewWriter(&gz)
	_, _ = zw.Write(data)
	_ = zw.Close()
	app := gorgon.App{Parts: []gorgon.Part{page("/")}}
	files := func(c *serve.Config, _ *cache.Config) {
		c.Files = func(path string) (answer.File, bool) {
			switch path {
			case "/assets/a.123.css":
				return answer.File{ContentType: "text/css", Immutable: true, ETag: "a", Data: data, Gzip: gz.Bytes()}, true
			case "/robots.txt":
				return answer.File{ContentType: "text/plain", ETag: "r", Data: []byte("User-agent: *\n")}, true
			}
			return answer.File{}, false
		}
	}
	s := build(t, app, files)
	const asset = "/assets/a.123.css"
	for range 2 {
		want(t, s.get(t, asset), 200, "Cache-Control", "public, max-age=31536000, immutable", "ETag", `"a"`, "Accept-Ranges", "bytes", "Content-Type", "text/css", "CDN-Cache-Control", "", "Vary", "Accept-Encoding")
	}
	res := s.get(t, asset, "Accept-Encoding", "gzip, br")
	want(t, res, 200, "Content-Encoding", "gzip", "ETag", `"a-gzip"`)
	if text(t, res) != string(data) {
		t.Error("the twin decodes to other bytes")
	}
	want(t, s.get(t, asset, "Accept-Encoding", "gzip", "If-None-Match", `"a-gzip"`), 304, "Cache-Control", "public, max-age=31536000, immutable", "ETag", `"a-gzip"`)
	res = s.get(t, asset, "Range", "bytes=5-9", "Accept-Encoding", "gzip")
	want(t, res, 206, "Content-Range", "bytes 5-9/2000", "Content-Encoding", "", "ETag", `"a"`, "Cache-Control", "public, max-age=31536000, immutable")
	if got := text(t, res); got != string(data[5:10]) {
		t.Errorf("part %q", got)
	}
	want(t, s.get(t, asset, "Range", "bytes=5-9", "If-Range", `"a"`), 206)
	want(t, s.get(t, asset, "Range", "bytes=5-9", "If-Range", `"old"`), 200, "Content-Length", "2000")
	want(t, s.get(t, asset, "Range", "bytes=9999-"), 416, "Cache-Control", "private, no-store")
	want(t, s.get(t, asset, "Range", "items=0-1"), 200, "Content-Range", "")
	want(t, s.get(t, asset, "Range", "bytes=0-0,5-6"), 206)
	want(t, s.ask(t, "HEAD", asset, "Range", "bytes=5-9"), 200, "Content-Length", "2000")
	want(t, s.get(t, "/assets/a.456.css"), 404, "Cache-Control", "private, no-store")
	want(t, s.get(t, "/robots.txt"), 200, "Cache-Control", public, "Content-Length", "14")

	app.CDN = &gorgon.CDN{TagHeader: "Cache-Tag"}
	s = build(t, app, files)
	want(t, s.get(t, asset), 200, "CDN-Cache-Control", "public, max-age=31536000, immutable", "Cache-Tag", "all,path:"+asset)
	want(t, s.get(t, asset, "Range", "bytes=9999-"), 416, "CDN-Cache-Control", "", "Cache-Tag", "")
}

func TestLargeFileOverASlowLine(t *testing.T) {
	data := make([]byte, 32<<20)
	s := build(t, gorgon.App{Parts: []gorgon.Part{page("/")}}, func(c *serve.Config, _ *cache.Config) {
		c.Files = func(path string) (answer.File, bool) {
			return answer.File{ETag: "x", Data: data}, path == "/video"
		}
	})
	server := httptest.NewUnstartedServer(s)
	server.Config.WriteTimeout = 50 * time.Millisecond
	server.Start()
	defer server.Close()
	for _, part := range []string{"", "bytes=1-"} {
		r, _ := http.NewRequest("GET", server.URL+"/video", nil)
		if part != "" {
			r.Header.Set("Range", part)
		}
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(200 * time.Millisecond)
		if n, err := io.Copy(io.Discard, res.Body); err != nil || n < int64(len(data))-1 {
			t.Errorf("range %q: %d bytes, %v", part, n, err)
		}
		_ = res.Body.Close()
	}
}

func TestFilesAreLookedForOnce(t *testing.T) {
	asked := map[string]int{}
	s := build(t, gorgon.App{Parts: []gorgon.Part{
		page("/"),
		gorgon.Page[state]{Path: "/{rest...}", Load: where, Incremental: true, View: view},
	}}, func(c *serve.Config, _ *cache.Config) {
		c.Files = func(path string) (answer.File, bool) {
			asked[path]++
			return answer.File{ETag: "x", Data: []byte("file")}, path == "/robots.txt"
		}
	})
	for range 3 {
		if body := text(t, s.get(t, "/robots.txt")); body != "file" {
			t.Errorf("the page %q stands in the file's place", body)
		}
		want(t, s.get(t, "/page"), 200)
	}
	if asked["/robots.txt"] != 1 || asked["/page"] != 1 {
		t.Errorf("asked %v", asked)
	}
}
