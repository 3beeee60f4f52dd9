// The loop of saving and looking, over HTTP.

package develop

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const program = `package main

import (
	"net/http"
	"os"
)

func main() {
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/end" {
			panicking <- true
		}
		w.Header().Set("Content-Type", "text/html")
		w.Write([]byte("<p>WORD</p>"))
	})
	go http.ListenAndServe(os.Getenv("GORGON_HOST")+":"+os.Getenv("GORGON_PORT"), nil)
	<-panicking
	panic("turned to stone")
}

var panicking = make(chan bool)
`

func TestLoop(t *testing.T) {
	dir := t.TempDir()
	save := func(word string) {
		t.Helper()
		text := strings.Replace(program, "WORD", word, 1)
		if err := os.WriteFile(filepath.Join(dir, "main.go"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module example.com/app\n\ngo 1.26\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	save("one")
	at := make(chan string, 1)
	ctx, cancel := context.WithCancel(t.Context())
	s := &Server{Dir: dir, Addr: "127.0.0.1:0", Log: io.Discard, Started: func(a net.Addr) { at <- "http://" + a.String() }}
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	url := <-at
	get := func(path string) string {
		t.Helper()
		r, _ := http.NewRequestWithContext(ctx, "GET", url+path, nil)
		r.Header.Set("Accept", "text/html")
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatalf("the port was lost: %v", err)
		}
		defer answer.Body.Close()
		body, _ := io.ReadAll(answer.Body)
		return string(body)
	}
	until := func(want string) string {
		t.Helper()
		for t.Context().Err() == nil {
			if body := get("/"); strings.Contains(body, want) {
				return body
			}
		}
		return ""
	}
	// The first request waits for the first build.
	if body := get("/"); !strings.Contains(body, "<p>one</p>") || !strings.HasSuffix(body, script) {
		t.Errorf("the first request got %q", body)
	}
	save("two")
	until("<p>two</p>")
	save(`three")) }`) // which does not compile
	if body := until("gorgon-fault"); !strings.Contains(body, `"file":"main.go","line":1`) {
		t.Errorf("the overlay names no place: %s", body)
	}
	save("four")
	until("<p>four</p>")
	get("/end")
	until("turned to stone")
	save("five")
	until("<p>five</p>")
	if !bytes.Contains(client, []byte(eventsPath)) {
		t.Error("the client listens elsewhere")
	}
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("it ended with %v", err)
	}
}
