// The command line, as scripts: testdata/script/*.txtar. Each runs the program
// "site", which is the app below.

package command_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/bundle"
	"github.com/gorgon-go/gorgon/command"
	"github.com/gorgon-go/gorgon/disk"
	"github.com/gorgon-go/gorgon/metrics"
	"github.com/gorgon-go/gorgon/pages"
	"github.com/gorgon-go/gorgon/prometheus"
	"github.com/gorgon-go/gorgon/testbed"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"site": func() {
			command.Main(site(os.Getenv("SITE")), command.Config{Bundler: bundle.Bundler{}, Stores: []pages.Driver{disk.Driver(), cabinet()}, Observers: []metrics.Observer{prometheus.New(prometheus.Options{})}})
		},
		"lodge": lodge,
		"bare":  func() { command.Main(site(""), command.Config{Bundler: bundle.Bundler{}}) },
	})
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		Setup: func(e *testscript.Env) error {
			port, err := freePort()
			e.Setenv("ADDR", "127.0.0.1:"+port)
			e.Setenv("PORT", port)
			e.Setenv("GORGON_PURGE_KEY", "secret")
			return err
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":   exits,
			"get":     get,
			"becomes": becomes,
			"free":    free,
		},
	})
}

// freePort is a free port.
func freePort() (string, error) {
	addr, err := testbed.FreeAddr()
	return addr[strings.LastIndexByte(addr, ':')+1:], err
}

// free puts an address with a free port into a variable: free METRICS sets
// $METRICS and $METRICS_PORT
func free(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: free variable")
	}
	port, err := freePort()
	ts.Check(err)
	ts.Setenv(args[0], "127.0.0.1:"+port)
	ts.Setenv(args[0]+"_PORT", port)
}

// exits runs a program that is to end with a code: exits 2 site --nope
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits code program [args...]")
	}
	err := ts.Exec(args[1], args[2:]...)
	code := 0
	if e, ok := errors.AsType[*exec.ExitError](err); ok {
		code = e.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if strconv.Itoa(code) != args[0] {
		ts.Fatalf("exit code %d, want %s", code, args[0])
	}
}

// get asks the server on $ADDR, which may still be starting, and wants a
// status: get 200 /path 'pattern in status line, headers or body' ...
func get(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: get status path [patterns...]")
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	var res *http.Response
	var err error
	for range 200 {
		if res, err = client.Get("http://" + ts.Getenv("ADDR") + args[1]); err == nil {
			break
		}
		time.Sleep(50 * time.Millisecond) // another process starts
	}
	ts.Check(err)
	defer res.Body.Close()
	var b strings.Builder
	fmt.Fprintln(&b, res.Status)
	ts.Check(res.Header.Write(&b))
	_, err = io.Copy(&b, res.Body)
	ts.Check(err)
	if strconv.Itoa(res.StatusCode) != args[0] {
		ts.Fatalf("want status %s, got:\n%s", args[0], b.String())
	}
	for _, pattern := range args[2:] {
		if !regexp.MustCompile("(?i)" + pattern).MatchString(b.String()) {
			ts.Fatalf("want %s, got:\n%s", pattern, b.String())
		}
	}
}

