// What the log says of visitors who leave, and of what was made for them.

package serve_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/gorgon-go/gorgon"
)

var fragmentURL = regexp.MustCompile(`(?:src|href)=\\?"(/_gorgon/(?:fragment|view)/[^"\\]+)`)

// fragmentURLs are those of the deferred fragments in some HTML.
func fragmentURLs(body string) (urls []string) {
	for _, found := range fragmentURL.FindAllStringSubmatch(body, -1) {
		urls = append(urls, html.UnescapeString(found[1]))
	}
	return urls
}

// slowSite is a site on which everything made for a request waits until the
// request ends, and says so in a way of its own.
func slowSite(t *testing.T, begun chan<- struct{}) *site {
	wait := func(ctx context.Context) error {
		select {
		case begun <- struct{}{}:
		case <-ctx.Done():
		}
		<-ctx.Done()
		return fmt.Errorf("the database: %v", ctx.Err()) // the chain is lost, as with many a library
	}
	who := gorgon.Fragment[props, state]{Name: "who", View: view,
		LoadRequest: func(ctx context.Context, _ gorgon.Input, _ props, _ *http.Request) (state, error) {
			return state{}, wait(ctx)
		}}
	layout := func(d gorgon.Document) gorgon.Component {
		if d.Path != "/layout" {
			return plainLayout(d)
		}
		return sequence(plainLayout(d), who.Use(props{1}))
	}
	fails := func(_ context.Context, _ gorgon.Input, r *http.Request) (state, error) {
		return state{}, wait(r.Context())
	}
	asked := func(context.Context, gorgon.Input, *http.Request) (state, error) { return state{"here"}, nil }
	return build(t, gorgon.App{
		Navigation: &gorgon.Navigation{}, Layout: layout, Parts: []gorgon.Part{
			who,
			gorgon.Page[state]{Path: "/asked", LoadRequest: fails, View: view},
			gorgon.Page[state]{Path: "/used", LoadRequest: asked, View: func(state) gorgon.Component { return who.Use(props{1}) }},
			gorgon.Page[state]{Path: "/kept", AllowRequestTime: true, View: func(state) gorgon.Component { return sequence(gorgon.Text("kept"), who.Use(props{1})) }},
			gorgon.Page[state]{Path: "/layout", AllowRequestTime: true, View: view},
			gorgon.Page[state]{Path: "/deferred", View: func(state) gorgon.Component { return who.Defer(props{1}) }},
		},
	}, nil)
}

func TestVisitorsWhoLeaveAreDebugOnEveryPath(t *testing.T) {
	begun := make(chan struct{})
	s := slowSite(t, begun)
	deferred := fragmentURLs(text(t, s.get(t, "/deferred")))
	if len(deferred) != 2 {
		t.Fatalf("deferred: %q", deferred)
	}
	targets := append(deferred, "/asked", "/used", "/kept", "/layout",
		"/_gorgon/page/asked.json", "/_gorgon/page/used.json", "/_gorgon/page/kept.json", "/_gorgon/page/layout.json")
	for _, method := range []string{"GET", "HEAD"} {
		for _, target := range targets {
			before := len(s.log.String())
			ctx, leave := context.WithCancel(t.Context())
			done := make(chan struct{})
			go func() {
				defer close(done)
				defer func() { _ = recover() }() // the connection is cut
				s.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(method, target, nil).WithContext(ctx))
			}()
			select {
			case <-begun:
			case <-done: // HEAD waits for nothing
			}
			leave()
			<-done
			if log := s.log.String()[before:]; strings.Contains(log, "level=ERROR") || strings.Contains(log, "level=WARN") || strings.Contains(log, "level=INFO") {
				t.Errorf("%s %s: %s", method, target, log)
			}
		}
	}
}

// A connection that breaks while an answer is sent is the visitor's affair.
func TestABrokenConnectionIsDebug(t *testing.T) {
	s := build(t, gorgon.App{Layout: plainLayout, Parts: []gorgon.Part{writing("/", func(_ context.Context, w io.Writer) error {
		for range 100 {
			if _, err := fmt.Fprint(w, strings.Repeat("x", 10_000)); err != nil {
				return err
			}
		}
		return nil
	})}}, nil)
	func() {
		defer func() {
			if p := recover(); p != http.ErrAbortHandler {
				t.Errorf("recovered %v", p)
			}
		}()
		s.ServeHTTP(&broken{httptest.NewRecorder()}, httptest.NewRequest("GET", "/", nil))
	}()
	if log := s.log.String(); strings.Contains(log, "ERROR") || !strings.Contains(log, "level=DEBUG") {
		t.Errorf("log: %s", log)
	}
}

// broken is a connection whose other end is gone.
type broken struct{ *httptest.ResponseRecorder }

func (b *broken) Write([]byte) (int, error) { return 0, errors.New("write: broken pipe") }

func TestNoLogNamesProps(t *testing.T) {
	type secrets struct{ ID, Secret string }
	fail := errors.New("there is no such thing")
	asked := gorgon.Fragment[secrets, state]{Name: "asked", View: view,
		LoadRequest: func(context.Context, gorgon.Input, secrets, *http.Request) (state, error) { return state{}, fail }}
	kept := gorgon.Fragment[secrets, state]{Name: "kept", View: view,
		Load: func(context.Context, gorgon.Input, secrets) (state, error) { panic("a fault") }}
	p := secrets{"7", "of one visitor"}
	now := func(context.Context, gorgon.Input, *http.Request) (state, error) { return state{}, nil }
	show := func(state) gorgon.Component {
		return sequence(asked.Use(p), kept.Use(p), asked.Defer(p), kept.Defer(p))
	}
	s := build(t, gorgon.App{
		Navigation: &gorgon.Navigation{}, Parts: []gorgon.Part{
			asked,
			kept,
			gorgon.Page[state]{Path: "/asked", LoadRequest: now, View: show},
			gorgon.Page[state]{Path: "/kept", AllowRequestTime: true, View: show},
		}}, nil)
	for _, path := range []string{"/asked", "/kept"} {
		body := text(t, s.get(t, path))
		s.get(t, "/_gorgon/page"+path+".json")
		for _, at := range fragmentURLs(body) {
			s.get(t, at)
		}
	}
	log := s.log.String()
	lacks(t, "the log", log, "of one visitor", `\"ID\"`)
	for _, name := range []string{"fragment asked #", "fragment kept #"} {
		contains(t, "the log", log, name)
	}
	scan := bufio.NewScanner(strings.NewReader(log))
	for scan.Scan() {
		if strings.Contains(scan.Text(), "a fragment failed") && !strings.Contains(scan.Text(), " #") {
			t.Errorf("it names no digest: %s", scan.Text())
		}
	}
}
