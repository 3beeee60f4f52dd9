// The loop of saving and looking, in a browser.

package develop

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorgon-go/gorgon/testbed"
	"github.com/gorgon-go/gorgon/wire"
)

func TestMain(m *testing.M) {
	code := m.Run()
	testbed.CloseBrowser()
	os.Exit(code)
}

const program = `package main

import (
	"compress/gzip"
	"context"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"strings"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/bundle"
	"github.com/gorgon-go/gorgon/command"
)

//go:embed all:assets
var files embed.FS

type state struct{ Word string }

type view func(context.Context, io.Writer) error

func (v view) Render(ctx context.Context, w io.Writer) error { return v(ctx, w) }

func generate(context.Context, gorgon.Input) (state, error) { return state{word}, nil }

var word = "WORD"

func main() {
	assets, _ := fs.Sub(files, "assets")
	badge := gorgon.Fragment[int, state]{Name: "badge",
		Load: func(context.Context, gorgon.Input, int) (state, error) { return state{"badge"}, nil },
		View: func(s state) gorgon.Component { return gorgon.HTML("<b>" + s.Word + "</b>") }}
	command.Main(gorgon.App{
		Name: "app", Assets: gorgon.Assets{Files: assets},
		Headers: http.Header{"Content-Security-Policy": {"default-src 'none'; style-src 'self'"}},
		Layout: func(d gorgon.Document) gorgon.Component {
			return view(func(ctx context.Context, w io.Writer) error {
				sheet, err := gorgon.Asset(ctx, "app.css")
				if err != nil {
					return err
				}
				fmt.Fprintf(w, "<!doctype html><html><head><link rel=stylesheet href=%q>", sheet)
				if err := d.Head.Render(ctx, w); err != nil {
					return err
				}
				io.WriteString(w, "</head><body>")
				if err := d.Main.Render(ctx, w); err != nil {
					return err
				}
				_, err = io.WriteString(w, "<form><input name=field></form>"+strings.Repeat("<p>.</p>", 100)+"</body></html>")
				return err
			})
		},
		Parts: []gorgon.Part{badge,
			gorgon.Page[state]{Path: "/", Load: generate, View: func(s state) gorgon.Component { return view(func(ctx context.Context, w io.Writer) error {
				fmt.Fprintf(w, "<h1>%s</h1>", s.Word)
				return badge.Use(7).Render(ctx, w)
			}) }},
			gorgon.Page[state]{Path: "/failing", LoadRequest: func(context.Context, gorgon.Input, *http.Request) (state, error) {
				return state{}, errors.New("the well is dry")
			}, View: func(s state) gorgon.Component { return gorgon.Text(s.Word) }},
			gorgon.Page[state]{Path: "/panics", LoadRequest: func(context.Context, gorgon.Input, *http.Request) (state, error) {
				panic("a head of snakes") // here
			}, View: func(s state) gorgon.Component { return gorgon.Text(s.Word) }},
			gorgon.Handler{Pattern: "GET /end", Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) { fmt.Fprintln(os.Stderr, "turned to stone"); os.Exit(3) })},
			gorgon.Handler{Pattern: "GET /packed", Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "text/html")
				w.Header().Set("Content-Encoding", "gzip")
				z := gzip.NewWriter(w)
				fmt.Fprint(z, "<p>packed</p>")
				z.Close()
			})},
			gorgon.Handler{Pattern: "GET /stream", Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "text/event-stream")
				fmt.Fprint(w, "data: first\n\n")
				w.(http.Flusher).Flush()
				<-r.Context().Done()
			})},
			gorgon.Handler{Pattern: "GET /upgrade", Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				c, b, err := http.NewResponseController(w).Hijack()
				if err != nil {
					return
				}
				defer c.Close()
				io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
				line, _ := b.ReadString('\n')
				io.WriteString(c, "heard "+line)
			})},
		},
	}, command.Config{Bundler: bundle.Bundler{}})
}
`

// A site is an app that is being written.
type site struct {
	t   *testing.T
	dir string
	url string
	log *lines
}