// becomes is get, once the status is the one that is wanted: becomes 503 /readyz
func becomes(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: becomes status path [patterns...]")
	}
	for range 200 {
		res, err := http.Get("http://" + ts.Getenv("ADDR") + args[1])
		ts.Check(err)
		ts.Check(res.Body.Close())
		if strconv.Itoa(res.StatusCode) == args[0] {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	get(ts, neg, args)
}

// site is the app that the scripts run; kind says what is special about it.
func site(kind string) gorgon.App {
	text := func(s string) gorgon.Component { return gorgon.Text(s) }
	echo := func(_ context.Context, in gorgon.Input) (string, error) {
		name := in.PathValue("name")
		if name == "nemo" {
			return "", gorgon.NotFound()
		}
		return "item " + name + " at " + strconv.FormatInt(time.Now().UnixNano(), 10), nil
	}
	now := func(context.Context, gorgon.Input, *http.Request) (string, error) { return "now", nil }
	still := []gorgon.Part{
		gorgon.Page[string]{Path: "/", View: func(string) gorgon.Component {
			return gorgon.ComponentFunc(func(ctx context.Context, w io.Writer) error {
				css, err := gorgon.Asset(ctx, "app.css")
				if err != nil {
					return err
				}
				_, err = fmt.Fprintf(w, `<link rel="stylesheet" href="%s"><a href="%s">about</a>`, css, gorgon.URL(ctx, "/about"))
				return err
			})
		}, Head: func(string) gorgon.Head { return gorgon.Head{Title: "Home"} }},
		gorgon.Page[string]{Path: "/about", View: func(string) gorgon.Component { return gorgon.Text("about " + os.Getenv("ABOUT")) }},
		gorgon.Page[string]{Path: "/notes/{id}", Paths: func(context.Context, gorgon.Input) ([]string, error) {
			return strings.Fields(notes()), nil
		}, Load: func(_ context.Context, in gorgon.Input) (string, error) { return "note " + in.PathValue("id"), nil }, View: text},
	}
	moving := []gorgon.Part{
		gorgon.Page[string]{Path: "/items/{name}", Load: echo, Incremental: true, View: text,
			Tags: func(string) []string { return []string{"items"} }},
		gorgon.Page[string]{Path: "/hourly", Load: func(context.Context, gorgon.Input) (string, error) { return "every hour", nil }, RevalidateAfter: time.Hour, View: text},
		gorgon.Page[string]{Path: "/now", LoadRequest: now, View: text},
	}
	app := gorgon.App{
		Name: "site", Origin: "https://example.com",
		Assets: gorgon.Assets{
			Files:  fstest.MapFS{"app.css": {Data: []byte("body { color: black }")}},
			Static: fstest.MapFS{"humans.txt": {Data: []byte("people")}},
		},
		Parts: append(still, moving...),
	}
	fail := func(_ context.Context, in gorgon.Input) (string, error) {
		switch in.PathValue("id") {
		case "bad":
			return "", errors.New("the database said no")
		case "panics":
			panic("at the disco")
		case "slow":
			time.Sleep(300 * time.Millisecond)
		}
		return "fine", nil
	}
	switch kind {
	case "still":
		app.Parts = still
	case "dead":
		app.Parts = append(app.Parts, gorgon.Page[string]{Path: "/dead", View: func(string) gorgon.Component {
			return gorgon.HTML(`<a href="/now"></a><a href="/items/ada"></a><a href="/items/ada#x"></a><a href="/about"></a>`)
		}})
	case "fragments":
		part := gorgon.Fragment[string, string]{Name: "part", View: text, Load: func(_ context.Context, _ gorgon.Input, props string) (string, error) { return "part " + props, nil }}
		app.Parts = append(app.Parts, part)
		app.Parts = append(app.Parts, gorgon.Page[string]{Path: "/mine", LoadRequest: now, View: func(string) gorgon.Component { return part.Use("of one visitor") }},
			gorgon.Page[string]{Path: "/parts", View: func(string) gorgon.Component { return part.Use("of everybody") }})
	case "handlers":
		app.Parts = append(app.Parts, gorgon.Handler{Pattern: "/api/", Handler: http.NotFoundHandler()}, gorgon.Handler{Pattern: "POST /form", Handler: http.NotFoundHandler()})
	// The five that a plan must never get wrong.
	case "request":
		app.Parts = append(still, gorgon.Page[string]{Path: "/now", LoadRequest: now, View: text})
	case "revalidated":
		app.Parts = append(still, gorgon.Page[string]{Path: "/hourly", Load: echo, RevalidateAfter: time.Hour, View: text})
	case "incremental":
		app.Parts = append(still, gorgon.Page[string]{Path: "/items/{name}", Load: echo, Incremental: true, View: text})
	case "memory":
		app.Parts = append(app.Parts, gorgon.Handler{Pattern: "GET /count", Handler: http.NotFoundHandler(), Needs: []gorgon.Need{gorgon.NeedMemory}})
	case "services":
		work := func(context.Context) error {
			if text := os.Getenv("AWAY"); text != "" {
				return errors.New(text)
			}
			return nil
		}
		app.Parts = append(app.Parts, gorgon.Service{Name: "import", Every: time.Hour, Run: work}, gorgon.Service{Name: "hub", Run: work})
	case "invalid":
		app.Parts = append(app.Parts, gorgon.Page[int]{Path: "/{x}", View: nil})
	case "failing":
		app.Parts = append(app.Parts, gorgon.Page[string]{Path: "/f/{id}", Load: fail, View: text,
			Paths: func(context.Context, gorgon.Input) ([]string, error) {
				return []string{"/f/good", "/f/bad", "/f/panics", "/elsewhere", "/about"}, nil
			}})
	case "slow":
		app.Parts = append(app.Parts, gorgon.Page[string]{Path: "/f/{id}", Load: fail, View: text,
			Paths: func(context.Context, gorgon.Input) ([]string, error) { return []string{"/f/slow"}, nil }})
	}
	return app
}

// notes are the notes of the site; a script may name others.
func notes() string {
	if s := os.Getenv("NOTES"); s != "" {
		return s
	}
	return "/notes/1 /notes/2"
}
