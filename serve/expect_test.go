// Requests whose body has not come yet.

package serve_test

import (
	"bufio"
	"fmt"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/cache"
	"github.com/gorgon-go/gorgon/listen"
	"github.com/gorgon-go/gorgon/serve"
)

// dialog sends a request over a socket and reads the answer's head. The
// server's ReadTimeout is far longer than a test may take.
func dialog(t *testing.T, address, request string) (*http.Response, net.Conn) {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(2 * time.Minute))
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatalf("%s: %v", request, err)
	}
	return res, conn
}

// A client that waits for "100 Continue", or says that much follows, is
// answered before any of the body has come.
func TestAnswersDoNotWaitForABody(t *testing.T) {
	app := gorgon.App{
		Parts: []gorgon.Part{
			page("/"),
			gorgon.Handler{Pattern: "POST /refuse", Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusUnauthorized) })},
			gorgon.Handler{Pattern: "POST /read", Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				b, err := io.ReadAll(r.Body)
				fmt.Fprintf(w, "%s %v", b, err)
			})},
		}, Locales: gorgon.Locales{Tags: []string{"en", "de"}, Detect: true},
		Middleware: []func(http.Handler) http.Handler{func(next http.Handler) http.Handler { return next }},
	}
	s := build(t, app, func(c *serve.Config, _ *cache.Config) { c.PurgeKey = []byte("key") })
	url, stop := run(t, &listen.Server{Handler: s, ReadTimeout: time.Hour, MaxBodyBytes: 10 << 20})
	address := strings.TrimPrefix(url, "http://")
	for path, status := range map[string]int{"/": 405, "/none": 404, "/refuse": 401, "/_gorgon/page/x.json": 404, "/%00": 400} {
		for _, head := range []string{"Content-Length: 1000\r\nExpect: 100-continue", "Content-Length: 100000000"} {
			res, conn := dialog(t, address, "POST "+path+" HTTP/1.1\r\nHost: x\r\n"+head+"\r\n\r\n")
			if res.StatusCode != status {
				t.Errorf("%s, %s: %d", path, head, res.StatusCode)
			}
			_ = conn.Close()
		}
	}
	// What reads the body is sent one.
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(2 * time.Minute))
	_, _ = io.WriteString(conn, "POST /read HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n")
	r := bufio.NewReader(conn)
	if line, err := r.ReadString('\n'); line != "HTTP/1.1 100 Continue\r\n" {
		t.Fatalf("%q %v", line, err)
	}
	_, _ = r.ReadString('\n')
	_, _ = io.WriteString(conn, "words")
	res, err := http.ReadResponse(r, nil)
	if err != nil {
		t.Fatal(err)
	}
	if body := text(t, res); body != "words <nil>" {
		t.Errorf("%q", body)
	}
	_ = conn.Close()
	if err := stop(); err != nil {
		t.Error(err)
	}
}

// A handler reads a copy of the request; the files of its form go with it.
func TestUploadsAreRemoved(t *testing.T) {
	folder := t.TempDir()
	t.Setenv("TMPDIR", folder)
	s := build(t, gorgon.App{Parts: []gorgon.Part{page("/"), gorgon.Handler{Pattern: "POST /upload", Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseMultipartForm(1); err != nil {
			t.Error(err)
		}
		if files, _ := os.ReadDir(folder); len(files) == 0 {
			t.Error("the upload is in no file")
		}
	})}}}, nil)
	url, stop := run(t, &listen.Server{Handler: s})
	read, write := io.Pipe()
	form := multipart.NewWriter(write)
	go func() {
		part, _ := form.CreateFormFile("file", "a.bin")
		_, _ = part.Write(make([]byte, 1<<20))
		_ = form.Close()
		_ = write.Close()
	}()
	res, err := http.Post(url+"/upload", form.FormDataContentType(), read)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	http.DefaultClient.CloseIdleConnections()
	if err := stop(); err != nil {
		t.Error(err)
	}
	if files, _ := os.ReadDir(folder); len(files) > 0 {
		t.Errorf("%d files are left", len(files))
	}
}