// lines is a log that tests wait for.
type lines struct {
	mu   sync.Mutex
	text string
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text += string(b)
	return len(b), nil
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text
}

// develop runs the program in a module of its own, with this one's sums.
func develop(t *testing.T) *site {
	t.Helper()
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	s := &site{t: t, dir: t.TempDir(), log: &lines{}}
	mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	sums, err := os.ReadFile(filepath.Join(root, "go.sum"))
	if err != nil {
		t.Fatal(err)
	}
	s.save("go.mod", strings.Replace(string(mod), "module github.com/gorgon-go/gorgon\n", "module example.com/app\n", 1)+
		"\nrequire github.com/gorgon-go/gorgon v0.0.0\nreplace github.com/gorgon-go/gorgon => "+root+"\n")
	s.save("go.sum", string(sums))
	s.save("assets/app.css", "h1 { color: rgb(1, 2, 3) }\n")
	s.word("one")
	at, ended := make(chan string, 1), make(chan error, 1)
	ctx, cancel := context.WithCancel(t.Context())
	server := &Server{Dir: s.dir, Addr: "127.0.0.1:0", Log: s.log, Started: func(a net.Addr) { at <- "http://" + a.String() }}
	go func() { ended <- server.Run(ctx) }()
	s.url = <-at
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("it ended with %v", err)
		}
		if t.Failed() {
			t.Log(s.log)
		}
	})
	return s
}

func (s *site) save(name, text string) {
	s.t.Helper()
	name = filepath.Join(s.dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		s.t.Fatal(err)
	}
}

func (s *site) word(word string) {
	s.t.Helper()
	s.save("main.go", strings.Replace(program, "WORD", word, 1))
}

