// What is within a live fragment that each visitor sees differently.

package serve_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/dataflow"
	"github.com/gorgon-go/gorgon/listen"
	"github.com/gorgon-go/gorgon/pages"
)

func TestNamedPartsWithOthers(t *testing.T) {
	said := func(s string) gorgon.Component { return gorgon.Text(s) }
	tagged := func(tag string) func(string) []string { return func(string) []string { return []string{tag} } }
	kept := func(text string) func(context.Context, gorgon.Input, int) (string, error) {
		return func(context.Context, gorgon.Input, int) (string, error) { return text, nil }
	}
	shared := gorgon.Fragment[int, string]{Name: "shared", Load: kept("shared"), Tags: tagged("shared"), View: said}
	living := gorgon.Fragment[int, string]{Name: "living", Live: true, Load: kept("living"), Tags: tagged("living"), View: said}
	asked := gorgon.Fragment[int, string]{
		Name: "asked", View: said,
		LoadRequest: func(ctx context.Context, _ gorgon.Input, _ int, _ *http.Request) (string, error) {
			dataflow.ReadsOf(ctx).Tag("asked")
			return "asked", nil
		},
	}
	outer := gorgon.Fragment[int, string]{
		Name: "outer", Live: true, AllowRequestTime: true, Load: kept("half"), Tags: tagged("outer"),
		LoadRequest: func(ctx context.Context, _ gorgon.Input, _ int, r *http.Request) (string, error) {
			dataflow.ReadsOf(ctx).Tag("read")
			return r.Header.Get("Name"), nil
		},
		Merge: func(_ context.Context, _ gorgon.Input, _ int, built, own string) (string, error) {
			return built + " of " + own + ": ", nil
		},
		View: func(s string) gorgon.Component {
			return gorgon.ComponentFunc(func(ctx context.Context, w io.Writer) error {
				for _, c := range []gorgon.Component{gorgon.Text(s), shared.Use(0), living.Use(0), asked.Use(0)} {
					if err := c.Render(ctx, w); err != nil {
						return err
					}
				}
				return nil
			})
		},
	}
	s := &livingSite{site: build(t, gorgon.App{Parts: []gorgon.Part{
		shared, living, asked, outer,
		gorgon.Page[int]{Path: "/", AllowRequestTime: true, View: func(int) gorgon.Component { return outer.Use(0) }},
	}}, nil)}
	s.url, s.stop = run(t, &listen.Server{Handler: s.Handler})
	t.Cleanup(func() { _ = s.stop() })
	body := text(t, s.get(t, "/", "Name", "ann"))
	if !strings.Contains(body, "half of ann: shared") || !strings.Contains(body, "living</gorgon-live>asked</gorgon-live>") {
		t.Fatal(body, s.log)
	}
	parts := s.parts(t, "/", "Name", "ann")
	if len(parts) != 2 || !strings.HasPrefix(parts[0][1], "~") || strings.HasPrefix(parts[1][1], "~") {
		t.Fatalf("%q", parts)
	}
	for subject, told := range map[string]bool{
		pages.TagSubject("outer"): true, pages.TagSubject("read"): true, pages.TagSubject("shared"): true, pages.TagSubject("asked"): true,
		pages.TagSubject("living"): false, pages.TagSubject("other"): false, pages.All: true,
		pages.RouteSubject("/_gorgon/fragment/shared/{props...}"): true, pages.RouteSubject("/_gorgon/fragment/asked/{props...}"): true,
		pages.PathSubject("/_gorgon/fragment/outer/0"): true, pages.PathSubject("/_gorgon/fragment/outer/1"): false,
	} {
		f := s.follow(t, "http/1.1", "/", s.parts(t, "/", "Name", "ann")[:1])
		n := s.purge(t, subject)
		if !told {
			n = s.purge(t, pages.TagSubject("read"))
		}
		if got := f.news(t); got.Token != fmt.Sprint(n) {
			t.Errorf("%s: %+v, the purge is %d", subject, got, n)
		}
		_ = f.Body.Close()
	}
}
