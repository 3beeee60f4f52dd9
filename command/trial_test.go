// A program in a folder of its own, for tests that run it.

package command_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/bundle"
	"github.com/gorgon-go/gorgon/command"
	"github.com/gorgon-go/gorgon/jobs"
	"github.com/gorgon-go/gorgon/listen"
	"github.com/gorgon-go/gorgon/metrics"
	"github.com/gorgon-go/gorgon/prometheus"
	"github.com/gorgon-go/gorgon/serve"
	"github.com/gorgon-go/gorgon/wire"
	"github.com/gorgon-go/gorgon/work"
)

// A trial is a program, what its loaders do, and what they count.
type trial struct {
	*testing.T
	app   gorgon.App
	load  func(context.Context) error // of /n/{id}
	item  func(context.Context)       // of /items/{name}
	items atomic.Int64                // loads of /items/{name}
	beats atomic.Int64                // runs of the service
	flag  string                      // that is checked
	key   bool                        // it is the one of the key
	conf  command.Settings            // nil for none
	queue jobs.Store                  // nil for none
	rooms command.Rooms               // nil for none
	parts []gorgon.Part               // of the app without jobs
}

func newTrial(t *testing.T) *trial {
	t.Helper()
	t.Chdir(t.TempDir())
	for _, name := range append(command.Variables(), "PORT", "SOURCE_DATE_EPOCH", "AWS_LAMBDA_RUNTIME_API") {
		t.Setenv(name, "")
	}
	x := &trial{T: t, load: func(context.Context) error { return nil }, item: func(context.Context) {}}
	text := func(s string) gorgon.Component { return gorgon.Text(s) }
	part := gorgon.Fragment[string, string]{Name: "part", View: text, Load: func(context.Context, gorgon.Input, string) (string, error) { return "part", nil }}
	x.app = gorgon.App{
		Name: "site", Origin: "https://example.com",
		Assets: gorgon.Assets{
			Files:  fstest.MapFS{"app.css": {Data: []byte("body { color: black }")}},
			Static: fstest.MapFS{"humans.txt": {Data: []byte("people")}},
		},
		Parts: []gorgon.Part{part, gorgon.Handler{Pattern: "GET /who", Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprint(w, listen.Client(r), " ", listen.Scheme(r), " ", serve.RequestID(r))
		})}, gorgon.Service{Name: "beat", Every: time.Hour, Run: func(context.Context) error { x.beats.Add(1); return nil }}, gorgon.Page[string]{Path: "/", View: func(string) gorgon.Component {
			return gorgon.ComponentFunc(func(ctx context.Context, w io.Writer) error {
				_, err := fmt.Fprintf(w, `<a href="%s">%s</a>`, gorgon.URL(ctx, "/n/1"), strings.Repeat("home ", 500))
				return err
			})
		}}, gorgon.Page[string]{Path: "/n/{id}", View: text,
			Paths: func(context.Context, gorgon.Input) ([]string, error) {
				return []string{"/n/1", "/n/2", "/n/3", "/n/4"}, nil
			},
			Load: func(ctx context.Context, in gorgon.Input) (string, error) { return in.Path, x.load(ctx) }}, gorgon.Page[string]{Path: "/items/{name}", Incremental: true, View: text, Tags: func(string) []string { return []string{"items"} },
			Load: func(ctx context.Context, in gorgon.Input) (string, error) {
				x.items.Add(1)
				x.item(ctx)
				if strings.HasPrefix(in.PathValue("name"), "big") {
					return in.Path + strings.Repeat(" large", 70_000), nil // 420 KB
				}
				return in.Path, nil
			}}, gorgon.Page[string]{Path: "/mine", LoadRequest: func(context.Context, gorgon.Input, *http.Request) (string, error) { return "", nil },
			View: func(string) gorgon.Component { return part.Defer("mine") }}},
	}
	return x
}

func (x *trial) config() command.Config {
	c := command.Config{Bundler: bundle.Bundler{}, Stores: drivers, Observers: []metrics.Observer{prometheus.New(prometheus.Options{})}, Settings: x.conf}
	c.Rooms, c.Admin = x.rooms, panel{}
	if x.queue != nil {
		c.Jobs = work.New(work.Options{Store: x.queue})
	}
	return c
}

