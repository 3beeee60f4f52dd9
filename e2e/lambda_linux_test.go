// The package as a Lambda function: the zip, unpacked and run against a runtime
// API.

package e2e_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A function is the runtime API of one, and what it said last.
type function struct {
	t      *testing.T
	events chan string
	said   chan []byte
}

func (f *function) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasSuffix(r.URL.Path, "/next") {
		select {
		case e := <-f.events:
			w.Header().Set("Lambda-Runtime-Aws-Request-Id", "1")
			w.Header().Set("Lambda-Runtime-Deadline-Ms", fmt.Sprint(time.Now().Add(time.Minute).UnixMilli()))
			_, _ = io.WriteString(w, e)
		case <-r.Context().Done():
		}
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		f.t.Error(err)
	}
	w.WriteHeader(http.StatusAccepted)
	f.said <- append([]byte(r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]+" "), body...)
}

func (f *function) invoke(event string) string {
	f.t.Helper()
	f.events <- event
	select {
	case said := <-f.said:
		return string(said)
	case <-time.After(patience):
		f.t.Fatalf("%s is not answered", event)
		return ""
	}
}

// get asks for a path and returns status and body.
func (f *function) get(path string) (int, string) {
	f.t.Helper()
	said := f.invoke(`{"version":"2.0","rawPath":"` + path + `","headers":{"accept-encoding":"identity"},"requestContext":{"http":{"method":"GET","sourceIp":"192.0.2.1"}}}`)
	head, body, ok := bytes.Cut([]byte(strings.TrimPrefix(said, "response ")), make([]byte, 8))
	var prelude struct{ StatusCode int }
	if err := json.Unmarshal(head, &prelude); err != nil || !ok {
		f.t.Fatalf("%s: %q", path, said)
	}
	return prelude.StatusCode, string(body)
}

// unzip unpacks an archive with the modes of its files.
func unzip(t *testing.T, name, to string) {
	t.Helper()
	z, err := zip.OpenReader(name)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	for _, f := range z.File {
		in, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(in)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(to, f.Name), data, f.Mode()); err != nil {
			t.Fatal(err)
		}
	}
}

func TestLambda(t *testing.T) {
	t.Parallel()
	p := newProject(t)
	folder := p.deploy("--to", "lambda", "--compress", "good")
	want := p.development()
	unpacked := t.TempDir()
	unzip(t, filepath.Join(folder, "lambda", "function.zip"), unpacked)
	f := &function{t: t, events: make(chan string), said: make(chan []byte, 1)}
	api := httptest.NewServer(f)
	defer api.Close()
	c := exec.Command(filepath.Join(unpacked, "bootstrap"))
	c.Dir = "/"
	c.Env = []string{"AWS_LAMBDA_RUNTIME_API=" + strings.TrimPrefix(api.URL, "http://"), "GORGON_STANDALONE=true"}
	var log bytes.Buffer
	c.Stderr = &log
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = c.Process.Kill()
		_ = c.Wait()
		if t.Failed() {
			t.Logf("the function said:\n%s", log.String())
		}
	}()
	for _, path := range []string{"/", "/items/1", "/hourly", "/humans.txt", "/nowhere"} {
		status, body := f.get(path)
		if expected := want["identity "+path]; !strings.HasPrefix(expected, http.StatusText(status)+"\n") || !strings.HasSuffix(expected, "\n"+body) {
			t.Errorf("%s: %d %.200q; the development server says %.600q", path, status, body, expected)
		}
	}
	if status, body := f.get("/items/new"); status != 200 || !strings.Contains(body, "/items/new") {
		t.Errorf("a page that is made: %d %q", status, body)
	}
	for event, answer := range map[string]string{
		`{"gorgon":"maintain"}`: `response {"done":"maintain"}`,
		`{"gorgon":"dance"}`:    `error {"errorMessage":"there is no task`,
	} {
		if said := f.invoke(event); !strings.HasPrefix(said, answer) {
			t.Errorf("%s: %s", event, said)
		}
	}
}
