// Head and body in one write, and nothing that stays behind.

package listen

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// ask sends requests on one connection and reads each answer whole.
func ask(t *testing.T, handler http.Handler, requests ...string) []string {
	t.Helper()
	server := &Server{Handler: handler, Addr: "127.0.0.1:0"}
	ctx, stop := context.WithCancel(t.Context())
	addr, err := server.Listen(ctx)
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Run(ctx) }()
	defer func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}()
	conn, err := net.Dial("tcp", addr.String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	in := bufio.NewReader(conn)
	var bodies []string
	for _, request := range requests {
		fmt.Fprintf(conn, "%s\r\nHost: x\r\n\r\n", request)
		method, _, _ := strings.Cut(request, " ")
		res, err := http.ReadResponse(in, &http.Request{Method: method})
		if err != nil {
			t.Fatalf("%s: %v", request, err)
		}
		body, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatalf("%s: %v", request, err)
		}
		bodies = append(bodies, string(body))
	}
	return bodies
}

func TestJoinedWrites(t *testing.T) {
	long := strings.Repeat("0123456789abcdef", 4096)
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/whole": // what is told is what follows
			Join(r, len(long))
			w.Header().Set("Content-Length", fmt.Sprint(len(long)))
			_, _ = io.WriteString(w, long)
		case "/just": // a little more than one buffer
			Join(r, headroom+1)
			_, _ = io.WriteString(w, long[:headroom+1])
		case "/less": // a middleware made it smaller
			Join(r, len(long))
			_, _ = io.WriteString(w, "small")
		case "/nothing":
			Join(r, len(long))
		case "/copied":
			Join(r, len(long))
			w.Header().Set("Content-Length", fmt.Sprint(len(long)))
			_, _ = io.Copy(w, io.LimitReader(strings.NewReader(long), int64(len(long))))
		case "/flushed":
			Join(r, len(long))
			_, _ = io.WriteString(w, "a")
			w.(http.Flusher).Flush()
			_, _ = io.WriteString(w, "b")
		case "/last":
			w.Header().Set("Connection", "close")
			Join(r, len(long))
			_, _ = io.WriteString(w, "the end")
		}
	})
	got := ask(t, handler, "GET /whole HTTP/1.1", "GET /just HTTP/1.1", "GET /less HTTP/1.1", "GET /nothing HTTP/1.1",
		"HEAD /nothing HTTP/1.1", "GET /copied HTTP/1.1", "GET /flushed HTTP/1.1", "GET /whole HTTP/1.1", "GET /last HTTP/1.1")
	want := []string{long, long[:headroom+1], "small", "", "", long, "ab", long, "the end"}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("answer %d has %d bytes, want %d", i, len(got[i]), len(want[i]))
		}
	}
}