// run runs a command line to its end.
func (x *trial) run(args ...string) (code int, out, log string) {
	x.Helper()
	ctx, cancel := context.WithTimeout(x.Context(), 5*time.Minute)
	defer cancel()
	var o, l bytes.Buffer
	code = command.Run(ctx, x.app, x.config(), args, &o, &l)
	return code, o.String(), l.String()
}

// does wants a command line to succeed, and returns what it says.
func (x *trial) does(args ...string) string {
	x.Helper()
	code, out, log := x.run(args...)
	if code != 0 {
		x.Fatalf("%q: exit code %d: %s%s", args, code, out, log)
	}
	return out + log
}

// fails wants a command line to end with a code and to say something.
func (x *trial) fails(code int, says string, args ...string) {
	x.Helper()
	got, out, log := x.run(args...)
	if said := out + log; got != code || !strings.Contains(said, says) {
		x.Errorf("%q: exit code %d, want %d and %q: %s", args, got, code, says, said)
	}
}

// says wants what a command line says to have a part.
func (x *trial) says(part string, args ...string) {
	x.Helper()
	if said := x.does(args...); !strings.Contains(said, part) {
		x.Errorf("%q does not say %q: %s", args, part, said)
	}
}

func (x *trial) exists(name string) {
	x.Helper()
	if _, err := os.Stat(name); err != nil {
		x.Error(err)
	}
}

// A server is a run of serve.
type server struct {
	*trial
	url   string
	log   *screen
	stop  context.CancelFunc
	ended chan int
}

var servingAt = regexp.MustCompile(`serving site at (\S+)/ `)

// listening is where a server says that it serves, to people or to a program.
func listening(log string) string {
	if found := servingAt.FindStringSubmatch(log); found != nil {
		return found[1]
	}
	for line := range strings.Lines(log) {
		if ready, ok := wire.ParseReady(line); ok {
			return strings.TrimSuffix(ready.URL, "/")
		}
	}
	return ""
}

// serves starts a server, at a free port where the arguments name none.
func (x *trial) serves(args ...string) *server {
	x.Helper()
	named := os.Getenv("GORGON_PORT") + os.Getenv("PORT") + os.Getenv("GORGON_HOST")
	args = append([]string{"serve"}, args...)
	if !strings.Contains(strings.Join(args, " "), "--addr") && named == "" {
		args = append(args, "--addr", "127.0.0.1:0")
	}
	ctx, stop := context.WithCancel(x.Context())
	s := &server{trial: x, log: &screen{}, stop: stop, ended: make(chan int, 1)}
	go func() { s.ended <- command.Run(ctx, x.app, x.config(), args, s.log, s.log) }()
	x.Cleanup(func() { s.end() })
	until(x.T, func() bool { return listening(s.log.String()) != "" || len(s.ended) > 0 }, s.log)
	if s.url = listening(s.log.String()); s.url == "" {
		x.Fatalf("%q does not serve: %s", args, s.log)
	}
	return s
}

// end stops it, waits, and returns its log.
func (s *server) end() string {
	s.stop()
	select {
	case code := <-s.ended:
		s.ended <- code
	case <-time.After(time.Minute):
		s.Errorf("it does not end: %s", s.log)
	}
	return s.log.String()
}

var insecure = &http.Client{
	Timeout:       time.Minute,
	Transport:     &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// ask gets a path with header fields, and returns status, header and body.
func (s *server) ask(path string, header ...string) (int, http.Header, string) {
	s.Helper()
	r, err := http.NewRequest("GET", s.url+path, nil)
	if err != nil {
		s.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	res, err := insecure.Do(r)
	if err != nil {
		s.Fatalf("%v: %s", err, s.log)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		s.Fatal(err)
	}
	return res.StatusCode, res.Header, string(body)
}

// wants asks for a path and wants a status and a part of the answer.
func (s *server) wants(path string, status int, part string, header ...string) {
	s.Helper()
	if got, _, body := s.ask(path, header...); got != status || !strings.Contains(body, part) {
		s.Errorf("%s: %d %.300s, want %d and %q", path, got, body, status, part)
	}
}

// until waits for something that another goroutine or process does.
func until(t *testing.T, done func() bool, log *screen) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	late := time.After(time.Minute)
	for !done() {
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("it does not happen: %s", log)
		}
	}
}
