// The app on a server: its pages, its pictures, and its room over HTTP.

package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"image/png"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/bundle"
	"github.com/gorgon-go/gorgon/command"
	"github.com/gorgon-go/gorgon/database"
	"github.com/gorgon-go/gorgon/database/roomdb"
	"github.com/gorgon-go/gorgon/describe"
	"github.com/gorgon-go/gorgon/generate"
	"github.com/gorgon-go/gorgon/host"
	"github.com/gorgon-go/gorgon/testbed"
)

// serve serves the app until the test ends.
func serve(t *testing.T) (url string) {
	t.Helper()
	addr, err := testbed.FreeAddr()
	if err != nil {
		t.Fatal(err)
	}
	dir, url := t.TempDir(), "http://"+addr
	location := "sqlite:" + filepath.Join(dir, "canvas.db")
	db := database.Open(dialect(location), database.Options{URL: location})
	store := roomdb.In(db)
	if _, err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan int, 1)
	go func() {
		ended <- command.Run(ctx, App(url), command.Config{Database: db, Rooms: host.New(host.Options{Store: store}), Bundler: bundle.Bundler{}},
			[]string{"serve", "--dist", filepath.Join(dir, "dist"), "--addr", addr}, log, log)
	}()
	t.Cleanup(func() {
		stop()
		code := <-ended
		if said, _ := os.ReadFile(log.Name()); code != 0 || strings.Contains(string(said), "ERROR") || t.Failed() {
			t.Errorf("serve ends with %d:\n%s", code, said)
		}
		_ = log.Close()
	})
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		resp, err := http.Get(url + "/readyz")
		if err == nil {
			_ = resp.Body.Close()
		}
		if err == nil && resp.StatusCode == http.StatusOK {
			return url
		}
		if time.Now().After(end) {
			t.Fatal("the server does not become ready")
		}
	}
}

// do makes a request without following redirects.
func do(t *testing.T, method, url, body string, header ...string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(text)
}

// paint sends one stroke, and returns the id at which it is.
func paint(t *testing.T, room string, n int, s Stroke) string {
	t.Helper()
	op, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	resp, text := do(t, "POST", room, fmt.Sprintf(`{"client": "test-test-test-test", "ops": [{"n": %d, "op": %s}]}`, n, op), "Content-Type", "application/json")
	var answer struct {
		Results []struct {
			At      string
			Problem *struct{ Status int }
		}
	}
	if err := json.Unmarshal([]byte(text), &answer); err != nil || resp.StatusCode != 200 || len(answer.Results) != 1 || answer.Results[0].Problem != nil {
		t.Fatalf("%d: %s (%v)", resp.StatusCode, text, err)
	}
	return answer.Results[0].At
}

func TestPages(t *testing.T) {
	url := serve(t)
	for path, want := range map[string]int{"/": 200, "/c/plaza": 200, "/c/mine42": 200, "/c/UPPER": 404, "/c/no": 404, "/nothing": 404} {
		resp, body := do(t, "GET", url+path, "")
		if resp.StatusCode != want {
			t.Errorf("%s: %d", path, resp.StatusCode)
		}
		key := strings.TrimPrefix(path, "/c/")
		if path == "/" {
			key = "plaza"
		}
		for _, part := range []string{`<img src="/c/` + key + `/picture.png"`, "<noscript>", `"key":"` + key + `"`} {
			if want == 200 && !strings.Contains(body, part) {
				t.Errorf("%s has not %s", path, part)
			}
		}
		if index := path == "/" || key == "plaza"; want == 200 && strings.Contains(body, "noindex") == index {
			t.Errorf("%s: the robots are told the wrong thing", path)
		}
	}
	resp, _ := do(t, "POST", url+"/new", "")
	to := resp.Header.Get("Location")
	if resp.StatusCode != http.StatusSeeOther || !isKey(strings.TrimPrefix(to, "/c/")) {
		t.Fatalf("a new canvas: %d, %s", resp.StatusCode, to)
	}
	if resp, _ := do(t, "GET", url+to, ""); resp.StatusCode != 200 {
		t.Errorf("%s: %d", to, resp.StatusCode)
	}
}

// The client of the room in the page is the one of this app.
func TestClient(t *testing.T) {
	openapi, err := describe.OpenAPI(App("http://localhost:8080"))
	if err != nil {
		t.Fatal(err)
	}
	m, err := generate.Read(openapi)
	if err != nil {
		t.Fatal(err)
	}
	const file = "assets/_api.ts"
	if text, err := os.ReadFile(file); err != nil || !bytes.Equal(text, generate.TypeScript(m)) {
		t.Errorf("%s is not that of the app (%v): run 'go run ./cmd/gorgon generate --ts examples/canvas/%s ./examples/canvas'", file, err, file)
	}
}