func (s *site) get(path string, header ...string) (*http.Response, string) {
	s.t.Helper()
	r, _ := http.NewRequestWithContext(s.t.Context(), "GET", s.url+path, nil)
	r.Header.Set("Accept", "text/html")
	for i := 0; i+1 < len(header); i += 2 {
		if r.Header.Set(header[i], header[i+1]); header[i] == "Host" {
			r.Host = header[i+1]
		}
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		s.t.Fatalf("the port was lost: %v", err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		s.t.Fatalf("%s was cut: %v", path, err)
	}
	return answer, string(body)
}

const heading = `document.querySelector("h1")?.textContent`

// shown is the text of the overlay, "" where there is none.
const shown = `(document.querySelector("gorgon-overlay")?.shadowRoot.textContent ?? "")`

func TestLoop(t *testing.T) {
	s := develop(t)
	tab := testbed.NewTab(t)
	tab.Open(s.url + "/") // waits for the first build
	tab.Wait(heading + ` === "one"`)

	// Go: the page is loaded again, and what the visitor did is kept.
	tab.Run(`document.querySelector("[name=field]").value = "typed"; scrollTo(0, 500); window.old = true`)
	s.word("two")
	tab.Wait(heading + ` === "two" && !window.old && document.querySelector("[name=field]").value === "typed" && scrollY === 500`)

	// CSS: swapped in place.
	tab.Run(`window.old = true`)
	s.save("assets/app.css", "h1 { color: rgb(4, 5, 6) }\n")
	tab.Wait(`getComputedStyle(document.querySelector("h1")).color === "rgb(4, 5, 6)" && document.querySelectorAll("link").length === 1`)
	if !testbed.Eval[bool](tab, "window.old") {
		t.Error("the page was loaded again for a style sheet")
	}

	// A fault is laid over the page, with its place, and printed.
	s.word(`three" + missing + "`)
	tab.Wait(shown + `.startsWith("main.go:")`)
	if text := testbed.Eval[string](tab, shown); !strings.Contains(text, "undefined: missing") || !strings.Contains(text, "> ") {
		t.Errorf("the overlay says %q", text)
	}
	if !testbed.Eval[bool](tab, "window.old") {
		t.Error("the page was lost for a fault")
	}
	if !strings.Contains(s.log.String(), "undefined: missing") {
		t.Error("the fault was not printed")
	}
	if file := os.Getenv("GORGON_SCREENSHOTS"); file != "" {
		tab.Screenshot(filepath.Join(file, "overlay.png"))
	}
	tab.Run(`dispatchEvent(new KeyboardEvent("keydown", { key: "Escape" }))`)
	if testbed.Eval[string](tab, shown) != "" {
		t.Error("Escape does not close the overlay")
	}
	// Who comes while it is broken sees the same.
	if answer, body := s.get("/"); answer.StatusCode != http.StatusServiceUnavailable || !strings.Contains(body, "undefined: missing") {
		t.Errorf("%s %s", answer.Status, body)
	}
	s.word("four")
	tab.Wait(heading + ` === "four" && ` + shown + ` === ""`)

	// A style sheet that cannot be read names its file and line.
	s.save("assets/app.css", "/* what is missing */\n@import \"missing.css\";\n")
	tab.Wait(shown + `.includes("app.css:2")`)
	s.save("assets/app.css", "h1 { color: rgb(7, 8, 9) }\n")
	tab.Wait(shown + ` === "" && getComputedStyle(document.querySelector("h1")).color === "rgb(7, 8, 9)"`)

	// A page that was away when something changed hears of it when it comes back.
	tab.Run(`window.old = true; new EventSource("/_gorgon/dev/events?1").addEventListener("reload", () => window.heard = true)`)
	tab.Wait(`window.heard`)

	// Generators: the cause in development, with its place where it panics.
	tab.Open(s.url + "/failing")
	tab.Wait(shown + `.includes("the well is dry")`)
	tab.Open(s.url + "/panics")
	tab.Wait(shown + `.includes("a head of snakes") && ` + shown + `.includes("// here")`)

	// An app that ends is shown with what it said, and starts after a save.
	tab.Open(s.url + "/")
	tab.Run(`fetch("/end").catch(() => {})`)
	tab.Wait(shown + `.includes("turned to stone")`)
	s.word("five")
	tab.Wait(heading + ` === "five"`)

	// One that panics while it starts, too; what it said is printed once, and
	// nothing says that it started.
	before := strings.Count(s.log.String(), "built and started")
	s.word(`" + func() string { panic("no loom") }() + "`)
	tab.Wait(shown + `.includes("no loom")`)
	text := s.log.String()
	if n, started := strings.Count(text, "panic: no loom"), strings.Count(text, "built and started"); n != 1 || started != before || !strings.HasSuffix(text, sayEnded+"\n") {
		t.Errorf("the panic is printed %d times, and it started %d times", n, started-before)
	}
	s.word("six")
	tab.Wait(heading + ` === "six"`)
}

// A save during a build ends it: what is shown next has all that was saved.
// Files that the app reads from disk need no compiler, those that are embedded
// and given to gorgon.Files included; nor do the variables of .env. A fault in a
// template is shown at its own line.
func TestFilesThatTheAppReads(t *testing.T) {
	s := develop(t)
	s.save("posts/first.txt", "hello")
	s.save("views/page.html", "<h1>{{.Word}}</h1>\n")
	s.save("main.go", `package main

import (
	"context"
	"embed"
	"os"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/command"
	"github.com/gorgon-go/gorgon/templates"
)

type state struct{ Word string }

//go:embed views
var embedded embed.FS

var files = gorgon.Files(embedded)

func main() {
	post, _ := os.ReadFile("posts/first.txt")
	views := &templates.Set{Files: files, Patterns: []string{"views/*.html"}}
	mark := os.Getenv("MARK")
	if mark != "" && os.Getenv("GORGON_DEV_ENV") != "MARK" {
		mark += "from elsewhere"
	}
	command.Main(gorgon.App{Name: "app", Parts: []gorgon.Part{gorgon.Page[state]{Path: "/",
		Load: func(context.Context, gorgon.Input) (state, error) { return state{string(post) + mark}, nil },
		View: func(s state) gorgon.Component { return views.View("page.html", s) },
	}}}, command.Config{})
}
`)
	tab := testbed.NewTab(t)
	tab.Open(s.url + "/")
	tab.Wait(heading + ` === "hello"`)
	builds := strings.Count(s.log.String(), "built and started")
	s.save("posts/first.txt", "good morning")
	tab.Wait(heading + ` === "good morning"`)
	s.save("views/page.html", "<h1>{{.Word}}!</h1>\n")
	tab.Wait(heading + ` === "good morning!"`)
	s.save("views/page.html", "<h1>\n{{.Nope}}</h1>\n")
	tab.Wait(shown + `.startsWith("views/page.html:2")`)
	s.save("views/page.html", "\n<h1>\n{{if}}</h1>\n")
	tab.Wait(shown + `.startsWith("views/page.html:3")`)
	s.save("views/page.html", "<h1>{{template `more.html`}}{{.Word}}</h1>\n")
	s.save("views/more.html", "well, ")
	tab.Wait(heading + ` === "well, good morning" && ` + shown + ` === ""`)
	s.save(".env", "MARK='!'\n")
	tab.Wait(heading + ` === "well, good morning!"`)
	s.save(".env", "MARK='hunter2\n")
	tab.Wait(shown + `.startsWith("line 1 of .env: ")`)
	s.save(".env", "MARK=.\n")
	tab.Wait(heading + ` === "well, good morning." && ` + shown + ` === ""`)
	if strings.Contains(s.log.String(), "hunter2") {
		t.Error("a value of .env is printed")
	}
	if n := strings.Count(s.log.String(), "built and started"); n != builds {
		t.Errorf("%d builds for files that are not part of the program", n-builds)
	}
}

// Browsers open six connections to a host; however many tabs there are, all of
// them load, and hear what changed.
func TestManyTabs(t *testing.T) {
	s := develop(t)
	tabs := make([]*testbed.Tab, 9)
	for i := range tabs {
		if i == 0 {
			tabs[i] = testbed.NewTab(t)
		} else {
			tabs[i] = tabs[0].Beside()
		}
		tabs[i].Open(s.url + "/")
		tabs[i].Wait(heading + ` === "one"`)
	}
	s.word("two")
	for _, tab := range tabs {
		tab.Wait(heading + ` === "two"`)
	}
	s.save("assets/app.css", "h1 { color: rgb(4, 5, 6) }\n")
	for _, tab := range tabs {
		tab.Wait(`getComputedStyle(document.querySelector("h1")).color === "rgb(4, 5, 6)"`)
	}
}

// Who comes before the first build has ended waits, but not for long, and sees
// the app when it is there.
func TestComingEarly(t *testing.T) {
	s := &Server{Wait: time.Millisecond, settled: make(chan struct{}), changed: make(chan struct{}), version: 7, streams: map[*http.Request]context.CancelFunc{}}
	front := httptest.NewServer(s)
	defer front.Close()
	defer front.CloseClientConnections()
	tab := testbed.NewTab(t)
	tab.Open(front.URL + "/")
	tab.Wait(shown + `.includes("still being compiled")`)
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, "<h1>here</h1>")
	}))
	defer app.Close()
	target, _ := url.Parse(app.URL)
	s.settle(target, nil, "reload")
	tab.Wait(heading + ` === "here"`)
}

