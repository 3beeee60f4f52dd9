// Pages with fragments, as files.

package export_test

import (
	"context"
	"encoding/json"
	"html"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/export"
)

type words struct{ Text string }

func sayWords(w words) gorgon.Component {
	return gorgon.HTML("<p>" + html.EscapeString(w.Text) + "</p>")
}

func partly(request bool) gorgon.App {
	kept := gorgon.Fragment[int, words]{Name: "kept", View: sayWords,
		Load: func(_ context.Context, in gorgon.Input, n int) (words, error) {
			return words{strings.Repeat("word ", n) + in.Locale}, nil
		}}
	around := gorgon.Fragment[int, words]{Name: "around", View: func(words) gorgon.Component { return kept.Defer(4) },
		Load: func(context.Context, gorgon.Input, int) (words, error) { return words{}, nil }}
	live := gorgon.Fragment[int, words]{Name: "live", View: sayWords,
		LoadRequest: func(context.Context, gorgon.Input, int, *http.Request) (words, error) { return words{}, nil }}
	app := gorgon.App{
		Name: "partly", Locales: gorgon.Locales{Tags: []string{"en", "de"}}, Navigation: &gorgon.Navigation{},
		Parts: []gorgon.Part{kept, around, gorgon.Page[words]{Path: "/", View: func(words) gorgon.Component {
			return gorgon.ComponentFunc(func(ctx context.Context, w io.Writer) error {
				for _, c := range []gorgon.Component{kept.Use(2), kept.Defer(3), around.Use(1)} {
					if err := c.Render(ctx, w); err != nil {
						return err
					}
				}
				return nil
			})
		}}, gorgon.Page[words]{Path: "/about/", View: sayWords}},
	}
	if request {
		app.Parts = append(app.Parts, live)
		app.Parts = append(app.Parts, gorgon.Page[words]{Path: "/live", AllowRequestTime: true, View: func(words) gorgon.Component { return live.Use(1) }})
	}
	return app
}

func TestPartsAreFiles(t *testing.T) {
	out := t.TempDir()
	if _, err := exported(t, partly(false), false, out); err != nil {
		t.Fatal(err)
	}
	read := func(name string) string {
		t.Helper()
		data, err := os.ReadFile(filepath.Join(out, filepath.FromSlash(name)))
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	for _, locale := range []string{"en", "de"} {
		page, payload := "index.html", "_gorgon/folder.json"
		if locale == "de" {
			page, payload = "de/index.html", "_gorgon/page/de.json"
		}
		whole := read(page)
		if !strings.Contains(whole, "<p>word word "+locale+"</p>") {
			t.Errorf("%s lacks its fragment: %s", page, whole)
		}
		var p struct {
			Locale string
			Parts  struct{ Main string }
		}
		if err := json.Unmarshal([]byte(read(payload)), &p); err != nil || p.Locale != locale || !strings.Contains(whole, p.Parts.Main) || p.Parts.Main == "" {
			t.Errorf("%s: %v %+v", payload, err, p)
		}
		found := regexp.MustCompile(`src="(/_gorgon/fragment/[^"]+)"><a href="(/_gorgon/view/[^"]+)"`).FindAllStringSubmatch(whole, -1)
		if len(found) != 2 {
			t.Fatalf("deferred fragments: %q", found)
		}
		for i, want := range []string{"<p>word word word " + locale + "</p>", "<p>word word word word " + locale + "</p>"} {
			if got := read(strings.Trim(found[i][1], "/") + "/index.html"); got != want {
				t.Errorf("%s holds %q, want %q", found[i][1], got, want)
			}
			if got := read(strings.Trim(found[i][2], "/") + "/index.html"); !strings.Contains(got, want) || !strings.Contains(got, "<html") {
				t.Errorf("%s: %s", found[i][2], got)
			}
		}
	}
	read("_gorgon/folder/about.json")
	read("_gorgon/folder/de/about.json")
}

func TestRequestTimePartsAreRefused(t *testing.T) {
	left := export.Check(partly(true))
	var said []string
	for _, r := range left {
		said = append(said, r.String())
	}
	all := strings.Join(said, "\n")
	for _, want := range []string{"page /live", "parts of it are made for every request", "drop AllowRequestTime", "fragment live"} {
		if !strings.Contains(all, want) {
			t.Errorf("it does not say %q: %s", want, all)
		}
	}
	out := t.TempDir()
	if _, err := exported(t, partly(true), true, out); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(out, "live")); err == nil {
		t.Error("a page with live parts was exported")
	}
}

// The error page has the layout's fragments, except those that are made for
// every request; because of one of those, no page is left out.
func TestTheErrorPageHasTheFragmentsOfTheLayout(t *testing.T) {
	app := partly(true)
	kept, live := app.Parts[0].(gorgon.Fragment[int, words]), app.Parts[4].(gorgon.Fragment[int, words])
	app.Layout = func(d gorgon.Document) gorgon.Component {
		return gorgon.ComponentFunc(func(ctx context.Context, w io.Writer) error {
			for _, c := range []gorgon.Component{d.Head, gorgon.HTML("<body>"), d.Main, kept.Use(5), kept.Defer(6), live.Defer(2)} {
				if err := c.Render(ctx, w); err != nil {
					return err
				}
			}
			if d.Path == "" || d.Path == "/live" {
				return live.Use(3).Render(ctx, w)
			}
			return nil
		})
	}
	out := t.TempDir()
	if _, err := exported(t, app, true, out); err != nil {
		t.Fatal(err)
	}
	for locale, name := range map[string]string{"en": "404.html", "de": "de/404.html"} {
		data, err := os.ReadFile(filepath.Join(out, filepath.FromSlash(name)))
		if err != nil {
			t.Fatal(err)
		}
		text := string(data)
		if !strings.Contains(text, "Not Found") || !strings.Contains(text, strings.Repeat("word ", 5)+locale) || strings.Contains(text, "Internal") || strings.Contains(text, "fragment/live") {
			t.Errorf("%s: %s", name, text)
		}
		found := regexp.MustCompile(`src="(/_gorgon/fragment/kept/[^"]+)"><a href="(/_gorgon/view/[^"]+)"`).FindStringSubmatch(text)
		if found == nil {
			t.Fatalf("%s defers nothing: %s", name, text)
		}
		for _, at := range found[1:] {
			data, err := os.ReadFile(filepath.Join(out, filepath.FromSlash(strings.Trim(at, "/")), "index.html"))
			if err != nil || !strings.Contains(string(data), strings.Repeat("word ", 6)+locale) {
				t.Errorf("%s: %v %s", at, err, data)
			}
		}
	}
	if _, err := os.Stat(filepath.Join(out, "index.html")); err != nil {
		t.Error("a page is left out because it defers a fragment that is made for every request")
	}
}