func TestPicture(t *testing.T) {
	url := serve(t)
	paint(t, url+"/c/plaza/room", 1, Stroke{Color: 4, At: []int{0, side + 2}})
	resp, body := do(t, "GET", url+"/c/plaza/picture.png", "")
	m, err := png.Decode(strings.NewReader(body))
	if err != nil || resp.Header.Get("Content-Type") != "image/png" {
		t.Fatal(resp.StatusCode, err)
	}
	size := m.Bounds().Dx() / side
	list := colors()
	for y := range side {
		for x := range side {
			want := 0
			if y == 0 && x == 0 || y == 1 && x == 2 {
				want = 4
			}
			for _, d := range []int{0, size - 1} {
				if got := list.Index(m.At(x*size+d, y*size+d)); got != want {
					t.Fatalf("pixel %d, %d is %d", x, y, got)
				}
			}
		}
	}
	if resp, _ := do(t, "GET", url+"/c/plaza/picture.png", "", "If-None-Match", resp.Header.Get("Etag")); resp.StatusCode != http.StatusNotModified {
		t.Errorf("the same picture: %d", resp.StatusCode)
	}
	for key, want := range map[string]int{"empty": 200, "NO": 404} {
		if resp, _ := do(t, "GET", url+"/c/"+key+"/picture.png", ""); resp.StatusCode != want {
			t.Errorf("%s: %d", key, resp.StatusCode)
		}
	}
}

// A stream is what a member hears.
type stream struct {
	t    *testing.T
	body io.ReadCloser
	scan *bufio.Scanner
}

func hear(t *testing.T, url string) *stream {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	req, err := http.NewRequestWithContext(ctx, "GET", url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = resp.Body.Close() })
	if resp.StatusCode != 200 {
		t.Fatalf("%s: %d", url, resp.StatusCode)
	}
	s := &stream{t, resp.Body, bufio.NewScanner(resp.Body)}
	s.scan.Buffer(nil, 1<<20)
	return s
}

// next is the next event that says something about the picture.
func (s *stream) next() (event, id, data string) {
	s.t.Helper()
	for s.scan.Scan() {
		line := s.scan.Text()
		name, value, _ := strings.Cut(line, ": ")
		switch {
		case name == "event":
			event = value
		case name == "id":
			id = value
		case name == "data":
			data = value
		case line == "" && (event == "state" || event == "" && data != ""):
			return event, id, data
		case line == "":
			event, id, data = "", "", ""
		}
	}
	s.t.Fatalf("the stream ended: %v", s.scan.Err())
	return "", "", ""
}

func TestRoom(t *testing.T) {
	room := serve(t) + "/c/plaza/room"
	first := hear(t, room)
	var c Canvas
	if event, _, data := first.next(); event != "state" || json.Unmarshal([]byte(data), &c) != nil || len(c.Pixels) != side*side {
		t.Fatalf("first comes %s %.60s", event, data)
	}
	at := paint(t, room, 1, Stroke{Color: 4, At: []int{7, 7, 8}})
	event, id, data := first.next()
	var outs []Painted
	if err := json.Unmarshal([]byte(data), &outs); err != nil || event != "" || id != at || len(outs) != 1 || fmt.Sprint(outs[0].At) != "[7 8]" || outs[0].Color != 4 || outs[0].By == "" {
		t.Fatalf("then %s %s %s (%v), and it is at %s", event, id, data, err, at)
	}
	paint(t, room, 1, Stroke{Color: 5, At: []int{7}}) // the same number: it is not done again
	paint(t, room, 2, Stroke{Color: 6, At: []int{9}})
	if _, _, data := first.next(); !strings.Contains(data, `"at":[9]`) {
		t.Errorf("after a number that came twice: %s", data)
	}
	if event, _, data := hear(t, room+"?after="+at).next(); event != "" || !strings.Contains(data, `"at":[9]`) || strings.Contains(data, `"at":[7`) {
		t.Errorf("a member that comes back hears %s %s", event, data)
	}
	for op, want := range map[string]string{
		`{"color": 16, "at": [1]}`: "/color", `{"color": 1, "at": [4096]}`: "/at/0", `{"color": 1, "at": []}`: "/at", `{"color": 1}`: "/at",
		`{"color": 1, "at": [1], "by": "eve"}`: "/by",
	} {
		_, text := do(t, "POST", room, `{"client": "test-test-test-test", "ops": [{"n": 3, "op": `+op+`}]}`)
		if !strings.Contains(text, `"status":422`) || !strings.Contains(text, `"`+want+`"`) {
			t.Errorf("%s: %s", op, text)
		}
	}
	if resp, _ := do(t, "GET", strings.Replace(room, "plaza", "NO", 1), ""); resp.StatusCode != 404 {
		t.Errorf("a room that cannot be: %d", resp.StatusCode)
	}
}
