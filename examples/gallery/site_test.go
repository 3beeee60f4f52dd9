// The gallery as its visitors meet it: served by its own program, and as files on a plain file server.

package main

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/gorgon-go/gorgon/command"
	"github.com/gorgon-go/gorgon/testbed"
)

// asProgram makes the test binary the gallery's own program, and says which
// build of it: "two" has another icon.
const asProgram = "GORGON_TEST_GALLERY"

var dist string // of the build that the tests share

func TestMain(m *testing.M) {
	if build := os.Getenv(asProgram); build != "" {
		a := app()
		if build == "two" {
			a.Assets.Files = withAnotherIcon(a.Assets.Files)
		}
		command.Main(a, config)
	}
	os.Exit(run(m))
}

func withAnotherIcon(assets fs.FS) fs.FS {
	changed := fstest.MapFS{}
	err := fs.WalkDir(assets, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(assets, name)
		changed[name] = &fstest.MapFile{Data: data}
		return err
	})
	if err != nil {
		panic(err) // the files are part of the program
	}
	changed["stone.svg"].Data = append(changed["stone.svg"].Data, "<!-- another -->"...)
	return changed
}

func run(m *testing.M) int {
	defer testbed.CloseBrowser()
	dir, err := os.MkdirTemp("", "gallery")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	dist = filepath.Join(dir, "dist")
	if out, err := program("one", "build", "--out", dist).CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "%v\n%s", err, out)
		return 1
	}
	code := m.Run()
	if shared.server != nil {
		shared.server.kill()
	}
	if shared.files != nil {
		shared.files.Close()
	}
	return code
}

func program(build string, args ...string) *exec.Cmd {
	self, err := os.Executable()
	if err != nil {
		panic(err) // the test binary is not to be found
	}
	cmd := exec.Command(self, args...)
	cmd.Env = append(os.Environ(), asProgram+"="+build)
	return cmd
}

// A server is the program while it serves, as a process that can be killed.
type server struct {
	URL string
	cmd *exec.Cmd
	log bytes.Buffer
}

// start serves what is in a folder at a free address, or at that of another
// server which has ended.
func start(dist, build, addr string, args ...string) (*server, error) {
	if addr == "" {
		var err error
		if addr, err = testbed.FreeAddr(); err != nil {
			return nil, err
		}
	}
	s := &server{URL: "http://" + addr, cmd: program(build, append([]string{"serve", "--dist", dist, "--store", "mem:", "--addr", addr}, args...)...)}
	s.cmd.Stdout, s.cmd.Stderr = &s.log, &s.log
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if res, err := http.Get(s.URL + "/readyz"); err == nil {
			res.Body.Close()
			return s, nil
		}
	}
	s.kill()
	return nil, fmt.Errorf("it never answers:\n%s", s.log.String())
}

func (s *server) kill() {
	_ = s.cmd.Process.Kill() // it may have ended
	_ = s.cmd.Wait()
}

var shared struct {
	sync.Mutex
	server *server
	files  *httptest.Server
	dir    string
}

// own serves a build for one test.
func own(t *testing.T, dist, build, addr string, args ...string) *server {
	t.Helper()
	s, err := start(dist, build, addr, args...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.kill)
	return s
}

// served is the URL of the server that the tests share.
func served(t *testing.T) string {
	t.Helper()
	shared.Lock()
	defer shared.Unlock()
	if shared.server == nil {
		s, err := start(dist, "one", "")
		if err != nil {
			t.Fatal(err)
		}
		shared.server = s
	}
	return shared.server.URL
}

// exported is the URL of the export on a file server that knows nothing of it.
func exported(t *testing.T) string {
	t.Helper()
	shared.Lock()
	defer shared.Unlock()
	if shared.files == nil {
		out := filepath.Join(filepath.Dir(dist), "public")
		if said, err := program("one", "export", "--partial", "--no-build", "--dist", dist, "--out", out).CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, said)
		}
		shared.files = httptest.NewServer(http.FileServer(http.Dir(out)))
	}
	return shared.files.URL
}

// onBoth runs a test on the server and on the export.
func onBoth(t *testing.T, test func(t *testing.T, at string)) {
	t.Run("server", func(t *testing.T) { test(t, served(t)) })
	t.Run("export", func(t *testing.T) { test(t, exported(t)) })
}

// open shows a page in a new tab, whose first document is marked.
func open(t *testing.T, at string) *testbed.Tab {
	t.Helper()
	tab := testbed.NewTab(t)
	tab.Open(at)
	tab.Run("window.first = true")
	return tab
}

func heading(text string) string {
	return fmt.Sprintf("document.querySelector('h1')?.textContent === %q", text)
}

func check(t *testing.T, tab *testbed.Tab, law, expression string) {
	t.Helper()
	if !testbed.Eval[bool](tab, "!!("+expression+")") {
		t.Errorf("%s: not %s", law, expression)
	}
}

// get asks as a program does, and follows no redirect.
func get(t *testing.T, at string, header ...string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, at, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(body)
}

// kinds are the requests of a tab for things of a kind: Document, Fetch, …
func kinds(tab *testbed.Tab, kind string) (list []testbed.Request) {
	for _, r := range tab.Requests() {
		if r.Type == kind {
			list = append(list, r)
		}
	}
	return list
}