func TestSaveDuringABuild(t *testing.T) {
	s := develop(t)
	s.get("/") // waits for the first build
	builds := func() int { return strings.Count(s.log.String(), "built and started") }
	before := builds()
	s.word("two")
	time.Sleep(5 * quiet) // the link alone takes longer
	s.word("three")
	tab := testbed.NewTab(t)
	tab.Open(s.url + "/")
	tab.Wait(heading + ` === "three"`)
	if n := builds() - before; n != 1 {
		t.Errorf("it was built %d times for two saves", n)
	}

	// What is not code can wait, and is not lost.
	s.word("four")
	time.Sleep(5 * quiet)
	s.save("assets/app.css", "h1 { color: rgb(9, 9, 9) }\n")
	tab.Wait(heading + ` === "four" && getComputedStyle(document.querySelector("h1")).color === "rgb(9, 9, 9)"`)
}

func TestWhatPasses(t *testing.T) {
	s := develop(t)
	if _, body := s.get("/"); !strings.Contains(body, "<h1>one</h1>") || strings.Count(body, wire.DevClient) != 1 {
		t.Errorf("the first request got %q", body)
	}
	answer, body := s.get("/packed", "Accept-Encoding", "gzip")
	if !strings.Contains(body, "<p>packed</p><script src=") || answer.Header.Get("Content-Encoding") != "" {
		t.Errorf("packed: %v %q", answer.Header, body)
	}
	r, _ := http.NewRequestWithContext(t.Context(), "GET", s.url+"/stream", nil)
	stream, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Body.Close()
	if line, err := bufio.NewReader(stream.Body).ReadString('\n'); line != "data: first\n" {
		t.Errorf("the stream said %q, %v", line, err)
	}
	c, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprint(c, "GET /upgrade HTTP/1.1\r\nHost: app\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
	var said string
	for heard := bufio.NewReader(c); !strings.HasSuffix(said, "heard word\n"); {
		line, err := heard.ReadString('\n')
		if said += line; err != nil {
			t.Fatalf("the upgraded connection said %q, %v", said, err)
		}
		if line == "\r\n" {
			fmt.Fprint(c, "word\n")
		}
	}
	if !strings.HasPrefix(said, "HTTP/1.1 101") {
		t.Errorf("the upgraded connection said %q", said)
	}
	// A restart ends the open stream, and every request on the way is answered.
	s.word("two")
	for {
		answer, body := s.get("/")
		if answer.StatusCode != http.StatusOK {
			t.Fatalf("during a build: %s %s", answer.Status, body)
		}
		if strings.Contains(body, "<h1>two</h1>") {
			break
		}
	}
	if _, err := io.Copy(io.Discard, stream.Body); err == nil {
		t.Error("the stream ended as if the app had ended it")
	}
}

func TestInspector(t *testing.T) {
	s := develop(t)
	tab := testbed.NewTab(t)
	tab.Open(s.url + "/")
	tab.Open(s.url + "/failing")
	tab.Open(s.url + "/_gorgon/dev/")
	tab.Wait(`["/failing", "per request", "badge", "the well is dry", "built", "from the memory"].every((word) => document.body.textContent.includes(word))`)
	tab.Click("#outline")
	if file := os.Getenv("GORGON_SCREENSHOTS"); file != "" {
		tab.Screenshot(filepath.Join(file, "inspector.png"))
	}
	tab.Open(s.url + "/")
	tab.Wait(`document.querySelector("gorgon-outlines")?.shadowRoot.textContent.includes("badge 7")`)
	// For this machine alone, whatever a name elsewhere leads to.
	for path, want := range map[string]int{"": 200, "site.json": 200, "requests.json": 200, "state.json": 404, "renew": 404, "failure.json": 404} {
		if answer, _ := s.get(wire.Dev+path, "Gorgon-Dev", "1"); answer.StatusCode != want {
			t.Errorf("%q: %s", path, answer.Status)
		}
		if answer, _ := s.get(wire.Dev+path, "Host", "attacker.example"); answer.StatusCode != http.StatusForbidden {
			t.Errorf("%q for another host: %s", path, answer.Status)
		}
	}
}

func TestPermitted(t *testing.T) {
	for policy, want := range map[string]string{
		"":                        "",
		"img-src 'none'":          "img-src 'none'",
		"default-src 'none'":      "default-src 'none'; script-src 'self' 'nonce-n'; connect-src 'self'",
		"default-src https://a.b": "default-src https://a.b; script-src https://a.b 'self' 'nonce-n'; connect-src https://a.b 'self'",
		"script-src 'strict-dynamic' 'nonce-x'; connect-src 'none'": "script-src 'strict-dynamic' 'nonce-x' 'self' 'nonce-n'; connect-src 'self'",
		"script-src 'unsafe-inline'":                                "script-src 'unsafe-inline' 'self'",
	} {
		if got := permitted(policy, "n"); got != want {
			t.Errorf("%q becomes %q, want %q", policy, got, want)
		}
	}
}
